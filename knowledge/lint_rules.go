package knowledge

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// placed is a rule with where it stands and what that adds to its limits.
type placed struct {
	*Rule
	f     *file
	i     int
	scope When
	claim string // the text without its numbers and negations
}

// lintRules reports rules that speak of one matter for the same filings and contradict each other, unless one replaces the other: a filing that is refused
// and asked for papers on the same fact, a document asked for always and only sometimes, and two texts that differ in a number or a "not" alone.
func (l *loader) lintRules() {
	byMatter := map[About][]placed{}
	for _, f := range l.files {
		rules, extra := rulesOf(f.value)
		for i := range rules {
			r := &rules[i]
			p := placed{Rule: r, f: f, i: i, scope: r.When, claim: claim(r.Text.ZH)}
			p.scope.FilingType = append(slices.Clip(p.scope.FilingType), extra.FilingType...)
			p.scope.SubjectType = append(slices.Clip(p.scope.SubjectType), extra.SubjectType...)
			p.scope.Province = append(slices.Clip(p.scope.Province), extra.Province...)
			byMatter[r.About] = append(byMatter[r.About], p)
		}
	}
	for _, about := range abouts {
		list := byMatter[about]
		for i, a := range list {
			for _, b := range list[i+1:] {
				if why := contradiction(a, b); why != "" && overlap(a.scope, b.scope) && !slices.Contains(a.Replaces, b.ID) && !slices.Contains(b.Replaces, a.ID) {
					l.fault(b.f, Error, []any{"rules", b.i}, "rule %s contradicts %s (%s:%d): %s; narrow one, or let it replace the other", b.ID, a.ID, a.f.name, a.f.line([]any{"rules", a.i}), why)
				}
			}
		}
	}
}

// rulesOf gives a file's rules and the limit that its place sets.
func rulesOf(v any) ([]Rule, When) {
	switch v := v.(type) {
	case *nationalFile:
		return v.Rules, When{}
	case *Province:
		return v.Rules, When{Province: []ProvinceID{v.ID}}
	case *FilingType:
		return v.Rules, When{FilingType: []FilingTypeID{v.ID}}
	case *SubjectType:
		return v.Rules, When{SubjectType: []SubjectTypeID{v.ID}}
	}
	return nil, When{}
}

func contradiction(a, b placed) string {
	oneFact := len(a.When.Fact) > 0 && maps.Equal(a.When.Fact, b.When.Fact)
	switch {
	case oneFact && (a.Effect == Refuses && b.Effect == Requires || a.Effect == Requires && b.Effect == Refuses):
		return "one refuses the filing, the other asks for a document"
	case a.f == b.f && a.Effect == Requires && b.Effect == Requires && a.Document == b.Document && a.If.IsZero() != b.If.IsZero() && maps.Equal(a.When.Fact, b.When.Fact):
		return "one asks for " + string(a.Document) + " always, the other only sometimes"
	case a.claim != "" && a.claim == b.claim && a.Text != b.Text && maps.Equal(a.When.Fact, b.When.Fact):
		return "the texts differ only in a number or a negation"
	}
	return ""
}

// claim is a text without what can make two of a kind contradict each other: numbers and negations. Texts too short to tell give "".
func claim(zh string) string {
	s := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789一二两三四五六七八九十不无未没非", r) {
			return -1
		}
		return r
	}, zh)
	if len([]rune(s)) < 5 {
		return ""
	}
	return s
}

func overlap(a, b When) bool {
	for id, v := range a.Fact {
		if w, ok := b.Fact[id]; ok && w != v {
			return false
		}
	}
	return meet(a.FilingType, b.FilingType) && meet(a.SubjectType, b.SubjectType) && meet(a.Province, b.Province)
}

// meet reports whether two limits have a value in common; no limit meets every one.
func meet[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(v T) bool { return slices.Contains(b, v) })
}

