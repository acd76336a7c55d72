package knowledge

import (
	"slices"
	"strings"
)

// Decision is the ordered table of "do I need a filing": the facts it rests on with the words that state them, the questions that find out a
// fact, and the rows. It is compiled when the knowledge is loaded and never changed afterwards.
type Decision struct {
	Facts     []*Fact
	Questions []*FactQuestion
	Derive    []*Derivation
	// Person, Filing, Licence and Addons are the rows in the order in which they are tried.
	Person, Filing, Licence, Addons []*Row
	Verdicts                        map[Verdict]*VerdictText

	facts     map[FactID]*Fact
	questions map[FactID]*FactQuestion
	words     wordLists
	matcher   *matcher
}

// Fact is one thing that the decision rests on, with its possible values.
type Fact struct {
	ID FactID `yaml:"id" lint:"required"`
	// Resolve says which of several stated values counts: the last (default) or the strongest, the one named first here.
	Resolve string `yaml:"resolve"`
	// Tense makes plans outweigh the present, and the present the past.
	Tense bool `yaml:"tense"`
	// Single says that a fact bears one value: two that a message states in one tense leave it open, and it is asked.
	Single bool `yaml:"single"`
	// Raw lets the words be found inside a question ("不备案行不行") too, which other facts do not read.
	Raw bool `yaml:"raw"`
	// Passing is forgotten with the next message: a wish, not a circumstance.
	Passing bool `yaml:"passing"`
	// Slot says that the value comes from elsewhere: subject_type, province or verdict.
	Slot string `yaml:"slot"`
	// Silent is the value taken when nobody spoke of the fact; empty: not known. Unknown is the value taken when the customer does not know.
	// SilentUnless are facts of which any value keeps Silent from counting.
	Silent       string   `yaml:"silent"`
	SilentUnless []FactID `yaml:"silent_unless"`
	Unknown      string   `yaml:"unknown"`
	// Assumed tells the customer what was taken for granted when Silent counted, and Confirm has the question about it asked after such a verdict; IfUnknown tells it
	// when Unknown counted.
	Assumed   Text        `yaml:"assumed"`
	Confirm   bool        `yaml:"confirm"`
	IfUnknown Text        `yaml:"if_unknown"`
	Values    []FactValue `yaml:"values" lint:"required"`
	// Void are expressions that look like a statement and are none; they suppress what they overlap.
	Void []Phrase `yaml:"void"`
	// Bars are expressions that no statement of the fact may reach over.
	Bars []Phrase `yaml:"bars"`

	index int
}

// FactValue is one value of a fact.
type FactValue struct {
	ID    string `yaml:"id" lint:"required"`
	Label Text   `yaml:"label" lint:"required"`
	// Said are expressions that state the value anywhere; Answers only as the answer to the question about this fact.
	Said    []Phrase `yaml:"said"`
	Answers []Phrase `yaml:"answers"`
	// Unites are values that together mean this one, where one of the facts UnitedBy is stated as well: machines here and abroad are both.
	Unites   []string `yaml:"unites"`
	UnitedBy []FactID `yaml:"united_by"`
	// Clashes are values of other facts that do not go with this one: a message that states both leaves this fact open, and it is asked.
	Clashes map[FactID][]string `yaml:"clashes"`
	// Until are facts of which a later message need only speak for the value to be forgotten: a name lies idle until a machine for it is told.
	Until []FactID `yaml:"until"`
}

// FactQuestion finds out a fact. Questions stand in order of priority.
type FactQuestion struct {
	ID      string       `yaml:"id" lint:"required"`
	Fact    FactID       `yaml:"fact" lint:"required"`
	Name    Text         `yaml:"name"` // of the fact, before a colon and a value; a folder from before it has none
	Text    Text         `yaml:"text" lint:"required"`
	Options []FactOption `yaml:"options" lint:"required"`
}

// FactOption is a button of a question.
type FactOption struct {
	Value string `yaml:"value" lint:"required"`
	Label Text   `yaml:"label" lint:"required"`
}

// Conditions limit a row: each fact must have one of the values.
type Conditions map[FactID][]string

// Derivation completes what was said: facts that follow from others.
type Derivation struct {
	When   Conditions `yaml:"when"`
	Unless Conditions `yaml:"unless"`
	// Missing must all be unsaid.
	Missing []FactID          `yaml:"missing"`
	Set     map[FactID]string `yaml:"set" lint:"required"`
}

