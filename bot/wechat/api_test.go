package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"beianbot/bot/wechat/wechattest"
)

// memory keeps settings for a test.
type memory struct {
	mu sync.Mutex
	m  map[string]string
}

func (s *memory) Setting(_ context.Context, key string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[key], nil
}

func (s *memory) PutSetting(_ context.Context, key, value string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[key] = value
	return nil
}

const tokenPath, menuPath = "/cgi-bin/stable_token", "/cgi-bin/menu/delete"

func boxed(t *testing.T) (*wechattest.Server, *memory, *client) {
	net := wechattest.New()
	t.Cleanup(net.Close)
	s := &memory{m: map[string]string{}}
	return net, s, newClient(net.URL(), net.AppID, net.Secret, s)
}

func (c *client) ping(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, menuPath, nil, nil)
}

func TestOneTokenForAllAndOverRestarts(t *testing.T) {
	net, s, c := boxed(t)
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			if err := c.ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if err := newClient(net.URL(), net.AppID, net.Secret, s).ping(t.Context()); err != nil {
		t.Error(err)
	}
	if n := net.Calls(tokenPath); n != 1 {
		t.Errorf("%d tokens fetched", n)
	}
	net.Advance(3 * time.Hour) // the platform's clock only: it says that the token has expired
	if err := c.ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestARefusedTokenIsFetchedAnewOnce(t *testing.T) {
	for _, refusal := range []int{tokenInvalid, tokenIllegal, tokenExpired} {
		net, _, c := boxed(t)
		net.Fail(menuPath, wechattest.Fault{Code: refusal})
		if err := c.ping(t.Context()); err != nil || net.Calls(menuPath) != 2 {
			t.Errorf("%d: %v after %d calls", refusal, err, net.Calls(menuPath))
		}
		net.Fail(menuPath, wechattest.Fault{Code: refusal}, wechattest.Fault{Code: refusal}, wechattest.Fault{Code: refusal})
		if err := c.ping(t.Context()); code(err) != refusal || net.Calls(menuPath) != 4 {
			t.Errorf("%d again: %v after %d calls", refusal, err, net.Calls(menuPath))
		}
	}
}

func TestErrorsAreTypedAndHoldNoSecret(t *testing.T) {
	net, _, c := boxed(t)
	access, err := c.access(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]wechattest.Fault{
		"cut": {Cut: "before"}, "bad gateway": {Status: 502}, "no JSON": {Garbage: true}, "slow": {Slow: time.Minute},
		"quotes the call": {Code: 45009, Msg: strings.Repeat("x", 150) + " access_token=" + access + " secret=" + net.Secret + strings.Repeat("y", 500)},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		net.Fail(menuPath, f)
		err := c.ping(ctx)
		cancel()
		if err == nil || strings.Contains(err.Error(), "SECRET") || len(err.Error()) > 400 || !strings.Contains(err.Error(), menuPath) {
			t.Errorf("%s: %v", name, err)
		}
		var no *APIError
		if errors.As(err, &no) != (f.Code != 0) || f.Code != 0 && (no.Code != f.Code || no.RID == "") {
			t.Errorf("%s: %+v", name, no)
		}
	}
	for _, wrong := range []*client{newClient("http://127.0.0.1:1/SECRET", net.AppID, net.Secret, &memory{m: map[string]string{}}), newClient("://SECRET", net.AppID, net.Secret, &memory{m: map[string]string{}}),
		newClient(net.URL(), net.AppID, "another SECRET", &memory{m: map[string]string{}}), newClient(net.URL(), "SECRET", net.Secret, &memory{m: map[string]string{}})} {
		if err := wrong.ping(t.Context()); err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(advice(err), "SECRET") {
			t.Errorf("%v", err)
		}
	}
}

func TestAProxyThatIsDownGotNothing(t *testing.T) {
	nobody, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c := newClient("https://wechat.invalid", "wx1", "secret", &memory{m: map[string]string{}})
	c.http.Transport.(*http.Transport).Proxy = http.ProxyURL(nobody)
	c.token.Store(&token{Value: "t", Until: time.Now().Add(time.Hour)})
	err = c.ping(t.Context())
	if err == nil || !unsent(err) {
		t.Errorf("%v counts as maybe sent", err)
	}
}

// FuzzAnswer reads anything as an answer of the platform.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"errcode":0}`, `{"errcode":45015,"errmsg":"response out of time limit rid: 1-2-3"}`, `{"access_token":"a","expires_in":7200}`, `[]`, ``, `{"errcode":"1"}`,
		`{"errcode":1e99}`, `<html>`, `{"errcode":-1,"errmsg":"` + strings.Repeat("系", 300) + `"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out struct {
			Token string `json:"access_token"`
		}
		err := read(b, "/x", &out)
		var head struct {
			Code int `json:"errcode"`
		}
		switch yes := json.Unmarshal(b, &head) == nil && head.Code == 0; {
		case !yes && err == nil:
			t.Fatalf("%q is taken for a yes", b)
		case err != nil && code(err) != head.Code && code(err) != 0:
			t.Fatalf("%q: %v", b, err)
		}
	})
}
