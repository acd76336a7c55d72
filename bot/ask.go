package bot

import (
	"context"
	"errors"
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

	// Guarded by the service's mu:
	turns int // saved while it waited; the last of them, and what that said
	last  Turn
	said  []Outgoing
	stale bool // another request took from what waits for the customer: said may be among it
}

// brought is what can be said after the message, without asking the store: what its turn said, when nothing waited before it, no other turn came between, and
// neither another request nor the sender could have taken it yet.
func (w *waiter) brought(in Incoming, now time.Time) ([]Outgoing, bool) {
	return w.said, !in.Owed && !w.stale && w.turns == 1 && slices.Contains(w.last.Inbox, in.ID) && now.Before(w.last.NotBefore)
}

func (w *waiter) wake() { w.once.Do(func() { close(w.ready) }) }

// errRecording says that the response to a message is still being recorded, so that nobody can say yet whether it may be given again.
var errRecording = errors.New("the response is still being recorded")

// Ask receives a message for a network that takes the answer as the response to its own request; see Asker.
func (s *Service) Ask(ctx context.Context, a Address, m dialog.Message) (*Answer, error) {
	w := &waiter{ready: make(chan struct{})}
	in, t, fresh, err := s.receive(ctx, a, m, w) // it waits before the message is stored, so that its turn cannot end unseen
	if err != nil {
		return nil, err
	}
	if !fresh { // the network did not get the response and asks again: the same, and at once
		parts, err := s.outbox.Passive(ctx, in.ID)
		if err != nil || len(parts) > 0 {
			pending, _ := s.leave(a, t, w)
			return &Answer{Parts: parts, Pending: pending}, err
		}
	}
	select {
	case <-w.ready:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	if fresh && s.overtaken(t, w) { // a later request of this customer waits too and takes all of it
		s.leave(a, t, w)
		return &Answer{Pending: true}, nil
	}
	return s.answer(ctx, in, t, w, fresh)
}

// overtaken reports whether a later request waits.
func (s *Service) overtaken(t *talk, w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(t.waiters, w)
	return i >= 0 && i < len(t.waiters)-1
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

// took tells those who wait that what they know may be said already. It is called by whoever has claimed the customer, or leaves their messages to the sender, once the
// messages are chosen: what is saved later is not among them.
func (s *Service) took(a Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.talks[a]; t != nil {
		for _, w := range t.waiters {
			w.stale = true
		}
	}
}

// answer claims what can be said to a customer now. A message that is not fresh gets what it was given meanwhile, and nothing else when a later one waits.
func (s *Service) answer(request context.Context, in Incoming, t *talk, w *waiter, fresh bool) (*Answer, error) {
	a, inbox := in.Address, in.ID
	sender := s.senders[a.Channel]
	if sender == nil {
		pending, _ := s.leave(a, t, w)
		return &Answer{Pending: pending}, nil
	}
	claimed, recording := sender.await(request, a.Customer, !fresh)
	pending, later := s.leave(a, t, w) // only now: until the claim it must hear of what others take
	release := func() {
		if claimed {
			sender.release(a.Customer)
		}
	}
	ctx, cancel := context.WithTimeout(s.sending, 2*time.Second) // the request's own time may be over; what is ready is still wanted
	defer cancel()
	out := &Answer{Pending: pending}
	if !fresh {
		var err error
		out.Parts, err = s.outbox.Passive(ctx, inbox)
		switch {
		case err != nil:
			release()
			return nil, err
		case len(out.Parts) == 0 && recording:
			return nil, errRecording
		case later:
			release()
			out.Pending = true
			return out, nil
		}
	}
	if !claimed || len(out.Parts) > 0 {
		// The sender is in the middle of a delivery that takes long and says the rest as well; or this was given its answer while it waited, and nobody else is there
		// to take what came after it.
		rows, err := s.outbox.Unsettled(ctx, a)
		s.took(a)
		if err == nil && len(rows) > 0 {
			err = s.outbox.SettlePassive(ctx, 0, nil, ids(rows), s.lookups.Now())
			out.Pending = out.Pending || len(out.Parts) > 0
		}
		release()
		sender.signal()
		return out, err
	}
	said, known := w.brought(in, s.lookups.Now())
	var err error
	if fresh && known {
		out.Parts = said
	} else {
		out.Parts, err = s.outbox.Unsettled(ctx, a)
	}
	s.took(a)
	if err != nil || len(out.Parts) == 0 {
		release()
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
		release()
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
