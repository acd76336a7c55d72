package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"beianbot/bot"
	"beianbot/bot/wechat"
	"beianbot/knowledge"
	"beianbot/store"
)

// newWeChat makes the official account channel of the configuration; nil when neither its token nor its app id is set.
func (c *Config) newWeChat(in bot.Asker, st *store.Store, s *knowledge.Sentences, log *slog.Logger) (*wechat.Channel, error) {
	if c.WeChat.Token == "" && c.WeChat.AppID == "" {
		return nil, nil
	}
	m, err := c.wechatMenu()
	w := &c.WeChat
	o := wechat.Options{AppID: w.AppID, AppSecret: w.AppSecret, Token: w.Token, Key: w.EncodingAESKey, APIURL: w.APIURL, CustomerMessages: w.CustomerMessages,
		PublicURL: c.Server.PublicURL, Menu: m, Quiet: time.Second, Settings: st, Ledger: st, Sentences: s, Log: log}
	faults := []error{err}
	for _, f := range o.Faults() {
		faults = append(faults, c.missing("wechat", f))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return wechat.New(in, o)
}

// wechatMenu reads the file in wechat.menu; without one it is the built-in menu.
func (c *Config) wechatMenu() (*wechat.Menu, error) {
	file, b := c.WeChat.Menu, wechat.DefaultMenu()
	if file != "" {
		var err error
		if b, err = os.ReadFile(file); err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return nil, c.placed("wechat.menu", fmt.Errorf("%s cannot be read: %w; name the file with the menu, or none for the built-in one", file, err))
		}
	}
	m, err := wechat.ReadMenu(b)
	if err != nil {
		return nil, c.placed("wechat.menu", fmt.Errorf("%s: %w", file, err))
	}
	return m, nil
}

type wechatCmd struct {
	Menu struct {
		Apply menuApplyCmd `cmd:"" help:"Make the menu of wechat.menu the account's."`
		Show  menuShowCmd  `cmd:"" help:"Print the menu that the account has, or with --file the one that apply would set."`
	} `cmd:"" help:"The account's own menu."`
}

type menuApplyCmd struct{}

// Help is shown after the flags.
func (menuApplyCmd) Help() string {
	return "Example:\n\n    beianbot wechat menu show --file > menu.json   # edit it, set wechat.menu = \"menu.json\"\n    beianbot wechat menu apply\n\n" +
		"Followers see a new menu within 24 hours. The address of this machine must be in the platform's IP whitelist."
}

// Run sets the menu.
func (menuApplyCmd) Run(g *globals) error {
	conf, m, err := g.menu()
	if err != nil {
		return err
	}
	return conf.withWeChat(g, func(c *wechat.Channel) error {
		if err := c.ApplyMenu(g.ctx, m); err != nil {
			return fmt.Errorf("menu not set: %w", err)
		}
		fmt.Fprintf(g.stdout, "the menu is set (%d entries); followers see it within 24 hours\n", len(m.Buttons))
		return nil
	})
}

type menuShowCmd struct {
	File bool `help:"The menu in wechat.menu, or the built-in one."`
}

// Help is shown after the flags.
func (menuShowCmd) Help() string {
	return "Example:\n\n    beianbot wechat menu show"
}

// Run prints a menu.
func (c *menuShowCmd) Run(g *globals) error {
	conf, m, err := g.menu()
	if err != nil {
		return err
	}
	if c.File {
		return writeMenu(g.stdout, m)
	}
	return conf.withWeChat(g, func(c *wechat.Channel) error {
		m, err := c.ShownMenu(g.ctx)
		if err != nil {
			return fmt.Errorf("menu not read: %w", err)
		}
		if m == nil {
			fmt.Fprintln(g.stdout, "the account has no menu; beianbot wechat menu apply sets one")
			return nil
		}
		return writeMenu(g.stdout, m)
	})
}

func writeMenu(w io.Writer, m *wechat.Menu) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

func (g *globals) menu() (*Config, *wechat.Menu, error) {
	conf, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	m, err := conf.wechatMenu()
	return conf, m, err
}

// withWeChat does something with the account from the command line, beside a server that may be running: they share the access token.
func (c *Config) withWeChat(g *globals, do func(*wechat.Channel) error) error {
	for _, k := range []struct{ name, value string }{{"app_id", c.WeChat.AppID}, {"app_secret", c.WeChat.AppSecret}, {"token", c.WeChat.Token}} {
		if k.value == "" {
			return fmt.Errorf("wechat.%s is empty; copy it from the platform", k.name)
		}
	}
	st, err := c.openStore(g.ctx, false)
	if err != nil {
		return err
	}
	defer st.Close()
	w := &c.WeChat
	channel, err := wechat.New(nil, wechat.Options{AppID: w.AppID, AppSecret: w.AppSecret, Token: w.Token, Key: w.EncodingAESKey, APIURL: w.APIURL, Settings: st, Ledger: st,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return do(channel)
}
