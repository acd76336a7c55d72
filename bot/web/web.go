// Package web is the chat for visitors: a page, a way in for messages, and a stream of what is said.
package web

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"beianbot/bot"
	"beianbot/dialog"
)

//go:embed static
var files embed.FS

// Name is this channel's name in the store.
const Name bot.ChannelName = "web"

// Receiver takes messages in; *bot.Service is one.
type Receiver interface {
	Receive(ctx context.Context, a bot.Address, m dialog.Message) (bool, error)
}

// History tells what was said; *store.Store is one.
type History interface {
	History(ctx context.Context, a bot.Address, after int64, limit int) ([]bot.Entry, error)
}

// Options are what the operator decides.
type Options struct {
	Secure         bool                  // the page is reached by https: cookies say so
	Origin         string                // of the page as visitors reach it, such as https://help.example.cn; a proxy may hand another Host on. "": that of the request
	TrustedProxies []netip.Prefix        // whose X-Forwarded-For is believed
	Zone           *time.Location        // times are told in it: the operator's
	Engine         func() *dialog.Engine // makes the lists to keep: the one in use now
	Log            *slog.Logger
}

// Limits of one visitor and of one address: quicker than a person types, far slower than a script.
const (
	visitorRate, visitorBurst = rate.Limit(1), 8
	addressRate, addressBurst = rate.Limit(10), 60
	maxBody                   = 64 << 10
	heartbeat                 = 20 * time.Second
	maxStreams                = 8 // open pages of one visitor
	historyLimit              = 100
)

// Chat is the web channel.
type Chat struct {
	in      Receiver
	history History
	opt     Options
	started time.Time
	pdfs    chan struct{} // holds one for each list file that is being made

	mu       sync.Mutex
	pages    map[bot.CustomerID]map[chan signal]struct{}
	limiters map[string]*limiter
}

// signal tells an open page that there is something new, or that an answer is being written.
type signal struct{ typing bool }

type limiter struct {
	*rate.Limiter
	used time.Time
}

// New makes the channel.
func New(in Receiver, h History, o Options) *Chat {
	return &Chat{in: in, history: h, opt: o, started: time.Now(), pdfs: make(chan struct{}, pdfsAtOnce), pages: map[bot.CustomerID]map[chan signal]struct{}{}, limiters: map[string]*limiter{}}
}

// Name is the channel's name.
func (c *Chat) Name() bot.ChannelName { return Name }

// Deliver tells the customer's open pages to fetch what is new. A reply waits in the history for a page that is closed, so delivery never fails.
func (c *Chat) Deliver(_ context.Context, o bot.Outgoing) (string, error) {
	c.tell(o.Address.Customer, signal{})
	return "", nil
}

// Typing shows or ends the typing sign on open pages.
func (c *Chat) Typing(_ context.Context, id bot.CustomerID, on bool) {
	if on {
		c.tell(id, signal{typing: true})
	}
}

func (c *Chat) tell(id bot.CustomerID, s signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.pages[id] {
		select {
		case ch <- s:
		default: // the page has a signal waiting already and will fetch everything
		}
	}
}

// Handler serves the page and its requests; all addresses in the page are relative, so it works under a path prefix.
func (c *Chat) Handler() http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		c.visitor(w, r)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, static, "index.html")
	})
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	mux.HandleFunc("GET /list", c.sheet)
	mux.HandleFunc("GET /list.pdf", c.sheetPDF)
	mux.HandleFunc("POST /api/messages", c.post)
	mux.HandleFunc("GET /api/history", c.list)
	mux.HandleFunc("GET /api/events", c.stream)
	own := http.NewCrossOriginProtection()
	if c.opt.Origin != "" {
		if err := own.AddTrustedOrigin(c.opt.Origin); err != nil {
			c.opt.Log.Error("server.public_url has no origin that browsers send", "error", err)
		}
	}
	return protect(own.Handler(mux))
}

// protect sets the headers that keep the page to itself: no other host, no inline script, no frame.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

const cookie = "beianbot_visitor"

// visitor is who writes, by a random cookie; a new one is given to somebody who has none.
func (c *Chat) visitor(w http.ResponseWriter, r *http.Request) bot.CustomerID {
	if ck, err := r.Cookie(cookie); err == nil {
		if b, err := hex.DecodeString(ck.Value); err == nil && len(b) == 16 {
			return bot.CustomerID(ck.Value)
		}
	}
	var b [16]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", MaxAge: 180 * 24 * 3600, HttpOnly: true, Secure: c.opt.Secure, SameSite: http.SameSiteLaxMode})
	return bot.CustomerID(id)
}

// allow paces a visitor and their address.
func (c *Chat) allow(id bot.CustomerID, address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if len(c.limiters) > 20000 { // forget those who have been quiet long enough to be full again
		for k, l := range c.limiters {
			if now.Sub(l.used) > 10*time.Minute {
				delete(c.limiters, k)
			}
		}
	}
	get := func(key string, r rate.Limit, burst int) bool {
		l := c.limiters[key]
		if l == nil {
			l = &limiter{Limiter: rate.NewLimiter(r, burst)}
			c.limiters[key] = l
		}
		l.used = now
		return l.AllowN(now, 1)
	}
	return get("a "+address, addressRate, addressBurst) && get("v "+string(id), visitorRate, visitorBurst)
}

