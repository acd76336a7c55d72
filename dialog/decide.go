package dialog

import (
	"slices"
	"strings"

	"beianbot/knowledge"
)

// Situation is all that a decision rests on.
type Situation struct {
	Facts Facts
	Slots Slots
	// Hosting is where the domain points, from a domain check: mainland, overseas, mixed or unknown; empty when none was made.
	Hosting string
	// Asked counts the questions asked in this conversation so far.
	Asked int
}

// MaxQuestions is how many questions one decision may cost. Source: decision table, §0.
const MaxQuestions = 3

// Outcome is what a situation comes to: one question more, or a decision.
type Outcome struct {
	// Verdict is empty while a question is open, and where a person has to decide.
	Verdict knowledge.Verdict
	// Rows are the rows that hold, in the order of the table: P, N, L, F.
	Rows []string
	// Ask is the question that decides; nil when there is nothing to ask.
	Ask *knowledge.FactQuestion
	// Handover says whether a person takes over: instead of a verdict or after it.
	Handover knowledge.Handover
	// Stopped says that a row about persons broke the walk off; its reason says it all.
	Stopped    bool
	FilingType knowledge.FilingTypeID
	// Reason is why, one or two sentences; Licence is the part about the licence; Persons why a person has to look at it as well; Addons come on top.
	Reason, Licence, Persons, Addons []Told
	// Next is what to do; Assumptions tell what was taken for granted.
	Next, Assumptions []knowledge.Text
	// Confirm is what to ask after the verdict, since an assumption could turn it; nil when nothing.
	Confirm *knowledge.FactQuestion
	// PreApproval says that an approval comes before the filing.
	PreApproval bool
	Sources     []knowledge.SourceID
}

// Told is what one row says, with what it rests on: a row that is not sure is a leaning and never told as certain.
type Told struct {
	Texts []knowledge.Text
	Basis knowledge.Basis
}

// Decide walks the decision table. It never asks what is known, what cannot change the verdict, or more than MaxQuestions.
func Decide(k *knowledge.Knowledge, s Situation) Outcome {
	w := newWalk(k, s)
	for {
		r := w.run()
		if r.open == nil {
			return w.outcome(r)
		}
		q := k.Decision.Question(r.open.ID)
		if s.Asked < MaxQuestions && w.matters(q) {
			return Outcome{Ask: q, Rows: r.ids()}
		}
		w.assume(r.open, s.Asked >= MaxQuestions)
	}
}

// walk is one decision under way.
type walk struct {
	d *knowledge.Decision
	// said is the state before anything was taken for granted; state the one decided on.
	said, state knowledge.FactState
	// notSure are facts that the customer does not know; tired that the questions are used up.
	notSure map[*knowledge.Fact]bool
	// open are facts on which the customer contradicted themselves.
	open  map[knowledge.FactID]bool
	tired bool
}

func newWalk(k *knowledge.Knowledge, s Situation) *walk {
	w := &walk{d: &k.Decision}
	w.said = w.d.State(func(id knowledge.FactID) string { return s.value(w.d, id) })
	for id, v := range s.Facts {
		if f := w.d.Fact(id); f != nil && v == factOpen && !w.said.Known(f.Index()) {
			w.said.LeaveOpen(id)
		}
	}
	w.said.Complete()
	for id, v := range s.Facts {
		if f := w.d.Fact(id); f != nil && v == factUnknown && !w.said.Known(f.Index()) {
			w.markUnknown(f)
		}
	}
	for _, f := range w.d.Facts {
		if f.Unknown != "" && f.Unknown != factUnknown && w.said.Get(f.ID) == factUnknown {
			w.markUnknown(f)
		}
	}
	w.state = settled(w.d, w.said)
	return w
}

// markUnknown takes the fallback for a fact that the customer does not know.
func (w *walk) markUnknown(f *knowledge.Fact) {
	if w.notSure == nil {
		w.notSure = map[*knowledge.Fact]bool{}
	}
	w.notSure[f] = true
	w.said.Set(f.ID, f.Unknown)
}

