package dialog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"beianbot/knowledge"
)

// The tables under testdata/matrix say what a customer has to be told, written from the published facts and not from the knowledge files: one for each
// province and base.txt for the country. A line holds for the cells of subject × filing that it names, and for no other:
//
//	organisations | first access | document  | commitment_letter           must be handed in; "document?" only under a condition
//	individual    | filings      | refuses?  | 外地身份证                   refused under a condition; "refuses" without one
//	all -law_firm | change       | says      | 更名 公章                    a note in which all these words occur; "says?" with a condition
//
// Subjects: ids, all, organisations; filings: ids, all, sites, filings; a word with - takes away. After a document, words that occur in its rule may follow.
// Two lines with the same last column add up. In a province's table every rule of its own must be named by a line.

type matrixRow struct {
	line     string // file:line, for failures
	cells    map[matrixCell]bool
	how      string
	what     string
	document knowledge.DocumentID
	words    []string
}

type matrixCell struct {
	Subject knowledge.SubjectTypeID
	Type    knowledge.FilingTypeID
}

var (
	subjectWords = map[string][]knowledge.SubjectTypeID{"all": knowledge.SubjectTypes, "organisations": knowledge.SubjectTypes[1:]}
	filingWords  = map[string][]knowledge.FilingTypeID{
		"all":     knowledge.FilingTypes,
		"sites":   {knowledge.First, knowledge.Access, knowledge.AddSiteHere, knowledge.AddSiteElsewhere},
		"filings": {knowledge.First, knowledge.Access, knowledge.AddSiteHere, knowledge.AddSiteElsewhere, knowledge.App},
	}
)

func chosen[T ~string](t *testing.T, line, column string, groups map[string][]T, all []T) []T {
	t.Helper()
	var out []T
	for _, w := range strings.Fields(column) {
		w, away := strings.CutPrefix(w, "-")
		members := groups[w]
		if members == nil {
			if !slices.Contains(all, T(w)) {
				t.Fatalf("%s: %q is neither an id nor a group", line, w)
			}
			members = []T{T(w)}
		}
		if away {
			out = slices.DeleteFunc(out, func(v T) bool { return slices.Contains(members, v) })
		} else {
			out = append(out, members...)
		}
	}
	return out
}

func readMatrix(t *testing.T, file string) []matrixRow {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []matrixRow
	for i, l := range strings.Split(string(b), "\n") {
		l, _, _ = strings.Cut(l, "#")
		if strings.TrimSpace(l) == "" {
			continue
		}
		at := fmt.Sprintf("%s:%d", file, i+1)
		col := strings.Split(l, "|")
		if len(col) != 4 {
			t.Fatalf("%s: %d columns, not 4", at, len(col))
		}
		r := matrixRow{line: at, how: strings.TrimSpace(col[2]), what: strings.Join(strings.Fields(col[3]), " "), cells: map[matrixCell]bool{}}
		r.words = strings.Fields(r.what)
		switch strings.TrimSuffix(r.how, "?") {
		case "document":
			r.document, r.words = knowledge.DocumentID(r.words[0]), r.words[1:]
		case "says", "refuses":
		default:
			t.Fatalf("%s: %q is none of document, says, refuses", at, r.how)
		}
		if len(r.words) == 0 && r.document == "" {
			t.Fatalf("%s: the last column is empty", at)
		}
		for _, s := range chosen(t, at, col[0], subjectWords, knowledge.SubjectTypes) {
			for _, f := range chosen(t, at, col[1], filingWords, knowledge.FilingTypes) {
				r.cells[matrixCell{s, f}] = true
			}
		}
		rows = append(rows, r)
	}
	for i := range rows { // lines with the same last column add up
		for j := range rows {
			if rows[i].what == rows[j].what && rows[i].how == rows[j].how {
				for c := range rows[j].cells {
					rows[i].cells[c] = true
				}
			}
		}
	}
	return rows
}

