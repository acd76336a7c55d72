package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"beianbot/dialog"
)

type askCmd struct {
	JSON bool     `help:"One JSON object a line."`
	Text []string `arg:"" optional:"" help:"Questions; without any, each line of standard input is one."`
}

// Help is shown after the flags.
func (askCmd) Help() string {
	return "Example:\n\n    beianbot ask \"服务器在香港,要备案吗\"\n    beianbot ask --json < questions.txt"
}

// Run answers every question in a conversation of its own, side by side, and writes the answers in input order.
func (c *askCmd) Run(g *globals) error {
	a, err := g.start()
	if err != nil {
		return err
	}
	defer a.mirror.Close()
	out := bufio.NewWriter(g.stdout)
	defer out.Flush()
	write := func(b []byte) error { _, err := out.Write(b); return err }
	next := linesUntilTold(g.ctx, lines(c.Text, g.stdin))
	return inOrder(g.ctx, next, func(q string) []byte { return c.one(g.ctx, a, q) }, write, out.Flush)
}

func (c *askCmd) one(ctx context.Context, a *assistant, q string) []byte {
	conv, replies := a.askOnce(ctx, q)
	var b bytes.Buffer
	if c.JSON {
		ans := newAnswer(conv, replies)
		ans.Text = &q
		writeJSON(&b, ans) // a buffer does not fail
		return b.Bytes()
	}
	for _, r := range replies {
		writeReply(&b, r, a.link(r))
	}
	b.WriteString("\n")
	return b.Bytes()
}

// askOnce answers one question of a new customer, look-ups included: each ends within domain_check.timeout by itself.
func (a *assistant) askOnce(ctx context.Context, q string) (dialog.Conversation, []dialog.Reply) {
	did := a.lookups.Step(ctx, a.engine, dialog.Conversation{}, dialog.Message{At: a.lookups.Now(), Kind: dialog.TextMessage, Text: q})
	conv, replies := did.Conversation, did.Replies
	events := make(chan dialog.Event, len(did.Slow))
	for _, action := range did.Slow {
		go func() { events <- a.lookups.Do(ctx, a.engine, action) }()
	}
	for range did.Slow {
		next := a.lookups.Step(ctx, a.engine, conv, <-events)
		conv, replies = next.Conversation, append(replies, next.Replies...)
	}
	return conv, replies
}

// lines gives the arguments, or else the lines of a reader, one at a time; false at the end. A line of any length is one question.
func lines(args []string, r io.Reader) func() (string, bool, error) {
	if len(args) > 0 {
		return func() (string, bool, error) {
			if len(args) == 0 {
				return "", false, nil
			}
			s := args[0]
			args = args[1:]
			return s, true, nil
		}
	}
	br := bufio.NewReaderSize(r, 64<<10)
	return func() (string, bool, error) {
		s, err := br.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return strings.TrimRight(s, "\r\n"), s != "", nil
		}
		return strings.TrimRight(s, "\r\n"), err == nil, err
	}
}

// inOrder works on the lines on all cores, and on a few more where they wait for the network, and writes the results in input order. It flushes whenever it
// has caught up, so that a pipe that waits for an answer gets it. When ctx ends it does too: what work gives then may be less than the truth.
func inOrder(ctx context.Context, next func() (string, bool, error), work func(string) []byte, write func([]byte) error, flush func() error) error {
	type slot struct{ done chan []byte }
	queue := make(chan slot, 64)
	failed := make(chan error, 1)
	limit := make(chan struct{}, 16*runtime.GOMAXPROCS(0))
	go func() {
		defer close(queue)
		for {
			s, ok, err := next()
			if err != nil {
				failed <- fmt.Errorf("read standard input: %w", err)
			}
			if !ok || err != nil {
				return
			}
			sl := slot{done: make(chan []byte, 1)}
			select {
			case limit <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				defer func() { <-limit }()
				sl.done <- work(s)
			}()
			select {
			case queue <- sl:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		var sl slot
		var ok bool
		select {
		case sl, ok = <-queue:
		default:
			if err := flush(); err != nil {
				return err
			}
			sl, ok = <-queue
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
		if !ok {
			select {
			case err := <-failed:
				return err
			default:
				return nil
			}
		}
		var b []byte
		select {
		case b = <-sl.done:
		default:
			if err := flush(); err != nil {
				return err
			}
			select {
			case b = <-sl.done:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err := write(b); err != nil {
			return err
		}
	}
}

// link says where the page of a reply's list is; "" when there is none, or nobody knows how this server is reached.
func (a *assistant) link(r dialog.Reply) string {
	url := r.Checklist.Link(a.config.Server.PublicURL)
	if url == "" {
		return ""
	}
	return strings.ReplaceAll(a.engine.Knowledge().Sentences.ListLink.In(r.Lang), "{url}", url)
}

// writeReply writes a reply for a person: the text, the link to its list, then the options by number.
func writeReply(w io.Writer, r dialog.Reply, link string) {
	fmt.Fprintln(w, r.Text)
	if link != "" {
		fmt.Fprintln(w, link)
	}
	for i, o := range r.Options {
		fmt.Fprintf(w, "  %d. %s\n", i+1, o.Label)
	}
}