// Sentences for requests that get no turn; zh and en, because the page knows its language and the server does not.
var (
	tooQuick = sentence{"您发得有点快,请等几秒再发。", "That was quick; please wait a few seconds and send it again."}
	tooLarge = sentence{"这条消息太长了,请分几次发。", "That message is too long; please send it in parts."}
	tooSlow  = sentence{"网络太慢,这条消息没有传完,请再发一次。", "The network was too slow and the message did not arrive whole; please send it again."}
	notSaved = sentence{"系统这会儿有点忙,请稍后再发一次。", "The system is busy; please send it again in a moment."}
	badInput = sentence{"这条消息没有发成,请刷新页面再试。", "The message could not be read; reload the page and try again."}
)

type sentence struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

func refuse(w http.ResponseWriter, code int, s sentence) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]sentence{"error": s})
}

func (c *Chat) post(w http.ResponseWriter, r *http.Request) {
	id := c.visitor(w, r)
	if !c.allow(id, c.address(r)) {
		w.Header().Set("Retry-After", "3")
		refuse(w, http.StatusTooManyRequests, tooQuick)
		return
	}
	var in struct{ ID, Text, Choice string }
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		refuse(w, http.StatusRequestEntityTooLarge, tooLarge)
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, http.StatusRequestTimeout, tooSlow)
		return
	case err != nil || json.Unmarshal(b, &in) != nil || in.ID == "" || len(in.ID) > 64 || len(in.Choice) > 200:
		refuse(w, http.StatusBadRequest, badInput)
		return
	}
	m := dialog.Message{At: time.Now(), ID: string(id) + "/" + in.ID, Kind: dialog.TextMessage, Text: in.Text, Choice: in.Choice}
	if in.Choice == "follow" && in.Text == "" {
		m.Kind, m.Choice = dialog.FollowMessage, ""
	}
	_, err = c.in.Receive(r.Context(), bot.Address{Channel: Name, Customer: id}, m)
	switch {
	case errors.Is(err, bot.ErrBusy):
		refuse(w, http.StatusTooManyRequests, tooQuick)
	case err != nil:
		c.opt.Log.Error("web message not stored", "error", err)
		refuse(w, http.StatusServiceUnavailable, notSaved)
	default:
		c.tell(id, signal{})
		w.WriteHeader(http.StatusAccepted)
	}
}

// entries are what was said after an entry, with times in the operator's zone.
func (c *Chat) entries(ctx context.Context, id bot.CustomerID, after int64) ([]bot.Entry, error) {
	entries, err := c.history.History(ctx, bot.Address{Channel: Name, Customer: id}, after, historyLimit)
	for i := range entries {
		entries[i].At = entries[i].At.In(c.opt.Zone)
	}
	return entries, err
}

func (c *Chat) list(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	entries, err := c.entries(r.Context(), c.visitor(w, r), after)
	if err != nil {
		c.opt.Log.Error("web history", "error", err)
		refuse(w, http.StatusServiceUnavailable, notSaved)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(entries)
}

// stream sends what is said as server-sent events, from the entry after Last-Event-ID.
func (c *Chat) stream(w http.ResponseWriter, r *http.Request) {
	id := c.visitor(w, r)
	last, _ := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if q, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64); err == nil && q > last {
		last = q
	}
	signals := make(chan signal, 4)
	c.mu.Lock()
	if len(c.pages[id]) >= maxStreams {
		c.mu.Unlock()
		refuse(w, http.StatusTooManyRequests, tooQuick)
		return
	}
	if c.pages[id] == nil {
		c.pages[id] = map[chan signal]struct{}{}
	}
	c.pages[id][signals] = struct{}{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.pages[id], signals)
		if len(c.pages[id]) == 0 {
			delete(c.pages, id)
		}
		c.mu.Unlock()
	}()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that collects the stream would hold every reply back
	flush := http.NewResponseController(w)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	send := func() error {
		entries, err := c.entries(r.Context(), id, last)
		if err != nil {
			return err
		}
		for _, e := range entries {
			b, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "id: %d\nevent: entry\ndata: %s\n\n", e.ID, b); err != nil {
				return err
			}
			last = e.ID
		}
		return flush.Flush()
	}
	if _, err := io.WriteString(w, ": hello\n\n"); err != nil || send() != nil {
		return
	}
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case s := <-signals:
			if s.typing {
				_, err = io.WriteString(w, "event: typing\ndata: {}\n\n")
				if err == nil {
					err = flush.Flush()
				}
			} else {
				err = send()
			}
		case <-tick.C:
			if _, err = io.WriteString(w, ": beat\n\n"); err == nil {
				err = flush.Flush()
			}
		}
		if err != nil {
			return
		}
	}
}
