package dialog

import (
	"slices"
	"strings"
	"time"

	"beianbot/knowledge"
)

// turn is one step under way.
type turn struct {
	e       *Engine
	k       *knowledge.Knowledge
	c       Conversation
	now     time.Time
	u       Understanding
	parts   []part
	actions []Action
	topics  []knowledge.Topic
	conf    float64
	verdict knowledge.Verdict
	// between are two provinces named in one breath: one is to be chosen.
	between []knowledge.ProvinceID
	// asked says that this turn opened or repeated a question.
	asked bool
	// hide stands for the customer's words in what is kept; empty keeps them.
	hide string
	// taken are facts that the second reading told, by fact.
	taken Facts
	// keepMore keeps what 更多 shows.
	keepMore bool
}

// part is one piece of a reply.
type part struct {
	text    string
	sources []knowledge.SourceID
	options []Option
	more    string // shown on 更多
	settles bool   // it answers something: 已解决 / 未解决 follow

	checklist *Checklist
	domain    *DomainReport
	steps     *CaseSteps
}

func (t *turn) add(p part) { t.parts = append(t.parts, p) }

func (t *turn) s() *knowledge.Sentences { return t.k.Sentences }

// say gives a sentence in the customer's language, with pairs of placeholder and value filled in.
func (t *turn) say(s knowledge.Text, pairs ...string) string {
	out := s.In(t.c.Lang)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = strings.ReplaceAll(out, "{"+pairs[i]+"}", pairs[i+1])
	}
	return out
}

func (t *turn) option(label knowledge.Text, value string) Option {
	return Option{Label: t.say(label), Value: value}
}

// finish puts the parts together to one reply and settles the state.
func (t *turn) finish() (Conversation, []Action) {
	t.resume()
	if len(t.parts) == 0 && !t.asked {
		t.settle()
		return t.c, t.actions
	}
	r := Reply{Topics: t.topics, Confidence: t.conf, Verdict: t.verdict, Lang: t.c.Lang}
	if len(t.topics) > 0 {
		r.Topic = t.topics[0]
	}
	var texts []string
	var sources []knowledge.SourceID
	settles, more := false, ""
	for _, p := range t.parts {
		if p.text != "" {
			texts = append(texts, p.text)
		}
		sources = append(sources, p.sources...)
		for _, o := range p.options {
			if !slices.Contains(r.Options, o) {
				r.Options = append(r.Options, o)
			}
		}
		settles = settles || p.settles
		if p.more != "" {
			more = strings.TrimSpace(more + "\n\n" + p.more)
		}
		if p.checklist != nil {
			r.Checklist = p.checklist
		}
		if p.domain != nil {
			r.Domain = p.domain
		}
		if p.steps != nil {
			r.Case = p.steps
		}
	}
	r.Sources = t.citeAll(sources, 0)
	if len(r.Sources) > 0 {
		texts = append(texts, t.say(t.s().SourceLine, "sources", strings.Join(r.Sources[:min(3, len(r.Sources))], t.say(t.s().SourceJoin))))
	}
	if q := t.c.Question; q != nil {
		texts = append(texts, q.Text)
		r.Question, r.Options = q.Text, q.Options
	} else if settles {
		if more != "" {
			r.Options = append([]Option{t.option(t.s().MoreLabel, "act:more")}, r.Options...)
		}
		if len(t.c.Pending) == 0 {
			r.Options = append(r.Options, t.option(t.k.Topics[knowledge.Solved].Title, "topic:solved"), t.option(t.k.Topics[knowledge.Unsolved].Title, "topic:unsolved"))
		}
	}
	r.Text = strings.Join(texts, "\n\n")
	if !t.keepMore {
		t.c.More = more
	}
	if len(r.Options) > 0 {
		t.c.Menus = append(t.c.Menus, r.Options)
		if len(t.c.Menus) > maxMenus {
			t.c.Menus = t.c.Menus[len(t.c.Menus)-maxMenus:]
		}
	}
	t.settle()
	last := r
	t.c.Last = &last
	return t.c, append([]Action{Say{Reply: r}}, t.actions...)
}

// settle derives the state from what is open.
func (t *turn) settle() {
	if t.c.State == Human {
		return
	}
	t.c.State = Idle
	if t.c.Question != nil {
		t.c.State = Asking
	}
}

// ask opens a question; the reply ends with it.
func (t *turn) ask(q Question) {
	if old := t.c.Question; old != nil && old.Topic == q.Topic && old.Slot == q.Slot && old.Fact == q.Fact {
		q.Tries = old.Tries
	}
	t.c.Question = &q
	t.asked = true
}

// aside puts the open question away for a digression.
func (t *turn) aside() {
	q := t.c.Question
	if q == nil {
		return
	}
	t.c.Question = nil
	if q.Soft {
		return
	}
	for _, p := range t.c.Pending {
		if p.Topic == q.Topic {
			return
		}
	}
	t.c.Pending = append(t.c.Pending, *q)
	if len(t.c.Pending) > maxPending {
		t.c.Pending = t.c.Pending[1:]
	}
}

// resume asks again what a digression pushed aside, once the digression is served.
func (t *turn) resume() {
	waiting := len(t.actions) > 0 // a look-up will come back and speak for itself
	for t.c.Question == nil && len(t.c.Pending) > 0 && !waiting && len(t.topics) > 0 {
		q := t.c.Pending[len(t.c.Pending)-1]
		t.c.Pending = t.c.Pending[:len(t.c.Pending)-1]
		if slices.Contains(t.topics, q.Topic) {
			continue // the digression came back to it by itself
		}
		if !strings.HasPrefix(q.Text, t.say(t.s().BackTo)) {
			q.Text = t.say(t.s().BackTo) + q.Text
		}
		t.c.Question = &q
	}
}
