package dialog

import (
	"strings"
	"unicode"

	"beianbot/knowledge"
)

// englishFrame are words by which a sentence is English though a Chinese term stands in it ("What is 备案 and do I need it?").
var englishFrame = []string{"what", "is", "do", "does", "how", "the", "i", "my", "can", "for", "are", "we", "need", "where", "when", "please", "a", "to", "in", "of"}

// language is that of a message: Chinese when it has Chinese characters (or was typed in pinyin), English when it has English words. It is "" where
// nothing tells it: a number, a domain, a case number.
func language(masked string, pinyin bool) knowledge.Lang {
	if pinyin {
		return knowledge.ZH
	}
	han, letters, frame := 0, 0, 0
	for _, r := range masked {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case r >= 'a' && r <= 'z':
			letters++
		}
	}
	if han == 0 {
		if letters >= 2 {
			return knowledge.EN
		}
		return ""
	}
	if letters > 4*han {
		for _, w := range strings.FieldsFunc(masked, func(r rune) bool { return r < 'a' || r > 'z' }) {
			for _, f := range englishFrame {
				if w == f {
					frame++
				}
			}
		}
		if frame >= 2 {
			return knowledge.EN
		}
	}
	return knowledge.ZH
}
