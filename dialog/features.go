package dialog

import "math/bits"

// Kinds of features; each keeps its n-grams apart from the others'.
const (
	kindOne uint64 = iota + 1
	kindTwo
	kindClass
	kindClassTwo
	kindClassThree
	kindPair
	kindLast
	kindLastPair
	kindSoundTwo
	kindStart
	kindEnd
	kindSize
	kindPlain
	kindNovel
	kindSaid
	kinds
)

// kindWeights are how much a feature of a kind counts; those of weight 0 are left out. Chosen by cross-validation, see README.md.
var kindWeights = [kinds]float32{kindOne: 0.7, kindTwo: 1, kindStart: 0.5, kindEnd: 0.5, kindSize: 0.5, kindClassTwo: 1, kindClassThree: 0.7,
	kindSoundTwo: 0.6, kindPlain: 1, kindClass: 1.5, kindLast: 0.7, kindPair: 1, kindNovel: 1, kindSaid: 4}

// mix hashes a kind and up to three ids to one feature.
func mix(kind, a, b, c uint64) uint64 {
	h := kind*0x9e3779b97f4a7c15 ^ a*0xbf58476d1ce4e5b9
	h = bits.RotateLeft64(h, 27) ^ b*0x94d049bb133111eb
	h = bits.RotateLeft64(h, 31) ^ c*0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>29
}

// feature is one feature of a text.
type feature struct {
	hash   uint64
	value  float32
	worded bool // says that a word, a character or a class is there
}

// keeper keeps the features of many texts in few pieces of memory.
type keeper struct{ free []feature }

// kept is how many features a piece has room for.
const kept = 1 << 15

func (k *keeper) keep(f []feature) []feature {
	if len(f) > len(k.free) {
		k.free = make([]feature, max(kept, len(f)))
	}
	out := k.free[:len(f):len(f)]
	copy(out, f)
	k.free = k.free[len(f):]
	return out
}

// extract gives the features of a segmented text: n-grams of characters and English words, of the same with words replaced by their classes, pairs
// of classes anywhere, classes of the last clause, and n-grams of syllables.
func extract(runes []rune, units []unit, into []feature) []feature {
	out := into[:0]
	add := func(kind, a, b, c uint64) {
		if w := kindWeights[kind]; w != 0 {
			out = append(out, feature{mix(kind, a, b, c), w, kind == kindOne || kind == kindClass})
		}
	}

	words := 0
	for _, u := range units {
		if !u.filler {
			words++
		}
	}
	skip := func(u unit) bool { return u.filler && words > 0 }

	// surface: characters of Han words, whole English words
	var surface [256]uint64
	var mixed [256]uint64
	var classed [256]bool
	var sound [256]uint64
	n, m, s := 0, 0, 0
	for i, u := range units {
		if i > 1 && u.id == units[i-1].id && u.id == units[i-2].id {
			continue // 人工人工人工, hahahaha: a word three times says no more than twice
		}
		if skip(u) || n > 240 || m > 240 || s > 240 {
			continue
		}
		if u.han {
			for _, r := range runes[u.start:u.end] {
				if n < 250 {
					surface[n] = uint64(r)
					n++
					sound[s] = uint64(syllable(r))
					s++
				}
			}
		} else {
			surface[n] = u.id
			n++
			sound[s] = u.id
			s++
		}
		if len(u.classes) > 0 && !u.filler {
			mixed[m], classed[m] = uint64(u.classes[0])|1<<40, true
			m++
		} else if u.han {
			for _, r := range runes[u.start:u.end] {
				if m < 250 {
					mixed[m] = uint64(r)
					m++
				}
			}
		} else {
			mixed[m] = u.id
			m++
		}
	}
	for i := range n {
		add(kindOne, surface[i], 0, 0)
		if i+1 < n {
			add(kindTwo, surface[i], surface[i+1], 0)
		}
	}
	if n > 0 {
		add(kindStart, surface[0], 0, 0)
		add(kindEnd, surface[n-1], 0, 0)
	}
	add(kindSize, uint64(bits.Len(uint(n))), 0, 0)
	for i := range m {
		if i+1 < m && (classed[i] || classed[i+1]) {
			add(kindClassTwo, mixed[i], mixed[i+1], 0)
		}
		if i+2 < m && (classed[i] || classed[i+1] || classed[i+2]) {
			add(kindClassThree, mixed[i], mixed[i+1], mixed[i+2])
		}
	}
	for i := 0; i+1 < s; i++ {
		add(kindSoundTwo, sound[i], sound[i+1], 0)
	}

	// classes
	var classes [64]classID
	var last [64]bool
	c := 0
	lastClause := 0
	if len(units) > 0 {
		lastClause = units[len(units)-1].clause
	}
	for _, u := range units {
		if u.filler {
			continue
		}
		for _, id := range u.classes {
			if c < 60 {
				classes[c], last[c] = id, u.clause == lastClause
				c++
			}
		}
	}
	if c == 0 {
		add(kindPlain, 0, 0, 0)
	}
	for i := range c {
		add(kindClass, uint64(classes[i]), 0, 0)
		if last[i] && lastClause > 0 {
			add(kindLast, uint64(classes[i]), 0, 0)
		}
		for j := i + 1; j < c; j++ {
			a, b := uint64(classes[i]), uint64(classes[j])
			if a > b {
				a, b = b, a
			}
			if a != b {
				add(kindPair, a, b, 0)
			}
		}
	}
	return out
}
