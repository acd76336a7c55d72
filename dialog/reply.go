package dialog

import (
	"fmt"
	"slices"
	"strings"

	"beianbot/knowledge"
)

// Option is a button. Value says what pressing it means, whatever the menu it stood in: see choose in choice.go.
type Option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Reply is one answer to the customer. Channels split its text and number its options to fit their limits.
type Reply struct {
	Text    string   `json:"text"`
	Options []Option `json:"options,omitempty"`
	Sources []string `json:"sources,omitempty"` // publisher, title, year
	// Question is what is asked at the end of Text, and what Options answer.
	Question string `json:"question,omitempty"`

	// What the reply is about, for logs, JSON and reports.
	Topic      knowledge.Topic   `json:"topic,omitempty"`
	Topics     []knowledge.Topic `json:"topics,omitempty"`
	Confidence float64           `json:"confidence,omitempty"`
	Verdict    knowledge.Verdict `json:"verdict,omitempty"`
	Lang       knowledge.Lang    `json:"lang"`

	// At most one of these shows the same content as a picture, where the channel can.
	Checklist *Checklist    `json:"checklist,omitempty"`
	Domain    *DomainReport `json:"domain,omitempty"`
	Case      *CaseSteps    `json:"case,omitempty"`
}

// Checklist is a document list to tick off.
type Checklist struct {
	Title string `json:"title"`
	// Before is what must be read first: why this filing is turned down as it stands, that nothing has to be uploaded.
	Before []string        `json:"before,omitempty"`
	Items  []ChecklistItem `json:"items"`
	Notes  []string        `json:"notes,omitempty"`
	// Next is the next step, Decides who has the last word, Sources what the list rests on.
	Next    string   `json:"next,omitempty"`
	Decides string   `json:"decides,omitempty"`
	Sources []string `json:"sources,omitempty"`
	// Query names the same list in a link: list?Query is a page to tick off, list.pdf?Query a file. See Filing.Query.
	Query string `json:"query,omitempty"`
}

// Link is the address of the list's page at a server that is reached at base; "" when it is not known.
func (c *Checklist) Link(base string) string {
	if c == nil || c.Query == "" || base == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + "/list?" + c.Query
}

// ChecklistItem is one document of a list.
type ChecklistItem struct {
	ID     knowledge.DocumentID `json:"id"`
	Name   string               `json:"name"`
	If     string               `json:"if,omitempty"`     // only under this condition
	Format string               `json:"format,omitempty"` // what a good one looks like
	Where  string               `json:"where,omitempty"`  // where to get the form
	Copies int                  `json:"copies,omitempty"`
	Source string               `json:"source,omitempty"`
}

// CaseSteps is a case as the steps it goes through.
type CaseSteps struct {
	CaseNo string     `json:"case_no"`
	Steps  []CaseStep `json:"steps"`
	// Trouble says that the present step needs the applicant.
	Trouble bool `json:"trouble,omitempty"`
}

// CaseStep is one step: done, now or later.
type CaseStep struct {
	Name string `json:"name"`
	At   string `json:"at,omitempty"` // time of the present step, in words
	Mark string `json:"mark"`         // done, now, later
}

// cite gives a source as customers read it: 腾讯云《网站备案文档》(约2022).
func cite(k *knowledge.Knowledge, id knowledge.SourceID, lang knowledge.Lang) string {
	s := k.Sources[id]
	if s == nil {
		return ""
	}
	year := s.Date.Year()
	if lang == knowledge.EN {
		if s.Approx {
			year = "c. " + year
		}
		return fmt.Sprintf("%s, %s (%s)", s.Publisher.EN, s.Title.EN, year)
	}
	if s.Approx {
		year = "约" + year
	}
	title := s.Title.ZH
	if !strings.ContainsAny(title, "《") {
		title = "《" + title + "》"
	}
	return fmt.Sprintf("%s%s(%s)", s.Publisher.ZH, title, year)
}

// cites gives every source as cite does, for an engine to have at hand: a list cites dozens.
func cites(k *knowledge.Knowledge) map[knowledge.Lang]map[knowledge.SourceID]string {
	out := map[knowledge.Lang]map[knowledge.SourceID]string{}
	for _, lang := range []knowledge.Lang{knowledge.ZH, knowledge.EN} {
		out[lang] = make(map[knowledge.SourceID]string, len(k.Sources))
		for id := range k.Sources {
			out[lang][id] = cite(k, id, lang)
		}
	}
	return out
}

// citeAll gives sources without repeats, at most limit (0: all).
func (t *turn) citeAll(ids []knowledge.SourceID, limit int) []string {
	var out []string
	for i, id := range ids {
		if limit > 0 && len(out) == limit {
			break
		}
		if slices.Contains(ids[:i], id) {
			continue
		}
		if c := t.e.cites[t.c.Lang][id]; c != "" {
			out = append(out, c)
		}
	}
	return out
}
