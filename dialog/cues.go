package dialog

import (
	"slices"

	"beianbot/knowledge"
)

// cue is a knowledge.Cue made ready.
type cue struct {
	at       int // in the file
	topic    int
	weight   float32
	when     []knowledge.Pattern
	has, not []classID
}

func (u *Understander) newCues(list []knowledge.Cue) []cue {
	var out []cue
	for i, c := range list {
		r := cue{at: i, topic: slices.Index(knowledge.Topics, c.Topic), weight: float32(c.Weight), when: c.When}
		if r.topic < 0 {
			continue // lint refuses it
		}
		for _, name := range c.Has {
			r.has = append(r.has, u.words.class(name))
		}
		for _, name := range c.Not {
			r.not = append(r.not, u.words.class(name))
		}
		out = append(out, r)
	}
	return out
}

// applyCues adds the weight of every cue that holds.
func (u *Understander) applyCues(masked string, units []unit, logits []float32) {
	present := presentClasses(units)
	for i := range u.cues {
		if c := &u.cues[i]; c.holds(masked, &present) {
			logits[c.topic] += c.weight
		}
	}
}

func presentClasses(units []unit) (present [256]bool) {
	for _, un := range units {
		for _, c := range un.classes {
			if int(c) < len(present) {
				present[c] = true
			}
		}
	}
	return present
}

func (c *cue) holds(text string, present *[256]bool) bool {
	for _, id := range c.has {
		if !present[id] {
			return false
		}
	}
	for _, id := range c.not {
		if present[id] {
			return false
		}
	}
	return len(c.when) == 0 || slices.ContainsFunc(c.when, func(p knowledge.Pattern) bool { return p.Match(text) })
}
