package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"beianbot/store/mirror"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Load the configuration and say what would run; touch nothing."`
}

type configCheckCmd struct{}

// Help is shown after the flags.
func (configCheckCmd) Help() string {
	return "It finds whatever serve would refuse, as long as that shows without the network and without writing; run it with the environment that serve gets.\n\n" +
		"Example:\n\n    beianbot --config config.toml config check"
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
	if err := c.refused(g.ctx); err != nil {
		return err
	}
	state := func(set bool) string {
		if set {
			return "configured"
		}
		return "not configured"
	}
	knowledge := c.Knowledge.Dir
	if knowledge == "" {
		knowledge = "embedded"
	}
	wecom, cases := state(c.WeCom.CorpID != ""), c.Mirror.Path+absent(c.Mirror.Path)
	if c.WeCom.CorpID != "" {
		wecom += later
	}
	if c.Mirror.Source != "" {
		cases += "; mirror.source" + strings.TrimPrefix(later, ";")
	}
	fmt.Fprintf(g.stdout, "config:    %s\nweb chat:  %s\nstore:     %s\nmirror:    %s\nknowledge: %s\noperator:  %s, %s, %s\ntelegram:  %s\nwechat:    %s\nwecom:     %s\ndomains:   look-ups end after %s\n",
		file, c.listens(), c.Store.File, cases, knowledge, c.Operator.Name, c.Operator.Phone, c.Operator.Hours,
		state(c.Telegram.Token != ""), state(c.WeChat.AppID != "" || c.WeChat.Token != ""), wecom, c.DomainCheck.Timeout)
	return nil
}

// later is said of a key that may be set and does nothing yet.
const later = "; comes with a later version"

// refused is everything of the configuration for which serve would not start: all of it that shows without the network and without writing.
func (c *Config) refused(ctx context.Context) error {
	_, _, knowledge := c.loadKnowledge()
	_, channels := c.newNetworks(nil, nil, nil, slog.New(slog.DiscardHandler))
	faults := []error{c.storeRefused(ctx), c.mirrorRefused(ctx), channels, knowledge}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("serve would not start:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return nil
}

// mirrorRefused is why serve would not open the mirror.
func (c *Config) mirrorRefused(ctx context.Context) error {
	m, err := mirror.Open(ctx, c.Mirror.Path, false, time.Now())
	if err != nil {
		return c.placed("mirror.path", err)
	}
	return m.Close()
}

// listens says where the web chat is reached.
func (c *Config) listens() string {
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err == nil && host == "" {
		return "port " + port + " of every address of this machine"
	}
	return "http://" + c.Server.Listen + "/"
}

func absent(path string) string {
	if _, err := os.Stat(path); err != nil {
		return " (not there yet)"
	}
	return ""
}
