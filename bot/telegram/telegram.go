// Package telegram is the Telegram channel: updates come in by polling or webhook and are stored before they are acknowledged; replies go out as messages with
// buttons, within the limits of the Bot API.
//
// The library github.com/go-telegram/bot serves as a typed client only. Its receiver answers 200 before anything is stored, keeps no order within a chat
// and ends the process on a panic, so the endpoint, the poller and the reading of commands are our own.
package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"golang.org/x/time/rate"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// Name is this channel's name in the store.
const Name bot.ChannelName = "telegram"

// Path is where Telegram posts updates in webhook mode. Source: contract.
const Path = "/telegram"

// Receiver takes messages in; *bot.Service is one.
type Receiver interface {
	Receive(ctx context.Context, a bot.Address, m dialog.Message) (bool, error)
}

// Options are what the operator decides, and what the rest of the program gives.
type Options struct {
	Token  string
	APIURL string // "" is Telegram's own
	// Webhook takes updates at Path instead of polling. Secret is what Telegram must show; "" is derived from the token. PublicURL is how Telegram reaches
	// this server; with "" the operator registers the webhook.
	Webhook   bool
	Secret    string
	PublicURL string
	StaffChat int64
	Settings  bot.Settings
	Sentences *knowledge.Sentences
	// Quiet is how long an unfinished message waits for the rest of a question, see bot.Quiet.
	Quiet time.Duration
	// ChecklistFile makes a document to print and tick off of a checklist; nil: none is sent.
	ChecklistFile func(dialog.Checklist, knowledge.Lang) (name string, pdf []byte, err error)
	Log           *slog.Logger
	Now           func() time.Time // dates messages whose own date cannot be right; nil: time.Now
}

// Limits of Telegram: about 30 messages a second over all chats and one a second in one chat, short bursts tolerated. Its answer 429 decides, see outcome.
// Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
const (
	globalRate, globalBurst = rate.Limit(25), 25
	chatRate, chatBurst     = rate.Limit(1), 3
)

// Channel is the Telegram channel.
type Channel struct {
	in     Receiver
	opt    Options
	api    *api.Bot
	client *client
	global *rate.Limiter
	me     atomic.Pointer[models.User] // the bot itself; nil until getMe was answered
	down   atomic.Pointer[string]
	taps   chan tap

	bodyWithin time.Duration // as the constant; tests have less time

	mu       sync.Mutex
	chats    map[int64]*chatLimit
	typing   map[bot.CustomerID]context.CancelFunc
	warned   map[int64]time.Time // chats that were told that a message was refused, or that the bot talks in private
	limited  int64               // the chat that last ran into 429, until limitedUntil
	limitEnd time.Time
	moved    map[int64]int64 // groups that became supergroups
}

type chatLimit struct {
	*rate.Limiter
	used time.Time
}

