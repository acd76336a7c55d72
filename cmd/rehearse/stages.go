package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"beianbot/bot/bottest"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/bot/wechat/wechattest"
)

// stage is a customer on one channel.
type stage interface {
	name() string
	// say says what a turn has, waits for the answer and gives what was seen: texts, and below them what can be tapped.
	say(ctx context.Context, t bottest.Turn) (string, error)
}

// block puts messages together as they are printed.
func block(b *strings.Builder, text string, labels []string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(strings.TrimSpace(text))
	if len(labels) > 0 {
		fmt.Fprintf(b, "\n[%s]", strings.Join(labels, "] ["))
	}
}

// visitor is a browser without a screen.
type visitor struct {
	base   string
	client *http.Client
	said   int
	after  int64
}

func newVisitor(base string) *visitor {
	jar, _ := cookiejar.New(nil) // it fails for no options
	return &visitor{base: base, client: &http.Client{Jar: jar, Timeout: within}}
}

func (v *visitor) name() string { return "web" }

type entry struct {
	ID    int64
	From  string
	Reply *struct {
		Text    string
		Options []struct{ Label string }
	}
}

func (v *visitor) heard() (out []entry) {
	res, err := v.client.Get(fmt.Sprintf("%sapi/history?after=%d", v.base, v.after))
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var all []entry
	if json.NewDecoder(res.Body).Decode(&all) != nil {
		return nil
	}
	for _, e := range all {
		if e.From == "bot" && e.Reply != nil {
			out = append(out, e)
		}
	}
	return out
}

func (v *visitor) say(ctx context.Context, t bottest.Turn) (string, error) {
	if v.said == 0 { // the page gives the cookie
		res, err := v.client.Get(v.base)
		if err != nil {
			return "", err
		}
		res.Body.Close()
	}
	v.said++
	b, _ := json.Marshal(map[string]string{"id": fmt.Sprint(v.said), "text": t.Said})
	for {
		res, err := v.client.Post(v.base+"api/messages", "application/json", bytes.NewReader(b))
		if err != nil {
			return "", err
		}
		res.Body.Close()
		if res.StatusCode == http.StatusAccepted {
			break
		}
		if res.StatusCode != http.StatusTooManyRequests || !pause(ctx) {
			return "", fmt.Errorf("not taken: %s", res.Status)
		}
	}
	err := await(ctx, len(t.Replies), func() int { return len(v.heard()) })
	var out strings.Builder
	for _, e := range v.heard() {
		var labels []string
		for _, o := range e.Reply.Options {
			labels = append(labels, o.Label)
		}
		block(&out, e.Reply.Text, labels)
		v.after = e.ID
	}
	return out.String(), err
}

// chat is a private chat in Telegram.
type chat struct {
	net  *telegramtest.Server
	id   int64
	seen int
}

func (c *chat) name() string { return "telegram" }

func (c *chat) say(ctx context.Context, t bottest.Turn) (string, error) {
	c.net.Say(c.id, t.Said)
	err := await(ctx, c.seen+len(t.Replies), func() int { return len(c.net.Chat(c.id).Shown) })
	shown := c.net.Chat(c.id).Shown
	var out strings.Builder
	for _, m := range shown[c.seen:] {
		var labels []string
		for _, row := range m.Buttons {
			for _, b := range row {
				labels = append(labels, b.Text)
			}
		}
		if m.File != "" {
			labels = append(labels, "file "+m.File)
		}
		block(&out, m.Text, labels)
	}
	c.seen = len(shown)
	return out.String(), err
}

// follower follows the official account.
type follower struct {
	net  *wechattest.Server
	id   string
	seen int
}

func (f *follower) name() string { return "wechat" }

// say waits for one message only, since replies that are ready together come as one.
func (f *follower) say(ctx context.Context, t bottest.Turn) (string, error) {
	f.net.Say(f.id, t.Said)
	err := await(ctx, f.seen+min(1, len(t.Replies)), func() int {
		if !f.net.Idle() {
			return 0
		}
		return len(f.net.Customer(f.id).Seen)
	})
	seen := f.net.Customer(f.id).Seen
	var out strings.Builder
	for _, m := range seen[f.seen:] {
		labels := m.Labels()
		if m.Via == "apology" {
			m.Text = wechattest.Apology
		}
		if len(labels) > 0 && strings.Contains(m.Text, ". "+labels[0]) {
			labels = nil // they stand in the text with their numbers
		}
		block(&out, m.Text, labels)
	}
	f.seen = len(seen)
	return out.String(), err
}

// pause waits until a visitor may write again; false when the rehearsal ends.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}