// names reports whether a row speaks of a rule: the kind of rule and all its words.
func (row matrixRow) names(r *knowledge.Rule) bool {
	effect := map[string]knowledge.Effect{"document": knowledge.Requires, "says": knowledge.Note, "refuses": knowledge.Refuses}[strings.TrimSuffix(row.how, "?")]
	if r.Effect != effect || row.document != r.Document {
		return false
	}
	text := r.Text.ZH + r.If.ZH
	if r.Disputed != nil {
		text += r.Disputed.Text.ZH
	}
	return !slices.ContainsFunc(row.words, func(w string) bool { return !strings.Contains(text, w) })
}

// conditional reports whether the row's rule is told with a condition.
func (row matrixRow) conditional() bool { return strings.HasSuffix(row.how, "?") }

var (
	certificates = map[knowledge.SubjectTypeID][]knowledge.DocumentID{
		knowledge.Individual:           {"id_card_individual"},
		knowledge.Enterprise:           {"business_licence"},
		knowledge.SoleTrader:           {"business_licence_sole_trader"},
		knowledge.Institution:          {"institution_certificate"},
		knowledge.Government:           {"government_certificate"},
		knowledge.SocialOrganisation:   {"social_organisation_certificate"},
		knowledge.PrivateNonEnterprise: {"private_non_enterprise_certificate"},
		knowledge.Foundation:           {"foundation_certificate"},
		knowledge.LawFirm:              {"law_firm_licence"},
		knowledge.ForeignOffice:        {"foreign_office_certificate", "organisation_code_certificate"}, // the second in Shanghai
		knowledge.OtherSubject:         {"other_certificate"},
	}
	organisationsOnly = []knowledge.DocumentID{"id_card_subject_head", "id_card_site_head", "subject_head_authorisation", "site_head_authorisation", "staffing_form",
		"gov_domain_form", "rename_letter", "appointment_proof", "parent_company_documents", "registry_proof"}
	individualsOnly = []knowledge.DocumentID{"id_card_individual", "backdrop_photo"}
)

// TestMatrix asks for the documents of every subject and filing in every province, as a customer who has said all three.
func TestMatrix(t *testing.T) {
	k := loadKnowledge(t)
	w := world{e: NewEngine(k, nil)}
	base := readMatrix(t, "testdata/matrix/base.txt")
	cells := 0
	for _, p := range k.Provinces {
		if p.Prefix == "" {
			continue
		}
		t.Run(string(p.ID), func(t *testing.T) {
			own := map[*knowledge.Rule]bool{}
			for i := range p.Rules {
				own[&p.Rules[i]] = false
			}
			rows := readMatrix(t, filepath.Join("testdata/matrix", string(p.ID)+".txt"))
			for _, subject := range knowledge.SubjectTypes {
				for _, typ := range knowledge.FilingTypes {
					cells++
					c := matrixCell{subject, typ}
					f := Filing{Type: typ, Subject: subject, Province: p.ID}
					documents, _, _ := List(k, f)
					_, replies := w.say(Conversation{Lang: knowledge.ZH, Slots: Slots{FilingType: typ, SubjectType: subject, Province: p.ID}}, "要准备什么材料")
					_, english := w.say(Conversation{Lang: knowledge.EN, Slots: Slots{FilingType: typ, SubjectType: subject, Province: p.ID}}, "which documents do I need")
					for _, replies := range [][]Reply{replies, english} {
						if len(replies) != 1 || replies[0].Checklist == nil {
							t.Fatalf("%v: %d replies, no list", c, len(replies))
						}
						answered(t, c, p, documents, replies[0])
					}
					rightCertificate(t, c, documents)
					told(t, c, k, f, base, replies[0], nil)
					told(t, c, k, f, rows, replies[0], own)
				}
			}
			for r, named := range own {
				if !named {
					t.Errorf("rule %s is in the knowledge, but no line of the table names it", r.ID)
				}
			}
		})
	}
	if want := 31 * 7 * 11; cells != want {
		t.Errorf("walked %d cells, not %d", cells, want)
	}
}

