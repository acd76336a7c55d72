// Package telegramtest is a Bot API server on loopback: Telegram in a box, with its limits, its polling and webhook deliveries, faults to order and a clock that can
// be moved. It speaks the protocol of https://core.telegram.org/bots/api as far as a bot of ours uses it, and records what each chat saw.
package telegramtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a Bot API server for one bot.
type Server struct {
	Token    string
	Username string
	// Trust delivers webhooks without the rule that they are https on port 443, 80, 88 or 8443, which a loopback test cannot keep. Set by New.
	Trust bool
	// Retry is the pause before the nth repeat of a webhook delivery. New sets Telegram's own: 0, 2, 4, 8 … 60 seconds.
	Retry func(n int) time.Duration

	http *httptest.Server

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	ahead     time.Duration
	nextID    int64 // of an update
	nextMsg   map[int64]int
	nextTap   int
	pending   []*queued
	hook      hook
	chats     map[int64]*Chat
	faults    map[string][]Fault
	commands  map[string]json.RawMessage // by language code
	calls     map[string]int
	callbacks map[string]int64 // chats of taps not answered yet
	polling   int              // getUpdates under way: a second ends the first with 409
	closing   chan struct{}
	work      sync.WaitGroup
}

type queued struct {
	id   int64
	chat int64
	body map[string]any
	at   time.Time
	sent bool // being delivered by webhook
}

type hook struct {
	url, secret, lastError string
	lastErrorAt            time.Time
	generation             int
}

// Shown is one message of the bot as a chat sees it now.
type Shown struct {
	ID      int
	Thread  int
	Text    string // after entities were parsed
	Buttons [][]Button
	File    string // name of a document
	Data    []byte // the document
	Edited  bool
	At      time.Time
}

// Button is a button under a message.
type Button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
}

// Chat is what one chat saw, and what holds for it.
type Chat struct {
	ID      int64
	Shown   []Shown
	Actions []string // chat actions, such as typing
	Answers []string // texts of answered taps

	Blocked bool // the customer blocked the bot: 403
	Group   bool
	Title   string
	Forum   bool
	Member  string // the bot's status in a group: member, administrator, creator, left
	Topics  bool   // can_manage_topics
	MovedTo int64  // the group became a supergroup: 400 with migrate_to_chat_id
	Threads map[int]bool
}

// Fault is an ordered failure of one call.
type Fault struct {
	Code        int // 429, 403, 400, 500 …; 0 with one of the following
	Description string
	RetryAfter  int
	Cut         string        // "before": the connection breaks before the call is done, "after": when it is done
	Slow        time.Duration // waits first, then does the call unless Code is set
	Garbage     bool          // answers something that is no JSON, without doing the call
}

// New starts a server.
func New(token string) *Server {
	s := &Server{Token: token, Username: "beian_test_bot", Trust: true, changed: make(chan struct{}), nextID: 1000, nextMsg: map[int64]int{}, chats: map[int64]*Chat{},
		faults: map[string][]Fault{}, commands: map[string]json.RawMessage{}, calls: map[string]int{}, callbacks: map[string]int64{}, closing: make(chan struct{})}
	s.Retry = func(n int) time.Duration {
		if n == 0 {
			return 0
		}
		return min(60*time.Second, time.Second<<min(n, 10))
	}
	s.http = httptest.NewServer(s.Handler())
	return s
}

// Handler is the server itself, for tests that want an address of their own to it, which they can close.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// URL is the base address, for telegram.api_url.
func (s *Server) URL() string { return s.http.URL }

// Close stops the server.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closing:
		s.mu.Unlock()
		return
	default:
	}
	close(s.closing)
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
	s.work.Wait()
}

func (s *Server) now() time.Time { return time.Now().Add(s.ahead) }

// Advance moves the clock.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	s.change()
}

// RestartIDs lets update numbers go on from n, as Telegram does at random after a week without updates.
func (s *Server) RestartIDs(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID = n
}

// change wakes all who wait. The caller holds mu.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Fail orders failures for the next calls of a method, one for each.
func (s *Server) Fail(method string, f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[strings.ToLower(method)] = append(s.faults[strings.ToLower(method)], f...)
}

// Set changes what holds for a chat.
func (s *Server) Set(chat int64, change func(*Chat)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.chat(chat))
	s.change()
}

func (s *Server) chat(id int64) *Chat {
	c := s.chats[id]
	if c == nil {
		c = &Chat{ID: id, Group: id < 0, Member: "member", Threads: map[int]bool{}}
		s.chats[id] = c
	}
	return c
}

