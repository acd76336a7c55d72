package dialog

import (
	"cmp"
	"slices"

	"beianbot/knowledge"
)

// Filing is what a document list is for; empty parts are not known.
type Filing struct {
	Type     knowledge.FilingTypeID
	Subject  knowledge.SubjectTypeID
	Province knowledge.ProvinceID
	Facts    Facts // id_elsewhere, minor …
}

// Rules are all rules that hold for a filing: national, of its type, its subject and its province, those replaced by others left out. A rule that hangs
// on a fact nobody has stated holds with its condition; one whose fact is stated differently does not.
func Rules(k *knowledge.Knowledge, f Filing) []*knowledge.Rule {
	var out []*knowledge.Rule
	replaced := map[knowledge.RuleID]bool{}
	take := func(rules []knowledge.Rule) {
		for i := range rules {
			r := &rules[i]
			if !holds(r.When, f) {
				continue
			}
			out = append(out, r)
			if r.Effect != knowledge.Note || len(r.When.Fact) == 0 {
				for _, id := range r.Replaces {
					replaced[id] = true
				}
			}
		}
	}
	if p := k.Province(f.Province); p != nil {
		take(p.Rules)
	}
	if s := k.SubjectTypes[f.Subject]; s != nil {
		take(s.Rules)
	}
	if t := k.FilingTypes[f.Type]; t != nil {
		take(t.Rules)
	}
	take(k.National)
	return slices.DeleteFunc(out, func(r *knowledge.Rule) bool { return replaced[r.ID] })
}

func holds(w knowledge.When, f Filing) bool {
	for id, v := range w.Fact {
		if said := f.Facts[id]; said != "" && said != factUnknown && said != v {
			return false
		}
	}
	return could(w.FilingType, f.Type) && could(w.SubjectType, f.Subject) && could(w.Province, f.Province)
}

// could reports whether a limit is met; a part of the filing that is not known meets none, except no limit at all.
func could[T ~string](list []T, v T) bool {
	return len(list) == 0 || v != "" && slices.Contains(list, v)
}

// Conditional reports whether a rule holds for this filing only under a condition that nobody has settled yet.
func Conditional(r *knowledge.Rule, f Filing) bool {
	if len(r.When.Fact) > 0 {
		for id, v := range r.When.Fact {
			if f.Facts[id] != v {
				return true
			}
		}
		return false
	}
	return !r.If.IsZero()
}

// Listed is one document of a list with every rule that asks for it.
type Listed struct {
	Kind        *knowledge.DocumentKind
	Rules       []*knowledge.Rule
	Conditional bool // only under the conditions of its rules
}

// List sorts a filing's rules into documents, refusals and notes. A document asked for without condition by one rule is unconditional.
func List(k *knowledge.Knowledge, f Filing) (documents []Listed, refusals, notes []*knowledge.Rule) {
	at := map[knowledge.DocumentID]int{}
	for _, r := range Rules(k, f) {
		switch r.Effect {
		case knowledge.Refuses:
			refusals = append(refusals, r)
		case knowledge.Note:
			notes = append(notes, r)
		case knowledge.Requires:
			i, ok := at[r.Document]
			if !ok {
				i = len(documents)
				at[r.Document] = i
				documents = append(documents, Listed{Kind: k.Documents[r.Document], Conditional: true})
			}
			d := &documents[i]
			d.Rules = append(d.Rules, r)
			d.Conditional = d.Conditional && Conditional(r, f)
		}
	}
	slices.SortStableFunc(documents, func(a, b Listed) int { return cmp.Compare(k.DocumentOrder[a.Kind.ID], k.DocumentOrder[b.Kind.ID]) })
	return documents, refusals, notes
}

// depends reports whether the answer for a filing changes with a part that is not known; vary sets that part.
func depends[T ~string](k *knowledge.Knowledge, f Filing, values []T, vary func(*Filing, T)) bool {
	var first []*knowledge.Rule
	for i, v := range values {
		g := f
		vary(&g, v)
		rules := Rules(k, g)
		if i == 0 {
			first = rules
		} else if !slices.Equal(rules, first) {
			return true
		}
	}
	return false
}
