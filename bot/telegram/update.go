package telegram

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// update is what we read of an update. The library's own type fails as a whole on a kind of attachment that it does not know yet; this one reads the rest.
type update struct {
	ID       *int64    `json:"update_id"`
	Message  *message  `json:"message"`
	Edited   *message  `json:"edited_message"`
	Callback *callback `json:"callback_query"`
	Member   *struct {
		Chat chat `json:"chat"`
		New  struct {
			Status models.ChatMemberType `json:"status"`
		} `json:"new_chat_member"`
	} `json:"my_chat_member"`
}

type chat struct {
	ID   int64           `json:"id"`
	Type models.ChatType `json:"type"`
}

type file struct {
	ID   string `json:"file_id"`
	MIME string `json:"mime_type"`
}

type message struct {
	ID       int                    `json:"message_id"`
	Thread   int                    `json:"message_thread_id"`
	IsTopic  bool                   `json:"is_topic_message"`
	From     *models.User           `json:"from"`
	Chat     chat                   `json:"chat"`
	Album    string                 `json:"media_group_id"`
	Date     int64                  `json:"date"` // 0: Telegram no longer shows the message to bots
	Text     string                 `json:"text"`
	Entities []models.MessageEntity `json:"entities"`
	Caption  string                 `json:"caption"`
	MovedTo  int64                  `json:"migrate_to_chat_id"`

	Photo     []file          `json:"photo"` // sizes, the largest last
	Voice     *file           `json:"voice"`
	Audio     *file           `json:"audio"`
	Video     *file           `json:"video"`
	VideoNote *file           `json:"video_note"`
	Animation *file           `json:"animation"`
	Document  *file           `json:"document"`
	Sticker   *file           `json:"sticker"`
	Dice      json.RawMessage `json:"dice"`
	Location  json.RawMessage `json:"location"`
	Contact   json.RawMessage `json:"contact"`

	// Notices of the chat itself; nobody said anything.
	Pinned     json.RawMessage `json:"pinned_message"`
	AutoDelete json.RawMessage `json:"message_auto_delete_timer_changed"`
	Background json.RawMessage `json:"chat_background_set"`
	Access     json.RawMessage `json:"write_access_allowed"`
	TopicMade  json.RawMessage `json:"forum_topic_created"`
	TopicEdit  json.RawMessage `json:"forum_topic_edited"`
	TopicShut  json.RawMessage `json:"forum_topic_closed"`
	TopicOpen  json.RawMessage `json:"forum_topic_reopened"`

	Keyboard *struct {
		Rows [][]struct {
			Text string `json:"text"`
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	} `json:"reply_markup"`
}

type callback struct {
	ID      string      `json:"id"`
	From    models.User `json:"from"`
	Message *message    `json:"message"`
	Data    string      `json:"data"`
}

var errNotUpdate = errors.New("not an update of the Bot API")

// decode reads an update. Kinds it does not know leave all fields but ID empty. One of a form that we do not expect is an error; its number is there if that can
// be read, so that it can be passed over: held back it would come for ever.
func decode(b []byte) (*update, error) {
	var u update
	if json.Unmarshal(b, &u) == nil && u.ID != nil {
		return &u, nil
	}
	var head struct {
		ID *int64 `json:"update_id"`
	}
	if json.Unmarshal(b, &head) != nil {
		head.ID = nil
	}
	return &update{ID: head.ID}, errNotUpdate // without the cause, which quotes what a customer wrote
}

// chat is where an update belongs, 0 when nowhere.
func (u *update) chat() int64 {
	switch {
	case u.Message != nil:
		return u.Message.Chat.ID
	case u.Edited != nil:
		return u.Edited.Chat.ID
	case u.Callback != nil && u.Callback.Message != nil:
		return u.Callback.Message.Chat.ID
	case u.Callback != nil:
		return u.Callback.From.ID
	case u.Member != nil:
		return u.Member.Chat.ID
	}
	return 0
}

func (m *message) address() bot.Address {
	thread := 0
	if m.IsTopic {
		thread = m.Thread
	}
	return bot.Address{Channel: Name, Customer: customer(m.Chat.ID, thread)}
}

// notice reports a message in which nobody says anything.
func (m *message) notice() bool {
	for _, n := range []json.RawMessage{m.Pinned, m.AutoDelete, m.Background, m.Access, m.TopicMade, m.TopicEdit, m.TopicShut, m.TopicOpen} {
		if n != nil {
			return true
		}
	}
	return m.MovedTo != 0
}

// read makes a message of the dialog. The id holds chat, message and a digest of the words, never the update's number, which starts anew at random after a quiet
// week: so a repeat folds, an edit that changed the words is a message of its own, and one that changed nothing (Telegram sends such) is a repeat.
func (m *message) read(me string, now time.Time) dialog.Message {
	d := dialog.Message{At: said(m.Date, now), Lang: language(m.From), Group: m.Album}
	d.Kind, d.File = m.kind()
	d.Text = m.Text
	if d.Text == "" {
		d.Text = m.Caption
	}
	sum := sha256.Sum256([]byte(d.Text))
	d.ID = fmt.Sprintf("%d/%d/%s", m.Chat.ID, m.ID, hex.EncodeToString(sum[:4]))
	if name, rest, ok := m.command(me); ok {
		d = order(d, name, rest)
	}
	return d
}

// said is when a message was sent; a date in the future or more than the day that Telegram keeps updates ago is a clock that is wrong.
func said(date int64, now time.Time) time.Time {
	at := time.Unix(date, 0)
	if at.After(now) || now.Sub(at) > 24*time.Hour {
		return now
	}
	return at
}

// language is what a customer's app is set to, as far as we speak it.
func language(u *models.User) knowledge.Lang {
	switch {
	case u == nil || u.LanguageCode == "":
		return ""
	case strings.HasPrefix(u.LanguageCode, "zh"):
		return knowledge.ZH
	}
	return knowledge.EN
}

// kind is what was sent, with the file's handle.
func (m *message) kind() (dialog.MessageKind, string) {
	switch {
	case m.Text != "":
		return dialog.TextMessage, ""
	case len(m.Photo) > 0:
		return dialog.PictureMessage, m.Photo[len(m.Photo)-1].ID
	case m.Sticker != nil:
		return dialog.StickerMessage, m.Sticker.ID
	case m.Dice != nil:
		return dialog.StickerMessage, ""
	case m.Voice != nil:
		return dialog.VoiceMessage, m.Voice.ID
	case m.Animation != nil: // before Document, which repeats it
		return dialog.VideoMessage, m.Animation.ID
	case m.Video != nil:
		return dialog.VideoMessage, m.Video.ID
	case m.VideoNote != nil:
		return dialog.VideoMessage, m.VideoNote.ID
	case m.Document != nil && strings.HasPrefix(m.Document.MIME, "image/"):
		return dialog.PictureMessage, m.Document.ID
	case m.Document != nil:
		return dialog.FileMessage, m.Document.ID
	case m.Audio != nil:
		return dialog.FileMessage, m.Audio.ID
	case m.Location != nil:
		return dialog.LocationMessage, ""
	case m.Contact != nil:
		return dialog.ContactMessage, ""
	}
	return dialog.UnknownMessage, ""
}