// Chat is a copy of what a chat saw so far.
func (s *Server) Chat(id int64) Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.chats[id]
	if known == nil {
		return Chat{ID: id}
	}
	c := *known
	c.Shown = append([]Shown(nil), c.Shown...)
	c.Actions, c.Answers = append([]string(nil), c.Actions...), append([]string(nil), c.Answers...)
	return c
}

// Calls counts the calls of a method so far.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[strings.ToLower(method)]
}

// Commands is the menu set for a language code.
func (s *Server) Commands(lang string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.commands[lang])
}

// Pending counts the updates that are not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

// LastError is why the last webhook delivery failed.
func (s *Server) LastError() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hook.lastError
}

// Heal takes all ordered failures back.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
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

// AwaitShown waits until a chat has seen n messages of the bot and gives them.
func (s *Server) AwaitShown(ctx context.Context, chat int64, n int) ([]Shown, error) {
	err := s.Await(ctx, func() bool { return len(s.Chat(chat).Shown) >= n })
	return s.Chat(chat).Shown, err
}

// Send sends an update of a private chat's message; fields are added to it (text, photo …). It gives the message's id.
func (s *Server) Send(chat int64, fields map[string]any) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.message(chat)
	s.enqueue(chat, map[string]any{"message": s.incoming(chat, id, fields)})
	return id
}

// Say sends a text, with the entity of a command when it begins with one.
func (s *Server) Say(chat int64, text string) int {
	fields := map[string]any{"text": text}
	if strings.HasPrefix(text, "/") {
		name, _, _ := strings.Cut(text, " ")
		fields["entities"] = []map[string]any{{"type": "bot_command", "offset": 0, "length": len(name)}}
	}
	return s.Send(chat, fields)
}

// Edit sends the edit of a message.
func (s *Server) Edit(chat int64, id int, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.incoming(chat, id, fields)
	m["edit_date"] = s.now().Unix()
	s.enqueue(chat, map[string]any{"edited_message": m})
}

// Tap presses the button with a label, under the latest message that has it, and reports whether there is one.
func (s *Server) Tap(chat int64, label string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := s.chat(chat).Shown
	for i := len(shown) - 1; i >= 0; i-- {
		for _, row := range shown[i].Buttons {
			for _, b := range row {
				if b.Text == label {
					s.press(chat, shown[i], b.Data)
					return true
				}
			}
		}
	}
	return false
}

// Press sends a tap with any data under any message of the bot, as a modified app can; inaccessible gives the message as Telegram gives one it no longer shows.
func (s *Server) Press(chat int64, message int, data string, inaccessible bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if inaccessible {
		s.tap(chat, map[string]any{"chat": s.describe(chat), "message_id": message, "date": 0}, data)
		return
	}
	for _, m := range s.chat(chat).Shown {
		if m.ID == message {
			s.press(chat, m, data)
		}
	}
}

func (s *Server) press(chat int64, m Shown, data string) {
	body := map[string]any{"message_id": m.ID, "date": m.At.Unix(), "chat": s.describe(chat), "text": m.Text,
		"from": map[string]any{"id": s.botID(), "is_bot": true, "first_name": "bot", "username": s.Username}}
	if m.Thread != 0 {
		body["message_thread_id"], body["is_topic_message"] = m.Thread, true
	}
	if m.Buttons != nil {
		body["reply_markup"] = map[string]any{"inline_keyboard": m.Buttons}
	}
	s.tap(chat, body, data)
}

func (s *Server) tap(chat int64, message map[string]any, data string) {
	s.nextTap++
	id := strconv.Itoa(s.nextTap)
	s.callbacks[id] = chat
	s.enqueue(chat, map[string]any{"callback_query": map[string]any{"id": id, "from": person(chat), "message": message, "chat_instance": "1", "data": data}})
}

// Update sends an update with any fields, for kinds that have no function of their own.
func (s *Server) Update(chat int64, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue(chat, fields)
}

func (s *Server) message(chat int64) int {
	s.nextMsg[chat]++
	return s.nextMsg[chat]
}

func person(chat int64) map[string]any {
	return map[string]any{"id": max(chat, -chat), "is_bot": false, "first_name": "客户", "language_code": "zh-hans"}
}

func (s *Server) describe(id int64) map[string]any {
	c := s.chat(id)
	d := map[string]any{"id": id, "type": "private", "first_name": "客户"}
	if c.Group {
		d = map[string]any{"id": id, "type": "supergroup", "title": c.Title}
		if c.Forum {
			d["is_forum"] = true
		}
	}
	return d
}

