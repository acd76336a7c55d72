package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// Service runs conversations: one at a time in order within a conversation, many side by side.
//
// What a crash can do is told where it happens, after "Crash point:". In short, nothing that was acknowledged is lost, and of each customer at most the one message
// under way is delivered twice. cmd/rehearse kills the program to see it.
type Service struct {
	store    Conversations
	outbox   Outbox
	lookups  Lookups
	engine   atomic.Pointer[dialog.Engine]
	log      *slog.Logger
	observer Observer
	channels map[ChannelName]Channel
	senders  map[ChannelName]*sender

	mu     sync.Mutex
	talks  map[Address]*talk
	turns  chan struct{} // bounds turns under way
	looks  chan struct{} // bounds look-ups under way
	work   sync.WaitGroup
	ctx    context.Context
	stop   context.CancelFunc
	closed bool
	ending chan struct{} // closed with it

	sending context.Context // of deliveries under way and their record: it outlives ctx until the time to stop is over
	cut     context.CancelFunc
}

// Observer is told what happens, for metrics. It must not block, and is never given text or a customer.
type Observer interface {
	Turned(c ChannelName, topic knowledge.Topic, took time.Duration)
	Delivered(c ChannelName, result string) // sent, passive, refused, given_up, held, later, retry
	Refused(c ChannelName)                  // a message was not taken in: ErrBusy
	Failed(what string)
}

type unobserved struct{}

func (unobserved) Turned(ChannelName, knowledge.Topic, time.Duration) {}
func (unobserved) Delivered(ChannelName, string)                      {}
func (unobserved) Refused(ChannelName)                                {}
func (unobserved) Failed(string)                                      {}

// talk is a conversation with something under way.
type talk struct {
	waiting []task // messages in the order of the inbox
	running bool   // a goroutine works through waiting
	looks   int    // look-ups under way
	waiters []*waiter

	begun   int   // messages that began to be stored, ever
	storing []int // those of them that still are, by their number, the first first
}

// quiet reports that nothing is under way.
func (t *talk) quiet() bool {
	return len(t.waiting) == 0 && !t.running && t.looks == 0 && len(t.storing) == 0
}

// ready reports whether the task at i of waiting may have its turn. Several messages are stored in one commit and their goroutines wake in any order, so a task waits
// for all that began to be stored before it was: one of them may come first in the inbox.
func (t *talk) ready(i int) bool {
	return i < len(t.waiting) && (len(t.storing) == 0 || t.storing[0] >= t.waiting[i].begun)
}

type task struct {
	inbox  int64
	lookup int64
	event  dialog.Event // nil: it is not known what it was, and answered with an apology
	begun  int          // messages that had begun to be stored when this was queued
}

// Bounds: turns are thought out by the cores, but saved many in one commit, and each waits for that; look-ups wait on the network.
const (
	maxTurns   = 24
	maxLookups = 32
	maxWaiting = 200 // messages of one customer that may wait; new ones are refused with ErrBusy before they are stored
)

// ErrBusy says that a customer has sent more than can be answered for now, ErrClosing that the program ends and its next run takes the message, if the network
// brings it again; in both cases nothing was stored.
var (
	ErrBusy    = errors.New("too many messages waiting in this conversation")
	ErrClosing = errors.New("the program is ending")
)

// NewService makes a service. Channels are added before Start.
func NewService(store Conversations, outbox Outbox, lookups Lookups, engine *dialog.Engine, log *slog.Logger) *Service {
	s := &Service{store: store, outbox: outbox, lookups: lookups, log: log, observer: unobserved{}, channels: map[ChannelName]Channel{},
		senders: map[ChannelName]*sender{}, talks: map[Address]*talk{}, turns: make(chan struct{}, maxTurns), looks: make(chan struct{}, maxLookups), ending: make(chan struct{})}
	s.engine.Store(engine)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.sending, s.cut = context.WithCancel(context.Background())
	return s
}

// Observe sets who is told what happens; before Start.
func (s *Service) Observe(o Observer) { s.observer = o }

// Add takes a channel in.
func (s *Service) Add(c Channel) {
	s.channels[c.Name()] = c
	s.senders[c.Name()] = newSender(s, c)
}

// Engine is the one in use now.
func (s *Service) Engine() *dialog.Engine { return s.engine.Load() }

