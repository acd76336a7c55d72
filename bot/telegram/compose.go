package telegram

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// maxText is the length of a message in UTF-16 units after its entities are parsed. Source: https://core.telegram.org/bots/api#sendmessage
const maxText = 4096

// document is the Data of a part that is sent as a file.
type document struct {
	Checklist dialog.Checklist `json:"checklist"`
	Lang      knowledge.Lang   `json:"lang"`
}

// Compose splits a reply into messages; the buttons stand under the last text, and a checklist follows as a file.
func (c *Channel) Compose(r dialog.Reply) []bot.Part {
	var parts []bot.Part
	for _, text := range split(r.Text, maxText) {
		parts = append(parts, bot.Part{Text: text})
	}
	if len(r.Options) > 0 {
		if len(parts) == 0 {
			parts = []bot.Part{{Text: "👇"}} // a message needs words
		}
		parts[len(parts)-1].Options = r.Options
	}
	if r.Checklist != nil && c.opt.ChecklistFile != nil {
		if data, err := json.Marshal(document{*r.Checklist, r.Lang}); err == nil {
			parts = append(parts, bot.Part{Text: r.Checklist.Title, Data: data})
		}
	}
	return parts
}

// split cuts a text into pieces of at most limit UTF-16 units: between paragraphs when that fills at least half a piece, else between lines, after a sentence,
// at a space, and last between any two characters. White space at the cuts is dropped, and blank pieces are; nothing else is.
func split(text string, limit int) []string {
	var out []string
	for {
		text = strings.TrimSpace(text)
		if text == "" {
			return out
		}
		end := prefix(text, limit)
		if end < len(text) {
			end = cut(text, end)
		}
		out = append(out, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
}

// prefix is the length in bytes of the longest beginning of at most limit UTF-16 units.
func prefix(text string, limit int) int {
	n := 0
	for i, r := range text {
		if n += utf16.RuneLen(r); n > limit {
			return i
		}
	}
	return len(text)
}

// cut finds the best place to cut at or before end.
func cut(text string, end int) int {
	half := end / 2
	for _, mark := range []string{"\n\n", "\n"} {
		if i := strings.LastIndex(text[:end], mark); i >= half {
			return i
		}
		if strings.HasPrefix(text[end:], mark) {
			return end
		}
	}
	for i := end; i > half; {
		r, size := utf8.DecodeLastRuneInString(text[:i])
		if strings.ContainsRune("。！？；", r) || strings.ContainsRune(".!?;", r) && i < len(text) && text[i] == ' ' {
			return i
		}
		i -= size
	}
	if i := strings.LastIndexFunc(text[:end], unicode.IsSpace); i >= half {
		return i
	}
	for i := end; i > 0; { // not within a character that is built of several: an emoji, a letter with its accent
		next, _ := utf8.DecodeRuneInString(text[i:])
		last, size := utf8.DecodeLastRuneInString(text[:i])
		if next != '\u200d' && last != '\u200d' && !unicode.Is(unicode.Mn, next) && !unicode.Is(unicode.Me, next) && !(next >= 0x1f3fb && next <= 0x1f3ff) {
			return i
		}
		i -= size
	}
	return end
}
