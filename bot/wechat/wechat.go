// Package wechat is the WeChat official account channel (公众号): messages come in at Path and are stored before they are answered; the answer is the response to
// the same request where it is ready in time, else a customer message, or the response to the platform's or the customer's next request.
//
// Of the library github.com/silenceper/wechat it takes the cryptography and the types of messages. Its server takes forged and repeated messages and loses
// others, and its client hides error codes and knows no deadline, so the guard, the reading of messages and the calls are our own.
package wechat

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// Name is this channel's name in the store.
const Name bot.ChannelName = "wechat"

// Path is where the platform posts messages. Source: contract.
const Path = "/wechat"

// Options are what the operator decides, and what the rest of the program gives.
type Options struct {
	AppID, AppSecret string
	Token            string // checks signatures
	Key              string // EncodingAESKey, 43 characters; "": plain mode. With a key only what is encrypted counts.
	APIURL           string // "" is the platform's own
	// CustomerMessages says that the account may send customer messages; else what is not ready in time waits for the platform's next try or the customer's next word.
	CustomerMessages bool
	PublicURL        string // how the platform and customers reach this server, for the doctor and for links to lists
	Menu             *Menu  // names of clicked entries; nil: none
	// Patience is how long the platform waits for a response; ReplyWithin how long we take at most. 0: 5 s and 4.5 s.
	Patience, ReplyWithin time.Duration
	// Quiet is how long an unfinished message waits for the rest of a question, see bot.Quiet.
	Quiet     time.Duration
	Settings  bot.Settings
	Ledger    bot.ReachLedger
	Sentences *knowledge.Sentences
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
}

// Channel is the official account channel.
type Channel struct {
	in    bot.Asker
	opt   Options
	api   *client
	locks locks
	began time.Time
	down  atomic.Pointer[string]
	mute  atomic.Int64 // Unix nanoseconds until which the platform lets us send no customer messages at all

	mu     sync.Mutex
	kept   map[string]time.Time // ids of options that are stored, and when
	pieces map[int64][]string   // what is left of messages that were too long, by their number in the outbox
	tries  map[string]int       // how often messages of the last minute came, by their id
	older  map[string]int       // those before; both are dropped in turn
	turned time.Time            // when tries became older
	coming map[bot.CustomerID]coming
	swept  time.Time                    // when coming was last rid of what is over
	warned map[bot.CustomerID]time.Time // customers that were told to slow down
}

// coming are a customer's open requests, and until when nothing should be sent beside them.
type coming struct {
	open  int
	until time.Time
}

// Faults are what New refuses.
func (o Options) Faults() (out []bot.Fault) {
	if o.Token == "" {
		out = append(out, bot.Fault{Key: "token", Why: "is empty; write the Token that you set in the platform under 基本配置 → 服务器配置"})
	}
	if o.Key != "" && o.AppID == "" {
		out = append(out, bot.Fault{Key: "app_id", Why: "is empty; encrypted messages carry it, copy AppID from the platform"})
	}
	if _, _, err := seal(make([]byte, 16), nil, o.Token, o.Key, o.AppID, "", time.Time{}); o.Key != "" && err != nil {
		out = append(out, bot.Fault{Key: "encoding_aes_key", Why: "is no key of the platform; copy EncodingAESKey again"})
	}
	return out
}

// New makes the channel. It asks the network nothing; Run does.
func New(in bot.Asker, o Options) (*Channel, error) {
	if faults := o.Faults(); len(faults) > 0 {
		return nil, fmt.Errorf("wechat.%s %s", faults[0].Key, faults[0].Why)
	}
	if o.APIURL == "" {
		o.APIURL = "https://api.weixin.qq.com"
	}
	if o.Patience == 0 {
		o.Patience, o.ReplyWithin = 5*time.Second, 4500*time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Channel{in: in, opt: o, api: newClient(o.APIURL, o.AppID, o.AppSecret, o.Settings), kept: map[string]time.Time{}, pieces: map[int64][]string{}, tries: map[string]int{}, older: map[string]int{},
		began: o.Now().Truncate(time.Second), turned: time.Now(), coming: map[bot.CustomerID]coming{}, warned: map[bot.CustomerID]time.Time{}}, nil
}

// Name is the channel's name.
func (c *Channel) Name() bot.ChannelName { return Name }

// Quiet makes one question of short messages in quick succession, see bot.Quiet.
func (c *Channel) Quiet() time.Duration { return c.opt.Quiet }

// Down says why the channel does not work; "" when it does. Customers may still get answers in responses.
func (c *Channel) Down() string {
	if s := c.down.Load(); s != nil {
		return *s
	}
	return ""
}

func (c *Channel) setDown(why string) {
	if before := c.Down(); before != why {
		if why == "" {
			c.opt.Log.Info("wechat is up again")
		} else {
			c.opt.Log.Error("wechat is down", "why", why)
		}
	}
	c.down.Store(&why)
}

// pushes reports whether customer messages may be sent at all.
func (c *Channel) pushes() bool {
	return c.opt.CustomerMessages && time.Now().UnixNano() >= c.mute.Load()
}

// Run keeps an access token ready and Down true to life until ctx ends. An account that answers in responses only needs no token.
func (c *Channel) Run(ctx context.Context) {
	if !c.opt.CustomerMessages {
		<-ctx.Done()
		return
	}
	for wait := time.Second; ; {
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := c.api.access(call, "")
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.setDown(advice(err))
			wait = min(2*wait, time.Minute)
		default:
			if c.pushes() {
				c.setDown("")
			}
			wait = time.Minute
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// attempt counts the tries of a message, from 1.
func (c *Channel) attempt(id string) int {
	const remember = time.Minute // the platform's tries are 5 s apart
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.turned) > remember {
		c.older, c.tries, c.turned = c.tries, map[string]int{}, now
	}
	c.tries[id] = max(c.tries[id], c.older[id]) + 1
	return c.tries[id]
}

// expect notes that a request of a customer is open; unexpect that it ended, and how long nothing should be sent all the same.
func (c *Channel) expect(id bot.CustomerID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.coming[id]
	e.open++
	c.coming[id] = e
}

func (c *Channel) unexpect(id bot.CustomerID, hold time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.coming[id]
	e.open--
	if until := time.Now().Add(hold); hold > 0 && until.After(e.until) {
		e.until = until
	}
	c.coming[id] = e
	if now := time.Now(); len(c.coming) > 1000 && now.Sub(c.swept) > time.Second {
		c.swept = now
		for k, v := range c.coming {
			if v.open == 0 && now.After(v.until) {
				delete(c.coming, k)
			}
		}
	}
}

// expected is how long a message should wait for a customer's request that is open or about to come; 0: it need not.
func (c *Channel) expected(id bot.CustomerID) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.coming[id]
	if e.open > 0 {
		return overtaking
	}
	return max(0, time.Until(e.until))
}

// tooFast reports, at most once in ten seconds for a customer, that they should be told to slow down.
func (c *Channel) tooFast(id bot.CustomerID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.warned[id]) < 10*time.Second {
		return false
	}
	if len(c.warned) > 10_000 {
		clear(c.warned)
	}
	c.warned[id] = now
	return true
}

// lang is the language of what a customer gets, for what is said beside it.
func lang(parts []bot.Outgoing) knowledge.Lang {
	if len(parts) == 0 {
		return knowledge.ZH
	}
	return parts[len(parts)-1].Reply.Lang
}

// waiting is the choice that asks for nothing new.
const waiting = "act:" + string(dialog.Wait)
