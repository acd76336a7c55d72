package main

import (
	"encoding/json"
	"io"
	"strings"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// answer is the contract's JSON object for one line of input, or, with Event and without Text, for what comes later by itself.
type answer struct {
	Text       *string           `json:"text,omitempty"`
	Event      string            `json:"event,omitempty"`
	Lang       knowledge.Lang    `json:"lang"`
	Topic      knowledge.Topic   `json:"topic,omitempty"`
	Topics     []knowledge.Topic `json:"topics,omitempty"`
	Confidence float64           `json:"confidence,omitempty"`
	Slots      dialog.Slots      `json:"slots"`
	Verdict    knowledge.Verdict `json:"verdict,omitempty"`
	Reply      string            `json:"reply"`
	Options    []string          `json:"options"`
	Sources    []string          `json:"sources"`
	State      dialog.State      `json:"state"`

	Checklist *dialog.Checklist    `json:"checklist,omitempty"`
	Domain    *dialog.DomainReport `json:"domain,omitempty"`
	Case      *dialog.CaseSteps    `json:"case,omitempty"`
}

// newAnswer puts the replies of one turn together.
func newAnswer(c dialog.Conversation, replies []dialog.Reply) answer {
	a := answer{Lang: c.Lang, Slots: c.Slots, State: c.State, Options: []string{}, Sources: []string{}}
	if a.Lang == "" {
		a.Lang = knowledge.ZH
	}
	var texts []string
	for _, r := range replies {
		texts = append(texts, r.Text)
		if a.Topic == "" {
			a.Topic, a.Confidence = r.Topic, r.Confidence
		}
		for _, t := range r.Topics {
			if !containsTopic(a.Topics, t) {
				a.Topics = append(a.Topics, t)
			}
		}
		if r.Verdict != "" {
			a.Verdict = r.Verdict
		}
		a.Sources = append(a.Sources, r.Sources...)
		a.Options = []string{}
		for _, o := range r.Options {
			a.Options = append(a.Options, o.Label)
		}
		if r.Checklist != nil {
			a.Checklist = r.Checklist
		}
		if r.Domain != nil {
			a.Domain = r.Domain
		}
		if r.Case != nil {
			a.Case = r.Case
		}
	}
	if a.Topic != knowledge.NeedFiling {
		a.Verdict = "" // the contract: only where the topic is need_filing
	}
	a.Reply = strings.Join(texts, "\n\n")
	return a
}

func containsTopic(list []knowledge.Topic, t knowledge.Topic) bool {
	for _, x := range list {
		if x == t {
			return true
		}
	}
	return false
}

// writeJSON writes one object a line, with Chinese and <> as they are.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
