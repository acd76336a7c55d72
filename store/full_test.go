package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/bottest"
	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

const (
	chat   = int64(41)
	openID = "oANNA_1aB-xyz"
	send   = "/cgi-bin/message/custom/send"
)

// gated checks domains when the test lets it.
type gated struct{ open chan struct{} }

func (g gated) Check(ctx context.Context, _ dialog.DomainName) dialog.Evidence {
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	return dialog.Evidence{Source: "whois"}
}

// full is the service with both networks in boxes, on a disk that the test fills.
type full struct {
	t     *testing.T
	store *store.Store
	tg    *telegramtest.Server
	wx    *wechattest.Server
	look  chan struct{} // closed to end domain checks
	mu    sync.Mutex
	told  []error
	lines bytes.Buffer
}

// Write keeps what is logged, and wakes who waits for it.
func (f *full) Write(line []byte) (int, error) {
	defer f.tg.Advance(0)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines.Write(line)
}

func (f *full) log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines.String()
}

func newFull(t *testing.T) *full {
	f := &full{t: t, tg: telegramtest.New("7:secret"), wx: wechattest.New(), look: make(chan struct{})}
	t.Cleanup(f.tg.Close)
	t.Cleanup(f.wx.Close)
	f.tg.Retry = func(int) time.Duration { return 50 * time.Millisecond }
	f.wx.Patience, f.wx.Pause = time.Second, 100*time.Millisecond
	var err error
	if f.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), true); err != nil {
		t.Fatal(err)
	}
	f.store.Watch(func(err error) {
		f.mu.Lock()
		f.told = append(f.told, err)
		f.mu.Unlock()
		f.tg.Advance(0) // wakes who waits
	})
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lookups := bottest.World{Now: time.Now()}.Lookups()
	lookups.Domains, lookups.Now = gated{f.look}, time.Now
	log := slog.New(slog.NewTextHandler(f, nil))
	service := bot.NewService(f.store, f.store, lookups, dialog.NewEngine(k, nil), log)
	hook := httptest.NewUnstartedServer(nil)
	tg, err := telegram.New(service, telegram.Options{Token: f.tg.Token, APIURL: f.tg.URL(), Webhook: true, PublicURL: "http://" + hook.Listener.Addr().String(), Settings: f.store, Sentences: k.Sentences, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	hook.Config.Handler = tg.Handler()
	hook.Start()
	wx, err := wechat.New(service, wechat.Options{AppID: f.wx.AppID, AppSecret: f.wx.Secret, Token: f.wx.Token, Key: f.wx.Key, APIURL: f.wx.URL(), CustomerMessages: true,
		Patience: f.wx.Patience, ReplyWithin: f.wx.Patience * 9 / 10, Settings: f.store, Ledger: f.store, Sentences: k.Sentences, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	callback := httptest.NewServer(wx.Handler())
	f.wx.Connect(callback.URL)
	service.Add(tg)
	service.Add(wx)
	if err := service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { tg.Run(ctx) })
	running.Go(func() { wx.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		quiet, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		service.Stop(quiet)
		hook.Close()
		callback.Close()
		f.store.Close()
	})
	return f
}

type box interface {
	Await(context.Context, func() bool) error
}

func (f *full) await(b box, what string, holds func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if b.Await(ctx, holds) != nil {
		f.t.Fatalf("never: %s\n%s", what, f.log())
	}
}

func (f *full) troubles() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]error(nil), f.told...)
}

// TestAFullDiskLosesNothing writes on both networks while the disk is full.
func TestAFullDiskLosesNothing(t *testing.T) {
	f := newFull(t)
	f.wx.Patience = 5 * time.Second // the first try is let go as soon as the program says so, and the next comes soon enough
	fill, free := f.store.Full(t)
	fill()
	f.tg.Say(chat, "备案要多久?")
	f.wx.Say(openID, "备案要收费吗?")
	f.await(f.tg, "Telegram is refused", func() bool { return strings.Contains(f.tg.LastError(), "503") })
	f.await(f.wx, "WeChat tries again", func() bool { return f.wx.Customer(openID).Posts[0].Tries > 1 })
	if err := f.store.Ping(t.Context()); !errors.Is(err, bot.ErrUnwritable) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("ping: %v", err)
	}
	if n := len(f.tg.Chat(chat).Shown) + len(f.wx.Customer(openID).Seen); n > 0 || f.tg.Pending() != 1 {
		t.Errorf("%d answers to what is not stored, %d updates at Telegram", n, f.tg.Pending())
	}
	free()
	f.await(f.tg, "Telegram is answered", func() bool { return len(f.tg.Chat(chat).Shown) > 0 && f.tg.Pending() == 0 })
	f.await(f.wx, "WeChat is answered", func() bool { return f.wx.Idle() && len(f.wx.Customer(openID).Seen) > 0 })
	if m := f.tg.Chat(chat).Shown; len(m) != 1 || !strings.Contains(m[0].Text, "工作日") {
		t.Errorf("Telegram: %+v", m)
	}
	if m := f.wx.Customer(openID).Seen; len(m) != 1 || !strings.Contains(m[0].Text, "免费") {
		t.Errorf("WeChat: %+v", m)
	}
	if err := f.store.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if told := f.troubles(); len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("told %v, want the trouble and its end", told)
	}
}

// TestATurnWaitsForTheDisk fills the disk between a message and the result that it waits for.
func TestATurnWaitsForTheDisk(t *testing.T) {
	f := newFull(t)
	fill, free := f.store.Full(t)
	f.tg.Say(chat, "帮我查 example.cn")
	f.await(f.tg, "the look-up has begun", func() bool { return len(f.tg.Chat(chat).Shown) == 1 })
	fill()
	close(f.look)
	f.await(f.tg, "the turn cannot be saved", func() bool { return strings.Contains(f.log(), "save turn") && strings.Contains(f.log(), "try=5") })
	free()
	f.await(f.tg, "the result", func() bool { return len(f.tg.Chat(chat).Shown) == 2 })
	f.tg.Say(chat, "备案要多久?")
	f.await(f.tg, "the next answer", func() bool { return len(f.tg.Chat(chat).Shown) == 3 })
}

// TestWhatIsSentButNotRecordedIsNotRepeated lets the disk take nothing more while a delivery is under way.
func TestWhatIsSentButNotRecordedIsNotRepeated(t *testing.T) {
	f := newFull(t)
	f.tg.Fail("sendMessage", telegramtest.Fault{Slow: 300 * time.Millisecond})
	f.tg.Say(chat, "备案要多久?")
	f.await(f.tg, "the delivery has begun", func() bool { return f.tg.Calls("sendMessage") == 1 })
	f.store.ReadOnly(t, true)
	f.await(f.tg, "it cannot be recorded, several times", func() bool { return strings.Count(f.log(), "settle message") >= 5 }) // the sender's ticker has looked meanwhile
	f.store.ReadOnly(t, false)
	f.tg.Say(chat, "备案要收费吗?")
	f.await(f.tg, "the next answer", func() bool { return len(f.tg.Chat(chat).Shown) >= 2 })
	if m := f.tg.Chat(chat).Shown; len(m) != 2 || !strings.Contains(m[1].Text, "免费") {
		t.Errorf("%+v", m)
	}
}