func (s *Server) incoming(chat int64, id int, fields map[string]any) map[string]any {
	m := map[string]any{"message_id": id, "from": person(chat), "chat": s.describe(chat), "date": s.now().Unix()}
	for k, v := range fields {
		m[k] = v
	}
	return m
}

func (s *Server) enqueue(chat int64, body map[string]any) {
	body["update_id"] = s.nextID
	s.pending = append(s.pending, &queued{id: s.nextID, chat: chat, body: body, at: s.now()})
	s.nextID++
	s.change()
	s.dispatch()
}

func (s *Server) botID() int64 {
	head, _, _ := strings.Cut(s.Token, ":")
	id, _ := strconv.ParseInt(head, 10, 64)
	return id
}

// keep drops updates older than a day. The caller holds mu.
func (s *Server) keep() {
	var kept []*queued
	for _, q := range s.pending {
		if s.now().Sub(q.at) < 24*time.Hour {
			kept = append(kept, q)
		}
	}
	s.pending = kept
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	s.mu.Unlock()
	path, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, found := strings.Cut(path, "/")
	if !ok || !found {
		answer(w, http.StatusNotFound, failure(404, "Not Found"))
		return
	}
	if token != s.Token {
		answer(w, http.StatusUnauthorized, failure(401, "Unauthorized"))
		return
	}
	method = strings.ToLower(method)
	p, err := params(r)
	if err != nil {
		answer(w, http.StatusBadRequest, failure(400, "Bad Request: "+err.Error()))
		return
	}
	s.mu.Lock()
	s.calls[method]++
	s.change()
	var f Fault
	if list := s.faults[method]; len(list) > 0 {
		f, s.faults[method] = list[0], list[1:]
	}
	s.mu.Unlock()
	if f.Slow > 0 {
		select {
		case <-time.After(f.Slow):
		case <-s.closing:
		case <-r.Context().Done():
		}
	}
	switch {
	case f.Cut == "before":
		panic(http.ErrAbortHandler)
	case f.Garbage:
		io.WriteString(w, "<html>Bad Gateway</html>")
		return
	case f.Code != 0:
		a := failure(f.Code, f.Description)
		if f.RetryAfter > 0 {
			a["parameters"] = map[string]any{"retry_after": f.RetryAfter}
		}
		answer(w, f.Code, a)
		return
	}
	a := s.perform(r.Context(), method, p)
	if f.Cut == "after" {
		panic(http.ErrAbortHandler)
	}
	code := http.StatusOK
	if c, ok := a["error_code"].(int); ok {
		code = c
	}
	answer(w, code, a)
}

func answer(w http.ResponseWriter, code int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

func failure(code int, text string) map[string]any {
	return map[string]any{"ok": false, "error_code": code, "description": text}
}

func bad(text string) map[string]any { return failure(400, "Bad Request: "+text) }

func success(result any) map[string]any { return map[string]any{"ok": true, "result": result} }

// values are the parameters of a call: strings as they came, files apart.
type values struct {
	text  map[string]string
	files map[string]upload
}

type upload struct {
	name string
	data []byte
}

func (v values) number(key string) int64 {
	n, _ := strconv.ParseInt(v.text[key], 10, 64)
	return n
}

// params reads a query, a form, a multipart form (an empty one too, as clients send for methods without parameters) or JSON.
func params(r *http.Request) (values, error) {
	v := values{text: map[string]string{}, files: map[string]upload{}}
	for k := range r.URL.Query() {
		v.text[k] = r.URL.Query().Get(k)
	}
	kind := r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "multipart/form-data"):
		parts, err := r.MultipartReader()
		if err != nil {
			return v, err
		}
		for {
			p, err := parts.NextPart()
			if err == io.EOF || err != nil && len(v.text) == 0 && len(v.files) == 0 {
				return v, nil
			}
			if err != nil {
				return v, err
			}
			b, err := io.ReadAll(io.LimitReader(p, 50<<20))
			if err != nil {
				return v, err
			}
			if p.FileName() != "" {
				v.files[p.FormName()] = upload{p.FileName(), b}
			} else {
				v.text[p.FormName()] = string(b)
			}
		}
	case strings.HasPrefix(kind, "application/json"):
		var m map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil && err != io.EOF {
			return v, fmt.Errorf("can't parse JSON")
		}
		for k, raw := range m {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			v.text[k] = text
		}
	default:
		r.ParseForm()
		for k := range r.PostForm {
			v.text[k] = r.PostForm.Get(k)
		}
	}
	return v, nil
}
