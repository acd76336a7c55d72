package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
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
	h := readiness{store: st, assistant: &assistant{mirror: m}, reload: reload, service: bot.NewService(st, st, bot.Lookups{}, engine, log)}
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
