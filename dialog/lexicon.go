package dialog

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Runes that stand for what differs from customer to customer, so that a topic does not depend on it.
const (
	maskDomain = '\ue000'
	maskCase   = '\ue001'
	maskPlace  = '\ue002'
	maskNumber = '\ue003'
)

// classID numbers a word class of the vocabulary.
type classID uint16

// dictionary finds words in a text, the longest first, in time proportional to the text.
type dictionary[V comparable] struct {
	next map[uint64]int32 // edges: node<<21 | rune → node
	at   [][]V            // values of the words that end at a node
}

// newDictionary makes one with room for words of the usual length.
func newDictionary[V comparable](words int) dictionary[V] {
	return dictionary[V]{next: make(map[uint64]int32, 2*words), at: make([][]V, 1, 2*words+1)}
}

// add takes a word as knowledge files write it: _ stands for a space.
func (d *dictionary[V]) add(word string, v V) {
	node := int32(0)
	for _, r := range fold(strings.ReplaceAll(word, "_", " ")) {
		key := uint64(node)<<21 | uint64(r)
		to, ok := d.next[key]
		if !ok {
			to = int32(len(d.at))
			d.next[key] = to
			d.at = append(d.at, nil)
		}
		node = to
	}
	if !slices.Contains(d.at[node], v) {
		d.at[node] = append(d.at[node], v)
	}
}

// longest finds the longest word that starts at runes[i]; n is 0 when there is none. An English word ends at a word's end, after s, es, d, ed or
// ing too.
func (d *dictionary[V]) longest(runes []rune, i int) (values []V, n int) {
	node := int32(0)
	if isWord(runes[i]) && i > 0 && isWord(runes[i-1]) {
		return nil, 0
	}
	for j := i; j < len(runes); j++ {
		to, ok := d.next[uint64(node)<<21|uint64(runes[j])]
		if !ok {
			break
		}
		node = to
		if len(d.at[node]) == 0 {
			continue
		}
		end := j + 1
		if isWord(runes[j]) {
			if end = wordEnd(runes, end); end < 0 {
				continue
			}
		}
		values, n = d.at[node], end-i
	}
	return values, n
}

// lexicon holds the words of all classes.
type lexicon struct {
	dictionary[classID]
	names   []string // of classes, by id
	ids     map[string]classID
	places  classID
	fillers classID
}

// Classes that are not in the file.
const (
	classPlace  = "place"
	classFiller = "filler"
)

func newLexicon(k *knowledge.Knowledge, names []placeName) *lexicon {
	l := &lexicon{dictionary: newDictionary[classID](len(names)), ids: map[string]classID{}}
	l.places, l.fillers = l.class(classPlace), l.class(classFiller)
	for _, n := range names {
		if utf8.RuneCountInString(n.word) > 1 {
			l.add(n.word, l.places)
		}
	}
	for _, w := range k.Synonyms.Fillers {
		l.add(w, l.fillers)
	}
	for _, c := range k.Synonyms.Classes {
		id := l.class(c.ID)
		for _, w := range c.Words {
			l.add(w, id)
		}
	}
	return l
}

func (l *lexicon) class(name string) classID {
	id, ok := l.ids[name]
	if !ok {
		id = classID(len(l.names))
		l.ids[name] = id
		l.names = append(l.names, name)
	}
	return id
}

func isWord(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '\'' }

var inflections = []string{"s", "es", "d", "ed", "ing", "'s"}

// wordEnd is where the English word that may be complete at i ends with its inflection; −1 when it goes on.
func wordEnd(runes []rune, i int) int {
	end := i
	for end < len(runes) && isWord(runes[end]) && end-i <= 3 {
		end++
	}
	if end == i {
		return i
	}
	rest := string(runes[i:end])
	if slices.Contains(inflections, rest) {
		return end
	}
	return -1
}

// unit is one word of a text as the classifier sees it.
type unit struct {
	start, end int    // runes
	id         uint64 // of the surface: a character, an English word, a mask
	classes    []classID
	han        bool
	filler     bool
	clause     int // number of the clause it stands in, from 0
}

// segment cuts a normalised, masked text into units: words of the lexicon, single characters, English words. Punctuation ends clauses.
func (l *lexicon) segment(text string) []unit {
	runes := []rune(text)
	units := make([]unit, 0, len(runes))
	clause := 0
	for i := 0; i < len(runes); {
		r := runes[i]
		if r == ' ' {
			i++
			continue
		}
		if classes, n := l.longest(runes, i); n > 0 {
			u := unit{start: i, end: i + n, classes: classes, han: isHan(r), clause: clause}
			switch {
			case classes[0] == l.fillers:
				u.filler = true
			case classes[0] == l.places:
				u.id, u.han = maskPlace, false
			}
			if u.id == 0 {
				u.id = hashRunes(runes[i : i+n])
			}
			units = append(units, u)
			i += n
			continue
		}
		switch {
		case isHan(r):
			units = append(units, unit{start: i, end: i + 1, id: uint64(r), han: true, clause: clause})
			i++
		case r >= '0' && r <= '9':
			j := i
			for j < len(runes) && (runes[j] >= '0' && runes[j] <= '9' || runes[j] == '.' && j+1 < len(runes) && runes[j+1] >= '0' && runes[j+1] <= '9') {
				j++
			}
			units = append(units, unit{start: i, end: j, id: maskNumber, clause: clause})
			i = j
		case isWord(r):
			j := i
			for j < len(runes) && isWord(runes[j]) {
				j++
			}
			units = append(units, unit{start: i, end: j, id: hashRunes(stem(runes[i:j])), clause: clause})
			i = j
		case r >= 0xe000 && r <= 0xe003:
			units = append(units, unit{start: i, end: i + 1, id: uint64(r), clause: clause})
			i++
		default:
			if strings.ContainsRune(",.!?;~\n", r) && len(units) > 0 {
				clause++
			}
			i++
		}
	}
	return units
}

// stem takes the commonest English inflections off.
func stem(w []rune) []rune {
	n := len(w)
	switch {
	case n > 5 && string(w[n-3:]) == "ing":
		return w[:n-3]
	case n > 4 && string(w[n-2:]) == "ed":
		return w[:n-2]
	case n > 4 && string(w[n-2:]) == "es":
		return w[:n-2]
	case n > 3 && w[n-1] == 's' && w[n-2] != 's':
		return w[:n-1]
	case n > 4 && w[n-1] == 'e':
		return w[:n-1]
	}
	return w
}

func hashRunes(w []rune) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range w {
		h = (h ^ uint64(r)) * 1099511628211
	}
	return h | 1<<63 // apart from single characters
}
