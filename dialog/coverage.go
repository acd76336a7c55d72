package dialog

import (
	"slices"

	"beianbot/knowledge"
)

// Footing is what the list for one filing rests on.
type Footing string

// Own: the province's files say something about this filing. National: only the rules of every province, of the filing type and the subject type do.
// AskUs: nothing sure is known, the customer is sent to the operator.
const (
	Own      Footing = "own"
	National Footing = "national"
	AskUs    Footing = "ask"
)

// Cell is one field of the matrix of provinces, filing types and subject types.
type Cell struct {
	Province    knowledge.ProvinceID    `json:"province"`
	FilingType  knowledge.FilingTypeID  `json:"filing_type"`
	SubjectType knowledge.SubjectTypeID `json:"subject_type"`
	Footing     Footing                 `json:"rests_on"`
	Documents   int                     `json:"documents"`   // asked for always
	Conditional int                     `json:"conditional"` // asked for under a condition
	Notes       int                     `json:"notes"`
	Refusals    int                     `json:"refusals"`
	OwnRules    []knowledge.RuleID      `json:"own_rules"`   // the province's
	OwnDemands  int                     `json:"own_demands"` // of them, those that ask for a document or refuse; the others are notes
	Unsure      []knowledge.RuleID      `json:"unsure"`      // of low confidence, or disputed
}

// Cover tells what the knowledge has for one filing.
func Cover(k *knowledge.Knowledge, f Filing) Cell {
	c := Cell{Province: f.Province, FilingType: f.Type, SubjectType: f.Subject, OwnRules: []knowledge.RuleID{}, Unsure: []knowledge.RuleID{}}
	documents, refusals, notes := List(k, f)
	sure := false
	for _, d := range documents {
		if d.Conditional {
			c.Conditional++
		} else {
			c.Documents++
		}
	}
	c.Notes, c.Refusals = len(notes), len(refusals)
	own := ownRules(k, f.Province)
	for _, r := range Rules(k, f) {
		if own[r] {
			c.OwnRules = append(c.OwnRules, r.ID)
			if r.Effect != knowledge.Note {
				c.OwnDemands++
			}
		}
		if Unsure(r.Basis) {
			c.Unsure = append(c.Unsure, r.ID)
		} else {
			sure = true
		}
	}
	slices.Sort(c.OwnRules)
	slices.Sort(c.Unsure)
	switch {
	case !sure:
		c.Footing = AskUs
	case len(c.OwnRules) > 0:
		c.Footing = Own
	default:
		c.Footing = National
	}
	return c
}

// Unsure reports whether a statement is never told as certain: its confidence is low, or sources contradict each other.
func Unsure(b knowledge.Basis) bool { return b.Confidence == knowledge.Low || b.Disputed != nil }

func ownRules(k *knowledge.Knowledge, id knowledge.ProvinceID) map[*knowledge.Rule]bool {
	p := k.Province(id)
	if p == nil {
		return nil
	}
	own := make(map[*knowledge.Rule]bool, len(p.Rules))
	for i := range p.Rules {
		own[&p.Rules[i]] = true
	}
	return own
}
