package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/store"
	"beianbot/store/mirror"
)

// TestReadyzIsUnreadyWithoutStoreOrMirror takes one after the other away.
func TestReadyzIsUnreadyWithoutStoreOrMirror(t *testing.T) {
	dir := t.TempDir()
	conf, err := loadConfig("", environment(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := conf.newEngine()
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "s.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mirror.Open(t.Context(), conf.Mirror.Path, true, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	reload := newReloader(conf, log)
	reload.taken(engine.Knowledge())
	h := readiness{store: st, assistant: &assistant{mirror: m}, reload: reload, service: bot.NewService(st, st, bot.Lookups{}, engine, log), log: log}
	for _, step := range []struct {
		name string
		do   func() error
		code int
		body string
	}{
		{"all up", func() error { return nil }, http.StatusOK, `"store":"up","mirror":"up"`},
		{"mirror gone", m.Close, http.StatusServiceUnavailable, `"store":"up","mirror":"down"`},
		{"store gone", st.Close, http.StatusServiceUnavailable, `"store":"down","mirror":"down"`},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != step.code || !strings.Contains(w.Body.String(), step.body) {
			t.Errorf("%s: %d %s", step.name, w.Code, w.Body)
		}
	}
}

// TestReadyzSaysThatANewerMirrorIsBroken damages the mirror on disk; the program goes on with the one it has.
func TestReadyzSaysThatANewerMirrorIsBroken(t *testing.T) {
	dir := t.TempDir()
	base := startServer(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "mirror"), 0o700); err != nil {
		t.Fatal(err)
	}
	current := filepath.Join(dir, "mirror", "CURRENT")
	if err := os.WriteFile(current, []byte("mirror-gone.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return readyz(t, base).MirrorProblem != "" })
	if body := readyz(t, base); body.Mirror != "up" || body.MirrorRows != 9 || series(scrape(t, base), "beianbot_mirror_refused") != 1 {
		t.Errorf("%+v", body)
	}
	if err := os.Remove(current); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return readyz(t, base).MirrorProblem == "" })
}

// TestADamagedMirrorIsSeen damages the mirror under a running server: the customers, /readyz, the log and the metrics tell of it, until an import replaces it.
func TestADamagedMirrorIsSeen(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("case_no,status,status_at,phone_last4,note\n")
	for i := range 500 {
		fmt.Fprintf(&text, "BA20260101%03d,approved,2026-11-01T09:00:00+08:00,7531,%s\n", i, strings.Repeat("请重拍", 30))
	}
	cases := filepath.Join(dir, "c.csv")
	if err := os.WriteFile(cases, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, environment(t, dir), "", "mirror", "import", cases); code != 0 {
		t.Fatal(errs)
	}
	var errs bytes.Buffer
	base, stop := serveIn(t, dir, &errs)
	status := func() int {
		res, err := http.Get(base + "readyz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	failed := func() float64 { return series(scrape(t, base), "beianbot_failures_total", "operation=find case") }
	a, b := visitor(t, base), visitor(t, base)
	post(t, a, base, "m1", "查进度 BA20260101001 7531")
	heard(t, a, base, "BA20260101001")
	if status() != http.StatusOK || failed() != 0 {
		t.Fatalf("whole: readyz %d, %v failures", status(), failed())
	}
	files, err := filepath.Glob(filepath.Join(dir, "mirror", "mirror-*.db"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	size, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], bytes.Repeat([]byte{0xa5}, int(size.Size())), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		c        *http.Client
		id, text string
	}{{a, "m2", "查进度 BA20260101250 7531"}, {b, "m3", "查进度 BA20260101333 7531"}} {
		post(t, m.c, base, m.id, m.text)
		heard(t, m.c, base, "现在查不了进度")
	}
	if body := readyz(t, base); status() != http.StatusServiceUnavailable || body.Mirror != "down" || !strings.Contains(body.MirrorProblem, "import again") || body.Store != "up" {
		t.Errorf("readyz: %d %+v", status(), body)
	}
	if failed() != 2 || series(scrape(t, base), "beianbot_lookup_seconds", "source=mirror", "outcome=failed") != 2 {
		t.Errorf("%v failures", failed())
	}
	if code, _, errs := call(t, environment(t, dir), "", "mirror", "import", cases); code != 0 {
		t.Fatal(errs)
	}
	await(t, func() bool { return status() == http.StatusOK })
	post(t, b, base, "m4", "查进度 BA20260101333 7531")
	heard(t, b, base, "BA20260101333")
	stop()
	log := errs.String()
	if n := strings.Count(log, "level=ERROR"); n < 1 || n > 2 || strings.Count(log, "database disk image is malformed")+strings.Count(log, "file is not a database") != n { // the look-ups and /readyz may meet different damage
		t.Errorf("%d errors in the log:\n%s", n, log)
	}
	for _, private := range []string{"BA2026", "7531", "请重拍"} {
		if strings.Contains(log, private) {
			t.Errorf("the log tells %q:\n%s", private, log)
		}
	}
}

// TestALockedStoreIsToldOnce lets another program hold the store's file locked, as one that copies it does, while messages come in.
func TestALockedStoreIsToldOnce(t *testing.T) {
	t.Parallel()
	net := telegramtest.New("7:secret")
	t.Cleanup(net.Close)
	net.Retry = func(int) time.Duration { return 100 * time.Millisecond }
	dir := t.TempDir()
	var errs bytes.Buffer
	base, stop := serveIn(t, dir, &errs, "BEIANBOT_TELEGRAM_TOKEN=7:secret", "BEIANBOT_TELEGRAM_API_URL="+net.URL())
	ready := func() (int, string) {
		res, err := http.Get(base + "readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "s.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		net.Say(int64(100+i), "备案要多久?")
	}
	code, body := ready()
	for code == http.StatusOK { // until the lock has been waited for
		time.Sleep(50 * time.Millisecond)
		code, body = ready()
	}
	if !strings.Contains(body, "another program holds the file locked") || !strings.Contains(body, `"mirror":"up"`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	if n := net.Pending(); n != 30 {
		t.Errorf("%d updates left at Telegram, want 30: nothing is stored", n)
	}
	tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range 30 {
		if m, err := net.AwaitShown(ctx, int64(100+i), 1); err != nil || len(m) != 1 {
			t.Fatalf("chat %d: %v, %v", i, m, err)
		}
	}
	if code, body := ready(); code != http.StatusOK {
		t.Errorf("readyz afterwards: %d %s", code, body)
	}
	stop()
	if log := errs.String(); strings.Count(log, "level=ERROR") != 1 || strings.Count(log, "nothing can be stored") != 1 || strings.Count(log, "can be written again") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}
