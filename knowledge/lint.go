package knowledge

import (
	"cmp"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// checked is a value that can be wrong by itself or against the rest of the knowledge.
type checked interface{ check(k *Knowledge) error }

func (id SourceID) check(k *Knowledge) error {
	if _, ok := k.Sources[id]; !ok && id != "" && len(k.Sources) > 0 { // without any, sources.yaml itself is reported
		return fmt.Errorf("no source %q in sources.yaml", id)
	}
	return nil
}

func (id DocumentID) check(k *Knowledge) error {
	if _, ok := k.Documents[id]; !ok && id != "" && len(k.Documents) > 0 {
		return fmt.Errorf("no document %q in documents.yaml", id)
	}
	return nil
}

func (t Topic) check(*Knowledge) error          { return oneOf("topic", t, Topics) }
func (id FilingTypeID) check(*Knowledge) error  { return oneOf("filing type", id, FilingTypes) }
func (id SubjectTypeID) check(*Knowledge) error { return oneOf("subject type", id, SubjectTypes) }
func (s Status) check(*Knowledge) error         { return oneOf("status", s, Statuses) }
func (c Confidence) check(*Knowledge) error {
	return oneOf("confidence", c, []Confidence{High, Medium, Low})
}
func (e Effect) check(*Knowledge) error        { return oneOf("effect", e, []Effect{Requires, Note, Refuses}) }
func (v Verdict) check(*Knowledge) error       { return oneOf("verdict", v, Verdicts) }
func (id ProvinceID) check(k *Knowledge) error { return known("province", id, k.provinces) }

// Verdicts lists the four.
var Verdicts = []Verdict{FilingNotRequired, FilingRequired, AccessFilingRequired, FilingLicenceRequired}

var abouts = []About{AboutDocument, AboutResidence, AboutAge, AboutSubject, AboutSubjectHead, AboutSiteHead, AboutPhone, AboutAddress, AboutDomain,
	AboutQuantity, AboutName, AboutContent, AboutChange, AboutAccess, AboutSite, AboutAfter, AboutOther}

func (a About) check(*Knowledge) error { return oneOf("about", a, abouts) }

func oneOf[T ~string](what string, v T, all []T) error {
	if v == "" || slices.Contains(all, v) {
		return nil
	}
	return fmt.Errorf("%s %q: not one of %v", what, v, all)
}

func known[K comparable, V any](what string, id K, all map[K]V) error {
	if _, ok := all[id]; !ok && !reflect.ValueOf(id).IsZero() {
		return fmt.Errorf("no %s %q", what, fmt.Sprint(id))
	}
	return nil
}

func (b Basis) check(k *Knowledge) error {
	if len(b.Sources) > 0 && b.Confidence == "" {
		return fmt.Errorf("sources without confidence: say high, medium or low")
	}
	if len(b.Sources) == 0 && b.Confidence != "" {
		return fmt.Errorf("confidence %s without a source", b.Confidence)
	}
	if b.Disputed != nil && len(b.Sources) == 0 {
		return fmt.Errorf("disputed, but the first view has no source")
	}
	if b.Disputed != nil {
		// Living documents are dated by what could be inferred, so a year decides nothing: then the stricter view comes first.
		if k.newest(b.Disputed.Sources) > k.newest(b.Sources)+366*24*3600 {
			return fmt.Errorf("disputed: the other view has the newer source; tell that one first and this one under disputed")
		}
		k.newestFirst(b.Sources)
		k.newestFirst(b.Disputed.Sources)
	}
	return nil
}

func (r Rule) check(k *Knowledge) error {
	switch {
	case r.Effect == Requires && r.Document == "":
		return fmt.Errorf("rule %s requires, but names no document", r.ID)
	case r.Effect != Requires && r.Text.IsZero():
		return fmt.Errorf("rule %s has no text", r.ID)
	case len(r.Sources) == 0:
		return fmt.Errorf("rule %s has no source", r.ID)
	}
	for _, id := range r.Replaces {
		if k.rules[id] == nil {
			return fmt.Errorf("rule %s replaces %q, which does not exist", r.ID, id)
		}
	}
	return nil
}

func (a Answer) check(*Knowledge) error {
	if len(a.Sources) == 0 && a.Confidence == "" && !conversational(a.ID) {
		return fmt.Errorf("answer %s has no source", a.ID)
	}
	return nil
}

// conversational answers state no fact (greetings, thanks …), so they need no source.
func conversational(id string) bool {
	t, _, _ := strings.Cut(id, ".")
	switch Topic(t) {
	case Human, Solved, Unsolved, Greeting, Thanks, Goodbye, Restart, OutOfScope, CaseStatus, Notify, DomainCheck, Contact:
		return true
	}
	return false
}

// literals are what must not stand in texts: the operator of the help page by name. Another operator runs the same files.
var literals = []string{"互联互通", "linktom", "4007007300", "400-700-7300", "Linktom"}

func (l *loader) lint(k *Knowledge, opt Options) {
	l.collectRules(k)
	fill := strings.NewReplacer("{operator}", opt.Operator.Name, "{phone}", opt.Operator.Phone, "{filing_system}", opt.Operator.FilingSystemURL)
	var wg sync.WaitGroup // what is found is sorted in the end
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < len(l.files); i += 2 {
				l.walk(k, l.files[i], fill, opt)
			}
		})
	}
	wg.Wait()
	wg.Go(func() {
		l.lintWhole(k)
		l.lintTwice()
		l.lintAnswers()
		l.lintRules()
	})
	l.lintDecision(k)
	l.lintFacts(k)
	l.lintLabelled(k)
	l.lintDomain(k)
	wg.Wait()
}

