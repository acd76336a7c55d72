package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"html"
	"io"
	"net/http"
	"time"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"beianbot/bot"
)

const (
	maxUpdate  = 1 << 20          // bytes; Telegram's own updates are far below
	bodyWithin = 10 * time.Second // how long a request may take to be there
)

// Handler takes updates from Telegram. It answers 200 only for what is stored, or is nothing to store; Telegram repeats everything else, in order for each chat.
func (c *Channel) Handler() http.Handler {
	secret := sha256.Sum256([]byte(c.opt.Secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.bodyWithin)) // a refused request waits for its whole body as well
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
			return
		}
		shown := sha256.Sum256([]byte(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")))
		if subtle.ConstantTimeCompare(secret[:], shown[:]) != 1 {
			http.Error(w, "wrong secret", http.StatusUnauthorized)
			return
		}
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "cut off", http.StatusBadRequest)
			return
		}
		http.NewResponseController(w).SetReadDeadline(time.Time{}) // else it would end the request later
		u, err := decode(b)
		if err != nil && u.ID != nil {
			c.opt.Log.Error("telegram sent an update that cannot be read; it is passed over")
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		switch err := c.take(r.Context(), u); {
		case errors.Is(err, bot.ErrBusy):
			w.Header().Set("Retry-After", "10") // holds this chat's updates only
			http.Error(w, "too many messages of this customer wait", http.StatusServiceUnavailable)
		case err != nil:
			c.opt.Log.Error("telegram update not stored", "error", err)
			w.Header().Set("Retry-After", "2")
			http.Error(w, "not stored", http.StatusServiceUnavailable)
		}
	})
}

// take stores what an update says. Groups other than the staff's are not served: a bot that is added to one says so once.
func (c *Channel) take(ctx context.Context, u *update) error {
	now := c.opt.Now()
	me := ""
	if user := c.me.Load(); user != nil {
		me = user.Username
	}
	m := u.Message
	if m == nil {
		m = u.Edited
	}
	switch {
	case m != nil && m.MovedTo != 0:
		c.move(ctx, m.Chat.ID, m.MovedTo)
		return nil
	case m != nil && m.Chat.Type == models.ChatTypePrivate:
		if m.notice() {
			return nil
		}
		_, err := c.in.Receive(ctx, m.address(), m.read(me, now))
		return err
	case m != nil:
		if _, _, command := m.command(me); command && m.Chat.ID != c.opt.StaffChat {
			c.remark(m.Chat.ID, c.opt.Sentences.PrivateOnly.Both(), time.Hour, now)
		}
		return nil
	case u.Callback != nil:
		if q := u.Callback.Message; q != nil && q.Chat.Type != models.ChatTypePrivate {
			return nil
		}
		said, err := c.tapped(ctx, u.Callback, now)
		if err != nil {
			return err
		}
		fresh, err := c.in.Receive(ctx, u.Callback.address(), said)
		if fresh {
			select {
			case c.taps <- tap{u.Callback}:
			default: // more taps than Telegram lets us show
			}
		}
		return err
	case u.Member != nil:
		here := u.Member.New.Status == models.ChatMemberTypeMember || u.Member.New.Status == models.ChatMemberTypeAdministrator
		group := u.Member.Chat.Type == models.ChatTypeGroup || u.Member.Chat.Type == models.ChatTypeSupergroup
		if here && group && u.Member.Chat.ID != c.opt.StaffChat {
			c.remark(u.Member.Chat.ID, c.opt.Sentences.PrivateOnly.Both(), time.Hour, now)
		}
	}
	return nil
}

// remark says something outside the conversations, not more often in a chat than the time says; nothing depends on its arrival.
func (c *Channel) remark(chat int64, text string, every time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.warned[chat]) < every || !c.global.Allow() {
		return
	}
	if len(c.warned) > 10000 {
		clear(c.warned)
	}
	c.warned[chat] = now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		c.api.SendMessage(ctx, &api.SendMessageParams{ChatID: chat, Text: html.EscapeString(text), ParseMode: models.ParseModeHTML})
	}()
}
