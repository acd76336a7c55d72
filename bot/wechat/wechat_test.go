package wechat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/bottest"
	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

const anna, ben = "oANNA_1aB-xyz", "oBEN_2cD-xyz"

var engine = sync.OnceValue(func() *dialog.Engine {
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Operator: knowledge.Operator{Name: "示例云", Phone: "400-000-0000", FilingSystemURL: "https://ba.example.cn",
		Hours: knowledge.Text{ZH: "周一至周五 09:00–18:00", EN: "Mon–Fri 09:00–18:00"}}})
	if err != nil {
		panic(err)
	}
	return dialog.NewEngine(k, nil)
})

// log collects what is logged, to look for secrets, and wakes those who await what is logged.
type log struct {
	net *wechattest.Server
	mu  sync.Mutex
	b   bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	defer l.net.Advance(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// outbox wakes those who await what became of a message, once that is stored, and moves the clock on for one that is to be tried later.
type outbox struct {
	bot.Outbox
	net  *wechattest.Server
	pass atomic.Int64 // time.Duration
}

func (o *outbox) Settle(ctx context.Context, id int64, out bot.Outcome, now time.Time) error {
	err := o.Outbox.Settle(ctx, id, out, now)
	pass := time.Duration(0)
	if out.State == "waiting" && !strings.Contains(out.Why, "goes first") { // that is of this clock
		pass = time.Duration(o.pass.Load())
	}
	o.net.Advance(pass)
	return err
}

// rig is the real channel with the real service and a real store, against WeChat in a box.
type rig struct {
	t       testing.TB
	net     *wechattest.Server
	channel *wechat.Channel
	service *bot.Service
	store   *store.Store
	outbox  *outbox
	hook    *httptest.Server
	log     *log
	stop    func()
}

type setup struct {
	mode   wechattest.Mode
	silent bool                        // no customer messages
	net    *wechattest.Server          // one that outlives this rig
	file   string                      // of the store
	world  *time.Time                  // the stories' day
	slow   chan struct{}               // domain checks wait for it
	ask    func(bot.Asker) bot.Asker   // stands between channel and service
	outbox func(bot.Outbox) bot.Outbox // stands between service and store
	with   func(o *wechat.Options)
	fake   func(s *wechattest.Server) // before anything runs
	cases  bot.Cases
	front  func(http.Handler) http.Handler // stands between WeChat and the channel
	quiet  *slog.Logger                    // in place of the one whose lines are kept
}

// slowly checks domains when the test lets it.
type slowly struct{ open chan struct{} }

func (s slowly) Check(ctx context.Context, _ dialog.DomainName) dialog.Evidence {
	select {
	case <-s.open:
	case <-ctx.Done():
	}
	return dialog.Evidence{Source: "whois"}
}

func start(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{t: t, net: s.net}
	if r.net == nil {
		r.net = wechattest.New()
		t.Cleanup(r.net.Close)
	}
	r.log = &log{net: r.net}
	if s.mode != "" {
		r.net.Mode = s.mode
	}
	if s.fake != nil {
		s.fake(r.net)
	}
	if s.file == "" {
		s.file = filepath.Join(t.TempDir(), "s.db")
	}
	var err error
	if r.store, err = store.Open(context.Background(), s.file, true); err != nil {
		t.Fatal(err)
	}
	day := time.Now()
	if s.world != nil {
		day = *s.world
	}
	lookups := bottest.World{Now: day}.Lookups()
	if s.slow != nil {
		lookups.Domains = slowly{s.slow}
	}
	if s.cases != nil {
		lookups.Cases = s.cases
	}
	if s.world == nil {
		lookups.Now = r.net.Now
	}
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.quiet != nil {
		logger = s.quiet
	}
	r.outbox = &outbox{Outbox: r.store, net: r.net}
	if s.outbox != nil {
		r.outbox.Outbox = s.outbox(r.store)
	}
	r.service = bot.NewService(r.store, r.outbox, lookups, engine(), logger)
	menu, err := wechat.ReadMenu(wechat.DefaultMenu())
	if err != nil {
		t.Fatal(err)
	}
	o := wechat.Options{AppID: r.net.AppID, AppSecret: r.net.Secret, Token: r.net.Token, Key: r.net.Key, APIURL: r.net.URL(), CustomerMessages: !s.silent, PublicURL: "https://help.example.cn",
		Menu: menu, Settings: r.store, Ledger: r.store, Sentences: engine().Knowledge().Sentences, Log: logger, Now: r.net.Now}
	if r.net.Mode == wechattest.Plain {
		o.Key = ""
	}
	if p := r.net.Patience; p != 5*time.Second {
		o.Patience, o.ReplyWithin = p*9/10, p*4/10 // so early that a busy machine is in time too
	}
	if s.with != nil {
		s.with(&o)
	}
	in := bot.Asker(r.service)
	if s.ask != nil {
		in = s.ask(in)
	}
	if r.channel, err = wechat.New(in, o); err != nil {
		t.Fatal(err)
	}
	handler := r.channel.Handler()
	if s.front != nil {
		handler = s.front(handler)
	}
	r.hook = httptest.NewServer(handler)
	r.net.Connect(r.hook.URL + wechat.Path)
	r.service.Add(r.channel)
	if err := r.service.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.channel.Run(ctx); close(ended) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		r.hook.CloseClientConnections()
		r.hook.Close()
		<-ended
		quiet, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		r.service.Stop(quiet)
		r.store.Close()
		if strings.Contains(r.log.String(), "SECRET") || strings.Contains(r.log.String(), r.net.Key) {
			t.Errorf("a secret is in the log:\n%s", r.log)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) await(what string, holds func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if r.net.Await(ctx, holds) != nil {
		r.t.Fatalf("never: %s\nanna: %.3000s\n%s", what, fmt.Sprintf("%+v", r.net.Customer(anna)), r.log)
	}
}

// seen waits until a customer has seen n messages, and gives them.
func (r *rig) seen(who string, n int) []wechattest.Seen {
	r.t.Helper()
	r.await(fmt.Sprintf("%d messages to %s", n, who), func() bool { return len(r.net.Customer(who).Seen) >= n })
	return r.net.Customer(who).Seen
}

// settled waits until everything posted is answered.
func (r *rig) settled() { r.t.Helper(); r.await("everything answered", r.net.Idle) }

// say says something and gives what the customer sees next.
func (r *rig) say(who, text string) wechattest.Seen {
	r.t.Helper()
	n := len(r.net.Customer(who).Seen)
	r.net.Say(who, text)
	return r.seen(who, n+1)[n]
}

func TestAnswersInEveryMode(t *testing.T) {
	for _, mode := range []wechattest.Mode{wechattest.Plain, wechattest.Compatible, wechattest.Safe} {
		t.Run(string(mode), func(t *testing.T) {
			r := start(t, setup{mode: mode})
			if err := r.net.Verify(context.Background()); err != nil {
				t.Fatal(err)
			}
			m := r.say(anna, "备案要多久?")
			if m.Via != "passive" || !strings.Contains(m.Text, "工作日") || len(m.Links) == 0 || !strings.Contains(m.Text, "1. ") {
				t.Errorf("anna saw %+v", m)
			}
			if m := r.say(ben, "备案要收费吗?"); m.Via != "passive" || !strings.Contains(m.Text, "免费") {
				t.Errorf("ben saw %+v", m)
			}
		})
	}
}

func TestStoriesRunUnchanged(t *testing.T) {
	stories, err := bottest.Stories("../../dialog/testdata/transcripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent=", silent), func(t *testing.T) {
			day := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
			r := start(t, setup{world: &day, silent: silent})
			for i, story := range stories {
				t.Run(story.Name, func(t *testing.T) { r.play(t, fmt.Sprintf("oSTORY%d", i), story, silent) })
			}
		})
	}
}

// play plays a story. Replies that are ready together come as one message; those longer than a message as several, the later ones by customer message, or for an
// account without them when the customer asks on.
func (r *rig) play(t *testing.T, who string, story bottest.Story, silent bool) {
	n := 0
	for _, turn := range story.Turns {
		if turn.Said == "" {
			t.Skip("WeChat carries no empty message")
		}
		r.net.Say(who, turn.Said)
		var text string
		var labels []string
		for _, want := range turn.Replies {
			for { // more of what is on its way until it is all there
				at := strings.Index(text, want.Text)
				ends := at >= 0 && (want.Begins || len(text) == at+len(want.Text) || text[at+len(want.Text)] == '\n')
				if ends && strings.HasSuffix(strings.Join(labels, "|"), strings.Join(want.Options, "|")) && (at == 0 || text[at-1] == '\n') {
					break
				}
				if silent && n > 0 && n == len(r.net.Customer(who).Seen) && saysMore(r.net.Customer(who).Seen[n-1]) {
					r.net.Say(who, "1")
				}
				if n == len(r.net.Customer(who).Seen) && r.net.Idle() && silent {
					t.Fatalf("after %q: want %q with options %q, got %q with %q", turn.Said, want.Text, want.Options, text, labels)
				}
				m := r.seen(who, n+1)[n]
				n++
				if m.Via == "apology" {
					t.Fatalf("after %q: WeChat apologises: %s", turn.Said, m.Tail)
				}
				text = strings.TrimSpace(text + "\n" + m.Text)
				labels = append(labels, m.Labels()...)
			}
		}
		r.settled()
	}
}

func saysMore(m wechattest.Seen) bool {
	return strings.Contains(m.Text, "回复 1") || strings.Contains(m.Text, "reply 1")
}

func TestALongAnswerComesInPieces(t *testing.T) {
	long := longCase{note: strings.Repeat("网站名称不能带“中国”字样，请改名后重新提交。", 80)}
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent=", silent), func(t *testing.T) {
			r := start(t, setup{silent: silent, cases: long})
			r.say(anna, "查进度 BA20261101006")
			r.net.Say(anna, "6612")
			whole := ""
			for n := 1; ; n++ {
				m := r.seen(anna, n+1)[n]
				if m.Via == "apology" {
					t.Fatal(m.Tail)
				}
				want := "customer"
				if silent || n == 1 {
					want = "passive"
				}
				if m.Via != want {
					t.Errorf("message %d came by %s", n, m.Via)
				}
				whole += m.Text
				if strings.Contains(strings.Join(m.Labels(), "|"), "已解决") {
					break
				}
				if silent {
					if !saysMore(m) {
						t.Fatalf("no word that more is waiting: %s", m.Text)
					}
					r.net.Say(anna, "1")
				}
			}
			if n := strings.Count(whole, "重新提交。"); n < 70 {
				t.Errorf("%d sentences of the note arrived", n)
			}
		})
	}
}