// Handover says whether a row ends at a person: not at all, after its verdict, or instead of one.
type Handover string

// The three ways. The zero value is none.
const (
	NoHandover    Handover = ""
	AfterVerdict  Handover = "after_verdict"
	InsteadOfThat Handover = "instead"
)

func (h Handover) check(*Knowledge) error {
	return oneOf("hand_over", h, []Handover{AfterVerdict, InsteadOfThat})
}

// Row is one row of the table.
type Row struct {
	ID string `yaml:"id" lint:"required"`
	// When must hold; a fact that is not known makes the row open. Unless refuses the row where one of its facts is known to have one of the values.
	When   Conditions `yaml:"when"`
	Unless Conditions `yaml:"unless"`
	// Verdict is that of a row of filing.yaml; empty where it gives none.
	Verdict Verdict `yaml:"verdict"`
	// Continues goes on with the next rows: their verdict counts where it is more than this one's.
	Continues bool `yaml:"continues"`
	// NoLicence leaves out the rows of licence.yaml; Covered lets them lift "not required", because a filing is there.
	NoLicence bool `yaml:"no_licence"`
	Covered   bool `yaml:"covered"`
	// Upgrade makes "filing required" into "filing and licence required".
	Upgrade bool `yaml:"upgrade"`
	// PreApproval says that an approval comes first.
	PreApproval bool         `yaml:"pre_approval"`
	Handover    Handover     `yaml:"hand_over"`
	FilingType  FilingTypeID `yaml:"filing_type"`
	Reason      Text         `yaml:"reason"`
	Next        Text         `yaml:"next"`
	Addon       Text         `yaml:"addon"`
	Basis       `yaml:",inline"`

	when, unless []condition
}

// VerdictText says a verdict in the customer's words.
type VerdictText struct {
	ID   Verdict `yaml:"id" lint:"required"`
	Text Text    `yaml:"text" lint:"required"`
}

type (
	factsFile struct {
		Facts []*Fact `yaml:"facts" lint:"required"`
	}
	wordsFile struct {
		Words map[string][]string `yaml:"words" lint:"required"`
		// Questions are the expressions that ask whether to file and state nothing; Asides those that ask something else about filing.
		Questions []Phrase `yaml:"questions" lint:"required"`
		// NoAnswers look like an answer to a question and are none: 没事, 没看懂.
		NoAnswers []Phrase `yaml:"no_answers" lint:"required"`
		Asides    []Phrase `yaml:"asides" lint:"required"`
		// TakenBack are words by which a message takes something back, so that it does not contradict itself.
		TakenBack []Phrase `yaml:"taken_back" lint:"required"`
		// Qualifiers stand in brackets and belong to the word before them, by their beginnings: 全球(不含中国大陆); a folder from before it has none.
		Qualifiers []string `yaml:"qualifiers"`
		// Breaks divide a message where no punctuation does. Past, Plan and Perhaps give the tense of the part they stand in.
		Breaks  []Phrase `yaml:"breaks" lint:"required"`
		Past    []Phrase `yaml:"past" lint:"required"`
		Plan    []Phrase `yaml:"plan" lint:"required"`
		Perhaps []Phrase `yaml:"perhaps" lint:"required"`
		// Negations must not stand in the gap of an expression.
		Negations []Phrase `yaml:"negations" lint:"required"`
		// Light are words that may stand between a negation and what it denies.
		Light []Phrase `yaml:"light" lint:"required"`
		// Dropped are plans given up.
		Dropped []Phrase      `yaml:"dropped" lint:"required"`
		Derive  []*Derivation `yaml:"derive"`
	}
	questionsFile struct {
		Questions []*FactQuestion `yaml:"questions" lint:"required"`
	}
	rowsFile struct {
		ReviewBy Date           `yaml:"review_by" lint:"required"`
		Verdicts []*VerdictText `yaml:"verdicts"`
		Rows     []*Row         `yaml:"rows" lint:"required"`
	}
)

