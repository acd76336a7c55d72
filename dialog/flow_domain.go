package dialog

import (
	"beianbot/knowledge"
)

// maxChecks is how many names of one message are checked.
const maxChecks = 3

// domainCheck asks for a name, or asks the world about the names given.
func (t *turn) domainCheck() {
	hosts := t.c.Slots.Domains
	if len(hosts) == 0 && t.c.Slots.Domain != "" {
		hosts = []string{t.c.Slots.Domain}
	}
	if len(hosts) == 0 {
		t.ask(Question{Topic: knowledge.DomainCheck, Slot: knowledge.SlotDomain, Text: t.say(t.s().AskDomain)})
		return
	}
	if len(hosts) > maxChecks {
		t.add(part{text: t.say(t.s().CheckingMore, "n", "3")})
		hosts = hosts[:maxChecks]
	}
	for _, h := range hosts {
		t.check(knowledge.DomainCheck, h)
	}
}

// check looks a name up, or says why it cannot be looked up.
func (t *turn) check(purpose knowledge.Topic, host string) bool {
	name, refusal := ParseDomain(host)
	if refusal != nil {
		t.add(part{text: t.refusalText(refusal)})
		return false
	}
	t.add(part{text: t.say(t.s().Checking, "domain", name.Unicode)})
	t.actions = append(t.actions, CheckDomain{Purpose: purpose, Name: name, Subject: t.c.Subject, Lang: t.c.Lang})
	return true
}

func (t *turn) domainChecked(ev DomainChecked) {
	t.c.Reports = append(t.c.Reports, ev.Report)
	if len(t.c.Reports) > maxReports {
		t.c.Reports = t.c.Reports[len(t.c.Reports)-maxReports:]
	}
	if ev.Purpose == knowledge.NeedFiling {
		t.note(knowledge.NeedFiling)
		t.add(part{text: t.say(t.s().HostingSeen, "domain", ev.Report.Domain, "where", t.say(t.where(hostingOf(ev.Report))))})
		if t.c.Question == nil || t.c.Question.Topic == knowledge.NeedFiling {
			t.c.Question = nil
			t.needFiling()
		}
		return
	}
	t.note(knowledge.DomainCheck)
	r := ev.Report
	t.add(part{text: r.Text(t.k, t.c.Lang), domain: &r, settles: true,
		options: []Option{t.option(t.k.Topics[knowledge.DomainRulesTopic].Title, "topic:domain_rules"), t.option(t.k.Topics[knowledge.NeedFiling].Title, "topic:need_filing")}})
}

func (t *turn) where(location string) knowledge.Text {
	switch location {
	case "mainland":
		return t.s().WhereMainland
	case "overseas":
		return t.s().WhereOverseas
	case "mixed":
		return t.s().WhereMixed
	}
	return t.s().WhereUnknown
}

// report is the last look-up of a host in this conversation; nil when there was none.
func (t *turn) report(host string) *DomainReport {
	for i := len(t.c.Reports) - 1; i >= 0; i-- {
		if t.c.Reports[i].Domain == host {
			return &t.c.Reports[i]
		}
	}
	return nil
}

// hostingOf is where a checked name points; unknown for one that could not be checked.
func hostingOf(r DomainReport) string {
	if r.Hosting == nil {
		return "unknown"
	}
	return r.Hosting.Location
}
