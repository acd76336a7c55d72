package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Waits between tries of one message: 2 s, 4 s, 8 s … at most five minutes. A network that cannot be reached, or fails, is tried for a day; what makes the channel
// panic, which no waiting mends, for a minute. Then the message is given up and marked refused, with the last error. (Not by its age: it may have been held for long.)
const (
	maxAttempts = 296 // the first, 8 within 510 s, and one each 300 s until 24 h are over
	maxPanics   = 6
)

func retryAfter(attempts int) time.Duration {
	return min(5*time.Minute, 2*time.Second<<min(attempts, 10))
}

// Bounds of one channel's sender: customers served side by side, and how long one delivery may take.
const (
	maxDeliveries  = 16
	deliveryWithin = 30 * time.Second
)

// sender delivers one channel's messages: side by side for different customers, one after the other for one customer.
type sender struct {
	s    *Service
	c    Channel
	wake chan struct{}

	mu     sync.Mutex
	taken  map[CustomerID]hold
	more   bool      // more customers were due than could be read at once
	parked time.Time // nothing goes out before (a limit of the whole channel)
}

// hold is what somebody has a customer for.
type hold struct {
	request bool // to answer their request, else to deliver to them
	passed  bool // they were passed over meanwhile
}

func newSender(s *Service, c Channel) *sender {
	return &sender{s: s, c: c, wake: make(chan struct{}, 1), taken: map[CustomerID]hold{}}
}

func (d *sender) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// claim takes a customer for the caller alone; false when somebody has them.
func (d *sender) claim(c CustomerID, request bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, taken := d.taken[c]; taken {
		return false
	}
	d.taken[c] = hold{request: request}
	return true
}

// claimWithin is how long a request waits for a delivery to its customer that is under way: it has little time itself.
const claimWithin = 300 * time.Millisecond

// await claims a customer for a request as soon as whoever has them is done; false when it takes too long. A repeat, whose own first try may be what has them,
// waits for a request as long as it has time, and is told when that was not enough.
func (d *sender) await(ctx context.Context, c CustomerID, repeat bool) (claimed, recording bool) {
	for begun := time.Now(); !d.claim(c, true); time.Sleep(5 * time.Millisecond) {
		d.mu.Lock()
		recording = d.taken[c].request
		d.mu.Unlock()
		if time.Since(begun) > claimWithin && !(repeat && recording && ctx.Err() == nil) {
			return false, recording
		}
	}
	return true, false
}

// pass notes that a customer who is taken has something due.
func (d *sender) pass(c CustomerID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h, taken := d.taken[c]; taken {
		h.passed = true
		d.taken[c] = h
	} else {
		d.signal() // they were released in between
	}
}

func (d *sender) release(c CustomerID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken[c].passed || d.more {
		d.signal()
	}
	delete(d.taken, c)
}

// run delivers until the service stops. The ticker finds what becomes due by the clock.
func (d *sender) run() {
	ctx := d.s.ctx
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	places := make(chan struct{}, maxDeliveries)
	for {
		d.dispatch(ctx, places)
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-ticker.C:
		}
	}
}

// park lets nothing out before then; a shorter limit does not end a longer one.
func (d *sender) park(then time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if then.After(d.parked) {
		d.parked = then
	}
}

func (d *sender) isParked() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.s.lookups.Now().Before(d.parked)
}

