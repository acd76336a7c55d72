package dialog

import (
	"strings"

	"beianbot/knowledge"
)

// chosen finds the option that a message means: its number, its words, or the words of an option of an older menu.
func (t *turn) chosen(text string) (Option, bool) {
	if len(t.c.Menus) == 0 {
		return Option{}, false
	}
	last := t.c.Menus[len(t.c.Menus)-1]
	if n := t.u.Ordinal; n != 0 {
		if n < 0 {
			n = len(last)
		}
		if n >= 1 && n <= len(last) {
			return last[n-1], true
		}
		return Option{}, false
	}
	said := squeeze(text)
	for i := len(t.c.Menus) - 1; i >= 0; i-- {
		for _, o := range t.c.Menus[i] {
			if squeeze(o.Label) == said {
				return o, true
			}
		}
	}
	return Option{}, false
}

// squeeze makes labels comparable: normalised, without spaces and punctuation.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,.!?;:、。，！？；：()（）[]【】\"'“”…/-", r) {
			return -1
		}
		return r
	}, Normalise(s))
}

// pick does what an option's value says: topic:ID, answer:ID, slot:NAME=VALUE, fact:ID=VALUE, act:ACT, doc:ID, domain:HOST. It reports false for a value that is none of them.
func (t *turn) pick(o Option) bool {
	kind, value, _ := strings.Cut(o.Value, ":")
	name, v, _ := strings.Cut(value, "=")
	q := t.c.Question
	switch kind {
	case "topic":
		topic := knowledge.Topic(value)
		if t.k.Topics[topic] == nil {
			return false
		}
		if q != nil && (q.Slot != "" || q.Fact != "" || q.Proof) && q.Topic != topic {
			t.aside()
		}
		t.c.Question = nil
		t.serve(topic, 1)
	case "answer":
		id, _, _ := strings.Cut(value, ".")
		topic := t.k.Topics[knowledge.Topic(id)]
		if topic == nil {
			return false
		}
		for i := range topic.Answers {
			if topic.Answers[i].ID == value {
				t.topics, t.conf = append(t.topics, topic.ID), 1
				t.give(&topic.Answers[i])
				t.c.Topic = topic.ID
				return true
			}
		}
		return false
	case "slot":
		s := Slots{}
		switch knowledge.SlotName(name) {
		case knowledge.SlotProvince:
			s.Province = knowledge.ProvinceID(v)
		case knowledge.SlotFilingType:
			s.FilingType = knowledge.FilingTypeID(v)
		case knowledge.SlotSubjectType:
			s.SubjectType = knowledge.SubjectTypeID(v)
		case knowledge.SlotServerLocation:
			s.ServerLocation = knowledge.ServerLocation(v)
		default:
			return false
		}
		t.c.Slots.merge(s)
		topic := t.c.Topic
		if q != nil {
			topic = q.Topic
		}
		t.c.Question = nil
		if topic == "" {
			topic = knowledge.Documents
		}
		t.serve(topic, 1)
	case "fact":
		t.remember(Facts{knowledge.FactID(name): v})
		t.slotOfFact(knowledge.FactID(name), v)
		t.c.Question = nil
		topic := knowledge.NeedFiling
		if q != nil && q.Fact != "" {
			topic = q.Topic
		}
		t.serve(topic, 1)
	case "act":
		t.u.Act = Act(value)
		return t.act()
	case "doc":
		t.document(knowledge.DocumentID(value))
	default:
		return false
	}
	return true
}

// slotOfFact keeps the slot in step with the fact that means the same: the server's place, the subject's kind.
func (t *turn) slotOfFact(id knowledge.FactID, v string) {
	switch {
	case id == "location" && v == "mainland":
		t.c.Slots.ServerLocation = knowledge.Mainland
	case id == "location" && v == "overseas":
		t.c.Slots.ServerLocation = knowledge.Overseas
	case id == "location" && v != "" && v != factOpen:
		t.c.Slots.ServerLocation = "" // on both sides, or not known
	case id == "subject_type":
		t.c.Slots.SubjectType = knowledge.SubjectTypeID(v)
	}
}

// mainMenu is what the bot can do, as buttons.
func (t *turn) mainMenu() []Option {
	var out []Option
	for _, topic := range []knowledge.Topic{knowledge.NeedFiling, knowledge.Documents, knowledge.DomainCheck, knowledge.CaseStatus, knowledge.Human} {
		out = append(out, t.option(t.k.Topics[topic].Title, "topic:"+string(topic)))
	}
	return out
}
