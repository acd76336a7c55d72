package dialog

import (
	"cmp"
	"sort"
	"strings"
	"time"

	"beianbot/knowledge"
)

// Labelled is a message with what it means: a line of an evaluation file.
type Labelled = knowledge.LabelledMessage

func join[T ~string](list []T, sep string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, sep)
}

// Share is a part of a whole.
type Share struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

func (s *Share) add(right bool) {
	s.Of++
	if right {
		s.Right++
	}
}

// Rate is 0–1; 1 of nothing.
func (s Share) Rate() float64 {
	if s.Of == 0 {
		return 1
	}
	return float64(s.Right) / float64(s.Of)
}

// Found counts how a slot was read.
type Found struct {
	Right  int `json:"right"`
	Wrong  int `json:"wrong"` // read, and not so
	Missed int `json:"missed"`
}

// F1 is the harmonic mean of precision and recall, 0–1; 1 where there was nothing to read and nothing was read.
func (f Found) F1() float64 {
	if f.Right+f.Wrong+f.Missed == 0 {
		return 1
	}
	return 2 * float64(f.Right) / float64(2*f.Right+f.Wrong+f.Missed)
}

// Bin is one row of a reliability table: of the messages whose confidence lies in it, how sure the understanding was and how often it was right.
type Bin struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Share
	Mean float64 `json:"mean"` // confidence
}

// Mistake is a message taken for another topic.
type Mistake struct {
	Labelled
	Got        knowledge.Topic `json:"got"`
	Confidence float64         `json:"confidence"`
}

// SlotMistake is a slot read wrong, too much (Want empty) or not at all (Got empty).
type SlotMistake struct {
	Text string `json:"text"`
	Slot string `json:"slot"`
	Want string `json:"want"`
	Got  string `json:"got"`
}

// Evaluation is how well a set of labelled messages is understood.
type Evaluation struct {
	// Topic counts the topic of the message by itself; Served that of the reply to a new customer, which facts and slots can change.
	Topic  Share `json:"topic"`
	Served Share `json:"served"`
	// Several counts messages that ask more than one thing, and were understood as asking just that.
	Several Share            `json:"several"`
	ByStyle map[string]Share `json:"by_style"`
	ByTopic map[string]Share `json:"by_topic"`
	// Confusion counts mistakes by topic wanted and topic got.
	Confusion map[string]map[string]int `json:"confusion"`
	// OutOfScope counts messages that are out of scope and recognised as such, Refused those that are not and were taken for it.
	OutOfScope Share `json:"out_of_scope"`
	Refused    Share `json:"refused"`
	// Verdicts counts those that are right; WrongVerdicts are given, and are not: worse than asking.
	Verdicts      Share `json:"verdicts"`
	WrongVerdicts int   `json:"wrong_verdicts"`
	// Slots counts those known after the message, as a new customer's.
	Slots  Found            `json:"slots"`
	BySlot map[string]Found `json:"by_slot"`
	// Reliability has ten bins; Gap is the mean distance between confidence and accuracy, weighted by messages (expected calibration error, 0–1).
	Reliability []Bin   `json:"reliability"`
	Gap         float64 `json:"gap"`
	// Unsure counts messages below the confidence at which the bot asks back, and how many of them it would have taken wrong.
	Unsure Share `json:"unsure"`
	// Mistakes has the surest first.
	Mistakes     []Mistake     `json:"mistakes"`
	SlotMistakes []SlotMistake `json:"slot_mistakes"`
}

// topic is what a message is taken for.
func (u *Understanding) topic() knowledge.Topic {
	if len(u.Asked) > 0 {
		return u.Asked[0]
	}
	return u.Scores[0].Topic
}

