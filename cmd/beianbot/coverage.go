package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"beianbot/dialog"
	"beianbot/knowledge"
)

type coverageCmd struct {
	JSON     bool   `help:"One JSON object for each cell."`
	Province string `help:"Only this province: CN-GD, 广东, Guangdong." placeholder:"NAME"`
	Subject  string `help:"Only this subject type: enterprise, 企业." placeholder:"NAME"`
	Type     string `help:"Only this filing type: first, 首次备案." placeholder:"NAME"`
	Dir      string `arg:"" optional:"" help:"Folder (default: knowledge.dir, else the embedded files)."`
}

// Help is shown after the flags.
func (coverageCmd) Help() string {
	return "Example:\n\n    beianbot knowledge coverage\n    beianbot knowledge coverage --province 广东\n    beianbot knowledge coverage --province CN-GD --type first --subject individual\n    beianbot knowledge coverage --json my-knowledge"
}

var marks = map[dialog.Footing]string{dialog.Own: "#", dialog.National: "-", dialog.AskUs: "?"}

// mark is how a field shows in the matrix: + where the province has notes only.
func mark(c dialog.Cell) string {
	if c.Footing == dialog.Own && c.OwnDemands == 0 {
		return "+"
	}
	return marks[c.Footing]
}

// subjectColumns are the ten subject types of the matrix.
var subjectColumns = knowledge.SubjectTypes[:10]

// Run prints the matrix, or as much of it as the filters leave.
func (c *coverageCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	if c.Dir != "" {
		conf.readKnowledge(c.Dir)
	}
	k, _, err := conf.loadKnowledge()
	if err != nil {
		return err
	}
	var provinces []*knowledge.Province
	for _, p := range k.Provinces {
		if p.Prefix != "" && named(c.Province, string(p.ID), p.Name, p.Words...) {
			provinces = append(provinces, p)
		}
	}
	types := keep(knowledge.FilingTypes, func(id knowledge.FilingTypeID) bool { return named(c.Type, string(id), k.FilingTypes[id].Name) })
	subjects := keep(subjectColumns, func(id knowledge.SubjectTypeID) bool { return named(c.Subject, string(id), k.SubjectTypes[id].Name) })
	for flag, n := range map[string]int{"--province " + c.Province: len(provinces), "--type " + c.Type: len(types), "--subject " + c.Subject: len(subjects)} {
		if n == 0 {
			return usageError{fmt.Errorf("%s: no such name; run beianbot knowledge coverage to see them", flag)}
		}
	}
	if c.JSON {
		return eachCell(k, provinces, types, subjects, func(cell dialog.Cell) error { return writeJSON(g.stdout, cell) })
	}
	switch {
	case len(provinces) == 1 && len(types) == 1 && len(subjects) == 1:
		oneCell(g.stdout, k, dialog.Filing{Type: types[0], Subject: subjects[0], Province: provinces[0].ID})
	case len(provinces) == 1:
		oneProvince(g.stdout, k, provinces[0], types, subjects)
	default:
		matrix(g.stdout, k, provinces, types, subjects)
	}
	return nil
}

