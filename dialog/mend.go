package dialog

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mender puts right what was misheard or mistyped, by sound: Chinese words of the field written with other characters, and whole messages typed in
// Latin letters. What occurs in the example phrases is taken to be meant as it stands.
type mender struct {
	seen    map[uint64]uint16 // pairs of neighbouring characters in the examples, with their number
	count   [hanLast - hanFirst + 1]uint16
	bySound map[uint16][]rune // exact syllable → characters of the examples
	exact   map[string]string // exact syllables of two → word
	blurred map[string]string // blurred syllables of three and more → word
	words   map[string]bool
	spelt   map[string]string // Latin spelling → word
}

func pair(a, b rune) uint64 { return uint64(a)<<32 | uint64(b) }

func newMender(words, texts []string) *mender {
	m := &mender{seen: make(map[uint64]uint16, 1<<15), bySound: map[uint16][]rune{}, exact: map[string]string{}, blurred: map[string]string{}, words: map[string]bool{}, spelt: map[string]string{}}
	snd := allSounds()
	for _, t := range texts {
		last := rune(0)
		for _, r := range t {
			if isHan(r) {
				if m.count[r-hanFirst] == 0 {
					id := snd.exact[r-hanFirst]
					m.bySound[id] = append(m.bySound[id], r)
				}
				m.count[r-hanFirst]++
				m.seen[pair(last, r)]++
				last = r
			} else if last = 0; r == ' ' {
				continue
			}
		}
	}
	for _, w := range words {
		runes := []rune(w)
		m.words[w] = true
		for _, latin := range []string{latinOf(runes), spell(w)} {
			if at, ok := m.spelt[latin]; ok && at != w {
				m.spelt[latin] = "" // shanxi is 山西, or 陕西 without its second a: which, is not for spelling to say
				continue
			}
			m.spelt[latin] = w
		}
		if len(runes) == 2 {
			if k := soundKey(runes, false); m.exact[k] == "" {
				m.exact[k] = w
			}
		} else if k := soundKey(runes, true); m.blurred[k] == "" {
			m.blurred[k] = w
		}
	}
	return m
}

func latinOf(runes []rune) string {
	snd := allSounds()
	var b strings.Builder
	for _, r := range runes {
		if isHan(r) {
			b.WriteString(snd.names[snd.exact[r-hanFirst]])
		}
	}
	return b.String()
}

// soundKey is the syllables of characters as a map key.
func soundKey(runes []rune, blurred bool) string {
	var b [16]byte
	k := b[:0]
	snd := allSounds()
	for _, r := range runes {
		id := snd.exact[r-hanFirst]
		if blurred {
			id = snd.alike[id]
		}
		k = append(k, byte(id>>8), byte(id))
	}
	return string(k)
}

// longestWord is the most characters that a mended word has.
const longestWord = 6

// mend reads a stretch of characters as the key word that it sounds like, where the examples never have that stretch and its neighbours do not explain it.
// Names of places are left as they are, and nothing is read across their edges: 建宁 in 公司在建宁 is no 再见.
func (m *mender) mend(s string, places *gazetteer) string {
	runes := []rune(s)
	named := places.named(runes)
	changed := false
	for i := 0; i < len(runes); i++ {
		if !isHan(runes[i]) {
			continue
		}
		for n := min(longestWord, len(runes)-i); n >= 2; n-- {
			window := runes[i : i+n]
			if !allHan(window) {
				continue
			}
			if m.words[string(window)] {
				i += n - 1
				break
			}
			if slices.ContainsFunc(named, func(p span) bool { return p.start < i+n && i < p.end }) {
				continue
			}
			word := ""
			if n == 2 {
				if m.seen[pair(window[0], window[1])] > 0 {
					continue
				}
				word = m.exact[soundKey(window, false)]
			} else {
				word = m.blurred[soundKey(window, true)]
			}
			if word == "" || m.explained(runes, i, n) || m.begins(runes[i+n-1:]) {
				continue
			}
			copy(window, []rune(word))
			changed = true
			i += n - 1
			break
		}
	}
	if !changed {
		return s
	}
	return string(runes)
}

// explained reports whether a stretch is made of usual pairs: all of its own, or those with its neighbours on both sides (准备|按时).
func (m *mender) explained(runes []rune, i, n int) bool {
	usual := true
	for j := i; j+1 < i+n; j++ {
		if m.seen[pair(runes[j], runes[j+1])] == 0 {
			usual = false
		}
	}
	if usual {
		return true
	}
	return n == 2 && i > 0 && i+n < len(runes) && m.seen[pair(runes[i-1], runes[i])] > 1 && m.seen[pair(runes[i+n-1], runes[i+n])] > 1
}

// begins reports whether a text begins with a key word as it is: the last character of 和北 belongs to 北京.
func (m *mender) begins(runes []rune) bool {
	for n := 2; n <= min(longestWord, len(runes)); n++ {
		if m.words[string(runes[:n])] {
			return true
		}
	}
	return false
}

func allHan(runes []rune) bool {
	for _, r := range runes {
		if !isHan(r) {
			return false
		}
	}
	return true
}

