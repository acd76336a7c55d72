package dialog

import (
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"beianbot/knowledge"
)

// Facts are what a customer said about the site beyond the slots, by fact and value of knowledge/data/decision.
type Facts map[knowledge.FactID]string

// Remember gives the facts of a conversation after a message: newer statements take the place of older ones, and wishes of earlier messages
// (to get round the filing, a notice received) are forgotten, as is what held until something else was told. Neither argument is changed.
func Remember(k *knowledge.Knowledge, known, newer Facts) Facts {
	out := maps.Clone(known)
	if out == nil {
		out = Facts{}
	}
	for id, value := range out {
		f := k.Decision.Fact(id)
		if f == nil {
			continue
		}
		v := f.Value(value)
		if f.Passing || v != nil && slices.ContainsFunc(v.Until, func(id knowledge.FactID) bool { return newer[id] != "" }) {
			delete(out, id)
		}
	}
	maps.Copy(out, newer)
	return out
}

// ExtractFacts gives what a normalised message states, see readFacts.
func ExtractFacts(k *knowledge.Knowledge, normalised string, asked knowledge.FactID) Facts {
	f, _ := readFacts(k, normalised, asked)
	return f
}

// readFacts reads what a normalised message states, and whether it asks if a filing is needed. asked is the fact of the open question, so that a short answer ("香港", "没有")
// states it; empty when none is open.
func readFacts(k *knowledge.Knowledge, normalised string, asked knowledge.FactID) (Facts, bool) {
	d := &k.Decision
	r := d.Read(normalised)
	if len(r.Statements) == 0 {
		return nil, r.Asks
	}
	kept := undisputed(r.Statements)
	out := Facts{}
	said := make([]bool, r.Clauses)
	for _, s := range kept {
		if d.Question(d.ByIndex(s.Fact).ID) != nil {
			said[s.Clause] = true
		}
	}
	for start := 0; start < len(kept); {
		end := start
		for end < len(kept) && kept[end].Fact == kept[start].Fact {
			end++
		}
		f := d.ByIndex(kept[start].Fact)
		if v := settle(f, kept[start:end], r.Tenses); v == factUndecided {
			out[f.ID] = factOpen
		} else if v != "" {
			out[f.ID] = v
		}
		start = end
	}
	if out["location"] == "" && (out["filed"] != "" || out["cdn"] != "") && slices.ContainsFunc(kept, func(s knowledge.Statement) bool {
		return d.ByIndex(s.Fact).ID == "location" && r.Tenses[s.Clause] == knowledge.Perhaps
	}) {
		out["location"] = factOpen // told of somebody else's machine, or of one to come
	}
	if v := out["host"]; out["location"] != "" && v != "" && latest(d, kept, r.Tenses, "location") < knowledge.Present && latest(d, kept, r.Tenses, "host") >= knowledge.Present {
		out["location"] = derived(d, "location", Facts{"host": v}) // where it was once gives way to whose machine it is now
	}
	if out["name"] == "" && underAnother(normalised) {
		out["name"] = "subdomain"
	}
	if out["tunnel"] == "yes" && out["location"] == "" { // where the tunnel is, is not where the machine is
		if at := derived(d, "location", Facts{"place": out["place"]}); at != "" {
			out["location"] = at
		} else if len(out) > 2 {
			out["location"] = factOpen
		}
	}
	unite(d, kept, r.Tenses, out)
	contradict(d, kept, r.Tenses, out, []rune(normalised), r.TakesBack)
	if f := d.Fact(asked); f != nil && (out[asked] == "" || out[asked] == factOpen) {
		if v := answerTo(f, r, said, []rune(normalised)); v != "" {
			out[asked] = v
		}
	}
	return out, r.Asks
}

// grave reports whether a message tells of what is for a person before all else: unlawful content, getting round the filing, a notice.
func (f Facts) grave() bool {
	return f["illegal"] == "yes" || f["bypass"] == "yes" || f["notice"] == "yes"
}

// weight counts the facts on which a verdict hangs most: two of them make a message the description of a site.
func (f Facts) weight() int {
	n := 0
	for _, id := range []knowledge.FactID{"location", "filed", "reach", "service", "cdn", "access_here", "name", "app_store", "app_online", "tunnel", "place", "backend"} {
		if f[id] != "" && !(id == "name" && f[id] == "domain") {
			n++
		}
	}
	return n
}

