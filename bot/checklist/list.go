// Package checklist makes a document list into something to keep: its words for a page, and a file to print and tick off.
package checklist

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// List is a document list with what stands beside it.
type List struct {
	dialog.Checklist
	Lang      knowledge.Lang
	Sentences *knowledge.Sentences
	operator  knowledge.Operator
	made      time.Time
}

// New gives a list its words. made is when it is made, in the operator's time zone.
func New(k *knowledge.Knowledge, c dialog.Checklist, lang knowledge.Lang, made time.Time) List {
	return List{Checklist: c, Lang: lang, Sentences: k.Sentences, operator: k.Operator(), made: made}
}

// say gives a sentence with pairs of placeholder and value filled in.
func (l List) say(s knowledge.Text, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(s.In(l.Lang))
}

// From says whose list it is and when it was made.
func (l List) From() string { return l.say(l.Sentences.ListFrom, "date", l.made.Format(time.DateOnly)) }

// Part is a stretch of the list under one heading.
type Part struct {
	Heading string // "" for what is always needed
	Items   []dialog.ChecklistItem
}

// Parts are the documents that are always needed, then those that only some need.
func (l List) Parts() []Part {
	must, some := Part{}, Part{Heading: strings.TrimSpace(l.Sentences.OnlyIf.In(l.Lang))}
	for _, i := range l.Items {
		if i.If == "" {
			must.Items = append(must.Items, i)
		} else {
			some.Items = append(some.Items, i)
		}
	}
	return slices.DeleteFunc([]Part{must, some}, func(p Part) bool { return len(p.Items) == 0 })
}

// Name is an item's name and how many copies of it.
func (l List) Name(i dialog.ChecklistItem) string {
	if i.Copies > 1 {
		return i.Name + l.say(l.Sentences.Copies, "n", fmt.Sprint(i.Copies))
	}
	return i.Name
}

// Lines are what a good item looks like, when it is needed and where its form is.
func (l List) Lines(i dialog.ChecklistItem) []string {
	lines := strings.Split(i.Format, "\n")
	if i.If != "" {
		lines = append([]string{i.If}, lines...)
	}
	if i.Where != "" {
		lines = append(lines, l.say(l.Sentences.WhereToGet, "where", i.Where))
	}
	return lines
}

// SourceLine names what something rests on.
func (l List) SourceLine(sources ...string) string {
	return l.Sentences.ListSources.In(l.Lang) + strings.Join(sources, l.Sentences.SourceJoin.In(l.Lang))
}

// File is a name for the file: what the list is for, without signs that a file system refuses.
func (l List) File() string {
	words := strings.FieldsFunc(l.Sentences.ListHeading.In(l.Lang)+" "+l.Title, func(r rune) bool { return r < '0' || strings.ContainsRune(` ·:;<=>?@[\]^`+"`{|}~", r) })
	return strings.Join(words, "-") + ".pdf"
}
