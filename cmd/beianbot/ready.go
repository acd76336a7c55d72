package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"beianbot/bot"
	"beianbot/store"
)

// readiness answers /readyz: 200 when store, mirror and knowledge are up. A channel that is down stands in the body and does not make the program unready: the
// others go on, and taking it out of service would help nobody.
type readiness struct {
	*assistant
	store   *store.Store
	reload  *reloader
	service *bot.Service
	log     *slog.Logger
}

// readyBody is the body; every text is a sentence of ours, without secrets or anything of a customer.
type readyBody struct {
	Store            string     `json:"store"`
	StoreProblem     string     `json:"store_problem,omitempty"`
	Mirror           string     `json:"mirror"`
	MirrorRows       int        `json:"mirror_rows"`
	MirrorSyncedAt   *time.Time `json:"mirror_synced_at,omitempty"`
	MirrorProblem    string     `json:"mirror_problem,omitempty"`
	MirrorSample     bool       `json:"mirror_sample,omitempty"`
	Knowledge        string     `json:"knowledge"`
	KnowledgeVersion string     `json:"knowledge_version"`
	KnowledgeAt      time.Time  `json:"knowledge_loaded_at"`
	KnowledgeProblem string     `json:"knowledge_problem,omitempty"`
	// Channels: "up", or why one is down.
	Channels map[bot.ChannelName]string `json:"channels"`
}

func (s readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k, meta, code := s.reload.knowledge(), s.mirror.Meta(), http.StatusOK
	body := readyBody{Store: "up", Mirror: "up", MirrorRows: meta.Rows, MirrorSample: meta.Sample, Knowledge: "up", KnowledgeVersion: k.version,
		KnowledgeAt: k.at.UTC().Truncate(time.Second), Channels: s.service.Health()}
	if !meta.SyncedAt.IsZero() {
		body.MirrorSyncedAt = &meta.SyncedAt
	}
	if err := pinged(r.Context(), s.store.Ping); err != nil {
		body.Store, code = "down", http.StatusServiceUnavailable
		if errors.Is(err, bot.ErrUnwritable) {
			body.StoreProblem = err.Error()
		}
	}
	if err := pinged(r.Context(), s.mirror.Ping); err != nil {
		body.Mirror, code = "down", http.StatusServiceUnavailable
		body.MirrorProblem = "the mirror cannot be read; import again, the log says why"
		if r.Context().Err() == nil {
			s.trouble.tell(s.log, meta.SyncedAt, err)
		}
	} else if s.behind.Load() {
		body.MirrorProblem = "a newer mirror could not be taken up; the former one serves on, the log says why"
	}
	if k.problem != "" {
		body.KnowledgeProblem = k.problem + "; the former files serve on, the log says why"
	}
	for name, why := range body.Channels {
		if why == "" {
			body.Channels[name] = "up"
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	writeJSON(w, body) // the caller may have gone
}

// pinged gives each part a time of its own, so that a store that is waited for does not make the mirror look down.
func pinged(ctx context.Context, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return ping(ctx)
}
