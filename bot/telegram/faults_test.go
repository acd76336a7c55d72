package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/bottest"
	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// later moves the service's clock on, past its waits between tries.
func (r *rig) later(d time.Duration) { r.ahead.Add(int64(d)) }

func TestSendingOutlivesFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault telegramtest.Fault
		shown int
	}{
		"429":        {telegramtest.Fault{Code: 429, Description: "Too Many Requests: retry after 1", RetryAfter: 1}, 1},
		"500":        {telegramtest.Fault{Code: 500, Description: "Internal Server Error"}, 1},
		"502":        {telegramtest.Fault{Code: 502, Description: "Bad Gateway"}, 1},
		"no JSON":    {telegramtest.Fault{Garbage: true}, 1},
		"cut before": {telegramtest.Fault{Cut: "before"}, 1},
		"cut after":  {telegramtest.Fault{Cut: "after"}, 2}, // Telegram took it unseen and knows no idempotency key
		"slow":       {telegramtest.Fault{Slow: 300 * time.Millisecond}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			r.net.Fail("sendMessage", c.fault)
			r.net.Say(anna, "备案要多久?")
			r.await("a first try", func() bool { return r.net.Calls("sendMessage") >= 1 })
			if c.fault.Slow == 0 {
				for r.net.Calls("sendMessage") < 2 {
					r.later(time.Second)
					time.Sleep(20 * time.Millisecond) // the service's own ticker; nothing signals it
				}
			}
			r.net.Say(anna, "备案要收费吗?")
			m := r.shown(anna, c.shown+1)
			if len(m) != c.shown+1 || !strings.Contains(m[0].Text, "工作日") || !strings.Contains(m[c.shown].Text, "免费") {
				t.Errorf("%d messages: %+v", len(m), m)
			}
		})
	}
}

// An ordinary slow answer of Telegram's while we are restarted.
func TestARestartDoesNotSayTwice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	net := telegramtest.New(token)
	t.Cleanup(net.Close)
	r := start(t, setup{net: net, file: file})
	net.Fail("sendMessage", telegramtest.Fault{Slow: 400 * time.Millisecond})
	net.Say(anna, "备案要多久?")
	r.await("the call", func() bool { return net.Calls("sendMessage") == 1 })
	r.stop()
	r = start(t, setup{net: net, file: file})
	net.Say(anna, "备案要收费吗?")
	r.await("the second answer", func() bool {
		m := net.Chat(anna).Shown
		return len(m) > 0 && strings.Contains(m[len(m)-1].Text, "免费")
	})
	if m := net.Chat(anna).Shown; len(m) != 2 {
		t.Errorf("anna saw %+v", m)
	}
}

// What comes while the program ends is neither confirmed nor remarked upon; the next run takes it.
func TestWhatComesWhileTheServiceClosesIsFetchedAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	net := telegramtest.New(token)
	t.Cleanup(net.Close)
	r := start(t, setup{net: net, file: file})
	r.await("polling", func() bool { return net.Calls("getUpdates") > 0 })
	r.service.Stop(t.Context())
	net.Say(anna, "备案要收费吗?")
	r.await("the update fetched", func() bool { return strings.Contains(r.log.String(), "fetched again") })
	r.stop()
	r = start(t, setup{net: net, file: file})
	if m := r.shown(anna, 1); len(m) != 1 || !strings.Contains(m[0].Text, "免费") {
		t.Errorf("anna saw %+v", m)
	}
}

