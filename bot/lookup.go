package bot

import (
	"context"
	"time"

	"beianbot/dialog"
)

// Lookups asks the world what a dialog wants to know.
type Lookups struct {
	Domains DomainChecker
	Cases   Cases
	Now     func() time.Time
}

// Slow reports whether an action leaves the machine, so that a customer should not wait for it in silence.
func Slow(a dialog.Action) bool {
	_, ok := a.(dialog.CheckDomain)
	return ok
}

// Do performs an action and gives the event that answers it; nil for an action that asks nothing.
func (l Lookups) Do(ctx context.Context, e *dialog.Engine, a dialog.Action) dialog.Event {
	switch a := a.(type) {
	case dialog.CheckDomain:
		ev := l.Domains.Check(ctx, a.Name)
		now := l.Now()
		return dialog.DomainChecked{At: now, Purpose: a.Purpose, Report: a.Judge(e.Knowledge(), ev, now, nil)}
	case dialog.FindCase:
		c, synced, err := l.Cases.Find(ctx, a.CaseNo, a.Proof, a.Proven)
		return dialog.CaseFound{At: l.Now(), Purpose: a.Purpose, CaseNo: a.CaseNo, Case: c, SyncedAt: synced, Failed: err != nil}
	}
	return nil
}

// Stepped is what came of an event.
type Stepped struct {
	Conversation dialog.Conversation
	Replies      []dialog.Reply
	Slow         []dialog.Action // look-ups still to do
	Concealed    string          // what to keep in place of the customer's words; empty keeps them
}

// Step takes an event through the engine and performs at once every look-up that is quick.
func (l Lookups) Step(ctx context.Context, e *dialog.Engine, c dialog.Conversation, ev dialog.Event) Stepped {
	out := Stepped{Conversation: c}
	events := []dialog.Event{ev}
	for len(events) > 0 {
		var actions []dialog.Action
		out.Conversation, actions = e.Step(out.Conversation, events[0])
		events = events[1:]
		for _, a := range actions {
			switch a := a.(type) {
			case dialog.Say:
				out.Replies = append(out.Replies, a.Reply)
			case dialog.Conceal:
				out.Concealed = a.Text
			default:
				if Slow(a) {
					out.Slow = append(out.Slow, a)
				} else if next := l.Do(ctx, e, a); next != nil {
					events = append(events, next)
				}
			}
		}
	}
	return out
}
