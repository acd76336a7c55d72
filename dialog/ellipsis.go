package dialog

import (
	"regexp"
	"slices"
	"strings"

	"beianbot/knowledge"
)

// What goes on from the answer before: a changed slot, a few words about the same thing.

// fewWords is how long, in bytes, a message may be to be taken for a poor answer rather than for a digression.
const fewWords = 24

// shortTry is how long, in bytes, a message may be that only tries another slot.
const shortTry = 60

// trying reports whether a short message tries or mends a slot of the same question ("换成公司办呢", "也不在北京,在天津"), though its words resemble another topic.
func (t *turn) trying(wishes []knowledge.Topic, changed bool) bool {
	if !changed || len(wishes) != 1 || wishes[0] == t.c.Topic || !slices.Contains(slotTopics, t.c.Topic) || len(t.u.Text) > shortTry ||
		matchesAny(t.k.Asking.Aspects[wishes[0]], t.u.Text) || t.intends() {
		return false
	}
	same := sameOf.MatchString(t.u.Text)
	if !slices.Contains(aboutSites, wishes[0]) && !(same && (t.u.Confidence < digression || wishes[0] == knowledge.NeedFiling)) {
		return false
	}
	return same || matchesAny(t.k.Acts.Suppose, t.u.Text) || !t.u.Denied.IsZero() || t.c.Topic == knowledge.Documents && wishes[0] == knowledge.ProvinceRules && (!t.u.Asks || matchesAny(t.k.Asking.Aspects[knowledge.Documents], t.u.Text))
}

// intends reports whether a message that surely asks for something says so as what the customer means to do.
func (t *turn) intends() bool {
	return t.u.Confidence >= ownSure && matchesAny(t.k.Asking.Intend, t.u.Text)
}

// restates reports whether a short message that asks nothing tells another subject, province or server location after an answer that hangs on them ("we'll go with
// the company, registered in Dalian"): that answer is wanted for it, whatever the words resemble.
func (t *turn) restates(wishes []knowledge.Topic, before Slots) bool {
	now, q := t.c.Slots, t.c.Question
	changed := now.SubjectType != before.SubjectType || now.Province != before.Province || now.ServerLocation != before.ServerLocation
	if !changed || t.u.Asks || len(wishes) != 1 || len(t.u.Text) > shortTry || q != nil && (q.Topic != t.c.Topic || q.Fact != "") || !slices.Contains(slotTopics, t.c.Topic) || now.FilingType != before.FilingType {
		return false
	}
	w := wishes[0]
	if w == knowledge.OutOfScope && t.u.Confidence >= ownSure { // recommend a restaurant in Chengdu
		return false
	}
	if w == knowledge.NeedFiling {
		return now.ServerLocation == before.ServerLocation
	}
	return slices.Contains(aboutSites, w) && !matchesAny(t.k.Asking.Aspects[w], t.u.Text)
}

// slotTopics are the topics that a changed slot re-answers.
var slotTopics = []knowledge.Topic{knowledge.NeedFiling, knowledge.FilingTypeTopic, knowledge.Documents, knowledge.ProvinceRules, knowledge.DomainCheck,
	knowledge.CaseStatus, knowledge.Notify, knowledge.DomainRulesTopic, knowledge.Duration, knowledge.Fees, knowledge.Process, knowledge.VerificationForm, knowledge.Photo,
	knowledge.Change, knowledge.CancelFiling, knowledge.AppFiling, knowledge.WebsiteName, knowledge.CommercialLicence, knowledge.AfterFiling, knowledge.PublicSecurity, knowledge.PreApproval, knowledge.Rejection, knowledge.LostNumber, knowledge.SMSVerification}

// namesToCheck reports whether a bare name is one to check rather than an answer to an open question of the need_filing walk: that asks for the server's place, and no name
// was checked yet.
func (t *turn) namesToCheck(q Question) bool {
	s := t.u.Slots
	named := s.Domain != ""
	s.Domain = ""
	return named && t.u.Bare && s.IsZero() && q.Topic == knowledge.NeedFiling && (q.Fact != "location" || len(t.c.Reports) > 0)
}

// elliptic is the topic that a message without a wish of its own goes on with, or, with nothing to go on from, the one its slots suggest.
func (t *turn) elliptic(facts Facts) knowledge.Topic {
	s, q := t.u.Slots, t.c.Question
	switch {
	case s.CaseNo != "":
		return knowledge.CaseStatus
	case s.Domain != "" && (t.c.Topic != knowledge.NeedFiling || q != nil && t.namesToCheck(*q)):
		return knowledge.DomainCheck
	}
	if q != nil && slices.Contains(slotTopics, q.Topic) {
		if q.Topic != t.c.Topic && slices.Contains(slotTopics, t.c.Topic) && whatAbout.MatchString(t.u.Text) {
			return t.c.Topic // 那重庆呢 goes on with what was told last, not with the question that it had put aside
		}
		return q.Topic
	}
	if slices.Contains(slotTopics, t.c.Topic) && !(t.c.Topic == knowledge.DomainCheck || t.c.Topic == knowledge.CaseStatus) {
		return t.c.Topic
	}
	n := 0
	for _, has := range []bool{s.SubjectType != "", s.FilingType != "", s.Province != ""} {
		if has {
			n++
		}
	}
	switch {
	case n >= 2:
		return knowledge.Documents
	case s.ServerLocation != "" || len(facts) > 0 && n == 0:
		return knowledge.NeedFiling
	case s.Province != "":
		return knowledge.ProvinceRules
	case s.FilingType != "":
		return knowledge.FilingTypeTopic
	case s.SubjectType != "":
		return knowledge.Documents
	}
	return ""
}

