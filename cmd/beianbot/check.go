package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"beianbot/dialog"
	"beianbot/knowledge"
)

type checkCmd struct {
	JSON    bool     `help:"One JSON object for each domain."`
	File    string   `help:"Read names from a file, one a line; - is standard input." placeholder:"FILE"`
	Subject string   `help:"The filing subject's name, to compare with the holder." placeholder:"NAME"`
	Domain  []string `arg:"" optional:"" help:"Domains to check."`
}

// Help is shown after the flags.
func (checkCmd) Help() string {
	return "Example:\n\n    beianbot check example.cn\n    beianbot check --json --file names.txt"
}

// Run checks names side by side and writes the results in input order. A name that cannot be checked at all makes the exit code 1.
func (c *checkCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	if len(c.Domain) == 0 && c.File == "" {
		return errNoInput
	}
	engine, err := conf.newEngine()
	if err != nil {
		return err
	}
	names, err := c.names(g.stdin)
	if err != nil {
		return err
	}
	k, checker := engine.Knowledge(), conf.checker(nil)
	var refused atomic.Bool
	var bar *progressbar.ProgressBar
	if f, ok := g.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && len(names) > 1 {
		bar = progressbar.NewOptions(len(names), progressbar.OptionSetWriter(g.stderr), progressbar.OptionSetDescription("check"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	work := func(raw string) []byte {
		var b bytes.Buffer
		name, refusal := dialog.ParseDomain(raw)
		var report dialog.DomainReport
		if refusal != nil {
			refused.Store(true)
			report = dialog.RefusedReport(k, raw, refusal, knowledge.ZH)
		} else {
			report = dialog.Judge(k, name, checker.Check(g.ctx, name), dialog.JudgeOptions{Subject: c.Subject, Now: time.Now(), Lang: knowledge.ZH, Zone: conf.Operator.Zone})
		}
		if c.JSON {
			writeJSON(&b, report) // a buffer does not fail
		} else {
			fmt.Fprintf(&b, "%s\n\n", report.Text(k, knowledge.ZH))
		}
		if bar != nil {
			bar.Add(1)
		}
		return b.Bytes()
	}
	out := bufio.NewWriter(g.stdout)
	defer out.Flush()
	err = inOrder(g.ctx, lines(names, nil), work, func(b []byte) error { _, err := out.Write(b); return err }, out.Flush)
	if err == nil && refused.Load() {
		err = silentError{}
	}
	return err
}

func (c *checkCmd) names(stdin io.Reader) ([]string, error) {
	names := c.Domain
	if c.File == "" {
		return names, nil
	}
	r := stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		defer f.Close()
		r = f
	}
	next := lines(nil, r)
	for {
		s, ok, err := next()
		if err != nil || !ok {
			return names, err
		}
		if s = strings.TrimSpace(s); s != "" {
			names = append(names, s)
		}
	}
}