func TestABlockedCustomerIsLeftAloneUntilTheyWrite(t *testing.T) {
	r := start(t, setup{})
	r.net.Fail("sendMessage", telegramtest.Fault{Code: 403, Description: "Forbidden: bot was blocked by the user"})
	r.net.Say(anna, "备案要多久?")
	r.await("the call", func() bool { return r.net.Calls("sendMessage") == 1 })
	for { // until the refusal is recorded: one that was under way while she wrote does not count
		rows, err := r.store.Unsettled(t.Context(), outgoing(anna, bot.Part{}).Address)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.net.Say(anna, "备案要收费吗?")
	if m := r.shown(anna, 1); len(m) != 1 || !strings.Contains(m[0].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func outgoing(chat int64, p bot.Part) bot.Outgoing {
	return bot.Outgoing{Address: bot.Address{Channel: telegram.Name, Customer: bot.CustomerID(fmt.Sprint(chat))}, Part: p}
}

func TestOutcomesOfADelivery(t *testing.T) {
	r := start(t, setup{})
	r.net.Set(anna, func(*telegramtest.Chat) {})
	r.net.Set(ben, func(*telegramtest.Chat) {})
	deliver := func(chat int64, f telegramtest.Fault) error {
		r.net.Fail("sendMessage", f)
		_, err := r.channel.Deliver(context.Background(), outgoing(chat, bot.Part{Text: "您好"}))
		return err
	}
	var refused *bot.Refusal
	if err := deliver(anna, telegramtest.Fault{Code: 400, Description: "Bad Request: something new"}); !errors.As(err, &refused) || refused.Blocked {
		t.Errorf("400: %v", err)
	}
	if err := deliver(anna, telegramtest.Fault{Code: 400, Description: "Bad Request: message is not modified: same"}); err != nil {
		t.Errorf("not modified: %v", err)
	}
	if err := deliver(anna, telegramtest.Fault{Code: 400, Description: "Bad Request: chat not found"}); !errors.As(err, &refused) || !refused.Blocked {
		t.Errorf("chat not found: %v", err)
	}
	var later *bot.Later
	if err := deliver(ben, telegramtest.Fault{Code: 429, Description: "Too Many Requests", RetryAfter: 7}); !errors.As(err, &later) || later.After != 7*time.Second || later.All {
		t.Errorf("429: %v", err)
	}
	if err := deliver(43, telegramtest.Fault{Code: 429, Description: "Too Many Requests", RetryAfter: 9}); !errors.As(err, &later) || later.After != 9*time.Second || !later.All {
		t.Errorf("429 of a second chat holds for all: %v", err)
	}
	if err := deliver(ben, telegramtest.Fault{Code: 401, Description: "Unauthorized"}); !errors.As(err, &later) || !later.All || !strings.Contains(r.channel.Down(), "telegram.token") {
		t.Errorf("401: %v, down %q", err, r.channel.Down())
	}
	if err := deliver(ben, telegramtest.Fault{Code: 500, Description: "oops " + token}); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("500: %v", err)
	}
	if _, err := r.channel.Deliver(context.Background(), outgoing(ben, bot.Part{Text: "x"})); !errors.As(err, &later) || later.All || later.After > time.Second {
		t.Errorf("the fourth in a second: %v", err)
	}
	later = nil
	r.net.Close() // nobody listens: surely not sent, so it does not count as a try
	_, err := r.channel.Deliver(context.Background(), outgoing(44, bot.Part{Text: "x"}))
	for i := int64(45); i < 100 && !errors.As(err, &later); i++ { // a connection from before may look alive for one more call
		_, err = r.channel.Deliver(context.Background(), outgoing(i, bot.Part{Text: "x"}))
	}
	if !errors.As(err, &later) || !later.All || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("no connection: %v", err)
	}
}

func TestAGroupThatMovedIsFoundAgain(t *testing.T) {
	r := start(t, setup{})
	r.net.Set(-5, func(c *telegramtest.Chat) { c.MovedTo = -1005 })
	r.net.Set(-1005, func(*telegramtest.Chat) {})
	for range 2 {
		if _, err := r.channel.Deliver(context.Background(), outgoing(-5, bot.Part{Text: "您好"})); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.net.Chat(-1005).Shown); n != 2 || r.net.Calls("sendMessage") != 3 {
		t.Errorf("%d shown in %d calls", n, r.net.Calls("sendMessage"))
	}
}

func TestATopicThatIsGone(t *testing.T) {
	r := start(t, setup{})
	r.net.Set(anna, func(c *telegramtest.Chat) { c.Threads[7] = true })
	topic := func(text string) map[string]any {
		return map[string]any{"text": text, "message_thread_id": 7, "is_topic_message": true}
	}
	r.net.Send(anna, topic("备案要多久?"))
	if m := r.shown(anna, 1)[0]; m.Thread != 7 {
		t.Errorf("answered in topic %d", m.Thread)
	}
	r.net.Set(anna, func(c *telegramtest.Chat) { delete(c.Threads, 7) })
	r.net.Send(anna, topic("备案要收费吗?"))
	if m := r.shown(anna, 2)[1]; m.Thread != 0 || !strings.Contains(m.Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestNothingIsConfirmedThatIsNotStored(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		r.broken.Store(true)
		r.net.Say(anna, "备案要多久?")
		r.net.Say(ben, "备案要收费吗?")
		if s.Webhook {
			r.await("a delivery was refused", func() bool { return r.net.LastError() != "" })
		} else {
			r.await("a batch was fetched twice", func() bool { return r.net.Calls("getUpdates") >= 2 })
		}
		if n := r.net.Pending(); n != 2 {
			t.Errorf("%d updates left at Telegram, want 2", n)
		}
		r.broken.Store(false)
		if len(r.shown(anna, 1)) != 1 || len(r.shown(ben, 1)) != 1 {
			t.Error("answered more than once")
		}
		r.await("all confirmed", func() bool { return r.net.Pending() == 0 })
	})
}

func TestAnUpdateThatCannotBeReadIsPassedOver(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		r.net.Update(anna, map[string]any{"message": map[string]any{"message_id": "nine", "chat": map[string]any{"id": anna, "type": "private"}}})
		r.await("past it", func() bool { return r.net.Pending() == 0 })
		if n := r.net.Calls("getUpdates"); n > 5 || !strings.Contains(r.log.String(), "cannot be read") {
			t.Errorf("%d getUpdates\n%s", n, r.log)
		}
		r.net.Say(anna, "备案要多久?")
		r.shown(anna, 1)
	})
}