// keptLatin are Latin words that stand in Chinese messages as they are.
var keptLatin = map[string]bool{"icp": true, "app": true, "ip": true, "vps": true, "ecs": true, "cdn": true, "sms": true, "cn": true, "com": true, "edi": true, "ios": true}

// latin reads a message typed in pinyin as the characters that are likeliest in the examples, and reports whether it was one. In a message with
// Chinese characters only single key words are read so.
func (m *mender) latin(s string) (string, bool) {
	letters, han := 0, 0
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case isHan(r):
			han++
		}
	}
	if letters < 4 {
		return s, false
	}
	words := splitLatin(s)
	if han > 0 {
		changed := false
		for i, w := range words {
			if to := m.spelt[w]; to != "" && len(w) >= 5 {
				words[i], changed = to, true
			}
		}
		if changed {
			return strings.Join(words, ""), false
		}
		return s, false
	}
	var out []string
	var run []uint16
	foreign, typed := 0, 0
	flush := func() {
		if len(run) > 0 {
			out = append(out, string(m.likeliest(run)))
			run = nil
		}
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		switch {
		case !(r >= 'a' && r <= 'z' || r == '\''):
			if strings.TrimSpace(w) != "" {
				flush()
				out = append(out, w)
			}
		case keptLatin[w]:
			flush()
			out = append(out, w)
		case m.spelt[w] != "": // chengdu is 成都 and not 程度
			flush()
			out, typed = append(out, m.spelt[w]), typed+len(w)
		default:
			ids := syllables(strings.ReplaceAll(w, "'", ""))
			if ids == nil {
				foreign += len(w)
				flush()
				out = append(out, w)
				continue
			}
			typed += len(w)
			run = append(run, ids...)
		}
	}
	if typed < 4 || foreign*4 > typed {
		return s, false
	}
	flush()
	text := strings.Join(out, "")
	if !m.plausible(text) {
		return s, false
	}
	return text, true
}

// splitLatin cuts a text into runs of letters and single other characters.
func splitLatin(s string) []string {
	var out []string
	start := -1
	for i, r := range s {
		if r >= 'a' && r <= 'z' || r == '\'' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, s[start:i])
			start = -1
		}
		out = append(out, s[i:i+utf8.RuneLen(r)])
	}
	if start >= 0 {
		out = append(out, s[start:])
	}
	return out
}

// syllables cuts a Latin word into the fewest syllables of Mandarin; nil when it cannot be cut.
func syllables(w string) []uint16 {
	if len(w) > 60 {
		return nil
	}
	ids := allSounds().ids
	best := make([]int, len(w)+1)
	from := make([]int, len(w)+1)
	for i := 1; i <= len(w); i++ {
		best[i] = math.MaxInt32
		for j := max(0, i-6); j < i; j++ {
			if best[j] == math.MaxInt32 {
				continue
			}
			if _, ok := ids[w[j:i]]; ok && best[j]+1 < best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
	}
	if best[len(w)] == math.MaxInt32 || len(w) == 0 {
		return nil
	}
	out := make([]uint16, best[len(w)])
	for i, n := len(w), best[len(w)]; i > 0; i, n = from[i], n-1 {
		out[n-1] = ids[w[from[i]:i]]
	}
	return out
}

// likeliest is the sequence of characters for a sequence of syllables that the examples make likeliest, by pairs of neighbours.
func (m *mender) likeliest(ids []uint16) []rune {
	type cell struct {
		r     rune
		score float64
		from  int
	}
	rows := make([][]cell, len(ids))
	for i, id := range ids {
		candidates := m.bySound[id]
		if len(candidates) == 0 {
			candidates = []rune{'?'}
		}
		for _, r := range candidates {
			c := cell{r: r, from: -1}
			own := 0.1
			if isHan(r) {
				own = float64(m.count[r-hanFirst])
			}
			if i == 0 {
				c.score = math.Log(own)
			} else {
				c.score = math.Inf(-1)
				for j, p := range rows[i-1] {
					s := p.score + math.Log(float64(m.seen[pair(p.r, r)])*20+own*0.05)
					if s > c.score {
						c.score, c.from = s, j
					}
				}
			}
			rows[i] = append(rows[i], c)
		}
	}
	out := make([]rune, len(ids))
	at := 0
	for j, c := range rows[len(ids)-1] {
		if c.score > rows[len(ids)-1][at].score {
			at = j
		}
	}
	for i := len(ids) - 1; i >= 0; i-- {
		out[i] = rows[i][at].r
		at = rows[i][at].from
	}
	return out
}

// plausible reports whether most neighbouring characters of a text are neighbours in the examples too: English words that happen to be cut into
// syllables give none.
func (m *mender) plausible(s string) bool {
	pairs, known := 0, 0
	last := rune(0)
	for _, r := range s {
		if last != 0 && (isHan(r) || r == '?') {
			pairs++
			if m.seen[pair(last, r)] > 0 {
				known++
			}
		}
		last = r
		if !unicode.Is(unicode.Han, r) && r != '?' {
			last = 0
		}
	}
	return pairs > 0 && known*10 >= pairs*6
}
