package telegram

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// command reads a command that stands at the very beginning: its name in lower case and what follows it. One for another bot (/help@other_bot) is none; as long as
// our own name is not known, every one counts. Offsets of entities are in UTF-16 units.
func (m *message) command(me string) (name, rest string, ok bool) {
	for _, e := range m.Entities {
		if e.Type != models.MessageEntityTypeBotCommand || e.Offset != 0 {
			continue
		}
		units := utf16.Encode([]rune(m.Text))
		if e.Length < 2 || e.Length > len(units) || units[0] != '/' {
			return "", "", false
		}
		name, at, named := strings.Cut(string(utf16.Decode(units[1:e.Length])), "@")
		if named && me != "" && !strings.EqualFold(at, me) {
			return "", "", false
		}
		return strings.ToLower(name), strings.TrimSpace(string(utf16.Decode(units[e.Length:]))), true
	}
	return "", "", false
}

// order turns a command into what it means. What follows it is said as words; a command that we do not know as well.
func order(m dialog.Message, name, rest string) dialog.Message {
	choose := func(value string) dialog.Message {
		m.Choice = value
		return m
	}
	say := func(words string) dialog.Message {
		m.Text = words
		return m
	}
	switch name {
	case "start":
		return bot.Opening(m, rest)
	case "help":
		return choose("act:" + string(dialog.WhatCanDo))
	case "docs":
		switch {
		case rest == "":
			return choose("topic:" + string(knowledge.Documents))
		case strings.IndexFunc(rest, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0:
			return say("备案需要什么材料 " + rest)
		}
		return say("which documents do I need: " + rest)
	case "check", "status":
		if rest != "" {
			return say(rest)
		}
		if name == "check" {
			return choose("topic:" + string(knowledge.DomainCheck))
		}
		return choose("topic:" + string(knowledge.CaseStatus))
	case "human":
		return choose("topic:" + string(knowledge.Human))
	case "language", "settings":
		switch strings.ToLower(rest) {
		case "zh", "中文", "chinese":
			return choose("act:" + string(dialog.SpeakZH))
		case "en", "英文", "english":
			return choose("act:" + string(dialog.SpeakEN))
		}
		return choose("act:" + string(dialog.ChooseLanguage))
	case "privacy":
		return choose("act:" + string(dialog.Privacy))
	case "cancel":
		return choose("act:" + string(dialog.Cancel))
	}
	return say(strings.TrimSpace(name + " " + rest))
}

// menu is the list of commands that Telegram shows beside the input line. Without a language, it is for all who use neither of ours.
func (c *Channel) menu(lang knowledge.Lang) []models.BotCommand {
	if lang == "" {
		lang = knowledge.EN
	}
	s := &c.opt.Sentences.Commands
	var out []models.BotCommand
	for _, e := range []struct {
		name string
		text knowledge.Text
	}{{"start", s.Start}, {"help", s.Help}, {"docs", s.Docs}, {"check", s.Check}, {"status", s.Status}, {"human", s.Human}, {"language", s.Language}, {"privacy", s.Privacy}} {
		out = append(out, models.BotCommand{Command: e.name, Description: e.text.In(lang)})
	}
	return out
}