func (d *sender) dispatch(ctx context.Context, places chan struct{}) {
	if d.isParked() {
		return
	}
	// More than can be served at once: those whom an open request or a delivery has are passed over.
	customers, err := d.s.outbox.Due(ctx, d.c.Name(), d.s.lookups.Now(), 4*maxDeliveries)
	if err != nil {
		if ctx.Err() == nil {
			d.s.observer.Failed("read outbox")
			d.s.log.Error("read outbox", "channel", d.c.Name(), "error", err)
		}
		return
	}
	d.mu.Lock()
	d.more = len(customers) == 4*maxDeliveries
	d.mu.Unlock()
	for _, c := range customers {
		select { // before the claim: a customer who only waits for a place is free for their own request
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if !d.claim(c, false) {
			<-places
			d.pass(c)
			continue
		}
		d.s.work.Go(func() {
			defer func() { <-places; d.release(c) }()
			d.serve(ctx, Address{Channel: d.c.Name(), Customer: c})
		})
	}
}

// serve delivers what is due to one customer, in order, until nothing is or one message has to wait. When the service stops, the message under way is still
// delivered and recorded: cut off in between it would be said twice.
func (d *sender) serve(ctx context.Context, a Address) {
	for ctx.Err() == nil && !d.isParked() { // another delivery may have met a limit of the whole channel since
		o, ok, err := d.s.outbox.Next(ctx, a, d.s.lookups.Now())
		if err == nil && !ok {
			return
		}
		var out Outcome
		if err == nil {
			out = d.deliver(d.s.sending, o)
			if out.State == "" {
				return // the time to stop is over: the message stays as it is
			}
			// Crash point: sent and not recorded. It is sent once more, with the same Key: seen twice, except where the network takes such a key (neither Telegram nor
			// WeChat's customer messages do; a page of the web chat shows what the store has). Only this one of the customer: the next waits for this record.
			err = d.settle(d.s.sending, o, out)
		}
		if err != nil {
			if ctx.Err() == nil {
				d.s.observer.Failed("read outbox")
				d.s.log.Error("read outbox", "channel", a.Channel, "error", err)
			}
			return
		}
		if wait := out.Next.Sub(d.s.lookups.Now()); out.State == "waiting" && wait < time.Second {
			time.AfterFunc(wait, d.signal) // the ticker would be late
		}
		if out.State == "waiting" {
			return
		}
	}
}

// settle records what became of a message, however long the store does not take it: unrecorded it would be delivered again.
func (d *sender) settle(ctx context.Context, o Outgoing, out Outcome) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, turnAgain) {
		err := d.s.outbox.Settle(context.WithoutCancel(ctx), o.ID, out, d.s.lookups.Now())
		if err == nil || ctx.Err() != nil {
			return err
		}
		d.s.observer.Failed("settle message")
		d.s.log.Error("settle message", "channel", d.c.Name(), "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deliver tries one message and says what becomes of it.
func (d *sender) deliver(ctx context.Context, o Outgoing) (out Outcome) {
	result := "sent"
	defer func() {
		if out.State != "" {
			d.s.observer.Delivered(d.c.Name(), result)
		}
	}()
	receipt, err := d.attempt(ctx, o)
	now := d.s.lookups.Now()
	var refusal *Refusal
	var later *Later
	var held *Held
	switch {
	case err == nil:
		return Outcome{State: "sent", Receipt: receipt, Counted: true}
	case errors.As(err, &refusal):
		result = "refused"
		return Outcome{State: "refused", Why: refusal.Why, Counted: true, Blocked: refusal.Blocked, Heard: o.Heard}
	case errors.As(err, &held):
		result = "held"
		return Outcome{State: "held", Why: held.Why, Heard: o.Heard}
	case errors.As(err, &later):
		result = "later"
		next := now.Add(max(later.After, 100*time.Millisecond))
		if later.All {
			d.park(next)
		}
		return Outcome{State: "waiting", Why: later.Why, Next: next}
	case ctx.Err() != nil:
		return Outcome{}
	case o.Attempts+1 >= maxAttempts, errors.Is(err, errPanicked) && o.Attempts+1 >= maxPanics:
		result = "given_up"
		d.s.log.Error("message given up", "channel", d.c.Name(), "message", o.ID, "attempts", o.Attempts+1, "error", err)
		return Outcome{State: "refused", Why: "given up: " + err.Error(), Counted: true}
	}
	result = "retry"
	return Outcome{State: "waiting", Why: err.Error(), Next: now.Add(retryAfter(o.Attempts)), Counted: true}
}

var errPanicked = errors.New("delivery panicked")

// attempt guards one delivery: it ends in time, and a channel that panics has failed.
func (d *sender) attempt(ctx context.Context, o Outgoing) (receipt string, err error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryWithin)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanicked, r)
		}
	}()
	return d.c.Deliver(ctx, o)
}