// TestPeople asks as a private person who says that the identity card is from elsewhere, or to be under age.
func TestPeople(t *testing.T) {
	k := loadKnowledge(t)
	w := world{e: NewEngine(k, nil)}
	b, err := os.ReadFile("testdata/matrix/people.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, l := range strings.Split(string(b), "\n") {
		col := strings.Fields(strings.ReplaceAll(l, "|", " "))
		if len(col) != 3 || col[0] == "#" {
			continue
		}
		lines++
		ask := func(fact knowledge.FactID, value string) Reply {
			slots := Slots{FilingType: knowledge.First, SubjectType: knowledge.Individual, Province: knowledge.ProvinceID(col[0])}
			_, replies := w.say(Conversation{Lang: knowledge.ZH, Slots: slots, Facts: Facts{fact: value}}, "要准备什么材料")
			return replies[0]
		}
		has := func(r Reply, ids ...knowledge.DocumentID) bool {
			return slices.ContainsFunc(r.Checklist.Items, func(i ChecklistItem) bool { return slices.Contains(ids, i.ID) && i.If == "" })
		}
		refused := func(r Reply) bool { return strings.HasPrefix(r.Text, "⚠") }
		if r := ask("id_elsewhere", "yes"); col[1] != "-" && (refused(r) != (col[1] == "refused") || has(r, "residence_proof") != (col[1] == "proof")) {
			t.Errorf("%s: a card from elsewhere should be: %s\n%s", col[0], col[1], r.Text)
		}
		if r := ask("id_elsewhere", "no"); refused(r) || has(r, "residence_proof") {
			t.Errorf("%s: has a card of the province, but\n%s", col[0], r.Text)
		}
		r := ask("minor", "yes")
		proof := has(r, "minor_proof", "guardian_documents")
		switch col[2] {
		case "-":
		case "18":
			if !refused(r) || proof {
				t.Errorf("%s: under 18 should be refused\n%s", col[0], r.Text)
			}
		default:
			if refused(r) || col[2] == "proof" && !proof || col[2] != "proof" && !strings.Contains(r.Text, col[2]+" 岁") {
				t.Errorf("%s: under 18 should be: %s\n%s", col[0], col[2], r.Text)
			}
		}
	}
	if lines != 31 {
		t.Errorf("%d provinces, not 31", lines)
	}
}

// answered holds what every cell has: a list or the plain word that nothing is to be uploaded, who decides, the next step, and a dated source each.
func answered(t *testing.T, c matrixCell, p *knowledge.Province, documents []Listed, reply Reply) {
	t.Helper()
	nothing, must := "不用上传材料", []string{"以" + p.Authority.ZH + "最新要求为准", "下一步:"}
	if reply.Lang == knowledge.EN {
		nothing, must = "nothing to upload", []string{"latest requirements of " + p.Authority.EN, "Next step: "}
	}
	certain := slices.ContainsFunc(documents, func(d Listed) bool { return !d.Conditional })
	if certain == strings.Contains(reply.Text, nothing) {
		t.Errorf("%v: %d documents, but the answer reads\n%s", c, len(documents), reply.Text)
	}
	for _, s := range must {
		if !strings.Contains(reply.Text, s) {
			t.Errorf("%v: %q is not in the answer", c, s)
		}
	}
	if said := reply.Text + strings.Join(reply.Checklist.Notes, ""); strings.ContainsAny(said, "{}") {
		t.Errorf("%v: a placeholder was not filled in:\n%s", c, said)
	}
	if bad := unsourced(reply); bad != "" {
		t.Errorf("%v: %s", c, bad)
	}
	if len(reply.Checklist.Items) != len(documents) {
		t.Errorf("%v: %d items for %d documents", c, len(reply.Checklist.Items), len(documents))
	}
	for i, item := range reply.Checklist.Items {
		if !cited.MatchString(item.Source) || item.Name == "" || item.Format == "" || item.Copies < 1 {
			t.Errorf("%v: item %d is not complete: %+v", c, i+1, item)
		}
	}
}

