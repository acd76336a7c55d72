package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"beianbot/bot"
	"beianbot/dialog"
)

// Limits of one text message. The platform documents none; developers measured 2,048 bytes, and failures above 628 characters, so we stay below both. A part is
// smaller still: a line that says that more is waiting must fit under it. The markup of links is no character that anybody sees, but it is bytes.
// Sources: https://github.com/MamaShip/Observer/issues/77, https://github.com/silenceper/wechat/issues/673
const (
	maxChars, maxBytes   = 600, 1800
	partChars, partBytes = 540, 1600
	maxOptions           = 10 // of a menu message; more are lines of text
)

var anchor = regexp.MustCompile(`<a href="weixin://[^"]*">|</a>`)

// fits reports whether a text is within limits.
func fits(text string, chars, bytes int) bool {
	return len(text) <= bytes && utf8.RuneCountInString(anchor.ReplaceAllString(text, "")) <= chars
}

// beginning is the length of the longest beginning of a text within limits.
func beginning(text string, chars, bytes int) int {
	n := 0
	for i, r := range text {
		if n++; n > chars || i+utf8.RuneLen(r) > bytes {
			return i
		}
	}
	return len(text)
}

// plain keeps a text from being read as markup.
var plain = strings.NewReplacer("<a", "＜a", "<A", "＜A", "</a", "＜/a", "</A", "＜/A", "\r\n", "\n", "\r", "\n")

// legible leaves out of a text what XML 1.0 does not know, such as the vertical tab of a spreadsheet: a response with it is none, so the customer is told that the
// account is out of order, and a customer message with it is refused. Source: https://www.w3.org/TR/xml/#charsets
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, text)
}

// Compose splits a reply into messages; the options stand under the last one if they fit there, else they are a message of their own. A list has a link to its
// page: no file goes out in a response.
func (c *Channel) Compose(r dialog.Reply) []bot.Part {
	said := r.Text
	if link := r.Checklist.Link(c.opt.PublicURL); link != "" {
		said += "\n\n" + strings.ReplaceAll(c.opt.Sentences.ListLink.In(r.Lang), "{url}", link)
	}
	var parts []bot.Part
	for _, text := range bot.Split(plain.Replace(said), func(s string) int { return beginning(s, partChars, partBytes) }) {
		parts = append(parts, bot.Part{Text: text})
	}
	options := r.Options
	if len(options) == 0 {
		return parts
	}
	if last := len(parts) - 1; last >= 0 {
		parts[last].Options = options
		if fits(render(parts[last], byNumber), partChars, partBytes) {
			return parts
		}
		parts[last].Options = nil
	}
	for from := 0; len(options) > 0; { // numbers go on over the messages: they mean the reply's whole list
		part := bot.Part{Text: c.opt.Sentences.ReplyNumber.In(r.Lang), Data: fmt.Appendf(nil, "%d", from)}
		n := 0
		for n < len(options) {
			part.Options = options[:n+1]
			if !fits(render(part, byNumber), partChars, partBytes) {
				break
			}
			n++
		}
		n = max(n, 1)
		part.Options = options[:n]
		parts = append(parts, part)
		options, from = options[n:], from+n
	}
	return parts
}

// form is how options stand in a text. A tap on a link says something in the customer's name: the option's label where there is room, else its number.
// Every option has its number before it all the same, for clients on which nothing can be tapped.
type form int

const (
	byLabel form = iota
	byNumber
	unlinked
	unnumbered // links of an older list: its numbers would mean another list now
)

// render writes a part as one text.
func render(p bot.Part, f form) string {
	var b strings.Builder
	b.WriteString(p.Text)
	first := 1 + firstNumber(p)
	for i, o := range p.Options {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		label := plain.Replace(o.Label)
		line := numberedLabel(first+i, label)
		switch f {
		case byLabel:
			line = link(label, optionID(o.Value), line)
		case byNumber:
			line = link(strconv.Itoa(first+i), optionID(o.Value), line)
		case unnumbered:
			line = link(label, optionID(o.Value), "· "+label)
		}
		b.WriteString(line)
	}
	return b.String()
}

