package telegram

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-telegram/bot/models"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string // pieces joined by |
	}{
		{"", 10, ""},
		{" \n ", 10, ""},
		{"短", 10, "短"},
		{"第一段。\n\n第二段。", 8, "第一段。|第二段。"},
		{"第一行\n第二行\n第三行", 8, "第一行\n第二行|第三行"},
		{"一句话。又一句话。再一句", 9, "一句话。又一句话。|再一句"},
		{"one two three four", 9, "one two|three|four"},
		{"Version 1.5 is out. Get it now", 22, "Version 1.5 is out.|Get it now"},
		{"一二三四五六七八", 3, "一二三|四五六|七八"},
		{"😀😀😀😀", 5, "😀😀|😀😀"},
		{"aaa👨‍👩‍👧bbb", 8, "aaa|👨‍👩‍👧|bbb"},
	} {
		if got := strings.Join(split(c.text, c.limit), "|"); got != c.want {
			t.Errorf("split(%q, %d) = %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("第一段。\n\n第二段,e\u0301 👨‍👩‍👧 <b>&amp;", uint16(7))
	f.Add("\xff\xfe", uint16(2))
	f.Fuzz(func(t *testing.T, text string, n uint16) {
		limit := 2 + int(n)%5000
		pieces := split(text, limit)
		for _, p := range pieces {
			if u := len(utf16.Encode([]rune(p))); u == 0 || u > limit {
				t.Errorf("a piece of %d units", u)
			}
			if utf8.ValidString(text) && !utf8.ValidString(p) {
				t.Error("cut within a character")
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if utf8.ValidString(text) && bare(strings.Join(pieces, "")) != bare(text) {
			t.Error("something was lost")
		}
	})
}

func TestCommand(t *testing.T) {
	entity := func(offset, length int) []models.MessageEntity {
		return []models.MessageEntity{{Type: models.MessageEntityTypeBotCommand, Offset: offset, Length: length}}
	}
	for _, c := range []struct {
		text       string
		entities   []models.MessageEntity
		name, rest string
		ok         bool
	}{
		{"/start", entity(0, 6), "start", "", true},
		{"/START topic-fees", entity(0, 6), "start", "topic-fees", true},
		{"/help@our_bot", entity(0, 13), "help", "", true},
		{"/help@OUR_bot 备案", entity(0, 13), "help", "备案", true},
		{"/help@other_bot", entity(0, 15), "", "", false},
		{"你好 /start", entity(3, 6), "", "", false},
		{"/start", nil, "", "", false},
		{"/start", entity(0, 60), "", "", false},
		{"/start", entity(0, -1), "", "", false},
		{"/check 😀.cn", entity(0, 6), "check", "😀.cn", true},
	} {
		m := &message{Text: c.text, Entities: c.entities}
		if name, rest, ok := m.command("our_bot"); name != c.name || rest != c.rest || ok != c.ok {
			t.Errorf("%q: %q %q %v", c.text, name, rest, ok)
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("/start@our_bot topic-fees", 0, 14)
	f.Add("😀/start", -2, 1<<40)
	f.Fuzz(func(t *testing.T, text string, offset, length int) {
		m := &message{ID: 1, Text: text, Entities: []models.MessageEntity{{Type: models.MessageEntityTypeBotCommand, Offset: offset, Length: length}}}
		d := m.read("our_bot", time.Now())
		if d.ID == "" || d.Kind == "" {
			t.Errorf("%+v", d)
		}
		if _, _, ok := m.command("our_bot"); ok && !strings.HasPrefix(text, "/") {
			t.Errorf("a command in %q", text)
		}
	})
}

func FuzzUpdate(f *testing.F) {
	f.Add([]byte(`{"update_id":1,"message":{"message_id":9,"date":1,"chat":{"id":41,"type":"private"},"from":{"id":41,"language_code":"en"},"text":"/start x","entities":[{"type":"bot_command","offset":0,"length":6}]}}`))
	f.Add([]byte(`{"update_id":2,"callback_query":{"id":"7","from":{"id":41},"message":{"message_id":9,"date":0,"chat":{"id":41,"type":"private"}},"data":"vtopic:fees"}}`))
	f.Add([]byte(`{"update_id":3,"edited_message":{"photo":[],"document":{"file_id":"x"},"caption":"c"}}`))
	f.Add([]byte(`{"update_id":4,"message":{"message_id":"nine"}}`))
	f.Add([]byte(`{"update_id":-1,"my_chat_member":{"chat":{"id":-1}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := decode(b)
		if err != nil {
			return
		}
		u.chat()
		for _, m := range []*message{u.Message, u.Edited} {
			if m == nil {
				continue
			}
			m.notice()
			d := m.read("our_bot", time.Now())
			if d.ID == "" || d.Kind == "" || d.At.IsZero() {
				t.Errorf("%+v", d)
			}
			if chat, _, err := chatOf(m.address().Customer); err != nil || chat != m.Chat.ID {
				t.Errorf("%s does not name chat %d", m.address().Customer, m.Chat.ID)
			}
		}
		if q := u.Callback; q != nil {
			q.label()
			q.address()
		}
	})
}

func TestButtonDataFits(t *testing.T) {
	for _, v := range []string{"", "topic:fees", strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("备", 100)} {
		d, long := data(v)
		if len(d) < 1 || len(d) > maxData || long != (len(v) >= maxData) {
			t.Errorf("%d bytes: %q %v", len(v), d, long)
		}
	}
}