// ownType is the filing type that a topic is about: who wants a manager replaced or an app on the shelf has said which filing it is, whatever the words.
var ownType = map[knowledge.Topic]knowledge.FilingTypeID{knowledge.Change: knowledge.ChangeFiling, knowledge.CancelFiling: knowledge.Cancel, knowledge.AppFiling: knowledge.App}

// ownSteps are the topics whose answers tell their own way to apply.
var ownSteps = []knowledge.Topic{knowledge.CommercialLicence, knowledge.PublicSecurity, knowledge.AppFiling, knowledge.Change, knowledge.CancelFiling, knowledge.PreApproval}

// whatAbout are words that ask the same of another case.
var whatAbout = regexp.MustCompile(`^(?:那|and |what about|how about)|呢[?？]?$`)

// sameOf are such words that ask for nothing else: 合肥的分所呢, 青海也一样吗, 再看下内蒙古, "and our company in Hangzhou?".
var sameOf = regexp.MustCompile(`^[^,;。?？]*呢\s*[?？]?$|^[^,;。?？]{1,12}也(?:是)?(?:一样|这样|同样)(?:吗|不|么|嘛|的吗)?\s*[?？]?$|^再?(?:看看|看下|看一下|说说|说下|查查|查下|讲讲)[^,;。?？]{1,8}$|^(?:and|what about|how about)\b[^,;.]*$`)

// elsewhere are the topics that a question resembles which asks on where and until when the public-security filing is done.
var elsewhere = []knowledge.Topic{knowledge.Process, knowledge.Contact, knowledge.AfterFiling, knowledge.Duration}

// withPolice reports whether a short message asks on where or by when the public-security filing is done (去哪弄,几天之内要弄完). That is done with the police: our own steps,
// address and times would mislead.
func (t *turn) withPolice(wishes []knowledge.Topic) bool {
	text := t.u.Text
	if t.c.Topic != knowledge.PublicSecurity || t.c.Question != nil || len(wishes) == 0 || len(text) > shortTry || matchesAny(t.k.Asking.ICPFiling, text) {
		return false
	}
	if t.u.Confidence < digression && matchesAny(t.k.Asking.WhereTo, text) {
		return true
	}
	return !slices.ContainsFunc(wishes, func(w knowledge.Topic) bool {
		return !slices.Contains(elsewhere, w) || w == knowledge.Duration && !matchesAny(t.k.Acts.Deadline, text)
	})
}

var andThat = regexp.MustCompile(`^那么?[^,，。?？]{1,12}呢[?？]?$`)

// orThat tries another thing of the same kind: 改叫星尘工作室呢, 蓝色的呢.
var orThat = regexp.MustCompile(`^[^,，。?？]{1,20}呢[?？]?$`)

// sameThing is the topic of the answer before, when a few words ask on about it: "怎么申请" after the commercial licence, "那数字呢" after the site's name.
func (t *turn) sameThing(wishes []knowledge.Topic) knowledge.Topic {
	topic := t.c.Topic
	if t.withPolice(wishes) {
		return topic
	}
	switch {
	case t.c.Question != nil || len(wishes) != 1 || wishes[0] == topic || len(t.u.Text) > shortTry || len(t.u.Text) > fewWords && wishes[0] != knowledge.SMSVerification:
		return ""
	case wishes[0] == knowledge.Process && slices.Contains(ownSteps, topic) && !strings.Contains(t.u.Text, "备案") && !strings.Contains(t.u.Text, "filing"):
		return topic
	case topic == knowledge.ReviewResult && wishes[0] == knowledge.SMSVerification && !matchesAny(t.k.Asking.Code, t.u.Text):
		return topic // 短信发给谁: that of the result, spoken of just now
	case topic == knowledge.DomainRulesTopic && t.u.Slots.Domain == "" && len(t.u.Text) <= fewWords && suffixAlone.MatchString(t.u.Text):
		return topic // 换成.cn呢
	case wishes[0] == knowledge.OutOfScope && t.u.Confidence < digression && t.u.Asks && slices.Contains(slotTopics, topic):
		return topic // 不办会怎么样
	case (t.u.Scores[0].P < digression && andThat.MatchString(t.u.Text) || wishes[0] == knowledge.OutOfScope && orThat.MatchString(t.u.Text)) && slices.Contains(slotTopics, topic):
		return topic
	}
	return ""
}

func sameSlots(a, b Slots) bool {
	a.Domains, b.Domains = nil, nil
	return a.Province == b.Province && a.FilingType == b.FilingType && a.SubjectType == b.SubjectType && a.ServerLocation == b.ServerLocation &&
		a.Domain == b.Domain && a.CaseNo == b.CaseNo
}