func numberedLabel(n int, label string) string { return fmt.Sprintf("%d. %s", n, label) }

// firstNumber is how many options of the list stand in messages before this one.
func firstNumber(p bot.Part) int {
	n, _ := strconv.Atoi(string(p.Data))
	return n
}

// link is a text that sends a message when it is tapped. The id is a number, since clients and libraries in use read it as one.
func link(says, id, label string) string {
	return `<a href="weixin://bizmsgmenu?msgmenucontent=` + strings.ReplaceAll(url.QueryEscape(says), "+", "%20") + `&msgmenuid=` + id + `">` + label + `</a>`
}

// waitID is the id of the link that asks for what is waiting; no option has it.
const waitID = "1"

// optionID is a number for an option's value, the same for ever: 15 digits, so that every reader holds it exactly.
func optionID(value string) string {
	sum := sha256.Sum256([]byte(value))
	return strconv.FormatUint(100_000_000_000_000+binary.BigEndian.Uint64(sum[:8])%900_000_000_000_000, 10)
}

// Values of options are kept under their id, so that a tap on an old list still means what it meant.
const (
	optionKey  = "wechat.option." // followed by the id
	optionKept = 180 * 24 * time.Hour
	optionAge  = 24 * time.Hour // a value used since then is not written again
)

// keep stores the values of options that are about to be shown.
func (c *Channel) keep(ctx context.Context, options []dialog.Option) error {
	now := time.Now()
	for _, o := range options {
		id := optionID(o.Value)
		c.mu.Lock()
		fresh := now.Sub(c.kept[id]) < optionAge
		if len(c.kept) > 100_000 {
			clear(c.kept)
		}
		c.mu.Unlock()
		if fresh {
			continue
		}
		if err := c.opt.Settings.PutSetting(ctx, optionKey+id, o.Value, now.Add(optionKept)); err != nil {
			return err
		}
		c.mu.Lock()
		c.kept[id] = now
		c.mu.Unlock()
	}
	return nil
}

// value is what a tapped id means; "" when it is not ours, or no longer kept.
func (c *Channel) value(ctx context.Context, id string) string {
	if id == waitID {
		return waiting
	}
	if len(id) != 15 || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	v, err := c.opt.Settings.Setting(ctx, optionKey+id)
	if err != nil {
		c.opt.Log.Error("wechat option not read; its words count", "error", err)
	}
	return v
}

// passive makes one message of as many parts as fit into it, in order, and says how many they are. hint stands under it when parts are left.
func passive(parts []bot.Outgoing, hint string) (text string, taken int) {
	for n := len(parts); n > 0; n-- {
		tail := ""
		if n < len(parts) && hint != "" {
			tail = "\n\n" + hint
		}
		for _, f := range []form{byLabel, byNumber, unlinked} {
			if f == unlinked && n > 1 {
				continue // better one message more than links less
			}
			if text = joined(parts[:n], f) + tail; fits(text, maxChars, maxBytes) {
				return text, n
			}
		}
	}
	if len(parts) == 0 {
		return "", 0
	}
	text = joined(parts[:1], unlinked) // one label longer than a message
	return text[:beginning(text, maxChars, maxBytes)], 1
}

// joined writes parts one under the other; only the last list keeps its numbers, which mean it alone.
func joined(parts []bot.Outgoing, f form) string {
	last := len(parts) - 1
	for last > 0 && len(parts[last].Part.Options) == 0 {
		last--
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		g := f
		if i < last && firstNumber(parts[last].Part) == 0 {
			g = unnumbered
		}
		texts[i] = render(p.Part, g)
	}
	return strings.Join(texts, "\n\n")
}
