package wechat

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/silenceper/wechat/v2/officialaccount/message"

	"beianbot/bot"
)

const sendPath = "/cgi-bin/message/custom/send"

// Deliver sends one part by customer message, if the ledger lets it.
//
// The platform takes no idempotency key here and gives no message id: a message whose answer was lost on the way is sent again and may stand twice.
func (c *Channel) Deliver(ctx context.Context, o bot.Outgoing) (string, error) {
	id := o.Address.Customer
	if wait := c.expected(id); wait > 0 {
		return "", &bot.Later{Why: "the response to the customer's message goes first", After: wait}
	}
	if !c.pushes() {
		return "", &bot.Held{Why: "this account sends no customer messages; it goes out with the answer to the customer's next message"}
	}
	if err := c.keep(ctx, o.Part.Options); err != nil {
		return "", err
	}
	var err error
	pieces := c.unsaid(o.ID)
	if len(pieces) == 0 {
		err = c.send(ctx, id, c.customerMessage(o))
		if code(err) == textTooLong { // our limits are measured, not promised
			pieces = bot.Split(render(o.Part, unlinked), func(s string) int { return beginning(s, partChars/2, partBytes/2) })
			err = nil
		}
	}
	for len(pieces) > 0 && err == nil {
		if err = c.send(ctx, id, message.NewCustomerTextMessage("", legible(pieces[0]))); err == nil {
			pieces = pieces[1:]
			c.leave(o.ID, pieces) // Crash point: this run only knows it; after a restart the message begins anew.
		}
	}
	if held := (*bot.Held)(nil); err == nil || errors.As(err, &held) {
		return "", err
	}
	return "", c.outcome(o.Attempts, err)
}

// send counts one message and sends it, or gives Held when nothing may be sent now.
func (c *Channel) send(ctx context.Context, id bot.CustomerID, m *message.CustomerMessage) error {
	// Counted first: were it counted when the platform has answered, a message of the customer's that came in between would have its new count lowered.
	// Crash point: counted and not sent. The ledger believes in one less than there is; what it holds back for that goes with the customer's next message.
	counted, why, err := c.count(ctx, id)
	if err != nil {
		return err
	}
	if why != "" {
		return &bot.Held{Why: why}
	}
	m.ToUser = string(id)
	if err := c.api.call(ctx, http.MethodPost, sendPath, m, nil); err != nil {
		ctx := context.WithoutCancel(ctx)
		switch code(err) {
		case outsideWindow, countUsedUp, openIDWrong, mustFollow:
			c.shut(ctx, id, counted)
			return err
		}
		// A message counts once, when it is known to be taken: an outage must not use up what the customer may be sent. One that was taken all the same, its answer
		// lost on the way, WeChat counts twice and we once; 45047 puts that right.
		c.giveBack(ctx, id)
		return err
	}
	if c.Down() != "" {
		c.setDown("")
	}
	return nil
}

// unsaid are the pieces that are left to say of a message that was too long as a whole; none of it is said when there are none.
func (c *Channel) unsaid(message int64) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pieces[message]
}

func (c *Channel) leave(message int64, pieces []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(pieces) == 0 {
		delete(c.pieces, message)
		return
	}
	if len(c.pieces) > 1000 {
		clear(c.pieces)
	}
	c.pieces[message] = pieces
}

// customerMessage is a menu message where there are options, else a text.
func (c *Channel) customerMessage(o bot.Outgoing) *message.CustomerMessage {
	p := o.Part
	if n := len(p.Options); n == 0 || n > maxOptions || p.Text == "" {
		return message.NewCustomerTextMessage("", legible(render(p, byNumber)))
	}
	menu := &message.MediaMsgmenu{HeadContent: legible(p.Text), TailContent: c.opt.Sentences.ReplyNumber.In(o.Reply.Lang)}
	for i, option := range p.Options {
		menu.List = append(menu.List, message.MsgmenuItem{ID: optionID(option.Value), Content: legible(numberedLabel(firstNumber(p)+i+1, option.Label))})
	}
	return &message.CustomerMessage{Msgtype: "msgmenu", Msgmenu: menu}
}

// outcome says what becomes of a message that was not taken, tried so often before.
func (c *Channel) outcome(attempts int, err error) error {
	why := err.Error()
	switch code(err) {
	case 0:
		if !unsent(err) {
			return errors.New(why) // tried again, with a growing pause
		}
	case outsideWindow, countUsedUp:
		return &bot.Held{Why: why}
	case openIDWrong, mustFollow:
		return &bot.Refusal{Why: why, Blocked: true}
	case textTooLong, contentForbidden, customerLimited:
		return &bot.Refusal{Why: why}
	case noRight, apiBanned, accountLimited:
		c.mute.Store(time.Now().Add(time.Hour).UnixNano()) // until then answers go out in responses only
		c.setDown(advice(err))
		return &bot.Held{Why: why}
	case notWhitelisted, secretWrong, appIDWrong, tokenInvalid, tokenIllegal, tokenExpired:
		c.setDown(advice(err))
		return &bot.Later{Why: why, After: time.Minute, All: true}
	case dailyQuota:
		c.setDown(advice(err))
		return &bot.Later{Why: why, After: 10 * time.Minute, All: true}
	case minuteQuota:
		return &bot.Later{Why: why, After: time.Minute, All: true}
	case busy:
		return &bot.Later{Why: why, After: 2 * time.Second}
	}
	switch {
	case unsent(err):
		return &bot.Later{Why: why, After: 5 * time.Second, All: true}
	case attempts < unknownTries-1:
		return errors.New(why)
	}
	c.opt.Log.Error("wechat message refused for a reason that is not known here", "error", err)
	return &bot.Refusal{Why: why}
}

// unknownTries is how often a message is sent that the platform refuses with a code that is not known here: it must not hold up the customer's others for long.
const unknownTries = 3
