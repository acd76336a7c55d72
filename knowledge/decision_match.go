package knowledge

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// Phrase is a Pattern with three additions, for the decision table only:
//
//	@server..在|放..@abroad   @name stands for a list of words.yaml, wherever a word may stand
//	没|没有~备案               ~ is a short gap, three characters at most
//	要|用+备案                 + is no gap, but for one space
//
// All parts of a phrase must stand in one clause, and no negation in its gaps.
type Phrase string

// gaps are the greatest distances in characters between the parts of a phrase.
var gaps = map[string]int{"..": 8, "~": 3, "+": 0}

// englishGap multiplies a gap where English goes on: words are longer than characters.
const englishGap = 4

type wordLists map[string][]string

type entryKind uint8

const (
	kindSaid entryKind = iota
	kindAnswer
	kindVoid
	kindBar
	kindQuestion
	kindAside
	kindNoAnswer
	kindTakenBack
	kindBreak
	kindPast
	kindPlan
	kindPerhaps
	kindNegation
	kindDropped
	kindLight
)

// entry is what a phrase means.
type entry struct {
	kind  entryKind
	fact  int
	value int
}

// step is one part of a sequence: a set of words, at most gap characters after the part before it.
type step struct {
	set int32
	gap int
}

type compiled struct {
	entry
	all  [][]step
	none [][]step
}

// matcher finds every phrase in a text in one pass over it: first all words, by a trie, then the phrases whose first word occurs.
type matcher struct {
	lists   wordLists
	regions *Regions
	// qualifiers stand in brackets behind what they belong to.
	qualifiers []string
	next       map[uint64]int32 // trie: node<<32|rune → node
	ends       [][]int32        // by node: the words that end there
	words      []matchWord
	wordID     map[matchWord]int32
	inSets     [][]int32 // by word: the sets it belongs to
	setID      map[string]int32
	phrases    []compiled
	starting   [][]int32 // by set: the phrases that begin with it
}

type matchWord struct {
	text          string
	ascii, prefix bool
}

func newMatcher(lists wordLists, regions *Regions, qualifiers []string) *matcher {
	return &matcher{lists: lists, regions: regions, qualifiers: qualifiers, next: map[uint64]int32{}, ends: make([][]int32, 1), wordID: map[matchWord]int32{}, setID: map[string]int32{}}
}

func (m *matcher) add(source string, e entry) error {
	c := compiled{entry: e}
	for _, field := range strings.Fields(source) {
		negative := strings.HasPrefix(field, "!")
		seq, err := m.sequence(source, strings.TrimPrefix(field, "!"))
		if err != nil {
			return err
		}
		if negative {
			c.none = append(c.none, seq)
		} else {
			c.all = append(c.all, seq)
		}
	}
	if len(c.all) == 0 {
		return fmt.Errorf("phrase %q asks for no word", source)
	}
	first := c.all[0][0].set
	m.starting[first] = append(m.starting[first], int32(len(m.phrases)))
	m.phrases = append(m.phrases, c)
	return nil
}

func (m *matcher) sequence(source, field string) ([]step, error) {
	var seq []step
	gap := 0
	for field != "" {
		part, rest, next := field, "", 0
		for sign, size := range gaps {
			if i := strings.Index(part, sign); i >= 0 {
				part, rest, next = field[:i], field[i+len(sign):], size
				if rest == "" {
					return nil, fmt.Errorf("phrase %q ends in a gap", source)
				}
			}
		}
		set, err := m.set(source, part)
		if err != nil {
			return nil, err
		}
		seq = append(seq, step{set: set, gap: gap})
		field, gap = rest, next
	}
	if len(seq) == 0 {
		return nil, fmt.Errorf("phrase %q has an empty part", source)
	}
	return seq, nil
}

// set registers the alternatives of one part of a phrase.
func (m *matcher) set(source, part string) (int32, error) {
	if id, ok := m.setID[part]; ok {
		return id, nil
	}
	var words []string
	for _, w := range strings.Split(part, "|") {
		switch {
		case w == "":
			return 0, fmt.Errorf("phrase %q: nothing between two of | ~ .. or at an end", source)
		case strings.HasPrefix(w, "@"):
			list, ok := m.lists[w[1:]]
			if !ok {
				return 0, fmt.Errorf("phrase %q: no list %s in words.yaml", source, w)
			}
			words = append(words, list...)
		case w != strings.ToLower(w):
			return 0, fmt.Errorf("phrase %q: write %q in lower case", source, w)
		default:
			words = append(words, w)
		}
	}
	id := int32(len(m.starting))
	m.setID[part] = id
	m.starting = append(m.starting, nil)
	for _, w := range words {
		text := strings.ReplaceAll(strings.TrimSuffix(w, "*"), "_", " ")
		m.word(matchWord{text: text, ascii: isASCIIWord(text), prefix: strings.HasSuffix(w, "*")}, id)
	}
	return id, nil
}

