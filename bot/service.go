package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"beianbot/dialog"
)

// Service runs conversations: one at a time in order within a conversation, many side by side.
//
// Crash points. Before Receive returns, nothing is stored and the network repeats the message. After it, the message waits in the inbox and its turn is
// run at the next start. The turn, the new state and the replies are one transaction, so either all of it happened or the turn runs again from the old
// state. A reply that was delivered but not yet marked sent is delivered once more: at most the one in flight. A slow look-up that was under way is lost
// with the process; the customer has been told that it runs and can ask again.
type Service struct {
	store    Conversations
	outbox   Outbox
	lookups  Lookups
	engine   atomic.Pointer[dialog.Engine]
	log      *slog.Logger
	channels map[ChannelName]Channel

	mu     sync.Mutex
	queues map[Address]*queue
	turns  chan struct{} // bounds turns under way
	looks  chan struct{} // bounds look-ups under way
	wake   map[ChannelName]chan struct{}
	work   sync.WaitGroup
	ctx    context.Context
	stop   context.CancelFunc
	closed bool
}

// queue holds what waits for its turn in one conversation.
type queue struct{ waiting []task }

type task struct {
	inbox int64
	event dialog.Event
}

// Bounds: more turns at once than cores gain nothing; look-ups wait on the network, so more of them may run.
const (
	maxTurns   = 8
	maxLookups = 32
	maxWaiting = 200 // messages of one customer that may wait; more are refused with ErrBusy before they are stored
)

// ErrBusy says that a customer has sent more than can be answered for now; nothing was stored.
var ErrBusy = errors.New("too many messages waiting in this conversation")

// NewService makes a service. Channels are added before Start.
func NewService(store Conversations, outbox Outbox, lookups Lookups, engine *dialog.Engine, log *slog.Logger) *Service {
	s := &Service{store: store, outbox: outbox, lookups: lookups, log: log, channels: map[ChannelName]Channel{}, queues: map[Address]*queue{},
		turns: make(chan struct{}, maxTurns), looks: make(chan struct{}, maxLookups), wake: map[ChannelName]chan struct{}{}}
	s.engine.Store(engine)
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Add takes a channel in.
func (s *Service) Add(c Channel) {
	s.channels[c.Name()] = c
	s.wake[c.Name()] = make(chan struct{}, 1)
}

// SetEngine swaps the engine; turns under way end with the one they began with.
func (s *Service) SetEngine(e *dialog.Engine) { s.engine.Store(e) }

// Start takes up what an earlier run left: unanswered messages and unsent replies.
func (s *Service) Start(ctx context.Context) error {
	open, err := s.store.Open(ctx)
	if err != nil {
		return err
	}
	for _, in := range open {
		s.enqueue(in.Address, task{inbox: in.ID, event: in.Message})
	}
	for _, c := range s.channels {
		s.work.Go(func() { s.send(c) })
	}
	return nil
}

// Receive stores a message and queues its turn. It reports false for a repeat, which is answered already or will be.
func (s *Service) Receive(ctx context.Context, a Address, m dialog.Message) (bool, error) {
	s.mu.Lock()
	q := s.queues[a]
	busy := s.closed || q != nil && len(q.waiting) >= maxWaiting
	s.mu.Unlock()
	if busy {
		return false, ErrBusy
	}
	in, fresh, err := s.store.Receive(ctx, a, m)
	if err != nil || !fresh {
		return false, err
	}
	s.enqueue(a, task{inbox: in.ID, event: m})
	return true, nil
}

func (s *Service) enqueue(a Address, t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // it stays open in the inbox and runs at the next start
	}
	if q := s.queues[a]; q != nil {
		q.waiting = append(q.waiting, t)
		return
	}
	s.queues[a] = &queue{waiting: []task{t}}
	s.work.Go(func() { s.converse(a) })
}

// converse runs a conversation's turns in order until none waits.
func (s *Service) converse(a Address) {
	for {
		s.mu.Lock()
		q := s.queues[a]
		if len(q.waiting) == 0 || s.closed {
			delete(s.queues, a)
			s.mu.Unlock()
			return
		}
		t := q.waiting[0]
		q.waiting = q.waiting[1:]
		s.mu.Unlock()

		s.turns <- struct{}{}
		s.turn(a, t)
		<-s.turns
	}
}

