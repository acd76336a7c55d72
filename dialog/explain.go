package dialog

import (
	"math"
	"slices"
	"sort"
	"strings"

	"beianbot/knowledge"
)

// Weight is how much a word of a message speaks for the topic it was taken for.
type Weight struct {
	Word    string   `json:"word"`
	Classes []string `json:"classes"` // of vocabulary/synonyms.yaml
	// For is how the log odds of the topic against the next likeliest fall without the word; below zero it speaks against the topic.
	For float64 `json:"for"`
}

// Near is an example phrase like the message.
type Near struct {
	Topic  knowledge.Topic `json:"topic"`
	Phrase string          `json:"phrase"`
	Alike  float64         `json:"alike"` // 0–1
}

// Explanation is why a message was taken for its topic.
type Explanation struct {
	Understanding
	// Masked is the text as the model sees it: domains as ▢, case numbers as ▣.
	Masked  string
	Weights []Weight
	// Cues are the rules of vocabulary/cues.yaml that hold.
	Cues []knowledge.Cue
	// Nearest are the likest example phrases, the likest first.
	Nearest []Near
}

// Explain understands a message and says why. Of one that is too long it explains the beginning, which is what a conversation takes in.
func (e *Engine) Explain(raw string) Explanation {
	raw, _ = clean(raw) // each word is left out in turn, so the time grows with the square of the length
	u := e.u
	x := Explanation{Understanding: u.Understand(raw), Weights: []Weight{}, Cues: []knowledge.Cue{}}
	masked := u.masked(raw)
	runes := []rune(masked)
	units := u.words.segment(masked)
	top, next := x.Scores[0].Topic, x.Scores[1].Topic
	odds := func(text string) float64 { return margin(u.score(text), top, next) }
	whole := odds(masked)
	for _, un := range units {
		w := Weight{Word: unmask(string(runes[un.start:un.end])), Classes: []string{}}
		for _, c := range un.classes {
			w.Classes = append(w.Classes, u.words.names[c])
		}
		if len(units) > 1 {
			w.For = whole - odds(string(runes[:un.start])+" "+string(runes[un.end:]))
		}
		x.Weights = append(x.Weights, w)
	}
	present := presentClasses(units)
	for i := range u.cues {
		if u.cues[i].holds(masked, &present) {
			x.Cues = append(x.Cues, e.k.Cues[u.cues[i].at])
		}
	}
	x.Masked = unmask(masked)
	x.Nearest = e.nearest(masked, 5)
	return x
}

// masked is a message as the model sees it.
func (u *Understander) masked(raw string) string {
	_, masked, _, _ := u.prepare(raw, FindDomains(raw))
	return masked
}

var showMasks = strings.NewReplacer(string(maskDomain), "▢", string(maskCase), "▣")

func unmask(s string) string { return showMasks.Replace(s) }

// margin is the log odds of one topic against another.
func margin(scores []TopicScore, a, b knowledge.Topic) float64 {
	var pa, pb float64
	for _, s := range scores {
		switch s.Topic {
		case a:
			pa = s.P
		case b:
			pb = s.P
		}
	}
	const least = 1e-6
	return math.Log(max(pa, least)) - math.Log(max(pb, least))
}

// nearest finds the example phrases that share the most neighbouring characters and words with a text (Dice's coefficient).
func (e *Engine) nearest(masked string, n int) []Near {
	want := e.u.pairsOf(masked)
	out, usual := []Near{}, DefaultCaseNumbers()
	for _, t := range knowledge.Topics {
		for _, phrase := range e.k.Examples[t] {
			have := e.u.pairsOf(e.u.slips.Replace(maskText(fold(phrase), usual)))
			shared := 0
			for h := range have {
				if want[h] {
					shared++
				}
			}
			if shared > 0 {
				out = append(out, Near{t, phrase, 2 * float64(shared) / float64(len(want)+len(have))})
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Alike > out[j].Alike })
	return slices.Clip(out[:min(n, len(out))])
}

func (u *Understander) pairsOf(text string) map[uint64]bool {
	out := map[uint64]bool{}
	last := uint64(0)
	runes := []rune(text)
	take := func(id uint64) {
		out[mix(kindTwo, last, id, 0)] = true
		last = id
	}
	for _, un := range u.words.segment(text) {
		if !un.han {
			take(un.id)
			continue
		}
		for _, r := range runes[un.start:un.end] {
			take(uint64(r))
		}
	}
	return out
}