func (l *loader) walk(k *Knowledge, f *file, fill *strings.Replacer, opt Options) {
	w := walker{l: l, k: k, f: f, fillZH: strings.NewReplacer("{hours}", opt.Operator.Hours.ZH), fillEN: strings.NewReplacer("{hours}", opt.Operator.Hours.EN), fill: fill, today: opt.Today}
	w.walk(reflect.ValueOf(f.value).Elem(), "")
	w.checkName()
}

func (l *loader) fault(f *file, sev Severity, at []any, format string, args ...any) {
	l.report(Finding{File: f.name, Line: f.line(at), Severity: sev, Message: fmt.Sprintf(format, args...)})
}

// collectRules indexes every rule by id and reports an id used twice.
func (l *loader) collectRules(k *Knowledge) {
	for _, f := range l.files {
		rules, _ := rulesOf(f.value)
		for i := range rules {
			r := &rules[i]
			r.When.FilingType, r.When.SubjectType = expand(r.When.FilingType, filingGroups), expand(r.When.SubjectType, subjectGroups)
			if k.rules[r.ID] != nil && r.ID != "" {
				l.fault(f, Error, []any{"rules", i, "id"}, "rule %q stands twice", r.ID)
			}
			k.rules[r.ID] = r
		}
	}
}

// lintWhole checks what no single value can: that everything the contract names is there.
func (l *loader) lintWhole(k *Knowledge) {
	missing := func(dir, id string) {
		if l.broken[path.Join(dir, id+".yaml")] {
			return // it is there, and what is wrong with it is reported
		}
		l.report(Finding{File: path.Join(dir, id+".yaml"), Severity: Error, Message: "missing: the contract names it"})
	}
	for _, t := range Topics {
		if k.Topics[t] == nil {
			missing("topics", string(t))
		}
		if len(k.Examples[t]) == 0 {
			missing("examples", string(t))
		}
	}
	for _, t := range FilingTypes {
		if k.FilingTypes[t] == nil {
			missing("filing_types", string(t))
		}
	}
	for _, t := range SubjectTypes {
		if k.SubjectTypes[t] == nil {
			missing("subject_types", string(t))
		}
	}
	for _, s := range Statuses {
		if k.Statuses[s] == nil && !l.broken["statuses.yaml"] {
			l.report(Finding{File: "statuses.yaml", Severity: Error, Message: fmt.Sprintf("status %q is missing", s)})
		}
	}
}

// lintFacts holds that the facts which limit rules and answers are there, with the values asked for, and gathers those of rules.
func (l *loader) lintFacts(k *Knowledge) {
	for _, f := range l.files {
		limit := func(w When, at ...any) {
			for id, v := range w.Fact {
				l.lintConditions(f, &k.Decision, append(at, "when", "fact"), Conditions{id: {v}})
			}
		}
		rules, _ := rulesOf(f.value)
		for i := range rules {
			limit(rules[i].When, "rules", i)
			for id := range rules[i].When.Fact {
				if !slices.Contains(k.ruleFacts, id) {
					k.ruleFacts = append(k.ruleFacts, id)
				}
			}
		}
		if t, ok := f.value.(*TopicFile); ok {
			for i := range t.Answers {
				limit(t.Answers[i].When, "answers", i)
			}
		}
	}
	slices.Sort(k.ruleFacts)
}

// IsZero reports that nothing limits the rule.
func (w When) IsZero() bool {
	return len(w.FilingType) == 0 && len(w.SubjectType) == 0 && len(w.Province) == 0 && len(w.Fact) == 0
}

