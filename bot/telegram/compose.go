package telegram

import (
	"encoding/json"
	"unicode/utf16"

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

// split cuts a text into pieces of at most limit UTF-16 units.
func split(text string, limit int) []string {
	return bot.Split(text, func(s string) int { return prefix(s, limit) })
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
