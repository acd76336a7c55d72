package dialog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// find picks a topic's answer: the first whose patterns and slots fit.
func (t *turn) find(topic knowledge.Topic) *knowledge.Answer {
	text := cmp.Or(t.u.about[topic], t.u.Text)
	answers := t.k.Topics[topic].Answers
	for i := range answers {
		a := &answers[i]
		if t.fits(a.When) && asked(a.Asked, text) {
			return a
		}
	}
	return &answers[len(answers)-1]
}

func asked(patterns []knowledge.Pattern, text string) bool {
	for _, p := range patterns {
		if p.Match(text) {
			return true
		}
	}
	return len(patterns) == 0
}

// fits reports whether an answer's limits are met by what the customer has said; an unknown slot does not meet a limit.
func (t *turn) fits(w knowledge.When) bool {
	for id, v := range w.Fact {
		if t.c.Facts[id] != v {
			return false
		}
	}
	return allows(w.FilingType, t.c.Slots.FilingType) && allows(w.SubjectType, t.c.Slots.SubjectType) && allows(w.Province, t.c.Slots.Province)
}

func allows[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return len(list) == 0
}

// answer gives a topic's ready answer.
func (t *turn) answer(topic knowledge.Topic) { t.give(t.find(topic)) }

// give says an answer with its next step, what is disputed about it, and its sources.
func (t *turn) give(a *knowledge.Answer) {
	topic, _, _ := strings.Cut(a.ID, ".")
	lines := []string{a.Short.In(t.c.Lang)}
	lines = append(lines, t.caveats(a.Basis)...)
	if !a.Next.IsZero() {
		lines = append(lines, t.say(t.s().NextStep, "step", a.Next.In(t.c.Lang)))
	}
	if a.Person {
		lines = append(lines, t.say(t.s().OfferPerson))
	}
	p := part{text: strings.Join(lines, "\n"), sources: a.Sources, more: a.Details.In(t.c.Lang)}
	switch knowledge.Topic(topic) {
	case knowledge.Greeting, knowledge.Thanks, knowledge.Goodbye, knowledge.Restart, knowledge.Solved, knowledge.Human, knowledge.Unsolved:
	case knowledge.OutOfScope:
		p.options = t.mainMenu()
	default:
		p.settles = true
	}
	for _, l := range a.Related {
		label := l.Label
		if label.IsZero() {
			label = t.k.Topics[l.Topic].Title
		}
		p.options = append(p.options, t.option(label, "topic:"+string(l.Topic)))
	}
	t.add(p)
}

// oldAfter is how old the newest source of a fact may be before that is told. Law (confidence high) stays in force; what one help page says does not.
const oldAfter = 5

// caveats are the lines that say how sure a statement is: the other view of a dispute, that a low-confidence fact is no certainty, that its source is old.
func (t *turn) caveats(b knowledge.Basis) []string {
	lines := t.doubts(b)
	if t.aged(b) {
		lines = append(lines, t.say(t.s().OldFact, "year", t.newest(b.Sources)))
	}
	return lines
}

// itemCaveats are the caveats in the words of a list, where many items have the same.
func (t *turn) itemCaveats(b knowledge.Basis) []string {
	if t.aged(b) {
		return []string{t.say(t.s().OldItem, "year", t.newest(b.Sources))}
	}
	return t.doubts(b)
}

// doubts are the caveats of a statement that sources dispute or hardly carry.
func (t *turn) doubts(b knowledge.Basis) []string {
	var lines []string
	if d := b.Disputed; d != nil {
		lines = append(lines, t.say(t.s().OtherView, "view", d.Text.In(t.c.Lang), "sources", strings.Join(t.citeAll(d.Sources, 2), t.say(t.s().SourceJoin))))
	}
	if Unsure(b) {
		lines = append(lines, t.say(t.s().NotCertain))
	}
	return lines
}

// aged reports whether a statement rests on nothing newer than oldAfter years, and is otherwise undoubted.
func (t *turn) aged(b knowledge.Basis) bool {
	newest := t.newest(b.Sources)
	return !Unsure(b) && b.Confidence == knowledge.Medium && newest != "" && newest < strconv.Itoa(t.now.Year()-oldAfter)
}

// newest is the year of the newest of some sources, "" without any.
func (t *turn) newest(ids []knowledge.SourceID) string {
	newest := ""
	for _, id := range ids {
		if s := t.k.Sources[id]; s != nil {
			newest = max(newest, s.Date.Year())
		}
	}
	return newest
}

// appendNew appends the sources that are not in a list yet: a list of documents rests on a few, named again and again.
func appendNew(list, more []knowledge.SourceID) []knowledge.SourceID {
	for _, id := range more {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// newestFirst sorts sources by their year, those of one year as they stand: what a list names first is what counts most.
func (t *turn) newestFirst(ids []knowledge.SourceID) []knowledge.SourceID {
	slices.SortStableFunc(ids, func(a, b knowledge.SourceID) int {
		return strings.Compare(t.k.Sources[b].Date.Year(), t.k.Sources[a].Date.Year())
	})
	return ids
}

// inSentences joins statements, each to end as a sentence does before the next begins.
func inSentences(lang knowledge.Lang, list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			if last, _ := utf8.DecodeLastRuneInString(list[i-1]); !strings.ContainsRune("。.!?！？", last) {
				b.WriteString(pick(lang, "。", "."))
			}
			b.WriteString(pick(lang, "", " "))
		}
		b.WriteString(s)
	}
	return b.String()
}

// relatedMenu offers where to go when there is nothing more to say on the topic.
func (t *turn) relatedMenu() []Option {
	if f := t.k.Topics[t.c.Topic]; f != nil {
		var out []Option
		for _, l := range f.Answers[len(f.Answers)-1].Related {
			out = append(out, t.option(t.k.Topics[l.Topic].Title, "topic:"+string(l.Topic)))
		}
		if len(out) > 0 {
			return append(out, t.option(t.k.Topics[knowledge.Human].Title, "topic:human"))
		}
	}
	return t.mainMenu()
}

// filingType tells which kind of filing fits what the customer has said, or explains the kinds.
func (t *turn) filingType() {
	if a := t.find(knowledge.FilingTypeTopic); len(a.Asked) > 0 { // a narrower question: whether two go together, what happens to the old site
		t.give(a)
		return
	}
	if f := t.k.FilingTypes[t.c.Slots.FilingType]; f != nil {
		t.addFilingType(f)
		return
	}
	if out := t.decide(); out.FilingType != "" && out.Ask == nil {
		if f := t.k.FilingTypes[out.FilingType]; f != nil {
			t.addFilingType(f)
			return
		}
	}
	t.answer(knowledge.FilingTypeTopic)
	p := &t.parts[len(t.parts)-1]
	if len(p.options) == 0 {
		for _, id := range knowledge.FilingTypes {
			p.options = append(p.options, t.option(t.k.FilingTypes[id].Name, "slot:filing_type="+string(id)))
		}
	}
}

func (t *turn) addFilingType(f *knowledge.FilingType) {
	lines := append([]string{f.Name.In(t.c.Lang) + t.say(t.s().Colon) + f.Summary.In(t.c.Lang)}, t.caveats(f.Basis)...)
	lines = append(lines, t.say(t.s().NextStep, "step", f.Next.In(t.c.Lang)))
	t.add(part{text: strings.Join(lines, "\n"), sources: f.Sources, settles: true, options: []Option{
		t.option(t.k.Topics[knowledge.Documents].Title, "topic:documents"), t.option(t.k.Topics[knowledge.Process].Title, "topic:process")}})
}
