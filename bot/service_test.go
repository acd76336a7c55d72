package bot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

// network is a channel whose deliveries a test watches and breaks.
type network struct {
	mu    sync.Mutex
	fail  func(o bot.Outgoing) error
	got   []string // texts in order of arrival
	keys  []string
	event chan struct{}
	quiet time.Duration
}

func newNetwork() *network { return &network{event: make(chan struct{}, 10000)} }

func (n *network) Name() bot.ChannelName { return "net" }

func (n *network) Quiet() time.Duration { return n.quiet }

func (n *network) Compose(r dialog.Reply) []bot.Part { return []bot.Part{{Text: r.Text}} }

func (n *network) Deliver(_ context.Context, o bot.Outgoing) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() { n.event <- struct{}{} }()
	n.keys = append(n.keys, o.Key)
	if n.fail != nil {
		if err := n.fail(o); err != nil {
			return "", err
		}
	}
	n.got = append(n.got, o.Part.Text)
	return "r" + fmt.Sprint(o.ID), nil
}

func (n *network) texts() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got)
}

// await waits until as many deliveries were tried.
func (n *network) await(t testing.TB, count int) {
	t.Helper()
	for range count {
		select {
		case <-n.event:
		case <-time.After(20 * time.Second):
			t.Fatal("no delivery")
		}
	}
}

// registry answers domain checks when the test lets it.
type registry struct{ open chan struct{} }

func (r registry) Check(ctx context.Context, name dialog.DomainName) dialog.Evidence {
	select {
	case <-r.open:
	case <-ctx.Done():
	}
	return dialog.Evidence{Source: "whois"}
}

type noCases struct{}

func (noCases) Find(context.Context, string, string, bool) (*dialog.Case, time.Time, error) {
	return nil, time.Time{}, nil
}

var engine = sync.OnceValue(func() *dialog.Engine {
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Operator: knowledge.Operator{Name: "示例云", Phone: "400", FilingSystemURL: "https://ba.example.cn",
		Hours: knowledge.Text{ZH: "工作日", EN: "working days"}}})
	if err != nil {
		panic(err)
	}
	return dialog.NewEngine(k, time.UTC)
})

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(d)
	c.mu.Unlock()
}

type rig struct {
	*bot.Service
	store *store.Store
	clock *clock
	reg   registry
}

func start(t testing.TB, file string, net *network, open bool) *rig {
	t.Helper()
	return startWith(t, setup{file: file, channel: net, shut: !open})
}

// setup is a service with something else in place of a part.
type setup struct {
	file    string
	channel bot.Channel
	shut    bool                                 // domain checks wait until the test closes reg.open
	domains bot.DomainChecker                    // nil: the registry
	front   func(*store.Store) bot.Conversations // stands between service and store
	outbox  func(*store.Store) bot.Outbox        // stands between sender and store
}

func startWith(t testing.TB, s setup) *rig {
	t.Helper()
	if s.file == "" {
		s.file = filepath.Join(t.TempDir(), "s.db")
	}
	st, err := store.Open(context.Background(), s.file, true)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{store: st, clock: &clock{at: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}, reg: registry{open: make(chan struct{})}}
	if !s.shut {
		close(r.reg.open)
	}
	lookups := bot.Lookups{Domains: r.reg, Cases: noCases{}, Now: r.clock.now}
	if s.domains != nil {
		lookups.Domains = s.domains
	}
	conversations := bot.Conversations(st)
	if s.front != nil {
		conversations = s.front(st)
	}
	outbox := bot.Outbox(st)
	if s.outbox != nil {
		outbox = s.outbox(st)
	}
	r.Service = bot.NewService(conversations, outbox, lookups, engine(), slog.New(slog.DiscardHandler))
	r.Add(s.channel)
	if err := r.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.end)
	return r
}

func (r *rig) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r.Stop(ctx)
	r.store.Close()
}

