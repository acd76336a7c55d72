package main

import (
	"fmt"
	"os"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Load the configuration and say what would run; touch nothing."`
}

type configCheckCmd struct{}

// Help is shown after the flags.
func (configCheckCmd) Help() string {
	return "Example:\n\n    beianbot --config config.toml config check"
}

// Run loads the configuration and says what would run.
func (configCheckCmd) Run(g *globals) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	file := c.File
	if file == "" {
		file = "none (embedded defaults)"
	}
	_, dir, err := c.knowledgeFiles()
	if err != nil {
		return err
	}
	state := func(set bool) string {
		if set {
			return "configured"
		}
		return "not configured"
	}
	wecom := state(c.WeCom.CorpID != "")
	if c.WeCom.CorpID != "" {
		wecom += "; comes with a later version"
	}
	fmt.Fprintf(g.stdout, "config:    %s\nweb chat:  http://%s/\nstore:     %s\nmirror:    %s%s\nknowledge: %s\noperator:  %s, %s, %s\ntelegram:  %s\nwechat:    %s\nwecom:     %s\ndomains:   look-ups end after %s\n",
		file, c.Server.Listen, c.Store.File, c.Mirror.Path, absent(c.Mirror.Path), dir, c.Operator.Name, c.Operator.Phone, c.Operator.Hours,
		state(c.Telegram.Token != ""), state(c.WeChat.AppID != "" || c.WeChat.Token != ""), wecom, c.DomainCheck.Timeout)
	return nil
}

func absent(path string) string {
	if _, err := os.Stat(path); err != nil {
		return " (not there yet)"
	}
	return ""
}