// turn runs one turn and saves it. A turn that panics is answered with an apology, so that it neither repeats for ever nor goes unanswered.
func (s *Service) turn(a Address, t task) {
	ctx := s.ctx
	engine := s.engine.Load()
	before, err := s.store.Load(ctx, a)
	if err != nil {
		s.log.Error("load conversation", "channel", a.Channel, "error", err)
		return
	}
	after, replies, slow := s.step(ctx, engine, before, t.event)
	if _, err := s.store.SaveTurn(ctx, a, t.inbox, after, replies, s.lookups.Now()); err != nil {
		s.log.Error("save turn", "channel", a.Channel, "error", err)
		return
	}
	if len(replies) > 0 {
		s.log.Info("turn", "channel", a.Channel, "topic", replies[0].Topic, "confidence", replies[0].Confidence)
	}
	s.signal(a.Channel)
	for _, action := range slow {
		s.lookup(a, engine, action)
	}
}

func (s *Service) step(ctx context.Context, e *dialog.Engine, c dialog.Conversation, ev dialog.Event) (after dialog.Conversation, replies []dialog.Reply, slow []dialog.Action) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("turn panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			after, slow = c, nil
			replies = []dialog.Reply{{Text: e.Knowledge().Sentences.Unreachable.In(c.Lang), Lang: c.Lang}}
		}
	}()
	return s.lookups.Step(ctx, e, c, ev)
}

// lookup performs a slow look-up beside the conversation; its result comes back as an event of its own.
func (s *Service) lookup(a Address, e *dialog.Engine, action dialog.Action) {
	typing(s.ctx, s.channels[a.Channel], a.Customer, true)
	s.work.Go(func() {
		select {
		case s.looks <- struct{}{}:
		case <-s.ctx.Done():
			return
		}
		ev := s.lookups.Do(s.ctx, e, action)
		<-s.looks
		typing(s.ctx, s.channels[a.Channel], a.Customer, false)
		if ev != nil {
			s.enqueue(a, task{event: ev})
		}
	})
}

func typing(ctx context.Context, c Channel, id CustomerID, on bool) {
	if t, ok := c.(Typer); ok {
		t.Typing(ctx, id, on)
	}
}

func (s *Service) signal(n ChannelName) {
	select {
	case s.wake[n] <- struct{}{}:
	default:
	}
}

// Waits between deliveries of one reply: 2 s, 4 s, 8 s … at most five minutes; after maxAttempts it is given up and marked refused.
const maxAttempts = 12

func retryAfter(attempts int) time.Duration {
	return min(5*time.Minute, 2*time.Second<<min(attempts, 10))
}

// send delivers a channel's replies in order of their storing until the service stops.
func (s *Service) send(c Channel) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		for s.sendSome(c) {
		}
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake[c.Name()]:
		case <-ticker.C:
		}
	}
}

func (s *Service) sendSome(c Channel) bool {
	out, err := s.outbox.Waiting(s.ctx, c.Name(), s.lookups.Now(), 100)
	if err != nil {
		if s.ctx.Err() == nil {
			s.log.Error("read outbox", "channel", c.Name(), "error", err)
		}
		return false
	}
	for _, o := range out {
		_, err := c.Deliver(s.ctx, o)
		var refusal *Refusal
		switch {
		case err == nil:
			err = s.outbox.Sent(s.ctx, o.ID, s.lookups.Now())
		case errors.As(err, &refusal):
			err = s.outbox.Refused(s.ctx, o.ID, refusal.Why)
		case o.Attempts+1 >= maxAttempts:
			err = s.outbox.Refused(s.ctx, o.ID, "given up: "+err.Error())
		default:
			err = s.outbox.Retry(s.ctx, o.ID, err.Error(), s.lookups.Now().Add(retryAfter(o.Attempts)))
		}
		if err != nil {
			s.log.Error("settle reply", "channel", c.Name(), "error", err)
			return false
		}
	}
	return len(out) == 100
}

// Stop takes in nothing more, lets turns and look-ups under way end until ctx does, and returns when all is quiet.
func (s *Service) Stop(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		for { // turns under way finish their transaction; only the senders stay
			s.mu.Lock()
			n := len(s.queues)
			s.mu.Unlock()
			if n == 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	s.stop()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
