package knowledge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// LabelledMessage is a customer's message with what a careful reader takes it to say: a line of a file in labelled. The bot learns from them, so that it gets what its
// words and expressions do not. The lines are those that "beianbot understand --eval" takes, so a set to measure on can become one to learn from, and with Verdict those of
// described sites.
type LabelledMessage struct {
	Text   string  `json:"text"`
	Lang   string  `json:"lang"`
	Style  string  `json:"style"`
	Topic  Topic   `json:"topic"`
	Topics []Topic `json:"topics"`
	// Slots are all that the message says of the customer's own matter; nil where nobody looked for them.
	Slots *LabelledSlots `json:"slots"`
	// Verdict is what the decision table comes to, or "none" where one thing that decides is left open, or a person decides.
	Verdict string `json:"verdict"`
	Rule    string `json:"rule"`
	Open    string `json:"open"`
	// Facts are what the message says by the decision's facts; empty where nobody looked for them.
	Facts map[FactID]string `json:"facts"`

	line int
}

// LabelledSlots are the slots of a labelled message, as the contract names them.
type LabelledSlots struct {
	FilingType     FilingTypeID   `json:"filing_type"`
	SubjectType    SubjectTypeID  `json:"subject_type"`
	Province       ProvinceID     `json:"province"`
	ServerLocation ServerLocation `json:"server_location"`
	Domain         string         `json:"domain"`
	Domains        []string       `json:"domains"`
	CaseNo         string         `json:"case_no"`
}

// NoVerdict is the verdict of a labelled message that comes to none.
const NoVerdict = "none"

type labelledFile struct{ messages []LabelledMessage }

// readLabelled reads JSON Lines strictly.
func readLabelled(l *loader, name string, k *Knowledge) {
	raw, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.unreadable(name)
		l.report(Finding{File: name, Severity: Error, Message: "cannot be read: " + reason(err)})
		return
	}
	v := &labelledFile{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	line, at := 1, 0
	for {
		var m LabelledMessage
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		to := int(dec.InputOffset())
		m.line = line + bytes.Count(raw[at:to], []byte("\n"))
		if err != nil {
			l.unreadable(name)
			l.report(Finding{File: name, Line: m.line, Severity: Error, Message: fmt.Sprintf("%v: each line is an object with text, and topic, slots, verdict and facts, as the lines beside it", err)})
			return
		}
		line, at = m.line, to
		v.messages = append(v.messages, m)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, &file{name: name, raw: raw, value: v})
	k.Labelled = append(k.Labelled, v.messages...)
}

// lintLabelled checks that the labels are the contract's and the decision table's.
func (l *loader) lintLabelled(k *Knowledge) {
	seen := map[string]string{}
	for _, f := range l.files {
		v, ok := f.value.(*labelledFile)
		if !ok {
			continue
		}
		for _, m := range v.messages {
			fault := func(format string, args ...any) {
				l.report(Finding{File: f.name, Line: m.line, Severity: Error, Message: fmt.Sprintf(format, args...)})
			}
			if m.Text == "" {
				fault("no text")
			}
			if at, twice := seen[m.Text]; twice {
				fault("%q stands twice; the first is in %s", m.Text, at)
			}
			seen[m.Text] = fmt.Sprintf("%s:%d", f.name, m.line)
			if m.Slots == nil && m.Verdict == "" {
				fault("neither slots nor verdict: nothing is learnt from it; where a message says no slot, write \"slots\": {}")
			}
			checks := []checked{m.Topic}
			if s := m.Slots; s != nil {
				checks = append(checks, s.FilingType, s.SubjectType)
				if err := oneOf("server location", s.ServerLocation, []ServerLocation{Mainland, Overseas}); err != nil {
					fault("%v", err)
				}
			}
			if m.Verdict != NoVerdict {
				checks = append(checks, Verdict(m.Verdict))
			}
			for _, c := range checks {
				if err := c.check(k); err != nil {
					fault("%v", err)
				}
			}
			for id, value := range m.Facts {
				if fact := k.Decision.Fact(id); fact == nil {
					fault("no fact %q in decision/facts", id)
				} else if fact.Value(value) == nil && !slices.Contains([]string{"open", "undecided"}, value) {
					fault("fact %s has no value %q", id, value)
				}
			}
		}
	}
}
