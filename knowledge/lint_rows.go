package knowledge

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// cases are what a row holds for: by fact the values that it allows, as bits. The lowest bit stands for a fact that is not known, the next for its first value.
type cases []uint64

const notKnown = 1

// placedRow is a row with what it holds for, and the cases that it leaves to no row after it; nil when it leaves them all.
type placedRow struct {
	*Row
	i            int
	holds, takes cases
}

// lintRows reports rows of the table that can never be reached, and rows that contradict each other: the same conditions, another verdict.
func (l *loader) lintRows(f *file, d *Decision, rows []*Row) {
	if f.partial {
		return // a limit may only be misspelt, which is reported
	}
	kind := strings.TrimSuffix(path.Base(f.name), ".yaml")
	every := d.every(kind)
	var before []placedRow
	for i, r := range rows {
		if !d.knows(r.When) || !d.knows(r.Unless) {
			continue // reported as well
		}
		p := placedRow{Row: r, i: i, holds: every.limited(r)}
		if r.stops(kind) {
			p.takes = d.takes(kind, p)
		}
		why := p.fault(f, d, kind, before)
		always := p.takes != nil && every.within(p.takes)
		if why == "" && always && i+1 < len(rows) {
			why = "holds always, so the rows after it are never reached: move it to the end, or limit it by when"
		}
		if why != "" {
			l.fault(f, Error, []any{"rows", i}, "row %s %s", r.ID, why)
		}
		if always {
			return // one finding says it for all that follow
		}
		before = append(before, p)
	}
}

// fault is what is wrong with a row, by itself or behind those before it.
func (p placedRow) fault(f *file, d *Decision, kind string, before []placedRow) string {
	place := func(b placedRow) string { return fmt.Sprintf("%s (%s:%d)", b.ID, f.name, f.line([]any{"rows", b.i})) }
	if i := slices.Index(p.holds, 0); i >= 0 {
		return "never holds: its when and unless leave no value of " + string(d.Facts[i].ID)
	}
	if i := slices.IndexFunc(before, func(b placedRow) bool { return p.contradicts(b, kind) }); i >= 0 {
		return "contradicts " + place(before[i]) + ": the same conditions, but another verdict; narrow one, or take one away"
	}
	if i := slices.IndexFunc(before, func(b placedRow) bool { return b.takes != nil && p.holds.within(b.takes) }); i >= 0 {
		return "is never reached: " + place(before[i]) + ", which comes before, holds whenever it does: move it up, narrow the other, or take it away"
	}
	if names := p.holds.shared(before); len(names) > 0 {
		return "is never reached: " + strings.Join(names, ", ") + ", which come before, take every case of it: move it up, narrow one of them, or take it away"
	}
	return ""
}

// stops reports whether no row is tried after this one. Addons are all tried.
func (r *Row) stops(kind string) bool {
	switch kind {
	case "person":
		return r.Handover == InsteadOfThat
	case "filing":
		return !r.Continues
	}
	return kind == "licence"
}

func (p placedRow) contradicts(b placedRow, kind string) bool {
	mine, other := p.outcome(kind), b.outcome(kind)
	return mine != "" && other != "" && mine != other && slices.Equal(p.holds, b.holds)
}

// outcome is what a row comes to, as far as another can contradict it; empty for one that only adds.
func (r *Row) outcome(kind string) string {
	switch {
	case r.Handover == InsteadOfThat, kind == "person":
		return string(r.Handover)
	case kind == "filing":
		return string(r.Verdict)
	case kind == "licence" && r.Upgrade:
		return "licence"
	case kind == "licence":
		return "no licence"
	}
	return ""
}

// knows reports whether every fact and value of a limit is in the table.
func (d *Decision) knows(c Conditions) bool {
	for id, values := range c {
		if f := d.facts[id]; f == nil || slices.ContainsFunc(values, func(v string) bool { return f.Value(v) == nil }) {
			return false
		}
	}
	return true
}

// every are all cases that rows of a kind can meet. A fact with a silent value is always known; the verdict only once there is one.
func (d *Decision) every(kind string) cases {
	out := make(cases, len(d.Facts))
	for i, f := range d.Facts {
		values := (uint64(1)<<len(f.Values) - 1) << 1
		switch {
		case f.Slot == "verdict" && kind == "addons", f.Silent != "" && len(f.SilentUnless) == 0:
			out[i] = values
		case f.Slot == "verdict":
			out[i] = notKnown
		default:
			out[i] = values | notKnown
		}
	}
	return out
}

// limited are the cases among these that a row holds for.
func (c cases) limited(r *Row) cases {
	out := slices.Clone(c)
	for _, w := range r.when {
		out[w.fact] &= w.set << 1
	}
	for _, u := range r.unless {
		out[u.fact] &^= u.set << 1
	}
	return out
}

// takes are the cases that a row which stops the walk keeps from those after it: what it holds for, and where it asks, that the fact asked for is not known.
func (d *Decision) takes(kind string, p placedRow) cases {
	out := slices.Clone(p.holds)
	for _, w := range p.when {
		if kind != "person" && d.questions[d.Facts[w.fact].ID] != nil {
			out[w.fact] |= notKnown
		}
	}
	return out
}

// within reports that all these cases are among the others.
func (c cases) within(o cases) bool { return c.beyond(o) < 0 }

// beyond is the first fact that has a value here and not among the others; -1 for none.
func (c cases) beyond(o cases) int {
	for i := range c {
		if c[i]&^o[i] != 0 {
			return i
		}
	}
	return -1
}

// meets reports that some of these cases are among the others.
func (c cases) meets(o cases) bool {
	for i := range c {
		if c[i]&o[i] == 0 {
			return false
		}
	}
	return true
}

// shared names the rows that together take every one of these cases, without those that the others do not need; none when a case is left over.
func (c cases) shared(before []placedRow) []string {
	var rows []placedRow
	for _, b := range before {
		if b.takes != nil && c.meets(b.takes) {
			rows = append(rows, b)
		}
	}
	if !c.taken(rows) {
		return nil
	}
	for i := len(rows) - 1; i >= 0; i-- {
		if less := slices.Delete(slices.Clone(rows), i, i+1); c.taken(less) {
			rows = less
		}
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.ID)
	}
	return names
}

// taken reports that rows take every one of these cases. It looks for one that is left: among those that the first row does not take, then among the rest.
func (c cases) taken(rows []placedRow) bool {
	steps := maxSteps
	return c.takenIn(rows, &steps)
}

// maxSteps keeps a table that is hard to decide from holding up the start: the row then passes. Ours takes less than 20 for each.
const maxSteps = 1000

func (c cases) takenIn(rows []placedRow, steps *int) bool {
	*steps--
	near := slices.DeleteFunc(slices.Clone(rows), func(r placedRow) bool { return !c.meets(r.takes) })
	if *steps < 0 || len(near) == 0 {
		return false
	}
	first := near[0].takes
	i := c.beyond(first)
	if i < 0 {
		return true
	}
	rest, shared := slices.Clone(c), slices.Clone(c)
	rest[i] &^= first[i]
	shared[i] &= first[i]
	return rest.takenIn(near[1:], steps) && shared.takenIn(near, steps)
}