// New makes the channel. It asks the network nothing; Run does.
func New(in Receiver, o Options) (*Channel, error) {
	if o.APIURL == "" {
		o.APIURL = "https://api.telegram.org"
	}
	if o.Secret == "" {
		sum := sha256.Sum256([]byte("beianbot webhook " + o.Token))
		o.Secret = hex.EncodeToString(sum[:])
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Channel{in: in, opt: o, client: newClient(o.APIURL, o.Token), global: rate.NewLimiter(globalRate, globalBurst), taps: make(chan tap, 1000), bodyWithin: bodyWithin, chats: map[int64]*chatLimit{},
		typing: map[bot.CustomerID]context.CancelFunc{}, warned: map[int64]time.Time{}, moved: map[int64]int64{}}
	var err error
	c.api, err = api.New(o.Token, api.WithSkipGetMe(), api.WithServerURL(c.client.base), api.WithHTTPClient(callTimeout, c.client),
		api.WithErrorsHandler(func(err error) { o.Log.Debug("telegram client", "error", c.client.clean(err)) }))
	if err != nil {
		return nil, errors.New("telegram.token: empty; copy it from @BotFather")
	}
	return c, nil
}

// Name is the channel's name.
func (c *Channel) Name() bot.ChannelName { return Name }

// Quiet makes one question of short messages in quick succession, see bot.Quiet.
func (c *Channel) Quiet() time.Duration { return c.opt.Quiet }

// Down says why the channel does not work; "" when it does.
func (c *Channel) Down() string {
	if s := c.down.Load(); s != nil {
		return *s
	}
	return ""
}

func (c *Channel) setDown(why string) {
	if before := c.Down(); before != why {
		if why == "" {
			c.opt.Log.Info("telegram is up again")
		} else {
			c.opt.Log.Error("telegram is down", "why", why)
		}
	}
	c.down.Store(&why)
}

// customer names a private chat, with the topic when the bot has topics there: 123456 or 123456.7.
func customer(chat int64, thread int) bot.CustomerID {
	s := strconv.FormatInt(chat, 10)
	if thread != 0 {
		s += "." + strconv.Itoa(thread)
	}
	return bot.CustomerID(s)
}

// chatOf is the reverse of customer.
func chatOf(id bot.CustomerID) (chat int64, thread int, err error) {
	a, b, topic := strings.Cut(string(id), ".")
	if chat, err = strconv.ParseInt(a, 10, 64); err == nil && topic {
		thread, err = strconv.Atoi(b)
	}
	return chat, thread, err
}

// Run registers the commands and the way updates come in, and takes updates until ctx ends. What fails is tried again; Down says what is wrong meanwhile.
func (c *Channel) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	for range 4 {
		work.Go(func() { c.acknowledge(ctx) })
	}
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := c.register(ctx)
		if err == nil {
			break
		}
		c.setDown(c.advice(err))
		var many *api.TooManyRequestsError
		if errors.As(err, &many) {
			wait = max(wait, time.Duration(many.RetryAfter)*time.Second)
		}
		if !sleep(ctx, wait) {
			return
		}
	}
	c.setDown("")
	if c.opt.Webhook {
		<-ctx.Done()
		return
	}
	c.poll(ctx)
}

// updateKinds are the updates asked for.
var updateKinds = []string{models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage, models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember}

// register tells Telegram who we are and where updates go.
func (c *Channel) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	me, err := c.api.GetMe(ctx)
	if err != nil {
		return err
	}
	c.me.Store(me)
	switch {
	case !c.opt.Webhook:
		_, err = c.api.DeleteWebhook(ctx, &api.DeleteWebhookParams{}) // a webhook left from before would refuse polling; what waits there is kept
	case c.opt.PublicURL != "":
		_, err = c.api.SetWebhook(ctx, &api.SetWebhookParams{URL: strings.TrimRight(c.opt.PublicURL, "/") + Path, SecretToken: c.opt.Secret, AllowedUpdates: updateKinds})
	}
	if err != nil {
		return err
	}
	for _, lang := range []knowledge.Lang{"", knowledge.ZH, knowledge.EN} {
		if _, err := c.api.SetMyCommands(ctx, &api.SetMyCommandsParams{Commands: c.menu(lang), LanguageCode: string(lang)}); err != nil {
			c.opt.Log.Warn("telegram command menu not set", "error", c.client.clean(err))
		}
	}
	return nil
}

// advice is one sentence for /readyz on why calls fail.
func (c *Channel) advice(err error) string {
	var many *api.TooManyRequestsError
	switch {
	case errors.As(err, &many):
		return "Telegram asks us to wait; it goes on by itself"
	case errors.Is(err, api.ErrorUnauthorized) || errors.Is(err, api.ErrorNotFound):
		return "Telegram does not know the token; copy telegram.token again from @BotFather"
	case errors.Is(err, api.ErrorConflict):
		return "another program takes this bot's updates; stop it, or give it a bot of its own"
	}
	return "Telegram cannot be reached: " + c.client.clean(err) + "; check the network and telegram.api_url"
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Typing shows the typing sign, which Telegram takes down after five seconds, until it is turned off.
func (c *Channel) Typing(ctx context.Context, id bot.CustomerID, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stop := c.typing[id]; stop != nil {
		stop()
		delete(c.typing, id)
	}
	chat, thread, err := chatOf(id)
	if !on || err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	c.typing[id] = cancel
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if c.global.Allow() {
				c.api.SendChatAction(ctx, &api.SendChatActionParams{ChatID: chat, MessageThreadID: thread, Action: models.ChatActionTyping}) // an ornament: nothing is lost without it
			}
			sleep(ctx, 4500*time.Millisecond)
		}
	}()
}
