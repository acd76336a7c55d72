package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

type chatCmd struct {
	JSON     bool   `help:"One JSON object a line."`
	Customer string `help:"A terminal customer to go on with; the conversation is kept in the store." placeholder:"ID"`
}

// Help is shown after the flags.
func (chatCmd) Help() string {
	return "Example:\n\n    beianbot chat\n    printf '我是公司\\n在广东\\n首次\\n' | beianbot chat --json\n    beianbot chat --customer anna"
}

// terminal is the channel of terminal customers in the store.
const terminal bot.ChannelName = "terminal"

// Run talks until the input ends, and then waits for look-ups under way.
func (c *chatCmd) Run(g *globals) error {
	a, err := g.start()
	if err != nil {
		return err
	}
	defer a.mirror.Close()
	t := &talk{a: a, json: c.JSON, out: g.stdout, address: bot.Address{Channel: terminal, Customer: bot.CustomerID(c.Customer)}}
	if c.Customer != "" {
		if t.store, err = a.config.openStore(g.ctx, false); err != nil {
			return err
		}
		defer t.store.Close()
		if t.conv, err = t.store.Load(g.ctx, t.address); err != nil {
			return err
		}
	}
	if f, ok := g.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !c.JSON {
		t.person = true
		t.greet()
	}
	return t.run(g.ctx, g.stdin)
}

// talk is one terminal conversation.
type talk struct {
	a       *assistant
	conv    dialog.Conversation
	store   *store.Store // nil: not kept
	address bot.Address
	json    bool
	person  bool // a terminal, not a pipe
	out     io.Writer
	said    int
}

func (t *talk) run(ctx context.Context, in io.Reader) error {
	type input struct {
		text string
		ok   bool
		err  error
	}
	inputs := make(chan input)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		next := lines(nil, bufio.NewReader(in))
		for {
			s, ok, err := next()
			select {
			case inputs <- input{s, ok, err}:
			case <-stop:
				return
			}
			if !ok {
				return
			}
		}
	}()
	events := make(chan dialog.Event)
	pending := 0
	step := func(ev dialog.Event, text *string) error {
		before := t.conv
		did := t.a.lookups.Step(ctx, t.a.engine, t.conv, ev)
		t.conv = did.Conversation
		for _, action := range did.Slow {
			pending++
			go func() {
				ev := t.a.lookups.Do(ctx, t.a.engine, action)
				select {
				case events <- ev:
				case <-stop:
				}
			}()
		}
		if err := t.save(ctx, ev, before, did); err != nil {
			return err
		}
		return t.show(did.Replies, text)
	}
	for ended := false; !ended || pending > 0; {
		if t.person && !ended && pending == 0 {
			fmt.Fprint(t.out, t.prompt())
		}
		var in <-chan input
		if !ended {
			in = inputs
		}
		select {
		case i := <-in:
			if i.err != nil {
				return fmt.Errorf("read standard input: %w", i.err)
			}
			if !i.ok {
				if ended = true; t.person {
					fmt.Fprintln(t.out)
				}
				continue
			}
			if t.person && (i.text == "/quit" || i.text == "/exit") {
				return nil
			}
			if err := step(dialog.Message{At: time.Now(), Kind: dialog.TextMessage, Text: i.text}, &i.text); err != nil {
				return err
			}
		case ev := <-events:
			pending--
			if err := step(ev, nil); err != nil {
				return err
			}
		case <-ctx.Done():
			if t.person {
				fmt.Fprintln(t.out)
			}
			return nil
		}
	}
	return nil
}

// save keeps the turn of a named customer, as the service does for other channels.
func (t *talk) save(ctx context.Context, ev dialog.Event, before dialog.Conversation, did bot.Stepped) error {
	if t.store == nil {
		return nil
	}
	turn := bot.Turn{Address: t.address, Conversation: t.conv, Concealed: did.Concealed, Now: time.Now(), Shown: true, Record: bot.RecordOf(ev, before, t.conv, did.Replies)}
	if m, ok := ev.(dialog.Message); ok {
		t.said++
		m.ID = fmt.Sprintf("%s-%d-%d", t.address.Customer, m.At.UnixNano(), t.said)
		in, _, err := t.store.Receive(ctx, t.address, m)
		if err != nil {
			return err
		}
		turn.Inbox = []int64{in.ID}
	}
	for _, r := range did.Replies {
		turn.Replies = append(turn.Replies, bot.Draft{Reply: r})
	}
	_, err := t.store.SaveTurn(ctx, turn)
	return err
}

func (t *talk) show(replies []dialog.Reply, text *string) error {
	if t.json {
		a := newAnswer(t.conv, replies)
		a.Text = text
		if text == nil {
			a.Event = "look_up"
			if a.Domain != nil {
				a.Event = "domain_check"
			}
		}
		return writeJSON(t.out, a)
	}
	for _, r := range replies {
		if !t.person {
			writeReply(t.out, r, t.a.link(r))
			continue
		}
		fmt.Fprintf(t.out, "\n\x1b[1m%s\x1b[0m\n", map[knowledge.Lang]string{knowledge.ZH: "备案助手", knowledge.EN: "Filing assistant"}[r.Lang])
		fmt.Fprintln(t.out, "  "+strings.ReplaceAll(r.Text, "\n", "\n  "))
		if link := t.a.link(r); link != "" {
			fmt.Fprintln(t.out, "  "+link)
		}
		for i, o := range r.Options {
			fmt.Fprintf(t.out, "  \x1b[36m[%d]\x1b[0m %s\n", i+1, o.Label)
		}
	}
	_, err := fmt.Fprintln(t.out)
	return err
}

func (t *talk) prompt() string {
	if t.conv.Lang == knowledge.EN {
		return "\x1b[2mYou:\x1b[0m "
	}
	return "\x1b[2m您:\x1b[0m "
}

func (t *talk) greet() {
	fmt.Fprintln(t.out, "ICP 备案助手 · 用中文或 English 直接问,回复数字选择,/quit 结束。")
	for _, line := range t.a.sampleLines() {
		fmt.Fprintln(t.out, line)
	}
	fmt.Fprintln(t.out)
}

// sampleLines tell of two sample cases to try, while the mirror holds the sample.
func (a *assistant) sampleLines() []string {
	if !a.mirror.Meta().Sample {
		return nil
	}
	return []string{"样例订单 sample cases: BA20261101006 (后四位 proof 6612), BA20261101004 (7190)"}
}
