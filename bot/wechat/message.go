package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
)

// incoming is what a posted message means.
type incoming struct {
	customer bot.CustomerID
	account  string // our side's name in the message, for the response
	message  dialog.Message
	silent   bool   // an event in which nobody says anything: it is acknowledged, no more
	does     action // what it allows us to send
	leaves   bool   // the customer unfollowed
	consents int    // single pushes that the customer agreed to
}

var openID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// read makes a message of the dialog. Source of the fields: https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
// and Receiving_event_pushes.html.
func (c *Channel) read(ctx context.Context, f *fields, now time.Time) (incoming, error) {
	in := incoming{customer: bot.CustomerID(f.get("FromUserName")), account: f.get("ToUserName")}
	kind := strings.ToLower(f.get("MsgType"))
	if !openID.MatchString(string(in.customer)) || kind == "" {
		return in, errForm
	}
	m := &in.message
	m.ID, m.At = identity(f), said(f.get("CreateTime"), now)
	in.does = wrote
	m.Kind = dialog.TextMessage
	switch kind {
	case "event":
		c.event(f, &in)
	case "text":
		m.Text = f.get("Content")
		if id := f.get("bizmsgmenuid"); id != "" {
			in.does = acted
			m.Choice = c.value(ctx, id)
			m.Text = numbered.ReplaceAllString(m.Text, "")
		}
	case "image":
		m.Kind, m.File = dialog.PictureMessage, f.get("MediaId")
	case "voice":
		m.Kind, m.File = dialog.VoiceMessage, f.get("MediaId")
		m.Text = f.get("Recognition")
	case "video", "shortvideo":
		m.Kind, m.File = dialog.VideoMessage, f.get("MediaId")
	case "file":
		m.Kind, m.File = dialog.FileMessage, f.get("MediaId")
	case "location":
		m.Kind = dialog.LocationMessage
	case "link":
		m.Kind, m.File = dialog.LinkMessage, f.get("Url")
	default:
		m.Kind, m.File = dialog.UnknownMessage, f.get("MediaId")
	}
	return in, nil
}

// numbered is what stands before an option's label in a list.
var numbered = regexp.MustCompile(`^\s*(?:\d{1,2}\. |· )`)

// event reads an event: those by which a customer says something, those that change what we may send, and the rest.
func (c *Channel) event(f *fields, in *incoming) {
	m := &in.message
	key := f.get("EventKey")
	in.does = acted
	switch strings.ToLower(f.get("Event")) {
	case "subscribe":
		*m = bot.Opening(*m, strings.TrimPrefix(key, "qrscene_"))
	case "scan":
		*m = bot.Opening(*m, key)
	case "click":
		m.Choice, m.Text = key, key
		if name := c.opt.Menu.name(key); name != "" {
			m.Text = name
		}
	case "scancode_push", "scancode_waitmsg":
		m.Text = f.get("ScanCodeInfo/ScanResult")
		in.silent = m.Text == ""
	case "unsubscribe":
		in.silent, in.does, in.leaves = true, none, true
	case "subscribe_msg_popup_event", "subscribe_msg_change_event":
		in.silent, in.does = true, none
		in.consents = f.count("SubscribeMsgPopupEvent/List/SubscribeStatusString", "accept") - f.count("SubscribeMsgChangeEvent/List/SubscribeStatusString", "reject")
	default: // view, location, templatesendjobfinish …
		in.silent, in.does = true, none
	}
}

// identity is the same for every try of a message and no other message. Events carry no id; two of them can share a second.
func identity(f *fields) string {
	if id := f.get("MsgId"); id != "" && len(id) <= 64 {
		return "m" + id
	}
	h := sha256.New()
	for _, p := range []string{"FromUserName", "CreateTime", "MsgType", "Event", "EventKey"} {
		h.Write([]byte(f.get(p) + "\x00"))
	}
	return "e" + hex.EncodeToString(h.Sum(nil)[:16])
}

// said is when a message was sent, unless that clock is wrong.
func said(created string, now time.Time) time.Time {
	n, err := strconv.ParseInt(created, 10, 64)
	at := time.Unix(n, 0)
	if err != nil || at.After(now) || now.Sub(at) > fresh {
		return now
	}
	return at
}