// lintAnswers reports answers that are never given: after one that fits always, or with patterns that an earlier answer takes first.
func (l *loader) lintAnswers() {
	seen := map[string]bool{}
	for _, f := range l.files {
		t, ok := f.value.(*TopicFile)
		if !ok {
			continue
		}
		for j := range t.Answers {
			a, before := &t.Answers[j], t.Answers[:j]
			at := []any{"answers", j}
			if seen[a.ID] {
				l.fault(f, Error, append(at, "id"), "answer %q stands twice", a.ID)
			}
			seen[a.ID] = true
			if !strings.HasPrefix(a.ID, string(t.ID)+".") {
				l.fault(f, Error, append(at, "id"), "answer %q: begin its id with the topic: %s.…", a.ID, t.ID)
			}
			if a.Walk && t.ID != NeedFiling {
				l.fault(f, Error, append(at, "walk"), "answer %s: walk goes on with the questions of need_filing, and only there", a.ID)
			}
			last := j == len(t.Answers)-1
			if always := len(a.Asked) == 0 && a.When.IsZero(); always && !last {
				l.fault(f, Error, at, "answer %s fits always, so the answers after it are never given: move it to the end", a.ID)
			} else if !always && last {
				l.fault(f, Error, at, "the last answer must fit always: take asked and when away, or add one after it")
			} else if last && len(a.Sources) > 0 && (a.Details.IsZero() || a.Next.IsZero()) {
				l.fault(f, Warning, at, "answer %s is the topic's general one, but has no details or no next: what is there to read on, and what does the customer do now?", a.ID)
			}
			if i := slices.IndexFunc(before, func(b Answer) bool { return len(b.Asked) == 0 && !b.When.IsZero() && b.When.includes(a.When) }); i >= 0 {
				l.fault(f, Error, at, "answer %s is never given: %s, which comes before, fits whenever it does", a.ID, before[i].ID)
			}
			for i, p := range a.Asked {
				if by, q, ok := shadow(p, a, before); ok {
					l.fault(f, Error, append(at, "asked", i), "pattern %q of answer %s is never reached: %q of answer %s, which comes before, takes the same words", p, a.ID, q, by.ID)
				}
			}
		}
	}
}

func shadow(p Pattern, a *Answer, before []Answer) (*Answer, Pattern, bool) {
	for i := range before {
		b := &before[i]
		if !b.When.includes(a.When) {
			continue
		}
		for _, q := range b.Asked {
			if p.implies(q) {
				return b, q, true
			}
		}
	}
	return nil, Pattern{}, false
}

// includes reports that w holds wherever v does.
func (w When) includes(v When) bool {
	for id, value := range w.Fact {
		if v.Fact[id] != value {
			return false
		}
	}
	return within(v.FilingType, w.FilingType) && within(v.SubjectType, w.SubjectType) && within(v.Province, w.Province)
}

// within reports whether a limit allows no more than another.
func within[T comparable](a, b []T) bool {
	return len(b) == 0 || len(a) > 0 && !slices.ContainsFunc(a, func(v T) bool { return !slices.Contains(b, v) })
}

// implies reports that q matches every text that p matches. It may miss some, but never errs the other way.
func (p Pattern) implies(q Pattern) bool {
	for _, n := range q.none {
		if !slices.ContainsFunc(p.none, func(m sequence) bool { return reflect.DeepEqual(m, n) }) {
			return false
		}
	}
	for _, want := range q.all {
		if !slices.ContainsFunc(p.all, func(have sequence) bool { return have.implies(want) }) {
			return false
		}
	}
	return true
}

func (s sequence) implies(q sequence) bool {
	if len(q) == 1 {
		return slices.ContainsFunc(s, func(a alternatives) bool { return a.implies(q[0]) })
	}
	return reflect.DeepEqual(s, q)
}

// implies reports that wherever one of the words is found, one of the others is.
func (a alternatives) implies(q alternatives) bool {
	for _, w := range a {
		if !slices.ContainsFunc(q, w.implies) {
			return false
		}
	}
	return true
}

func (w word) implies(v word) bool {
	if !v.runes.within(&w.runes) {
		return false
	}
	s, e, ok := v.find(w.text, 0)
	return ok && (!v.ascii || (s > 0 || w.ascii) && (e < len(w.text) || v.prefix || w.ascii && !w.prefix))
}

// newestFirst puts the later publication first; those of one date stay in their order.
func (k *Knowledge) newestFirst(ids []SourceID) {
	slices.SortStableFunc(ids, func(a, b SourceID) int { return cmp.Compare(k.sourceTime(b), k.sourceTime(a)) })
}

// newest is when the latest of the sources was published, in Unix seconds; 0 when none is known.
func (k *Knowledge) newest(ids []SourceID) int64 {
	var t int64
	for _, id := range ids {
		t = max(t, k.sourceTime(id))
	}
	return t
}

func (k *Knowledge) sourceTime(id SourceID) int64 {
	s := k.Sources[id]
	if s == nil || s.Date.Time().IsZero() {
		return 0
	}
	return s.Date.Time().Unix()
}
