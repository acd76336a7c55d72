package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Pattern finds an expression in a customer's words, written so that an operator can read and write it:
//
//	个人 企业|公司        both occur somewhere: 个人, and 企业 or 公司
//	没|不|未..cdn         没, 不 or 未, then cdn, with at most eight characters between
//	换 ip !服务器         and 服务器 does not occur
//	other_provider        _ stands for a space inside an English phrase
//	regist*               an English word that begins so; without * whole words only
//
// Patterns are written in lower case, half width, Simplified; the text they are matched against is normalised the same way.
type Pattern struct {
	source string
	all    []sequence
	none   []sequence
}

type sequence []alternatives

type alternatives []word

type word struct {
	text   string
	runes  Runes
	ascii  bool // starts and ends at word borders
	prefix bool // may go on after its end
}

// patternGap is how many characters may stand between the parts of a sequence: enough for 没有再去用过 and the like, too few to cross a sentence.
const patternGap = 8

// ParsePattern reads a pattern; the error says what is wrong in words an operator understands.
func ParsePattern(s string) (Pattern, error) {
	p := Pattern{source: s}
	for _, field := range strings.Fields(s) {
		negative := strings.HasPrefix(field, "!")
		field = strings.TrimPrefix(field, "!")
		var seq sequence
		for _, part := range strings.Split(field, "..") {
			var alts alternatives
			for _, w := range strings.Split(part, "|") {
				if w == "" {
					return Pattern{}, fmt.Errorf("pattern %q: nothing between two of | .. or at an end", s)
				}
				if w != strings.ToLower(w) {
					return Pattern{}, fmt.Errorf("pattern %q: write %q in lower case", s, w)
				}
				text := strings.ReplaceAll(strings.TrimSuffix(w, "*"), "_", " ")
				alts = append(alts, word{text: text, runes: RunesOf(text), ascii: isASCIIWord(text), prefix: strings.HasSuffix(w, "*")})
			}
			seq = append(seq, alts)
		}
		if negative {
			p.none = append(p.none, seq)
		} else {
			p.all = append(p.all, seq)
		}
	}
	if len(p.all) == 0 {
		return Pattern{}, fmt.Errorf("pattern %q asks for no word", s)
	}
	return p, nil
}

// String gives the pattern as written.
func (p Pattern) String() string { return p.source }

// UnmarshalYAML reads a pattern from a knowledge file.
func (p *Pattern) UnmarshalYAML(n *yaml.Node) error {
	parsed, err := ParsePattern(n.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %v", n.Line, err)}} // the decoder goes on and collects them all
	}
	*p = parsed
	return nil
}

// Match reports whether the normalised text has the pattern.
func (p Pattern) Match(text string) bool {
	_, _, ok := p.Find(text)
	return ok
}

// Runes are which characters a text has, by bits of a hash.
type Runes [4]uint64

// RunesOf gives the characters of a text.
func RunesOf(text string) Runes {
	var out Runes
	for _, r := range text {
		h := uint32(r) * 0x9e3779b1 >> 24
		out[h>>6] |= 1 << (h & 63)
	}
	return out
}

func (r *Runes) within(of *Runes) bool {
	return r[0]&^of[0]|r[1]&^of[1]|r[2]&^of[2]|r[3]&^of[3] == 0
}

// May reports whether a text of these characters can match at all; to ask costs less than to look for the words.
func (p Pattern) May(text *Runes) bool {
	for _, seq := range p.all {
		for _, alts := range seq {
			if !slices.ContainsFunc(alts, func(w word) bool { return w.runes.within(text) }) {
				return false
			}
		}
	}
	return true
}

// Find gives the byte range of the first part of the pattern in the text, and whether the whole pattern matches.
func (p Pattern) Find(text string) (start, end int, ok bool) {
	for _, seq := range p.none {
		if _, _, found := seq.find(text); found {
			return 0, 0, false
		}
	}
	for i, seq := range p.all {
		s, e, found := seq.find(text)
		if !found {
			return 0, 0, false
		}
		if i == 0 {
			start, end = s, e
		}
	}
	return start, end, len(p.all) > 0
}

func (s sequence) find(text string) (int, int, bool) {
	from := 0
	for {
		start, end, ok := s[0].find(text, from)
		if !ok {
			return 0, 0, false
		}
		if e, ok := s[1:].follow(text, end); ok {
			return start, e, true
		}
		from = start + 1
	}
}

// follow looks for the rest of a sequence within the gap after pos.
func (s sequence) follow(text string, pos int) (int, bool) {
	if len(s) == 0 {
		return pos, true
	}
	limit := pos
	for i := 0; i < patternGap && limit < len(text); i++ {
		_, n := utf8.DecodeRuneInString(text[limit:])
		limit += n
	}
	// English words are longer than characters: four times the gap, so that "not … using a cdn" still fits.
	if asciiLimit := pos + 4*patternGap; limit < asciiLimit && pos < len(text) && text[pos] < utf8.RuneSelf {
		limit = min(asciiLimit, len(text))
	}
	from := pos
	for {
		start, end, ok := s[0].find(text, from)
		if !ok || start > limit {
			return 0, false
		}
		if e, ok := s[1:].follow(text, end); ok {
			return e, true
		}
		from = start + 1
	}
}

// find gives the earliest occurrence of any of the alternatives at or after from; of two at one place, the longer.
func (a alternatives) find(text string, from int) (int, int, bool) {
	best, bestEnd := -1, 0
	for _, w := range a {
		s, e, ok := w.find(text, from)
		if ok && (best < 0 || s < best || s == best && e > bestEnd) {
			best, bestEnd = s, e
		}
	}
	return best, bestEnd, best >= 0
}

func (w word) find(text string, from int) (int, int, bool) {
	for from <= len(text) {
		i := strings.Index(text[from:], w.text)
		if i < 0 {
			return 0, 0, false
		}
		s := from + i
		e := s + len(w.text)
		// company's says company as well, and what's says what
		if !w.ascii || (s == 0 || !isWordByte(text[s-1])) && (w.prefix || wordEnds(text[e:]) || strings.HasPrefix(text[e:], "'s") && wordEnds(text[e+2:])) {
			return s, e, true
		}
		from = s + 1
	}
	return 0, 0, false
}

// wordEnds reports whether an English word ends where the rest of its text begins.
func wordEnds(rest string) bool { return rest == "" || !isWordByte(rest[0]) }

func isASCIIWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return s != ""
}

func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '\''
}