func TestUpdateNumbersMayStartAnew(t *testing.T) {
	r := start(t, setup{})
	r.net.Say(anna, "备案要多久?")
	r.shown(anna, 1)
	r.await("confirmed", func() bool { return r.net.Pending() == 0 })
	r.net.Advance(8 * 24 * time.Hour)
	r.net.RestartIDs(3)
	r.net.Say(anna, "备案要收费吗?")
	if m := r.shown(anna, 2); !strings.Contains(m[1].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestARestartLosesAndRepeatsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	net := telegramtest.New(token)
	t.Cleanup(net.Close)
	for range 50 {
		net.Fail("sendMessage", telegramtest.Fault{Code: 500, Description: "down"})
	}
	first := start(t, setup{net: net, file: file})
	net.Say(anna, "备案要多久?")
	first.await("a try", func() bool { return net.Calls("sendMessage") >= 1 })
	first.stop()
	net.Heal()
	second := start(t, setup{net: net, file: file})
	second.later(10 * time.Minute)
	second.net.Say(anna, "备案要收费吗?")
	if m := second.shown(anna, 2); len(m) != 2 || !strings.Contains(m[0].Text, "工作日") || !strings.Contains(m[1].Text, "免费") {
		t.Errorf("%+v", m)
	}
}

func TestDownSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		fault  telegramtest.Fault
		want   string
	}{
		"conflict": {"getUpdates", telegramtest.Fault{Code: 409, Description: "Conflict: terminated by other getUpdates request"}, "another program"},
		"token":    {"getMe", telegramtest.Fault{Code: 401, Description: "Unauthorized"}, "telegram.token"},
		"server":   {"getUpdates", telegramtest.Fault{Code: 502, Description: "Bad Gateway"}, "cannot be reached"},
		"limit":    {"getUpdates", telegramtest.Fault{Code: 429, Description: "Too Many Requests", RetryAfter: 3}, "asks us to wait"},
		"no JSON":  {"getUpdates", telegramtest.Fault{Garbage: true}, "not what the Bot API sends"},
	} {
		t.Run(name, func(t *testing.T) {
			net := telegramtest.New(token)
			t.Cleanup(net.Close)
			net.Fail(c.method, c.fault)
			r := start(t, setup{net: net})
			for !strings.Contains(r.channel.Down(), c.want) {
				time.Sleep(time.Millisecond) // nothing signals it
			}
			calls := net.Calls(c.method)
			if calls > 1 {
				t.Errorf("called %d times at once", calls)
			}
		})
	}
}

func TestPollingTakesAWebhookDown(t *testing.T) {
	net := telegramtest.New(token)
	t.Cleanup(net.Close)
	first := start(t, setup{net: net, Options: telegram.Options{Webhook: true}})
	net.Say(anna, "备案要多久?")
	first.shown(anna, 1)
	first.stop()
	second := start(t, setup{net: net})
	net.Say(anna, "备案要收费吗?")
	second.shown(anna, 2)
}

