package dialog

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"beianbot/knowledge"
)

// maxChecks is how many names of one message are checked.
const maxChecks = 3

// reportHolds is how long a check's result is used for other questions; who asks for a check gets a new one.
const reportHolds = 24 * time.Hour

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

// aboutSite says what a known site is, where it was sent to be checked, is not reached, or nothing else is asked. It reports whether that was so.
func (t *turn) aboutSite(wishes []knowledge.Topic) bool {
	site := t.u.Site
	if site == nil || len(t.u.Found) > 0 {
		return false
	}
	if !t.u.SiteAlone && len(wishes) > 0 && t.u.Confidence >= sureEnough {
		switch w := wishes[0]; {
		case w == knowledge.DomainCheck || w == knowledge.OutOfScope || matchesAny(t.k.Asking.Unreachable, t.u.Text):
		case w != site.Topic || len(t.find(w).Asked) > 0: // asks something of its own
			return false
		}
	}
	if q := t.c.Question; q != nil && q.Topic != site.Topic {
		t.aside()
	}
	t.note(site.Topic)
	t.c.Topic, t.c.Lost = site.Topic, 0
	t.add(part{text: t.say(site.Text), sources: site.Sources, settles: true, options: []Option{t.option(t.k.Topics[knowledge.DomainCheck].Title, "topic:domain_check")}})
	return true
}

var (
	// nameLike looks like a name, and may be an address, a local name or one with a slip of the pen.
	nameLike = regexp.MustCompile(`[a-z0-9_-]+(?:\.[a-z0-9_-]+)+|localhost`)
	// wordAlone is a message that is one word, wordToCheck one that ends in a word to check: names without their suffix.
	wordAlone   = regexp.MustCompile(`^([a-z0-9-]{2,})$`)
	saysCheck   = regexp.MustCompile(`查|检测|\bcheck\b`)
	wordToCheck = regexp.MustCompile(`(?:查|检测|看看|看)(?:一下|下)? ?([a-z0-9-]{2,})$`)
)

// refused finds what was sent for a name and is none, with the reason; nil when there is nothing such.
func (t *turn) refused(asked bool) (string, *Refusal) {
	if len(t.u.Found) > 0 {
		return "", nil
	}
	for _, s := range nameLike.FindAllString(t.u.Text, 3) {
		_, why := ParseDomain(s)
		if why != nil && !fileEndings[s[strings.LastIndexByte(s, '.')+1:]] && (*why != RefusedIP || strings.Count(s, ".") == 3) {
			return s, why
		}
	}
	word := wordToCheck.FindStringSubmatch(t.u.Text)
	if word == nil && asked {
		word = wordAlone.FindStringSubmatch(t.u.Text)
	}
	if word == nil || keptLatin[word[1]] {
		return "", nil
	}
	_, why := ParseDomain(word[1])
	return word[1], why
}

// notChecked says why something that was sent to be checked is no name, and asks for one. It reports whether that was so.
func (t *turn) notChecked(wishes []knowledge.Topic) bool {
	q := t.c.Question
	asked := q != nil && q.Slot == knowledge.SlotDomain
	name, why := t.refused(asked)
	if why == nil {
		return false
	}
	rest := strings.Replace(t.u.Text, name, "", 1)
	alone := bareWords(rest) == ""
	check := slices.Contains(wishes, knowledge.DomainCheck) || !alone && bareWords(saysCheck.ReplaceAllString(rest, "")) == "" // check my-site.internal
	vague := len(wishes) == 0 || wishes[0] == knowledge.OutOfScope || t.u.Confidence < digression
	if !check && !(vague && (alone || asked || *why == RefusedIP || saysCheck.MatchString(t.u.Text))) {
		return false
	}
	t.note(knowledge.DomainCheck)
	t.c.Lost = 0
	t.add(part{text: name + t.say(t.s().Dash) + t.refusalText(why)})
	if q == nil || asked {
		t.c.Topic, t.c.Question = knowledge.DomainCheck, nil
		t.ask(Question{Topic: knowledge.DomainCheck, Slot: knowledge.SlotDomain, Text: t.say(t.s().AskDomain)})
	}
	return true
}