func TestCharactersThatXMLDoesNotKnowAreLeftOut(t *testing.T) {
	note := "网站名称不能带“中国”字样，\x0b请改名后重新提交。" // Excel's line break within a cell
	r := start(t, setup{cases: longCase{note + strings.Repeat(note, 40)}})
	r.say(anna, "查进度 BA20261101006")
	r.net.Say(anna, "6612")
	for i, m := range r.seen(anna, 3)[1:3] {
		if want := []string{"passive", "customer"}[i]; m.Via != want || !strings.Contains(m.Text, "字样，请改名") {
			t.Errorf("%+v", m)
		}
	}
}

// longCase is a case whose reviewer wrote much.
type longCase struct{ note string }

func (l longCase) Find(context.Context, string, string, bool) (*dialog.Case, time.Time, error) {
	return &dialog.Case{CaseNo: "BA20261101006", Status: knowledge.ReturnedByProvider, StatusAt: time.Now(), Note: l.note}, time.Now(), nil
}

func TestTapTakesItsOption(t *testing.T) {
	for _, silent := range []bool{false, true} {
		r := start(t, setup{silent: silent})
		first := r.say(anna, "公司备案要什么材料?")
		if !r.net.Tap(anna, "首次备案") {
			t.Fatalf("nothing to tap in %+v", first)
		}
		if m := r.seen(anna, 2)[1]; !strings.Contains(m.Text, "省份") {
			t.Errorf("saw %+v", m)
		}
		r.say(anna, "你好")
		// An old list still means what it meant.
		if !r.net.Tap(anna, "变更备案") {
			t.Fatal("the old list is gone")
		}
		r.seen(anna, 4)
		if c, err := r.store.Load(context.Background(), bot.Address{Channel: wechat.Name, Customer: anna}); err != nil || c.Slots.FilingType != "change" {
			t.Errorf("after the tap: %+v, %v", c.Slots, err)
		}
		// And so does a typed number, of the last list.
		r.say(ben, "你好")
		if m := r.say(ben, "4"); !strings.Contains(m.Text, "订单编号") {
			t.Errorf("ben saw %+v", m)
		}
	}
}