func rowsSection(name string, keep func(d *Decision, rows []*Row)) section {
	return one("decision/"+name+".yaml", true, func(k *Knowledge, v *rowsFile) {
		keep(&k.Decision, v.Rows)
		for _, t := range v.Verdicts {
			if k.Decision.Verdicts == nil {
				k.Decision.Verdicts = map[Verdict]*VerdictText{}
			}
			k.Decision.Verdicts[t.ID] = t
		}
	})
}

var decisionSections = []section{
	one("decision/facts/*.yaml", true, func(*Knowledge, *factsFile) {}), // gathered in the order of the files' names by lintDecision
	one("decision/words.yaml", true, func(k *Knowledge, v *wordsFile) { k.Decision.Derive = v.Derive }),
	one("decision/questions.yaml", true, func(k *Knowledge, v *questionsFile) { k.Decision.Questions = v.Questions }),
	rowsSection("person", func(d *Decision, rows []*Row) { d.Person = rows }),
	rowsSection("filing", func(d *Decision, rows []*Row) { d.Filing = rows }),
	rowsSection("licence", func(d *Decision, rows []*Row) { d.Licence = rows }),
	rowsSection("addons", func(d *Decision, rows []*Row) { d.Addons = rows }),
}

// Words gives a list of words.yaml, with spaces as written there; nil when there is none.
func (d *Decision) Words(list string) []string { return d.words[list] }

// Fact finds a fact by id; nil when there is none.
func (d *Decision) Fact(id FactID) *Fact { return d.facts[id] }

// Question finds the question for a fact; nil when there is none.
func (d *Decision) Question(id FactID) *FactQuestion { return d.questions[id] }

// Index is the place of the fact in Decision.Facts.
func (f *Fact) Index() int { return f.index }

// Value finds a value by id; nil when there is none.
func (f *Fact) Value(id string) *FactValue {
	for i := range f.Values {
		if f.Values[i].ID == id {
			return &f.Values[i]
		}
	}
	return nil
}

// lintDecision puts the table together and checks that every name in it is known.
func (l *loader) lintDecision(k *Knowledge) {
	d := &k.Decision
	d.facts, d.questions = map[FactID]*Fact{}, map[FactID]*FactQuestion{}
	for _, f := range l.files {
		if v, ok := f.value.(*factsFile); ok {
			for i, fact := range v.Facts {
				if d.facts[fact.ID] != nil {
					l.fault(f, Error, []any{"facts", i}, "fact %q stands twice", fact.ID)
				}
				fact.index = len(d.Facts)
				d.Facts = append(d.Facts, fact)
				d.facts[fact.ID] = fact
			}
		}
	}
	for _, f := range l.files {
		switch v := f.value.(type) {
		case *factsFile:
			for i, fact := range v.Facts {
				l.lintFact(f, d, []any{"facts", i}, fact)
			}
		case *questionsFile:
			for i, q := range v.Questions {
				d.questions[q.Fact] = q
				fact := d.facts[q.Fact]
				if fact == nil {
					l.fault(f, Error, []any{"questions", i, "fact"}, "no fact %q", q.Fact)
					continue
				}
				for j, o := range q.Options {
					if fact.Value(o.Value) == nil {
						l.fault(f, Error, []any{"questions", i, "options", j}, "fact %q has no value %q", q.Fact, o.Value)
					}
				}
			}
		case *wordsFile:
			for i, r := range v.Derive {
				at := []any{"derive", i}
				l.lintConditions(f, d, append(at, "when"), r.When)
				l.lintConditions(f, d, append(at, "unless"), r.Unless)
				for id, value := range r.Set {
					l.lintConditions(f, d, append(at, "set"), Conditions{id: {value}})
				}
			}
		case *rowsFile:
			seen := map[string]bool{}
			for i, r := range v.Rows {
				at := []any{"rows", i}
				if seen[r.ID] {
					l.fault(f, Error, append(at, "id"), "row %q stands twice", r.ID)
				}
				seen[r.ID] = true
				if r.Handover == InsteadOfThat && r.Verdict != "" {
					l.fault(f, Error, append(at, "verdict"), "row %s hands over instead of a verdict, but has one", r.ID)
				}
				l.lintConditions(f, d, append(at, "when"), r.When)
				l.lintConditions(f, d, append(at, "unless"), r.Unless)
				r.when, r.unless = d.compile(r.When), d.compile(r.Unless)
			}
		}
	}
	for _, f := range l.files { // by now the questions are known
		if v, ok := f.value.(*rowsFile); ok {
			l.lintRows(f, d, v.Rows)
		}
	}
	l.compileWords(k)
}

