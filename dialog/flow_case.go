package dialog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"beianbot/knowledge"
)

// Wrong proofs in a row before the conversation has to wait, and how long: four digits would be guessed in some thousand tries.
const (
	maxRefused  = 5
	refusedWait = time.Hour
)

// caseStatus asks for the case number, then for the proof, then for the case. Nothing about a case is said before its proof.
func (t *turn) caseStatus(topic knowledge.Topic) {
	if topic == knowledge.Notify && t.c.Slots.CaseNo == "" {
		t.answer(knowledge.Notify)
		return
	}
	if a := t.find(topic); len(a.Asked) > 0 && t.c.Slots.CaseNo == "" { // a narrower question about statuses in general
		t.give(a)
		return
	}
	if t.blocked() {
		t.add(part{text: t.say(t.s().CaseBlocked)})
		return
	}
	no := t.c.Slots.CaseNo
	if no == "" {
		t.ask(Question{Topic: topic, Slot: knowledge.SlotCaseNo, Text: t.say(t.s().AskCaseNo, "example", t.e.u.cases.Example)})
		return
	}
	if no, ok := t.proven(no); ok {
		t.c.Slots.CaseNo = no
		t.actions = append(t.actions, FindCase{Purpose: topic, CaseNo: no, Proven: true})
		return
	}
	if t.u.Proof != "" {
		t.c.Question = &Question{Topic: topic, Proof: true}
		t.findCase(t.u.Proof)
		return
	}
	t.askProof(topic)
}

// proven gives the mirror's number for one that is proven, however its parts were joined this time.
func (t *turn) proven(no string) (string, bool) {
	for known, at := range t.c.Proofs {
		if joined.Replace(known) == joined.Replace(no) && t.now.Sub(at) < ProofHolds {
			return known, true
		}
	}
	return "", false
}

func (t *turn) blocked() bool {
	return t.c.Refused >= maxRefused && t.now.Sub(t.c.RefusedAt) < refusedWait
}

func (t *turn) askProof(topic knowledge.Topic) {
	t.c.Question = nil
	t.ask(Question{Topic: topic, Proof: true, Text: t.say(t.s().AskProof)})
}

// concealed stands for words that are not kept: the bot promises so when it asks for the digits.
const concealed = "••••"

// fourDigits may be what proves a case, whatever stands around them.
var fourDigits = regexp.MustCompile(`[0-9]{3}[0-9xX]`)

// conceal takes the customer's words out of what is kept where they hold the digits that prove a case, or what was meant to be them.
func (t *turn) conceal(text string) {
	q := t.c.Question
	about := func(topic knowledge.Topic) bool { return topic == knowledge.CaseStatus || topic == knowledge.Notify }
	ofCase := q != nil && about(q.Topic) || about(t.c.Topic) || slices.ContainsFunc(t.u.Asked, about) || proofNamed.MatchString(t.u.Text) || spokenFour.MatchString(t.u.Text)
	if ofCase && t.u.Proof != "" || q != nil && q.Proof && fourDigits.MatchString(t.e.u.masked(text)) {
		t.hide = strings.TrimSpace(t.u.Slots.CaseNo + " " + concealed)
	}
}

// findCase takes the proof to the mirror.
func (t *turn) findCase(proof string) {
	topic := knowledge.CaseStatus
	if q := t.c.Question; q != nil {
		topic = q.Topic
	}
	t.c.Question = nil
	t.note(topic)
	if t.blocked() {
		t.add(part{text: t.say(t.s().CaseBlocked)})
		return
	}
	t.c.Topic = topic
	t.actions = append(t.actions, FindCase{Purpose: topic, CaseNo: t.c.Slots.CaseNo, Proof: strings.ToUpper(proof)})
}

func (t *turn) caseFound(ev CaseFound) {
	t.note(ev.Purpose)
	if ev.Failed {
		t.add(part{text: t.say(t.s().CaseFailed)})
		return
	}
	if ev.Case == nil {
		t.c.Refused++
		t.c.RefusedAt = t.now
		delete(t.c.Proofs, ev.CaseNo)
		t.add(part{text: t.say(t.s().CaseNotFound)})
		if t.old(ev.SyncedAt) {
			t.add(part{text: t.say(t.s().CaseStale, "at", t.clock(ev.SyncedAt))})
		}
		if t.blocked() {
			t.add(part{text: t.say(t.s().CaseBlocked)})
			return
		}
		t.ask(Question{Topic: ev.Purpose, Proof: true, Text: t.say(t.s().AskAgain)})
		return
	}
	t.c.Refused = 0
	if t.c.Slots.CaseNo == ev.CaseNo {
		t.c.Slots.CaseNo = ev.Case.CaseNo // as the mirror writes it, with its dashes
	}
	if at, proven := t.c.Proofs[ev.Case.CaseNo]; !proven || t.now.Sub(at) >= ProofHolds {
		if t.c.Proofs == nil {
			t.c.Proofs = map[string]time.Time{}
		}
		t.c.Proofs[ev.Case.CaseNo] = t.now
	}
	t.sayCase(*ev.Case, ev.SyncedAt)
	if ev.Purpose == knowledge.Notify {
		t.add(part{text: t.say(t.s().NoNotify)})
	}
}