func TestEveryKindIsAnswered(t *testing.T) {
	r := start(t, setup{})
	file := wechattest.Text("MediaId", "media-9x")
	for i, c := range []struct {
		kind string
		own  []wechattest.Field
		want string
	}{
		{"image", []wechattest.Field{file, wechattest.Text("PicUrl", "http://mmbiz.qpic.cn/x")}, "图片"},
		{"voice", []wechattest.Field{file, wechattest.Text("Format", "amr")}, "语音"},
		{"voice", []wechattest.Field{file, wechattest.Text("Recognition", "备案要多久")}, "工作日"},
		{"video", []wechattest.Field{file, wechattest.Text("ThumbMediaId", "t")}, "图片"},
		{"shortvideo", []wechattest.Field{file}, "图片"},
		{"location", []wechattest.Field{{Name: "Location_X", XML: "39.9"}, {Name: "Location_Y", XML: "116.3"}, wechattest.Text("Label", "北京市海淀区")}, "位置"},
		{"link", []wechattest.Field{wechattest.Text("Title", "a"), wechattest.Text("Url", "https://example.cn/a")}, "文字"},
		{"file", []wechattest.Field{file, wechattest.Text("Title", "a.pdf")}, "文件"},
		{"hologram", []wechattest.Field{{Name: "Nested", XML: "<A><B>1</B></A>"}}, "文字"},
		{"text", []wechattest.Field{wechattest.Text("Content", "菜单"), wechattest.Text("bizmsgmenuid", "case-1 中文")}, ""},
		{"text", []wechattest.Field{wechattest.Text("Content", "<!DOCTYPE html> 备案要多久? \x0b]]>")}, "工作日"},
	} {
		who := fmt.Sprintf("oKIND%d", i)
		r.net.Send(who, c.kind, c.own...)
		if m := r.seen(who, 1)[0]; m.Via != "passive" || !strings.Contains(m.Text, c.want) {
			t.Errorf("%s %v: %+v", c.kind, c.own, m)
		}
	}
}

