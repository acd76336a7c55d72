package dialog

import (
	"iter"
	"math"
	"slices"

	"beianbot/knowledge"
)

// The second reading of a message. Words and expressions read what they know; labelled messages and stories (knowledge/data/labelled, stories) teach what messages like
// this one mean. See weigh.go for what the second reading makes of a described site.

// secondSure is how likely a filing type must be for a message that tells it by a story (在华为云备好的,现在挪到你们这) and has none of its words.
const secondSure = 0.8

// against is how likely another filing type than the one that is named must be, or none, to be taken.
const against = 0.9

// shortestStory is how many characters a message has at least that tells one; 换成河南 does not.
const shortestStory = 6

// opinion tells which of its values a text bears, "" for none.
type opinion struct {
	values []string
	model  *classifier
}

// unlabelled stands where nobody has looked for a label.
const unlabelled = "?"

// newOpinions learns from texts, given as features, one opinion for each list of labels.
func newOpinions(rates []float32, texts [][]feature, labels ...[]string) []*opinion {
	list := make([]phrase, len(texts))
	for i, text := range texts {
		list[i].features = text
	}
	words, samples := vocabulary(list, leastOfOpinions)
	var out []*opinion
	for _, of := range labels {
		o := &opinion{values: []string{""}}
		at := map[string]int{"": 0, unlabelled: -1}
		for i, label := range of {
			kind, ok := at[label]
			if !ok {
				kind = len(o.values)
				at[label] = kind
				o.values = append(o.values, label)
			}
			samples[i].kind = kind
		}
		o.model = learn(words, slices.Clone(samples), len(o.values), rates)
		out = append(out, o)
	}
	return out
}

// odds are the probabilities of the values.
func (o *opinion) odds(features []feature, room []float32) []float32 {
	out := room[:len(o.values)]
	o.model.logits(features, out)
	softmax(out, temperature)
	return out
}

// logOdds is the logarithm of a value's probability, given those of all; of a value never seen, that of the least.
func (o *opinion) logOdds(odds []float32, value string) float64 {
	p := 0.0
	if i := slices.Index(o.values, value); i >= 0 {
		p = float64(odds[i])
	}
	return math.Log(p + leastOdds)
}

// likeliest is the value that a text bears most likely, and how likely.
func (o *opinion) likeliest(features []feature) (string, float32) {
	var room [mostKinds]float32
	best, p := 0, float32(0)
	for i, x := range o.odds(features, room[:]) {
		if x > p {
			best, p = i, x
		}
	}
	return o.values[best], p
}

// secondReader holds what the labelled messages teach: the filing type; of described sites the verdict ("none" where something that decides is left open) and the facts; and
// whether a place or a subject type that is named is stated.
type secondReader struct {
	filing, verdict  *opinion
	facts            map[knowledge.FactID]*opinion
	subjects, places *roles
}

// learnFiling learns the filing type, from the words and from what the expressions read.
func (s *secondReader) learnFiling(u *Understander, all []lesson) {
	var told [][]feature
	var filing []string
	for _, l := range all {
		if l.filing == unlabelled {
			continue
		}
		named, _, _ := filingType(l.masked, u.filings)
		if l.labelled == nil && l.filing == "" && named != "" {
			continue // nobody has labelled it
		}
		told, filing = append(told, append(l.features[:len(l.features):len(l.features)], said(named))), append(filing, l.filing)
	}
	s.filing = newOpinions(rates[:], told, filing)[0]
}

// learnSites learns the verdict and the facts of described sites.
func (s *secondReader) learnSites(k *knowledge.Knowledge, all []lesson) {
	var kept keeper
	buf := make([]feature, 0, mostFeatures)
	var sites [][]feature
	ids := weighable(&k.Decision)
	labels := make([][]string, 1+len(ids)) // the verdict, and each fact
	for _, l := range all {
		m := l.labelled
		if m == nil || m.Verdict == "" {
			continue
		}
		sites = append(sites, kept.keep(lightly(l.masked, buf)))
		labels[0] = append(labels[0], m.Verdict)
		for i, id := range ids {
			label := m.Facts[id]
			switch {
			case m.Facts == nil:
				label = unlabelled
			case label == factOpen || label == factUndecided:
				label = "" // as good as unsaid
			}
			labels[i+1] = append(labels[i+1], label)
		}
	}
	s.facts = map[knowledge.FactID]*opinion{}
	for i, o := range newOpinions(rates[:], sites, labels...) {
		if i == 0 {
			s.verdict = o
		} else {
			s.facts[ids[i-1]] = o
		}
	}
}

// learnPlaces learns what the places are that messages name.
func (s *secondReader) learnPlaces(u *Understander, all []lesson) {
	var t taught
	for m := range withSlots(all) {
		t.places(u.places, []rune(m.masked), m.labelled.Slots)
	}
	s.places = t.learn()
}

// learnSubjects learns which of the subject types that messages name are stated.
func (s *secondReader) learnSubjects(u *Understander, all []lesson) {
	var t taught
	for m := range withSlots(all) {
		t.subjects(m.masked, u.subjects, m.labelled.Slots)
	}
	s.subjects = t.learn()
}

// withSlots gives the lessons whose slots are labelled.
func withSlots(all []lesson) iter.Seq[*lesson] {
	return func(yield func(*lesson) bool) {
		for i := range all {
			if m := all[i].labelled; m != nil && m.Slots != nil && !yield(&all[i]) {
				return
			}
		}
	}
}

// story gives the filing type that a text of these features tells; named is what it is by the expressions.
func (s *secondReader) story(features []feature, named knowledge.FilingTypeID) knowledge.FilingTypeID {
	// What the expressions read comes first: of a long text the last features are left out.
	v, p := s.filing.likeliest(append([]feature{said(named)}, features...))
	if p >= secondSure && named == "" || p >= against {
		return knowledge.FilingTypeID(v)
	}
	return named
}

// said is the feature of the filing type that the expressions read.
func said(named knowledge.FilingTypeID) feature {
	return feature{mix(kindSaid, uint64(slices.Index(knowledge.FilingTypes, named)+1), 0, 0), kindWeights[kindSaid], false}
}

// lightly gives the features of the second reading: characters and English words, and pairs of them.
func lightly(text string, into []feature) []feature {
	out := into[:0]
	var before uint64
	for _, id := range surround([]rune(text)).ids {
		out = append(out, feature{mix(kindOne, id, 0, 0), kindWeights[kindOne], true})
		if before != 0 {
			out = append(out, feature{mix(kindTwo, before, id, 0), kindWeights[kindTwo], true})
		}
		before = id
	}
	return out
}
