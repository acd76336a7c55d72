package dialog

import (
	"strings"
	"sync"

	"github.com/mozillazg/go-pinyin"
)

// sounds holds the syllables of Mandarin as numbers: exact ones, and ones in which what Chinese speakers mix up by region or by ear (zh z, ch c,
// sh s, n l, f h, ang an, eng en, ing in) is the same.
type sounds struct {
	exact [hanLast - hanFirst + 1]uint16
	fuzzy [hanLast - hanFirst + 1]uint16
	ids   map[string]uint16 // exact spelling → number
	alike []uint16          // exact → fuzzy
	names []string
}

var allSounds = sync.OnceValue(func() *sounds {
	s := &sounds{ids: map[string]uint16{}, alike: []uint16{0}, names: []string{""}}
	fuzzyIDs := map[string]uint16{}
	for r := rune(hanFirst); r <= hanLast; r++ {
		first, _, _ := strings.Cut(pinyin.PinyinDict[int(r)], ",")
		s.exact[r-hanFirst] = s.number(toneless(first), fuzzyIDs)
	}
	// Where one reading is the usual one but not the first of the dictionary.
	for r, spelling := range map[rune]string{'证': "zheng", '么': "me", '什': "shen", '号': "hao", '的': "de", '地': "di", '了': "le", '吗': "ma", '都': "dou", '行': "xing", '大': "da", '单': "dan", '长': "chang", '重': "chong", '更': "geng", '调': "diao", '还': "hai", '率': "lv", '着': "zhe"} {
		s.exact[r-hanFirst] = s.number(spelling, fuzzyIDs)
	}
	for i, id := range s.exact {
		s.fuzzy[i] = s.alike[id]
	}
	return s
})

// number gives a spelling its number.
func (s *sounds) number(spelling string, fuzzyIDs map[string]uint16) uint16 {
	if spelling == "" {
		return 0
	}
	id, ok := s.ids[spelling]
	if !ok {
		id = uint16(len(s.names))
		s.ids[spelling] = id
		s.names = append(s.names, spelling)
		f := blur(spelling)
		fid, ok := fuzzyIDs[f]
		if !ok {
			fid = uint16(len(fuzzyIDs) + 1)
			fuzzyIDs[f] = fid
		}
		s.alike = append(s.alike, fid)
	}
	return id
}

var tones = strings.NewReplacer("ā", "a", "á", "a", "ǎ", "a", "à", "a", "ē", "e", "é", "e", "ě", "e", "è", "e", "ī", "i", "í", "i", "ǐ", "i", "ì", "i",
	"ō", "o", "ó", "o", "ǒ", "o", "ò", "o", "ū", "u", "ú", "u", "ǔ", "u", "ù", "u", "ǖ", "v", "ǘ", "v", "ǚ", "v", "ǜ", "v", "ü", "v", "ń", "n", "ň", "n", "ǹ", "n", "ḿ", "m")

func toneless(s string) string { return tones.Replace(s) }

// blur makes spellings alike that sound alike to many.
func blur(s string) string {
	switch {
	case strings.HasPrefix(s, "zh"), strings.HasPrefix(s, "ch"), strings.HasPrefix(s, "sh"):
		s = s[:1] + s[2:]
	case strings.HasPrefix(s, "l"):
		s = "n" + s[1:]
	case strings.HasPrefix(s, "h") && strings.HasPrefix(s[1:], "u"):
		s = "f" + s[2:]
	case strings.HasPrefix(s, "r"):
		s = "n" + s[1:]
	}
	if strings.HasSuffix(s, "ng") && len(s) > 3 {
		s = s[:len(s)-1]
	}
	return s
}

// syllable is a character's sound, blurred; the same for homophones. Other characters stand for themselves.
func syllable(r rune) uint32 {
	if isHan(r) {
		if id := allSounds().fuzzy[r-hanFirst]; id != 0 {
			return uint32(id) | 1<<24
		}
	}
	return uint32(r)
}
