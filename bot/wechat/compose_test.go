package wechat

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

func composer() *Channel {
	return &Channel{kept: map[string]time.Time{}, opt: Options{Settings: &memory{m: map[string]string{}}, Log: slog.New(slog.DiscardHandler),
		Sentences: &knowledge.Sentences{ReplyNumber: knowledge.Text{ZH: "回复编号即可:", EN: "Reply with a number:"}}}}
}

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// FuzzCompose makes messages of any reply: every one is within the limits, all of the text and every option is there once, in order, and can be chosen.
func FuzzCompose(f *testing.F) {
	f.Add("您的服务器在哪里?", "内地\n香港或海外\n不清楚")
	f.Add(strings.Repeat("网站名称不能带“中国”字样。", 100), "已解决\n未解决")
	f.Add(strings.Repeat("word ", 900), "")
	f.Add("", strings.Repeat("一个很长很长的选项名字\n", 40))
	f.Add(`<a href="weixin://bizmsgmenu?msgmenucontent=x">点我</a>`, `<a>&"`)
	f.Fuzz(func(t *testing.T, text, labels string) {
		if !utf8.ValidString(text) || !utf8.ValidString(labels) || len(text) > 20_000 || len(labels) > 5000 {
			t.Skip()
		}
		r := dialog.Reply{Text: text, Lang: knowledge.ZH}
		for i, l := range strings.Split(labels, "\n") {
			if l = strings.TrimSpace(l); l != "" && utf8.RuneCountInString(l) <= 60 { // lint holds labels far shorter
				r.Options = append(r.Options, dialog.Option{Label: l, Value: fmt.Sprint("v", i)})
			}
		}
		c := composer()
		parts := c.Compose(r)
		var said strings.Builder
		n := 0
		rest := make([]bot.Outgoing, len(parts))
		for i, p := range parts {
			rest[i].Part = p
			if m := c.customerMessage(bot.Outgoing{Part: p, Reply: r}); m.Msgtype == "text" && !fits(m.Text.Content, maxChars, maxBytes) {
				t.Fatalf("a customer message of %d bytes", len(m.Text.Content))
			}
			if p.Text != c.opt.Sentences.ReplyNumber.ZH {
				said.WriteString(p.Text)
			}
			if len(p.Options) > 0 && firstNumber(p) != n {
				t.Fatalf("numbers begin at %d after %d options", firstNumber(p), n)
			}
			for _, o := range p.Options {
				if o != r.Options[n] {
					t.Fatalf("option %d is %v", n, o)
				}
				n++
			}
			if err := c.keep(context.Background(), p.Options); err != nil {
				t.Fatal(err)
			}
		}
		if n != len(r.Options) || squeezed(said.String()) != squeezed(plain.Replace(text)) && text != c.opt.Sentences.ReplyNumber.ZH {
			t.Fatalf("%d of %d options; text %q of %q", n, len(r.Options), said.String(), text)
		}
		for _, o := range r.Options {
			if got := c.value(context.Background(), optionID(o.Value)); got != o.Value {
				t.Fatalf("the link of %v means %q", o, got)
			}
		}
		for len(rest) > 0 { // as responses, each with what fits
			got, taken := passive(rest, link("1", waitID, "后面还有,回复 1 接着看"))
			if taken < 1 || !fits(got, maxChars, maxBytes) {
				t.Fatalf("%d parts in a response of %d bytes", taken, len(got))
			}
			rest = rest[taken:]
		}
	})
}

// FuzzRead reads any message of the platform: what comes of it is a customer's, of now, and of a kind.
func FuzzRead(f *testing.F) {
	f.Add([]byte("<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>1</Content><bizmsgmenuid>case-1 中文</bizmsgmenuid><CreateTime>1409659813</CreateTime><MsgId>1</MsgId></xml>"))
	f.Add([]byte("<xml><FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_case_BA1</EventKey><CreateTime>99999999999999999999</CreateTime></xml>"))
	f.Add([]byte("<xml><FromUserName>o1</FromUserName><MsgType>EVENT</MsgType><Event>CLICK</Event><EventKey>topic:fees</EventKey></xml>"))
	f.Add([]byte("<xml><FromUserName>o1</FromUserName><MsgType>hologram</MsgType><MsgId>-</MsgId></xml>"))
	now := time.Unix(1409659820, 0)
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := parse(body)
		if err != nil {
			t.Skip()
		}
		in, err := composer().read(context.Background(), fields, now)
		if err != nil {
			return
		}
		if !openID.MatchString(string(in.customer)) || in.message.ID == "" || len(in.message.ID) > 65 || in.message.At.After(now) || now.Sub(in.message.At) > fresh ||
			in.message.Kind == "" && !in.silent {
			t.Fatalf("%+v", in)
		}
	})
}
