package wechat

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/silenceper/wechat/v2/officialaccount/message"

	"beianbot/bot"
)

// Handler takes the platform's requests: GET proves to it that this address is ours, POST brings messages.
//
// A message of the platform is always answered by success or a reply, since anything else shows the customer that the account is out of order. Nothing is
// answered by success as if it had been taken before it is stored: a message that could not be stored is answered by the wish to send it again.
func (c *Channel) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		// A body that is not there when the platform itself would have given up is nobody's; refused or not, a request waits for its whole body.
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.opt.Patience))
		switch r.Method {
		case http.MethodGet:
			c.prove(w, r)
		case http.MethodPost:
			c.post(w, r)
		default:
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "GET and POST only", http.StatusMethodNotAllowed)
		}
	})
}

func (c *Channel) prove(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := checkPlain(q, c.opt.Token, c.opt.Now()); err != nil {
		c.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, q.Get("echostr"))
}

func (c *Channel) refuse(w http.ResponseWriter, err error) {
	var r *refused
	if !errors.As(err, &r) {
		r = errForm
	}
	c.opt.Log.Warn("wechat request refused", "why", r.why)
	http.Error(w, r.why, r.status)
}

func (c *Channel) post(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			c.opt.Log.Error("wechat message panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			c.respond(w, incoming{}, "")
		}
	}()
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.Contains(kind, "json") {
		c.refuse(w, &refused{http.StatusUnsupportedMediaType, "XML only"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		c.refuse(w, &refused{http.StatusRequestEntityTooLarge, "too large"})
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler) // cut off, or too slow: an answer without words would say that the message was taken
	}
	http.NewResponseController(w).SetReadDeadline(time.Time{}) // else it would end the request later
	f, err := open(r.URL.Query(), body, c.opt.Token, c.opt.Key, c.opt.AppID, c.opt.Now())
	if err != nil {
		c.refuse(w, err)
		return
	}
	in, err := c.read(r.Context(), f, c.opt.Now())
	if err != nil {
		c.opt.Log.Warn("wechat message without sender or kind acknowledged")
		c.respond(w, in, "")
		return
	}
	// What the response leaves to customer messages goes out after it, and what is to come with it waits for it.
	c.expect(in.customer)
	hold := time.Duration(0)
	defer func() { c.unexpect(in.customer, hold) }()
	text, err := c.timely(r.Context(), in, began)
	if err != nil || r.Context().Err() != nil {
		hold = 2 * time.Second // the platform comes again at once
		panic(http.ErrAbortHandler)
	}
	if text != "" {
		hold = overtaking
	}
	c.respond(w, in, text)
	http.NewResponseController(w).Flush()
}

// lastTry is the platform's last. Source: https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
const lastTry = 3

// overtaking is how long a customer message waits after a response, which the platform may still be taking in.
const overtaking = 300 * time.Millisecond

// errAgain says that no response is to be given, so that the platform asks again.
var errAgain = errors.New("to be asked again")

// handover gives the response to the answer or to the clock, whichever comes first: what the response no longer carries must not count as sent.
type handover struct{ taken atomic.Bool }

func (h *handover) take() bool { return h.taken.CompareAndSwap(false, true) }

// timely gives the text of the response while the platform still listens, even if the store hangs.
//
// If the clock runs out while the answer is being marked as sent, there is no response and the platform asks again for the same answer; at its last try that answer
// is lost, which takes a disk that stalls at this very moment, and the customer is asked to send the message again.
func (c *Channel) timely(ctx context.Context, in incoming, began time.Time) (string, error) {
	type result struct {
		text string
		err  error
	}
	tries := c.attempt(in.message.ID)
	pushes := c.pushes()
	// Without customer messages no response makes the platform ask again; a try before the program began is one that is not counted.
	patient := !pushes && tries < lastTry && !in.message.At.Before(c.began)
	done := make(chan result, 1)
	h := &handover{}
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.opt.Log.Error("wechat message panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				done <- result{}
			}
		}()
		noted := make(chan struct{})
		go func() { // beside the message itself, so that both are one commit
			defer close(noted)
			if tries == 1 {
				c.note(ctx, in)
			}
		}()
		var out result
		if !in.silent {
			out.text, out.err = c.take(ctx, in, h, pushes, patient, tries, began)
		}
		<-noted
		done <- out
	}()
	clock := time.NewTimer(time.Until(began.Add((c.opt.ReplyWithin + c.opt.Patience) / 2)))
	defer clock.Stop()
	select {
	case r := <-done:
		return r.text, r.err
	case <-clock.C:
	}
	mine := h.take()
	switch {
	case patient, !mine && tries < lastTry:
		return "", errAgain
	case in.silent:
		return "", nil
	}
	c.opt.Log.Error("wechat message not answered in time; the customer is asked to send it again")
	return c.opt.Sentences.Unreachable.Both(), nil
}