// value is what was said about a fact: by the facts, the slots, or the domain check.
func (s Situation) value(d *knowledge.Decision, id knowledge.FactID) string {
	v := s.Facts[id]
	switch id {
	case "subject_type":
		if s.Slots.SubjectType != "" {
			return string(s.Slots.SubjectType)
		}
	case "province":
		if p := string(s.Slots.Province); d.Fact(id).Value(p) != nil {
			return p
		}
	case "name":
		if (v == "" || v == "domain" || v == "subdomain") && governmentSubdomain(s.Slots.Domain) {
			return "gov_sub"
		}
	case "location":
		if v != "" && v != factUnknown && v != factOpen {
			return v
		}
		if s.Slots.ServerLocation != "" && v == "" {
			return string(s.Slots.ServerLocation)
		}
		switch s.Hosting {
		case "mainland", "overseas":
			return s.Hosting
		case "mixed":
			return "both"
		}
	}
	return v
}

// governmentSubdomain reports whether a host lies under a government body's own domain: xx.jyj.city.gov.cn, not www.city.gov.cn.
func governmentSubdomain(host string) bool {
	under, ok := strings.CutSuffix(strings.TrimPrefix(host, "www."), ".gov.cn")
	return ok && strings.Contains(under, ".")
}

// settled fills in what goes without saying; what was left open by a contradiction does not.
func settled(d *knowledge.Decision, s knowledge.FactState) knowledge.FactState {
	for _, f := range d.Facts {
		if f.Silent == "" || s.Known(f.Index()) || s.Open(f.Index()) {
			continue
		}
		spoken := false
		for _, id := range f.SilentUnless {
			spoken = spoken || s.Get(id) != ""
		}
		if !spoken {
			s.Set(f.ID, f.Silent)
		}
	}
	return s
}

// assume goes on without an answer.
func (w *walk) assume(f *knowledge.Fact, tired bool) {
	v := f.Unknown
	if v == "" {
		v = f.Values[0].ID
	}
	w.said.Set(f.ID, v)
	w.state = settled(w.d, w.said)
	if tired {
		w.tired = true
		if w.notSure == nil {
			w.notSure = map[*knowledge.Fact]bool{}
		}
		w.notSure[f] = true
	}
}

// result is one pass over the table.
type result struct {
	verdict knowledge.Verdict
	persons []*knowledge.Row
	filing  []*knowledge.Row // the last decides, those before continue into it
	licence *knowledge.Row
	addons  []*knowledge.Row
	open    *knowledge.Fact // the fact that the pass hangs on
}

func (r result) ids() []string {
	var out []string
	add := func(rows ...*knowledge.Row) {
		for _, row := range rows {
			if row != nil {
				id, _, _ := strings.Cut(row.ID, ".")
				out = append(out, id)
			}
		}
	}
	add(r.persons...)
	add(r.filing...)
	add(r.licence)
	add(r.addons...)
	return out
}

// instead reports whether a person decides.
func (r result) instead() bool {
	for _, rows := range [][]*knowledge.Row{r.persons, r.filing} {
		for _, row := range rows {
			if row.Handover == knowledge.InsteadOfThat {
				return true
			}
		}
	}
	return false
}

// same reports whether two results come to the same verdict.
func (r result) same(o result) bool { return r.verdict == o.verdict && r.instead() == o.instead() }

func (w *walk) run() result {
	r := decideOn(w.d, &w.state)
	if r.open == nil {
		w.state.Set("verdict", string(r.verdict))
		if r.verdict == "" {
			w.state.Set("verdict", "none")
		}
		for _, row := range w.d.Addons {
			if holds, _, _ := row.Holds(&w.state); holds {
				r.addons = append(r.addons, row)
			}
		}
	}
	return r
}

// decideOn tries persons, filing and licence rows in order. It stops at the first row that hangs on something unknown.
func decideOn(d *knowledge.Decision, s *knowledge.FactState) result {
	var r result
	for _, row := range d.Person {
		if holds, _, _ := row.Holds(s); holds {
			r.persons = append(r.persons, row)
			if row.Handover == knowledge.InsteadOfThat {
				return r
			}
		}
	}
	var last *knowledge.Row
	for _, row := range d.Filing {
		holds, open, on := row.Holds(s)
		if open {
			if r.open = askable(d, on); r.open != nil {
				return r
			}
		}
		if !holds {
			continue
		}
		r.filing = append(r.filing, row)
		r.verdict = more(r.verdict, row.Verdict)
		if !row.Continues {
			last = row
			break
		}
	}
	if last == nil || last.NoLicence || r.verdict == "" || r.instead() {
		return r
	}
	for _, row := range d.Licence {
		holds, open, on := row.Holds(s)
		if open {
			if r.open = askable(d, on); r.open != nil {
				return r
			}
		}
		if holds {
			r.licence = row
			if row.Upgrade && (r.verdict == knowledge.FilingRequired || r.verdict == knowledge.FilingNotRequired && last.Covered) {
				r.verdict = knowledge.FilingLicenceRequired
			}
			break
		}
	}
	return r
}