// walker goes through one decoded file: checks every value that can be checked, and fills the operator's placeholders.
type walker struct {
	l                    *loader
	k                    *Knowledge
	f                    *file
	at                   []any
	fill, fillZH, fillEN *strings.Replacer
	today                time.Time
}

func (w *walker) fault(sev Severity, format string, args ...any) {
	w.l.fault(w.f, sev, slices.Clone(w.at), format, args...)
}

func (w *walker) walk(v reflect.Value, key string) {
	if t, ok := v.Addr().Interface().(*Text); ok {
		w.text(t)
		return
	}
	if c, ok := v.Interface().(checked); ok {
		if err := c.check(w.k); err != nil {
			w.fault(Error, "%v", err)
		}
	}
	if d, ok := v.Interface().(Date); ok && key == "review_by" && !w.today.IsZero() && !d.Time().IsZero() && d.Time().Before(w.today) {
		w.fault(Warning, "review date %s has passed: check the facts against their sources and set a new date", d)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.walk(v.Elem(), key)
		}
	case reflect.Struct:
		w.walkStruct(v)
	case reflect.Slice:
		for i := range v.Len() {
			w.at = append(w.at, i)
			w.walk(v.Index(i), key)
			w.at = w.at[:len(w.at)-1]
		}
	case reflect.Map:
		for _, mk := range v.MapKeys() {
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(mk))
			w.at = append(w.at, fmt.Sprint(mk.Interface()))
			if c, ok := mk.Interface().(checked); ok {
				if err := c.check(w.k); err != nil {
					w.fault(Error, "%v", err)
				}
			}
			w.walk(e, key)
			w.at = w.at[:len(w.at)-1]
			v.SetMapIndex(mk, e)
		}
	}
}

func (w *walker) walkStruct(v reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		name, flags, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if flags == "inline" {
			if b, ok := v.Field(i).Interface().(Basis); ok && len(b.Sources) == 0 && b.Confidence == "" && states(v.Interface()) {
				w.fault(Error, "no source: name the publication under sources, and how sure it is under confidence")
			}
			w.walk(v.Field(i), "")
			continue
		}
		if sf.Tag.Get("lint") == "required" && v.Field(i).IsZero() {
			if _, n := w.f.find(append(slices.Clone(w.at), name)); n == nil || n.Value == "" && len(n.Content) == 0 { // else it has the wrong kind, which is reported
				w.fault(Error, "%s is missing", name)
			}
			continue
		}
		w.at = append(w.at, name)
		w.walk(v.Field(i), name)
		w.at = w.at[:len(w.at)-1]
	}
}

// states reports whether a value with a basis states something; rules and answers see to it themselves.
func states(v any) bool {
	switch v := v.(type) {
	case Rule, Answer:
		return false
	case Row:
		return v.Verdict != "" || v.Handover == "" // a row that only asks for a person says nothing
	}
	return true
}

func (w *walker) text(t *Text) {
	if t.IsZero() {
		return
	}
	if t.ZH == "" || t.EN == "" {
		w.fault(Error, "translation missing: both zh and en are needed")
	}
	w.words("zh", t.ZH)
	w.words("en", t.EN)
	t.ZH, t.EN = w.fillZH.Replace(w.fill.Replace(t.ZH)), w.fillEN.Replace(w.fill.Replace(t.EN))
	if _, joined := w.f.value.(*Sentences); !joined { // a dash between two parts needs its spaces
		t.ZH, t.EN = strings.TrimSpace(t.ZH), strings.TrimSpace(t.EN)
	}
}

// words checks a text in one language.
func (w *walker) words(lang, s string) {
	w.at = append(w.at, lang)
	defer func() { w.at = w.at[:len(w.at)-1] }()
	for _, lit := range literals {
		if strings.Contains(s, lit) {
			w.fault(Error, "%q is the operator's own: write {operator}, {phone} or {filing_system}", lit)
		}
	}
	w.placeholders(s)
}

// checkName holds that a file is named by its id.
func (w *walker) checkName() {
	want := ""
	switch v := w.f.value.(type) {
	case *TopicFile:
		want = string(v.ID)
	case *examplesFile:
		want = string(v.Topic)
	case *storiesFile:
		want = cmp.Or(string(v.FilingType), "none")
	case *Province:
		want = string(v.ID)
	case *FilingType:
		want = string(v.ID)
	case *SubjectType:
		want = string(v.ID)
	}
	if base := strings.TrimSuffix(path.Base(w.f.name), ".yaml"); want != "" && base != want {
		w.l.report(Finding{File: w.f.name, Line: 1, Severity: Error, Message: fmt.Sprintf("the file must be named by its id: %s.yaml", want)})
	}
}
