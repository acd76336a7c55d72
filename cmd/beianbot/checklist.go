package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"beianbot/bot/checklist"
	"beianbot/dialog"
	"beianbot/knowledge"
)

type checklistCmd struct {
	Type     string   `help:"Filing type: first, 首次备案." default:"first" placeholder:"NAME"`
	Subject  string   `help:"Subject type: enterprise, 企业." required:"" placeholder:"NAME"`
	Province string   `help:"Province of the subject: CN-GD, 广东, Guangdong." required:"" placeholder:"NAME"`
	Fact     []string `help:"A circumstance that lists depend on: id_elsewhere:yes." placeholder:"ID:VALUE"`
	Lang     string   `help:"zh or en." enum:"zh,en" default:"zh"`
	Out      string   `help:"File to write; - is standard output (default: a name that says what it is)." placeholder:"FILE"`
}

// Help is shown after the flags.
func (checklistCmd) Help() string {
	return "Example:\n\n    beianbot checklist --province 广东 --subject 企业\n    beianbot checklist --province CN-JS --subject individual --fact id_elsewhere:yes --out list.pdf"
}

// Run writes the file and says its name.
func (c *checklistCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	e, err := conf.newEngine()
	if err != nil {
		return err
	}
	f, err := c.filing(e.Knowledge())
	if err != nil {
		return usageError{err}
	}
	now, lang := time.Now().In(conf.Operator.Zone), knowledge.Lang(c.Lang)
	list := checklist.New(e.Knowledge(), e.Checklist(f, lang, now), lang, now)
	pdf, err := list.PDF()
	if err != nil {
		return err
	}
	switch c.Out {
	case "-":
		_, err = g.stdout.Write(pdf)
		return err
	case "":
		c.Out = list.File()
	}
	if err := os.WriteFile(c.Out, pdf, 0o644); err != nil {
		return fmt.Errorf("checklist not written: %w; give another file with --out", err)
	}
	fmt.Fprintln(g.stdout, c.Out)
	return nil
}

// filing finds what the flags name.
func (c *checklistCmd) filing(k *knowledge.Knowledge) (f dialog.Filing, err error) {
	f.Facts = dialog.Facts{}
	for _, id := range knowledge.FilingTypes {
		if named(c.Type, string(id), k.FilingTypes[id].Name) {
			f.Type = id
		}
	}
	for _, id := range knowledge.SubjectTypes {
		if named(c.Subject, string(id), k.SubjectTypes[id].Name) {
			f.Subject = id
		}
	}
	for _, p := range k.Provinces {
		if p.Prefix != "" && named(c.Province, string(p.ID), p.Name, p.Words...) {
			f.Province = p.ID
		}
	}
	switch {
	case c.Type == "" || f.Type == "":
		return f, fmt.Errorf("--type %s: no such filing type; one of %s", c.Type, join(knowledge.FilingTypes))
	case c.Subject == "" || f.Subject == "":
		return f, fmt.Errorf("--subject %s: no such subject type; one of %s", c.Subject, join(knowledge.SubjectTypes))
	case c.Province == "" || f.Province == "":
		return f, fmt.Errorf("--province %s: no such province; run beianbot knowledge coverage to see them", c.Province)
	}
	for _, s := range c.Fact {
		id, v, _ := strings.Cut(s, ":")
		fact := k.Decision.Fact(knowledge.FactID(id))
		if fact == nil || fact.Value(v) == nil {
			return f, fmt.Errorf("--fact %s: no list depends on it; lists depend on %s", s, join(k.RuleFacts()))
		}
		f.Facts[fact.ID] = v
	}
	return f, nil
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
