package main

import (
	"fmt"
	"io/fs"
	"slices"
	"time"
	"unicode/utf8"

	"beianbot/dialog"
	"beianbot/knowledge"
)

type knowledgeCmd struct {
	Lint     lintCmd     `cmd:"" help:"Check the knowledge files; every finding with file and line."`
	Coverage coverageCmd `cmd:"" help:"What each province, filing type and subject type rests on."`
	Export   exportCmd   `cmd:"" help:"Write the knowledge files of the program into a folder, to change them there."`
	Diff     diffCmd     `cmd:"" help:"Say in words what changed between two knowledge folders."`
}

type lintCmd struct {
	Strict bool   `help:"Fail on warnings too."`
	Dir    string `arg:"" optional:"" help:"Folder to check (default: knowledge.dir, else the embedded files)."`
}

// Help is shown after the flags.
func (lintCmd) Help() string {
	return "Errors fail it. A review date that has passed, an example phrase that is not understood and a text too long for a channel are warnings.\n\n" +
		"Example:\n\n    beianbot knowledge lint my-knowledge\n    beianbot knowledge lint --strict"
}

// Run prints every finding; errors fail the command, warnings only with --strict.
func (c *lintCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	if c.Dir != "" {
		conf.readKnowledge(c.Dir)
	}
	files, _, err := conf.knowledgeFiles()
	if err != nil {
		return err
	}
	_, findings, err := lint(files, conf, time.Now())
	errors := 0
	for _, f := range findings {
		fmt.Fprintln(g.stdout, f)
		if f.Severity == knowledge.Error {
			errors++
		}
	}
	if len(findings) == 0 {
		fmt.Fprintln(g.stdout, "no findings")
	} else {
		fmt.Fprintf(g.stdout, "%d errors, %d warnings\n", errors, len(findings)-errors)
	}
	if err != nil || c.Strict && len(findings) > 0 {
		return silentError{}
	}
	return nil
}

// lint checks a folder by itself and, once that holds, against what the dialog makes of it.
func lint(files fs.FS, conf *Config, today time.Time) (*knowledge.Knowledge, knowledge.Findings, error) {
	k, findings, err := knowledge.Load(files, conf.knowledgeOptions(today))
	if err != nil {
		return nil, findings, err
	}
	e := conf.engine(k)
	findings = append(findings, misread(e)...)
	findings = append(findings, tooLong(e, today)...)
	return k, findings.Sorted(), nil
}

// misread are example phrases that the understanding, trained on all of them, takes for another topic.
func misread(e *dialog.Engine) (out knowledge.Findings) {
	for _, topic := range knowledge.Topics {
		file := "examples/" + string(topic) + ".yaml"
		for i, phrase := range e.Knowledge().Examples[topic] {
			u := e.Understand(phrase)
			got := u.Scores[0].Topic
			if got != topic && !slices.Contains(u.Asked, topic) {
				out = append(out, knowledge.Finding{File: file, Line: e.Knowledge().Line(file, "phrases", i), Severity: knowledge.Warning,
					Message: fmt.Sprintf("%q is understood as %s (%.0f%%): move it there, put it more clearly, or add more phrases like it", phrase, got, 100*u.Confidence)})
			}
		}
	}
	return out
}

// Limits of texts. A first message of up to 300 characters fits a phone's screen. WeChat takes about 2048 bytes in one message, and 128 in one choice of a
// menu; other networks take more. Sources: developers.weixin.qq.com (customer message msgmenu) and measured text length.
const (
	shortLimit   = 300
	messageLimit = 1800
	choiceLimit  = 128
)

// tooLong are answers that are long for a phone, or that WeChat gets in pieces, said as a customer would read them.
func tooLong(e *dialog.Engine, now time.Time) (out knowledge.Findings) {
	k := e.Knowledge()
	for _, topic := range knowledge.Topics {
		file := "topics/" + string(topic) + ".yaml"
		for i, a := range k.Topics[topic].Answers {
			warn := func(key, format string, args ...any) {
				out = append(out, knowledge.Finding{File: file, Line: k.Line(file, "answers", i, key), Severity: knowledge.Warning, Message: fmt.Sprintf("answer "+a.ID+" "+format, args...)})
			}
			if n := utf8.RuneCountInString(a.Short.ZH); n > shortLimit {
				warn("short", "has %d characters in its first message; up to %d fit a phone: move the rest to details", n, shortLimit)
			}
			for _, lang := range []knowledge.Lang{knowledge.ZH, knowledge.EN} {
				_, actions := e.Step(dialog.Conversation{Lang: lang, LangFixed: true}, dialog.Message{At: now, Kind: dialog.TextMessage, Choice: "answer:" + a.ID})
				for _, action := range actions {
					say, ok := action.(dialog.Say)
					if !ok {
						continue
					}
					if n := len(say.Reply.Text); n > messageLimit {
						warn("short", "(%s) makes a message of %d bytes with its next step and sources; WeChat takes %d at once", lang, n, messageLimit)
					}
					for _, o := range say.Reply.Options {
						if len(o.Label) > choiceLimit {
							warn("related", "(%s) offers %q, which is too long for a menu (%d bytes of %d)", lang, o.Label, len(o.Label), choiceLimit)
						}
					}
				}
			}
		}
	}
	return out
}