func TestEvents(t *testing.T) {
	r := start(t, setup{})
	for i, c := range []struct {
		do   func(who string)
		want string
	}{
		{func(w string) { r.net.Follow(w, "") }, "备案助手"},
		{func(w string) { r.net.Follow(w, "topic-fees") }, "免费"},
		{func(w string) { r.net.Follow(w, "case_BA20261101006") }, "后四位"},
		{func(w string) { r.net.Scan(w, "topic_duration") }, "工作日"},
		{func(w string) { r.net.Scan(w, "123") }, "备案助手"},
		{func(w string) { r.net.Click(w, "topic:case_status") }, "订单编号"},
		{func(w string) { r.net.Click(w, "act:privacy") }, "示例云"},
		{func(w string) { r.net.Click(w, "备案要收费吗") }, "免费"},
	} {
		who := fmt.Sprintf("oEVENT%d", i)
		c.do(who)
		if m := r.seen(who, 1)[0]; m.Via != "passive" || !strings.Contains(m.Text, c.want) {
			t.Errorf("%d: %+v", i, m)
		}
	}
	// Events in which nobody says anything are acknowledged, no more.
	r.net.Unfollow(anna)
	r.net.Event(anna, "VIEW", wechattest.Text("EventKey", "https://example.cn"))
	r.net.Event(anna, "LOCATION", wechattest.Field{Name: "Latitude", XML: "1.5"})
	r.net.Event(anna, "never_seen_before", wechattest.Text("EventKey", "x"))
	r.net.Consent(ben, "template-1")
	r.settled()
	for _, who := range []string{anna, ben} {
		for _, p := range r.net.Customer(who).Posts {
			if !p.Done || p.Tries != 1 || p.Body != "success" {
				t.Errorf("%+v", p)
			}
		}
	}
	reach := func(who string) bot.Reach {
		got, err := r.store.Reach(context.Background(), bot.Address{Channel: wechat.Name, Customer: bot.CustomerID(who)})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := reach(ben); got.Consents != 1 {
		t.Errorf("consents %+v", got)
	}
	if got := reach(anna); !got.Known || got.Left != 0 {
		t.Errorf("after unfollowing %+v", got)
	}
	if got := reach("oEVENT0"); got.Left != 3 || got.WindowEnd.Sub(r.net.Now()) > time.Minute {
		t.Errorf("after following %+v", got)
	}
}

// store of a service that fails as long as a test says.
type broken struct {
	bot.Asker
	down  atomic.Bool
	panic atomic.Bool
	busy  atomic.Bool
	hung  chan struct{} // Ask waits for it when it is set, and for nothing else
	asked atomic.Int64
}

func (b *broken) Ask(ctx context.Context, a bot.Address, m dialog.Message) (*bot.Answer, error) {
	b.asked.Add(1)
	switch {
	case b.hung != nil:
		<-b.hung
		return nil, errors.New("the disk is gone")
	case b.panic.Load():
		panic("a bug")
	case b.busy.Load():
		return nil, bot.ErrBusy
	case b.down.Load():
		return nil, errors.New("the disk is full")
	}
	return b.Asker.Ask(ctx, a, m)
}

func TestOutOfOrderIsNeverShown(t *testing.T) {
	b := &broken{}
	r := start(t, setup{ask: func(a bot.Asker) bot.Asker { b.Asker = a; return b }, fake: impatient})
	b.down.Store(true)
	if m := r.say(anna, "备案要多久?"); m.Via != "passive" || !strings.Contains(m.Text, "再发一次") {
		t.Errorf("with a broken store: %+v", m)
	}
	if b.asked.Load() < 3 {
		t.Error("the store was not tried again")
	}
	b.down.Store(false)
	b.panic.Store(true)
	r.net.Say(anna, "备案要多久?")
	r.settled()
	b.panic.Store(false)
	b.busy.Store(true)
	for range 3 { // told once, and once only, to slow down
		r.net.Say(anna, "备案要多久?")
	}
	r.settled()
	b.busy.Store(false)
	if m := r.say(anna, "备案要多久?"); !strings.Contains(m.Text, "工作日") {
		t.Errorf("afterwards: %+v", m)
	}
	var via []string
	for _, m := range r.net.Customer(anna).Seen {
		via = append(via, m.Via)
	}
	if got := strings.Join(via, " "); got != "passive passive passive" {
		t.Errorf("anna saw by %s", got)
	}
}

// What comes while the program ends is not stored: the platform has to bring it to the next run.
func TestWhatComesWhileTheServiceClosesIsAskedAgain(t *testing.T) {
	t.Parallel()
	net := wechattest.New()
	t.Cleanup(net.Close)
	file := filepath.Join(t.TempDir(), "s.db")
	r := start(t, setup{net: net, file: file, fake: impatient})
	r.service.Stop(t.Context())
	net.Say(anna, "备案要收费吗?")
	r.await("the try", func() bool { return net.Customer(anna).Posts[0].Tries > 0 })
	r.stop()
	r = start(t, setup{net: net, file: file}) // as impatient as before
	r.settled()
	if c := net.Customer(anna); len(c.Seen) != 1 || !strings.Contains(c.Seen[0].Text, "免费") {
		t.Errorf("posts %+v, seen %+v", c.Posts, c.Seen)
	}
}

func TestAStoreThatHangsIsAnsweredInTime(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent=", silent), func(t *testing.T) {
			t.Parallel()
			b := &broken{hung: make(chan struct{})}
			r := start(t, setup{silent: silent, ask: func(bot.Asker) bot.Asker { return b }, fake: impatient})
			defer close(b.hung)
			if m := r.say(anna, "备案要多久?"); m.Via != "passive" || !strings.Contains(m.Text, "再发一次") {
				t.Errorf("saw %+v", m)
			}
		})
	}
}

