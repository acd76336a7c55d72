package wechattest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// answer is what a call gives back.
type answer map[string]any

func no(code int, msg string) answer {
	return answer{"errcode": code, "errmsg": msg + " rid: 6566a1b2-1c2d3e4f-5a6b7c8d"}
}

var yes = answer{"errcode": 0, "errmsg": "ok"}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.calls[path]++
	var f Fault
	if list := s.faults[path]; len(list) > 0 {
		f, s.faults[path] = list[0], list[1:]
	}
	s.change()
	s.mu.Unlock()
	s.linger(r, f.Slow)
	var a answer
	switch {
	case f.Cut == "before":
		panic(http.ErrAbortHandler)
	case f.Garbage:
		io.WriteString(w, "<html>upstream connect error "+r.URL.Query().Get("access_token")+"</html>")
		return
	case f.Status != 0:
		http.Error(w, "Bad Gateway", f.Status)
		return
	case f.Code != 0:
		a = no(f.Code, f.Msg)
	default:
		s.mu.Lock()
		a = s.perform(r, path, body)
		s.change()
		s.mu.Unlock()
	}
	s.linger(r, f.Late)
	if f.Cut == "after" {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json; encoding=utf-8")
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	json.NewEncoder(w).Encode(a)
}

// linger waits, as long as the caller does.
func (s *Server) linger(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-s.closing:
	case <-r.Context().Done():
	}
}

