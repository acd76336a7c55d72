package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
	"beianbot/dialog"
	"beianbot/knowledge"
)

const result = "备案条件检查" // what the result of a domain check says

// impatient makes WeChat wait two seconds instead of five.
func impatient(s *wechattest.Server) { s.Patience, s.Pause = 2*time.Second, 100*time.Millisecond }

// quick makes the channel answer at once with what it has, though WeChat would wait.
func quick(o *wechat.Options) { o.Patience, o.ReplyWithin = 5*time.Second, 200*time.Millisecond }

// depth counts the messages that are not sent, by state.
func (r *rig) depth(state string) (n int) {
	depths, err := r.store.Depths(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range depths {
		if d.State == state {
			n += d.N
		}
	}
	return n
}

// held waits until messages wait for the customer, and nothing else does.
func (r *rig) held() {
	r.t.Helper()
	r.await("held messages", func() bool { return r.depth("held") > 0 && r.depth("waiting") == 0 })
}

func TestWhatIsLateFollowsByCustomerMessage(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, with: quick})
	if m := r.say(anna, "帮我查 example.cn"); strings.Contains(m.Text, result) {
		t.Fatalf("first %+v", m)
	}
	close(slow)
	if m := r.seen(anna, 2)[1]; m.Via != "customer" || !strings.Contains(m.Text, result) || len(m.Links) == 0 || m.Tail == "" {
		t.Errorf("then %+v", m)
	}
	if p := r.net.Customer(anna).Posts; len(p) != 1 || p[0].Tries != 1 {
		t.Errorf("posts %+v", p)
	}
}

func TestWithoutCustomerMessagesWeChatsOwnTriesAreUsed(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, silent: true, fake: impatient})
	r.net.Say(anna, "帮我查 example.cn")
	r.await("the second try", func() bool { return r.net.Customer(anna).Posts[0].Tries == 2 })
	close(slow)
	if m := r.seen(anna, 1)[0]; m.Via != "passive" || !strings.Contains(m.Text, result) || !strings.Contains(m.Text, "正在查") {
		t.Errorf("saw %+v", m)
	}
	r.settled()
	if c := r.net.Customer(anna); len(c.Seen) != 1 || c.Posts[0].Tries != 2 {
		t.Errorf("%d messages after %d tries", len(c.Seen), c.Posts[0].Tries)
	}
	if n := r.net.Calls("/cgi-bin/message/custom/send"); n != 0 {
		t.Errorf("%d customer messages", n)
	}
}

func TestWithoutCustomerMessagesTheNextWordBringsTheResult(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, silent: true, fake: impatient})
	if m := r.say(anna, "帮我查 example.cn"); m.Via != "passive" || strings.Contains(m.Text, result) || !strings.Contains(m.Text, "回复 1 查看结果") {
		t.Fatalf("the last try %+v", m)
	}
	if n := r.net.Customer(anna).Posts[0].Tries; n != wechattest.Tries {
		t.Errorf("answered at try %d", n)
	}
	close(slow)
	r.held()
	m := r.say(anna, "1")
	if m.Via != "passive" || !strings.Contains(m.Text, result) {
		t.Fatalf("to the 1: %+v", m)
	}
	// The promise is kept: from now on 1 is the first option of what was shown.
	first := m.Labels()[0]
	if m := r.say(anna, "1"); !strings.Contains(m.Text, "五个条件") {
		t.Errorf("to the second 1, which is %s: %+v", first, m)
	}
	// The old link asks for what is waiting; nothing is.
	if !r.net.Tap(anna, "还要一会儿。过几秒回复 1 查看结果") {
		t.Fatal("no link")
	}
	if m := r.seen(anna, 4)[3]; !strings.Contains(m.Text, "没有没答完") {
		t.Errorf("to the link: %+v", m)
	}
}

func TestAnotherWordBringsTheResultAsWell(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, silent: true, fake: impatient})
	r.say(anna, "帮我查 example.cn")
	close(slow)
	r.held()
	first := r.say(anna, "备案要收费吗?")
	if !strings.Contains(first.Text, result) {
		t.Errorf("saw %+v", first)
	}
	if saysMore(first) { // both do not fit into one message
		if second := r.say(anna, "1"); !strings.Contains(second.Text, "免费") || strings.Contains(second.Text, result) {
			t.Errorf("then %+v", second)
		}
	} else if strings.Index(first.Text, "免费") < strings.Index(first.Text, result) {
		t.Errorf("in the wrong order, or without an answer: %+v", first)
	}
}