func TestTheEndpointRefusesWhatIsNotTelegram(t *testing.T) {
	r := start(t, setup{Options: telegram.Options{Webhook: true, Secret: "right"}})
	r.net.Set(anna, func(*telegramtest.Chat) {}) // Telegram knows whom an update is from
	update := `{"update_id":1,"message":{"message_id":9,"date":1,"chat":{"id":41,"type":"private"},"from":{"id":41},"text":"备案要多久?"}}`
	for _, c := range []struct {
		name, method, secret, body string
		code                       int
	}{
		{"GET", http.MethodGet, "right", "", 405},
		{"no secret", http.MethodPost, "", update, 401},
		{"wrong secret", http.MethodPost, "wrong", update, 401},
		{"longer secret", http.MethodPost, "right ", update, 401},
		{"oversized", http.MethodPost, "right", `{"update_id":1,"x":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{"truncated", http.MethodPost, "right", update[:60], 400},
		{"XML", http.MethodPost, "right", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`, 400},
		{"no update", http.MethodPost, "right", `{}`, 400},
		{"an array", http.MethodPost, "right", `[` + update + `]`, 400},
		{"unknown kind", http.MethodPost, "right", `{"update_id":2,"telepathy":{"from":1}}`, 200},
		{"known kind in an unknown form", http.MethodPost, "right", `{"update_id":3,"message":{"message_id":"nine"}}`, 200},
		{"a number that is none", http.MethodPost, "right", `{"update_id":"3","message":{"message_id":9}}`, 400},
		{"an update", http.MethodPost, "right", update, 200},
		{"a repeat", http.MethodPost, "right", update, 200},
	} {
		req := httptest.NewRequest(c.method, telegram.Path, strings.NewReader(c.body))
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", strings.TrimSpace(c.secret))
		if c.secret == "right " {
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", "right1")
		}
		w := httptest.NewRecorder()
		r.channel.Handler().ServeHTTP(w, req)
		if w.Code != c.code {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.code)
		}
	}
	r.broken.Store(true)
	req := httptest.NewRequest(http.MethodPost, telegram.Path, strings.NewReader(strings.Replace(update, `"message_id":9`, `"message_id":10`, 1)))
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", "right")
	w := httptest.NewRecorder()
	r.channel.Handler().ServeHTTP(w, req)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("store broken: %d %v", w.Code, w.Header())
	}
	r.broken.Store(false)
	if m := r.shown(anna, 1); len(m) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestAFloodOfOneLeavesOthersAlone(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		for i := range 1000 {
			r.net.Say(anna, fmt.Sprint("备案要多久? ", i))
		}
		r.net.Say(ben, "备案要收费吗?")
		if m := r.shown(ben, 1); !strings.Contains(m[0].Text, "免费") {
			t.Errorf("%+v", m)
		}
		r.await("all taken", func() bool { return r.net.Pending() == 0 })
		m := r.net.Chat(anna).Shown
		for i := 4; i < len(m); i++ {
			if d := m[i].At.Sub(m[i-4].At); d < 900*time.Millisecond {
				t.Errorf("five messages to one chat within %s", d)
			}
		}
	})
}

func TestWhoseMessageIsRefusedIsAskedToSendItAgain(t *testing.T) {
	modes(t, func(t *testing.T, s setup) {
		r := start(t, s)
		r.busy.Store(true)
		r.net.Say(anna, "备案要多久?")
		if s.Webhook {
			r.await("a refusal", func() bool { return r.net.LastError() != "" })
			r.busy.Store(false) // Telegram has kept it
		} else {
			if m := r.shown(anna, 1)[0]; !strings.Contains(m.Text, "再发一次") || !strings.Contains(m.Text, "send it again") {
				t.Errorf("%+v", m)
			}
			r.await("it confirmed", func() bool { return r.net.Pending() == 0 })
			r.busy.Store(false)
			r.net.Say(anna, "备案要多久?")
		}
		r.await("the answer", func() bool {
			m := r.net.Chat(anna).Shown
			return len(m) > 0 && strings.Contains(m[len(m)-1].Text, "工作日")
		})
	})
}

