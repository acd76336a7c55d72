package wechat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"

	"beianbot/bot"
)

// nobody is an id that no customer has: the platform says whether we may send before it says that there is no such customer.
const nobody = "beianbot-doctor-nobody"

// Examine checks the configuration against the platform: mode, token, whitelist, clock, rights, menu. It sends nothing to anybody.
func (c *Channel) Examine(ctx context.Context) []bot.Finding {
	ctx, cancel := context.WithTimeout(ctx, 3*callTimeout)
	defer cancel()
	var out []bot.Finding
	add := func(what, level, text, remedy string) {
		out = append(out, bot.Finding{What: what, Level: level, Text: text, Remedy: remedy})
	}

	if c.opt.Key == "" {
		add("wechat mode", "warning", "plain mode: whoever learns one request's address can write in any customer's name", "set 安全模式 in the platform and copy EncodingAESKey into wechat.encoding_aes_key")
	} else {
		add("wechat mode", "ok", "messages are encrypted; plain ones are refused", "")
	}
	if url := strings.TrimRight(c.opt.PublicURL, "/") + Path; c.opt.PublicURL == "" {
		add("wechat server address", "warning", "server.public_url is empty, so the address for the platform is not known", "set server.public_url; the platform takes http on port 80 or https on port 443")
	} else {
		add("wechat server address", "ok", "in the platform, under 基本配置 → 服务器配置, URL is "+url, "")
	}
	if c.opt.AppSecret == "" {
		if c.opt.CustomerMessages {
			add("wechat access token", "error", "wechat.app_secret is empty, so no customer message can be sent", "copy AppSecret from the platform, or set wechat.customer_messages = false")
		} else {
			add("wechat access token", "ok", "not needed: answers go out in responses only", "")
		}
		return out
	}
	var addresses struct {
		List []string `json:"ip_list"`
	}
	if err := c.api.call(ctx, http.MethodGet, "/cgi-bin/getcallbackip", nil, &addresses); err != nil {
		add("wechat access token", "error", advice(err), "see wechat.app_id, wechat.app_secret and wechat.api_url")
		return out
	}
	add("wechat access token", "ok", fmt.Sprintf("the platform gives one and takes it; its messages come from %d addresses", len(addresses.List)), "")
	if skew := time.Duration(c.api.skew.Load()).Round(time.Second); skew.Abs() > time.Minute {
		add("wechat clock", "error", fmt.Sprintf("this machine's clock differs from WeChat's by %s; from %s on its messages are refused", skew.Abs(), fresh), "set the clock by NTP")
	} else {
		add("wechat clock", "ok", "the clock agrees with WeChat's", "")
	}
	c.examineRights(ctx, add)
	return out
}

func (c *Channel) examineRights(ctx context.Context, add func(what, level, text, remedy string)) {
	const what = "wechat customer messages"
	probe := message.NewCustomerTextMessage(nobody, "-")
	switch err := c.api.call(ctx, http.MethodPost, sendPath, probe, nil); {
	case code(err) == noRight && c.opt.CustomerMessages:
		add(what, "error", "the account has no right to them (48001)", "set wechat.customer_messages = false, or have the account verified")
	case code(err) == noRight:
		add(what, "ok", "the account has no right to them, and none are sent", "")
	case code(err) != openIDWrong && err != nil:
		add(what, "warning", err.Error(), "try again later")
	case !c.opt.CustomerMessages:
		add(what, "warning", "the account may send them, but wechat.customer_messages is false", "set it to true: results that take longer come by themselves then")
	default:
		add(what, "ok", "the account may send them", "")
	}
	switch m, err := c.ShownMenu(ctx); {
	case err != nil:
		add("wechat menu", "warning", err.Error(), "build the menu by hand in the platform, or leave it out")
	case m == nil:
		add("wechat menu", "warning", "the account has no menu", "run beianbot wechat menu apply")
	default:
		add("wechat menu", "ok", fmt.Sprintf("the account has a menu of %d entries", len(m.Buttons)), "")
	}
}

// Prove asks the callback below a public address to prove itself, as the platform does when its settings are saved.
func Prove(ctx context.Context, client *http.Client, public, token string) bot.Finding {
	const what, echo = "wechat callback", "beianbot-doctor"
	at := strconv.FormatInt(time.Now().Unix(), 10)
	address := strings.TrimRight(public, "/") + Path
	q := url.Values{"timestamp": {at}, "nonce": {echo}, "echostr": {echo}, "signature": {util.Signature(token, at, echo)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+q.Encode(), nil)
	if err != nil {
		return bot.Finding{What: what, Level: "error", Text: address + " is no address", Remedy: "see server.public_url"}
	}
	res, err := client.Do(req)
	if err != nil {
		return bot.Finding{What: what, Level: "error", Text: address + " does not answer", Remedy: "see that the proxy hands " + Path + " on"}
	}
	defer res.Body.Close()
	switch body, err := io.ReadAll(io.LimitReader(res.Body, 256)); {
	case err == nil && res.StatusCode == http.StatusOK && string(body) == echo:
		return bot.Finding{What: what, Level: "ok", Text: address + " proves itself with wechat.token"}
	case res.StatusCode == http.StatusForbidden:
		return bot.Finding{What: what, Level: "error", Text: address + " refuses wechat.token", Remedy: "restart serve, which runs with another token; or set this machine's clock by NTP"}
	}
	return bot.Finding{What: what, Level: "error", Text: fmt.Sprintf("%s answers %d and no proof", address, res.StatusCode), Remedy: "restart serve with the [wechat] keys, and see that the proxy hands " + Path + " on with its query"}
}
