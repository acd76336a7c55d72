package wechat

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/silenceper/wechat/v2/officialaccount/menu"

	"beianbot/knowledge"
)

//go:embed menu.json
var defaultMenu []byte

// DefaultMenu is the menu file that is built in.
func DefaultMenu() []byte { return bytes.Clone(defaultMenu) }

// Menu is the account's own menu, as the platform writes it. The key of a click is what the dialog understands as a pressed button, such as topic:fees, or any
// words, which are then said in the customer's name.
type Menu struct {
	Buttons []*menu.Button `json:"button"`
}

// Limits of the platform. Source: https://developers.weixin.qq.com/doc/service/guide/product/menu/Creating_Custom-Defined_Menu.html
const (
	maxTop, maxSub         = 3, 5
	maxTopName, maxSubName = 16, 60 // bytes: four and, on most phones, eight Chinese characters
	maxKey, maxURL         = 128, 1024
)

// ReadMenu reads a menu file. The error names every entry that the platform or the dialog would not take.
func ReadMenu(b []byte) (*Menu, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	m := &Menu{}
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("not a menu such as the default one: %w", err)
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if n := len(m.Buttons); n < 1 || n > maxTop {
		fault("%d entries; WeChat takes 1 to %d", n, maxTop)
	}
	for _, top := range m.Buttons {
		if top == nil {
			fault("an empty entry")
			continue
		}
		if n := len(top.SubButtons); n > maxSub {
			fault("%q has %d entries; WeChat takes at most %d", top.Name, n, maxSub)
		}
		checkButton(top, maxTopName, len(top.SubButtons) > 0, fault)
		for _, sub := range top.SubButtons {
			if sub == nil || len(sub.SubButtons) > 0 {
				fault("%q: an entry that is empty, or a third level", top.Name)
				continue
			}
			checkButton(sub, maxSubName, false, fault)
		}
	}
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return m, nil
}

func checkButton(b *menu.Button, maxName int, parent bool, fault func(string, ...any)) {
	if b.Name == "" || len(b.Name) > maxName {
		fault("%q: a name has 1 to %d bytes (a Chinese character is 3)", b.Name, maxName)
	}
	topic, isTopic := strings.CutPrefix(b.Key, "topic:")
	switch {
	case parent:
	case b.Type == "":
		fault("%q: no type", b.Name)
	case b.Type == "view" && (b.URL == "" || len(b.URL) > maxURL):
		fault("%q: no url, or one of more than %d bytes", b.Name, maxURL)
	case b.Type != "view" && b.Type != "miniprogram" && b.Type != "media_id" && (b.Key == "" || len(b.Key) > maxKey):
		fault("%q: no key, or one of more than %d bytes", b.Name, maxKey)
	case isTopic && !knowledge.IsTopic(knowledge.Topic(topic)):
		fault("%q: the key %s is no topic", b.Name, b.Key)
	}
}

// name is what the entry with a key says.
func (m *Menu) name(key string) string {
	if m == nil {
		return ""
	}
	for _, top := range m.Buttons {
		for _, b := range append([]*menu.Button{top}, top.SubButtons...) {
			if b.Key == key && key != "" {
				return b.Name
			}
		}
	}
	return ""
}

// ApplyMenu makes a menu the account's own; followers see it within 24 hours, at once when they follow anew.
func (c *Channel) ApplyMenu(ctx context.Context, m *Menu) error {
	return menuAdvice(c.api.call(ctx, http.MethodPost, "/cgi-bin/menu/create", m, nil))
}

// ShownMenu is the menu that the account has; nil when there is none.
func (c *Channel) ShownMenu(ctx context.Context) (*Menu, error) {
	var out struct {
		Menu Menu `json:"menu"`
	}
	err := c.api.call(ctx, http.MethodGet, "/cgi-bin/menu/get", nil, &out)
	if code(err) == noMenu {
		return nil, nil
	}
	if err != nil {
		return nil, menuAdvice(err)
	}
	return &out.Menu, nil
}

func menuAdvice(err error) error {
	switch {
	case err == nil:
		return nil
	case code(err) == noRight:
		return errors.New("this account may not set its menu by program (48001): unverified subscription accounts set it by hand in the platform")
	case code(err) == 0 || code(err) == notWhitelisted || code(err) == secretWrong || code(err) == appIDWrong:
		return errors.New(advice(err))
	}
	return err
}