func rightCertificate(t *testing.T, c matrixCell, documents []Listed) {
	t.Helper()
	has := slices.ContainsFunc(documents, func(d Listed) bool { return !d.Conditional && slices.Contains(certificates[c.Subject], d.Kind.ID) })
	if has != slices.Contains(filingWords["filings"], c.Type) {
		t.Errorf("%v: certificate of the subject asked for: %v", c, has)
	}
	for _, d := range documents {
		for subject, ids := range certificates {
			if slices.Contains(ids, d.Kind.ID) && !slices.Contains(certificates[c.Subject], d.Kind.ID) {
				t.Errorf("%v: is asked for %s, the certificate of %s", c, d.Kind.ID, subject)
			}
		}
		wrong := organisationsOnly
		if c.Subject != knowledge.Individual {
			wrong = individualsOnly
		}
		if slices.Contains(wrong, d.Kind.ID) {
			t.Errorf("%v: is asked for %s", c, d.Kind.ID)
		}
	}
}

// told holds that every rule which a row names for a cell is in the list and in the answer, and that no rule is there which rows name for other cells only.
// own: the province's rules, marked when a row names them; nil: the rows speak of the others.
func told(t *testing.T, c matrixCell, k *knowledge.Knowledge, f Filing, rows []matrixRow, reply Reply, own map[*knowledge.Rule]bool) {
	t.Helper()
	found := map[int]bool{}
	for _, r := range Rules(k, f) {
		if _, is := own[r]; own != nil && !is {
			continue
		}
		var named, here bool
		for i, row := range rows {
			if row.names(r) && row.conditional() == Conditional(r, f) {
				named = true
				if row.cells[c] {
					here, found[i] = true, true
				}
			}
		}
		if named && own != nil {
			own[r] = true
		}
		if here && !shown(k, r, reply.Checklist) {
			t.Errorf("%v: rule %s is not in the answer", c, r.ID)
		}
		if named && !here && (own != nil || !strings.HasPrefix(string(r.ID), string(f.Province))) {
			t.Errorf("%v: rule %s should not be here", c, r.ID)
		}
	}
	for i, row := range rows {
		if row.cells[c] && !found[i] {
			t.Errorf("%s: %v: %s %s is missing", row.line, c, row.how, row.what)
		}
	}
}

// shown reports whether a rule stands in a checklist, with its condition.
func shown(k *knowledge.Knowledge, r *knowledge.Rule, list *Checklist) bool {
	if r.Effect == knowledge.Requires {
		return slices.ContainsFunc(list.Items, func(i ChecklistItem) bool {
			return i.ID == r.Document && strings.Contains(i.Format, r.Text.ZH)
		})
	}
	return slices.ContainsFunc(list.Notes, func(n string) bool { return strings.Contains(n, r.Text.ZH) && strings.Contains(n, r.If.ZH) })
}

// BenchmarkDocuments is one document answer, from the customer's words to the list. The goal is 100 µs of CPU.
// BenchmarkDocumentAnswer is the list alone, once it is known which; BenchmarkDocuments the whole turn, from the customer's words.
func BenchmarkDocumentAnswer(b *testing.B) {
	e := NewEngine(loadKnowledge(b), nil)
	c := Conversation{Lang: knowledge.ZH, Slots: Slots{FilingType: knowledge.First, SubjectType: knowledge.Enterprise, Province: "CN-SH"}}
	for b.Loop() {
		t := &turn{e: e, k: e.k, c: c.clone(), now: testNow}
		t.serve(knowledge.Documents, 1)
		t.finish()
	}
}

func BenchmarkDocuments(b *testing.B) {
	w := world{e: NewEngine(loadKnowledge(b), nil)}
	c := Conversation{Lang: knowledge.ZH, Slots: Slots{FilingType: knowledge.First, SubjectType: knowledge.Enterprise, Province: "CN-SH"}}
	for b.Loop() {
		w.say(c, "要准备什么材料")
	}
}
