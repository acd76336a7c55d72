package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	h := readiness{store: st, mirror: m, reload: reload, service: bot.NewService(st, st, bot.Lookups{}, engine, log)}
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