// SetEngine swaps the engine; turns under way end with the one they began with.
func (s *Service) SetEngine(e *dialog.Engine) { s.engine.Store(e) }

// Start takes up what an earlier run left: unanswered messages, look-ups without result and unsent replies.
func (s *Service) Start(ctx context.Context) error {
	open, err := s.store.Open(ctx)
	if err != nil {
		return err
	}
	checks, err := s.store.OpenLookups(ctx)
	if err != nil {
		return err
	}
	for _, in := range open {
		t := task{inbox: in.ID, event: in.Message}
		if in.Unreadable {
			s.unreadable("inbox", in.Address, in.ID)
			t.event = nil
		}
		s.enqueue(in.Address, t)
	}
	for _, l := range checks {
		if l.Unreadable {
			s.unreadable("look-up", l.Address, l.ID)
			s.enqueue(l.Address, task{lookup: l.ID})
			continue
		}
		s.lookup(l)
	}
	for _, sender := range s.senders {
		s.work.Go(sender.run)
	}
	return nil
}

// unreadable tells of a stored row that this program cannot read. Its customer gets an apology, in whose turn the row is done with, so that it comes up once.
func (s *Service) unreadable(what string, a Address, id int64) {
	s.observer.Failed("read stored row")
	s.log.Error("stored row cannot be read; its customer gets an apology", "table", what, "row", id, "channel", a.Channel)
}

// Receive stores a message and queues its turn. It reports false for a repeat, which is answered already or will be.
func (s *Service) Receive(ctx context.Context, a Address, m dialog.Message) (bool, error) {
	in, _, fresh, err := s.receive(ctx, a, m, nil)
	if fresh && in.Owed {
		s.signal(a.Channel) // what was held for this customer may go now
	}
	return fresh, err
}

// receive stores a message and queues its turn; w, unless nil, waits from now on.
func (s *Service) receive(ctx context.Context, a Address, m dialog.Message, w *waiter) (in Incoming, t *talk, fresh bool, err error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return in, nil, false, ErrClosing
	}
	t = s.talk(a)
	busy := len(t.waiting) >= maxWaiting
	number := t.begun
	t.begun++
	t.storing = append(t.storing, number)
	if w != nil && !busy {
		t.waiters = append(t.waiters, w)
	}
	s.mu.Unlock()
	// Crash point: before the commit nothing is stored and nothing acknowledged, so the network brings the message again.
	if busy {
		var known bool
		if in, known, err = s.store.Known(ctx, a, m.ID); err == nil && !known {
			err = ErrBusy
		}
	} else {
		in, fresh, err = s.store.Receive(ctx, a, m)
	}
	// Crash point: stored and not acknowledged. The next start runs its turn (Open); the network brings it again as well, which folds on its id.
	s.mu.Lock()
	defer s.mu.Unlock()
	t.storing = slices.DeleteFunc(t.storing, func(n int) bool { return n == number })
	switch {
	case errors.Is(err, ErrBusy):
		s.observer.Refused(a.Channel)
	case err != nil:
		s.observer.Failed("store message")
		t.waiters = slices.DeleteFunc(t.waiters, func(other *waiter) bool { return other == w })
	case fresh:
		s.put(t, task{inbox: in.ID, event: m})
	case busy && w != nil:
		t.waiters = append(t.waiters, w)
	}
	s.run(a, t)
	s.settled(a, t)
	return in, t, fresh && err == nil, err
}

// talk gives the conversation's entry, made when there is none. The caller holds mu.
func (s *Service) talk(a Address) *talk {
	t := s.talks[a]
	if t == nil {
		t = &talk{}
		s.talks[a] = t
	}
	return t
}

// settled wakes whoever waits for a conversation that has become quiet, and forgets the conversation when nobody does. The caller holds mu.
func (s *Service) settled(a Address, t *talk) {
	if !t.quiet() {
		return
	}
	for _, w := range t.waiters {
		w.wake()
	}
	if len(t.waiters) == 0 {
		delete(s.talks, a)
	}
}

func (s *Service) enqueue(a Address, t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.talk(a)
	s.put(c, t)
	s.run(a, c)
}

// put queues a task. The caller holds mu.
func (s *Service) put(c *talk, t task) {
	if s.closed {
		return // it stays open in the store and runs at the next start
	}
	i := -1
	if t.inbox != 0 { // a look-up comes back whenever it does
		t.begun = c.begun
		i = slices.IndexFunc(c.waiting, func(other task) bool { return other.inbox > t.inbox })
	}
	if i < 0 {
		i = len(c.waiting)
	}
	c.waiting = slices.Insert(c.waiting, i, t)
}

