// Package wechattest is the WeChat platform on loopback, for one official account: it posts messages as WeChat does (signed, encrypted, three tries), takes the
// calls of the account's program with WeChat's windows, quotas and error codes, fails to order, and has a clock that can be moved. It records what each
// customer saw.
package wechattest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mode is how messages are posted.
type Mode string

// The modes. Compatible posts the message twice, plain and encrypted.
const (
	Plain      Mode = "plain"
	Compatible Mode = "compatible"
	Safe       Mode = "safe"
)

// Apology is what WeChat shows when the account's program does not answer as it should.
const Apology = "该公众号暂时无法提供服务，请稍后再试"

// Tries is how often a message is posted before WeChat apologises.
const Tries = 3

// Server is the platform. Fields may be changed before the first message.
type Server struct {
	AppID, Secret, Token, Key string
	Account                   string // the account's own id, gh_…
	Mode                      Mode
	Patience                  time.Duration // how long it waits for a response; New sets WeChat's 5 s
	Pause                     time.Duration // between a try whose connection was refused or cut, and the next; New sets 1 s
	TokenLife                 time.Duration // New sets 2 h

	http   *httptest.Server
	client *http.Client

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	ahead     time.Duration
	target    string
	nextID    int64
	customers map[string]*Customer
	posts     int // under way
	faults    map[string][]Fault
	calls     map[string]int
	access    string
	until     time.Time
	forced    time.Time
	tokens    int
	barred    bool // the caller's address is not in the whitelist
	noPush    bool // no right to customer messages
	noMenu    bool // no right to a menu
	menu      []byte
	closing   chan struct{}
	work      sync.WaitGroup
}

// Seen is one message as a customer sees it.
type Seen struct {
	Text  string // without markup; of a menu message what stands above the list
	Links []Link // what can be tapped
	Tail  string // below a menu message's list
	Via   string // passive, customer, apology
	At    time.Time
}

// Link is something that says a text in the customer's name when it is tapped.
type Link struct{ Label, Says, ID string }

// Customer is a person who talks to the account.
type Customer struct {
	Seen     []Seen
	Follows  bool
	Left     int       // customer messages that may still be sent
	Until    time.Time // when that ends
	Consents map[string]int
	Posts    []Post
}

// Post is one message of a customer on its way to the program.
type Post struct {
	Kind  string // text, image …, or the event
	Tries int
	Done  bool   // answered, or given up
	Body  string // of the response
}

// Fault is an ordered failure of one call.
type Fault struct {
	Code    int // errcode
	Msg     string
	Status  int           // HTTP status, such as 502
	Cut     string        // "before": the connection breaks before the call is done, "after": when it is done
	Slow    time.Duration // waits first, then does the call unless something else is set
	Late    time.Duration // the call is done at once, its answer comes after this
	Garbage bool          // answers something that is no JSON, without doing the call
}

// New starts a platform in safe mode.
func New() *Server {
	s := &Server{AppID: "wx5823bf96d3bd56c7", Secret: "SECRET-of-the-account", Token: "QDG6eK", Key: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", Account: "gh_680bdefc8c5d", Mode: Safe,
		Patience: 5 * time.Second, Pause: time.Second, TokenLife: 2 * time.Hour, changed: make(chan struct{}), nextID: 4561255354251345929, customers: map[string]*Customer{}, faults: map[string][]Fault{},
		calls: map[string]int{}, closing: make(chan struct{})}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	s.http = httptest.NewServer(s.Handler())
	return s
}

// Handler is the platform's interface itself, for tests that want an address of their own to it, which they can close.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// URL is the base address, for wechat.api_url.
func (s *Server) URL() string { return s.http.URL }

// Connect says where messages are posted.
func (s *Server) Connect(callback string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = callback
}

// Close stops the platform.
func (s *Server) Close() {
	close(s.closing)
	s.http.CloseClientConnections()
	s.http.Close()
	s.work.Wait()
	s.client.CloseIdleConnections()
}

// Now is the platform's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time { return time.Now().Add(s.ahead) }

// Advance moves the clock: windows close, tokens end.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	s.change()
}

// change wakes all who wait. The caller holds mu.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Await waits until a condition holds; it is looked at after every change.
func (s *Server) Await(ctx context.Context, holds func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Fail orders failures for the next calls of a path, one for each.
func (s *Server) Fail(path string, f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[path] = append(s.faults[path], f...)
}

// Bar takes the caller's address off the whitelist, or puts it back.
func (s *Server) Bar(barred bool) { s.set(func() { s.barred = barred }) }

// Rights says which interfaces the account may use.
func (s *Server) Rights(customerMessages, menu bool) {
	s.set(func() { s.noPush, s.noMenu = !customerMessages, !menu })
}

// Revoke makes the access token in use worthless before its time, as a reset of the secret does.
func (s *Server) Revoke() { s.set(func() { s.access = "" }) }

// Set changes what holds for a customer.
func (s *Server) Set(openID string, change func(*Customer)) {
	s.set(func() { change(s.customer(openID)) })
}

func (s *Server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.change()
}

func (s *Server) customer(openID string) *Customer {
	c := s.customers[openID]
	if c == nil {
		c = &Customer{Follows: true, Consents: map[string]int{}}
		s.customers[openID] = c
	}
	return c
}

// Customer is a copy of what a customer saw so far, and of what was posted for them.
func (s *Server) Customer(openID string) Customer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := *s.customer(openID)
	c.Seen, c.Posts = append([]Seen(nil), c.Seen...), append([]Post(nil), c.Posts...)
	return c
}

// Calls counts the calls of a path so far.
func (s *Server) Calls(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path]
}

// Menu is the account's menu as it was set; "" when there is none.
func (s *Server) Menu() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.menu)
}

// Idle reports whether nothing is being posted.
func (s *Server) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts == 0
}

var anchor = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)

// shown is how a client shows a text: links that say something can be tapped.
func shown(content string) Seen {
	var links []Link
	text := anchor.ReplaceAllStringFunc(content, func(a string) string {
		m := anchor.FindStringSubmatch(a)
		if u, err := url.Parse(m[1]); err == nil && u.Scheme == "weixin" && u.Host == "bizmsgmenu" {
			links = append(links, Link{Label: m[2], Says: u.Query().Get("msgmenucontent"), ID: u.Query().Get("msgmenuid")})
		}
		return m[2]
	})
	return Seen{Text: text, Links: links}
}

var numbered = regexp.MustCompile(`^(?:\d+\. |· )`)

// Labels are what can be tapped, without numbers.
func (m Seen) Labels() []string {
	var out []string
	for _, l := range m.Links {
		out = append(out, numbered.ReplaceAllString(l.Label, ""))
	}
	return out
}

func (s *Server) show(openID string, m Seen) {
	m.At = s.now()
	c := s.customer(openID)
	c.Seen = append(c.Seen, m)
}

// open gives a customer's action its allowance: the count is set anew, never added to, and a short window does not end a long one.
func (s *Server) open(openID string, count int, window time.Duration) {
	c := s.customer(openID)
	c.Left = count
	if end := s.now().Add(window); end.After(c.Until) {
		c.Until = end
	}
}

func (s *Server) wrote(openID string) { s.open(openID, 5, 48*time.Hour) }
func (s *Server) acted(openID string) { s.open(openID, 3, time.Minute) }

func (s *Server) id() string {
	s.nextID++
	return strconv.FormatInt(s.nextID, 10)
}

// cdata wraps a value as WeChat does.
func cdata(v string) string {
	return "<![CDATA[" + strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>") + "]]>"
}
