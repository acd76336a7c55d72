package dialog

import (
	"math/bits"
	"strings"

	"beianbot/knowledge"
)

// spelling reads misspelt words of messages in English as the words of the knowledge that they are a slip of the finger away from.
type spelling struct {
	slips map[string]string // whole words of vocabulary/slips.yaml
	known map[string]*int   // with how often the example phrases have it
	// meant are the words that another can be meant for, by length.
	meant [longestEnglish + 1][]spelt
}

// spelt is a word with a bit for each of its letters, by which most others are ruled out at once.
type spelt struct {
	word    string
	letters uint32
}

const (
	longestEnglish = 20 // letters; longer ones are no words
	shortestMeant  = 4  // letters: a shorter word is too near to others
	longEnough     = 8  // letters of a word that may be mistyped twice
	firmLength     = 6  // letters from which another letter in the place of one is a slip: cats are no cars
	oftenEnough    = 3  // how often the example phrases have what may be meant, so that it is no slip itself
	clearly        = 4  // how many times as often as any other of so few slips
	mostMended     = 24 // unknown words of a message that are looked at
)

// newSpelling learns the words that are in use: all that stand in the knowledge files.
func newSpelling(k *knowledge.Knowledge) *spelling {
	s := &spelling{slips: map[string]string{}, known: make(map[string]*int, 1<<13)}
	for name, raw := range k.Files() {
		if name != "vocabulary/slips.yaml" && !strings.HasPrefix(name, "labelled/") { // what customers mistype is no word
			s.learn(raw, strings.HasPrefix(name, "examples/"))
		}
	}
	for _, w := range k.Slips.Keep {
		s.learn([]byte(w), false)
	}
	for word, slips := range k.Slips.Mend {
		for _, slip := range slips {
			if isEnglish(slip) {
				s.slips[slip] = word
			}
		}
	}
	for w, often := range s.known {
		if n := len(w); n >= shortestMeant && n <= longestEnglish && *often >= oftenEnough && s.slips[w] == "" {
			s.meant[n] = append(s.meant[n], spelt{w, lettersOf(w)})
		}
	}
	return s
}

// learn takes the words of a file, and counts those of example phrases.
func (s *spelling) learn(raw []byte, examples bool) {
	word := make([]byte, 0, longestEnglish)
	for i := 0; i <= len(raw); i++ {
		if i < len(raw) {
			if c := raw[i] | 0x20; c >= 'a' && c <= 'z' {
				word = append(word, c)
				continue
			}
		}
		if len(word) > 1 {
			often := s.known[string(word)]
			if often == nil {
				often = new(int)
				s.known[string(word)] = often
			}
			if examples {
				*often++
			}
		}
		word = word[:0]
	}
}

// isEnglish reports whether a slip is a word in Latin letters, which is read as a whole only: the wat of water is none.
func isEnglish(slip string) bool {
	return strings.Trim(slip, "abcdefghijklmnopqrstuvwxyz") == ""
}

// nextWord finds a word of Latin letters that is no part of a name with digits, points and the like (e-mail, index.html, don't).
func nextWord(text string, at int) (start, end int) {
	letter := func(i int) bool { return text[i] >= 'a' && text[i] <= 'z' }
	part := func(i int) bool {
		return i >= 0 && i < len(text) && (letter(i) || text[i] >= '0' && text[i] <= '9' || strings.IndexByte("'@_-/\\", text[i]) >= 0)
	}
	for start = at; start < len(text); start = end {
		for start < len(text) && !letter(start) {
			start++
		}
		for end = start; end < len(text) && letter(end); {
			end++
		}
		if start < end && !part(start-1) && !part(end) && !(end+1 < len(text) && text[end] == '.' && letter(end+1)) && !(start > 1 && text[start-1] == '.' && part(start-2)) {
			return start, end
		}
	}
	return -1, -1
}

func lettersOf(w string) (out uint32) {
	for i := range len(w) {
		out |= 1 << (w[i] - 'a')
	}
	return out
}

// mend puts right the words of a message in English.
func (s *spelling) mend(text string) string {
	looked := 0
	return replaceWords(text, func(w string) string {
		to := s.slips[w]
		if to == "" && looked < mostMended && !s.inUse(w) {
			looked++
			to = s.likest(w)
		}
		return to
	})
}

// whole puts the words of vocabulary/slips.yaml right, as example phrases are read.
func (s *spelling) whole(text string) string {
	return replaceWords(text, func(w string) string { return s.slips[w] })
}

// replaceWords puts other words in the place of those for which there is one.
func replaceWords(text string, other func(string) string) string {
	var b strings.Builder
	at := 0
	for start, end := nextWord(text, 0); start >= 0; start, end = nextWord(text, end) {
		if to := other(text[start:end]); to != "" {
			b.WriteString(text[at:start])
			b.WriteString(to)
			at = end
		}
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}

// inUse reports whether a word is to be read as it is: one of the knowledge, in any inflection, or a name typed in pinyin.
func (s *spelling) inUse(w string) bool {
	if s.known[w] != nil || s.known[w+"s"] != nil {
		return true
	}
	for _, end := range inflections {
		if stem, ok := strings.CutSuffix(w, end); ok && s.known[stem] != nil {
			return true
		}
	}
	return len(syllables(w)) > 1
}

// likest is the word that a word is meant for; "" when it is none, or may be several.
func (s *spelling) likest(w string) string {
	if len(w) < shortestMeant || len(w) > longestEnglish {
		return ""
	}
	most := 1
	if len(w) >= longEnough {
		most = 2
	}
	letters := lettersOf(w)
	best, count, next := "", 0, 0
	for n := max(len(w)-most, shortestMeant); n <= min(len(w)+most, longestEnglish); n++ {
		for _, m := range s.meant[n] {
			if bits.OnesCount32(m.letters^letters) > 2*most || m.word[0] != w[0] && (m.word[0] != w[1] || m.word[1] != w[0]) {
				continue
			}
			d := edits(w, m.word, most)
			if d > most || d > 1 && n < longEnough {
				continue
			}
			if d < most { // one slip is likelier than two
				most, best, count, next = d, "", 0, 0
			}
			if len(w) == n && n < firmLength && m.letters != letters {
				continue // not swapped, but another letter
			}
			switch c := *s.known[m.word]; {
			case c > count:
				best, count, next = m.word, c, count
			default:
				next = max(next, c)
			}
		}
	}
	if count < clearly*next {
		return ""
	}
	return best
}

// edits is how many letters have to be put in, left out, replaced or swapped with their neighbour to make b of a; more than most is not counted on.
func edits(a, b string, most int) int {
	var rows [3][longestEnglish + 1]int
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+2)%3], &rows[(i)%3], &rows[(i+1)%3]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > most {
			return least
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
