package dialog

import (
	"slices"
	"sync"

	"beianbot/knowledge"
)

// The second reading of a message. Words and expressions read what they know; labelled messages and stories (knowledge/data/labelled, stories) teach what messages like
// this one mean. See weigh.go for what the second reading makes of a described site.

// secondSure is how likely a filing type must be for a message that tells it by a story (在华为云备好的,现在挪到你们这) and has none of its words.
const secondSure = 0.8

// Example phrases of topics that hardly ever tell a filing type teach what tells none: every otherEach-th of them.
const otherEach = 2

var noType = []knowledge.Topic{knowledge.OutOfScope, knowledge.Greeting, knowledge.Human, knowledge.Contact, knowledge.Restart, knowledge.SMSVerification, knowledge.DomainRulesTopic,
	knowledge.DomainCheck, knowledge.WebsiteName, knowledge.PreApproval, knowledge.CommercialLicence, knowledge.PublicSecurity, knowledge.AfterFiling, knowledge.CaseStatus, knowledge.Rejection}

// opinion tells which of its values a text bears, "" for none.
type opinion struct {
	values []string
	model  *classifier
}

// newOpinion learns from texts, given as features, and their labels.
func newOpinion(texts [][]feature, labels []string) *opinion {
	o := &opinion{values: []string{""}}
	at := map[string]int{"": 0}
	list := make([]phrase, len(texts))
	for i, label := range labels {
		kind, ok := at[label]
		if !ok {
			kind = len(o.values)
			at[label] = kind
			o.values = append(o.values, label)
		}
		list[i] = phrase{features: texts[i], kind: kind}
	}
	o.model = trainClassifier(list, len(o.values), len(list))
	return o
}

// odds are the probabilities of the values.
func (o *opinion) odds(features []feature, room []float32) []float32 {
	out := room[:len(o.values)]
	o.model.logits(features, out)
	softmax(out, temperature)
	return out
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

// secondReader holds what the labelled messages teach: the filing type, and of described sites the verdict ("none" where something that decides is left open) and the facts.
type secondReader struct {
	filing, verdict *opinion
	facts           map[knowledge.FactID]*opinion
}

// lessons are texts, as features, with their labels.
type lessons struct {
	texts  [][]feature
	labels []string
}

func (l *lessons) add(text []feature, label string) {
	l.texts, l.labels = append(l.texts, text), append(l.labels, label)
}

func (l *lessons) learn() *opinion { return newOpinion(l.texts, l.labels) }

func (u *Understander) newSecondReader(k *knowledge.Knowledge) *secondReader {
	usual := DefaultCaseNumbers()
	masked := func(text string) string {
		text = u.slips.Replace(fold(text))
		if hasASCII(text) {
			text = maskText(text, usual)
		}
		return text
	}
	var filing, verdict lessons
	var all keeper
	buf := make([]feature, 0, mostFeatures)
	ids := weighable(&k.Decision)
	facts := make([]lessons, len(ids))
	for _, id := range slices.Concat(knowledge.FilingTypes, []knowledge.FilingTypeID{""}) {
		for _, p := range k.Stories[id] {
			filing.add(all.keep(u.features(masked(p), buf)), string(id))
		}
	}
	for _, topic := range noType {
		for i := 0; i < len(k.Examples[topic]); i += otherEach {
			filing.add(all.keep(u.features(masked(k.Examples[topic][i]), buf)), "")
		}
	}
	for _, m := range k.Labelled {
		text := masked(m.Text)
		if m.Slots != nil {
			filing.add(all.keep(u.features(text, buf)), string(m.Slots.FilingType))
		}
		if m.Verdict != "" {
			light := all.keep(lightly(text, buf))
			verdict.add(light, m.Verdict)
			for i, id := range ids {
				if len(m.Facts) > 0 || m.Verdict == knowledge.NoVerdict { // else nobody has looked for them
					facts[i].add(light, m.Facts[id])
				}
			}
		}
	}
	s := &secondReader{facts: map[knowledge.FactID]*opinion{}}
	var wg sync.WaitGroup // half of the work each
	wg.Go(func() { s.filing, s.verdict = filing.learn(), verdict.learn() })
	for i, id := range ids {
		s.facts[id] = facts[i].learn()
	}
	wg.Wait()
	return s
}

// story gives the filing type that a text of these features tells without naming it, "" for none.
func (s *secondReader) story(features []feature) knowledge.FilingTypeID {
	if v, p := s.filing.likeliest(features); p >= secondSure {
		return knowledge.FilingTypeID(v)
	}
	return ""
}

// lightly gives the features of the second reading: characters and English words, and pairs of them.
func lightly(text string, into []feature) []feature {
	out := into[:0]
	var before, word uint64
	add := func(id uint64) {
		out = append(out, feature{mix(kindOne, id, 0, 0), kindWeights[kindOne], true})
		if before != 0 {
			out = append(out, feature{mix(kindTwo, before, id, 0), kindWeights[kindTwo], true})
		}
		before = id
	}
	for _, r := range text {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '\'' {
			word = mix(kindOne, word, uint64(r), 1)
			continue
		}
		if word != 0 {
			add(word)
			word = 0
		}
		if r != ' ' {
			add(uint64(r))
		}
	}
	if word != 0 {
		add(word)
	}
	return out
}