// loser loses responses on the way back.
type loser struct {
	http.Handler
	n atomic.Int64
}

func (l *loser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.n.Add(-1) >= 0 {
		l.Handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	l.Handler.ServeHTTP(w, r)
}

func TestALostResponseComesAgainAndNothingTwice(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent=", silent), func(t *testing.T) {
			t.Parallel()
			l := &loser{}
			r := start(t, setup{silent: silent, fake: impatient, front: func(h http.Handler) http.Handler { l.Handler = h; return l }})
			l.n.Store(2)
			m := r.say(anna, "帮我查 example.cn")
			if m.Via != "passive" || !strings.Contains(m.Text, result) || !strings.Contains(m.Text, "正在查") {
				t.Errorf("saw %+v", m)
			}
			r.settled()
			if c := r.net.Customer(anna); len(c.Seen) != 1 || c.Posts[0].Tries != 3 {
				t.Errorf("%d messages after %d tries", len(c.Seen), c.Posts[0].Tries)
			}
			if m := r.say(anna, "备案要收费吗?"); strings.Contains(m.Text, result) || !strings.Contains(m.Text, "免费") {
				t.Errorf("then %+v", m)
			}
		})
	}
}

func TestRestartsLoseNothing(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	net := wechattest.New()
	t.Cleanup(net.Close)
	file := filepath.Join(t.TempDir(), "s.db")
	r := start(t, setup{net: net, file: file, slow: slow, fake: impatient})
	r.say(anna, "帮我查 example.cn")
	r.stop()
	net.Say(ben, "备案要收费吗?") // while nobody is there
	open := make(chan struct{})
	close(open)
	r = start(t, setup{net: net, file: file, slow: open})
	if m := r.seen(anna, 2)[1]; m.Via != "customer" || !strings.Contains(m.Text, result) {
		t.Errorf("anna saw %+v", m)
	}
	if m := r.seen(ben, 1)[0]; !strings.Contains(m.Text, "免费") {
		t.Errorf("ben saw %+v", m)
	}
	if n := net.Calls("/cgi-bin/stable_token"); n != 1 {
		t.Errorf("%d tokens fetched; it is kept over the restart", n)
	}
}

// The first try waits for the look-up when the program is restarted; what the look-up brings then is for the next try.
func TestASilentAccountAnswersTheTryAfterARestart(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	net := wechattest.New()
	t.Cleanup(net.Close)
	file := filepath.Join(t.TempDir(), "s.db")
	fake := func(s *wechattest.Server) { s.Pause = 1500 * time.Millisecond }
	r := start(t, setup{net: net, file: file, slow: slow, silent: true, fake: fake})
	net.Say(anna, "帮我查 example.cn")
	r.await("the look-up", func() bool { b, _ := r.store.Backlog(context.Background()); return b.Lookups > 0 })
	r.stop()
	close(slow)
	r = start(t, setup{net: net, file: file, slow: slow, silent: true})
	if m := r.seen(anna, 1)[0]; m.Via != "passive" || !strings.Contains(m.Text, result) {
		t.Errorf("saw %+v", m)
	}
}

func TestTheLedgerIsAskedAndTheRestWaits(t *testing.T) {
	t.Parallel()
	r := start(t, setup{cases: longCase{strings.Repeat("网站名称不能带“中国”字样，请改名后重新提交。", 200)}})
	r.say(anna, "查进度 BA20261101006")
	r.net.Say(anna, "6612")
	r.seen(anna, 7) // the question, one passive message, five by customer message
	r.held()
	if n := r.net.Calls("/cgi-bin/message/custom/send"); n != 5 {
		t.Errorf("%d customer messages tried; the ledger knows that WeChat takes 5", n)
	}
	r.net.Say(anna, "备案要收费吗?")
	r.await("all of it", func() bool {
		c := r.net.Customer(anna)
		return strings.Contains(c.Seen[len(c.Seen)-1].Text, "免费")
	})
	r.net.Advance(49 * time.Hour)
	a := bot.Address{Channel: wechat.Name, Customer: anna}
	if _, err := r.channel.Deliver(context.Background(), bot.Outgoing{Address: a, Part: bot.Part{Text: "late"}}); err == nil || !strings.Contains(err.Error(), "waiting for the customer") {
		t.Errorf("after the window: %v", err)
	}
}