// take receives a message and gives the text of the response; "" for none.
func (c *Channel) take(ctx context.Context, in incoming, h *handover, pushes, patient bool, tries int, began time.Time) (string, error) {
	promised := ""
	if !pushes {
		promised = c.recall(ctx, &in)
	}
	wait := c.opt.ReplyWithin
	if patient {
		wait = c.opt.Patience + time.Second
	}
	limit, cancel := context.WithDeadline(ctx, began.Add(wait))
	defer cancel()
	a, err := c.ask(limit, in)
	switch {
	case errors.Is(err, bot.ErrClosing):
		return "", errAgain
	case errors.Is(err, bot.ErrBusy):
		if c.tooFast(in.customer) {
			return c.opt.Sentences.RateLimited.Both(), nil
		}
		return "", nil
	case err != nil && tries < lastTry && !in.message.At.Before(c.began):
		c.opt.Log.Error("wechat message not stored; the platform brings it again", "error", err)
		return "", errAgain
	case err != nil:
		c.opt.Log.Error("wechat message not stored; the customer is asked to send it again", "error", err)
		return c.opt.Sentences.Unreachable.Both(), nil
	}
	if len(a.Parts) == 0 && a.Pending && limit.Err() == nil {
		return "", nil // a later request of this customer takes it all
	}
	return c.answer(ctx, in, a, h, pushes, promised), nil
}

// note keeps what an action changes in what we may send.
func (c *Channel) note(ctx context.Context, in incoming) {
	if c.opt.CustomerMessages {
		c.opened(ctx, in.customer, in.does, in.message.At)
	}
	if (in.leaves || in.consents != 0) && c.first(ctx, in.message.ID) {
		c.change(ctx, in.customer, func(r *bot.Reach) {
			r.Consents = max(0, r.Consents+in.consents)
			if in.leaves {
				r.Known, r.Left, r.WindowEnd = true, 0, in.message.At
			}
		})
	}
}

// first reports whether an event has not been seen before: a consent counts once, also when somebody posts the event again.
func (c *Channel) first(ctx context.Context, id string) bool {
	key := "wechat.event." + id
	seen, err := c.opt.Settings.Setting(ctx, key)
	if err == nil && seen == "" {
		err = c.opt.Settings.PutSetting(ctx, key, "1", time.Now().Add(4*fresh))
	}
	if err != nil {
		c.opt.Log.Error("wechat event not noted", "error", err)
	}
	// Crash point: noted as seen and not counted. One consent less is known than there is, which only holds a push back.
	return err == nil && seen == ""
}

// ask receives the message. A store that fails is tried again as long as the response may wait, and an answer that the sender holds at this moment as well.
func (c *Channel) ask(ctx context.Context, in incoming) (*bot.Answer, error) {
	pause := func() bool {
		select {
		case <-time.After(50 * time.Millisecond):
			return ctx.Err() == nil
		case <-ctx.Done():
			return false
		}
	}
	for n := 1; ; n++ {
		a, err := c.in.Ask(ctx, bot.Address{Channel: Name, Customer: in.customer}, in.message)
		switch {
		case errors.Is(err, bot.ErrBusy), errors.Is(err, bot.ErrClosing):
			return nil, err
		case err != nil:
			if !pause() {
				return nil, err
			}
		case len(a.Parts) == 0 && !a.Pending && !c.pushes() && n < 5:
			if !pause() {
				return a, nil
			}
		default:
			return a, nil
		}
	}
}

