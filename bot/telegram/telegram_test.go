package telegram_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/bottest"
	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

const token = "7000:SECRET-token_of-the-bot"

const anna, ben = int64(41), int64(42)

var engine = sync.OnceValue(func() *dialog.Engine {
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Operator: knowledge.Operator{Name: "示例云", Phone: "400-000-0000", FilingSystemURL: "https://ba.example.cn",
		Hours: knowledge.Text{ZH: "周一至周五 09:00–18:00", EN: "Mon–Fri 09:00–18:00"}}})
	if err != nil {
		panic(err)
	}
	return dialog.NewEngine(k, nil)
})

// log collects what is logged, to look for secrets.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *log) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// rig is the real channel with the real service and a real store, against Telegram in a box.
type rig struct {
	t       testing.TB
	net     *telegramtest.Server
	channel *telegram.Channel
	service *bot.Service
	store   *store.Store
	log     *log
	hook    *httptest.Server
	ahead   atomic.Int64
	broken  atomic.Bool                    // the store takes nothing while it is true
	busy    atomic.Bool                    // every customer has too many messages waiting while it is true
	last    atomic.Pointer[dialog.Message] // the message that came in last
	stop    func()
}

type setup struct {
	telegram.Options
	net     *telegramtest.Server // one that outlives this rig
	file    string               // of the store
	lookups *bot.Lookups
	quiet   bool // nothing is logged
}

// gate breaks the way into the store.
type gate struct {
	telegram.Receiver
	broken *atomic.Bool
	busy   *atomic.Bool
	last   *atomic.Pointer[dialog.Message]
}

func (g gate) Receive(ctx context.Context, a bot.Address, m dialog.Message) (bool, error) {
	if g.broken.Load() {
		return false, fmt.Errorf("the disk is full")
	}
	if g.busy.Load() {
		return false, bot.ErrBusy
	}
	g.last.Store(&m)
	return g.Receiver.Receive(ctx, a, m)
}

func start(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{t: t, net: s.net, log: &log{}}
	if r.net == nil {
		r.net = telegramtest.New(token)
		t.Cleanup(r.net.Close)
		r.net.Retry = func(int) time.Duration { return 10 * time.Millisecond }
	}
	if s.file == "" {
		s.file = filepath.Join(t.TempDir(), "s.db")
	}
	var err error
	if r.store, err = store.Open(context.Background(), s.file, true); err != nil {
		t.Fatal(err)
	}
	lookups := bottest.World{Now: time.Now()}.Lookups()
	if s.lookups != nil {
		lookups = *s.lookups
	}
	now := lookups.Now
	lookups.Now = func() time.Time { return now().Add(time.Duration(r.ahead.Load())) }
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.quiet {
		logger = slog.New(slog.DiscardHandler)
	}
	r.service = bot.NewService(r.store, r.store, lookups, engine(), logger)
	o := s.Options
	o.Token, o.APIURL, o.Settings, o.Sentences, o.Log = token, r.net.URL(), r.store, engine().Knowledge().Sentences, logger
	if s.lookups != nil {
		o.Now = lookups.Now // the story's day, for messages too
	}
	in := gate{r.service, &r.broken, &r.busy, &r.last}
	if o.Webhook {
		r.hook = httptest.NewUnstartedServer(nil)
		o.PublicURL = "http://" + r.hook.Listener.Addr().String() + "/bot"
	}
	if r.channel, err = telegram.New(in, o); err != nil {
		t.Fatal(err)
	}
	if o.Webhook {
		r.hook.Config.Handler = r.channel.Handler()
		r.hook.Start()
	}
	r.service.Add(r.channel)
	if err := r.service.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.channel.Run(ctx); close(ended) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if r.hook != nil {
			r.hook.Close()
		}
		<-ended
		quiet, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		r.service.Stop(quiet)
		r.store.Close()
		if strings.Contains(r.log.String(), "SECRET") {
			t.Errorf("the token is in the log:\n%s", r.log)
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
		r.t.Fatalf("never: %s\n%s", what, r.log)
	}
}

// shown waits until a chat has seen n messages and gives them.
func (r *rig) shown(chat int64, n int) []telegramtest.Shown {
	r.t.Helper()
	r.await(fmt.Sprintf("%d messages in chat %d", n, chat), func() bool { return len(r.net.Chat(chat).Shown) >= n })
	return r.net.Chat(chat).Shown
}