// undisputed keeps, of statements on one fact that overlap, the longest: "没备过" and not the "备过" in it. Sorted by fact.
func undisputed(all []knowledge.Statement) []knowledge.Statement {
	list := make([]knowledge.Statement, 0, len(all))
	for _, s := range all {
		if !s.Answer() {
			list = append(list, s)
		}
	}
	return longest(list)
}

func longest(list []knowledge.Statement) []knowledge.Statement {
	slices.SortFunc(list, func(a, b knowledge.Statement) int {
		switch {
		case a.Fact != b.Fact:
			return a.Fact - b.Fact
		case a.Bar() != b.Bar():
			if a.Bar() {
				return -1
			}
			return 1
		case a.End-a.Start != b.End-b.Start:
			return (b.End - b.Start) - (a.End - a.Start)
		case a.Void() != b.Void():
			if a.Void() {
				return -1
			}
			return 1
		}
		return a.Value - b.Value
	})
	out := list[:0:0]
	first := 0
	for _, s := range list {
		if len(out) > 0 && out[len(out)-1].Fact != s.Fact {
			first = len(out)
		}
		if !slices.ContainsFunc(out[first:], func(o knowledge.Statement) bool {
			return s.Start < o.End && o.Start < s.End && !(o.Value == s.Value && o.Void() == s.Void())
		}) {
			out = append(out, s)
		}
	}
	return slices.DeleteFunc(out, knowledge.Statement.Void)
}

// unite gives a fact the value that means several stated ones together: a machine here and one abroad are on both sides.
func unite(d *knowledge.Decision, kept []knowledge.Statement, tenses []knowledge.Tense, out Facts) {
	for _, f := range d.Facts {
		for _, v := range f.Values {
			if len(v.Unites) == 0 || !slices.Contains(v.Unites, out[f.ID]) {
				continue
			}
			// Said as such, it outweighs what else is said in the same tense of one part alone: 一台成都,一台东京,国外的那台…
			at, of := knowledge.Dropped, knowledge.Dropped
			for _, s := range kept {
				if s.Fact == f.Index() && f.Values[s.Value].ID == v.ID {
					at = max(at, tenses[s.Clause])
				} else if s.Fact == f.Index() && f.Values[s.Value].ID == out[f.ID] {
					of = max(of, tenses[s.Clause])
				}
			}
			if at >= knowledge.Present && at >= of {
				out[f.ID] = v.ID
				continue
			}
			if out["domain_new"] == "yes" { // two domains are two sites, and each stands where it stands
				continue
			}
			if !slices.ContainsFunc(v.UnitedBy, func(id knowledge.FactID) bool { return out[id] != "" }) {
				continue
			}
			all := true
			for _, u := range v.Unites {
				all = all && slices.ContainsFunc(kept, func(s knowledge.Statement) bool {
					return s.Fact == f.Index() && f.Values[s.Value].ID == u && tenses[s.Clause] >= knowledge.Present
				})
			}
			if all {
				out[f.ID] = v.ID
			}
		}
	}
}

// factOpen is the value of a fact on which a message says two things that cannot both hold: as good as unsaid, and never filled in from elsewhere, so that it is asked.
const factOpen = knowledge.FactOpen

// factUndecided is the value of what the customer has not made up their mind about yet: it is asked like what was left open.
const factUndecided = knowledge.FactUndecided

// hostWord is what looks like a host; a full stop of Chinese has become a dot and may stand before it.
var hostWord = regexp.MustCompile(`[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]*[a-z0-9])+`)

// underAnother reports whether a text names a host under another that it names too: help.example.cn and example.cn.
func underAnother(text string) bool {
	found := hostWord.FindAllString(text, -1)
	for _, a := range found {
		for _, b := range found {
			if under, ok := strings.CutSuffix(a, "."+b); ok && under != "www" {
				return true
			}
		}
	}
	return false
}

