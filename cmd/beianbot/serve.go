package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"beianbot/bot"
	"beianbot/bot/web"
	"beianbot/dialog"
	"beianbot/store"
)

type serveCmd struct{}

// Help is shown after the flags.
func (serveCmd) Help() string {
	return "Example:\n\n    beianbot\n    beianbot --config /etc/beianbot/config.toml serve\n    BEIANBOT_SERVER_LISTEN=127.0.0.1:0 beianbot serve"
}

// drain is how long turns and look-ups under way may take after SIGTERM. Source: contract.
const drain = 10 * time.Second

// Run serves until the context ends. Ended while it still starts it has taken nothing in, so there is nothing to drain, and no failure to tell of.
func (serveCmd) Run(g *globals) error {
	err := serve(g)
	if g.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func serve(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(conf.Log.Level)); err != nil {
		return err
	}
	log := slog.New(once{slog.NewTextHandler(g.stderr, &slog.HandlerOptions{Level: level})})
	st, err := conf.openStore(g.ctx, true)
	if err != nil {
		return err
	}
	defer st.Close()
	st.Watch(func(err error) {
		if err == nil {
			log.Info("the store can be written again; what waited goes on")
		} else {
			log.Error("nothing can be stored, so nothing is acknowledged or sent until that ends", "why", err.Error())
		}
	})
	reload := newReloader(conf, log)
	a, err := g.newAssistant(conf)
	if err != nil {
		return err
	}
	defer a.mirror.Close()
	reload.taken(a.engine.Knowledge())
	m := newMetrics()
	ln, err := net.Listen("tcp", conf.Server.Listen)
	if err != nil {
		return conf.placed("server.listen", fmt.Errorf("%s cannot be listened on: %w; choose another server.listen, or port 0 for any free one", conf.Server.Listen, cause(err)))
	}
	defer ln.Close()
	lookups := a.lookups
	lookups.Domains = conf.checker(m.lookedUp, func(what any, stack []byte) {
		m.Failed("look-up panicked")
		log.Error("look-up panicked", "panic", fmt.Sprint(what), "stack", string(stack))
	})
	lookups.Cases = watchedCases{a.mirror, m, &a.trouble, log}
	service := bot.NewService(st, st, lookups, a.engine, log)
	service.Observe(m)
	origin, path := conf.public()
	chat := web.New(service, st, web.Options{Secure: strings.HasPrefix(origin, "https://"), Origin: origin, TrustedProxies: conf.Server.TrustedProxies, Zone: conf.Operator.Zone,
		Engine: service.Engine, Log: log})
	service.Add(chat)
	networks, err := conf.newNetworks(service, st, a.engine.Knowledge().Sentences, log)
	if err != nil {
		return err
	}
	for _, n := range networks {
		service.Add(n.Channel)
	}
	if err := service.Start(g.ctx); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", chat.Handler())
	for _, n := range networks {
		if n.handler != nil {
			mux.Handle(n.path, n.handler)
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /readyz", readiness{store: st, assistant: a, reload: reload, service: service, log: log})
	mux.Handle("GET /metrics", m.handler(&state{m: m, store: st, assistant: a, reload: reload, service: service, log: log}))
	base, stop := context.WithCancel(context.Background())
	defer stop()
	server := &http.Server{Handler: inTime(bodyWithin, below(path, m.count(mux))), ReadHeaderTimeout: headerWithin, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return base }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	go a.refresh(base, log)
	go forget(base, st, conf.Report.Keep, log)
	go reload.run(base, func(e *dialog.Engine) { service.SetEngine(e); debug.FreeOSMemory() })
	go debug.FreeOSMemory() // half of what learning took is needed no more, and would be given back over many minutes
	var running sync.WaitGroup
	defer running.Wait() // before the store is closed
	for _, n := range networks {
		running.Go(func() { n.run(g.ctx) })
	}

	fmt.Fprintf(g.stdout, "web chat: http://%s/\n", ln.Addr())
	for _, line := range a.sampleLines() {
		fmt.Fprintln(g.stdout, line)
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-g.ctx.Done():
	}
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	service.Stop(ctx)
	stop() // ends the open streams, which Shutdown would wait for
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// forget deletes turns that are older than report.keep, and settings that have expired, now and every hour.
func forget(ctx context.Context, st *store.Store, keep time.Duration, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := st.ForgetTurns(ctx, time.Now().Add(-keep)); err != nil && ctx.Err() == nil {
			log.Error("old turns not deleted; tried again in an hour", "error", err)
		}
		if err := st.ForgetSettings(ctx, time.Now()); err != nil && ctx.Err() == nil {
			log.Error("expired settings not deleted; tried again in an hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// refresh takes up a mirror that another process imported, within two seconds. Source: contract.
func (a *assistant) refresh(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := a.mirror.Refresh(ctx)
		if failing := a.behind.Swap(err != nil); err != nil && !failing {
			log.Error("mirror not taken up; the former one serves on", "error", err)
		}
	}
}