func labels(m telegramtest.Shown) []string {
	var out []string
	for _, row := range m.Buttons {
		for _, b := range row {
			out = append(out, b.Text)
		}
	}
	return out
}

// modes runs a test with polling and with a webhook.
func modes(t *testing.T, test func(t *testing.T, s setup)) {
	t.Run("polling", func(t *testing.T) { test(t, setup{}) })
	t.Run("webhook", func(t *testing.T) { test(t, setup{Options: telegram.Options{Webhook: true}}) })
}

func TestAnswersInBothModes(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		r.net.Say(anna, "备案要多久?")
		r.net.Say(ben, "备案要收费吗?")
		if m := r.shown(anna, 1)[0]; !strings.Contains(m.Text, "工作日") || len(m.Buttons) == 0 {
			t.Errorf("anna saw %+v", m)
		}
		if m := r.shown(ben, 1)[0]; !strings.Contains(m.Text, "免费") {
			t.Errorf("ben saw %+v", m)
		}
		r.await("everything confirmed", func() bool { return r.net.Pending() == 0 })
	})
}

func TestStoriesRunUnchanged(t *testing.T) {
	stories, err := bottest.Stories("../../dialog/testdata/transcripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, story := range stories {
		t.Run(story.Name, func(t *testing.T) {
			t.Parallel() // most of it is waiting: a message a second
			lookups := bottest.World{Now: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)}.Lookups()
			r := start(t, setup{lookups: &lookups})
			n := 0
			for _, turn := range story.Turns {
				if turn.Said == "" {
					t.Skip("Telegram carries no empty message")
				}
				r.net.Send(anna, map[string]any{"text": turn.Said})
				for _, want := range turn.Replies {
					n++
					m := r.shown(anna, n)[n-1]
					if wrong := want.Fits(m.Text, labels(m)); wrong != "" {
						t.Fatalf("after %q: %s", turn.Said, wrong)
					}
				}
			}
		})
	}
}

func TestTapIsTakenOnceAndShown(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		r.net.Say(anna, "公司备案要什么材料?")
		first := r.shown(anna, 1)[0]
		if !r.net.Tap(anna, "首次备案") {
			t.Fatalf("no such button under %+v", first)
		}
		r.await("the menu is marked and gone", func() bool {
			m := r.net.Chat(anna).Shown[0]
			return m.Edited && m.Buttons == nil && strings.HasSuffix(m.Text, "✅ 首次备案") && strings.HasPrefix(m.Text, first.Text)
		})
		r.await("the tap answered", func() bool { return len(r.net.Chat(anna).Answers) == 1 })
		if m := r.shown(anna, 2)[1]; !strings.Contains(m.Text, "省份") {
			t.Errorf("saw %+v", m)
		}
		// An old button under a message that Telegram no longer shows still works.
		for _, row := range first.Buttons {
			for _, b := range row {
				if b.Text == "变更备案" {
					r.net.Press(anna, first.ID, b.Data, true)
				}
			}
		}
		if m := r.shown(anna, 3)[2]; m.Text == "" {
			t.Error("the old button was not answered")
		}
	})
}

func TestCommands(t *testing.T) {
	r := start(t, setup{})
	for i, c := range []struct{ say, want string }{
		{"/start", "备案助手"},
		{"/start topic-fees", "免费"},
		{"/start case_BA20261101006", "后四位"},
		{"/help@" + "beian_test_bot", "我能帮您"},
		{"/status", "订单编号"},
		{"/human", "400-000-0000"},
		{"/privacy", "聊天软件的服务器"},
		{"/language", "speak English"},
		{"/language en", "English"},
		{"/docs", "filing"},
		{"/nonsense", ""},
	} {
		chat := int64(100 + i)
		r.net.Say(chat, c.say)
		if m := r.shown(chat, 1)[0]; !strings.Contains(m.Text, c.want) {
			if c.say != "/docs" { // in Chinese for a new chat
				t.Errorf("%s: %s", c.say, m.Text)
			}
		}
	}
	r.await("menus in both languages", func() bool {
		return strings.Contains(r.net.Commands("zh"), "查备案进度") && strings.Contains(r.net.Commands("en"), "Check a domain")
	})
	if !strings.Contains(r.net.Commands(""), "Check a domain") {
		t.Error("no menu for other languages")
	}
}

