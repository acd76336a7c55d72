package dialog

import (
	"maps"
	"slices"
	"unicode/utf8"

	"beianbot/knowledge"
)

// How the second reading of a described site is weighed against the expressions, in log odds.
const (
	overruled        = -5.0 // for a value that an expression found and that is taken for another
	leastOdds        = 1e-3 // of what the labelled messages never show
	clearer          = 3    // by which another verdict must be likelier than that of the expressions
	leastDescription = 12   // characters of a message that can describe a site
	toldRather       = 1    // by which a value must be likelier told than left open, to be filled in
	nearly           = 1    // by which a value may be less likely than the likeliest and still be looked at
	worthIt          = 0.05 // likelihood from which another value of a fact is looked at,
	grave            = 0.5  // and from which a fact is left out that an expression found, or one is taken that only a person is for
)

// weigh takes the likeliest reading of a site that this message describes, see secondReader.weigh. stated are the facts that its words tell.
func (t *turn) weigh(stated Facts) {
	if utf8.RuneCountInString(t.u.masked) < leastDescription || stated.weight() < 1 {
		return
	}
	out := t.decide()
	if out.Ask == nil && out.Verdict == "" { // it is for a person, and stays so
		return
	}
	if out.Ask != nil && out.Ask.Fact == "location" && t.c.Slots.Domain != "" { // it is looked up
		return
	}
	var room [mostFeatures]feature
	named := len(t.e.u.places.mentions([]rune(t.u.masked))) > 0
	facts := t.e.u.second.weigh(t.k, t.situation(), reached(out), stated, lightly(t.u.masked, room[:0]), named, t.u.Slots.ServerLocation)
	t.taken = Facts{}
	for _, q := range t.k.Decision.Questions {
		if v := facts[q.Fact]; v != t.c.Facts[q.Fact] {
			t.taken[q.Fact] = v
			t.slotOfFact(q.Fact, v)
			if q.Fact == "location" && v == "" {
				t.c.Slots.ServerLocation = "" // it is asked
			}
		}
	}
	t.c.Facts = facts
}

// weighable are the facts that the second reading tells: those that are asked for, and those that a person is for.
func weighable(d *knowledge.Decision) []knowledge.FactID {
	var out []knowledge.FactID
	for _, q := range d.Questions {
		out = append(out, q.Fact)
	}
	for _, row := range d.Person {
		for id := range row.When {
			if f := d.Fact(id); f != nil && f.Slot == "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// weighing looks for the likeliest reading of a described site.
type weighing struct {
	k        *knowledge.Knowledge
	s        *secondReader
	sit      Situation
	features []feature
	placed   bool // a place, a machine or a provider is named: without one, where the site stands is not told
	odds     map[knowledge.FactID][]float32
	verdicts []float32
	best     map[string]weighed
}

// weighed is one reading and its log odds.
type weighed struct {
	facts Facts
	odds  float64
}

// weigh gives the likeliest reading of a site that a message describes: the facts that the expressions found, with those that the labelled messages tell of such
// a message, so that they come to the verdict that such messages come to. stated are the facts of this message: of those that are asked for, only they are taken for
// others, or left out, so that they are asked. as is what the situation comes to by the expressions; placed, whether words for a place are in it, and at,
// where the machine is by them: what both readers of places say is not taken for another.
func (s *secondReader) weigh(k *knowledge.Knowledge, sit Situation, as string, stated Facts, features []feature, placed bool, at knowledge.ServerLocation) Facts {
	if !slices.Contains(s.verdict.values, as) { // nothing is known of messages that come to it
		return sit.Facts
	}
	known := maps.Clone(sit.Facts)
	if known == nil {
		known = Facts{}
	}
	if l := string(sit.Slots.ServerLocation); l != "" && known["location"] == "" {
		known["location"] = l
	}
	sit.Slots.ServerLocation = "" // it would stand for a place that is left out
	w := &weighing{k: k, s: s, sit: sit, features: features, placed: placed, odds: map[knowledge.FactID][]float32{}, best: map[string]weighed{}}
	w.verdicts = s.verdict.odds(features, make([]float32, mostKinds))
	w.explore(known, 0, sit.Asked)
	for _, f := range weighable(&k.Decision) {
		asked := k.Decision.Question(f) != nil
		if stated[f] == "" && (asked || known[f] != "") || f == "location" && stated[f] == string(at) {
			continue
		}
		for i, v := range s.facts[f].values {
			p, bar := w.of(f)[i], float32(worthIt)
			if v == "" || !asked {
				bar = grave
			}
			if v == stated[f] || p < bar {
				continue
			}
			other := maps.Clone(known)
			other[f] = v
			if v == "" {
				delete(other, f)
			}
			w.explore(other, overruled+w.logOdds(f, v)-w.logOdds(f, stated[f]), sit.Asked)
		}
	}
	best, most := as, w.best[as].odds+clearer
	for _, v := range s.verdict.values {
		if x, ok := w.best[v]; ok && v != as && x.odds > most {
			best, most = v, x.odds
		}
	}
	if best == as {
		return sit.Facts
	}
	return w.best[best].facts
}

// reached is what a decision comes to, as the labels have it.
func reached(out Outcome) string {
	if out.Verdict == "" {
		return knowledge.NoVerdict
	}
	return string(out.Verdict)
}

func (w *weighing) of(f knowledge.FactID) []float32 {
	p, ok := w.odds[f]
	if !ok {
		p = w.s.facts[f].odds(w.features, make([]float32, mostKinds))
		w.odds[f] = p
	}
	return p
}

func (w *weighing) logOdds(f knowledge.FactID, value string) float64 {
	return w.s.facts[f].logOdds(w.of(f), value)
}

// explore follows the questions that the table would ask, by each of their answers, to its verdicts.
func (w *weighing) explore(facts Facts, odds float64, asked int) {
	sit := w.sit
	sit.Facts, sit.Asked = facts, asked
	out := Decide(w.k, sit)
	if out.Ask == nil {
		w.note(reached(out), facts, odds)
		return
	}
	w.note(knowledge.NoVerdict, facts, odds+w.logOdds(out.Ask.Fact, "")) // it is left open, and asked
	if out.Ask.Fact == "location" && !w.placed {
		return
	}
	most := w.logOdds(out.Ask.Fact, "") + toldRather
	for _, o := range out.Ask.Options {
		most = max(most, w.logOdds(out.Ask.Fact, o.Value)-nearly)
	}
	for _, o := range out.Ask.Options {
		if o.Value != factUnknown && w.logOdds(out.Ask.Fact, o.Value) >= most {
			next := maps.Clone(facts)
			next[out.Ask.Fact] = o.Value
			w.explore(next, odds+w.logOdds(out.Ask.Fact, o.Value), asked+1)
		}
	}
}

// note keeps the likeliest reading that comes to a verdict.
func (w *weighing) note(verdict string, facts Facts, odds float64) {
	odds += w.s.verdict.logOdds(w.verdicts, verdict)
	if old, ok := w.best[verdict]; !ok || odds > old.odds {
		w.best[verdict] = weighed{facts, odds}
	}
}
