package dialog

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"beianbot/knowledge"
)

// lesson is a text of the knowledge from which is learnt.
type lesson struct {
	raw      string
	topic    int    // -1: none
	filing   string // the filing type that it tells, "" for none; unlabelled where nobody looked
	labelled *knowledge.LabelledMessage
	text     string // normalised
	masked   string
	bare     string // see bareWords
	features []feature
}

// Described sites are of need_filing; they are long, and every siteEach-th teaches that well enough.
const siteEach = 6

// Example phrases of topics that hardly ever tell a filing type teach what tells none: every otherEach-th of them.
const otherEach = 3

var noType = []knowledge.Topic{knowledge.OutOfScope, knowledge.Greeting, knowledge.Human, knowledge.Contact, knowledge.Restart, knowledge.SMSVerification, knowledge.DomainRulesTopic,
	knowledge.DomainCheck, knowledge.WebsiteName, knowledge.PreApproval, knowledge.CommercialLicence, knowledge.PublicSecurity, knowledge.AfterFiling, knowledge.CaseStatus, knowledge.Rejection}

// lessons are the example phrases, the stories and the labelled messages.
func lessons(k *knowledge.Knowledge) []lesson {
	var out []lesson
	for i, t := range knowledge.Topics {
		filing := slices.Contains(noType, t)
		for j, p := range k.Examples[t] {
			l := lesson{raw: p, topic: i, filing: unlabelled}
			if filing && j%otherEach == 0 {
				l.filing = ""
			}
			out = append(out, l)
		}
	}
	for _, id := range slices.Concat(knowledge.FilingTypes, []knowledge.FilingTypeID{""}) {
		for _, p := range k.Stories[id] {
			out = append(out, lesson{raw: p, topic: -1, filing: string(id)})
		}
	}
	for n := range k.Labelled {
		m := &k.Labelled[n]
		l := lesson{raw: m.Text, topic: -1, filing: unlabelled, labelled: m}
		topic := m.Topic
		if m.Verdict != "" && topic == "" && n%siteEach == 0 {
			topic = knowledge.NeedFiling
		}
		if len(m.Topics) < 2 {
			l.topic = slices.Index(knowledge.Topics, topic)
		}
		if m.Slots != nil {
			l.filing = string(m.Slots.FilingType)
		}
		out = append(out, l)
	}
	return out
}

// learn trains on the lessons: what stretches of characters are usual, so that only unusual ones are mended; the topics; and the second reading.
func (u *Understander) learn(k *knowledge.Knowledge) {
	all, usual := lessons(k), DefaultCaseNumbers() // as the examples have them
	// To normalise and to extract features is half of the work: one core does each half.
	var wg sync.WaitGroup
	half := len(all) / 2
	for _, part := range [][]lesson{all[:half], all[half:]} {
		wg.Go(func() {
			var buf []feature
			var kept keeper
			for i := range part {
				l := &part[i]
				l.text = u.example(l.raw)
				l.masked = l.text
				if hasASCII(l.text) {
					l.masked = maskText(l.text, usual)
				}
				if l.topic >= 0 {
					l.bare = bareWords(l.masked)
				}
				if l.topic >= 0 || l.filing != unlabelled {
					buf = u.features(l.masked, buf)
					l.features = kept.keep(buf)
				}
			}
		})
	}
	wg.Wait()
	var words []string
	var phrases []phrase
	u.examples = make(map[string]int, len(all))
	for _, l := range all {
		if l.topic < 0 {
			continue
		}
		if l.labelled == nil {
			words = append(words, l.text)
		}
		u.remember(l.bare, l.topic)
		phrases = append(phrases, phrase{l.features, l.topic})
	}
	words = append(words, k.Decision.Words("inland")...)
	words = append(words, k.Decision.Words("abroad")...)
	u.second = &secondReader{}
	together( // the longest first
		func() { u.model = trainClassifier(phrases, len(knowledge.Topics)) },
		func() { u.second.learnSubjects(u, all) },
		func() { u.second.learnFiling(u, all) },
		func() { u.second.learnSites(k, all) },
		func() { u.second.learnPlaces(u, all) },
		func() { u.mender = newMender(k.Slips.Words, words) },
	)
}

// together runs tasks in their order, as many at once as there are cores: more would only take turns, and the longest would end last, alone.
func together(tasks ...func()) {
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					return
				}
				tasks[i]()
			}
		})
	}
	wg.Wait()
}

// example normalises what the model learns from.
func (u *Understander) example(text string) string {
	text = fold(text)
	if !strings.ContainsFunc(text, isHan) {
		text = u.spelling.whole(text)
	}
	return u.slips.Replace(text)
}

// remember keeps what an example phrase says for its topic, unless two topics have the same.
func (u *Understander) remember(words string, topic int) {
	if at, ok := u.examples[words]; ok && at != topic {
		topic = -1
	}
	u.examples[words] = topic
}