// check looks a name up, or says why it cannot be looked up.
func (t *turn) check(purpose knowledge.Topic, host string) bool {
	name, refusal := ParseDomain(host)
	if refusal != nil {
		t.add(part{text: t.refusalText(refusal)})
		return false
	}
	t.add(part{text: t.say(t.s().Checking, "domain", name.Unicode)})
	t.actions = append(t.actions, CheckDomain{Purpose: purpose, Name: name, Subject: t.c.Subject, SubjectType: t.c.Slots.SubjectType, Province: t.c.Slots.Province, Filed: t.c.Facts["filed"] == "yes", Lang: t.c.Lang})
	return true
}

// domainChecked takes a finished look-up: it is remembered, and serves what it was made for.
func (t *turn) domainChecked(ev DomainChecked) {
	r := ev.Report
	t.c.Reports = append(t.c.Reports, r)
	if len(t.c.Reports) > maxReports {
		t.c.Reports = t.c.Reports[len(t.c.Reports)-maxReports:]
	}
	switch ev.Purpose {
	case knowledge.NeedFiling:
		t.note(knowledge.NeedFiling)
		lines := []string{t.say(t.s().HostingSeen, "domain", r.shown(), "where", t.say(t.where(hostingOf(r))))}
		if l := hostingOf(r); (l == "mainland" || l == "mixed") && t.c.Facts["filed"] != "yes" {
			lines = append(lines, t.say(t.s().Warning)+t.say(t.k.Domain.Texts.Live))
		}
		t.add(part{text: strings.Join(lines, "\n")})
		t.domainFirst()
		if t.c.Question == nil || t.c.Question.Topic == knowledge.NeedFiling {
			t.c.Question = nil
			t.needFiling()
		}
	case knowledge.DomainRulesTopic:
		t.note(knowledge.DomainRulesTopic)
		t.holderCompared(r)
	default:
		t.note(knowledge.DomainCheck)
		t.add(part{text: r.Text(t.k, t.c.Lang), sources: t.k.Domain.Texts.Sources, domain: &r, settles: true,
			options: []Option{t.option(t.k.Topics[knowledge.DomainRulesTopic].Title, "topic:domain_rules"), t.option(t.k.Topics[knowledge.NeedFiling].Title, "topic:need_filing")}})
		t.locatedBy(r)
	}
}