// run sees to it that what waits and is ready is worked through. The caller holds mu.
func (s *Service) run(a Address, c *talk) {
	if !c.running && !s.closed && c.ready(0) {
		c.running = true
		s.work.Go(func() { s.converse(a, c) })
	}
}

// converse runs a conversation's turns in order until none is ready.
func (s *Service) converse(a Address, c *talk) {
	for {
		s.mu.Lock()
		if s.closed {
			c.waiting = nil // it stays open in the store
		}
		if !c.ready(0) {
			c.running = false
			s.settled(a, c)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		s.rest(a, c)
		s.mu.Lock()
		tasks := together(c)
		s.mu.Unlock()

		s.turns <- struct{}{}
		done := s.turn(a, tasks)
		<-s.turns
		if !done { // the store does not take it: it waits for better times, and those behind it with it
			s.mu.Lock()
			c.waiting = append(tasks, c.waiting...)
			s.mu.Unlock()
			select {
			case <-time.After(turnAgain):
			case <-s.ending:
			}
		}
	}
}

// turnAgain is the pause before a turn that could not be saved is run anew.
const turnAgain = 5 * time.Second

// turn runs one turn and saves it, and reports false when the store did not take it. A turn that panics is answered with an apology, so that it neither repeats for ever nor goes unanswered.
func (s *Service) turn(a Address, tasks []task) bool {
	start := time.Now()
	ctx, engine := s.ctx, s.engine.Load()
	var event dialog.Event
	s.guard("turn", func() { event = joined(tasks) })
	var before dialog.Conversation
	if !s.insist("load conversation", a, func() (err error) { before, err = s.store.Load(ctx, a); return }) {
		return false
	}
	did := s.step(ctx, engine, before, event)
	after, replies := did.Conversation, did.Replies
	t := Turn{Address: a, Conversation: after, Concealed: did.Concealed, Now: s.lookups.Now()}
	s.guard("record of a turn", func() { t.Record = RecordOf(event, before, after, replies) })
	for _, task := range tasks {
		if task.inbox != 0 {
			t.Inbox = append(t.Inbox, task.inbox)
		}
		t.Lookup = max(t.Lookup, task.lookup)
	}
	for _, r := range replies {
		t.Replies = append(t.Replies, s.draft(a.Channel, r))
	}
	for _, action := range did.Slow {
		if check, ok := action.(dialog.CheckDomain); ok {
			t.Lookups = append(t.Lookups, check)
		}
	}
	s.mu.Lock()
	c := s.talk(a)
	c.looks += len(t.Lookups)
	if len(c.waiters) > 0 {
		t.NotBefore = t.Now.Add(heldForRequest)
	}
	s.mu.Unlock()
	var saved Saved
	// Crash point: the turn is computed and not committed. Nobody has seen anything of it: the next start runs it again from the state before it, by the knowledge
	// and the clock of then. Its messages, the new state, the replies, the outbox and the look-ups are one transaction, so there is no half of it.
	if !s.insist("save turn", a, func() (err error) { saved, err = s.store.SaveTurn(ctx, t); return }) {
		s.mu.Lock()
		c.looks -= len(t.Lookups)
		s.mu.Unlock()
		return false
	}
	if len(replies) > 0 {
		s.observer.Turned(a.Channel, replies[0].Topic, time.Since(start))
		s.log.Info("turn", "channel", a.Channel, "topic", replies[0].Topic, "confidence", replies[0].Confidence)
	}
	// Crash point: committed and not sent. The next start's sender finds the replies in the outbox; those kept for a request that died with us go once
	// heldForRequest is over, unless the network asks again before and is given them. Look-ups run again.
	s.hand(a, c, t, saved.Said)
	for _, l := range saved.Lookups {
		s.look(l)
	}
	return true
}

// hand gives what a turn said to the requests that wait for it, or to the sender.
func (s *Service) hand(a Address, c *talk, t Turn, said []Outgoing) {
	s.mu.Lock()
	for _, w := range c.waiters {
		w.turns, w.last, w.said = w.turns+1, t, said
	}
	waited := len(c.waiters) > 0
	s.mu.Unlock()
	if len(said) == 0 || waited && !t.NotBefore.IsZero() {
		return
	}
	if !t.NotBefore.IsZero() { // the request gave up while the turn was being saved
		s.insist("free replies", a, func() error { return s.outbox.SettlePassive(s.ctx, 0, nil, ids(said), s.lookups.Now()) })
	}
	s.signal(a.Channel)
}

// insist tries a few times, since a busy disk passes.
func (s *Service) insist(what string, a Address, do func() error) bool {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return true
		}
		s.observer.Failed(what)
		s.log.Error(what, "channel", a.Channel, "try", try, "error", err)
		if try == 5 || s.ctx.Err() != nil {
			return false
		}
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
			return false
		}
		wait *= 2
	}
}

