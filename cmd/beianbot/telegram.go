package main

import (
	"log/slog"
	"time"

	"beianbot/bot"
	"beianbot/bot/telegram"
)

// newTelegram makes the Telegram channel of the configuration; nil when no token is set.
func (c *Config) newTelegram(in telegram.Receiver, settings bot.Settings, a *assistant, log *slog.Logger) (*telegram.Channel, error) {
	if c.Telegram.Token == "" {
		return nil, nil
	}
	return telegram.New(in, telegram.Options{Token: c.Telegram.Token, APIURL: c.Telegram.APIURL, Webhook: c.Telegram.Mode == "webhook", Secret: c.Telegram.WebhookSecret,
		PublicURL: c.Server.PublicURL, StaffChat: c.Telegram.StaffChat, Settings: settings, Sentences: a.engine.Knowledge().Sentences, Quiet: time.Second, Log: log})
}
