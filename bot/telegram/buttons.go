package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf16"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"beianbot/bot"
	"beianbot/dialog"
)

// A button carries 1–64 bytes. A value that fits stands in it after a "v"; a longer one is stored under a digest of itself, which stands there after an "h": so
// the same value has the same button for ever, and an old button works as long as its value is kept.
const (
	maxData    = 64 // bytes
	maxButtons = 100
	buttonKey  = "telegram.button."
	buttonKept = 180 * 24 * time.Hour
)

// data is what the button of a value carries; long says that the value must be stored.
func data(value string) (d string, long bool) {
	if len(value) < maxData {
		return "v" + value, false
	}
	sum := sha256.Sum256([]byte(value))
	return "h" + base64.RawURLEncoding.EncodeToString(sum[:16]), true
}

// keyboard makes the buttons of a menu, several in a row where their labels are short, and stores the values that do not fit.
func (c *Channel) keyboard(ctx context.Context, options []dialog.Option) (*models.InlineKeyboardMarkup, error) {
	const rowWidth, inRow = 32, 4 // in half-width characters, on a narrow phone
	k := &models.InlineKeyboardMarkup{}
	left, n := 0, 0
	for _, o := range options[:min(len(options), maxButtons)] {
		d, long := data(o.Value)
		if long {
			if err := c.opt.Settings.PutSetting(ctx, buttonKey+d, o.Value, time.Now().Add(buttonKept)); err != nil {
				return nil, err
			}
		}
		w := width(o.Label) + 4
		if w > left || n == inRow {
			k.InlineKeyboard = append(k.InlineKeyboard, nil)
			left, n = rowWidth, 0
		}
		left, n = left-w, n+1
		row := &k.InlineKeyboard[len(k.InlineKeyboard)-1]
		*row = append(*row, models.InlineKeyboardButton{Text: o.Label, CallbackData: d})
	}
	return k, nil
}

// width counts half-width characters.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// value is what a button's data means; "" when it is not ours or no longer kept.
func (c *Channel) value(ctx context.Context, d string) (string, error) {
	if v, ok := strings.CutPrefix(d, "v"); ok {
		return v, nil
	}
	if !strings.HasPrefix(d, "h") {
		return "", nil
	}
	return c.opt.Settings.Setting(ctx, buttonKey+d)
}

// label is what the tapped button said; "" when Telegram no longer shows the message.
func (q *callback) label() string {
	if q.Message == nil || q.Message.Keyboard == nil {
		return ""
	}
	for _, row := range q.Message.Keyboard.Rows {
		for _, b := range row {
			if b.Data == q.Data {
				return b.Text
			}
		}
	}
	return ""
}

// address is the conversation of a tap: that of the message under which the button stands.
func (q *callback) address() bot.Address {
	if q.Message == nil {
		return bot.Address{Channel: Name, Customer: customer(q.From.ID, 0)}
	}
	return q.Message.address()
}

// read makes a message of the dialog of a tap. A value that is no longer kept is said by its label, which the dialog may find in its last menus.
func (c *Channel) tapped(ctx context.Context, q *callback, now time.Time) (dialog.Message, error) {
	v, err := c.value(ctx, q.Data)
	m := dialog.Message{At: now, ID: "tap/" + q.ID, Kind: dialog.TextMessage, Text: q.label(), Choice: v, Lang: language(&q.From)}
	if m.Text == "" {
		m.Text = m.Choice
	}
	return m, err
}

// tap is a button press that is stored and wants to be shown as taken.
type tap struct{ q *callback }

// acknowledge ends the waiting sign of tapped buttons and edits their message: the chosen option stands there, the buttons are gone. It is an ornament: a press
// that is not shown as taken is taken all the same, and its button still works.
func (c *Channel) acknowledge(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-c.taps:
			c.show(ctx, t.q)
		}
	}
}

func (c *Channel) show(ctx context.Context, q *callback) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	failed := func(err error) {
		if err != nil && !says(err, "not modified") && !says(err, "query is too old") {
			c.opt.Log.Debug("telegram button not shown as taken", "error", c.client.clean(err))
		}
	}
	if c.global.Wait(ctx) != nil {
		return
	}
	_, err := c.api.AnswerCallbackQuery(ctx, &api.AnswerCallbackQueryParams{CallbackQueryID: q.ID})
	failed(err)
	m := q.Message
	if m == nil || c.global.Wait(ctx) != nil {
		return
	}
	label := q.label()
	text := m.Text + "\n\n✅ " + label
	if label == "" || m.Text == "" || prefix(text, maxText) < len(text) {
		_, err = c.api.EditMessageReplyMarkup(ctx, &api.EditMessageReplyMarkupParams{ChatID: m.Chat.ID, MessageID: m.ID})
	} else {
		none := true
		bold := models.MessageEntity{Type: models.MessageEntityTypeBold, Offset: len(utf16.Encode([]rune(m.Text))) + 2, Length: len(utf16.Encode([]rune("✅ " + label)))}
		_, err = c.api.EditMessageText(ctx, &api.EditMessageTextParams{ChatID: m.Chat.ID, MessageID: m.ID, Text: text, Entities: append(m.Entities, bold),
			LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: &none}})
	}
	failed(err)
}
