package knowledge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// LabelledMessage is a customer's message with what a careful reader takes it to say: a line of a file to measure on ("beianbot understand --eval"), or, in the folder labelled,
// to learn from: so the bot gets what its words and expressions do not.
type LabelledMessage struct {
	Text  string `json:"text"`
	Lang  string `json:"lang,omitempty"`
	Style string `json:"style,omitempty"` // plain, typo, speech, … : any word; accuracy is given for each
	// Topic is what is asked, Topics all that is asked, where it is more than one thing, Topic first. A described site needs none: it asks need_filing; nor does an answer in the middle
	// of a conversation, which asks nothing (公司在沧州).
	Topic  Topic   `json:"topic"`
	Topics []Topic `json:"topics,omitempty"`
	// Slots are all that the message says of the customer's own matter; nil where nobody looked for them.
	Slots *LabelledSlots `json:"slots,omitempty"`
	// Verdict is what the site that the message describes comes to, NoVerdict where a question or a person comes first; empty where none is described. Rule is the row of
	// the decision table, Open the fact to be asked for, for who reads the line.
	Verdict string `json:"verdict,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Open    string `json:"open,omitempty"`
	// Facts are what the message says by the decision's facts; nil where nobody looked for them.
	Facts map[FactID]string `json:"facts,omitempty"`

	line int
}

// LabelledSlots are the slots of a labelled message, as the contract names them.
type LabelledSlots struct {
	FilingType     FilingTypeID   `json:"filing_type,omitempty"`
	SubjectType    SubjectTypeID  `json:"subject_type,omitempty"`
	Province       ProvinceID     `json:"province,omitempty"`
	ServerLocation ServerLocation `json:"server_location,omitempty"`
	Domain         string         `json:"domain,omitempty"`
	Domains        []string       `json:"domains,omitempty"`
	CaseNo         string         `json:"case_no,omitempty"`
}

// NoVerdict is the verdict of a described site that comes to none.
const NoVerdict = "none"

// Values of facts that a message leaves open: it says two things that cannot both hold, or that the customer has not made up their mind.
const (
	FactOpen      = "open"
	FactUndecided = "undecided"
)

// lineFault is what is wrong with a line.
type lineFault struct {
	line int
	err  error
}

// ReadLabelled reads JSON Lines, one message a line. Blank lines are passed over; the error names every line that is wrong.
func ReadLabelled(r io.Reader) ([]LabelledMessage, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	list, faults := parseLabelled(raw)
	var errs []error
	for _, f := range faults {
		errs = append(errs, fmt.Errorf("line %d: %w", f.line, f.err))
	}
	return list, errors.Join(errs...)
}

func parseLabelled(raw []byte) (list []LabelledMessage, faults []lineFault) {
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(raw, []byte("\ufeff"))) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		m := LabelledMessage{line: n}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&m); err != nil {
			faults = append(faults, lineFault{n, fmt.Errorf("%w; each line is an object with text, topic, slots and, if you like, lang, style and topics; or with text, verdict and, if you like, facts", err)})
			continue
		}
		for _, err := range m.faults() {
			faults = append(faults, lineFault{n, err})
		}
		list = append(list, m)
	}
	return list, faults
}

// leastPersonal is how many digits the shortest of these numbers has.
const leastPersonal = 11

func digits(text string) (n int) {
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	return n
}

// personal is what must not stand in a file: a whole mobile or identity number.
var personal = regexp.MustCompile(`(?:^|\D)(?:1[3-9]\d{9}|\d{17}[\dXx])(?:$|\D)`)

// faults are what is wrong with a message by itself.
func (m *LabelledMessage) faults() (out []error) {
	add := func(format string, args ...any) { out = append(out, fmt.Errorf(format, args...)) }
	switch {
	case strings.TrimSpace(m.Text) == "":
		add("no text")
	case digits(m.Text) >= leastPersonal && personal.MatchString(m.Text):
		add("a whole mobile or identity number: take digits out")
	}
	if m.Topic == "" && m.Verdict == "" && m.Slots == nil {
		add("no topic, no verdict of a described site, and no slots")
	}
	for _, t := range append([]Topic{m.Topic}, m.Topics...) {
		if err := oneOf("topic", t, Topics); err != nil {
			out = append(out, err)
		}
	}
	if m.Verdict != NoVerdict {
		if err := oneOf("verdict", Verdict(m.Verdict), Verdicts); err != nil {
			out = append(out, err)
		}
	}
	if m.Facts != nil && m.Verdict == "" {
		add("facts without a verdict: nothing is learnt from them")
	}
	if s := m.Slots; s != nil {
		for _, err := range []error{oneOf("filing type", s.FilingType, FilingTypes), oneOf("subject type", s.SubjectType, SubjectTypes),
			oneOf("server location", s.ServerLocation, []ServerLocation{Mainland, Overseas})} {
			if err != nil {
				out = append(out, err)
			}
		}
	}
	return out
}

type labelledFile struct{ messages []LabelledMessage }

// readLabelled reads a file of the folder labelled.
func readLabelled(l *loader, name string, k *Knowledge) {
	raw, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.unreadable(name)
		l.report(Finding{File: name, Severity: Error, Message: "cannot be read: " + reason(err)})
		return
	}
	list, faults := parseLabelled(raw)
	for _, f := range faults {
		l.report(Finding{File: name, Line: f.line, Severity: Error, Message: f.err.Error()})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, &file{name: name, raw: raw, value: &labelledFile{list}})
	k.Labelled = append(k.Labelled, list...)
}

// lintLabelled checks the labels against the rest of the knowledge.
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
			if at, twice := seen[m.Text]; twice {
				fault("%q stands twice; the first is in %s", m.Text, at)
			}
			seen[m.Text] = fmt.Sprintf("%s:%d", f.name, m.line)
			if m.Slots == nil && m.Verdict == "" {
				fault("neither slots nor verdict: where a message says no slot, write \"slots\": {}")
			}
			if m.Slots != nil && !m.Slots.Province.NoFiling() {
				if err := m.Slots.Province.check(k); err != nil {
					fault("%v", err)
				}
			}
			for id, value := range m.Facts {
				if fact := k.Decision.Fact(id); fact == nil {
					fault("no fact %q in decision/facts", id)
				} else if fact.Value(value) == nil && value != FactOpen && value != FactUndecided {
					fault("fact %s has no value %q", id, value)
				}
			}
		}
	}
}
