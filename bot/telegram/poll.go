package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	api "github.com/go-telegram/bot"

	"beianbot/bot"
)

const (
	pollHold    = 50 * time.Second // how long Telegram may hold a request open
	pollBatch   = 100
	storers     = 16                     // chats of a batch that are stored side by side
	pollPause   = time.Second            // after an empty answer that came at once: such a server holds nothing open
	pollAtOnce  = 200 * time.Millisecond //
	conflictFor = 30 * time.Second       // between tries while another program polls
	// refusedEvery is how often a customer whose messages are refused is told so.
	refusedEvery = 10 * time.Second
)

// poll takes updates until ctx ends. The offset that confirms a batch is sent only after all of it was stored, so what was not is sent again, and what was
// folds by its message id. Telegram keeps the confirmation; nothing of it needs to be kept here. Once a batch is confirmed the offset goes back to 0, the
// earliest update that is not: after a quiet week the numbers start anew, and an old offset would confirm new updates unseen.
func (c *Channel) poll(ctx context.Context) {
	var offset int64
	var wait time.Duration
	for ctx.Err() == nil {
		began := time.Now()
		var batch []json.RawMessage
		err := c.updates(ctx, offset, &batch)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.setDown(c.advice(err))
			wait = c.pollWait(err, wait)
			sleep(ctx, wait)
			continue
		}
		wait = 0
		c.setDown("")
		if len(batch) == 0 {
			offset = 0
			if time.Since(began) < pollAtOnce {
				sleep(ctx, pollPause)
			}
			continue
		}
		last, err := c.store(ctx, batch)
		if err != nil {
			c.opt.Log.Error("telegram updates not stored; they are fetched again", "error", err)
			sleep(ctx, time.Second)
			continue
		}
		offset = last + 1 // Crash point: stored and not confirmed. Telegram gives the batch again, which folds.
	}
}

func (c *Channel) updates(ctx context.Context, offset int64, batch *[]json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, pollHold+10*time.Second)
	defer cancel()
	return c.client.call(ctx, "getUpdates", map[string]any{"offset": offset, "limit": pollBatch, "timeout": int(pollHold.Seconds()), "allowed_updates": updateKinds}, batch)
}

// pollWait is the pause after a failed poll.
func (c *Channel) pollWait(err error, before time.Duration) time.Duration {
	var many *api.TooManyRequestsError
	switch {
	case errors.As(err, &many):
		return time.Duration(max(1, many.RetryAfter)) * time.Second
	case errors.Is(err, api.ErrorConflict), errors.Is(err, api.ErrorUnauthorized), errors.Is(err, api.ErrorNotFound):
		return conflictFor
	}
	return min(max(2*before, time.Second), conflictFor)
}

// store stores a batch, in order within each chat, chats side by side so that they share commits. It gives the number of the last update.
func (c *Channel) store(ctx context.Context, batch []json.RawMessage) (int64, error) {
	var last *int64
	var order []int64
	chats := map[int64][]*update{}
	for _, raw := range batch {
		u, err := decode(raw)
		if u.ID != nil {
			last = u.ID
		}
		if err != nil {
			c.opt.Log.Error("telegram sent an update that cannot be read; it is passed over")
			continue
		}
		id := u.chat()
		if chats[id] == nil {
			order = append(order, id)
		}
		chats[id] = append(chats[id], u)
	}
	var mu sync.Mutex
	var failed error
	var work sync.WaitGroup
	slots := make(chan struct{}, storers)
	for _, id := range order {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			for _, u := range chats[id] {
				err := c.take(ctx, u)
				if errors.Is(err, bot.ErrBusy) && ctx.Err() == nil { // held back it would hold all others back: refused, and the customer asked to send it again
					c.remark(id, c.opt.Sentences.Unreachable.Both(), refusedEvery, time.Now())
					continue
				}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
			}
		})
	}
	work.Wait()
	if last == nil {
		return 0, errNotUpdate
	}
	return *last, failed
}