func (r *rig) say(t testing.TB, customer, id, text string) {
	t.Helper()
	m := dialog.Message{ID: id, At: r.clock.now(), Kind: dialog.TextMessage, Text: text}
	if _, err := r.Receive(context.Background(), bot.Address{Channel: "net", Customer: bot.CustomerID(customer)}, m); err != nil {
		t.Fatal(err)
	}
}

// asking asks for anna, settles all of the answer, and gives it once it is there.
func (r *rig) asking(t *testing.T, id, text string, within time.Duration) <-chan *bot.Answer {
	out := make(chan *bot.Answer, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		got, err := r.Ask(ctx, bot.Address{Channel: "net", Customer: "anna"}, dialog.Message{ID: id, At: r.clock.now(), Kind: dialog.TextMessage, Text: text})
		if err == nil {
			err = got.Settle(context.Background(), len(got.Parts))
		}
		if err != nil {
			t.Error(err)
		}
		out <- got
	}()
	time.Sleep(100 * time.Millisecond) // nothing tells that a request waits
	return out
}

func TestAnswersInOrderOnce(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	for i, text := range []string{"备案要多久?", "备案要多少钱?", "备案要多久?"} {
		r.say(t, "anna", fmt.Sprint(i), text)
		r.say(t, "anna", fmt.Sprint(i), text) // the network repeats itself
	}
	net.await(t, 3)
	got := net.texts()
	if len(got) != 3 || got[0] == got[1] || got[0] != got[2] {
		t.Errorf("%d replies: %q", len(got), got)
	}
}

func TestShortMessagesBecomeOneQuestion(t *testing.T) {
	net := newNetwork()
	net.quiet = 300 * time.Millisecond
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	for i, text := range []string{"你好", "我想问下", "备案要多久?"} {
		r.say(t, "anna", fmt.Sprint(i), text)
	}
	net.await(t, 1)
	whole := net.texts()
	r.say(t, "bert", "b", "备案要多久?")
	net.await(t, 1)
	if got := net.texts(); len(whole) != 1 || len(got) != 2 {
		t.Errorf("%d replies to anna, %d in all: %q", len(whole), len(got), got)
	}
}

func TestAnAlbumGetsOneAnswer(t *testing.T) {
	net := newNetwork()
	net.quiet = 300 * time.Millisecond
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	for i := range 4 {
		m := dialog.Message{At: time.Now(), ID: fmt.Sprint(i), Kind: dialog.PictureMessage, Group: "album"}
		if i == 1 {
			m.Text = "备案要多久?"
		}
		if _, err := r.Receive(t.Context(), bot.Address{Channel: "net", Customer: "anna"}, m); err != nil {
			t.Fatal(err)
		}
	}
	net.await(t, 1)
	r.say(t, "bert", "b", "备案要多久?")
	net.await(t, 1)
	r.say(t, "anna", "after", "谢谢。")
	net.await(t, 1)
	if got := net.texts(); len(got) != 3 || !strings.HasSuffix(got[0], got[1]) {
		t.Errorf("%d replies: %q", len(got), got)
	}
}

func TestEachKindOfFailure(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		then  string // what happens to the message afterwards
		again bool
	}{
		"later":   {&bot.Later{Why: "429", After: 3 * time.Second}, "sent", true},
		"broken":  {errors.New("connection reset"), "sent", true},
		"refused": {&bot.Refusal{Why: "forbidden"}, "gone", false},
		"held":    {&bot.Held{Why: "window closed"}, "next contact", false},
	} {
		t.Run(name, func(t *testing.T) {
			net := newNetwork()
			broken := true
			net.fail = func(bot.Outgoing) error {
				if broken {
					return c.err
				}
				return nil
			}
			r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
			r.say(t, "anna", "1", "备案要多久?")
			net.await(t, 1)
			net.mu.Lock()
			broken = false
			net.mu.Unlock()
			r.clock.advance(time.Minute)
			switch c.then {
			case "sent":
				net.await(t, 1)
				if len(net.texts()) != 1 || net.keys[0] != net.keys[1] {
					t.Errorf("texts %q, keys %q", net.texts(), net.keys)
				}
			case "gone":
				r.say(t, "anna", "2", "备案要多少钱?")
				net.await(t, 1)
				if got := net.texts(); len(got) != 1 {
					t.Errorf("texts %q", got)
				}
			case "next contact":
				r.say(t, "anna", "2", "备案要多少钱?")
				net.await(t, 2)
				if got := net.texts(); len(got) != 2 {
					t.Errorf("texts %q", got)
				}
			}
		})
	}
}