// guard does something in which a panic may happen that must not end the process, and reports false if it did.
func (s *Service) guard(what string, do func()) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			done = false
			s.observer.Failed(what + " panicked")
			s.log.Error(what+" panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	do()
	return true
}

func (s *Service) draft(n ChannelName, r dialog.Reply) Draft {
	d := Draft{Reply: r}
	if c, ok := s.channels[n].(Composer); ok && !s.guard("compose", func() { d.Parts = c.Compose(r) }) {
		d.Parts = []Part{{Text: r.Text}} // it goes out as plain text rather than not at all
	}
	return d
}

func (s *Service) step(ctx context.Context, e *dialog.Engine, c dialog.Conversation, ev dialog.Event) (did Stepped) {
	if ev != nil && s.guard("turn", func() { did = s.lookups.Step(ctx, e, c, ev) }) {
		return did
	}
	return Stepped{Conversation: c, Replies: []dialog.Reply{{Text: e.Knowledge().Sentences.Unreachable.In(c.Lang), Lang: c.Lang}}}
}

// lookup takes up a look-up that an earlier run left.
func (s *Service) lookup(l Lookup) {
	s.mu.Lock()
	s.talk(l.Address).looks++
	s.mu.Unlock()
	s.look(l)
}

// look performs a slow look-up beside the conversation; its result comes back as an event of its own.
func (s *Service) look(l Lookup) {
	a := l.Address
	s.typing(a, true)
	s.work.Go(func() {
		var ev dialog.Event
		select {
		case s.looks <- struct{}{}:
			ev = s.find(l.Check)
			<-s.looks
		case <-s.ctx.Done():
		}
		s.typing(a, false)
		// Crash point: the look-up is done and its result not yet a turn. It is run again, and the customer sees one result: its row goes in the transaction of that turn.
		if s.ctx.Err() == nil {
			s.enqueue(a, task{lookup: l.ID, event: ev})
		}
		s.mu.Lock()
		t := s.talk(a)
		t.looks--
		s.settled(a, t)
		s.mu.Unlock()
	})
}

// find performs a look-up. One that panics has found out nothing, and says so; there is no event where even that cannot be said.
func (s *Service) find(c dialog.CheckDomain) (ev dialog.Event) {
	e := s.engine.Load()
	if s.guard("look-up", func() { ev = s.lookups.Do(s.ctx, e, c) }) {
		return ev
	}
	none := s.lookups
	none.Domains = nobody{}
	s.guard("look-up", func() { ev = none.Do(s.ctx, e, c) })
	return ev
}

// nobody can be asked about domains.
type nobody struct{}

func (nobody) Check(context.Context, dialog.DomainName) dialog.Evidence {
	return dialog.Evidence{Source: "whois", Trouble: dialog.TroubleNoAnswer, DNSFailed: true}
}

func (s *Service) typing(a Address, on bool) {
	if t, ok := s.channels[a.Channel].(Typer); ok {
		s.guard("typing", func() { t.Typing(s.ctx, a.Customer, on) })
	}
}

func (s *Service) signal(n ChannelName) {
	if sender := s.senders[n]; sender != nil {
		sender.signal()
	}
}

// Stop takes in nothing more, lets turns and deliveries under way end until ctx does, and returns when all is quiet. Look-ups are cut, and run again at the next start.
func (s *Service) Stop(ctx context.Context) {
	defer s.cut()
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.ending)
	}
	s.mu.Unlock()
	for s.running() && ctx.Err() == nil { // turns under way finish their transaction
		time.Sleep(5 * time.Millisecond)
	}
	s.stop()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (s *Service) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.talks {
		if t.running {
			return true
		}
	}
	return false
}
