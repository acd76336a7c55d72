package dialog

import (
	"strings"

	"beianbot/knowledge"
)

// decide walks the decision table with what this conversation knows.
func (t *turn) decide() Outcome { return Decide(t.k, t.situation()) }

// situation is what this conversation knows of the site.
func (t *turn) situation() Situation {
	s := Situation{Facts: t.c.Facts, Slots: t.c.Slots, Asked: t.c.Asked}
	if r := t.report(t.c.Slots.Domain); r != nil {
		s.Hosting = hostingOf(*r)
	}
	return s
}

// needFiling gives the verdict, or asks the one question that decides. A name whose server nobody has told is looked up first.
func (t *turn) needFiling() {
	out := t.decide()
	if out.Ask != nil {
		if a := t.find(knowledge.NeedFiling); len(a.Asked) > 0 && ExtractFacts(t.k, t.u.Text, "").weight() < 2 { // asked in general: ports, subdomains, what happens without; not a site described
			t.give(a)
			if a.Walk {
				t.askFact(out.Ask)
			}
			return
		}
		if out.Ask.Fact == "location" && t.c.Slots.Domain != "" && t.report(t.c.Slots.Domain) == nil && t.check(knowledge.NeedFiling, t.c.Slots.Domain) {
			return
		}
		t.askFact(out.Ask)
		return
	}
	t.c.Asked = 0
	t.sayOutcome(out)
}

func (t *turn) askFact(q *knowledge.FactQuestion) {
	t.c.Asked++
	ask := Question{Topic: knowledge.NeedFiling, Fact: q.Fact, Text: q.Text.In(t.c.Lang)}
	known := false
	for _, o := range q.Options {
		known = known || o.Value == factUnknown
		ask.Options = append(ask.Options, t.option(o.Label, "fact:"+string(q.Fact)+"="+o.Value))
	}
	if !known {
		ask.Options = append(ask.Options, t.option(t.s().DontKnow, "act:dont_know"))
	}
	t.ask(ask)
}

// sayOutcome says a decision: the verdict first, its reason, what it assumes, the kind of filing, what comes on top, the next step and a person where one is due.
func (t *turn) sayOutcome(out Outcome) {
	lang := t.c.Lang
	var lines []string
	if v := t.k.Decision.Verdicts[out.Verdict]; v != nil {
		lines = append(lines, v.Text.In(lang))
	} else if !out.Stopped {
		lines = append(lines, t.say(t.s().NoVerdict))
	}
	add := func(list []Told) {
		if len(list) > 0 {
			lines = append(lines, strings.Join(t.told(list), pick(lang, "", " ")))
		}
	}
	add(out.Reason)
	add(out.Licence)
	if len(out.Assumptions) > 0 {
		lines = append(lines, t.say(t.s().Assuming, "text", inARow(out.Assumptions, lang)))
	}
	if taken := t.takenAs(); taken != "" && !t.s().TakenAs.IsZero() {
		lines = append(lines, t.say(t.s().TakenAs, "text", taken))
	}
	if f := t.k.FilingTypes[out.FilingType]; f != nil && out.Verdict != knowledge.FilingNotRequired {
		lines = append(lines, t.say(t.s().YourFilingType, "type", f.Name.In(lang)))
	}
	add(out.Persons)
	if len(out.Next) > 0 {
		lines = append(lines, t.say(t.s().NextStep, "step", inARow(out.Next, lang)))
	}
	addons := t.told(out.Addons)
	for i := range addons {
		addons[i] = "- " + addons[i]
	}
	more := ""
	if len(addons) > 3 {
		more = strings.Join(addons[3:], "\n")
		addons = addons[:3]
	}
	lines = append(lines, addons...)
	if out.Handover != knowledge.NoHandover {
		lines = append(lines, t.say(t.s().HandToPerson))
	}
	lines = append(lines, t.say(t.s().AuthorityLatest))
	t.verdict = out.Verdict
	p := part{text: strings.Join(lines, "\n"), sources: out.Sources, more: more, settles: true}
	if out.Verdict != "" && out.Verdict != knowledge.FilingNotRequired {
		p.options = []Option{t.option(t.k.Topics[knowledge.Documents].Title, "topic:documents"), t.option(t.k.Topics[knowledge.Process].Title, "topic:process")}
	}
	if out.Handover != knowledge.NoHandover {
		p.options = append(p.options, t.option(t.k.Topics[knowledge.Human].Title, "topic:human"))
	}
	t.add(p)
	if out.Confirm != nil {
		t.askFact(out.Confirm)
		t.c.Question.Soft = true
	}
}

// takenAs names the facts that the second reading told, with their values.
func (t *turn) takenAs() string {
	var out []string
	for _, q := range t.k.Decision.Questions {
		if v := t.k.Decision.Fact(q.Fact).Value(t.taken[q.Fact]); v != nil {
			said := t.say(v.Label)
			if !q.Name.IsZero() {
				said = t.say(q.Name) + pick(t.c.Lang, "：", ": ") + said
			}
			out = append(out, said)
		}
	}
	return strings.Join(out, pick(t.c.Lang, "；", "; "))
}

// told says what rows say, each with the doubts about it.
func (t *turn) told(rows []Told) []string {
	var out []string
	for _, r := range rows {
		out = append(out, inSentences(t.c.Lang, append([]string{inARow(r.Texts, t.c.Lang)}, t.caveats(r.Basis)...)))
	}
	return out
}

func inARow(texts []knowledge.Text, lang knowledge.Lang) string {
	var out []string
	for _, x := range texts {
		out = append(out, x.In(lang))
	}
	return strings.Join(out, pick(lang, "", " "))
}
