package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"golang.org/x/time/rate"

	"beianbot/bot"
)

// maxCaption is the length of a file's caption in UTF-16 units. Source: https://core.telegram.org/bots/api#senddocument
const maxCaption = 1024

// Deliver sends one part and gives Telegram's message id.
//
// Telegram takes no idempotency key: a message whose answer was lost on the way is sent again and may stand twice.
func (c *Channel) Deliver(ctx context.Context, o bot.Outgoing) (string, error) {
	chat, thread, err := chatOf(o.Address.Customer)
	if err != nil {
		return "", &bot.Refusal{Why: "the customer's id is no Telegram chat"}
	}
	chat = c.current(ctx, chat)
	if wait := c.pace(chat, time.Now()); wait > 0 {
		return "", &bot.Later{Why: "one message a second in a chat", After: wait}
	}
	if err := c.global.Wait(ctx); err != nil {
		return "", err
	}
	send := func(chat int64, thread int) (int, error) { return c.send(ctx, chat, thread, o.Part) }
	id, err := send(chat, thread)
	var moved *api.MigrateError
	switch {
	case errors.As(err, &moved):
		c.move(ctx, chat, int64(moved.MigrateToChatID))
		id, err = send(int64(moved.MigrateToChatID), thread)
	case thread != 0 && says(err, "thread not found"): // the topic was deleted; the chat is still there
		id, err = send(chat, 0)
	}
	if err != nil {
		return "", c.outcome(chat, err, time.Now())
	}
	if c.opt.Webhook {
		c.setDown("") // a poller says so by itself
	}
	if id == 0 {
		return "", nil
	}
	return strconv.Itoa(id), nil
}

func (c *Channel) send(ctx context.Context, chat int64, thread int, p bot.Part) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if p.Data != nil {
		var d document
		if err := json.Unmarshal(p.Data, &d); err != nil {
			return 0, fmt.Errorf("%w, the stored part cannot be read", api.ErrorBadRequest)
		}
		if c.opt.ChecklistFile == nil {
			return 0, nil // the text before it says the same
		}
		name, pdf, err := c.opt.ChecklistFile(d.Checklist, d.Lang)
		if err != nil {
			c.opt.Log.Error("checklist file not made", "error", err)
			return 0, nil
		}
		m, err := c.api.SendDocument(ctx, &api.SendDocumentParams{ChatID: chat, MessageThreadID: thread, Caption: html.EscapeString(p.Text[:prefix(p.Text, maxCaption)]),
			ParseMode: models.ParseModeHTML, Document: &models.InputFileUpload{Filename: name, Data: bytes.NewReader(pdf)}})
		return receipt(m, err)
	}
	if strings.TrimSpace(p.Text) == "" {
		return 0, nil
	}
	none := true
	params := &api.SendMessageParams{ChatID: chat, MessageThreadID: thread, Text: html.EscapeString(p.Text), ParseMode: models.ParseModeHTML,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: &none}}
	if len(p.Options) > 0 {
		k, err := c.keyboard(ctx, p.Options)
		if err != nil {
			return 0, err
		}
		params.ReplyMarkup = k
	}
	m, err := c.api.SendMessage(ctx, params)
	return receipt(m, err)
}

// receipt keeps a message that came with an error from being looked at: the library gives an empty one then.
func receipt(m *models.Message, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return m.ID, nil
}

// pace takes a message from a chat's allowance, or says how long to wait for one.
func (c *Channel) pace(chat int64, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.chats[chat]
	if l == nil {
		if len(c.chats) >= 10000 { // forget those that have been quiet long enough to be full again
			for k, old := range c.chats {
				if now.Sub(old.used) > time.Minute {
					delete(c.chats, k)
				}
			}
		}
		l = &chatLimit{Limiter: rate.NewLimiter(chatRate, chatBurst)}
		c.chats[chat] = l
	}
	l.used = now
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// says reports whether the network refused a call with these words.
func says(err error, words string) bool {
	return err != nil && errors.Is(err, api.ErrorBadRequest) && strings.Contains(strings.ToLower(err.Error()), words)
}

// outcome says what becomes of a message that was not taken.
func (c *Channel) outcome(chat int64, err error, now time.Time) error {
	why := c.client.clean(err)
	var many *api.TooManyRequestsError
	switch {
	case errors.As(err, &many):
		after := time.Duration(max(1, many.RetryAfter)) * time.Second
		return &bot.Later{Why: why, After: after, All: c.everywhere(chat, after, now)}
	case errors.Is(err, api.ErrorForbidden): // blocked by the user, user is deactivated, kicked
		return &bot.Refusal{Why: why, Blocked: true}
	case errors.Is(err, api.ErrorUnauthorized), errors.Is(err, api.ErrorNotFound), errors.Is(err, api.ErrorConflict): // the token is no longer good; the message is
		c.setDown(c.advice(err))
		return &bot.Later{Why: c.advice(err), After: time.Minute, All: true}
	case says(err, "message is not modified"):
		return nil
	case says(err, "chat not found"), says(err, "user not found"), says(err, "peer_id_invalid"):
		return &bot.Refusal{Why: why, Blocked: true}
	case errors.Is(err, api.ErrorBadRequest):
		return &bot.Refusal{Why: why}
	case unsent(err):
		c.setDown(c.advice(err))
		return &bot.Later{Why: why, After: 5 * time.Second, All: true}
	}
	return errors.New(why)
}

// everywhere notes that a chat ran into 429 and reports whether it holds for all: another chat is still held back too.
func (c *Channel) everywhere(chat int64, after time.Duration, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.limited != 0 && c.limited != chat && now.Before(c.limitEnd)
	c.limited, c.limitEnd = chat, now.Add(after)
	return all
}

const movedKey = "telegram.moved." // followed by the old chat id; the value is the new one

// current is the chat that an id means now.
func (c *Channel) current(ctx context.Context, chat int64) int64 {
	if chat >= 0 {
		return chat // only groups move
	}
	c.mu.Lock()
	to := c.moved[chat]
	c.mu.Unlock()
	if to == 0 {
		if v, err := c.opt.Settings.Setting(ctx, movedKey+strconv.FormatInt(chat, 10)); err == nil {
			to, _ = strconv.ParseInt(v, 10, 64)
		}
	}
	if to == 0 {
		return chat
	}
	return to
}

// move remembers that a group became a supergroup with another id.
func (c *Channel) move(ctx context.Context, from, to int64) {
	c.mu.Lock()
	c.moved[from] = to
	c.mu.Unlock()
	if err := c.opt.Settings.PutSetting(ctx, movedKey+strconv.FormatInt(from, 10), strconv.FormatInt(to, 10), time.Time{}); err != nil {
		c.opt.Log.Error("telegram group's new id not stored", "error", err)
	}
}
