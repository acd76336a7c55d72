package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"beianbot/bot/telegram/telegramtest"
)

const gdList = "list?type=first&subject=enterprise&province=CN-GD"

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestListPageAndFile(t *testing.T) {
	base := startServer(t, t.TempDir())
	res, body := get(t, base+gdList)
	for _, want := range []string{`<html lang="zh-CN">`, "广东省 · 企业 · 首次备案", "营业执照", "以广东省通信管理局最新要求为准", `href="list.pdf?lang=zh&amp;province=CN-GD&amp;subject=enterprise&amp;type=first"`,
		`href="list?lang=en&amp;province=CN-GD&amp;subject=enterprise&amp;type=first"`, `data-key="province=CN-GD&amp;subject=enterprise&amp;type=first"`} {
		if res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d, no %s in:\n%s", res.StatusCode, want, body)
		}
	}
	if len(res.Cookies()) > 0 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'self'") || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "style=") {
		t.Errorf("cookies %v, headers %v", res.Cookies(), res.Header)
	}
	if _, body = get(t, base+gdList+"&lang=en"); !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, "Guangdong · Company · First filing") {
		t.Error(body)
	}
	if _, body = get(t, base+"list?type=cancel&subject=enterprise&province=CN-GD"); !strings.Contains(body, "不用上传材料") {
		t.Error(body)
	}
	res, body = get(t, base+strings.Replace(gdList, "list", "list.pdf", 1))
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF-") ||
		res.Header.Get("Content-Disposition") != "inline; filename*=utf-8''%E5%A4%87%E6%A1%88%E6%9D%90%E6%96%99%E6%B8%85%E5%8D%95-%E5%B9%BF%E4%B8%9C%E7%9C%81-%E4%BC%81%E4%B8%9A-%E9%A6%96%E6%AC%A1%E5%A4%87%E6%A1%88.pdf" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	for _, bad := range []string{"list", "list.pdf", "list?type=first&province=CN-XX", "list.pdf?type=<script>", "list?type=first&subject=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"} {
		if res, body := get(t, base+bad); res.StatusCode != http.StatusNotFound || !strings.Contains(body, "没有这份清单") || strings.Contains(body, "alert") {
			t.Errorf("%s: %d %s", bad, res.StatusCode, body)
		}
	}
}

// TestListFilesTakeTurns asks for more files at once than are made at once: every one comes, or is told to come again.
func TestListFilesTakeTurns(t *testing.T) {
	base := startServer(t, t.TempDir())
	codes := make(chan int, 12)
	for range cap(codes) {
		go func() {
			res, err := http.Get(base + strings.Replace(gdList, "list", "list.pdf", 1))
			if err != nil {
				codes <- 0
				return
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			codes <- res.StatusCode
		}()
	}
	for range cap(codes) {
		if code := <-codes; code != http.StatusOK && code != http.StatusServiceUnavailable {
			t.Errorf("status %d", code)
		}
	}
}

// TestBrowserList ticks a list off, as somebody on a phone and on a desk does, with the mouse and with keys, in light and dark.
func TestBrowserList(t *testing.T) {
	base := startServer(t, t.TempDir())
	for _, d := range []struct {
		name, scheme, lang string
		w, h               int64
	}{{"phone", "light", "zh", 390, 844}, {"phone-dark", "dark", "en", 390, 844}, {"desktop", "light", "en", 1280, 800}, {"desktop-dark", "dark", "zh", 1280, 800}} {
		t.Run(d.name, func(t *testing.T) {
			ctx := browser(t, d.w, d.h)
			scheme := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: d.scheme}}}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, scheme); err != nil {
				t.Fatal(err)
			}
			do(t, ctx, "page", chromedp.Steps(chromedp.Navigate(base+gdList+"&lang="+d.lang), chromedp.WaitVisible("#print")))
			sum := do(t, ctx, "background", chromedp.Evaluate[int](`getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b)`))
			if dark := sum < 150; dark != (d.scheme == "dark") {
				t.Errorf("red + green + blue = %d on a %s device", sum, d.scheme)
			}
			if wide := do(t, ctx, "width", chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > d.w {
				t.Errorf("the page is %d wide on a screen of %d", wide, d.w)
			}
			do(t, ctx, "tick", chromedp.Steps(chromedp.Click(".tick:nth-child(1) label"), chromedp.Focus(".tick:nth-child(2) input"), chromedp.KeyEvent(" ")))
			shot(t, ctx, "list-"+d.name)
			do(t, ctx, "reload", chromedp.Steps(chromedp.Reload(), chromedp.WaitVisible("#print")))
			count := do(t, ctx, "count", chromedp.Text("#count"))
			if want := map[string]string{"zh": "已备 2/", "en": "2 of "}[d.lang]; !strings.HasPrefix(count, want) {
				t.Errorf("count %q after a reload", count)
			}
			do(t, ctx, "other language", chromedp.Steps(chromedp.Click("nav [hreflang]"), chromedp.WaitVisible("#print")))
			if n := do(t, ctx, "ticks", chromedp.Evaluate[int](`document.querySelectorAll("input:checked").length`)); n != 2 {
				t.Errorf("%d ticks in the other language", n)
			}
			do(t, ctx, "clear", chromedp.Steps(chromedp.Focus("#clear"), chromedp.KeyEvent(kb.Enter)))
			if n := do(t, ctx, "ticks", chromedp.Evaluate[int](`document.querySelectorAll("input:checked").length + JSON.parse(localStorage.getItem("ticks province=CN-GD&subject=enterprise&type=first")).length`)); n != 0 {
				t.Errorf("%d ticks after clearing", n)
			}
			if hosts := do(t, ctx, "hosts", chromedp.Evaluate[[]string](`performance.getEntriesByType("resource").map(e => new URL(e.name).host).filter(h => h !== location.host)`)); len(hosts) > 0 {
				t.Errorf("requests to other hosts: %v", hosts)
			}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
				t.Fatal(err)
			}
			if shown := do(t, ctx, "print", chromedp.Evaluate[bool](`getComputedStyle(document.querySelector("nav")).display !== "none"`)); shown {
				t.Error("buttons are printed")
			}
			shot(t, ctx, "list-print-"+d.name)
		})
	}
}

