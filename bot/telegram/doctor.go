package telegram

import (
	"context"
	"fmt"
	"strings"
	"time"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"beianbot/bot"
)

// Examine checks the configuration against Telegram: token, the way updates come in, what waits, the staff group, the clock.
func (c *Channel) Examine(ctx context.Context) []bot.Finding {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var out []bot.Finding
	add := func(what, level, text, remedy string) {
		out = append(out, bot.Finding{What: what, Level: level, Text: text, Remedy: remedy})
	}

	me, err := c.api.GetMe(ctx)
	if err != nil {
		add("telegram token", "error", c.advice(err), "see telegram.token and telegram.api_url")
		return out
	}
	add("telegram token", "ok", "the bot is @"+me.Username, "")
	if skew := time.Duration(c.client.skew.Load()).Round(time.Second); skew.Abs() > time.Minute {
		add("telegram clock", "warning", fmt.Sprintf("this machine's clock differs from Telegram's by %s", skew.Abs()), "set the clock by NTP")
	} else {
		add("telegram clock", "ok", "the clock agrees with Telegram's", "")
	}
	if hook, err := c.api.GetWebhookInfo(ctx); err != nil {
		add("telegram webhook", "error", c.client.clean(err), "try again")
	} else {
		c.examineWebhook(hook, add)
	}
	if c.opt.StaffChat != 0 {
		c.examineStaff(ctx, me.ID, add)
	}
	return out
}

func (c *Channel) examineWebhook(hook *models.WebhookInfo, add func(what, level, text, remedy string)) {
	const what = "telegram webhook"
	want := strings.TrimRight(c.opt.PublicURL, "/") + Path
	switch {
	case !c.opt.Webhook && hook.URL != "":
		add(what, "warning", "the mode is polling, but a webhook is set; serve removes it when it starts", `start serve, or set telegram.mode = "webhook"`)
	case !c.opt.Webhook:
		add(what, "ok", "polling; no webhook is set", "")
	case c.opt.PublicURL == "":
		add(what, "warning", "server.public_url is empty, so serve does not set the webhook", "set server.public_url to the https address that visitors use")
	case hook.URL == "":
		add(what, "warning", "no webhook is set yet", "start serve, which sets it")
	case hook.URL != want:
		add(what, "error", "the webhook leads elsewhere than "+want, "start serve, which sets it; if it comes back, another program uses this bot")
	case hook.LastErrorDate != 0 && time.Since(time.Unix(int64(hook.LastErrorDate), 0)) < time.Hour:
		add(what, "error", "Telegram's last delivery failed: "+hook.LastErrorMessage, "check that "+want+" can be reached from outside over https on port 443, 80, 88 or 8443, with a whole certificate chain")
	default:
		add(what, "ok", "the webhook is set and no delivery failed in the last hour", "")
	}
	if c.opt.Webhook && !strings.HasPrefix(want, "https://") && c.opt.PublicURL != "" {
		add(what, "error", "Telegram delivers to https addresses only", "put a reverse proxy with TLS before it and set server.public_url to its https address")
	}
	if hook.PendingUpdateCount > 100 {
		add("telegram backlog", "warning", fmt.Sprintf("%d updates wait at Telegram, which drops them after 24 hours", hook.PendingUpdateCount), "check that serve runs and /readyz shows telegram up")
	}
}

func (c *Channel) examineStaff(ctx context.Context, me int64, add func(what, level, text, remedy string)) {
	const what = "telegram staff group"
	id := c.current(ctx, c.opt.StaffChat)
	group, err := c.api.GetChat(ctx, &api.GetChatParams{ChatID: id})
	if err != nil {
		add(what, "error", c.client.clean(err), "add the bot to the group, and write the group's id (it begins with -100) into telegram.staff_chat")
		return
	}
	if !group.IsForum {
		add(what, "error", "the group has no topics", "turn on Topics in the group's settings")
	}
	m, err := c.api.GetChatMember(ctx, &api.GetChatMemberParams{ChatID: id, UserID: me})
	switch {
	case err != nil:
		add(what, "error", c.client.clean(err), "add the bot to the group")
	case m.Type == models.ChatMemberTypeOwner:
	case m.Type != models.ChatMemberTypeAdministrator:
		add(what, "error", "the bot is no administrator of the group, so it does not see what staff write", "make it an administrator with the right to manage topics")
	case !m.Administrator.CanManageTopics:
		add(what, "error", "the bot may not manage topics", "give it the right Manage topics")
	case group.IsForum:
		add(what, "ok", "the group has topics and the bot may manage them", "")
	}
}