// She had unfollowed, say, and comes back while a message to her is being refused.
func TestARefusalUnderWayWhileSheWritesSwallowsNothing(t *testing.T) {
	t.Parallel()
	const send = "/cgi-bin/message/custom/send"
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, with: quick})
	r.say(anna, "帮我查 example.cn")
	r.await("a token", func() bool { return r.net.Calls("/cgi-bin/stable_token") > 0 })
	r.net.Fail(send, wechattest.Fault{Code: 45015, Slow: time.Second})
	close(slow)
	r.await("the call", func() bool { return r.net.Calls(send) > 0 })
	r.net.Say(anna, "备案要收费吗?")
	r.await("both", func() bool {
		var all []string
		for _, m := range r.net.Customer(anna).Seen {
			all = append(all, m.Text)
		}
		text := strings.Join(all, "")
		return strings.Contains(text, result) && strings.Contains(text, "免费")
	})
	reach, err := r.store.Reach(context.Background(), bot.Address{Channel: wechat.Name, Customer: anna})
	if c := r.net.Customer(anna); err != nil || reach.Left > c.Left || reach.Left == 0 {
		t.Errorf("ledger %+v, %v; WeChat would take %d", reach, err, c.Left)
	}
}

// slowRecord stalls the first record of a response, as a disk does that hangs for a moment.
type slowRecord struct {
	bot.Outbox
	once sync.Once
}

func (s *slowRecord) SettlePassive(ctx context.Context, inbox int64, sent, free []int64, now time.Time) error {
	if len(sent) > 0 {
		s.once.Do(func() { time.Sleep(2200 * time.Millisecond) }) // ends during WeChat's second try
	}
	return s.Outbox.SettlePassive(ctx, inbox, sent, free, now)
}

func TestAStallWhileTheResponseIsRecordedLosesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, setup{fake: impatient, outbox: func(o bot.Outbox) bot.Outbox { return &slowRecord{Outbox: o} }})
	r.net.Say(anna, "备案要收费吗?")
	r.settled()
	if c := r.net.Customer(anna); len(c.Seen) != 1 || !strings.Contains(c.Seen[0].Text, "免费") {
		t.Errorf("after %d tries anna saw %+v", c.Posts[0].Tries, c.Seen)
	}
}

// slowHeld delays the record of Held, as a busy disk does.
type slowHeld struct {
	bot.Outbox
	begun chan struct{}
	once  sync.Once
}

func (s *slowHeld) Settle(ctx context.Context, id int64, o bot.Outcome, now time.Time) error {
	if o.State == "held" {
		s.once.Do(func() { close(s.begun); time.Sleep(200 * time.Millisecond) })
	}
	return s.Outbox.Settle(ctx, id, o, now)
}

// lateDisk takes a message only at WeChat's last try, and then stalls while the answer is being noted.
type lateDisk struct {
	bot.Asker
	last func() bool
}

func (d lateDisk) Ask(ctx context.Context, a bot.Address, m dialog.Message) (*bot.Answer, error) {
	if !d.last() {
		return nil, errors.New("disk I/O error")
	}
	return d.Asker.Ask(ctx, a, m)
}

type stalled struct{ bot.Outbox }

func (s stalled) SettlePassive(ctx context.Context, inbox int64, sent, free []int64, now time.Time) error {
	time.Sleep(2 * time.Second)
	return s.Outbox.SettlePassive(ctx, inbox, sent, free, now)
}

func TestADiskThatStallsAtTheLastTryEndsInNoApology(t *testing.T) {
	t.Parallel()
	var r *rig
	r = start(t, setup{fake: impatient, outbox: func(o bot.Outbox) bot.Outbox { return stalled{o} }, ask: func(a bot.Asker) bot.Asker {
		return lateDisk{a, func() bool { return r.net.Customer(anna).Posts[0].Tries == wechattest.Tries }}
	}})
	if m := r.say(anna, "备案要收费吗?"); m.Via != "passive" || !strings.Contains(m.Text, "再发一次") {
		t.Errorf("she was told: %+v", m)
	}
}

func TestTheOneThatComesWhileTheResultIsBeingHeld(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	s := &slowHeld{begun: make(chan struct{})}
	r := start(t, setup{slow: slow, silent: true, fake: impatient, outbox: func(o bot.Outbox) bot.Outbox { s.Outbox = o; return s }})
	r.say(anna, "帮我查 example.cn")
	close(slow)
	<-s.begun
	if m := r.say(anna, "1"); !strings.Contains(m.Text, result) {
		t.Errorf("held %d; she was told: %s", r.depth("held"), m.Text)
	}
}

