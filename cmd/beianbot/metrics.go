package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

// metrics are what /metrics shows. Every label value comes from a fixed list of ours (channels, topics, outcomes, routes): nothing that a customer wrote or is.
type metrics struct {
	registry *prometheus.Registry

	turns       *prometheus.CounterVec
	turnSeconds *prometheus.HistogramVec
	deliveries  *prometheus.CounterVec
	refusals    *prometheus.CounterVec
	failures    *prometheus.CounterVec
	lookups     *prometheus.HistogramVec
	requests    *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		turns: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "beianbot_turns_total", Help: "Answered turns, by channel and the topic that the reply serves."}, []string{"channel", "topic"}),
		turnSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "beianbot_turn_seconds", Help: "Time of a turn, from its start until it is on disk.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"channel"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "beianbot_deliveries_total",
			Help: "Tries to hand a message to a network, by what came of it: sent, passive (as the response to the customer's own message), refused, given_up, held, later, retry."}, []string{"channel", "outcome"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "beianbot_refusals_total", Help: "Messages not taken in because the customer has too many waiting."}, []string{"channel"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "beianbot_failures_total", Help: "Operations on the store and look-ups in the mirror that failed (each try), and turns, look-ups and the like that panicked."}, []string{"operation"}),
		lookups: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "beianbot_lookup_seconds",
			Help:    "Questions to whois, rdap, dns and the mirror by what came of them: found, absent (no such name; no such case or a wrong proof), failed; of registries also no_server, no_answer, throttled, unreadable. Answers that were kept are not counted.",
			Buckets: []float64{.0005, .002, .01, .05, .1, .25, .5, 1, 2, 4, 8}}, []string{"source", "outcome"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "beianbot_http_requests_total", Help: "Finished HTTP requests by route and status."}, []string{"route", "code"}),
	}
	for _, what := range []string{"store message", "load conversation", "save turn", "turn panicked", "look-up panicked", "read stored row", "read outbox", "settle message", "read queues", "find case"} {
		m.failures.WithLabelValues(what) // so that the first failure is a rise from 0
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "beianbot_build_info", Help: "1, with the version as a label.", ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.turns, m.turnSeconds, m.deliveries, m.refusals, m.failures, m.lookups, m.requests, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Turned, Delivered, Refused and Failed make metrics a bot.Observer.
func (m *metrics) Turned(c bot.ChannelName, topic knowledge.Topic, took time.Duration) {
	if topic == "" {
		topic = "none"
	}
	m.turns.WithLabelValues(string(c), string(topic)).Inc()
	m.turnSeconds.WithLabelValues(string(c)).Observe(took.Seconds())
}

func (m *metrics) Delivered(c bot.ChannelName, result string) {
	m.deliveries.WithLabelValues(string(c), result).Inc()
}

func (m *metrics) Refused(c bot.ChannelName) { m.refusals.WithLabelValues(string(c)).Inc() }

func (m *metrics) Failed(what string) { m.failures.WithLabelValues(what).Inc() }

// lookedUp takes one question to the world in.
func (m *metrics) lookedUp(source, outcome string, took time.Duration) {
	m.lookups.WithLabelValues(source, outcome).Observe(took.Seconds())
}

// watchedCases is the mirror with a stop watch; a look-up that fails is counted, and the log hears of it.
type watchedCases struct {
	bot.Cases
	m       *metrics
	trouble *mirrorTrouble
	log     *slog.Logger
}

func (w watchedCases) Find(ctx context.Context, caseNo, proof string, proven bool) (*dialog.Case, time.Time, error) {
	start := time.Now()
	c, synced, err := w.Cases.Find(ctx, caseNo, proof, proven)
	outcome := "absent"
	if err != nil {
		outcome = "failed"
	} else if c != nil {
		outcome = "found"
	}
	w.m.lookedUp("mirror", outcome, time.Since(start))
	if err != nil && ctx.Err() == nil { // nobody waits any more: no fault of the mirror
		w.m.Failed("find case")
		w.trouble.tell(w.log, synced, err)
	}
	return c, synced, err
}

// state is what a scrape reads afresh: queues, mirror, knowledge, channels.
type state struct {
	*assistant
	m       *metrics
	store   *store.Store
	reload  *reloader
	service *bot.Service
	log     *slog.Logger
}

var (
	outboxMessages = prometheus.NewDesc("beianbot_outbox_messages", "Messages not yet sent: waiting for the sender, or held until the customer writes again.", []string{"channel", "state"}, nil)
	outboxOldest   = prometheus.NewDesc("beianbot_outbox_oldest_seconds", "Age of the oldest message not yet sent.", []string{"channel", "state"}, nil)
	inboxOpen      = prometheus.NewDesc("beianbot_inbox_messages", "Messages of customers whose turn is not yet saved.", nil, nil)
	inboxOldest    = prometheus.NewDesc("beianbot_inbox_oldest_seconds", "Age of the oldest message whose turn is not yet saved; 0 when there is none.", nil, nil)
	lookupsOpen    = prometheus.NewDesc("beianbot_lookups_open", "Look-ups whose result is not yet told.", nil, nil)
	storeUp        = prometheus.NewDesc("beianbot_store_up", "1 while the store answers and takes what is written.", nil, nil)
	mirrorRows     = prometheus.NewDesc("beianbot_mirror_rows", "Cases in the mirror.", []string{"sample"}, nil)
	mirrorSynced   = prometheus.NewDesc("beianbot_mirror_synced_timestamp_seconds", "When the mirror was last brought up to date; missing while it never was.", nil, nil)
	mirrorAge      = prometheus.NewDesc("beianbot_mirror_age_seconds", "Time since then.", nil, nil)
	mirrorBad      = prometheus.NewDesc("beianbot_mirror_refused", "1 while a newer mirror is there that could not be taken up and the former one serves on.", nil, nil)
	knowledgeInfo  = prometheus.NewDesc("beianbot_knowledge_info", "1, with the version of the knowledge files as a label.", []string{"version"}, nil)
	knowledgeAt    = prometheus.NewDesc("beianbot_knowledge_loaded_timestamp_seconds", "When the knowledge in use was loaded.", nil, nil)
	knowledgeBad   = prometheus.NewDesc("beianbot_knowledge_refused", "1 while the newest files of knowledge.dir have errors and the former ones serve on.", nil, nil)
	channelUp      = prometheus.NewDesc("beianbot_channel_up", "1 while the channel works, 0 while it is down; /readyz says why.", []string{"channel"}, nil)
)

// Describe says nothing: the series depend on the state. See prometheus.Collector.
func (s *state) Describe(chan<- *prometheus.Desc) {}

// Collect reads the state. A store that does not answer leaves its series out rather than failing the scrape.
func (s *state) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	now := time.Now()
	age := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return max(0, now.Sub(t).Seconds())
	}
	channels := s.service.Health()
	depths, err := s.store.Depths(ctx)
	if err == nil {
		for name := range channels { // what has nothing waiting shows 0
			for _, state := range []string{"waiting", "held"} {
				if !slices.ContainsFunc(depths, func(d store.Depth) bool { return d.Channel == name && d.State == state }) {
					depths = append(depths, store.Depth{Channel: name, State: state})
				}
			}
		}
	}
	for _, d := range depths {
		gauge(outboxMessages, float64(d.N), string(d.Channel), d.State)
		gauge(outboxOldest, age(d.Oldest), string(d.Channel), d.State)
	}
	if err == nil {
		var b store.Backlog
		if b, err = s.store.Backlog(ctx); err == nil {
			gauge(inboxOpen, float64(b.Messages))
			gauge(inboxOldest, age(b.Oldest))
			gauge(lookupsOpen, float64(b.Lookups))
		}
	}
	if err != nil {
		s.m.Failed("read queues")
		s.log.Error("metrics: queues not read", "error", err)
	}
	gauge(storeUp, truth(err == nil && s.store.Trouble() == nil))

	meta := s.mirror.Meta()
	sample := "false"
	if meta.Sample {
		sample = "true"
	}
	gauge(mirrorRows, float64(meta.Rows), sample)
	if !meta.SyncedAt.IsZero() {
		gauge(mirrorSynced, float64(meta.SyncedAt.UnixMilli())/1000)
		gauge(mirrorAge, age(meta.SyncedAt))
	}
	gauge(mirrorBad, truth(s.behind.Load()))
	k := s.reload.knowledge()
	gauge(knowledgeInfo, 1, k.version)
	gauge(knowledgeAt, float64(k.at.UnixMilli())/1000)
	gauge(knowledgeBad, truth(k.problem != ""))
	for name, why := range channels {
		gauge(channelUp, truth(why == ""), string(name))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// handler answers /metrics.
func (m *metrics) handler(s *state) http.Handler {
	m.registry.MustRegister(s)
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Timeout: 10 * time.Second})
}

// count counts finished requests. The route is the pattern that matched, so that addresses made up by callers add no series.
func (m *metrics) count(next http.Handler) http.Handler {
	route := promhttp.WithLabelFromRequest("route", func(r *http.Request) string { return cmp.Or(r.Pattern, "none") })
	return promhttp.InstrumentHandlerCounter(m.requests, next, route)
}
