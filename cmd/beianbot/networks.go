package main

import (
	"context"
	"log/slog"
	"net/http"

	"beianbot/bot"
	"beianbot/bot/telegram"
	"beianbot/bot/wechat"
	"beianbot/knowledge"
	"beianbot/store"
)

// network is a configured channel: what serve mounts and runs beside the service, and what doctor examines.
type network struct {
	bot.Channel
	path    string
	handler http.Handler          // nil: nothing comes in by HTTP
	run     func(context.Context) // until the context ends
}

// newNetworks makes the channels that are configured, but for the web chat, which always runs. It asks nobody and stores nothing, so that what cannot be made is found
// without a service and a store as well.
func (c *Config) newNetworks(service *bot.Service, st *store.Store, s *knowledge.Sentences, log *slog.Logger) ([]network, error) {
	var out []network
	tg, err := c.newTelegram(service, st, s, log)
	if err != nil {
		return nil, err
	}
	if tg != nil {
		n := network{Channel: tg, path: telegram.Path, run: tg.Run}
		if c.Telegram.Mode == "webhook" {
			n.handler = tg.Handler()
		}
		out = append(out, n)
	}
	wx, err := c.newWeChat(service, st, s, log)
	if err != nil {
		return nil, err
	}
	if wx != nil {
		out = append(out, network{Channel: wx, path: wechat.Path, handler: wx.Handler(), run: wx.Run})
	}
	return out, nil
}