func TestEveryFaultOfCustomerMessages(t *testing.T) {
	const send, token = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
	fault := func(f ...wechattest.Fault) func(*rig) {
		return func(r *rig) { r.net.Fail(send, f...) }
	}
	for name, c := range map[string]struct {
		before func(r *rig)
		pass   time.Duration // moves the clock after every try that failed
		after  func(r *rig)
		seen   int  // results that anna sees; 0: it waits for her next message
		never  bool // or it is refused
		down   string
		check  func(t *testing.T, r *rig)
	}{
		"window closed unseen":  {before: fault(wechattest.Fault{Code: 45015})},
		"count used up unseen":  {before: fault(wechattest.Fault{Code: 45047})},
		"system busy":           {before: fault(wechattest.Fault{Code: -1}), pass: 5 * time.Second, seen: 1},
		"too many a minute":     {before: fault(wechattest.Fault{Code: 45011}), pass: time.Minute, seen: 1},
		"too many a day":        {before: fault(wechattest.Fault{Code: 45009}), pass: 10 * time.Minute, seen: 1, down: "45009"},
		"bad gateway":           {before: fault(wechattest.Fault{Status: 502}, wechattest.Fault{Status: 503}), pass: 10 * time.Second, seen: 1},
		"no JSON":               {before: fault(wechattest.Fault{Garbage: true}), pass: 10 * time.Second, seen: 1},
		"cut before":            {before: fault(wechattest.Fault{Cut: "before"}), pass: 10 * time.Second, seen: 1},
		"cut after":             {before: fault(wechattest.Fault{Cut: "after"}), pass: 10 * time.Second, seen: 2}, // WeChat takes no key by which to know it again
		"slow":                  {before: fault(wechattest.Fault{Slow: 300 * time.Millisecond}), seen: 1},
		"unknown refusal":       {before: fault(wechattest.Fault{Code: 99999, Msg: "new"}), pass: 10 * time.Second, seen: 1},
		"unknown customer":      {before: fault(wechattest.Fault{Code: 40003}), never: true},
		"forbidden words":       {before: fault(wechattest.Fault{Code: 87014}), never: true},
		"too long all the same": {before: fault(wechattest.Fault{Code: 45002}), seen: 1},
		"refused unknown for good": {before: fault(slices.Repeat([]wechattest.Fault{{Code: 99999}}, 3)...), pass: 10 * time.Second, never: true, check: func(t *testing.T, r *rig) {
			if n := r.net.Calls(send); n != 3 || !strings.Contains(r.log.String(), "99999") {
				t.Errorf("%d calls\n%s", n, r.log)
			}
		}},
		"token revoked": {before: func(r *rig) { r.net.Revoke() }, seen: 1, check: func(t *testing.T, r *rig) {
			if n := r.net.Calls(token); n != 2 {
				t.Errorf("%d tokens fetched", n)
			}
		}},
		"token refused though the same": {before: fault(wechattest.Fault{Code: 42001}), seen: 1, check: func(t *testing.T, r *rig) {
			if n := r.net.Calls(token); n != 3 { // the first, the same again, a forced one
				t.Errorf("%d tokens fetched", n)
			}
		}},
		"token expired": {before: func(r *rig) { r.net.Advance(3 * time.Hour) }, seen: 1},
		"not in the whitelist": {before: func(r *rig) { r.net.Bar(true) }, pass: time.Minute, seen: 1, down: "IP白名单",
			after: func(r *rig) { r.net.Bar(false) }},
		"right lost": {before: func(r *rig) { r.net.Rights(false, true) }, down: "48001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := make(chan struct{})
			r := start(t, setup{slow: slow, with: quick})
			r.say(anna, "帮我查 example.cn")
			r.await("a token", func() bool { return r.net.Calls(token) > 0 })
			c.before(r)
			r.outbox.pass.Store(int64(c.pass))
			close(slow)
			if c.down != "" {
				r.await("down: "+c.down, func() bool { return strings.Contains(r.log.String(), c.down) })
			}
			if c.after != nil {
				c.after(r)
			}
			results := func() (n int) {
				for _, m := range r.net.Customer(anna).Seen {
					n += strings.Count(m.Text, result)
				}
				return n
			}
			switch {
			case c.seen > 0:
				r.await("the result", func() bool { return results() == c.seen })
				r.await("up", func() bool { return r.channel.Down() == "" })
			case c.never:
				r.await("refused", func() bool { return r.net.Calls(send) > 0 && r.depth("waiting") == 0 })
				if m := r.say(anna, "备案要收费吗?"); !strings.Contains(m.Text, "免费") || results() != 0 {
					t.Errorf("then %+v", m)
				}
			default:
				r.held()
				if m := r.say(anna, "备案要收费吗?"); m.Via != "passive" || results() != 1 {
					t.Errorf("with her next message: %+v", m)
				}
			}
			if c.check != nil {
				c.check(t, r)
			}
		})
	}
}