func eachCell(k *knowledge.Knowledge, provinces []*knowledge.Province, types []knowledge.FilingTypeID, subjects []knowledge.SubjectTypeID, do func(dialog.Cell) error) error {
	for _, p := range provinces {
		for _, t := range types {
			for _, s := range subjects {
				if err := do(dialog.Cover(k, dialog.Filing{Type: t, Subject: s, Province: p.ID})); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// matrix prints a line for each province, a group for each filing type, and in it a mark for each subject type.
func matrix(w io.Writer, k *knowledge.Knowledge, provinces []*knowledge.Province, types []knowledge.FilingTypeID, subjects []knowledge.SubjectTypeID) {
	room := len(subjects)
	for _, t := range types {
		room = max(room, min(10, columns(shortType(k, t))))
	}
	fmt.Fprint(w, pad("", 13))
	for _, t := range types {
		fmt.Fprint(w, " ", pad(shortType(k, t), room))
	}
	fmt.Fprintln(w)
	counts := map[string]int{}
	for _, p := range provinces {
		fmt.Fprint(w, pad(strings.TrimPrefix(string(p.ID), "CN-")+" "+shortName(p.Name.ZH), 13))
		for _, t := range types {
			var b strings.Builder
			for _, s := range subjects {
				cell := dialog.Cover(k, dialog.Filing{Type: t, Subject: s, Province: p.ID})
				b.WriteString(mark(cell))
				counts[mark(cell)]++
			}
			fmt.Fprint(w, " ", pad(b.String(), room))
		}
		fmt.Fprintln(w)
	}
	var names []string
	for _, s := range subjects {
		names = append(names, k.SubjectTypes[s].Name.ZH)
	}
	fmt.Fprintf(w, "\n每组从左到右 / in each group, from the left:\n  %s\n  %s\n", strings.Join(names[:(len(names)+1)/2], " "), strings.Join(names[(len(names)+1)/2:], " "))
	fmt.Fprintf(w, "# 本省有材料要求 / own demands: %d   + 本省只有提醒 / own notes: %d\n- 只有全国规则 / national rules: %d   ? 请问我们 / ask us: %d\n", counts["#"], counts["+"], counts["-"], counts["?"])
	fmt.Fprintln(w, "看一个省 / one province: --province 广东\n看一格 / one cell: --province 广东 --type first --subject individual")
}

// oneProvince prints a line for each subject type and in it, for each filing type, how many documents, conditional ones and own rules there are.
func oneProvince(w io.Writer, k *knowledge.Knowledge, p *knowledge.Province, types []knowledge.FilingTypeID, subjects []knowledge.SubjectTypeID) {
	fmt.Fprintf(w, "%s %s\n\n%s", p.Name.ZH, p.Name.EN, pad("", 16))
	for _, t := range types {
		fmt.Fprint(w, " ", pad(shortType(k, t), 11))
	}
	fmt.Fprintln(w)
	for _, s := range subjects {
		fmt.Fprint(w, pad(shortSubject(k, s), 16))
		for _, t := range types {
			c := dialog.Cover(k, dialog.Filing{Type: t, Subject: s, Province: p.ID})
			text := fmt.Sprintf("%s%2d+%d", mark(c), c.Documents, c.Conditional)
			if len(c.OwnRules) > 0 {
				text += fmt.Sprintf(" 省%d", len(c.OwnRules))
			}
			if c.Refusals > 0 {
				text += "!"
			}
			fmt.Fprint(w, " ", pad(text, 11))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "\n# 9+2 省3: 材料 9 份,另有条件的 2 份,本省规则 3 条;! 有不受理的情形\n+ 本省只有提醒;- 只有全国规则;? 请问我们")
	fmt.Fprintln(w, "# 9+2 省3: 9 documents, 2 more under a condition, 3 own rules; ! some are refused\n+ own notes only; - national rules only; ? ask us")
}

// oneCell prints every rule that holds, with what it rests on.
func oneCell(w io.Writer, k *knowledge.Knowledge, f dialog.Filing) {
	c := dialog.Cover(k, f)
	fmt.Fprintf(w, "%s · %s · %s: %s\n", k.Province(f.Province).Name.ZH, k.SubjectTypes[f.Subject].Name.ZH, k.FilingTypes[f.Type].Name.ZH,
		map[dialog.Footing]string{dialog.Own: "本省规则 / own rule", dialog.National: "全国规则 / national rule", dialog.AskUs: "请问我们 / ask us"}[c.Footing])
	for _, r := range dialog.Rules(k, f) {
		text := r.Text.ZH
		if d := k.Documents[r.Document]; d != nil {
			text = strings.TrimSpace(d.Name.ZH + " " + text)
		}
		if !r.If.IsZero() {
			text += "(" + r.If.ZH + ")"
		}
		footing := dialog.National
		if slices.Contains(c.OwnRules, r.ID) {
			footing = dialog.Own
		}
		if slices.Contains(c.Unsure, r.ID) {
			footing = dialog.AskUs
		}
		var sources []string
		for _, id := range r.Sources {
			sources = append(sources, string(id)+" "+k.Sources[id].Date.Year())
		}
		fmt.Fprintf(w, "%s %s\n    %s, %s, %s: %s\n", marks[footing], text, r.ID, r.Effect, r.Confidence, strings.Join(sources, ", "))
	}
}

func keep[T any](list []T, ok func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !ok(v) })
}

// named reports whether a filter names a thing; an empty one names all.
func named(filter, id string, name knowledge.Text, words ...string) bool {
	return filter == "" || strings.EqualFold(filter, id) || strings.EqualFold("CN-"+filter, id) || filter == name.ZH || strings.EqualFold(filter, name.EN) ||
		filter == shortName(name.ZH) || slices.Contains(words, strings.ToLower(filter))
}

// shortName leaves out what kind of province it is.
func shortName(zh string) string {
	for _, end := range []string{"维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"} {
		if s, ok := strings.CutSuffix(zh, end); ok {
			return s
		}
	}
	return zh
}

// shortType is a filing type's name in at most ten columns.
func shortType(k *knowledge.Knowledge, id knowledge.FilingTypeID) string {
	switch id {
	case knowledge.AddSiteHere:
		return "新增(我司)"
	case knowledge.AddSiteElsewhere:
		return "新增(别家)"
	}
	return cut(k.FilingTypes[id].Name.ZH, 10)
}

func shortSubject(k *knowledge.Knowledge, id knowledge.SubjectTypeID) string {
	return cut(k.SubjectTypes[id].Name.ZH, 15)
}

// columns is how wide a text is in a terminal: Chinese characters take two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

func cut(s string, n int) string {
	for columns(s) > n {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-columns(s))) }
