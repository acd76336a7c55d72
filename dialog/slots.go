package dialog

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// lexicon finds slots in normalised text by the words of the knowledge files.
type lexicon struct {
	places    []place // longest first
	filing    []typed[knowledge.FilingTypeID]
	subject   []typed[knowledge.SubjectTypeID]
	machine   []knowledge.Pattern
	providers []knowledge.Pattern
	mainland  []knowledge.Pattern
	overseas  []knowledge.Pattern
	caseNo    *regexp.Regexp
}

type place struct {
	word     string
	province knowledge.ProvinceID
	single   bool // one character: taken only where nothing else can be meant
}

type typed[T ~string] struct {
	id       T
	patterns []knowledge.Pattern
}

func newLexicon(k *knowledge.Knowledge) *lexicon {
	l := &lexicon{caseNo: defaultCaseNo}
	for _, p := range k.Provinces {
		for _, w := range append(append([]string{}, p.Words...), p.Places...) {
			w = strings.ToLower(w)
			l.places = append(l.places, place{w, p.ID, utf8.RuneCountInString(w) == 1})
		}
	}
	sort.SliceStable(l.places, func(i, j int) bool { return len(l.places[i].word) > len(l.places[j].word) })
	for _, id := range knowledge.FilingTypes {
		l.filing = append(l.filing, typed[knowledge.FilingTypeID]{id, patterns(k.FilingTypes[id].Words)})
	}
	for _, id := range knowledge.SubjectTypes {
		l.subject = append(l.subject, typed[knowledge.SubjectTypeID]{id, patterns(k.SubjectTypes[id].Words)})
	}
	l.machine, l.providers = patterns(k.Regions.Machine), patterns(k.Regions.Providers)
	l.mainland, l.overseas = patterns(k.Regions.Mainland), patterns(k.Regions.Overseas)
	return l
}

func patterns(words []string) []knowledge.Pattern {
	var out []knowledge.Pattern
	for _, w := range words {
		if p, err := knowledge.ParsePattern(w); err == nil { // lint refuses a wrong one
			out = append(out, p)
		}
	}
	return out
}

var defaultCaseNo = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])([a-z]{2}-?\d{4}-?\d{3,10})(?:$|[^a-z0-9])`)

// span is a stretch of the text that a slot was read from.
type span struct{ start, end int }

// negated reports whether a word is ruled out: 不是, 不, 非, not right before it.
func negated(text string, at int) bool {
	before := text[:at]
	for _, w := range []string{"不是", "不算", "并非", "不属于", "not a ", "not an ", "not the ", "not ", "isn't a ", "no longer a "} {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}

// mine keeps the bot's own company from being the subject: 你们公司, 贵公司.
func mine(text string, at int) bool {
	before := text[:at]
	for _, w := range []string{"你们", "贵", "你", "您们", "他们", "your "} {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}

// bestType finds the type whose word reaches furthest; of two alike, the later of a correction ("不是个人,是公司").
func bestType[T ~string](text string, types []typed[T]) (value, denied T, at span) {
	length := 0
	for _, t := range types {
		for _, p := range t.patterns {
			s, e, ok := p.Find(text)
			if !ok || mine(text, s) {
				continue
			}
			if negated(text, s) {
				denied = t.id
				continue
			}
			if e-s > length || value == "" {
				value, length, at = t.id, e-s, span{s, e}
			}
		}
	}
	if value == denied {
		value = ""
	}
	return value, denied, at
}

// read finds all slots of a normalised text except the domains, and where they stand.
func (l *lexicon) read(text string) (s, denied Slots, spans []span) {
	var at span
	if s.FilingType, denied.FilingType, at = bestType(text, l.filing); s.FilingType != "" {
		spans = append(spans, at)
	}
	if s.SubjectType, denied.SubjectType, at = bestType(text, l.subject); s.SubjectType != "" {
		spans = append(spans, at)
	}
	if m := l.caseNo.FindStringSubmatchIndex(text); m != nil {
		s.CaseNo = strings.ToUpper(text[m[2]:m[3]])
		spans = append(spans, span{m[2], m[3]})
	}
	machines := l.findAll(l.machine, text)
	providers := l.findAll(l.providers, text)
	serverAt := -1
	for _, found := range l.findAll(l.overseas, text) {
		if l.serverPlace(text, found, machines, providers) {
			s.ServerLocation = knowledge.Overseas
			serverAt = found.start
			spans = append(spans, found)
		}
	}
	for _, found := range l.findAll(l.mainland, text) {
		if !negated(text, found.start) && found.start > serverAt {
			s.ServerLocation = knowledge.Mainland
			serverAt = found.start
			spans = append(spans, found)
		}
	}
	taken := make([]bool, len(text)+1)
	for _, p := range l.places {
		if p.single {
			continue
		}
		for from := 0; ; {
			i := indexWord(text[from:], p.word)
			if i < 0 {
				break
			}
			at := span{from + i, from + i + len(p.word)}
			from = at.end
			if taken[at.start] {
				continue
			}
			for j := at.start; j < at.end; j++ {
				taken[j] = true
			}
			if l.serverPlace(text, at, machines, providers) {
				if p.province != "CN-HK" && p.province != "CN-MO" && p.province != "CN-TW" && at.start > serverAt {
					s.ServerLocation = knowledge.Mainland
					serverAt = at.start
				}
				continue
			}
			if s.ServerLocation == knowledge.Overseas && at.start == serverAt {
				continue
			}
			if negated(text, at.start) {
				denied.Province = p.province
				continue
			}
			s.Province = p.province
			spans = append(spans, at)
		}
	}
	return s, denied, spans
}

func indexWord(text, w string) int {
	if w[0] >= utf8.RuneSelf {
		return strings.Index(text, w)
	}
	for from := 0; ; {
		i := strings.Index(text[from:], w)
		if i < 0 {
			return -1
		}
		s, e := from+i, from+i+len(w)
		if (s == 0 || !letter(text[s-1])) && (e == len(text) || !letter(text[e])) {
			return s
		}
		from = s + 1
	}
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

func (l *lexicon) findAll(ps []knowledge.Pattern, text string) []span {
	var out []span
	for _, p := range ps {
		if s, e, ok := p.Find(text); ok {
			out = append(out, span{s, e})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].start < out[j].start })
	return out
}

// serverPlace reports whether a place is where a machine stands: a provider right before it, or a machine word close by with no person or body between.
func (l *lexicon) serverPlace(text string, at span, machines, providers []span) bool {
	for _, p := range providers {
		if p.end <= at.start && at.start-p.end <= 6 {
			return true
		}
	}
	for _, m := range machines {
		gap := ""
		switch {
		case m.end <= at.start:
			gap = text[m.end:at.start]
		case m.start >= at.end:
			gap = text[at.end:m.start]
		default:
			return true
		}
		if len(gap) <= 18 && !strings.ContainsAny(gap, ",，。;；") && !strings.Contains(gap, "公司") && !strings.Contains(gap, "企业") && !strings.Contains(gap, "身份证") && !strings.Contains(gap, "company") {
			return true
		}
	}
	return false
}
