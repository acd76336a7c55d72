package dialog

import (
	"math"
	"slices"

	"beianbot/knowledge"
)

// The second reading of a message. Words and expressions read what they know; labelled messages and stories (knowledge/data/labelled, stories) teach what messages like
// this one mean. See weigh.go for what the second reading makes of a described site.

// secondSure is how likely a filing type must be for a message that tells it by a story (在华为云备好的,现在挪到你们这) and has none of its words.
const secondSure = 0.8

// shortestStory is how many characters a message has at least that tells one; 换成河南 does not.
const shortestStory = 6

// Example phrases of topics that hardly ever tell a filing type teach what tells none: every otherEach-th of them.
const otherEach = 2

var noType = []knowledge.Topic{knowledge.OutOfScope, knowledge.Greeting, knowledge.Human, knowledge.Contact, knowledge.Restart, knowledge.SMSVerification, knowledge.DomainRulesTopic,
	knowledge.DomainCheck, knowledge.WebsiteName, knowledge.PreApproval, knowledge.CommercialLicence, knowledge.PublicSecurity, knowledge.AfterFiling, knowledge.CaseStatus, knowledge.Rejection}

// opinion tells which of its values a text bears, "" for none.
type opinion struct {
	values []string
	model  *classifier
}

// unlabelled stands where nobody has looked for a label.
const unlabelled = "?"

// newOpinions learns from texts, given as features, one opinion for each list of labels.
func newOpinions(texts [][]feature, labels ...[]string) []*opinion {
	list := make([]phrase, len(texts))
	for i, text := range texts {
		list[i].features = text
	}
	words, samples := vocabulary(list)
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
		o.model = learn(words, slices.Clone(samples), len(o.values))
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

// secondReader holds what the labelled messages teach: the filing type, and of described sites the verdict ("none" where something that decides is left open) and the facts.
type secondReader struct {
	filing, verdict *opinion
	facts           map[knowledge.FactID]*opinion
}

func (u *Understander) newSecondReader(k *knowledge.Knowledge) *secondReader {
	usual := DefaultCaseNumbers()
	masked := func(text string) string {
		text = u.example(text)
		if hasASCII(text) {
			text = maskText(text, usual)
		}
		return text
	}
	var all keeper
	buf := make([]feature, 0, mostFeatures)
	var told, sites [][]feature
	var filing []string
	ids := weighable(&k.Decision)
	ofSites := make([][]string, 1+len(ids)) // the verdict, and each fact
	tells := func(text string, id knowledge.FilingTypeID) {
		told, filing = append(told, all.keep(u.features(masked(text), buf))), append(filing, string(id))
	}
	for _, id := range slices.Concat(knowledge.FilingTypes, []knowledge.FilingTypeID{""}) {
		for _, p := range k.Stories[id] {
			tells(p, id)
		}
	}
	for _, topic := range noType {
		for i := 0; i < len(k.Examples[topic]); i += otherEach {
			if id, _, _ := filingType(masked(k.Examples[topic][i]), u.filings); id == "" {
				tells(k.Examples[topic][i], "")
			}
		}
	}
	for _, m := range k.Labelled {
		if m.Slots != nil {
			tells(m.Text, m.Slots.FilingType)
		}
		if m.Verdict == "" {
			continue
		}
		sites = append(sites, all.keep(lightly(masked(m.Text), buf)))
		ofSites[0] = append(ofSites[0], m.Verdict)
		for i, id := range ids {
			label := m.Facts[id]
			switch {
			case m.Facts == nil:
				label = unlabelled
			case label == factOpen || label == factUndecided:
				label = "" // as good as unsaid
			}
			ofSites[i+1] = append(ofSites[i+1], label)
		}
	}
	s := &secondReader{facts: map[knowledge.FactID]*opinion{}}
	s.filing = newOpinions(told, filing)[0]
	for i, o := range newOpinions(sites, ofSites...) {
		if i == 0 {
			s.verdict = o
		} else {
			s.facts[ids[i-1]] = o
		}
	}
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
