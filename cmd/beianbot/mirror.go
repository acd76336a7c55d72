package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"beianbot/dialog"
	"beianbot/store/mirror"
)

type mirrorCmd struct {
	Import mirrorImportCmd `cmd:"" help:"Make the mirror what the files say."`
	Status mirrorStatusCmd `cmd:"" help:"Say what the mirror holds and how old it is."`
}

type mirrorImportCmd struct {
	Merge       bool     `help:"Add and update only; drop nothing, and keep what the files have no column for."`
	AllowShrink bool     `help:"Accept files that leave out more than a fifth of the cases in the mirror."`
	Files       []string `arg:"" name:"file" help:"Export files: .csv, .jsonl, .xlsx."`
}

// Help is shown after the flags.
func (mirrorImportCmd) Help() string {
	return "Example:\n\n    beianbot mirror import cases.csv\n    beianbot mirror import --merge today.xlsx\n\nColumns: " + strings.Join(mirror.Columns, ", ")
}

// Run reads the files whole before it touches the mirror.
func (c *mirrorImportCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	var bar *progressbar.ProgressBar
	progress := func(int) {}
	if f, ok := g.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(g.stderr), progressbar.OptionSetDescription("import"), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		progress = func(n int) { bar.Set(n) }
	}
	var warnings []string // also when there is an error
	rows, err := untilTold(g.ctx, func() (rows []mirror.Row, err error) {
		rows, warnings, err = mirror.Read(c.Files, mirror.ReadOptions{Now: time.Now(), Zone: conf.Operator.Zone, Progress: progress})
		return rows, err
	})
	if bar != nil {
		bar.Finish()
	}
	if errors.Is(err, errInterrupted) {
		return fmt.Errorf("import: %w", mirror.ErrInterrupted)
	}
	for _, w := range warnings {
		fmt.Fprintln(g.stderr, "warning:", w)
	}
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if odd, first := strangers(conf.Mirror.CaseNumbers, rows); odd > 0 {
		fmt.Fprintf(g.stderr, "warning: %d of %d case numbers (the first is %q) do not look as mirror.case_no_pattern says, so customers cannot ask for them\n", odd, len(rows), first)
	}
	var names []string
	for _, f := range c.Files {
		names = append(names, filepath.Base(f))
	}
	out, err := mirror.Import(g.ctx, conf.Mirror.Path, rows, strings.Join(names, ", "), c.Merge, c.AllowShrink, time.Now())
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if d := out.Former; d != nil {
		fmt.Fprintf(g.stderr, "warning: the former mirror was not readable, so there was nothing to compare with and the shrink check was skipped (%s: %s)\n", d.Place, d.Why)
	}
	fmt.Fprintf(g.stdout, "imported %d cases (%d new, %d changed, %d removed)\n", out.Rows, out.Added, out.Changed, out.Removed)
	return nil
}

// strangers counts the cases whose number would not be recognised in a customer's message.
func strangers(numbers *dialog.CaseNumbers, rows []mirror.Row) (n int, first string) {
	for _, r := range rows {
		if !numbers.Fit(r.CaseNo) {
			if n++; n == 1 {
				first = r.CaseNo
			}
		}
	}
	return n, first
}

type mirrorStatusCmd struct {
	JSON bool `help:"One JSON object."`
}

// Help is shown after the flags.
func (mirrorStatusCmd) Help() string { return "Example:\n\n    beianbot mirror status --json" }

// Run says what the mirror holds.
func (c *mirrorStatusCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	now := time.Now()
	m, err := mirror.Open(g.ctx, conf.Mirror.Path, conf.File == "", now)
	if err != nil {
		return err
	}
	defer m.Close()
	meta := m.Meta()
	age := int64(0)
	if !meta.SyncedAt.IsZero() {
		age = int64(now.Sub(meta.SyncedAt) / time.Second)
	}
	if c.JSON {
		return writeJSON(g.stdout, struct {
			mirror.Meta
			AgeSeconds int64 `json:"age_seconds"`
		}{meta, age})
	}
	if meta.SyncedAt.IsZero() {
		fmt.Fprintln(g.stdout, "the mirror is empty: run beianbot mirror import FILE")
		return nil
	}
	fmt.Fprintf(g.stdout, "cases:  %d\nsource: %s\nsynced: %s (%s ago)\nsample: %v\n", meta.Rows, meta.Source, meta.SyncedAt.In(conf.Operator.Zone).Format("2006-01-02 15:04:05 MST"),
		now.Sub(meta.SyncedAt).Round(time.Second), meta.Sample)
	return nil
}