func TestAskGivesTheAnswerToTheRequest(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	a, m := bot.Address{Channel: "net", Customer: "anna"}, dialog.Message{ID: "1", At: r.clock.now(), Kind: dialog.TextMessage, Text: "帮我查 example.cn"}
	ask := func() *bot.Answer {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		got, err := r.Ask(ctx, a, m)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := ask()
	if len(got.Parts) != 2 || got.Pending { // that it looks, and what it found
		t.Fatalf("parts %+v, pending %v", got.Parts, got.Pending)
	}
	if err := got.Settle(context.Background(), 2); err != nil {
		t.Fatal(err)
	}
	again := ask() // the response was lost on the way
	if len(again.Parts) != 2 || again.Parts[0].Part.Text != got.Parts[0].Part.Text || again.Parts[1].Part.Text != got.Parts[1].Part.Text {
		t.Errorf("again %+v", again.Parts)
	}
	if n := net.texts(); len(n) != 0 {
		t.Errorf("said twice: %q", n)
	}
}

// The response to 1 was lost while 2 waits for its look-up; 1 is asked again and 3 comes. The last one takes what waits, but not what 1 was given: nobody asks 3 for it.
func TestAskAgainBesideLaterMessagesGivesTheSameAnswer(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, false)
	first := <-r.asking(t, "1", "备案要多久?", time.Minute)
	if len(first.Parts) != 1 {
		t.Fatalf("%+v", first)
	}
	look := r.asking(t, "2", "帮我查 example.cn", time.Minute)
	again := r.asking(t, "1", "备案要多久?", time.Second)
	last := r.asking(t, "3", "备案要多少钱?", time.Minute)
	if got := <-again; len(got.Parts) != 1 || got.Parts[0].ID != first.Parts[0].ID {
		t.Errorf("again: %+v", got)
	}
	close(r.reg.open)
	if n := len((<-look).Parts) + len((<-last).Parts); n != 3 {
		t.Errorf("%d parts for the look-up, its result and the last question", n)
	}
}

// The response to 1 was lost, and 1 is asked again while 2 waits for its look-up: that takes nothing from 2, and what 2 cannot wait for follows at once.
func TestARepeatThatWaitsLastStrandsNothing(t *testing.T) {
	for _, within := range []time.Duration{time.Minute, 300 * time.Millisecond} {
		t.Run(within.String(), func(t *testing.T) {
			net := newNetwork()
			r := start(t, filepath.Join(t.TempDir(), "s.db"), net, false)
			first := <-r.asking(t, "1", "备案要多久?", time.Minute)
			look := r.asking(t, "2", "帮我查 example.cn", within)
			if again := <-r.asking(t, "1", "备案要多久?", time.Minute); len(again.Parts) != 1 || again.Parts[0].ID != first.Parts[0].ID || !again.Pending {
				t.Errorf("again %+v", again)
			}
			if within < time.Second {
				time.Sleep(within)
			}
			close(r.reg.open)
			n := len((<-look).Parts)
			if net.await(t, 2-n); n == 0 {
				t.Error("2 was given nothing")
			}
		})
	}
}

// What a repeat took, because its own answer had gone out by itself, is not said by the request whose answer it was.
func TestWhatARepeatTookIsNotSaidAgain(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, false)
	r.say(t, "anna", "1", "备案要多久?")
	net.await(t, 1)
	look := r.asking(t, "2", "帮我查 example.cn", time.Second)
	again := <-r.asking(t, "1", "备案要多久?", 300*time.Millisecond)
	if n := len(again.Parts) + len((<-look).Parts); n != 1 {
		t.Errorf("that it looks was said %d times", n)
	}
}

