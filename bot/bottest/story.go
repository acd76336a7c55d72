// Package bottest holds what tests of channels share: the stories under dialog/testdata/transcripts, to be played through a real channel.
package bottest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// Story is one transcript.
type Story struct {
	Name  string // topic/story
	Turns []Turn
}

// Turn is what a customer says, and what they hear.
type Turn struct {
	Said    string
	Replies []Reply
}

// Reply is the beginning of an answer, whole when it has one line, and the labels of its options.
type Reply struct {
	Text    string
	Begins  bool // Text is only the beginning
	Options []string
}

// Fits says what is wrong with what a channel showed; "" when it is the reply.
func (r Reply) Fits(text string, options []string) string {
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case r.Begins && !strings.HasPrefix(text, r.Text), !r.Begins && first != r.Text:
		return fmt.Sprintf("want %q, got %q", r.Text, text)
	case len(r.Options) > 0 && strings.Join(options, "|") != strings.Join(r.Options, "|"):
		return fmt.Sprintf("want options %q, got %q", r.Options, options)
	}
	return ""
}

// long are the signs for more characters than are read.
var long = strings.NewReplacer("{很长}", strings.Repeat("啊", 2000), "{long}", strings.Repeat("very ", 500))

// Stories reads all transcripts below a folder, but for those in which something happens besides what is said, a line in brackets, or in
// whose world domains show something.
func Stories(dir string) ([]Story, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no transcripts in %s", dir)
	}
	var out []Story
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(b), "\n(") || strings.Contains(string(b), "\n查域名 ") {
			continue
		}
		s := Story{Name: filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".txt")}
		for _, line := range strings.Split(string(b), "\n") {
			if said, ok := strings.CutPrefix(line, "客户: "); ok {
				s.Turns = append(s.Turns, Turn{Said: long.Replace(said)})
			}
			if len(s.Turns) == 0 {
				continue
			}
			t := &s.Turns[len(s.Turns)-1]
			if text, ok := strings.CutPrefix(line, "助手: "); ok {
				text, begins := strings.CutSuffix(text, "…")
				t.Replies = append(t.Replies, Reply{Text: text, Begins: begins})
			}
			if labels := strings.TrimSpace(line); strings.HasPrefix(labels, "[") && len(t.Replies) > 0 {
				t.Replies[len(t.Replies)-1].Options = strings.Split(strings.Trim(labels, "[]"), "] [")
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// World is what the stories happen in: domains of which nothing is known, and one case, which is with the authority.
type World struct{ Now time.Time }

// The one case.
const caseNo, proof = "BA20261101006", "6612"

// Check knows nothing of a domain.
func (World) Check(context.Context, dialog.DomainName) dialog.Evidence {
	return dialog.Evidence{Source: "whois"}
}

// Find knows the one case.
func (w World) Find(_ context.Context, no, p string, proven bool) (*dialog.Case, time.Time, error) {
	if no != caseNo || !proven && p != proof {
		return nil, w.Now, nil
	}
	return &dialog.Case{CaseNo: no, Status: knowledge.AuthorityReview, StatusAt: w.Now.Add(-72 * time.Hour)}, w.Now, nil
}

// Lookups are the world's; the clock goes on from Now.
func (w World) Lookups() bot.Lookups {
	began := time.Now()
	return bot.Lookups{Domains: w, Cases: w, Now: func() time.Time { return w.Now.Add(time.Since(began)) }}
}
