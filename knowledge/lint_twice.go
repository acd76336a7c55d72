package knowledge

import "strings"

// lintTwice reports what may stand once only: an id, a place or the prefix of two provinces, and, as a warning, an example phrase, which teaches nothing when it stands
// under two topics.
func (l *loader) lintTwice() {
	type thing struct{ what, id string }
	type where struct {
		f  *file
		at []any
	}
	seen := map[thing]where{}
	for _, f := range l.files {
		once := func(sev Severity, what, id string, at ...any) {
			t := thing{what, strings.ToLower(strings.TrimSpace(id))}
			first, again := seen[t]
			switch {
			case t.id == "" && sev == Warning:
				l.fault(f, sev, at, "an empty %s", what) // an empty id is missing, which is reported
			case again && t.id != "":
				l.fault(f, sev, at, "%s %q stands in %s:%d already", what, id, first.f.name, first.f.line(first.at))
			default:
				seen[t] = where{f, at}
			}
		}
		switch v := f.value.(type) {
		case *sourcesFile:
			for i, s := range v.Sources {
				once(Error, "source", string(s.ID), "sources", i, "id")
			}
		case *documentsFile:
			for i, d := range v.Documents {
				once(Error, "document", string(d.ID), "documents", i, "id")
			}
		case *statusesFile:
			for i, s := range v.Statuses {
				once(Error, "status", string(s.ID), "statuses", i, "id")
			}
		case *questionsFile:
			for i, q := range v.Questions {
				once(Error, "question", string(q.Fact), "questions", i, "fact")
			}
		case *Province:
			once(Error, "prefix", v.Prefix, "prefix")
			for i, w := range v.Words {
				once(Error, "place", w, "words", i)
			}
			for i, p := range v.Places {
				once(Error, "place", p, "places", i)
			}
		case *storiesFile:
			for i, p := range v.Phrases {
				once(Warning, "story", p, "phrases", i)
			}
		case *examplesFile:
			for i, p := range v.Phrases {
				once(Warning, "phrase", p, "phrases", i)
			}
		}
	}
}
