package dialog

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/longbridgeapp/opencc"

	"beianbot/knowledge"
)

// The block of Han characters that the tables below cover; rarer ones are left as they are.
const (
	hanFirst = 0x4e00
	hanLast  = 0x9fff
)

func isHan(r rune) bool { return r >= hanFirst && r <= hanLast }

// simplified maps every Han character to its Simplified form. Character by character is enough for matching words, and costs nothing per message.
var simplified = sync.OnceValue(func() *[hanLast - hanFirst + 1]rune {
	var table [hanLast - hanFirst + 1]rune
	var b strings.Builder
	for r := rune(hanFirst); r <= hanLast; r++ {
		b.WriteRune(r)
		b.WriteByte('\n') // keeps characters from being read as words
	}
	c, err := opencc.New("t2s")
	if err != nil {
		panic(err) // the dictionaries are part of the program
	}
	out, err := c.Convert(b.String())
	if err != nil {
		panic(err)
	}
	r := rune(hanFirst)
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		to, _ := utf8.DecodeRuneInString(line)
		table[r-hanFirst] = to
		r++
	}
	return &table
})

// ownSlips are the misspellings that the built-in vocabulary mends; an Understander mends by those of its own knowledge.
var ownSlips = sync.OnceValue(func() *strings.Replacer { return slipReplacer(knowledge.EmbeddedSlips()) })

func slipReplacer(s knowledge.Slips) *strings.Replacer {
	var pairs []string
	for _, word := range sortedKeys(s.Mend) {
		for _, slip := range s.Mend[word] {
			if !isEnglish(slip) {
				pairs = append(pairs, fold(slip), word)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// Normalise makes text comparable: half width, Simplified, lower case, spaces folded, common slips of the field's words mended.
func Normalise(s string) string { return ownSlips().Replace(fold(s)) }

// fold is Normalise without mending: half width, Simplified, lower case, spaces folded.
func fold(s string) string {
	table := simplified()
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		r = foldRune(r, table)
		if r < 0 {
			continue
		}
		if r == ' ' {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// foldRune maps one character; −1 drops it, ' ' stands for any white space.
func foldRune(r rune, table *[hanLast - hanFirst + 1]rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf:
		if r <= ' ' {
			return ' '
		}
		return r
	case isHan(r):
		return table[r-hanFirst]
	case r >= '！' && r <= '～':
		return foldRune(r-0xfee0, table)
	case r == '。' || r == '｡' || r == '…':
		return '.'
	case r == '’' || r == '‘' || r == '＇':
		return '\''
	case r == '“' || r == '”' || r == '「' || r == '」' || r == '『' || r == '』':
		return '"'
	case r == '【' || r == '〔':
		return '['
	case r == '】' || r == '〕':
		return ']'
	case r == '–' || r == '—' || r == '－' || r == '‐' || r == '‑' || r == '−':
		return '-'
	case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\ufeff' || r == '\u00ad' || r == '\ufe0f':
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return unicode.ToLower(r)
}