// more is the heavier of two verdicts: a mini program has to be filed whatever its backend needs.
func more(a, b knowledge.Verdict) knowledge.Verdict {
	if a == "" || a == knowledge.FilingNotRequired || b == knowledge.AccessFilingRequired || b == knowledge.FilingLicenceRequired {
		return b
	}
	return a
}

// askable is the first of the facts, by the priority of the questions, that can be asked for.
func askable(d *knowledge.Decision, on []int) *knowledge.Fact {
	for _, q := range d.Questions {
		for _, i := range on {
			if f := d.ByIndex(i); f.ID == q.Fact {
				return f
			}
		}
	}
	return nil
}

// matters reports whether the answers to a question can come to different verdicts.
func (w *walk) matters(q *knowledge.FactQuestion) bool {
	var first *result
	return w.varies(w.said, q, &first, 0)
}

func (w *walk) varies(said knowledge.FactState, q *knowledge.FactQuestion, first **result, depth int) bool {
	for _, o := range q.Options {
		if o.Value == factUnknown {
			continue
		}
		next := said
		next.Set(q.Fact, o.Value)
		next.Complete()
		state := settled(w.d, next)
		r := decideOn(w.d, &state)
		if r.open != nil && depth < MaxQuestions {
			if w.varies(next, w.d.Question(r.open.ID), first, depth+1) {
				return true
			}
			continue
		}
		if *first == nil {
			*first = &r
		} else if !r.same(**first) {
			return true
		}
	}
	return false
}

// outcome words a result.
func (w *walk) outcome(r result) Outcome {
	out := Outcome{Verdict: r.verdict, Rows: r.ids()}
	handover := func(h knowledge.Handover) {
		if h == knowledge.InsteadOfThat || h != "" && out.Handover == "" {
			out.Handover = h
		}
	}
	take := func(list *[]Told, row *knowledge.Row, texts ...knowledge.Text) {
		if texts = slices.DeleteFunc(texts, knowledge.Text.IsZero); len(texts) > 0 {
			*list = append(*list, Told{texts, row.Basis})
		}
		out.Sources = append(out.Sources, row.Sources...)
		handover(row.Handover)
		out.PreApproval = out.PreApproval || row.PreApproval
	}
	for _, row := range r.filing {
		take(&out.Reason, row, row.Reason)
		if !row.Next.IsZero() {
			out.Next = append(out.Next, row.Next)
		}
		out.FilingType = row.FilingType
	}
	if r.licence != nil {
		take(&out.Licence, r.licence, r.licence.Reason, r.licence.Next)
	}
	for _, row := range r.persons {
		if row.Handover == knowledge.InsteadOfThat {
			take(&out.Reason, row, row.Reason)
			out.Stopped = true
		} else {
			take(&out.Persons, row, row.Reason)
		}
	}
	for _, row := range r.addons {
		take(&out.Addons, row, row.Addon)
	}
	if r.instead() {
		out.Verdict, out.FilingType = "", ""
	}
	if w.tired && out.Verdict == "" {
		handover(knowledge.InsteadOfThat)
	}
	w.assumptions(r, &out)
	return out
}

// assumptions tells what the deciding rows took for granted.
func (w *walk) assumptions(r result, out *Outcome) {
	rows := r.filing
	if r.licence != nil {
		rows = append(rows[:len(rows):len(rows)], r.licence)
	}
	for _, f := range w.d.Facts {
		rests := false
		for _, row := range rows {
			rests = rests || row.Rests(f)
		}
		switch {
		case !rests:
		case w.notSure[f] && !f.IfUnknown.IsZero():
			out.Assumptions = append(out.Assumptions, f.IfUnknown)
		case !w.said.Known(f.Index()) && !f.Assumed.IsZero():
			out.Assumptions = append(out.Assumptions, f.Assumed)
			if f.Confirm {
				out.Confirm = w.d.Question(f.ID)
			}
		}
	}
}