func (l *loader) lintFact(f *file, d *Decision, at []any, fact *Fact) {
	if fact.Resolve != "" && fact.Resolve != "strongest" && fact.Resolve != "last" {
		l.fault(f, Error, append(at, "resolve"), "resolve %q: write last or strongest", fact.Resolve)
	}
	if len(fact.Values) > 62 {
		l.fault(f, Error, append(at, "values"), "more than 62 values")
	}
	for i, v := range fact.Values {
		for _, u := range v.Unites {
			if fact.Value(u) == nil {
				l.fault(f, Error, append(slices.Clone(at), "values", i, "unites"), "fact %q has no value %q", fact.ID, u)
			}
		}
		for name, ids := range map[string][]FactID{"united_by": v.UnitedBy, "until": v.Until} {
			for _, id := range ids {
				if d.facts[id] == nil {
					l.fault(f, Error, append(slices.Clone(at), "values", i, name), "no fact %q", id)
				}
			}
		}
	}
	for i, v := range fact.Values {
		l.lintConditions(f, d, append(slices.Clone(at), "values", i, "clashes"), v.Clashes)
	}
	for name, v := range map[string]string{"silent": fact.Silent, "unknown": fact.Unknown} {
		if v != "" && fact.Value(v) == nil {
			l.fault(f, Error, append(at, name), "fact %q has no value %q", fact.ID, v)
		}
	}
}

func (l *loader) lintConditions(f *file, d *Decision, at []any, c Conditions) {
	for id, values := range c {
		fact := d.facts[id]
		if fact == nil {
			l.fault(f, Error, append(slices.Clone(at), string(id)), "no fact %q", id)
			continue
		}
		for _, v := range values {
			if fact.Value(v) == nil {
				l.fault(f, Error, append(slices.Clone(at), string(id)), "fact %q has no value %q", id, v)
			}
		}
	}
}

// compileWords builds the matcher from every expression, and reports those that cannot be read.
func (l *loader) compileWords(k *Knowledge) {
	d := &k.Decision
	var words *wordsFile
	var in *file
	for _, f := range l.files {
		if v, ok := f.value.(*wordsFile); ok {
			words, in = v, f
		}
	}
	if words == nil {
		return
	}
	d.words = wordLists{}
	for name, list := range words.Words {
		for _, w := range list {
			if w == "" || w != strings.ToLower(w) || strings.ContainsAny(w, " |~@!+") {
				l.fault(in, Error, []any{"words", name}, "%q: write words in lower case, with _ for a space", w)
			}
		}
		d.words[name] = list
	}
	m := newMatcher(d.words, &k.Regions, words.Qualifiers)
	add := func(f *file, at []any, kind entryKind, fact, value int, list []Phrase) {
		for i, p := range list {
			if err := m.add(string(p), entry{kind: kind, fact: fact, value: value}); err != nil {
				l.fault(f, Error, append(slices.Clone(at), i), "%v", err)
			}
		}
	}
	for _, c := range []struct {
		name string
		kind entryKind
		list []Phrase
	}{{"questions", kindQuestion, words.Questions}, {"asides", kindAside, words.Asides}, {"no_answers", kindNoAnswer, words.NoAnswers}, {"taken_back", kindTakenBack, words.TakenBack},
		{"breaks", kindBreak, words.Breaks}, {"past", kindPast, words.Past},
		{"plan", kindPlan, words.Plan}, {"perhaps", kindPerhaps, words.Perhaps}, {"negations", kindNegation, words.Negations},
		{"light", kindLight, words.Light}, {"dropped", kindDropped, words.Dropped}} {
		add(in, []any{c.name}, c.kind, 0, 0, c.list)
	}
	for _, f := range l.files {
		v, ok := f.value.(*factsFile)
		if !ok {
			continue
		}
		for i, fact := range v.Facts {
			at := []any{"facts", i}
			for j, value := range fact.Values {
				add(f, append(at, "values", j, "said"), kindSaid, fact.index, j, value.Said)
				add(f, append(at, "values", j, "answers"), kindAnswer, fact.index, j, value.Answers)
			}
			add(f, append(at, "void"), kindVoid, fact.index, 0, fact.Void)
			add(f, append(at, "bars"), kindBar, fact.index, 0, fact.Bars)
		}
	}
	d.matcher = m
}