func TestLongValuesAndOldButtons(t *testing.T) {
	r := start(t, setup{})
	r.net.Set(anna, func(*telegramtest.Chat) {})
	long := "domain:" + strings.Repeat("很长的", 12) + ".cn"
	if _, err := r.channel.Deliver(context.Background(), outgoing(anna, bot.Part{Text: "选 <一个> & 继续", Options: []dialog.Option{{Label: "长", Value: long}, {Label: "短", Value: "topic:fees"}}})); err != nil {
		t.Fatal(err)
	}
	m := r.net.Chat(anna).Shown[0]
	if m.Text != "选 <一个> & 继续" || len(labels(m)) != 2 {
		t.Fatalf("%+v", m)
	}
	r.net.Tap(anna, "长")
	r.shown(anna, 2)
	if got := r.last.Load(); got.Choice != long || got.Text != "长" {
		t.Errorf("the tap says %+v", got)
	}
	r.net.Press(anna, m.ID, "hforged-or-forgotten", true)
	r.shown(anna, 3) // answered as words that say nothing
	if got := r.last.Load(); got.Choice != "" {
		t.Errorf("a forged button chose %q", got.Choice)
	}
}

func TestAChecklistFollowsAsAFile(t *testing.T) {
	r := start(t, setup{Options: telegram.Options{ChecklistFile: func(c dialog.Checklist, lang knowledge.Lang) (string, []byte, error) {
		return "材料清单.pdf", []byte("%PDF " + c.Title + " " + string(lang)), nil
	}}})
	r.net.Say(anna, "广东的公司首次备案要准备什么材料?")
	m := r.shown(anna, 2)
	if len(m[0].Buttons) == 0 || m[1].File != "材料清单.pdf" || !bytes.HasPrefix(m[1].Data, []byte("%PDF ")) || !strings.HasSuffix(string(m[1].Data), " zh") || m[1].Text == "" {
		t.Errorf("%+v", m)
	}
}

// slowWorld answers domain checks when it is let.
type slowWorld struct {
	bottest.World
	open chan struct{}
}

func (w slowWorld) Check(ctx context.Context, n dialog.DomainName) dialog.Evidence {
	select {
	case <-w.open:
	case <-ctx.Done():
	}
	return w.World.Check(ctx, n)
}

func TestTypingShowsWhileALookUpRuns(t *testing.T) {
	w := slowWorld{bottest.World{Now: time.Now()}, make(chan struct{})}
	lookups := w.Lookups()
	lookups.Domains = w
	r := start(t, setup{lookups: &lookups})
	r.net.Say(anna, "/check example.cn")
	r.await("typing", func() bool { a := r.net.Chat(anna).Actions; return len(a) > 0 && a[0] == "typing" })
	close(w.open)
	if m := r.shown(anna, 2); !strings.Contains(m[1].Text, "example.cn") {
		t.Errorf("%+v", m)
	}
}

func TestDoctor(t *testing.T) {
	levels := func(f []bot.Finding) string {
		var s []string
		for _, x := range f {
			s = append(s, strings.TrimPrefix(x.What, "telegram ")+" "+x.Level)
			if (x.Remedy == "") != (x.Level == "ok") {
				t.Errorf("%+v", x)
			}
		}
		return strings.Join(s, ", ")
	}
	r := start(t, setup{Options: telegram.Options{StaffChat: -100}})
	r.net.Set(-100, func(c *telegramtest.Chat) { c.Forum, c.Member, c.Topics = true, "administrator", true })
	if got := levels(r.channel.Examine(t.Context())); got != "token ok, clock ok, webhook ok, staff group ok" {
		t.Error(got)
	}
	r.net.Set(-100, func(c *telegramtest.Chat) { c.Topics = false })
	r.net.Advance(time.Hour)
	if got := levels(r.channel.Examine(t.Context())); got != "token ok, clock warning, webhook ok, staff group error" {
		t.Error(got)
	}
	r.net.Set(-100, func(c *telegramtest.Chat) { c.Forum, c.Member = false, "member" })
	if got := levels(r.channel.Examine(t.Context())); !strings.HasSuffix(got, "staff group error, staff group error") {
		t.Error(got)
	}
	r.net.Fail("getMe", telegramtest.Fault{Code: 401, Description: "Unauthorized"})
	if got := levels(r.channel.Examine(t.Context())); got != "token error" {
		t.Error(got)
	}
	w := start(t, setup{Options: telegram.Options{Webhook: true}})
	w.broken.Store(true)
	w.net.Say(anna, "备案要多久?")
	w.await("a failed delivery", func() bool { return w.net.LastError() != "" })
	if got := levels(w.channel.Examine(t.Context())); !strings.HasPrefix(got, "token ok, clock ok, webhook error") {
		t.Error(got)
	}
}
