package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split cuts a text into pieces that fit a network's message: fit is the length in bytes of the longest beginning that does, at least one character. It cuts
// between paragraphs when that fills at least half a piece, else between lines, after a sentence, at a space, and last between any two characters. White
// space at the cuts is dropped, and blank pieces are; nothing else is.
func Split(text string, fit func(string) int) []string {
	var out []string
	for {
		text = strings.TrimSpace(text)
		if text == "" {
			return out
		}
		end := fit(text)
		if end < len(text) {
			end = cut(text, end)
		}
		out = append(out, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
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
