package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestChatWorksBehindAProxyWithAPath talks through a proxy that takes the path off, and through one that does not; both hand another Host on.
func TestChatWorksBehindAProxyWithAPath(t *testing.T) {
	const public = "https://www.example.cn"
	base := startServer(t, t.TempDir(), "BEIANBOT_SERVER_PUBLIC_URL="+public+"/beian/", "BEIANBOT_SERVER_TRUSTED_PROXIES=127.0.0.1")
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() }}
	for name, handler := range map[string]http.Handler{"path taken off": http.StripPrefix("/beian", forward), "path left": forward} {
		t.Run(name, func(t *testing.T) {
			proxy := httptest.NewTLSServer(handler)
			defer proxy.Close()
			c := proxy.Client()
			c.Jar, _ = cookiejar.New(nil)
			c.Timeout = 10 * time.Second
			page := proxy.URL + "/beian/"
			res, err := c.Get(page)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if !strings.Contains(string(body), `src="static/chat.js"`) || len(res.Cookies()) != 1 || !res.Cookies()[0].Secure {
				t.Errorf("page %d, cookies %v", res.StatusCode, res.Cookies())
			}
			// A browser without Sec-Fetch-Site: only Origin says that the page is ours.
			for origin, code := range map[string]int{public: http.StatusAccepted, "https://evil.example": http.StatusForbidden} {
				req, _ := http.NewRequest(http.MethodPost, page+"api/messages", strings.NewReader(`{"id":"m1","text":"备案要收费吗"}`))
				req.Header.Set("Origin", origin)
				res, err := c.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != code {
					t.Errorf("from %s: %d, want %d", origin, res.StatusCode, code)
				}
			}
			heard(t, c, page, "免费")
		})
	}
	none := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{"beian": "308 /beian/", "beian?a=1": "308 /beian/?a=1", "beian/healthz": "200 ", "beianx": "404 "} {
		res, err := none.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Location")); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestOneAddressDoesNotSlowTheOthers sends more than one address may, through a trusted proxy, and then asks from another.
func TestOneAddressDoesNotSlowTheOthers(t *testing.T) {
	send := func(base, from string, n int) int {
		req, _ := http.NewRequest(http.MethodPost, base+"api/messages", strings.NewReader(fmt.Sprintf(`{"id":"m%d","text":"/"}`, n)))
		req.Header.Set("X-Forwarded-For", from)
		res, err := http.DefaultClient.Do(req) // no cookie: a new visitor each time
		if err != nil {
			t.Error(err)
			return 0
		}
		res.Body.Close()
		return res.StatusCode
	}
	paced := func(base string, from func(int) string) bool { // of two hundred at once
		var paced atomic.Bool
		var wg sync.WaitGroup
		for n := range 200 {
			wg.Go(func() {
				if send(base, from(n), n) == http.StatusTooManyRequests {
					paced.Store(true)
				}
			})
		}
		wg.Wait()
		return paced.Load()
	}
	one := func(int) string { return "203.0.113.7" }
	t.Run("trusted", func(t *testing.T) {
		base := startServer(t, t.TempDir(), "BEIANBOT_SERVER_TRUSTED_PROXIES=127.0.0.1")
		if !paced(base, one) {
			t.Error("one address was never paced")
		}
		if code := send(base, "203.0.113.8", 0); code != http.StatusAccepted {
			t.Errorf("another address: %d", code)
		}
	})
	t.Run("not trusted", func(t *testing.T) {
		if !paced(startServer(t, t.TempDir()), func(n int) string { return fmt.Sprintf("203.0.113.%d", n%250) }) {
			t.Error("a made up header got around the pace")
		}
	})
}
