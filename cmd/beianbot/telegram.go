package main

import (
	"log/slog"
	"time"

	"beianbot/bot"
	"beianbot/bot/checklist"
	"beianbot/bot/telegram"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// newTelegram makes the Telegram channel of the configuration; nil when no token is set.
func (c *Config) newTelegram(service *bot.Service, settings bot.Settings, s *knowledge.Sentences, log *slog.Logger) (*telegram.Channel, error) {
	if c.Telegram.Token == "" {
		return nil, nil
	}
	file := func(list dialog.Checklist, lang knowledge.Lang) (name string, pdf []byte, err error) {
		l := checklist.New(service.Engine().Knowledge(), list, lang, time.Now().In(c.Operator.Zone))
		pdf, err = l.PDF()
		return l.File(), pdf, err
	}
	return telegram.New(service, telegram.Options{Token: c.Telegram.Token, APIURL: c.Telegram.APIURL, Webhook: c.Telegram.Mode == "webhook", Secret: c.Telegram.WebhookSecret,
		PublicURL: c.Server.PublicURL, StaffChat: c.Telegram.StaffChat, Settings: settings, Sentences: s, Quiet: time.Second, ChecklistFile: file, Log: log})
}