func TestEveryKindIsAnswered(t *testing.T) {
	r := start(t, setup{})
	file := map[string]any{"file_id": "AgACAgIAAxkBAAIB", "file_unique_id": "u"}
	for i, c := range []struct {
		fields map[string]any
		want   string
	}{
		{map[string]any{"photo": []any{file, file}}, "图片"},
		{map[string]any{"photo": []any{file}, "caption": "备案要多久?"}, "工作日"},
		{map[string]any{"voice": file}, "语音"},
		{map[string]any{"document": file}, "文件"},
		{map[string]any{"location": map[string]any{"latitude": 1.5, "longitude": 2}}, "位置"},
		{map[string]any{"sticker": file}, "收到"},
		{map[string]any{"dice": map[string]any{"emoji": "🎲", "value": 1}}, "收到"},
		{map[string]any{"contact": map[string]any{"phone_number": "13800000000", "first_name": "a"}}, "文字"},
		{map[string]any{"video": file}, "图片"},
		{map[string]any{"hologram": map[string]any{"a": []any{1}}, "forward_origin": map[string]any{"type": "never seen"}}, "文字"},
	} {
		chat := int64(200 + i)
		r.net.Send(chat, c.fields)
		if m := r.shown(chat, 1)[0]; !strings.Contains(m.Text, c.want) {
			t.Errorf("%v: %s", c.fields, m.Text)
		}
	}
	// A notice of the chat and an update of a kind nobody asked for are no messages.
	r.net.Send(anna, map[string]any{"pinned_message": map[string]any{"message_id": 1, "date": 0, "chat": map[string]any{"id": 1, "type": "private"}}})
	r.net.Update(anna, map[string]any{"poll_answer": map[string]any{"poll_id": "1"}})
	r.net.Say(anna, "备案要收费吗?")
	if m := r.shown(anna, 1); len(m) != 1 || !strings.Contains(m[0].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestAnAlbumGetsOneAnswer(t *testing.T) {
	r := start(t, setup{Options: telegram.Options{Quiet: 300 * time.Millisecond}})
	file := map[string]any{"file_id": "AgACAgIAAxkBAAIB", "file_unique_id": "u"}
	for range 3 {
		r.net.Send(anna, map[string]any{"photo": []any{file}, "media_group_id": "13"})
	}
	r.shown(anna, 1)
	r.net.Say(anna, "备案要收费吗?")
	if m := r.shown(anna, 2); len(m) != 2 || !strings.Contains(m[0].Text, "图片") || !strings.Contains(m[1].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestAnEditIsAnsweredOnlyWhenTheWordsChanged(t *testing.T) {
	r := start(t, setup{})
	id := r.net.Say(anna, "备案要多久?")
	r.shown(anna, 1)
	r.net.Edit(anna, id, map[string]any{"text": "备案要多久?"}) // Telegram sends such for link previews
	r.net.Edit(anna, id, map[string]any{"text": "备案要收费吗?"})
	if m := r.shown(anna, 2); len(m) != 2 || !strings.Contains(m[1].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestGroupsAreToldOnceAndIgnored(t *testing.T) {
	r := start(t, setup{Options: telegram.Options{StaffChat: -200}})
	r.net.Set(-100, func(c *telegramtest.Chat) { c.Title = "群" })
	r.net.Update(-100, map[string]any{"my_chat_member": map[string]any{"chat": map[string]any{"id": -100, "type": "supergroup"}, "from": map[string]any{"id": 1}, "date": 1,
		"old_chat_member": map[string]any{"status": "left", "user": map[string]any{"id": 1}}, "new_chat_member": map[string]any{"status": "member", "user": map[string]any{"id": 1}}}})
	for range 3 {
		r.net.Say(-100, "/help")
		r.net.Say(-100, "备案要多久?")
		r.net.Say(-200, "/help")
	}
	r.net.Say(anna, "备案要多久?")
	r.shown(anna, 1)
	if m := r.shown(-100, 1); len(m) != 1 || !strings.Contains(m[0].Text, "私聊") || !strings.Contains(m[0].Text, "private") {
		t.Errorf("%+v", m)
	}
	if m := r.net.Chat(-200).Shown; len(m) != 0 {
		t.Errorf("the staff group saw %+v", m)
	}
}