// contradict opens the facts on which a message contradicts itself: two values stated in one tense of a fact that does not bear it, unless the message takes something
// back itself or the latter is told as a move, or a value beside one of another fact that it does not go with.
func contradict(d *knowledge.Decision, kept []knowledge.Statement, tenses []knowledge.Tense, out Facts, text []rune, corrected bool) {
	for _, f := range d.Facts {
		v := f.Value(out[f.ID])
		if v == nil {
			continue
		}
		if f.Single && len(v.Unites) == 0 {
			best, last, moved := knowledge.Dropped, 0, false
			for _, s := range kept {
				if s.Fact == f.Index() && f.Values[s.Value].ID == v.ID {
					best, last = max(best, tenses[s.Clause]), max(last, s.Start)
					said := string(text[s.Start:min(s.End, len(text))])
					moved = moved || slices.ContainsFunc(d.Words("relocate"), func(w string) bool { return strings.Contains(said, w) })
				}
			}
			if slices.ContainsFunc(kept, func(s knowledge.Statement) bool {
				if s.Fact != f.Index() || f.Values[s.Value].ID == v.ID {
					return false
				}
				unsure := f.Values[s.Value].ID == f.Unknown && tenses[s.Clause] >= knowledge.Present && s.Start > last
				return unsure || !corrected && tenses[s.Clause] >= best && !(moved && s.Start < last)
			}) {
				out[f.ID] = factOpen
			}
		}
		if clashes(*v, out) {
			out[f.ID] = factOpen
			for _, other := range f.Values { // what else was said of it, if that goes with the rest
				if other.ID != v.ID && !clashes(other, out) && slices.ContainsFunc(kept, func(s knowledge.Statement) bool {
					return s.Fact == f.Index() && f.Values[s.Value].ID == other.ID && tenses[s.Clause] != knowledge.Perhaps
				}) {
					out[f.ID] = other.ID
					break
				}
			}
		}
	}
}

// clashes reports whether a value does not go with what is said of other facts.
func clashes(v knowledge.FactValue, said Facts) bool {
	for id, values := range v.Clashes {
		if slices.Contains(values, said[id]) {
			return true
		}
	}
	return false
}

// derived is what the knowledge's rules make of a fact from others alone; "" for nothing.
func derived(d *knowledge.Decision, id knowledge.FactID, from Facts) string {
	s := d.State(func(id knowledge.FactID) string { return from[id] })
	s.Complete()
	return s.Get(id)
}

// latest is the greatest tense in which anything is said on a fact.
func latest(d *knowledge.Decision, kept []knowledge.Statement, tenses []knowledge.Tense, id knowledge.FactID) knowledge.Tense {
	out := knowledge.Perhaps
	for _, s := range kept {
		if d.ByIndex(s.Fact).ID == id {
			out = max(out, tenses[s.Clause])
		}
	}
	return out
}

// settle picks the value that counts among the statements on one fact.
func settle(f *knowledge.Fact, list []knowledge.Statement, tenses []knowledge.Tense) string {
	best := -1
	for i, s := range list {
		if tenses[s.Clause] == knowledge.Perhaps && !f.Passing { // a wish is one however far off it is
			continue
		}
		if best < 0 || better(f, s, list[best], tenses) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	// What was planned once tells nothing of what is, nor does the CDN of former times.
	if t := tenses[list[best].Clause]; f.Tense && (f.Single && t == knowledge.Dropped || f.Resolve == "strongest" && t < knowledge.Present) {
		return factOpen
	}
	return f.Values[list[best].Value].ID
}

func better(f *knowledge.Fact, a, b knowledge.Statement, tenses []knowledge.Tense) bool {
	if ta, tb := tenses[a.Clause], tenses[b.Clause]; f.Tense && ta != tb && (f.Resolve != "strongest" || min(ta, tb) < knowledge.Present) {
		return ta > tb
	}
	if f.Resolve == "strongest" {
		return a.Value < b.Value
	}
	return a.Start > b.Start
}

// answerTo reads a short answer: expressions that count only after the question, in parts of the message that state nothing else, and not inside the words that look like an
// answer and are none (没事, 没看懂: no_answers of words.yaml).
func answerTo(f *knowledge.Fact, r knowledge.Reading, said []bool, text []rune) string {
	var list []knowledge.Statement
	for _, s := range r.Statements {
		if s.Answer() && f.Index() == s.Fact && !said[s.Clause] && !copula(text, s) && !r.NoAnswer(s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return ""
	}
	list = longest(list)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Start < list[j].Start })
	return f.Values[list[0].Value].ID
}

// copula reports whether a 是 tells who somebody is ("我是个体户") instead of answering yes.
func copula(text []rune, s knowledge.Statement) bool {
	return s.End-s.Start == 1 && s.Start > 0 && s.End <= len(text) && text[s.Start] == '是' && strings.ContainsRune("我们咱俺你他她它这那名站体司", text[s.Start-1])
}
