package dialog

import (
	"slices"

	"beianbot/knowledge"
)

// storySure is how likely a filing type must be for a message that tells it by a story (在华为云备好的,现在挪到你们这) and has none of its words.
const storySure = 0.8

// Example phrases of topics that are no filing type's own tell none, unless they name one: every otherEach-th of them is learnt as such.
const otherEach = 2

var typeTopics = []knowledge.Topic{knowledge.FilingTypeTopic, knowledge.Change, knowledge.CancelFiling, knowledge.AppFiling}

// meanings are what a story can tell: a filing type or, "", none.
var meanings = append(slices.Clone(knowledge.FilingTypes), "")

// learnStories trains what tells filing types apart where none is named, from the stories and from the examples of topics, which are given as masked texts and features.
func (u *Understander) learnStories(k *knowledge.Knowledge, texts []string, examples []phrase) {
	var out []phrase
	for i, id := range meanings {
		for _, p := range k.Stories[id] {
			_, masked, _, _ := u.prepare(p, FindDomains(p))
			out = append(out, phrase{features: u.features(masked, nil), kind: i})
		}
	}
	stories := len(out)
	for i := 0; i < len(examples); i += otherEach {
		if slices.Contains(typeTopics, knowledge.Topics[examples[i].kind]) {
			continue
		}
		if id, denied, _ := filingType(texts[i], u.filings); id == "" && denied == "" {
			out = append(out, phrase{features: examples[i].features, kind: len(meanings) - 1})
		}
	}
	u.stories = trainClassifier(out, len(meanings), stories)
}

// story gives the filing type that a text of these features tells without naming it, "" for none.
func (u *Understander) story(features []feature) knowledge.FilingTypeID {
	var room [mostKinds]float32
	odds := room[:len(meanings)]
	u.stories.logits(features, odds)
	softmax(odds, temperature)
	for i, p := range odds {
		if p >= storySure {
			return meanings[i]
		}
	}
	return ""
}