// sayCase tells a case in plain words: where it stands, what that means, what to do now, what comes next, how long it takes, and how old the data is.
func (t *turn) sayCase(c Case, syncedAt time.Time) {
	s := t.k.Statuses[c.Status]
	lang := t.c.Lang
	lines := []string{t.say(t.s().CaseLine, "case", c.CaseNo, "status", s.Name.In(lang), "at", t.clock(c.StatusAt))}
	if c.Note != "" {
		lines = append(lines, t.say(t.s().CaseNote, "note", c.Note))
	}
	if c.ICPNo != "" {
		lines = append(lines, t.say(t.s().CaseICP, "number", c.ICPNo))
	}
	lines = append(lines, t.say(t.s().CaseMeaning, "text", s.Meaning.In(lang)), t.say(t.s().CaseTodo, "text", s.Todo.In(lang)),
		t.say(t.s().CaseNext, "text", s.Next.In(lang)), t.say(t.s().CaseUsual, "text", s.Usual.In(lang)))
	if c.Status == knowledge.AuthorityReview || c.Status == knowledge.ProviderReview {
		lines = append(lines, t.say(t.s().CaseDay, "n", fmt.Sprint(t.workingDays(c.StatusAt))))
	}
	switch {
	case t.old(syncedAt):
		lines = append(lines, t.say(t.s().CaseStale, "at", t.clock(syncedAt)))
	case !syncedAt.IsZero():
		lines = append(lines, t.say(t.s().CaseAsOf, "at", t.clock(syncedAt)))
	}
	t.add(part{text: strings.Join(lines, "\n"), sources: s.Sources, steps: t.steps(c), settles: true})
}

// old reports whether the mirror's data is older than the operator holds to be good.
func (t *turn) old(syncedAt time.Time) bool {
	return t.e.maxAge > 0 && !syncedAt.IsZero() && t.now.Sub(syncedAt) > t.e.maxAge
}

// clock shows a time in the operator's zone.
func (t *turn) clock(at time.Time) string {
	return at.In(t.e.zone).Format("2006-01-02 15:04")
}

// workingDays counts Monday to Friday from the day after start to now, both in the operator's zone.
func (t *turn) workingDays(start time.Time) int {
	d, end := start.In(t.e.zone), t.now.In(t.e.zone)
	n := 0
	for i := 0; i < 400; i++ {
		d = d.AddDate(0, 0, 1)
		if d.Format(time.DateOnly) > end.Format(time.DateOnly) {
			break
		}
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			n++
		}
	}
	return n
}

// path is the way of a case that goes well; a return or a refusal shows at the step it happened in.
var path = []knowledge.Status{knowledge.Draft, knowledge.Submitted, knowledge.ProviderReview, knowledge.SMSVerificationDue, knowledge.AuthorityReview, knowledge.Approved}

func (t *turn) steps(c Case) *CaseSteps {
	out := &CaseSteps{CaseNo: c.CaseNo}
	at := c.Status
	switch c.Status {
	case knowledge.ReturnedByProvider:
		at, out.Trouble = knowledge.ProviderReview, true
	case knowledge.RejectedByAuthority:
		at, out.Trouble = knowledge.AuthorityReview, true
	case knowledge.SMSVerificationDue:
		out.Trouble = true
	case knowledge.Cancelled:
		out.Steps = []CaseStep{{Name: t.k.Statuses[knowledge.Cancelled].Name.In(t.c.Lang), At: t.clock(c.StatusAt), Mark: "now"}}
		return out
	}
	mark := "done"
	for _, s := range path {
		step := CaseStep{Name: t.k.Statuses[s].Name.In(t.c.Lang), Mark: mark}
		if s == at {
			step.Name = t.k.Statuses[c.Status].Name.In(t.c.Lang)
			step.Mark, step.At = "now", t.clock(c.StatusAt)
			mark = "later"
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