func TestHalvesOfWhatIsTooLongAreSaidOnce(t *testing.T) {
	for name, second := range map[string]wechattest.Fault{"fails": {Status: 502}, "has to wait": {Code: 45047}} {
		t.Run("the second "+name, func(t *testing.T) {
			t.Parallel()
			slow := make(chan struct{})
			r := start(t, setup{slow: slow, with: quick})
			r.say(anna, "帮我查 example.cn")
			r.net.Fail("/cgi-bin/message/custom/send", wechattest.Fault{Code: 45002}, wechattest.Fault{}, second)
			r.outbox.pass.Store(int64(10 * time.Second))
			close(slow)
			r.seen(anna, 2)
			if second.Code != 0 {
				r.held()
				r.net.Say(anna, "备案要收费吗?")
			}
			r.seen(anna, 3)
			said := ""
			for _, m := range r.net.Customer(anna).Seen[1:] {
				said += m.Text
			}
			for _, once := range []string{result, "1. 域名要求"} { // its beginning and its end
				if strings.Count(said, once) != 1 {
					t.Errorf("%s: not once in\n%s", once, said)
				}
			}
		})
	}
}

func TestAnOutageDoesNotUseUpTheCount(t *testing.T) {
	for name, c := range map[string]struct {
		path  string
		fault wechattest.Fault
		seen  int
	}{
		"gateway":      {"/cgi-bin/message/custom/send", wechattest.Fault{Status: 502}, 1},
		"token":        {"/cgi-bin/stable_token", wechattest.Fault{Status: 502}, 1},
		"lost answers": {"/cgi-bin/message/custom/send", wechattest.Fault{Cut: "after"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow, n := make(chan struct{}), 8
			if c.fault.Cut != "" {
				n = 3
			}
			r := start(t, setup{slow: slow, with: quick, fake: func(s *wechattest.Server) { s.Fail(c.path, slices.Repeat([]wechattest.Fault{c.fault}, n)...) }})
			r.say(anna, "帮我查 example.cn")
			r.outbox.pass.Store(int64(5 * time.Minute))
			close(slow)
			r.seen(anna, 1+c.seen)
			r.await("the record", func() bool { return r.depth("waiting") == 0 })
			if reach, err := r.store.Reach(context.Background(), bot.Address{Channel: wechat.Name, Customer: anna}); err != nil || reach.Left != 4 || r.depth("held") > 0 {
				t.Errorf("after one message of five, sent at last, the ledger knows %+v, %v", reach, err)
			}
		})
	}
}

func TestAThousandMessagesOfOneCustomer(t *testing.T) {
	t.Parallel()
	r := start(t, setup{})
	var posting sync.WaitGroup
	for range 10 {
		posting.Go(func() {
			for range 100 {
				r.net.Say(anna, "备案要多久?")
			}
		})
	}
	posting.Wait()
	if m := r.say(ben, "备案要收费吗?"); m.Via != "passive" || !strings.Contains(m.Text, "免费") {
		t.Errorf("ben saw %+v", m)
	}
	r.settled()
	for _, m := range r.net.Customer(anna).Seen {
		if m.Via == "apology" {
			t.Fatalf("WeChat apologises: %s", m.Tail)
		}
	}
	if m := r.say(anna, "备案要收费吗?"); m.Via == "apology" {
		t.Errorf("afterwards %+v", m)
	}
}

func TestLanguageOfHints(t *testing.T) {
	s := engine().Knowledge().Sentences
	for _, text := range []knowledge.Text{s.MoreWaiting, s.ResultWaiting} {
		if !strings.Contains(text.ZH, "回复 1") || !strings.Contains(text.EN, "reply 1") {
			t.Errorf("the hint does not name the 1 that it promises: %v", text)
		}
	}
}