func (p Phrase) String() string { return string(p) }

// condition is a compiled limit: the fact must have one of the values of the set.
type condition struct {
	fact int
	set  uint64
}

func (d *Decision) compile(c Conditions) []condition {
	var out []condition
	for id, values := range c {
		f := d.facts[id]
		if f == nil {
			continue
		}
		cond := condition{fact: f.index}
		for i := range f.Values {
			if slices.Contains(values, f.Values[i].ID) {
				cond.set |= 1 << i
			}
		}
		out = append(out, cond)
	}
	slices.SortFunc(out, func(a, b condition) int { return a.fact - b.fact })
	return out
}

// Holds says whether a row holds for a state of the facts: yes, no, or open, with the facts that it hangs on.
func (r *Row) Holds(s *FactState) (holds, open bool, on []int) {
	for _, c := range r.unless {
		if v := s.values[c.fact]; v != 0 && c.set&(1<<(v-1)) != 0 {
			return false, false, nil
		}
	}
	for _, c := range r.when {
		v := s.values[c.fact]
		switch {
		case v == 0:
			on = append(on, c.fact)
		case c.set&(1<<(v-1)) == 0:
			return false, false, nil
		}
	}
	return len(on) == 0, len(on) > 0, on
}

// FactState is a value for every fact: what was said, derived or taken for granted. The zero value of a fact is: not known.
type FactState struct {
	d      *Decision
	values [64]uint8 // 1 + index of the value
	open   uint64    // facts left open by a contradiction, by index: nothing fills them in but Set
}

// State starts from what was said. Values that the table does not know are left out.
func (d *Decision) State(said func(FactID) string) FactState {
	s := FactState{d: d}
	for i, f := range d.Facts {
		if i == len(s.values) {
			break
		}
		if v := said(f.ID); v != "" {
			s.Set(f.ID, v)
		}
	}
	return s
}

// Set gives a fact a value; an unknown name changes nothing.
func (s *FactState) Set(id FactID, value string) {
	f := s.d.facts[id]
	if f == nil {
		return
	}
	for i := range f.Values {
		if f.Values[i].ID == value {
			s.values[f.index] = uint8(i + 1)
			s.open &^= 1 << f.index
		}
	}
}

// LeaveOpen makes a fact unknown that no derivation and no silence fills in, until it is Set.
func (s *FactState) LeaveOpen(id FactID) {
	if f := s.d.facts[id]; f != nil {
		s.values[f.index] = 0
		s.open |= 1 << f.index
	}
}

// Open reports whether the fact was left open.
func (s *FactState) Open(index int) bool { return s.open&(1<<index) != 0 }

// Get gives the value of a fact; empty when it is not known.
func (s *FactState) Get(id FactID) string {
	f := s.d.facts[id]
	if f == nil || s.values[f.index] == 0 {
		return ""
	}
	return f.Values[s.values[f.index]-1].ID
}

// Known reports whether a fact has a value.
func (s *FactState) Known(index int) bool { return s.values[index] != 0 }

// Rests reports whether the row names the fact in its conditions.
func (r *Row) Rests(f *Fact) bool {
	return slices.ContainsFunc(r.when, func(c condition) bool { return c.fact == f.index })
}

// Complete applies the derivations, in order.
func (s *FactState) Complete() {
	for _, r := range s.d.Derive {
		if s.fits(r) {
			for id, v := range r.Set {
				if f := s.d.facts[id]; f != nil && !s.Open(f.index) {
					s.Set(id, v)
				}
			}
		}
	}
}

func (s *FactState) fits(r *Derivation) bool {
	for id, values := range r.When {
		if !slices.Contains(values, s.Get(id)) {
			return false
		}
	}
	for id, values := range r.Unless {
		if slices.Contains(values, s.Get(id)) {
			return false
		}
	}
	for _, id := range r.Missing {
		if s.Get(id) != "" {
			return false
		}
	}
	return true
}

// ByIndex gives the fact with an index of Row.Holds.
func (d *Decision) ByIndex(i int) *Fact { return d.Facts[i] }
