package dialog

import "math/bits"

// Kinds of features; each keeps its n-grams apart from the others'.
const (
	kindOne uint64 = iota + 1
	kindTwo
	kindThree
	kindSkip
	kindClass
	kindClassTwo
	kindClassThree
	kindPair
	kindLast
	kindLastPair
	kindSoundTwo
	kindSoundThree
	kindStart
	kindEnd
	kindSize
	kindPlain
)

// mix hashes a kind and up to three ids to one feature.
func mix(kind, a, b, c uint64) uint64 {
	h := kind*0x9e3779b97f4a7c15 ^ a*0xbf58476d1ce4e5b9
	h = bits.RotateLeft64(h, 27) ^ b*0x94d049bb133111eb
	h = bits.RotateLeft64(h, 31) ^ c*0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>29
}

// featureWeights are how much the kinds count against each other.
type feature struct {
	hash   uint64
	value  float32
	worded bool // says that a word, a character or a class is there
}

// extract gives the features of a segmented text: n-grams of characters and English words, of the same with words replaced by their classes, pairs
// of classes anywhere, classes of the last clause, and n-grams of syllables.
func extract(runes []rune, units []unit, into []feature) []feature {
	out := into[:0]
	add := func(h uint64, v float32) { out = append(out, feature{hash: h, value: v}) }

	kept := 0
	for _, u := range units {
		if !u.filler {
			kept++
		}
	}
	skip := func(u unit) bool { return u.filler && kept > 0 }

	// surface: characters of Han words, whole English words
	var surface [256]uint64
	var mixed [256]uint64
	var classed [256]bool
	var sound [256]uint64
	n, m, s := 0, 0, 0
	for _, u := range units {
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
		out = append(out, feature{mix(kindOne, surface[i], 0, 0), 0.7, true})
		if i+1 < n {
			add(mix(kindTwo, surface[i], surface[i+1], 0), 1)
		}
		if i+2 < n {
			add(mix(kindThree, surface[i], surface[i+1], surface[i+2]), 1)
			add(mix(kindSkip, surface[i], surface[i+2], 0), 0.5)
		}
	}
	if n > 0 {
		add(mix(kindStart, surface[0], 0, 0), 0.5)
		add(mix(kindEnd, surface[n-1], 0, 0), 0.5)
	}
	add(mix(kindSize, uint64(bits.Len(uint(n))), 0, 0), 0.5)
	for i := range m {
		if i+1 < m && (classed[i] || classed[i+1]) {
			add(mix(kindClassTwo, mixed[i], mixed[i+1], 0), 1)
		}
		if i+2 < m && (classed[i] || classed[i+1] || classed[i+2]) {
			add(mix(kindClassThree, mixed[i], mixed[i+1], mixed[i+2]), 0.7)
		}
	}
	for i := 0; i+1 < s; i++ {
		add(mix(kindSoundTwo, sound[i], sound[i+1], 0), 0.6)
		if i+2 < s {
			add(mix(kindSoundThree, sound[i], sound[i+1], sound[i+2]), 0.6)
		}
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
		add(mix(kindPlain, 0, 0, 0), 1)
	}
	for i := range c {
		out = append(out, feature{mix(kindClass, uint64(classes[i]), 0, 0), classWeight, true})
		if last[i] && lastClause > 0 {
			add(mix(kindLast, uint64(classes[i]), 0, 0), 0.7)
		}
		for j := i + 1; j < c; j++ {
			a, b := uint64(classes[i]), uint64(classes[j])
			if a > b {
				a, b = b, a
			}
			if a != b {
				add(mix(kindPair, a, b, 0), pairWeight)
			}
		}
	}
	return out
}

var (
	classWeight float32 = 1.5
	pairWeight  float32 = 1.0
)
