package main

import (
	"fmt"

	"beianbot/knowledge"
)

type diffCmd struct {
	Lang string `help:"zh or en." enum:"zh,en" default:"zh"`
	Old  string `arg:"" help:"The older folder; - or embedded for the files of the program."`
	New  string `arg:"" help:"The newer folder, likewise."`
}

// Help is shown after the flags.
func (diffCmd) Help() string {
	return "Example:\n\n    beianbot knowledge diff embedded my-knowledge\n    beianbot knowledge diff --lang en old-knowledge new-knowledge"
}

// Run says what changed; a difference is a result, not a failure.
func (c *diffCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	var both [2]*knowledge.Knowledge
	for i, dir := range []string{c.Old, c.New} {
		if dir == "-" || dir == "embedded" {
			dir = ""
		}
		conf.readKnowledge(dir)
		if both[i], _, err = conf.loadKnowledge(); err != nil {
			return err
		}
	}
	changes, lang := knowledge.Diff(both[0], both[1]), knowledge.Lang(c.Lang)
	count := map[string]int{}
	for _, d := range changes {
		fmt.Fprintln(g.stdout, d.In(lang))
		count[d.Op]++
	}
	summary := knowledge.Text{ZH: "没有差别", EN: "no differences"}
	if len(changes) > 0 {
		summary = knowledge.Text{ZH: fmt.Sprintf("\n新增 %d,删除 %d,修改 %d", count["+"], count["-"], count["~"]), EN: fmt.Sprintf("\n%d added, %d removed, %d changed", count["+"], count["-"], count["~"])}
	}
	fmt.Fprintln(g.stdout, summary.In(lang))
	return nil
}