func (m *matcher) word(w matchWord, set int32) {
	id, ok := m.wordID[w]
	if !ok {
		id = int32(len(m.words))
		m.wordID[w] = id
		m.words = append(m.words, w)
		m.inSets = append(m.inSets, nil)
		node := int32(0)
		for _, r := range w.text {
			key := uint64(node)<<32 | uint64(r)
			to, ok := m.next[key]
			if !ok {
				to = int32(len(m.ends))
				m.next[key] = to
				m.ends = append(m.ends, nil)
			}
			node = to
		}
		m.ends[node] = append(m.ends[node], id)
	}
	m.inSets[id] = append(m.inSets[id], set)
}

// occurrence is a word of a set in the text, in characters.
type occurrence struct {
	start, end int
	asked      bool // inside a question
}

// reading is a text with the words found in it.
type reading struct {
	m      *matcher
	text   []rune
	clause []int16
	used   []int32        // sets that occur
	found  [][]occurrence // by place in used, in order of the text
	place  []int16        // by set: 1 + place in used
	denied []int16        // by place: the negations that begin before it
	negEnd []bool         // by place: a negation ends there
	breaks map[int]bool   // where a clause begins by a word of its own
	// lightEnd is by place 1 + where the light word begins that ends there.
	lightEnd []int
}

// Statement is a value that a text states.
type Statement struct {
	Fact, Value int
	Kind        entryKind
	Start, End  int // in characters
	Clause      int
}

// Said: it counts wherever it stands. Answer: only as the answer to the question. Void: it looks like a statement and is none.
// Bar: no statement on its fact reaches over it, however long.
func (s Statement) Said() bool   { return s.Kind == kindSaid }
func (s Statement) Answer() bool { return s.Kind == kindAnswer }
func (s Statement) Void() bool   { return s.Kind == kindVoid || s.Kind == kindBar }
func (s Statement) Bar() bool    { return s.Kind == kindBar }

// Tense of a part of the text.
type Tense int8

// Perhaps is no statement of fact; a plan outweighs the present, the present the past, and the past a plan that was dropped.
const (
	Perhaps Tense = iota - 3
	Dropped
	Past
	Present
	Plan
)

// Reading is what the table's expressions find in one message.
type Reading struct {
	Statements []Statement
	Clauses    int
	// Tenses gives the tense of each clause.
	Tenses []Tense
	// Length is the number of characters.
	Length    int
	noAnswers [][2]int
	// TakesBack says that the text takes something back that it said.
	TakesBack bool
	// Asks says that the text asks whether to file.
	Asks bool
}

// NoAnswer reports whether a statement stands inside words that are no answer to any question.
func (r Reading) NoAnswer(s Statement) bool {
	for _, n := range r.noAnswers {
		if n[0] <= s.Start && s.End <= n[1] {
			return true
		}
	}
	return false
}

