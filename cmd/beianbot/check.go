package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"beianbot/dialog"
	"beianbot/knowledge"
)

type checkCmd struct {
	JSON    bool     `help:"One JSON object for each domain."`
	File    string   `help:"Read names from a file, one a line; - is standard input. The result is a table." placeholder:"FILE"`
	Subject string   `help:"The filing subject's name, to compare with the holder." placeholder:"NAME"`
	Lang    string   `help:"Language of the texts: ${enum}." enum:"zh,en" default:"zh"`
	Domain  []string `arg:"" optional:"" help:"Domains to check, in any form: an address, glued to other words, several at once."`
}

// Help is shown after the flags.
func (checkCmd) Help() string {
	return "Example:\n\n    beianbot check example.cn\n    beianbot check \"example.cn和example.com能备案吗\"\n    beianbot check --json --file names.txt"
}

// perSuffix is how many names of one suffix are checked at a time. A registry is asked one thing at a time, and a check that only waited for its turn would use up
// its own time limit.
const perSuffix = 4

// Run checks names side by side and writes the results in input order. A name that cannot be checked at all makes the exit code 1.
func (c *checkCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	if len(c.Domain) == 0 && c.File == "" {
		return errNoInput
	}
	names, err := untilTold(g.ctx, func() ([]string, error) { return c.names(g.stdin) })
	if err != nil {
		return err
	}
	k, _, err := conf.loadKnowledge()
	if err != nil {
		return err
	}
	checker := conf.checker(nil, nil)
	defer checker.Close()
	lang, table := knowledge.Lang(c.Lang), newCheckTable(k, knowledge.Lang(c.Lang), names)
	var refused atomic.Bool
	var mu sync.Mutex
	turns := map[string]chan struct{}{}
	turn := func(suffix string) chan struct{} {
		mu.Lock()
		defer mu.Unlock()
		if turns[suffix] == nil {
			turns[suffix] = make(chan struct{}, perSuffix)
		}
		return turns[suffix]
	}
	bar := g.progress(len(names))
	work := func(raw string) []byte {
		if bar != nil {
			defer bar.Add(1)
		}
		var report dialog.DomainReport
		if name, refusal := dialog.ParseDomain(raw); refusal != nil {
			refused.Store(true)
			report = dialog.RefusedReport(k, raw, refusal, lang)
		} else {
			t := turn(name.Suffix)
			t <- struct{}{}
			ev := checker.Check(g.ctx, name)
			<-t
			report = dialog.Judge(k, name, ev, dialog.JudgeOptions{Subject: c.Subject, Now: time.Now(), Lang: lang, Zone: conf.Operator.Zone})
		}
		var b bytes.Buffer
		switch {
		case c.JSON:
			writeJSON(&b, report) // a buffer does not fail
		case c.File != "":
			table.row(&b, report)
		default:
			fmt.Fprintf(&b, "%s\n\n", printable(report.Text(k, lang)))
		}
		return b.Bytes()
	}
	out := bufio.NewWriter(g.stdout)
	defer out.Flush()
	if c.File != "" && !c.JSON {
		table.head(out)
	}
	err = inOrder(g.ctx, lines(names, strings.NewReader("")), work, func(b []byte) error {
		if bar != nil {
			bar.Clear()
		}
		_, err := out.Write(b)
		return err
	}, out.Flush)
	if err == nil && refused.Load() {
		err = silentError{}
	}
	return err
}

// progress is a bar on standard error where that is a terminal and there is more than one name; else nil.
func (g *globals) progress(n int) *progressbar.ProgressBar {
	f, ok := g.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || n < 2 {
		return nil
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription("check"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// names are those in the arguments, and the lines of the file that are neither blank nor a comment.
func (c *checkCmd) names(stdin io.Reader) ([]string, error) {
	var names []string
	for _, arg := range c.Domain {
		names = append(names, namesIn(arg)...)
	}
	if c.File == "" {
		return names, nil
	}
	r := stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("--file: %w; give a file with one name a line, or - for standard input", err)
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
		if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "#") {
			names = append(names, s)
		}
	}
}

// namesIn finds the names in an argument as the dialog does in a message: glued to other words, several at once. An argument without any is given as it is, to be
// refused with the reason; so is one that is a Chinese name and nothing else: whatever words it begins with (用友.cn), nobody talks to a command line.
func namesIn(arg string) (names []string) {
	if strings.ContainsFunc(arg, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return []string{arg}
	}
	if n, refusal := dialog.ParseDomain(arg); refusal == nil {
		label, _, _ := strings.Cut(n.Unicode, ".")
		if !strings.ContainsFunc(label, func(r rune) bool { return r < unicode.MaxASCII && r != '-' }) {
			return []string{arg}
		}
	}
	for _, d := range dialog.FindDomains(arg) {
		names = append(names, arg[d.Start:d.End])
	}
	if len(names) == 0 {
		return []string{arg}
	}
	return names
}