func (s *Server) perform(r *http.Request, path string, body []byte) answer {
	if s.barred {
		return no(40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist")
	}
	if path == "/cgi-bin/stable_token" {
		return s.stableToken(r, body)
	}
	switch t := r.URL.Query().Get("access_token"); {
	case t == "":
		return no(41001, "access_token missing")
	case t != s.access:
		return no(40001, "invalid credential, access_token is invalid or not latest")
	case !s.now().Before(s.until):
		return no(42001, "access_token expired")
	}
	switch path {
	case "/cgi-bin/message/custom/send":
		return s.send(body)
	case "/cgi-bin/message/subscribe/bizsend":
		return s.push(body)
	case "/cgi-bin/menu/create":
		return s.createMenu(body)
	case "/cgi-bin/menu/get":
		switch {
		case s.noMenu:
			return no(48001, "api unauthorized")
		case s.menu == nil:
			return no(46003, "menu no exist")
		}
		return answer{"menu": json.RawMessage(s.menu)}
	case "/cgi-bin/menu/delete":
		s.menu = nil
		return yes
	case "/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip":
		return answer{"ip_list": []string{"127.0.0.1"}}
	}
	return no(-1, "system error")
}

// stableToken gives the same token until five minutes before its end; a forced one ends it, at most every 30 s.
func (s *Server) stableToken(r *http.Request, body []byte) answer {
	var in struct {
		Grant  string `json:"grant_type"`
		AppID  string `json:"appid"`
		Secret string `json:"secret"`
		Force  bool   `json:"force_refresh"`
	}
	switch err := json.Unmarshal(body, &in); {
	case r.Method != http.MethodPost || err != nil:
		return no(47001, "data format error")
	case in.Grant != "client_credential":
		return no(40002, "invalid grant_type")
	case in.AppID != s.AppID:
		return no(40013, "invalid appid")
	case in.Secret != s.Secret:
		return no(40125, "invalid appsecret")
	}
	now := s.now()
	force := in.Force && now.Sub(s.forced) >= 30*time.Second
	if force {
		s.forced = now
	}
	if force || s.access == "" || s.until.Sub(now) <= 5*time.Minute {
		s.tokens++
		s.access, s.until = fmt.Sprintf("SECRET-access-token-%d-%s", s.tokens, strings.Repeat("x", 64)), now.Add(s.TokenLife)
	}
	return answer{"access_token": s.access, "expires_in": int(s.until.Sub(now) / time.Second)}
}

// control is a character in a body that XML does not know, as JSON writes it.
var control = regexp.MustCompile(`\\u00[01][0-9a-f]`)

// send is the customer message.
func (s *Server) send(body []byte) answer {
	var in struct {
		To   string `json:"touser"`
		Type string `json:"msgtype"`
		Text struct {
			Content string `json:"content"`
		} `json:"text"`
		Menu struct {
			Head string                         `json:"head_content"`
			List []struct{ ID, Content string } `json:"list"`
			Tail string                         `json:"tail_content"`
		} `json:"msgmenu"`
	}
	if json.Unmarshal(body, &in) != nil || control.Match(body) {
		return no(47001, "data format error")
	}
	c, known := s.customers[in.To]
	var m Seen
	switch {
	case s.noPush:
		return no(48001, "api unauthorized")
	case !known:
		return no(40003, "invalid openid")
	case in.Type == "text" && in.Text.Content != "":
		if tooLong(in.Text.Content) {
			return no(45002, "content size out of limit")
		}
		m = shown(in.Text.Content)
	case in.Type == "msgmenu" && len(in.Menu.List) > 0:
		size := len(in.Menu.Head) + len(in.Menu.Tail)
		m = Seen{Text: in.Menu.Head, Tail: in.Menu.Tail}
		for _, l := range in.Menu.List {
			size += len(l.Content)
			m.Links = append(m.Links, Link{Label: l.Content, Says: l.Content, ID: l.ID})
		}
		if size > maxBytes {
			return no(45002, "content size out of limit")
		}
	default:
		return no(44004, "empty content")
	}
	switch {
	case !c.Follows || !s.now().Before(c.Until):
		return no(45015, "response out of time limit or subscription is canceled")
	case c.Left <= 0:
		return no(45047, "out of response count limit")
	}
	c.Left--
	m.Via = "customer"
	s.show(in.To, m)
	return yes
}

// push is the subscription notice: one for each consent.
func (s *Server) push(body []byte) answer {
	var in struct {
		To       string                            `json:"touser"`
		Template string                            `json:"template_id"`
		Data     map[string]struct{ Value string } `json:"data"`
	}
	if json.Unmarshal(body, &in) != nil {
		return no(47001, "data format error")
	}
	c, known := s.customers[in.To]
	switch {
	case !known:
		return no(40003, "invalid openid")
	case c.Consents[in.Template] <= 0:
		return no(43101, "user refuse to accept the msg")
	}
	c.Consents[in.Template]--
	var b bytes.Buffer
	for k, v := range in.Data {
		fmt.Fprintf(&b, "%s: %s\n", k, v.Value)
	}
	s.show(in.To, Seen{Text: b.String(), Via: "subscription"})
	return yes
}

func (s *Server) createMenu(body []byte) answer {
	type button struct {
		Type, Name, Key, URL string
		Sub                  []button `json:"sub_button"`
	}
	var in struct{ Button []button }
	if json.Unmarshal(body, &in) != nil {
		return no(47001, "data format error")
	}
	if s.noMenu {
		return no(48001, "api unauthorized")
	}
	if len(in.Button) < 1 || len(in.Button) > 3 {
		return no(40016, "invalid button size")
	}
	for _, b := range in.Button {
		if b.Name == "" || len(b.Name) > 16 {
			return no(40018, "invalid button name size")
		}
		if len(b.Sub) > 5 {
			return no(40023, "invalid sub button size")
		}
		for _, sub := range append([]button{b}, b.Sub...) {
			switch {
			case sub.Name == "" || len(sub.Name) > 60:
				return no(40025, "invalid sub button name size")
			case len(sub.Sub) > 0 && sub.Type == "":
			case sub.Type == "view" && sub.URL == "", sub.Type == "click" && (sub.Key == "" || len(sub.Key) > 128):
				return no(40019, "invalid button key size")
			case sub.Type == "":
				return no(40017, "invalid button type")
			}
		}
	}
	s.menu = bytes.Clone(body)
	return yes
}