// locatedBy goes on with the need_filing walk where it asks for the server's place and a check has just shown it.
func (t *turn) locatedBy(r DomainReport) {
	isLocation := func(q Question) bool { return q.Topic == knowledge.NeedFiling && q.Fact == "location" }
	if hostingOf(r) == "unknown" || r.Domain != t.c.Slots.Domain {
		return
	}
	switch i := slices.IndexFunc(t.c.Pending, isLocation); {
	case t.c.Question != nil && isLocation(*t.c.Question):
		t.c.Question = nil
	case t.c.Question == nil && i >= 0 && i == len(t.c.Pending)-1:
		t.c.Pending = t.c.Pending[:i]
	default:
		return
	}
	t.needFiling()
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

// report is the last look-up of a host in this conversation, if it is not too old; nil when there was none.
func (t *turn) report(host string) *DomainReport {
	for i := len(t.c.Reports) - 1; i >= 0; i-- {
		if r := &t.c.Reports[i]; r.Domain == host && t.now.Sub(r.CheckedAt) < reportHolds {
			return r
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

// holderAnswer is the answer about a domain's holder in the rules.
const holderAnswer = "domain_rules.holder"

var (
	orgName    = regexp.MustCompile(`(?i)(?:公司|协会|学会|商会|中心|事务所|学校|医院|研究院|基金会|合作社|经营部|工作室|店|厂|局|ltd|limited|inc|llc|gmbh|corporation|corp|foundation|association)[).）。]*$`)
	personName = regexp.MustCompile(`^\p{Han}{2,4}$`)
)

// bareSubject takes a message that is nothing but a name, after the question for it. A name says nothing of the language that is spoken.
func (t *turn) bareSubject(text string) {
	name := strings.Trim(text, " \"“”。.!")
	if t.u.subject == "" && !t.u.Asks && utf8.RuneCountInString(name) <= 60 && (orgName.MatchString(name) || personName.MatchString(name) && t.u.Slots.IsZero() && t.u.Confidence < digression) {
		t.u.subject, t.u.Lang = name, ""
	}
}

// namesHolder reports whether a message gives the filing subject's name for the name just checked, and asks nothing else.
func (t *turn) namesHolder(wishes []knowledge.Topic) bool {
	q, r := t.c.Question, t.report(t.c.Slots.Domain)
	if t.u.Subject() == "" || r == nil || t.c.Topic != knowledge.DomainCheck && t.c.Topic != knowledge.DomainRulesTopic || q != nil && q.Slot != slotSubjectName {
		return false
	}
	n, refusal := ParseDomain(r.Domain)
	return refusal == nil && n.showsHolder() && (len(wishes) == 0 || q != nil || t.u.Confidence < digression || sameOf.MatchString(t.u.Text) || !slices.Contains(wishes, knowledge.NeedFiling) && !slices.Contains(wishes, knowledge.Documents))
}

// domainRules says what a domain must satisfy. A question about the holder of a name that was checked in this conversation is answered for that name: by
// what was said of holder and subject, and, where the registry shows a holder, by comparing names.
func (t *turn) domainRules() {
	a := t.find(knowledge.DomainRulesTopic)
	if t.suffixes(a) {
		return
	}
	r := t.report(t.c.Slots.Domain)
	if a.ID != holderAnswer && !t.namesHolder(nil) || r == nil || r.Error != "" {
		t.give(a)
		return
	}
	name, refusal := ParseDomain(r.Domain)
	if refusal != nil {
		t.give(a)
		return
	}
	talk := &t.k.Domain.Texts.Talk
	individual, subject := t.c.Slots.SubjectType == knowledge.Individual, t.c.Slots.SubjectType
	switch {
	case subject != "" && !individual && matchesAny(t.k.Asking.HeldByPerson, t.u.Text):
		t.add(part{text: t.say(talk.HolderPerson), sources: a.Sources, settles: true})
	case individual && matchesAny(t.k.Asking.HeldByOrganisation, t.u.Text):
		t.add(part{text: t.say(talk.HolderOrg), sources: a.Sources, settles: true})
	case t.c.Subject != "" && name.showsHolder():
		t.check(knowledge.DomainRulesTopic, r.Domain)
	case name.showsHolder():
		t.add(part{text: t.say(talk.HolderRule), sources: a.Sources})
		t.ask(Question{Topic: knowledge.DomainRulesTopic, Slot: slotSubjectName, Text: t.say(talk.AskSubject)})
	default:
		t.add(part{text: t.say(talk.HolderHidden, "domain", name.Unicode) + "\n" + t.say(talk.HolderRule), sources: a.Sources, settles: true})
	}
}

// suffixAnswer is the answer about suffixes in the rules.
const suffixAnswer = "domain_rules.suffix"

// suffixAlone is a suffix that stands by itself: .tech, .公司, 那.com呢.
var suffixAlone = regexp.MustCompile(`(?:^|[^a-z0-9\p{Han}]|` + suffixWords + `)\.([a-z]{2,24}|\p{Han}{1,4})`)

// suffixes judges the suffixes that a question names ("后缀 .tech 能备案吗") by the list; at most three.
func (t *turn) suffixes(a *knowledge.Answer) bool {
	if a.ID != suffixAnswer && len(a.Asked) > 0 || t.c.Slots.Domain != "" {
		return false
	}
	answers := t.k.Topics[knowledge.DomainRulesTopic].Answers
	if i := slices.IndexFunc(answers, func(a knowledge.Answer) bool { return a.ID == suffixAnswer }); i >= 0 {
		a = &answers[i]
	}
	var lines []string
	for _, m := range suffixAlone.FindAllStringSubmatch(" "+t.u.Text, 3) {
		name := t.suffixIn(m[1])
		r := Judge(t.k, DomainName{Host: "example." + name, Registrable: "example." + name, Unicode: "example." + name, Suffix: name}, Evidence{},
			JudgeOptions{Province: t.c.Slots.Province, SubjectType: t.c.Slots.SubjectType, Now: t.now, Lang: t.c.Lang})
		c := r.Conditions[0]
		line := map[Result]string{Pass: "✓ ", Fail: "✗ "}[c.Result]
		if line == "" {
			line = "? "
		}
		said := []string{c.Evidence}
		if c.Advice != "" {
			said = append(said, c.Advice)
		}
		lines = append(lines, line+inSentences(t.c.Lang, append(said, r.Warnings...)))
	}
	if lines == nil {
		return false
	}
	if matchesAny(t.k.Asking.SuffixRules, t.u.Text) {
		lines = append(lines, t.say(a.Short))
	}
	if !a.Next.IsZero() {
		lines = append(lines, t.say(t.s().NextStep, "step", t.say(a.Next)))
	}
	t.add(part{text: strings.Join(lines, "\n"), sources: a.Sources, settles: true,
		options: []Option{t.option(t.k.Topics[knowledge.DomainCheck].Title, "topic:domain_check"), t.option(t.k.Topics[knowledge.DomainRulesTopic].Title, "topic:domain_rules")}})
	return true
}

// suffixIn gives the suffix that words after a dot begin with, as the list writes it in ASCII; what is in no list stays as it was typed.
func (t *turn) suffixIn(words string) string {
	runes := []rune(words)
	for n := len(runes); n > 0; n-- {
		if a, err := idna.Lookup.ToASCII(string(runes[:n])); err == nil && t.k.Domain.Suffixes[a] != nil {
			return a
		}
		if runes[0] < 0x80 {
			break
		}
	}
	return words
}

// slotSubjectName is the open question for the filing subject's name. It is no slot of the contract: the name is kept in Conversation.Subject.
const slotSubjectName knowledge.SlotName = "subject_name"

// holderCompared tells what comparing the subject's name with the holder shown gave.
func (t *turn) holderCompared(r DomainReport) {
	talk := &t.k.Domain.Texts.Talk
	result := Unknown
	for _, c := range r.Conditions {
		if c.ID == "holder_matches" {
			result = c.Result
		}
	}
	text := t.say(talk.HolderHidden, "domain", r.shown()) + "\n" + t.say(talk.HolderRule)
	switch result {
	case Pass:
		text = t.say(talk.HolderPass, "domain", r.shown(), "subject", t.c.Subject)
	case Fail:
		text = t.say(talk.HolderFail, "domain", r.shown(), "subject", t.c.Subject)
	}
	t.add(part{text: text, sources: t.k.Domain.Texts.Sources, settles: true})
}

// domainFirst names what a checked name still lacks, for the end of a list of documents.
func (t *turn) domainFirst() {
	r := t.report(t.c.Slots.Domain)
	if r == nil {
		return
	}
	var what []string
	for _, c := range r.Conditions {
		if c.Result == Fail {
			what = append(what, t.say(t.k.Domain.Texts.Conditions[c.ID].Name)+t.say(t.s().Dash)+c.Evidence)
		}
	}
	if len(what) > 0 {
		t.add(part{text: t.say(t.s().Warning) + t.say(t.k.Domain.Texts.Talk.Before, "domain", r.shown(), "what", strings.Join(what, "; "))})
	}
}