// recorder is an outbox that waits for the test before it records a response.
type recorder struct {
	bot.Outbox
	on chan struct{}
}

func (r recorder) SettlePassive(ctx context.Context, inbox int64, sent, free []int64, now time.Time) error {
	if len(sent) > 0 {
		<-r.on
	}
	return r.Outbox.SettlePassive(ctx, inbox, sent, free, now)
}

// The network asks again while the response to its first try is still being recorded: whether it will be, nobody knows.
func TestARepeatBesideItsOwnFirstTryIsNotAnsweredWithNothing(t *testing.T) {
	on := make(chan struct{})
	r := startWith(t, setup{channel: newNetwork(), outbox: func(s *store.Store) bot.Outbox { return recorder{s, on} }})
	first := r.asking(t, "1", "备案要多久?", time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	m := dialog.Message{ID: "1", At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多久?"}
	if got, err := r.Ask(ctx, bot.Address{Channel: "net", Customer: "anna"}, m); err == nil {
		t.Errorf("meanwhile %+v", got)
	}
	again := r.asking(t, "1", "备案要多久?", time.Minute)
	close(on)
	if a, b := <-first, <-again; len(a.Parts) != 1 || len(b.Parts) != 1 || a.Parts[0].ID != b.Parts[0].ID {
		t.Errorf("first %+v, then %+v", a, b)
	}
}

func TestAskBesideADeliveryLeavesTheAnswerToTheSender(t *testing.T) {
	net := newNetwork()
	under, on := make(chan struct{}), make(chan struct{})
	var once sync.Once
	net.fail = func(bot.Outgoing) error {
		once.Do(func() { close(under); <-on })
		return nil
	}
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	r.say(t, "anna", "1", "备案要多久?")
	<-under
	m := dialog.Message{ID: "2", At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多少钱?"}
	got, err := r.Ask(context.Background(), bot.Address{Channel: "net", Customer: "anna"}, m)
	if err != nil || len(got.Parts) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	close(on)
	net.await(t, 2) // the clock stands still: an answer kept back for the request would never come
}

func TestWhatIsNotReadyFollows(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, false)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	m := dialog.Message{ID: "1", At: r.clock.now(), Kind: dialog.TextMessage, Text: "帮我查 example.cn"}
	got, err := r.Ask(ctx, bot.Address{Channel: "net", Customer: "anna"}, m)
	if err != nil || !got.Pending {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := got.Settle(context.Background(), len(got.Parts)); err != nil {
		t.Fatal(err)
	}
	close(r.reg.open)
	net.await(t, 1)
	if n := net.texts(); len(n) != 1 {
		t.Errorf("followed: %q", n)
	}
}

func TestLookupSurvivesRestart(t *testing.T) {
	file, net := filepath.Join(t.TempDir(), "s.db"), newNetwork()
	r := start(t, file, net, false)
	r.say(t, "anna", "1", "帮我查 example.cn")
	net.await(t, 1)
	r.end()
	net = newNetwork()
	start(t, file, net, true)
	net.await(t, 1)
	if got := net.texts(); len(got) != 1 {
		t.Errorf("after the restart: %q", got)
	}
}

// hindered is a store whose goroutines wait for the test.
type hindered struct {
	*store.Store
	before, after map[string]chan struct{} // a message's id: closed to let it be stored, and to let whoever stored it go on
	save          chan struct{}            // nil, or closed to let turns be saved
}

func (h hindered) Receive(ctx context.Context, a bot.Address, m dialog.Message) (bot.Incoming, bool, error) {
	if c := h.before[m.ID]; c != nil {
		<-c
	}
	in, fresh, err := h.Store.Receive(ctx, a, m)
	if c := h.after[m.ID]; c != nil {
		<-c
	}
	return in, fresh, err
}

func (h hindered) SaveTurn(ctx context.Context, t bot.Turn) (bot.Saved, error) {
	if h.save != nil {
		<-h.save
	}
	return h.Store.SaveTurn(ctx, t)
}

// Two messages are stored in order, and the goroutines that did it wake in the other.
func TestTurnsRunInTheOrderOfTheInbox(t *testing.T) {
	net, on := newNetwork(), make(chan struct{})
	r := startWith(t, setup{channel: net, front: func(s *store.Store) bot.Conversations {
		return hindered{Store: s, after: map[string]chan struct{}{"1": on}}
	}})
	go func() {
		if _, err := r.Receive(context.Background(), bot.Address{Channel: "net", Customer: "anna"}, dialog.Message{ID: "1", At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多久?"}); err != nil {
			t.Error(err)
		}
	}()
	for stored := 0; stored == 0; time.Sleep(time.Millisecond) {
		b, err := r.store.Backlog(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		stored = b.Messages
	}
	r.say(t, "anna", "2", "备案要多少钱?")
	time.Sleep(100 * time.Millisecond) // its turn would be over
	close(on)
	net.await(t, 2)
	if got := net.texts(); !strings.Contains(got[0], "工作日") {
		t.Errorf("answered in the order 2, 1: %q", got)
	}
}

// The turn before ends while a message is being stored: that does not end what its request waits for.
func TestARequestWaitsForItsOwnTurn(t *testing.T) {
	net, on, save := newNetwork(), make(chan struct{}), make(chan struct{})
	r := startWith(t, setup{channel: net, front: func(s *store.Store) bot.Conversations {
		return hindered{Store: s, before: map[string]chan struct{}{"2": on}, save: save}
	}})
	r.say(t, "anna", "1", "备案要多久?") // its own request is gone already
	second := r.asking(t, "2", "备案要多少钱?", time.Minute)
	save <- struct{}{}
	for left := 1; left > 0; time.Sleep(time.Millisecond) { // the first turn ends
		b, err := r.store.Backlog(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		left = b.Messages
	}
	time.Sleep(100 * time.Millisecond)
	close(on)
	close(save)
	got := <-second
	if n := len(got.Parts); got.Pending || n == 0 || !strings.Contains(got.Parts[n-1].Part.Text, "免费") {
		t.Errorf("%+v", got)
	}
}

type panicky struct{}

func (panicky) Check(context.Context, dialog.DomainName) dialog.Evidence {
	panic("an answer nobody thought of")
}

func TestAPanicInALookupHasFoundOutNothing(t *testing.T) {
	net := newNetwork()
	r := startWith(t, setup{channel: net, domains: panicky{}})
	r.say(t, "anna", "1", "帮我查 example.cn")
	net.await(t, 2)
	if got := net.texts(); len(got) != 2 || !strings.Contains(got[1], "备案条件检查") {
		t.Errorf("said %q", got)
	}
	if b, err := r.store.Backlog(context.Background()); err != nil || b.Lookups != 0 {
		t.Errorf("left for the next start: %+v, %v", b, err)
	}
}

// Rows that a start cannot read keep nobody else waiting, and are not read again.
func TestUnreadableRowsAreAnsweredWithAnApology(t *testing.T) {
	file, net := filepath.Join(t.TempDir(), "s.db"), newNetwork()
	start(t, file, net, true).end()
	db, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO inbox (channel, customer, external_id, body, at) VALUES ('net', 'anna', '1', '{"At":7}', 1), ('net', 'bert', '2', '{"Kind":"text","Text":"备案要多久?"}', 1);
		INSERT INTO lookups (channel, customer, body, at) VALUES ('net', 'carl', '', 1)`); err != nil {
		t.Fatal(err)
	}
	r := start(t, file, net, true)
	net.await(t, 3)
	sorry := 0
	for _, text := range net.texts() {
		if text == engine().Knowledge().Sentences.Unreachable.ZH {
			sorry++
		}
	}
	if b, err := r.store.Backlog(context.Background()); err != nil || b.Messages != 0 || b.Lookups != 0 || sorry != 2 {
		t.Errorf("said %q, still to do %+v, %v", net.texts(), b, err)
	}
}

func TestFloodOfOneLeavesOthersAlone(t *testing.T) {
	net := newNetwork()
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	refused := 0
	for i := range 1000 {
		m := dialog.Message{ID: fmt.Sprint("f", i), At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多久?"}
		_, err := r.Receive(context.Background(), bot.Address{Channel: "net", Customer: "flood"}, m)
		if errors.Is(err, bot.ErrBusy) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	m := dialog.Message{ID: "x", At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多少钱?"}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	got, err := r.Ask(ctx, bot.Address{Channel: "net", Customer: "anna"}, m)
	if err != nil || len(got.Parts) != 1 {
		t.Errorf("beside the flood: %+v, %v", got, err)
	}
	got.Settle(context.Background(), 1)
	net.await(t, 1000-refused)
}

// The response to a message was lost, and a flood of the same customer comes before the network asks again.
func TestARepeatIsAnsweredBesideAFlood(t *testing.T) {
	save := make(chan struct{}, 1)
	r := startWith(t, setup{channel: newNetwork(), front: func(s *store.Store) bot.Conversations { return hindered{Store: s, save: save} }})
	defer close(save)
	save <- struct{}{}
	if first := <-r.asking(t, "1", "备案要多久?", time.Minute); len(first.Parts) != 1 {
		t.Fatal(first)
	}
	var err error
	for i := 0; err == nil; i++ {
		m := dialog.Message{ID: fmt.Sprint("f", i), At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多久?"}
		_, err = r.Receive(t.Context(), bot.Address{Channel: "net", Customer: "anna"}, m)
	}
	if !errors.Is(err, bot.ErrBusy) {
		t.Fatal(err)
	}
	if again := <-r.asking(t, "1", "备案要多久?", time.Second); again == nil || len(again.Parts) != 1 {
		t.Errorf("again %+v", again)
	}
}

// bareCommits is how many commits a second one connection makes with synchronous=FULL, on this disk at this time.
func bareCommits(b *testing.B) float64 {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE t (n INTEGER)"); err != nil {
		b.Fatal(err)
	}
	const n = 1000
	begun := time.Now()
	for i := range n {
		if _, err := db.Exec("INSERT INTO t VALUES (?)", i); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(begun).Seconds()
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTurns is a question through the whole durable path (inbox, turn, outbox, settled), 200 customers at once, synchronous=FULL, beside bare
// commits of one connection in the same run.
func BenchmarkTurns(b *testing.B) {
	net := newNetwork()
	r := start(b, filepath.Join(b.TempDir(), "s.db"), net, true)
	work := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for w := range 200 {
		wg.Go(func() {
			a := bot.Address{Channel: "net", Customer: bot.CustomerID(fmt.Sprint(w))}
			for i := range work {
				begun := time.Now()
				got, err := r.Ask(context.Background(), a, dialog.Message{ID: fmt.Sprint(i), At: begun, Kind: dialog.TextMessage, Text: "备案要多久?"})
				if err != nil || len(got.Parts) == 0 {
					b.Error(got, err)
					continue
				}
				if err := got.Settle(context.Background(), len(got.Parts)); err != nil {
					b.Error(err)
				}
				mu.Lock()
				took = append(took, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	bare := bareCommits(b)
	begun, spent, i := time.Now(), cpu(), 0
	for b.Loop() {
		i++
		work <- i
	}
	close(work)
	wg.Wait()
	slices.Sort(took)
	rate := float64(len(took)) / time.Since(begun).Seconds()
	b.ReportMetric(rate, "turns/s")
	b.ReportMetric(rate/bare, "x-bare-commits")
	b.ReportMetric(float64((cpu()-spent).Microseconds())/float64(len(took)), "cpu-us/turn")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
