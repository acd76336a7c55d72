package wechat

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"beianbot/bot"
)

// What a customer's action allows us to send by customer message. A new action sets the count anew, it never adds. Replies in the response to a message are
// free. Sources: https://developers.weixin.qq.com/doc/service/en/guide/product/kf/intro.html,
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
type action int

const (
	none  action = iota
	wrote        // any message: 5 within 48 h
	acted        // clicked the menu or an option, followed, scanned: 3 within a minute; it does not open the 48 h, and does not end them
)

const (
	wroteCount, wroteWindow = 5, 48 * time.Hour
	actedCount, actedWindow = 3, time.Minute
)

// locks keep reading and writing of one customer's reach together.
type locks [64]sync.Mutex

var seed = maphash.MakeSeed()

func (l *locks) of(id bot.CustomerID) *sync.Mutex { return &l[maphash.String(seed, string(id))%64] }

// change reads a customer's reach, changes and stores it.
func (c *Channel) change(ctx context.Context, id bot.CustomerID, change func(*bot.Reach)) error {
	l := c.locks.of(id)
	l.Lock()
	defer l.Unlock()
	a := bot.Address{Channel: Name, Customer: id}
	r, err := c.opt.Ledger.Reach(ctx, a)
	if err != nil {
		return err
	}
	before := r
	if change(&r); r != before {
		return c.opt.Ledger.SetReach(ctx, a, r)
	}
	return nil
}

// learn changes a customer's reach. What is not stored is learned again from the platform's refusals.
func (c *Channel) learn(ctx context.Context, id bot.CustomerID, change func(*bot.Reach)) {
	if err := c.change(ctx, id, change); err != nil && ctx.Err() == nil {
		c.opt.Log.Error("wechat reach not stored", "error", err)
	}
}

// opened notes what a customer's action allows, from when it was done.
func (c *Channel) opened(ctx context.Context, id bot.CustomerID, what action, at time.Time) {
	if what == none {
		return
	}
	c.learn(ctx, id, func(r *bot.Reach) {
		r.Known = true
		switch what {
		case wrote:
			// A window that is a moment short costs less than a commit for each message.
			if r.Left != wroteCount || at.Add(wroteWindow).Sub(r.WindowEnd) > time.Minute {
				r.Left, r.WindowEnd = wroteCount, at.Add(wroteWindow)
			}
		case acted:
			r.Left = actedCount
			if end := at.Add(actedWindow); end.After(r.WindowEnd) {
				r.WindowEnd = end
			}
		}
	})
}

// count counts one message to a customer and gives the reach that is left, or says why none may be sent now. A customer of whom nothing is known is tried.
func (c *Channel) count(ctx context.Context, id bot.CustomerID) (left bot.Reach, why string, err error) {
	err = c.change(ctx, id, func(r *bot.Reach) {
		defer func() { left = *r }()
		switch {
		case !r.Known:
		case !c.opt.Now().Before(r.WindowEnd):
			why = "the customer has not written within the time that WeChat allows"
		case r.Left <= 0:
			why = "the messages that WeChat allows until the customer writes again are used up"
		default:
			r.Left--
		}
	})
	return left, why, err
}

// giveBack takes back the count of a message that is not known to be taken.
func (c *Channel) giveBack(ctx context.Context, id bot.CustomerID) {
	c.learn(ctx, id, func(r *bot.Reach) {
		if r.Known {
			r.Left = min(r.Left+1, wroteCount)
		}
	})
}

// shut notes that nothing may be sent until the customer acts again, unless they did since the message was counted that was refused.
func (c *Channel) shut(ctx context.Context, id bot.CustomerID, counted bot.Reach) {
	c.learn(ctx, id, func(r *bot.Reach) {
		if r.Left == counted.Left && r.WindowEnd.Equal(counted.WindowEnd) {
			r.Known, r.Left, r.WindowEnd = true, 0, c.opt.Now()
		}
	})
}