// answer makes the response of what is ready, and leaves the rest to Deliver. promised is the message whose response promised more last, "" for none.
func (c *Channel) answer(ctx context.Context, in incoming, a *bot.Answer, h *handover, pushes bool, promised string) string {
	settle := context.WithoutCancel(ctx)
	if ctx.Err() != nil || !h.take() { // the platform has hung up, or been answered: what is ready waits
		a.Settle(settle, 0)
		return ""
	}
	for i, p := range a.Parts {
		if pieces := c.unsaid(p.ID); len(pieces) > 0 {
			a.Parts[i].Part = bot.Part{Text: strings.Join(pieces, "\n")}
		}
	}
	s := c.opt.Sentences
	l := lang(a.Parts)
	hint := ""
	if !pushes {
		hint = link("1", waitID, s.MoreWaiting.In(l))
	}
	text, taken := passive(a.Parts, hint)
	for _, p := range a.Parts[:taken] {
		if err := c.keep(settle, p.Part.Options); err != nil {
			c.opt.Log.Error("wechat option not stored; its words count", "error", err)
		}
	}
	if err := a.Settle(settle, taken); err != nil {
		// It may be sent once more; not to send it at all would be worse.
		c.opt.Log.Error("wechat response not noted", "error", err)
	}
	if pushes {
		return text
	}
	asked, again := in.message.Choice == waiting, promised == in.message.ID
	switch {
	case a.Pending:
		text = strings.TrimSpace(text + "\n\n" + link("1", waitID, s.ResultWaiting.In(l)))
	case taken == len(a.Parts):
		if asked && promised != "" && !again {
			c.promise(settle, in.customer, "") // kept
		}
		switch {
		case taken == 0 && asked:
			return s.NothingOpen.In(l)
		case again && fits(text+"\n\n"+hint, maxChars, maxBytes): // the same response as before, with more waiting behind it
			return text + "\n\n" + hint
		}
		return text
	}
	c.promise(settle, in.customer, in.message.ID)
	return text
}

// Without customer messages, 1 asks for what is waiting while that was the last thing we said, and else it chooses the first option.
const (
	moreKey  = "wechat.more." // followed by the customer
	moreKept = 48 * time.Hour
)

// promise notes whose response promised more; "" ends the promise.
func (c *Channel) promise(ctx context.Context, id bot.CustomerID, message string) {
	until := time.Now()
	if message != "" {
		until = until.Add(moreKept)
	}
	if err := c.opt.Settings.PutSetting(ctx, moreKey+string(id), message, until); err != nil {
		c.opt.Log.Error("wechat hint not noted", "error", err)
	}
}

// recall makes a 1 mean what was promised, and gives the message whose response promised it. Any other word ends the promise: what waited comes with its answer.
func (c *Channel) recall(ctx context.Context, in *incoming) string {
	promised, err := c.opt.Settings.Setting(ctx, moreKey+string(in.customer))
	if err != nil || promised == "" {
		return ""
	}
	if text := strings.Trim(in.message.Text, " 　。."); text == "1" || text == "１" {
		in.message.Choice = waiting
	} else if promised != in.message.ID {
		c.promise(ctx, in.customer, "")
	}
	return promised
}

// respond writes success, or a reply in the mode of the request.
func (c *Channel) respond(w http.ResponseWriter, in incoming, text string) {
	var body []byte
	var err error
	if text = legible(text); text != "" {
		body, err = c.reply(in, text, time.Now())
	}
	if err != nil {
		c.opt.Log.Error("wechat response not made", "error", err)
	}
	if err != nil || text == "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "success")
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Write(body)
}

func (c *Channel) reply(in incoming, text string, now time.Time) ([]byte, error) {
	t := message.NewText(text)
	t.SetToUserName(message.CDATA(in.customer))
	t.SetFromUserName(message.CDATA(in.account))
	t.SetCreateTime(now.Unix())
	t.SetMsgType(message.MsgTypeText)
	body, err := xml.Marshal(t)
	if err != nil || c.opt.Key == "" {
		return body, err
	}
	random := make([]byte, 16)
	rand.Read(random)
	nonce := make([]byte, 8)
	rand.Read(nonce)
	out := message.ResponseEncryptedXMLMsg{Timestamp: now.Unix(), Nonce: hex.EncodeToString(nonce)}
	if out.EncryptedMsg, out.MsgSignature, err = seal(random, body, c.opt.Token, c.opt.Key, c.opt.AppID, out.Nonce, now); err != nil {
		return nil, err
	}
	return xml.Marshal(out)
}
