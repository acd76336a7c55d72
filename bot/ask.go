package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"beianbot/dialog"
)

// heldForRequest is how long replies wait for a request that is open for them before the sender takes them: well beyond any network's own limit, so that only a
// crash makes it matter.
const heldForRequest = 10 * time.Second

// waiter is a request that waits for a conversation to become quiet.
type waiter struct {
	ready chan struct{}
	once  sync.Once

	turns int // saved while it waited, guarded by the service's mu; the last of them, and what that said
	last  Turn
	said  []Outgoing
}

// brought is what can be said after the message, without asking the store: what its turn said, when nothing waited before it, no other turn came between, and
// the sender could not have taken it yet.
func (w *waiter) brought(in Incoming, now time.Time) ([]Outgoing, bool) {
	return w.said, !in.Owed && w.turns == 1 && slices.Contains(w.last.Inbox, in.ID) && now.Before(w.last.NotBefore)
}

func (w *waiter) wake() { w.once.Do(func() { close(w.ready) }) }

// Ask receives a message for a network that takes the answer as the response to its own request; see Asker.
func (s *Service) Ask(ctx context.Context, a Address, m dialog.Message) (*Answer, error) {
	w := &waiter{ready: make(chan struct{})}
	in, t, fresh, err := s.receive(ctx, a, m, w) // it waits before the message is stored, so that its turn cannot end unseen
	if err != nil {
		return nil, err
	}
	select {
	case <-w.ready:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	pending, later := s.leave(a, t, w)
	if later && fresh { // a later message of this customer waits too and takes all of it
		return &Answer{Pending: true}, nil
	}
	return s.answer(in, w, fresh, pending, later)
}

// leave takes a waiter off its conversation, and says whether something is still under way and whether a later request waits.
func (s *Service) leave(a Address, t *talk, w *waiter) (pending, later bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(t.waiters, w)
	later = i >= 0 && i < len(t.waiters)-1
	if i >= 0 {
		t.waiters = slices.Delete(t.waiters, i, i+1)
	}
	pending = !t.quiet()
	if !pending && len(t.waiters) == 0 && s.talks[a] == t {
		delete(s.talks, a)
	}
	return pending, later
}

// answer claims what can be said to a customer now. A message that is not fresh gets what it was given before, and nothing else when a later one waits.
func (s *Service) answer(in Incoming, w *waiter, fresh, pending, later bool) (*Answer, error) {
	a, inbox := in.Address, in.ID
	ctx, cancel := context.WithTimeout(s.sending, 2*time.Second) // the request's own time may be over; what is ready is still wanted
	defer cancel()
	out := &Answer{Pending: pending}
	sender := s.senders[a.Channel]
	if sender == nil {
		return out, nil
	}
	claimed := sender.await(ctx, a.Customer)
	var err error
	if !fresh { // the network did not get the response and asks again
		out.Parts, err = s.outbox.Passive(ctx, inbox)
	}
	switch {
	case err != nil || len(out.Parts) > 0 || later:
		out.Pending = pending || later
		if claimed {
			sender.release(a.Customer)
		}
		return out, err
	case !claimed: // the sender is in the middle of a delivery that takes long, and says the rest as well
		rows, err := s.outbox.Unsettled(ctx, a)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		defer sender.signal()
		return out, s.outbox.SettlePassive(ctx, inbox, nil, ids(rows), s.lookups.Now())
	}
	said, known := w.brought(in, s.lookups.Now())
	if fresh && known {
		out.Parts = said
	} else {
		out.Parts, err = s.outbox.Unsettled(ctx, a)
	}
	if err != nil || len(out.Parts) == 0 {
		sender.release(a.Customer)
		return out, err
	}
	parts := out.Parts
	// Crash point: recorded as sent and the response not written. A network that asks again with the same message is given the same parts (Passive), so they are
	// seen once. After its last try it does not ask again and tells the customer itself that the service is out of order: that message was not acknowledged.
	out.settle = func(ctx context.Context, taken int) error {
		err := s.outbox.SettlePassive(ctx, inbox, ids(parts[:taken]), ids(parts[taken:]), s.lookups.Now())
		for range taken {
			s.observer.Delivered(a.Channel, "passive")
		}
		sender.release(a.Customer)
		if taken < len(parts) {
			sender.signal()
		}
		return err
	}
	return out, nil
}

func ids(list []Outgoing) []int64 {
	out := make([]int64, len(list))
	for i, o := range list {
		out[i] = o.ID
	}
	return out
}
