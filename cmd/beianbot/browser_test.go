package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser starts a real Chromium, or skips where there is none; in CI a missing one fails.
func browser(t *testing.T, width, height int64) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium: apt-get install chromium")
		}
		t.Skip("no Chromium on this machine; apt-get install chromium to run this test")
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "zh-CN"), chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if _, err := chromedp.Run(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// do runs one action and fails the test with what it was for.
func do[T any](t *testing.T, ctx context.Context, what string, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

// shot keeps a picture where the environment names a folder for it, for somebody who wants to look.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if dir := os.Getenv("SHOTS"); dir != "" {
		png := do(t, ctx, "screenshot", chromedp.CaptureScreenshot())
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func say(t *testing.T, ctx context.Context, text string) {
	t.Helper()
	do(t, ctx, "type "+text, chromedp.Steps(chromedp.SendKeys("#box", text), chromedp.Click("#send")))
}

func TestBrowserConversation(t *testing.T) {
	base := startServer(t, t.TempDir())
	for _, size := range []struct {
		name string
		w, h int64
	}{{"phone", 390, 844}, {"desktop", 1280, 800}} {
		t.Run(size.name, func(t *testing.T) {
			ctx := browser(t, size.w, size.h)
			do(t, ctx, "greeting", chromedp.Steps(chromedp.Navigate(base), chromedp.WaitVisible(".options button")))
			shot(t, ctx, size.name+"-greeting")
			say(t, ctx, "公司首次备案,在广东,要什么材料")
			do(t, ctx, "checklist", chromedp.Steps(chromedp.WaitVisible(".tick input"), chromedp.Click(".tick input")))
			shot(t, ctx, size.name+"-documents")
			say(t, ctx, "查进度 BA20261101006")
			do(t, ctx, "question for the proof", chromedp.Poll[bool](`[...document.querySelectorAll("article.bot")].at(-1).textContent.includes("后四位")`))
			say(t, ctx, "6612")
			do(t, ctx, "steps", chromedp.WaitVisible(".steps .now"))
			if text := do(t, ctx, "present step", chromedp.Text(".steps .now")); !strings.Contains(text, "管局审核中") {
				t.Errorf("present step = %q", text)
			}
			shot(t, ctx, size.name+"-case")
			say(t, ctx, "帮我查 example.cn")
			do(t, ctx, "card", chromedp.WaitVisible(".condition"))
			if n := do(t, ctx, "conditions", chromedp.Evaluate[int](`document.querySelectorAll(".condition").length`)); n != 5 {
				t.Errorf("conditions = %d", n)
			}
			shot(t, ctx, size.name+"-domain")
			do(t, ctx, "reload", chromedp.Steps(chromedp.Reload(), chromedp.WaitVisible(".steps .now")))
			if !do(t, ctx, "tick", chromedp.Evaluate[bool](`document.querySelector(".tick input").checked`)) {
				t.Error("the tick is gone after a reload")
			}
			if hosts := do(t, ctx, "hosts", chromedp.Evaluate[[]string](`performance.getEntriesByType("resource").map(e => new URL(e.name).host).filter(h => h !== location.host)`)); len(hosts) > 0 {
				t.Errorf("requests to other hosts: %v", hosts)
			}
		})
	}
}

// TestBrowserByKeyboardInTheDark goes through a conversation with keys only, as somebody without a mouse does, on a device set to dark.
func TestBrowserByKeyboardInTheDark(t *testing.T) {
	ctx := browser(t, 390, 844)
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, "greeting", chromedp.Steps(chromedp.Navigate(startServer(t, t.TempDir())), chromedp.WaitVisible(".options button")))
	if sum := do(t, ctx, "background", chromedp.Evaluate[int](`getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b)`)); sum > 150 {
		t.Errorf("the page is bright (red + green + blue = %d) on a dark device", sum)
	}
	focus := func() string {
		return do(t, ctx, "focus", chromedp.Evaluate[string](`document.activeElement.textContent.trim() || document.activeElement.id`))
	}
	for want := range strings.SplitSeq("English,log,要不要备案,材料清单", ",") {
		do(t, ctx, "tab", chromedp.KeyEvent(kb.Tab))
		if got := focus(); got != want && (want != "log" || !strings.Contains(got, "备案助手")) {
			t.Fatalf("the focus is on %q, not on %q", got, want)
		}
	}
	do(t, ctx, "choose", chromedp.KeyEvent(kb.Enter))
	do(t, ctx, "answer", chromedp.Poll[bool](`document.querySelectorAll("article.customer").length === 1 && document.querySelectorAll("article.bot").length === 2`))
	do(t, ctx, "write", chromedp.Steps(chromedp.Focus("#box"), chromedp.KeyEvent("公司首次备案,在广东"), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".tick input")))
	do(t, ctx, "tick", chromedp.Steps(chromedp.Focus(".tick input"), chromedp.KeyEvent(" ")))
	if !do(t, ctx, "ticked", chromedp.Evaluate[bool](`document.querySelector(".tick input").checked`)) {
		t.Error("the space bar does not tick")
	}
	if said := do(t, ctx, "who spoke", chromedp.Evaluate[string](`[...document.querySelectorAll("article")].map(a => a.querySelector(".sr").textContent).join()`)); said != "助手说:,您说:,助手说:,您说:,助手说:" {
		t.Errorf("a screen reader hears %q", said)
	}
	shot(t, ctx, "dark")
}