// Evaluate understands every message by itself and as the first one of a customer.
func (e *Engine) Evaluate(set []Labelled) *Evaluation {
	ev := &Evaluation{ByStyle: map[string]Share{}, ByTopic: map[string]Share{}, Confusion: map[string]map[string]int{}, BySlot: map[string]Found{}, Reliability: make([]Bin, 10),
		Mistakes: []Mistake{}, SlotMistakes: []SlotMistake{}}
	for i := range ev.Reliability {
		ev.Reliability[i] = Bin{From: float64(i) / 10, To: float64(i+1) / 10}
	}
	count := func(m map[string]Share, key string, right bool) {
		s := m[key]
		s.add(right)
		m[key] = s
	}
	for _, l := range set {
		if l.Topic == "" && l.Verdict == "" { // it asks nothing
			_, _, slots := e.serves(l.Text)
			ev.slots(l, slots)
			continue
		}
		l.Topic = cmp.Or(l.Topic, knowledge.NeedFiling) // of a described site
		u := e.Understand(l.Text)
		got := u.topic()
		right := got == l.Topic
		ev.Topic.add(right)
		served, verdict, slots := e.serves(l.Text)
		ev.Served.add(served == l.Topic)
		if l.Verdict != "" {
			ev.Verdicts.add(verdict == l.Verdict)
			if verdict != l.Verdict && verdict != knowledge.NoVerdict {
				ev.WrongVerdicts++
			}
		}
		if len(l.Topics) > 1 {
			ev.Several.add(sameTopics(u.Asked, l.Topics))
		}
		count(ev.ByStyle, l.Style, right)
		count(ev.ByTopic, string(l.Topic), right)
		if l.Topic == knowledge.OutOfScope {
			ev.OutOfScope.add(right)
		} else {
			ev.Refused.add(got == knowledge.OutOfScope)
		}
		p := u.Scores[0].P
		if p < sureEnough {
			ev.Unsure.add(!right)
		}
		b := &ev.Reliability[min(9, int(p*10))]
		b.Mean += p
		b.add(right)
		if !right {
			if ev.Confusion[string(l.Topic)] == nil {
				ev.Confusion[string(l.Topic)] = map[string]int{}
			}
			ev.Confusion[string(l.Topic)][string(got)]++
			ev.Mistakes = append(ev.Mistakes, Mistake{l, got, p})
		}
		if l.Slots != nil {
			ev.slots(l, slots)
		}
	}
	for i := range ev.Reliability {
		if b := &ev.Reliability[i]; b.Of > 0 {
			b.Mean /= float64(b.Of)
			ev.Gap += max(b.Mean-b.Rate(), b.Rate()-b.Mean) * float64(b.Of) / float64(ev.Topic.Of)
		}
	}
	sort.SliceStable(ev.Mistakes, func(i, j int) bool { return ev.Mistakes[i].Confidence > ev.Mistakes[j].Confidence })
	return ev
}

func sameTopics(a, b []knowledge.Topic) bool {
	return len(a) == len(b) && strings.Join(sortedWords(a), " ") == strings.Join(sortedWords(b), " ")
}

func sortedWords(list []knowledge.Topic) []string {
	words := strings.Fields(join(list, " "))
	sort.Strings(words)
	return words
}

// serves is the topic of the reply to a message of a new customer, its verdict or NoVerdict, and the slots that are known then.
func (e *Engine) serves(text string) (topic knowledge.Topic, verdict string, slots Slots) {
	c, actions := e.Step(Conversation{}, Message{At: time.Unix(0, 0).UTC(), Kind: TextMessage, Text: text})
	verdict = knowledge.NoVerdict
	for _, a := range actions {
		switch a := a.(type) {
		case Say:
			if len(a.Reply.Topics) > 0 && topic == "" {
				topic = a.Reply.Topics[0]
			}
			if a.Reply.Verdict != "" {
				verdict = string(a.Reply.Verdict)
			}
		case CheckDomain:
			topic = cmp.Or(topic, a.Purpose)
		}
	}
	return topic, verdict, c.Slots
}

func (ev *Evaluation) slots(l Labelled, got Slots) {
	want := l.Slots
	for _, s := range [...][3]string{
		{"filing_type", string(want.FilingType), string(got.FilingType)},
		{"subject_type", string(want.SubjectType), string(got.SubjectType)},
		{"province", string(want.Province), string(got.Province)},
		{"server_location", string(want.ServerLocation), string(got.ServerLocation)},
		{"domain", want.Domain, got.Domain},
		{"case_no", want.CaseNo, got.CaseNo},
	} {
		name, want, got := s[0], s[1], s[2]
		f := ev.BySlot[name]
		if want == got {
			if want != "" {
				f.Right++
				ev.Slots.Right++
			}
		} else {
			ev.SlotMistakes = append(ev.SlotMistakes, SlotMistake{l.Text, name, want, got})
			if got != "" {
				f.Wrong++
				ev.Slots.Wrong++
			}
			if want != "" {
				f.Missed++
				ev.Slots.Missed++
			}
		}
		ev.BySlot[name] = f
	}
}
