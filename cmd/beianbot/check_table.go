package main

import (
	"cmp"
	"io"
	"strings"
	"time"
	"unicode"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// checkTable writes reports as lines of columns: the name, the five conditions, where it points, until when, at whom.
type checkTable struct {
	k      *knowledge.Knowledge
	lang   knowledge.Lang
	widths []int
}

// maxNameColumn keeps one absurd line from pushing all others off the screen.
const maxNameColumn = 40

// heads are the columns after the name: the conditions in short, by their order.
var heads = map[knowledge.Lang][]string{
	knowledge.ZH: {"域名", "后缀", "注册商", "有效期", "实名", "持有者", "指向", "到期", "注册在"},
	knowledge.EN: {"domain", "suffix", "registrar", "valid", "real name", "holder", "points to", "expires", "registered at"},
}

// places are the words for where a name points.
var places = map[knowledge.Lang]map[string]string{
	knowledge.ZH: {"mainland": "大陆", "overseas": "海外", "mixed": "两边都有", "unknown": "?"},
	knowledge.EN: {"mainland": "mainland", "overseas": "overseas", "mixed": "both", "unknown": "?"},
}

func newCheckTable(k *knowledge.Knowledge, lang knowledge.Lang, names []string) *checkTable {
	t := &checkTable{k: k, lang: lang}
	for _, h := range heads[lang] {
		t.widths = append(t.widths, columns(h))
	}
	for _, n := range names {
		t.widths[0] = max(t.widths[0], min(columns(printable(n)), maxNameColumn))
	}
	for _, where := range places[lang] {
		t.widths[6] = max(t.widths[6], columns(where))
	}
	t.widths[7] = len(time.DateOnly)
	return t
}

func (t *checkTable) head(w io.Writer) { t.line(w, heads[t.lang]) }

func (t *checkTable) row(w io.Writer, r dialog.DomainReport) {
	name := printable(cmp.Or(r.Unicode, r.Domain))
	if r.Error != "" {
		t.line(w, []string{name, "! " + r.Error})
		return
	}
	cells := []string{name}
	for _, c := range r.Conditions {
		cells = append(cells, map[dialog.Result]string{dialog.Pass: "✓", dialog.Fail: "✗", dialog.Unknown: "?"}[c.Result])
	}
	date := ""
	if !r.ExpiresAt.IsZero() {
		date = r.ExpiresAt.In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
	}
	t.line(w, append(cells, places[t.lang][r.Hosting.Location], date, printable(r.Registrar)))
}

// line pads cells to the columns' widths.
func (t *checkTable) line(w io.Writer, cells []string) {
	var b strings.Builder
	for i, c := range cells {
		if i == len(cells)-1 {
			b.WriteString(c)
			break
		}
		b.WriteString(pad(c, t.widths[i]) + "  ")
	}
	io.WriteString(w, strings.TrimRight(b.String(), " ")+"\n")
}

// printable takes out what would steer a terminal: names and answers come from anywhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) {
			return r
		}
		return -1
	}, s)
}