// TestBrowserListFromTheChat follows the link under a list, and finds the ticks of the chat there.
func TestBrowserListFromTheChat(t *testing.T) {
	base := startServer(t, t.TempDir())
	ctx := browser(t, 390, 844)
	do(t, ctx, "greeting", chromedp.Steps(chromedp.Navigate(base), chromedp.WaitVisible(".options button")))
	say(t, ctx, "公司首次备案,在广东,要什么材料")
	do(t, ctx, "tick", chromedp.Steps(chromedp.WaitVisible(".tick input"), chromedp.Click(".tick input")))
	links := do(t, ctx, "links", chromedp.Evaluate[[]string](`[...document.querySelectorAll(".links a")].map(a => a.href)`))
	if len(links) != 2 || !strings.HasPrefix(links[0], base+"list?") || !strings.HasPrefix(links[1], base+"list.pdf?") {
		t.Fatalf("links %q", links)
	}
	shot(t, ctx, "list-chat")
	do(t, ctx, "page", chromedp.Steps(chromedp.Navigate(links[0]), chromedp.WaitVisible("#print")))
	if !do(t, ctx, "tick", chromedp.Evaluate[bool](`document.querySelector(".tick input").checked`)) {
		t.Error("the tick of the chat is not on the list's page")
	}
	if res, body := get(t, links[1]); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, "%PDF-") {
		t.Errorf("%d", res.StatusCode)
	}
}

func TestTelegramSendsTheListAsAFile(t *testing.T) {
	net := telegramtest.New("7:secret")
	t.Cleanup(net.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	startServer(t, t.TempDir(), "BEIANBOT_TELEGRAM_TOKEN=7:secret", "BEIANBOT_TELEGRAM_API_URL="+net.URL())
	net.Say(41, "广东的公司首次备案要准备什么材料?")
	m, err := net.AwaitShown(ctx, 41, 2)
	if err != nil || m[1].File != "备案材料清单-广东省-企业-首次备案.pdf" || !bytes.HasPrefix(m[1].Data, []byte("%PDF-")) {
		t.Errorf("%v", err)
	}
}

func TestTerminalTellsTheLinkToTheList(t *testing.T) {
	dir := t.TempDir()
	q := "广东的公司首次备案要准备什么材料?"
	env := append(environment(t, dir), "BEIANBOT_SERVER_PUBLIC_URL=https://help.example.cn/ba/")
	want := "https://help.example.cn/ba/list?lang=zh&province=CN-GD&subject=enterprise&type=first"
	if _, out, _ := call(t, env, "", "ask", q); !strings.Contains(out, want+"\n") {
		t.Error(out)
	}
	if _, out, _ := call(t, env, q+"\n", "chat"); !strings.Contains(out, want+"\n") {
		t.Error(out)
	}
	if _, out, _ := call(t, environment(t, dir), "", "ask", q); strings.Contains(out, "/list?") {
		t.Errorf("a link without public_url: %s", out)
	}
}

func TestChecklistCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "l.pdf")
	code, out, errs := call(t, nil, "", "checklist", "--province", "广东", "--subject", "企业", "--out", file)
	if b, err := os.ReadFile(file); code != 0 || err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) || strings.TrimSpace(out) != file {
		t.Errorf("exit %d %s%s, %v", code, out, errs, err)
	}
	t.Chdir(dir)
	if code, out, errs = call(t, nil, "", "checklist", "--province", "cn-js", "--subject", "individual", "--fact", "id_elsewhere:yes", "--lang", "en", "--type", "access"); code != 0 || strings.TrimSpace(out) != "Documents-for-your-filing-Jiangsu-Private-person-Access-filing.pdf" {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if code, out, _ = call(t, nil, "", "checklist", "--province", "GD", "--subject", "企业", "--out", "-"); code != 0 || !strings.HasPrefix(out, "%PDF-") {
		t.Errorf("exit %d", code)
	}
	for _, bad := range [][]string{{"--province", "火星", "--subject", "企业"}, {"--province", "广东", "--subject", "火星人"}, {"--province", "广东", "--subject", "企业", "--type", "x"}, {"--province", "香港", "--subject", "企业"},
		{"--province", "广东", "--subject", "企业", "--fact", "name:zhang"}, {"--subject", "企业"}, {"--province", "", "--subject", "企业"}} {
		if code, out, errs := call(t, nil, "", append([]string{"checklist"}, bad...)...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d %s%s", bad, code, out, errs)
		}
	}
	if code, _, errs := call(t, nil, "", "checklist", "--province", "广东", "--subject", "企业", "--out", filepath.Join(dir, "no", "l.pdf")); code != 1 || !strings.Contains(errs, "--out") {
		t.Errorf("exit %d %s", code, errs)
	}
}
