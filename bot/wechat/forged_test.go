package wechat_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"beianbot/bot"
	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
)

// request is what somebody posts to the callback.
type request struct {
	method, kind string
	q            url.Values
	body         string
}

// send posts it as it is.
func (r *rig) send(m request) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequest(m.method, r.hook.URL+wechat.Path+"?"+m.q.Encode(), strings.NewReader(m.body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// sign signs a request as of a time: the plain signature, and for an encrypted one that of its cipher.
func sign(token string, m *request, at time.Time, cipher string) {
	ts := strconv.FormatInt(at.Unix(), 10)
	m.q.Set("timestamp", ts)
	m.q.Set("signature", util.Signature(token, ts, m.q.Get("nonce")))
	if cipher != "" {
		m.q.Set("msg_signature", util.Signature(token, ts, m.q.Get("nonce"), cipher))
	}
}

func cipherOf(body string) string {
	_, rest, _ := strings.Cut(body, "<Encrypt><![CDATA[")
	cipher, _, _ := strings.Cut(rest, "]]>")
	return cipher
}

func TestWhatIsNotThePlatformsIsRefused(t *testing.T) {
	const xxe = `<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]>`
	stranger := wechattest.New() // another account with the same token and key
	defer stranger.Close()
	stranger.AppID = "wx00000000000000ff"
	every := []wechattest.Mode{wechattest.Plain, wechattest.Compatible, wechattest.Safe}
	sealed := every[1:]
	for name, c := range map[string]struct {
		modes  []wechattest.Mode
		forge  func(r *rig, m *request, plain string)
		status int
	}{
		"no signature":    {every, func(r *rig, m *request, _ string) { m.q.Del("signature"); m.q.Del("msg_signature") }, 403},
		"wrong signature": {every, func(r *rig, m *request, _ string) { sign("another token", m, r.net.Now(), cipherOf(m.body)) }, 403},
		"nothing but a body": {every, func(r *rig, m *request, _ string) {
			mode := m.q.Get("encrypt_type")
			m.q = url.Values{}
			if mode != "" {
				m.q.Set("encrypt_type", mode)
			}
		}, 403},
		"old": {every, func(r *rig, m *request, _ string) {
			sign(r.net.Token, m, r.net.Now().Add(-301*time.Second), cipherOf(m.body))
		}, 403},
		"of the future": {every, func(r *rig, m *request, _ string) {
			sign(r.net.Token, m, r.net.Now().Add(310*time.Second), cipherOf(m.body))
		}, 403},
		"another time in the query":  {every, func(r *rig, m *request, _ string) { m.q.Set("timestamp", strconv.FormatInt(r.net.Now().Unix()+1, 10)) }, 403},
		"no time":                    {every, func(r *rig, m *request, _ string) { m.q.Del("timestamp") }, 403},
		"plain though a key is set":  {sealed, func(r *rig, m *request, plain string) { m.q.Del("encrypt_type"); m.body = plain }, 403},
		"raw though a key is set":    {sealed, func(r *rig, m *request, plain string) { m.q.Set("encrypt_type", "raw"); m.body = plain }, 403},
		"plain in an encrypted mode": {sealed, func(r *rig, m *request, plain string) { m.body = plain }, 403},
		"encrypted without a key":    {every[:1], func(r *rig, m *request, _ string) { m.q.Set("encrypt_type", "aes") }, 403},
		"a bit flipped": {sealed, func(r *rig, m *request, _ string) {
			m.body = strings.Replace(m.body, "<Encrypt><![CDATA[", "<Encrypt><![CDATA[A", 1)
		}, 403},
		"cipher cut, signed again": {sealed, func(r *rig, m *request, _ string) {
			cipher := cipherOf(m.body)
			m.body = "<xml><Encrypt><![CDATA[" + cipher[:len(cipher)/2] + "]]></Encrypt></xml>"
			sign(r.net.Token, m, r.net.Now(), cipher[:len(cipher)/2])
		}, 403},
		"of another account": {sealed, func(r *rig, m *request, plain string) {
			stranger.Mode = r.net.Mode
			m.q, m.body = stranger.Sealed(plain)
		}, 403},
		"truncated":         {every, func(r *rig, m *request, _ string) { m.body = m.body[:len(m.body)-9] }, 400},
		"empty":             {every, func(r *rig, m *request, _ string) { m.body = "" }, 400},
		"too large":         {every, func(r *rig, m *request, _ string) { m.body += strings.Repeat(" ", 1<<20) }, 413},
		"an entity outside": {every, func(r *rig, m *request, _ string) { m.body = xxe + m.body }, 400},
		"an entity inside": {every, func(r *rig, m *request, plain string) {
			m.q, m.body = r.net.Sealed(xxe + strings.Replace(plain, "<xml>", "<xml><A>&e;</A>", 1))
		}, 400},
		"JSON": {every, func(r *rig, m *request, _ string) {
			m.kind, m.body = "application/json", `{"FromUserName":"a","MsgType":"text"}`
		}, 415},
		"JSON that claims XML": {every, func(r *rig, m *request, _ string) { m.body = `{"FromUserName":"a","MsgType":"text"}` }, 400},
		"another method":       {every, func(r *rig, m *request, _ string) { m.method = http.MethodPut }, 405},
		"a proof unsigned":     {every, func(r *rig, m *request, _ string) { m.method = http.MethodGet; m.q = url.Values{"echostr": {"1"}} }, 403},
	} {
		for _, mode := range c.modes {
			t.Run(string(mode)+"/"+name, func(t *testing.T) {
				b := &broken{}
				r := start(t, setup{mode: mode, ask: func(a bot.Asker) bot.Asker { b.Asker = a; return b }})
				plain := r.net.Message(anna, "备案要多久?")
				m := request{method: http.MethodPost, kind: "text/xml"}
				m.q, m.body = r.net.Sealed(plain)
				c.forge(r, &m, plain)
				if status, body := r.send(m); status != c.status || strings.Contains(body, "root:") {
					t.Errorf("status %d, want %d; body %q", status, c.status, body)
				}
				if n := b.asked.Load(); n != 0 {
					t.Error("it was taken for a message")
				}
				if in, err := r.store.Open(context.Background()); err != nil || len(in) != 0 {
					t.Errorf("stored: %v, %v", in, err)
				}
			})
		}
	}
}

func TestABodyThatNeverEndsIsNotWaitedFor(t *testing.T) {
	r := start(t, setup{with: func(o *wechat.Options) { o.Patience, o.ReplyWithin = 300*time.Millisecond, 200*time.Millisecond }})
	for _, head := range []string{"POST /wechat?signature=x&timestamp=1&nonce=1 HTTP/1.1\r\nContent-Type: text/xml", "POST /wechat HTTP/1.1\r\nContent-Type: application/json", "PUT /wechat HTTP/1.1",
		"GET /wechat HTTP/1.1"} {
		conn, err := net.Dial("tcp", r.hook.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nHost: x\r\nContent-Length: 100\r\n\r\n<xml>", head)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if b, err := io.ReadAll(conn); err != nil {
			t.Errorf("%s: %v after %q", head, err, b)
		}
	}
}

func TestInCompatibleModeOnlyTheEncryptedPartCounts(t *testing.T) {
	r := start(t, setup{mode: wechattest.Compatible})
	m := request{method: http.MethodPost, kind: "text/xml"}
	m.q, m.body = r.net.Sealed(r.net.Message(anna, "备案要多久?"))
	m.body = strings.Replace(m.body, "备案要多久?", "备案要收费吗?", 1)
	if status, _ := r.send(m); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	history, err := r.store.History(context.Background(), bot.Address{Channel: wechat.Name, Customer: anna}, 0, 10)
	if err != nil || len(history) == 0 || history[0].Text != "备案要多久?" {
		t.Errorf("%+v, %v", history, err)
	}
}

func TestAReplayIsNoSecondMessage(t *testing.T) {
	r := start(t, setup{})
	m := request{method: http.MethodPost, kind: "text/xml"}
	m.q, m.body = r.net.Sealed(r.net.Message(anna, "备案要多久?"))
	for range 3 {
		if status, body := r.send(m); status != http.StatusOK || !strings.Contains(body, "<Encrypt>") {
			t.Errorf("status %d, body %q", status, body)
		}
	}
	// A consent counts once, whoever posts its event again.
	e := m
	e.q, e.body = r.net.Sealed("<xml><ToUserName>gh</ToUserName><FromUserName>" + anna + "</FromUserName><CreateTime>" + strconv.FormatInt(r.net.Now().Unix(), 10) +
		"</CreateTime><MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><SubscribeStatusString>accept</SubscribeStatusString></List></SubscribeMsgPopupEvent></xml>")
	for range 2 {
		if status, body := r.send(e); status != http.StatusOK || body != "success" {
			t.Errorf("status %d, body %q", status, body)
		}
	}
	a := bot.Address{Channel: wechat.Name, Customer: anna}
	history, err := r.store.History(context.Background(), a, 0, 10)
	if err != nil || len(history) != 2 {
		t.Errorf("%d entries, %v", len(history), err)
	}
	if reach, err := r.store.Reach(context.Background(), a); err != nil || reach.Consents != 1 {
		t.Errorf("%+v, %v", reach, err)
	}
	r.net.Advance(10 * time.Minute)
	if status, _ := r.send(m); status != http.StatusForbidden {
		t.Errorf("ten minutes later: status %d", status)
	}
}

func TestThePlatformsOwnIsAcknowledgedThoughUnreadable(t *testing.T) {
	r := start(t, setup{})
	for _, plain := range []string{"<xml><FromUserName>" + anna, "<xml></xml>", "<a/>", "hello", "<xml><FromUserName>" + anna + "</FromUserName></xml>", "<xml><MsgType>text</MsgType></xml>",
		"<xml><MsgType>text</MsgType><FromUserName>../../etc</FromUserName></xml>"} {
		m := request{method: http.MethodPost, kind: "text/xml"}
		m.q, m.body = r.net.Sealed(plain)
		if status, body := r.send(m); status != http.StatusOK || body != "success" {
			t.Errorf("%s: status %d, body %q", plain, status, body)
		}
	}
	// An echostr makes no proof of a message.
	m := request{method: http.MethodPost, kind: "text/xml"}
	m.q, m.body = r.net.Sealed(r.net.Message(anna, "备案要多久?"))
	m.q.Set("echostr", "1")
	if status, body := r.send(m); status != http.StatusOK || !strings.Contains(body, "<Encrypt>") {
		t.Errorf("status %d, body %q", status, body)
	}
}
