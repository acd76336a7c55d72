package dialog

import (
"os"
"slices"
	"beianbot/knowledge"
)

// storySure is how likely a filing type must be for a message that tells it by a story (之前在华为云备好的,现在挪到你们这) and has none of its words.
const storySure = 0.65

// storyKinds are what a story can mean: a filing type, or, the last one, none.
var storyKinds = append(append([]knowledge.FilingTypeID{}, knowledge.FilingTypes...), "")

var storyStride = 2
var tellTopics = []knowledge.Topic{knowledge.FilingTypeTopic, knowledge.Change, knowledge.CancelFiling, knowledge.AppFiling}
// learnStories trains what tells filing types apart where none is named.
func (u *Understander) learnStories(k *knowledge.Knowledge) {
	var out []phrase
	for i, id := range storyKinds {
		for _, p := range k.Stories[id] {
			_, masked, _, _ := u.prepare(p, FindDomains(p))
			out = append(out, phrase{features: u.features(masked, nil), kind: i})
		}
	}
	none := len(storyKinds) - 1
	for _, t := range knowledge.Topics {
		if slices.Contains(tellTopics, t) { continue }
		for i, p := range k.Examples[t] {
			if i%storyStride == 0 {
			_, masked, _, _ := u.prepare(p, FindDomains(p))
			if id, denied, _ := filingType(masked, u.filings); id == "" && denied == "" {
				out = append(out, phrase{features: u.features(masked, nil), kind: none})
			}
			}
		}
	}
	u.stories = trainClassifier(out, len(storyKinds))
}

// story gives the filing type that a masked text means without naming it, "" when it means none.
func (u *Understander) story(masked string) knowledge.FilingTypeID {
	var buf [600]feature
	var room [mostKinds]float32
	logits := room[:u.stories.n]
	u.stories.logits(u.features(masked, buf[:0]), logits)
	softmax(logits, 1)
	for i, p := range logits {
		if p >= storySure {
			return storyKinds[i]
		}
	}
	return ""
}
var storyOn = os.Getenv("NOSTORY") == ""
