package telegramtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// perform does a call.
func (s *Server) perform(ctx context.Context, method string, p values) map[string]any {
	if method == "getupdates" {
		return s.updates(ctx, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.change()
	switch method {
	case "getme":
		return success(map[string]any{"id": s.botID(), "is_bot": true, "first_name": "备案助手", "username": s.Username, "can_join_groups": true})
	case "sendmessage":
		text, problem := parsed(p.text["text"], p.text["parse_mode"])
		if problem == "" {
			problem = within(text, 4096, "message text is empty", "message is too long")
		}
		return s.show(p, problem, Shown{Text: text})
	case "senddocument":
		caption, problem := parsed(p.text["caption"], p.text["parse_mode"])
		f, ok := p.files["document"]
		if ref, isRef := strings.CutPrefix(p.text["document"], "attach://"); isRef {
			f, ok = p.files[ref]
		}
		switch {
		case problem != "":
		case !ok || len(f.data) == 0:
			problem = "there is no document in the request"
		case units(caption) > 1024:
			problem = "message caption is too long"
		}
		return s.show(p, problem, Shown{Text: caption, File: f.name, Data: f.data})
	case "editmessagetext", "editmessagereplymarkup":
		return s.edit(method, p)
	case "answercallbackquery":
		id := p.text["callback_query_id"]
		chat, open := s.callbacks[id]
		if !open {
			return bad("query is too old and response timeout expired or query ID is invalid")
		}
		if units(p.text["text"]) > 200 {
			return bad("MESSAGE_TOO_LONG")
		}
		delete(s.callbacks, id)
		c := s.chat(chat)
		c.Answers = append(c.Answers, p.text["text"])
		return success(true)
	case "sendchataction":
		c, refused := s.reach(p)
		if refused != nil {
			return refused
		}
		c.Actions = append(c.Actions, p.text["action"])
		return success(true)
	case "setmycommands":
		return s.setCommands(p)
	case "getwebhookinfo":
		s.keep()
		info := map[string]any{"url": s.hook.url, "has_custom_certificate": false, "pending_update_count": len(s.pending)}
		if s.hook.lastError != "" {
			info["last_error_message"], info["last_error_date"] = s.hook.lastError, s.hook.lastErrorAt.Unix()
		}
		return success(info)
	case "setwebhook":
		return s.setWebhook(p)
	case "deletewebhook":
		s.hook = hook{generation: s.hook.generation + 1}
		for _, q := range s.pending {
			q.sent = false
		}
		return success(true)
	case "getchat":
		c, refused := s.reach(p)
		if refused != nil {
			return refused
		}
		d := s.describe(c.ID)
		d["accent_color_id"], d["max_reaction_count"] = 1, 11
		return success(d)
	case "getchatmember":
		c, refused := s.reach(p)
		if refused != nil {
			return refused
		}
		m := map[string]any{"status": c.Member, "user": map[string]any{"id": p.number("user_id"), "is_bot": true, "first_name": "bot"}}
		if c.Member == "administrator" {
			m["can_manage_topics"] = c.Topics
		}
		return success(m)
	}
	return failure(404, "Not Found: method not found")
}

// reach finds the chat of a call, or says why it may not be written to.
func (s *Server) reach(p values) (*Chat, map[string]any) {
	id := p.number("chat_id")
	c, known := s.chats[id]
	_, wrote := s.nextMsg[id]
	switch {
	case id == 0:
		return nil, bad("chat_id is empty")
	case !known && !wrote:
		return nil, bad("chat not found")
	case c == nil:
		c = s.chat(id)
	}
	switch {
	case c.MovedTo != 0:
		a := bad("group chat was upgraded to a supergroup chat")
		a["parameters"] = map[string]any{"migrate_to_chat_id": c.MovedTo}
		return nil, a
	case c.Blocked:
		return nil, failure(403, "Forbidden: bot was blocked by the user")
	case c.Group && (c.Member == "left" || c.Member == "kicked"):
		return nil, failure(403, "Forbidden: bot was kicked from the supergroup chat")
	}
	if t := int(p.number("message_thread_id")); t != 0 && !c.Threads[t] {
		return nil, bad("message thread not found")
	}
	return c, nil
}

func (s *Server) show(p values, problem string, m Shown) map[string]any {
	c, refused := s.reach(p)
	if refused != nil {
		return refused
	}
	if problem == "" {
		m.Buttons, problem = buttons(p.text["reply_markup"])
	}
	if problem != "" {
		return bad(problem)
	}
	m.ID, m.At, m.Thread = s.message(c.ID), s.now(), int(p.number("message_thread_id"))
	c.Shown = append(c.Shown, m)
	return success(map[string]any{"message_id": m.ID, "date": m.At.Unix(), "chat": s.describe(c.ID), "text": m.Text})
}

func (s *Server) edit(method string, p values) map[string]any {
	c, refused := s.reach(p)
	if refused != nil {
		return refused
	}
	i := slices.IndexFunc(c.Shown, func(m Shown) bool { return m.ID == int(p.number("message_id")) })
	if i < 0 {
		return bad("message to edit not found")
	}
	m := c.Shown[i]
	b, problem := buttons(p.text["reply_markup"])
	if problem != "" {
		return bad(problem)
	}
	if method == "editmessagetext" {
		if m.File != "" {
			return bad("there is no text in the message to edit")
		}
		text, problem := parsed(p.text["text"], p.text["parse_mode"])
		if problem == "" {
			problem = within(text, 4096, "message text is empty", "message is too long")
		}
		if problem != "" {
			return bad(problem)
		}
		var entities []struct{ Offset, Length int }
		if e := p.text["entities"]; e != "" && json.Unmarshal([]byte(e), &entities) != nil {
			return bad("can't parse entities")
		}
		for _, e := range entities {
			if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > units(text) {
				return bad("entity is out of the text")
			}
		}
		m.Text = text
	}
	m.Buttons = b
	if m.Text == c.Shown[i].Text && slices.EqualFunc(m.Buttons, c.Shown[i].Buttons, slices.Equal[[]Button]) {
		return bad("message is not modified: specified new message content and reply markup are exactly the same")
	}
	m.Edited = true
	c.Shown[i] = m
	return success(map[string]any{"message_id": m.ID, "date": m.At.Unix(), "chat": s.describe(c.ID), "text": m.Text})
}

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

func (s *Server) setCommands(p values) map[string]any {
	var list []struct{ Command, Description string }
	if json.Unmarshal([]byte(p.text["commands"]), &list) != nil || len(list) > 100 {
		return bad("can't parse commands list")
	}
	for _, c := range list {
		if !commandName.MatchString(c.Command) {
			return bad("BOT_COMMAND_INVALID")
		}
		if n := units(c.Description); n < 1 || n > 256 {
			return bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	if l := p.text["language_code"]; l != "" && len(l) != 2 {
		return bad("LANG_CODE_INVALID")
	}
	s.commands[p.text["language_code"]] = json.RawMessage(p.text["commands"])
	return success(true)
}

var entityTag = regexp.MustCompile(`</?([a-zA-Z-]+)[^<>]*>`)

// parsed takes a text's entities out; parse_mode is HTML or none. The second value says what is wrong with it.
func parsed(text, mode string) (string, string) {
	switch strings.ToLower(mode) {
	case "":
		return strings.TrimSpace(text), ""
	case "html":
	default:
		return "", "unsupported parse_mode"
	}
	var open []string
	problem := ""
	plain := entityTag.ReplaceAllStringFunc(text, func(tag string) string {
		name := strings.ToLower(entityTag.FindStringSubmatch(tag)[1])
		switch {
		case !slices.Contains([]string{"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "tg-spoiler", "span"}, name):
			problem = fmt.Sprintf("can't parse entities: Unsupported start tag %q", name)
		case !strings.HasPrefix(tag, "</"):
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			problem = "can't parse entities: Unmatched end tag"
		default:
			open = open[:len(open)-1]
		}
		return ""
	})
	if problem == "" && (len(open) > 0 || strings.ContainsAny(plain, "<>")) {
		problem = "can't parse entities: Can't find end tag"
	}
	return strings.TrimSpace(html.UnescapeString(plain)), problem
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func within(text string, limit int, empty, long string) string {
	switch n := units(text); {
	case n == 0:
		return empty
	case n > limit:
		return long
	}
	return ""
}

// buttons reads an inline keyboard.
func buttons(markup string) ([][]Button, string) {
	if markup == "" {
		return nil, ""
	}
	var k struct {
		Rows [][]struct {
			Text string `json:"text"`
			Data string `json:"callback_data"`
			URL  string `json:"url"`
		} `json:"inline_keyboard"`
	}
	if json.Unmarshal([]byte(markup), &k) != nil {
		return nil, "can't parse reply keyboard markup JSON object"
	}
	var out [][]Button
	n := 0
	for _, row := range k.Rows {
		var r []Button
		for _, b := range row {
			switch {
			case b.Text == "":
				return nil, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
			case b.Data == "" && b.URL == "":
				return nil, "BUTTON_COPY_TEXT_INVALID"
			case len(b.Data) > 64:
				return nil, "BUTTON_DATA_INVALID"
			}
			n++
			r = append(r, Button{b.Text, b.Data})
		}
		if len(r) > 8 {
			return nil, "too many buttons in a row"
		}
		out = append(out, r)
	}
	if n > 100 {
		return nil, "REPLY_MARKUP_TOO_LONG"
	}
	return out, ""
}

// updates is getUpdates: an offset confirms everything before it; without updates the request is held open.
func (s *Server) updates(ctx context.Context, p values) map[string]any {
	s.mu.Lock()
	s.polling++
	mine := s.polling
	s.change() // ends a request that is held open for another program
	s.mu.Unlock()
	offset := p.number("offset")
	deadline := time.After(time.Duration(p.number("timeout")) * time.Second)
	limit := int(p.number("limit"))
	if limit < 1 || limit > 100 {
		limit = 100
	}
	for {
		s.mu.Lock()
		if s.hook.url != "" {
			s.mu.Unlock()
			return failure(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
		}
		if s.polling != mine {
			s.mu.Unlock()
			return failure(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
		}
		s.keep()
		if offset > 0 {
			s.pending = slices.DeleteFunc(s.pending, func(q *queued) bool { return q.id < offset })
			offset = 0
		}
		out := []map[string]any{}
		for _, q := range s.pending[:min(limit, len(s.pending))] {
			out = append(out, q.body)
		}
		changed := s.changed
		s.mu.Unlock()
		if len(out) > 0 {
			return success(out)
		}
		select {
		case <-changed:
		case <-deadline:
			return success(out)
		case <-ctx.Done():
			return success(out)
		case <-s.closing:
			return success(out)
		}
	}
}

func (s *Server) setWebhook(p values) map[string]any {
	u, err := url.Parse(p.text["url"])
	if err != nil || u.Host == "" && p.text["url"] != "" {
		return bad("bad webhook: invalid URL")
	}
	port := u.Port()
	if !s.Trust && (u.Scheme != "https" || port != "" && !slices.Contains([]string{"443", "80", "88", "8443"}, port)) {
		return bad("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if secret := p.text["secret_token"]; len(secret) > 256 || strings.Trim(secret, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return bad("secret token contains unallowed characters")
	}
	s.hook = hook{url: p.text["url"], secret: p.text["secret_token"], generation: s.hook.generation + 1}
	for _, q := range s.pending {
		q.sent = false
	}
	s.dispatch()
	return success(true)
}

// dispatch begins deliveries: one at a time for a chat, chats side by side. The caller holds mu.
func (s *Server) dispatch() {
	if s.hook.url == "" {
		return
	}
	s.keep()
	busy := map[int64]bool{}
	for _, q := range s.pending {
		if q.sent {
			busy[q.chat] = true
		}
	}
	for _, q := range s.pending {
		if !busy[q.chat] {
			busy[q.chat], q.sent = true, true
			h := s.hook
			s.work.Go(func() { s.deliver(h, q) })
		}
	}
}

// deliver posts one update until it is taken, the webhook changes, or a day has gone by.
func (s *Server) deliver(h hook, q *queued) {
	body, _ := json.Marshal(q.body)
	client := http.Client{Timeout: 60 * time.Second}
	for n := 0; ; n++ {
		pause := s.Retry(n)
		req, _ := http.NewRequest(http.MethodPost, h.url, bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		if h.secret != "" {
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
		}
		res, err := client.Do(req)
		wrong := ""
		if err != nil {
			wrong = "Connection failed"
		} else {
			res.Body.Close()
			if res.StatusCode/100 != 2 {
				wrong = "Wrong response from the webhook: " + strconv.Itoa(res.StatusCode)
				if after, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
					pause = max(pause, s.Retry(min(after, 3600)))
				}
			}
		}
		s.mu.Lock()
		stale := s.hook.generation != h.generation || s.now().Sub(q.at) >= 24*time.Hour
		if wrong == "" || stale {
			if !stale {
				s.pending = slices.DeleteFunc(s.pending, func(o *queued) bool { return o == q })
			}
			s.change()
			s.dispatch()
			s.mu.Unlock()
			return
		}
		s.hook.lastError, s.hook.lastErrorAt = wrong, s.now()
		s.change()
		s.mu.Unlock()
		select {
		case <-time.After(pause):
		case <-s.closing:
			return
		}
	}
}