// Read finds every statement in a normalised text (half width, lower case, Simplified).
func (d *Decision) Read(text string) Reading {
	if d.matcher == nil {
		return Reading{}
	}
	r := d.matcher.read(text)
	out := Reading{Length: len(r.text)}
	var later []int32
	var asked [][2]int
	var denials []int
	breaks := map[int]bool{}
	for _, set := range r.used { // breaks first: no expression reaches over one
		for _, p := range d.matcher.starting[set] {
			if c := &d.matcher.phrases[p]; c.kind == kindBreak {
				r.each(c, true, func(s, e int) { breaks[s] = true })
			}
		}
	}
	r.divide(breaks)
	r.breaks = breaks
	for _, set := range r.used {
		for _, p := range d.matcher.starting[set] {
			switch c := &d.matcher.phrases[p]; c.kind {
			case kindBreak:
			case kindQuestion, kindAside:
				r.each(c, true, func(s, e int) {
					asked = append(asked, [2]int{s, e})
					out.Asks = out.Asks || c.kind == kindQuestion
				})
			case kindNoAnswer:
				r.each(c, true, func(s, e int) { out.noAnswers = append(out.noAnswers, [2]int{s, e}) })
			case kindTakenBack:
				r.each(c, true, func(s, e int) { out.TakesBack = true })
			case kindNegation:
				r.each(c, true, func(s, e int) {
					if !breaks[s] { // 不过 begins a clause and denies nothing
						denials = append(denials, s)
						r.negEnd[e] = true
					}
				})
			case kindLight:
				r.each(c, true, func(s, e int) { r.lightEnd[e] = s + 1 })
			default:
				later = append(later, p)
			}
		}
	}
	r.mark(asked)
	r.deny(denials)
	out.Clauses = int(r.clause[len(r.clause)-1]) + 1
	out.Tenses = make([]Tense, out.Clauses)
	for _, p := range later {
		c := &d.matcher.phrases[p]
		switch c.kind {
		case kindPast, kindPlan, kindPerhaps, kindDropped:
			r.each(c, true, func(s, _ int) {
				t := &out.Tenses[r.clause[s]]
				switch {
				case c.kind == kindPerhaps:
					*t = Perhaps
				case c.kind == kindDropped && *t != Perhaps:
					*t = Dropped
				case c.kind == kindPlan && *t != Perhaps && *t != Dropped:
					*t = Plan
				case c.kind == kindPast && *t == Present:
					*t = Past
				}
			})
		default:
			r.each(c, c.kind == kindVoid || c.kind == kindBar || c.kind == kindSaid && d.Facts[c.fact].Raw, func(s, e int) {
				if c.kind == kindSaid && r.refused(s) {
					return
				}
				out.Statements = append(out.Statements, Statement{Fact: c.fact, Value: c.value, Kind: c.kind, Start: s, End: e, Clause: int(r.clause[s])})
			})
		}
	}
	return out
}

// read finds all words.
func (m *matcher) read(text string) *reading {
	r := &reading{m: m, text: []rune(text), place: make([]int16, len(m.starting))}
	for i := range r.text {
		if m.regions.Cuts(r.text, i) {
			continue
		}
		node := int32(0)
		for j := i; j < len(r.text); j++ {
			to, ok := m.next[uint64(node)<<32|uint64(r.text[j])]
			if !ok {
				break
			}
			node = to
			for _, w := range m.ends[node] {
				word := &m.words[w]
				if word.ascii && (i > 0 && wordRune(r.text[i-1]) || !word.prefix && j+1 < len(r.text) && wordRune(r.text[j+1])) {
					continue
				}
				for _, set := range m.inSets[w] {
					if r.place[set] == 0 {
						r.used, r.found = append(r.used, set), append(r.found, nil)
						r.place[set] = int16(len(r.used))
					}
					list := &r.found[r.place[set]-1]
					*list = append(*list, occurrence{start: i, end: j + 1})
				}
			}
		}
	}
	r.clause = make([]int16, len(r.text)+1)
	r.negEnd = make([]bool, len(r.text)+1)
	r.lightEnd = make([]int, len(r.text)+1)
	return r
}

func wordRune(r rune) bool { return r < unicode.MaxASCII && isWordByte(byte(r)) }

// spaces divide Chinese only between parts long enough to be clauses of their own.
const (
	clauseBefore = 4
	clauseAfter  = 3
)

// qualifies reports whether what stands there in brackets belongs to the word before them.
func (r *reading) qualifies(at int) bool {
	return slices.ContainsFunc(r.m.qualifiers, func(q string) bool { return beginsWith(r.text, at, q) })
}

// divide numbers the clauses.
func (r *reading) divide(breaks map[int]bool) {
	n, begin := int16(0), 0
	for i, c := range r.text {
		ends := breaks[i] && i > begin
		switch c {
		case '(', '（':
			ends = !r.qualifies(i + 1)
		case ',', ';', '?', '!', ')', '\n', '，', '。', '；', '？', '！', '）', '…', '—':
			ends = true
		case '|', '·', '→', '•':
			ends = true
		case '/':
			ends = i > 0 && i+1 < len(r.text) && r.text[i-1] == ' ' && r.text[i+1] == ' '
		case '.':
			ends = i+1 == len(r.text) || r.text[i+1] == ' ' || r.text[i+1] > unicode.MaxASCII || r.text[i+1] == '.' || i > 0 && r.text[i-1] > unicode.MaxASCII
		case ' ':
			if i > 0 && i+1 < len(r.text) && r.text[i-1] > unicode.MaxASCII && r.text[i+1] > unicode.MaxASCII {
				after := 0
				for j := i + 1; j < len(r.text) && !strings.ContainsRune(" ,;?!()。", r.text[j]); j++ {
					after++
				}
				ends = i-begin >= clauseBefore && after >= clauseAfter
			}
		}
		if ends {
			n++
			begin = i + 1
		}
		r.clause[i] = n
	}
	r.clause[len(r.text)] = n
}