// TestBrowserOutlastsTheServer stops the server and starts it again under an open page: the page comes back by itself with all that was said, and what was written meanwhile goes
// out once, though the page was loaded anew in between.
func TestBrowserOutlastsTheServer(t *testing.T) {
	ctx, dir, base := browser(t, 390, 844), t.TempDir(), ""
	said := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll("article.customer").length === %d`, n)
	}
	t.Run("up", func(t *testing.T) {
		base = startServer(t, dir)
		do(t, ctx, "greeting", chromedp.Steps(chromedp.Navigate(base), chromedp.WaitVisible(".options button")))
		say(t, ctx, "要备案吗")
		do(t, ctx, "question", chromedp.Poll[bool](`document.querySelectorAll("article.bot").length === 2`))
	})
	do(t, ctx, "loss seen", chromedp.Poll[bool](`document.getElementById("status").textContent.includes("重连")`))
	say(t, ctx, "收费吗")
	do(t, ctx, "not sent yet", chromedp.Poll[bool](`document.getElementById("notice").textContent.includes("自动再发") && document.getElementById("box").value === "收费吗"`))
	t.Run("up again", func(t *testing.T) {
		startServer(t, dir, "BEIANBOT_SERVER_LISTEN="+strings.Trim(strings.TrimPrefix(base, "http://"), "/"))
		do(t, ctx, "sent by itself", chromedp.Poll[bool](said(2)+` && document.getElementById("box").value === "" && document.getElementById("notice").textContent === ""`))
		do(t, ctx, "answered", chromedp.Poll[bool](`[...document.querySelectorAll("article.bot")].at(-1).textContent.includes("备案本身免费")`))
		say(t, ctx, "帮我查 example.cn")
		do(t, ctx, "card", chromedp.WaitVisible(".condition"))
		if q := do(t, ctx, "question under the card", chromedp.Evaluate[string](`[...document.querySelectorAll(".bubble:not(.fold)")].at(-1).textContent`)); !strings.Contains(q, "服务器放在哪里") {
			t.Errorf("above the buttons stands %q", q)
		}
		do(t, ctx, "a draft", chromedp.SendKeys("#box", "还没写完"))
		do(t, ctx, "reload", chromedp.Reload())
		do(t, ctx, "history", chromedp.Poll[bool](said(3)))
		if text := do(t, ctx, "draft", chromedp.Value("#box")); text != "还没写完" {
			t.Errorf("the box holds %q after a reload", text)
		}
	})
}
