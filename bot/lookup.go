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
		report := dialog.Judge(e.Knowledge(), a.Name, ev, dialog.JudgeOptions{Subject: a.Subject, Now: now, Lang: a.Lang})
		return dialog.DomainChecked{At: now, Purpose: a.Purpose, Report: report}
	case dialog.FindCase:
		c, synced, err := l.Cases.Find(ctx, a.CaseNo, a.Proof, a.Proven)
		return dialog.CaseFound{At: l.Now(), Purpose: a.Purpose, CaseNo: a.CaseNo, Case: c, SyncedAt: synced, Failed: err != nil}
	}
	return nil
}

// Step takes an event through the engine and performs at once every look-up that is quick. It returns the replies and the slow look-ups still to do.
func (l Lookups) Step(ctx context.Context, e *dialog.Engine, c dialog.Conversation, ev dialog.Event) (dialog.Conversation, []dialog.Reply, []dialog.Action) {
	var replies []dialog.Reply
	var slow []dialog.Action
	events := []dialog.Event{ev}
	for len(events) > 0 {
		var actions []dialog.Action
		c, actions = e.Step(c, events[0])
		events = events[1:]
		for _, a := range actions {
			if say, ok := a.(dialog.Say); ok {
				replies = append(replies, say.Reply)
			} else if Slow(a) {
				slow = append(slow, a)
			} else if next := l.Do(ctx, e, a); next != nil {
				events = append(events, next)
			}
		}
	}
	return c, replies, slow
}
