package wechattest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// Field is one element of a message: its name, and its value as it stands in the XML.
type Field struct{ Name, XML string }

// Text is an element with a text.
func Text(name, value string) Field { return Field{name, cdata(value)} }

// Say sends a text.
func (s *Server) Say(openID, text string) { s.Send(openID, "text", Text("Content", text)) }

// Send sends a message of a kind with its own elements.
func (s *Server) Send(openID, kind string, own ...Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(openID)
	s.begin(openID, kind, s.message(openID, kind, append(own, Field{"MsgId", s.id()})...))
}

// Event sends an event that gives no allowance.
func (s *Server) Event(openID, event string, own ...Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.event(openID, event, own...)
}

func (s *Server) event(openID, event string, own ...Field) {
	s.begin(openID, event, s.message(openID, "event", append([]Field{Text("Event", event)}, own...)...))
}

// Follow follows the account, by a QR code with a scene when one is given; an old follower who scans one sends another event.
func (s *Server) Follow(openID, scene string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.customer(openID).Follows = true
	s.acted(openID)
	key := ""
	if scene != "" {
		key = "qrscene_" + scene
	}
	s.event(openID, "subscribe", Text("EventKey", key))
}

// Scan scans a QR code with a scene as a follower.
func (s *Server) Scan(openID, scene string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acted(openID)
	s.event(openID, "SCAN", Text("EventKey", scene), Text("Ticket", "gQE"))
}

// Click clicks an entry of the account's menu.
func (s *Server) Click(openID, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acted(openID)
	s.event(openID, "CLICK", Text("EventKey", key))
}

// Unfollow leaves.
func (s *Server) Unfollow(openID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customer(openID)
	c.Follows, c.Left = false, 0
	s.event(openID, "unsubscribe", Text("EventKey", ""))
}

// Consent agrees to one push of a subscription template, in a pop-up.
func (s *Server) Consent(openID, template string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.customer(openID).Consents[template]++
	s.event(openID, "subscribe_msg_popup_event", Field{"SubscribeMsgPopupEvent", "<List><TemplateId>" + cdata(template) + "</TemplateId><SubscribeStatusString>" + cdata("accept") +
		"</SubscribeStatusString><PopupScene>2</PopupScene></List>"})
}

// Tap taps the link or list entry with a label, with or without its number, in the latest message that has it, and reports whether there is one.
func (s *Server) Tap(openID, label string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.customer(openID).Seen
	for i := len(seen) - 1; i >= 0; i-- {
		for _, l := range seen[i].Links {
			if l.Label == label || numbered.ReplaceAllString(l.Label, "") == label {
				s.acted(openID) // as a click of the menu: it does not open the 48 hours
				s.begin(openID, "text", s.message(openID, "text", Text("Content", l.Says), Field{"MsgId", s.id()}, Field{"bizmsgmenuid", l.ID}))
				return true
			}
		}
	}
	return false
}

func (s *Server) message(openID, kind string, own ...Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<xml><ToUserName>%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime><MsgType>%s</MsgType>", cdata(s.Account), cdata(openID), s.now().Unix(), cdata(kind))
	for _, f := range own {
		fmt.Fprintf(&b, "<%s>%s</%s>", f.Name, f.XML, f.Name)
	}
	b.WriteString("</xml>")
	return b.String()
}

// Sealed is a message as it would be posted now: the query and the body. Tests change them to see what is refused.
func (s *Server) Sealed(message string) (url.Values, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sealed(message)
}

// Message is a customer's text message, not posted.
func (s *Server) Message(openID, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.message(openID, "text", Text("Content", text), Field{"MsgId", s.id()})
}

func (s *Server) sealed(message string) (url.Values, string) {
	nonce := make([]byte, 5)
	rand.Read(nonce)
	q := url.Values{"timestamp": {strconv.FormatInt(s.now().Unix(), 10)}, "nonce": {hex.EncodeToString(nonce)}}
	q.Set("signature", util.Signature(s.Token, q.Get("timestamp"), q.Get("nonce")))
	if s.Mode == Plain {
		return q, message
	}
	random := make([]byte, 16)
	rand.Read(random)
	cipher, err := util.EncryptMsg(random, []byte(message), s.AppID, s.Key)
	if err != nil {
		panic(err) // the key is a test's own
	}
	q.Set("encrypt_type", "aes")
	q.Set("msg_signature", util.Signature(s.Token, q.Get("timestamp"), q.Get("nonce"), string(cipher)))
	body := "<xml><ToUserName>" + cdata(s.Account) + "</ToUserName><Encrypt>" + cdata(string(cipher)) + "</Encrypt></xml>"
	if s.Mode == Compatible {
		body = strings.TrimSuffix(message, "</xml>") + "<Encrypt>" + cdata(string(cipher)) + "</Encrypt></xml>"
	}
	return q, body
}