// mark sets apart the words inside questions.
func (r *reading) mark(asked [][2]int) {
	if len(asked) == 0 {
		return
	}
	for _, list := range r.found {
		for i := range list {
			o := &list[i]
			for _, a := range asked {
				if o.start >= a[0] && o.end <= a[1] {
					o.asked = true
				}
			}
		}
	}
}

// deny counts the negations up to each place.
func (r *reading) deny(at []int) {
	r.denied = make([]int16, len(r.text)+1)
	for _, i := range at {
		r.denied[i+1]++
	}
	for i := 1; i < len(r.denied); i++ {
		r.denied[i] += r.denied[i-1]
	}
}

// refused reports whether a negation stands right before a place, or before one light word there: "没有别家", "not in your".
func (r *reading) refused(at int) bool {
	for steps := 0; ; steps++ {
		if at > 0 && r.text[at-1] == ' ' {
			at--
		}
		if at == 0 || r.negEnd[at] {
			return at > 0
		}
		if steps == 1 || r.lightEnd[at] == 0 {
			return false
		}
		at = r.lightEnd[at] - 1
	}
}

// of gives the occurrences of the words of a set.
func (r *reading) of(set int32) []occurrence {
	if p := r.place[set]; p > 0 {
		return r.found[p-1]
	}
	return nil
}

// each calls f with the range of the first sequence of every match of a phrase.
func (r *reading) each(c *compiled, raw bool, f func(start, end int)) {
	for _, o := range r.of(c.all[0][0].set) {
		if o.asked && !raw || o.end == o.start+1 && r.breaks[o.start] && r.text[o.start] == '不' { // the 不 of 不过
			continue
		}
		end, ok := r.follow(c.all[0][1:], o, raw)
		if !ok || !r.others(c, o.start, raw) {
			continue
		}
		f(o.start, end)
	}
}

func (r *reading) others(c *compiled, at int, raw bool) bool {
	for _, seq := range c.all[1:] {
		if !r.in(seq, r.clause[at], raw) {
			return false
		}
	}
	for _, seq := range c.none {
		if r.in(seq, r.clause[at], raw) {
			return false
		}
	}
	return true
}

// in reports whether a sequence occurs in a clause.
func (r *reading) in(seq []step, clause int16, raw bool) bool {
	for _, o := range r.of(seq[0].set) {
		if r.clause[o.start] == clause && (raw || !o.asked) {
			if _, ok := r.follow(seq[1:], o, raw); ok {
				return true
			}
		}
	}
	return false
}

// follow looks for the rest of a sequence after an occurrence, in its clause; the nearest that fits.
func (r *reading) follow(seq []step, from occurrence, raw bool) (int, bool) {
	if len(seq) == 0 {
		return from.end, true
	}
	gap := seq[0].gap
	if from.end < len(r.text) && r.text[from.end] <= unicode.MaxASCII {
		gap *= englishGap
		if r.text[from.end] == ' ' {
			gap++
		}
	}
	list := r.of(seq[0].set)
	i := sort.Search(len(list), func(i int) bool { return list[i].start >= from.end })
	for ; i < len(list) && list[i].start <= from.end+gap && r.clause[list[i].start] == r.clause[from.start]; i++ {
		if list[i].asked && !raw {
			continue
		}
		if r.denied != nil && r.denied[list[i].start] != r.denied[from.end] {
			return 0, false // "have never been filed" is no "have been filed"
		}
		if len(seq) == 1 {
			return r.longest(list, i), true
		}
		if e, ok := r.follow(seq[1:], list[i], raw); ok {
			return e, true
		}
	}
	return 0, false
}

// longest is the end of the longest word that begins where the i-th does.
func (r *reading) longest(list []occurrence, i int) int {
	end := list[i].end
	for j := i + 1; j < len(list) && list[j].start == list[i].start; j++ {
		end = max(end, list[j].end)
	}
	return end
}
