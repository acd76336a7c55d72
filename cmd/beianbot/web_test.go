package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

// visitor is a browser without a screen: it keeps its cookie.
func visitor(t *testing.T, base string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	res, err := c.Get(base)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return c
}

func post(t *testing.T, c *http.Client, base, id, text string) (int, string) {
	t.Helper()
	b, _ := json.Marshal(map[string]string{"id": id, "text": text})
	res, err := c.Post(base+"api/messages", "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// heard reads the stream until a bot's entry holds a text.
func heard(t *testing.T, c *http.Client, base, want string) string {
	t.Helper()
	res, err := c.Get(base + "api/events?after=0")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	sc := bufio.NewScanner(res.Body)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		if l := sc.Text(); strings.HasPrefix(l, "data: ") && strings.Contains(l, `"from":"bot"`) && strings.Contains(l, want) {
			return l
		}
	}
	t.Fatalf("never heard %q: %v", want, sc.Err())
	return ""
}

func TestWebAnswersOnceForARepeatedMessage(t *testing.T) {
	base := startServer(t, t.TempDir())
	c := visitor(t, base)
	for range 3 {
		if code, body := post(t, c, base, "m1", "备案要多久"); code != http.StatusAccepted {
			t.Fatal(code, body)
		}
	}
	heard(t, c, base, "20 个工作日")
	res, err := c.Get(base + "api/history")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var entries []map[string]any
	if err := json.NewDecoder(res.Body).Decode(&entries); err != nil || len(entries) != 2 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestWebVisitorsDoNotSeeEachOther(t *testing.T) {
	base := startServer(t, t.TempDir())
	a, b := visitor(t, base), visitor(t, base)
	post(t, a, base, "m1", "备案要收费吗")
	heard(t, a, base, "免费")
	res, err := b.Get(base + "api/history")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); strings.TrimSpace(string(body)) != "[]" {
		t.Errorf("another visitor sees %s", body)
	}
}

func TestWebPacesAndRefusesKindly(t *testing.T) {
	base := startServer(t, t.TempDir())
	c := visitor(t, base)
	limited := false
	for i := range 30 {
		code, body := post(t, c, base, fmt.Sprint(i), "你好")
		if code == http.StatusTooManyRequests && strings.Contains(body, "请等几秒") && strings.Contains(body, "wait a few seconds") {
			limited = true
			break
		}
	}
	if !limited {
		t.Error("thirty messages at once were all taken")
	}
	if code, body := post(t, visitor(t, base), base, "big", strings.Repeat("备", 60000)); code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "太长") {
		t.Errorf("large: %d %s", code, body)
	}
	res, err := c.Post(base+"api/messages", "application/json", strings.NewReader("{"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	req, _ := http.NewRequest(http.MethodPost, base+"api/messages", strings.NewReader(`{"id":"x","text":"hi"}`))
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err = c.Do(req); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("cross-site post: %d", res.StatusCode)
	}
}

func TestWebConversationSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	jar, _ := cookiejar.New(nil)
	var cookies []*http.Cookie
	t.Run("before", func(t *testing.T) {
		base := startServer(t, dir)
		c := visitor(t, base)
		post(t, c, base, "m1", "公司首次备案要什么材料")
		heard(t, c, base, "省份")
		req, _ := http.NewRequest(http.MethodGet, base, nil)
		cookies = c.Jar.Cookies(req.URL)
	})
	t.Run("after", func(t *testing.T) {
		base := startServer(t, dir)
		req, _ := http.NewRequest(http.MethodGet, base, nil)
		jar.SetCookies(req.URL, cookies)
		c := &http.Client{Jar: jar, Timeout: 10 * time.Second}
		post(t, c, base, "m2", "上海")
		if l := heard(t, c, base, "上海市 · 企业 · 首次备案"); !strings.Contains(l, "营业执照") {
			t.Error(l)
		}
	})
}

func TestDigitsThatProveACaseAreNotKept(t *testing.T) {
	base := startServer(t, t.TempDir())
	c := visitor(t, base)
	post(t, c, base, "m1", "查进度 BA20261101006")
	heard(t, c, base, "后四位")
	post(t, c, base, "m2", "手机尾号 6612")
	heard(t, c, base, "管局审核中")
	res, err := c.Get(base + "api/history")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kept, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(kept), "••••") || strings.Contains(string(kept), "6612") {
		t.Errorf("kept (%v): %s", err, kept)
	}
}