func TestACountSetAnewIsNotLoweredByAnEarlierMessage(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	r := start(t, setup{slow: slow, with: quick})
	r.say(anna, "帮我查 example.cn")
	r.net.Fail("/cgi-bin/message/custom/send", wechattest.Fault{Late: time.Second})
	close(slow)
	r.seen(anna, 2) // the platform has counted and shown it, its answer is on the way
	r.net.Say(anna, "人工电话多少")
	r.settled()
	reach := func() int {
		got, err := r.store.Reach(context.Background(), bot.Address{Channel: wechat.Name, Customer: anna})
		if err != nil {
			t.Fatal(err)
		}
		return got.Left
	}
	r.await("the answer to the first", func() bool { return r.depth("waiting") == 0 })
	if has, knows := r.net.Customer(anna).Left, reach(); knows != has {
		t.Errorf("WeChat takes %d more messages, the ledger believes in %d", has, knows)
	}
}

func TestARefusalUnderWayDoesNotShutWhatTheCustomerOpens(t *testing.T) {
	const send = "/cgi-bin/message/custom/send"
	for _, code := range []int{45015, 40003} {
		r := start(t, setup{})
		r.say(anna, "备案要多久?")
		r.net.Fail(send, wechattest.Fault{Code: code, Slow: time.Second})
		a := bot.Address{Channel: wechat.Name, Customer: anna}
		done := make(chan error, 1)
		time.Sleep(300 * time.Millisecond) // the response goes first
		go func() {
			_, err := r.channel.Deliver(context.Background(), bot.Outgoing{Address: a, Part: bot.Part{Text: "您好"}})
			done <- err
		}()
		r.await("the call", func() bool { return r.net.Calls(send) == 1 })
		r.say(anna, "人工电话多少")
		if err := <-done; err == nil {
			t.Error("it was taken")
		}
		if got, err := r.store.Reach(context.Background(), a); err != nil || got.Left != 5 {
			t.Errorf("%d: she may be sent %d, the ledger believes in %d, %v", code, r.net.Customer(anna).Left, got.Left, err)
		}
	}
}