// Verify asks the program to prove its address, as saving the server's settings in the platform does.
func (s *Server) Verify(ctx context.Context) error {
	s.mu.Lock()
	q, _ := s.sealed("")
	target := s.target
	s.mu.Unlock()
	q.Del("encrypt_type")
	q.Del("msg_signature")
	q.Set("echostr", "6113907246478113522")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || string(b) != q.Get("echostr") {
		return fmt.Errorf("Token验证失败: status %d, body %q", res.StatusCode, b)
	}
	return nil
}

// begin posts a message beside everything else. The caller holds mu.
func (s *Server) begin(openID, kind, message string) {
	c := s.customer(openID)
	n := len(c.Posts)
	c.Posts = append(c.Posts, Post{Kind: kind})
	s.posts++
	s.work.Go(func() { s.post(openID, n, message) })
}

// post posts a message until it is answered, at most three times, each with the platform's patience. An answer that is no answer is shown as an apology at once.
func (s *Server) post(openID string, n int, message string) {
	defer s.set(func() {})
	var reply Seen
	body, problem := "", errors.New("no response")
	for range Tries {
		s.mu.Lock()
		s.customer(openID).Posts[n].Tries++
		q, sealed := s.sealed(message)
		target := s.target
		s.change()
		s.mu.Unlock()
		var again bool
		if body, again, problem = s.deliver(target+"?"+q.Encode(), sealed); !again {
			break
		}
	}
	if problem == nil {
		reply, problem = s.response(openID, body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts--
	p := &s.customer(openID).Posts[n]
	p.Done, p.Body = true, body
	switch {
	case problem != nil:
		s.show(openID, Seen{Text: Apology, Via: "apology", Tail: problem.Error()})
	case reply.Text != "":
		reply.Via = "passive"
		s.show(openID, reply)
	}
}

// deliver makes one try; again says that WeChat repeats it.
func (s *Server) deliver(address, body string) (response string, again bool, problem error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.Patience)
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return "", false, err
	}
	req.Header.Set("Content-Type", "text/xml")
	res, err := s.client.Do(req)
	if err != nil {
		select {
		case <-s.closing:
			return "", false, err
		default:
		}
		if ctx.Err() == nil { // refused: not at once again
			select {
			case <-time.After(s.Pause):
			case <-s.closing:
			}
		}
		return "", true, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return "", true, err
	}
	if res.StatusCode != http.StatusOK {
		return string(b), false, fmt.Errorf("status %d", res.StatusCode)
	}
	return string(b), false, nil
}

// Most bytes, and most characters beside markup, of a text that clients show.
const maxBytes, maxChars = 2048, 628

// response reads what the program answered: success or nothing, or a reply in the mode of the account.
func (s *Server) response(openID, body string) (Seen, error) {
	if body == "" || body == "success" {
		return Seen{}, nil
	}
	inner := []byte(body)
	if s.Mode != Plain {
		var e struct {
			XMLName      xml.Name `xml:"xml"`
			Encrypt      string
			MsgSignature string
			TimeStamp    string
			Nonce        string
		}
		if err := xml.Unmarshal(inner, &e); err != nil || e.Encrypt == "" {
			return Seen{}, errors.New("the response is not encrypted")
		}
		if e.MsgSignature != util.Signature(s.Token, e.TimeStamp, e.Nonce, e.Encrypt) {
			return Seen{}, errors.New("the response's signature is wrong")
		}
		var err error
		if _, inner, err = util.DecryptMsg(s.AppID, e.Encrypt, s.Key); err != nil {
			return Seen{}, err
		}
	}
	var m struct {
		XMLName      xml.Name `xml:"xml"`
		ToUserName   string
		FromUserName string
		CreateTime   int64
		MsgType      string
		Content      string
	}
	if err := xml.NewDecoder(bytes.NewReader(inner)).Decode(&m); err != nil {
		return Seen{}, err
	}
	switch {
	case m.ToUserName != openID || m.FromUserName != s.Account:
		return Seen{}, errors.New("the response is for somebody else")
	case m.MsgType != "text" || m.CreateTime == 0 || m.Content == "":
		return Seen{}, errors.New("the response is no text message")
	case tooLong(m.Content):
		return Seen{}, errors.New("the response is too long")
	}
	return shown(m.Content), nil
}

func tooLong(content string) bool {
	return len(content) > maxBytes || len([]rune(shown(content).Text)) > maxChars
}
