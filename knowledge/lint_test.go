package knowledge

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.yaml.in/yaml/v3"
)

// copied is the embedded folder, to be changed by a test.
func copied(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(Embedded(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(Embedded(), name)
		out[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// edit puts new in the place of the first old in a file, and gives the line where that begins; old must be in it.
func edit(t testing.TB, f fstest.MapFS, name, old, new string) (line string) {
	t.Helper()
	s := string(f[name].Data)
	if !strings.Contains(s, old) {
		t.Fatalf("%s has no %q", name, old)
	}
	f[name] = &fstest.MapFile{Data: []byte(strings.Replace(s, old, new, 1))}
	before, _, _ := strings.Cut(s, old)
	return strconv.Itoa(1 + strings.Count(before, "\n"))
}

func load(t testing.TB, f fs.FS) (*Knowledge, Findings) {
	t.Helper()
	k, findings, _ := Load(f, Options{Operator: Operator{Name: "甲", Phone: "1", FilingSystemURL: "https://a.example", Hours: Text{ZH: "早", EN: "am"}},
		Today: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)})
	return k, findings
}

const ruleGD = `
  - id: CN-GD.test
    about: %ABOUT%
    effect: %EFFECT%
    when: {filing_type: [first], subject_type: [individual]%FACT%}
%MORE%
    sources: [t_prov]
    confidence: medium
`

func withRule(about, effect, fact, more string) string {
	return "rules:" + strings.TrimRight(strings.NewReplacer("%ABOUT%", about, "%EFFECT%", effect, "%FACT%", fact, "%MORE%", more).Replace(ruleGD), "\n")
}

// row is a row of filing.yaml.
func row(id, when, verdict string) string {
	return "  - id: " + id + "\n    when: " + when + "\n    verdict: " + verdict + "\n    reason: {zh: 一, en: a}\n    sources: [t_doc]\n    confidence: high\n"
}

// TestLintFinds holds each check of a folder: what an operator may write wrong, and the line that says so.
func TestLintFinds(t *testing.T) {
	const gd, fees = "provinces/CN-GD.yaml", "topics/fees.yaml"
	const counties = "vocabulary/counties.yaml"
	const messages, sites = "labelled/messages.jsonl", "labelled/sites.jsonl"
	const suffixes, registrars, texts = "domain/suffixes.yaml", "domain/registrars.yaml", "domain/texts.yaml"
	const sentences, filing, licence, person = "sentences.yaml", "decision/filing.yaml", "decision/licence.yaml", "decision/person.yaml"
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"unknown key", gd, "id_prefix:", "id_prefx:", gd + `:4: error: unknown key "id_prefx"`},
		{"labelled: no such type", messages, `"subject_type": "enterprise"`, `"subject_type": "firm"`, `error: subject type "firm": not one of`},
		{"labelled: no such key", messages, `"slots"`, `"slot"`, messages + `:1: error: json: unknown field "slot"; each line is an object`},
		{"labelled: broken", messages, `{"text"`, `{text`, messages + `:1: error: invalid character`},
		{"labelled: nothing to learn", messages, `"slots": {}`, `"lang": "zh"`, "neither slots nor verdict: where a message says no slot"},
		{"labelled: no topic", messages, `, "topic": "documents", "slots": {"filing_type": "first"}`, "", messages + ":1: error: no topic, no verdict of a described site, and no slots"},
		{"labelled: no such province", messages, `"province": "CN-HN"`, `"province": "CN-XX"`, `error: no province "CN-XX"`},
		{"labelled: a whole number", messages, `{"text": "`, `{"text": "手机 13912345678 `, messages + ":1: error: a whole mobile or identity number: take digits out"},
		{"labelled: facts without verdict", messages, `"slots": {`, `"facts": {"filed": "no"}, "slots": {`, messages + ":1: error: facts without a verdict"},
		{"labelled: no such verdict", sites, `"verdict": "none"`, `"verdict": "maybe"`, sites + `:1: error: verdict "maybe": not one of`},
		{"labelled: no such value", sites, `"location": "mainland"`, `"location": "moon"`, sites + `:1: error: fact location has no value "moon"`},
		{"walk elsewhere", fees, "    asked:", "    walk: true\n    asked:", "walk goes on with the questions of need_filing, and only there"},
		{"missing translation", gd, "{zh: 广东省, en: Guangdong}", "{zh: 广东省}", gd + ":2: error: translation missing"},
		{"dead source", gd, "sources: [h_prov, t_prov, q_prov]", "sources: [nobody]", gd + `:17: error: no source "nobody"`},
		{"dead document", gd, "document: residence_proof", "document: nothing", gd + `:14: error: no document "nothing"`},
		{"dead replaced rule", gd, "rules:", withRule("age", "note", "", `    text: {zh: "要满十岁才行", en: "ten"}`+"\n    replaces: [nothing]"), `replaces "nothing", which does not exist`},
		{"dead fact", gd, `fact: {id_elsewhere: "yes"}`, `fact: {id_elswhere: "yes"}`, gd + `:13: error: no fact "id_elswhere"`},
		{"dead value", gd, `fact: {id_elsewhere: "yes"}`, `fact: {id_elsewhere: "ja"}`, `has no value "ja"`},
		{"unsourced", gd, "    sources: [t_prov]\n    confidence: medium\n", "", gd + ":19: error: rule CN-GD.age has no source"},
		{"expired", gd, `review_by: "2027-05-31"`, `review_by: "2026-11-30"`, gd + ":8: warning: review date 2026-11-30 has passed"},
		{"refused and asked for", gd, "rules:", withRule("residence", "refuses", `, fact: {id_elsewhere: "yes"}`, `    text: {zh: "不收外地身份证", en: "no"}`), "one refuses the filing, the other asks for a document"},
		{"always and sometimes", gd, "rules:", withRule("document", "requires", "", "    document: commitment_letter\n    if: {zh: 仅当要时, en: Only if asked}"), "one asks for commitment_letter always, the other only sometimes"},
		{"another number", gd, "rules:", withRule("after", "note", "", `    text: {zh: "页脚写主体备案号,不带“-2”", en: "two"}`), "contradicts"},
		{"another number than the nation's", gd, "rules:", withRule("domain", "note", "", `    text: {zh: "域名有效期最好剩 6 个月以上", en: "six"}`), "national.validity (national.yaml:"},
		{"replaced is none", gd, "rules:", withRule("domain", "note", "", `    text: {zh: "域名有效期最好剩 6 个月以上", en: "six"}`+"\n    replaces: [national.validity]"), ""},
		{"shadowed", "topics/duration.yaml", `      - "实名|同步"`, `      - "注销 同步"`, `pattern "注销 同步" of answer duration.sync is never reached: "注销|取消接入" of answer duration.cancel`},
		{"fits always", "topics/duration.yaml", "    asked:\n      - \"注销|取消接入\"\n      - \"cancel*|deregist*\"\n", "", "answer duration.cancel fits always"},
		{"last does not", fees, "  - id: fees.general\n", "  - id: fees.general\n    when: {filing_type: [app]}\n", ": error: the last answer must fit always"},
		{"nothing to do next", fees, `    next: {zh: "准备好材料就可以提交。", en: "With the documents ready you can apply."}` + "\n", "", ": warning: answer fees.general is the topic's general one, but has no details or no next"},
		{"answer of another topic", fees, "id: fees.general", "id: duration.fees", "begin its id with the topic"},
		{"newer view second", "topics/change.yaml", "sources: [h_change, t_doc]", "sources: [t_old]", "the other view has the newer source"},
		{"bad pattern", "topics/duration.yaml", `"注销|取消接入"`, `"注销||取消接入"`, "topics/duration.yaml:LINE: error: pattern"},
		{"named otherwise", gd, "id: CN-GD\n", "id: CN-XX\n", "the file must be named by its id"},
		{"operator by name", fees, "en:", "en: linktom", "is the operator's own"},
		{"unknown placeholder", fees, "{phone}", "{phon}", "topics/fees.yaml:LINE: error: unknown placeholder {phon}"},
		{"unknown placeholder in a sentence", sentences, `zh: "依据:{sources}"`, `zh: "依据:{bogus}"`, sentences + ":LINE: error: unknown placeholder {bogus}: only {sources} {operator} {phone} {filing_system} {hours} here"},
		{"another sentence's placeholder", sentences, "下一步:{step}", "下一步:{sources}", "error: unknown placeholder {sources}: only {step} {operator}"},
		{"misspelt placeholder of the operator", sentences, "or ask a person.", "or call {phonee}.", "error: unknown placeholder {phonee}"},
		{"placeholder that is no word", sentences, "依据:{sources}", "依据:{Sources}", "error: unknown placeholder {Sources}"},
		{"placeholder with a space", fees, "{phone}", "{phone }", "topics/fees.yaml:LINE: error: unknown placeholder {phone }"},
		{"unknown placeholder in the table", filing, "以后要用大陆服务器开网站", "以后要用{province}服务器开网站", filing + ":22: error: unknown placeholder {province}: only {operator} {phone} {filing_system} {hours} here"},
		{"unknown placeholder of a check", texts, ".{tld} 在工信部", ".{domain} 在工信部", "error: unknown placeholder {domain}: only {tld} {date} {operator}"},
		{"unknown placeholder of a province's suffixes", suffixes, "不收 .{tld};", "不收 .{suffix};", suffixes + ":165: error: unknown placeholder {suffix}: only {tld} {operator}"},
		{"unclosed placeholder", fees, "{phone}", "{phone", "topics/fees.yaml:LINE: error: a { or } stands alone: write a placeholder as {phone}"},
		{"unopened placeholder", sentences, "依据:{sources}", "依据:sources}", "error: a { or } stands alone"},
		{"bracket in a bracket", sentences, "依据:{sources}", "依据:{{sources}", "error: a { or } stands alone"},
		{"wide brackets", sentences, "依据:{sources}", "依据:｛sources｝", "error: a ｛ or ｝ of full width: write a placeholder as {phone}"},
		{"empty translation", fees, `en: "Cost"`, `en: ""`, "topics/fees.yaml:2: error: translation missing"},
		{"dead topic", fees, "topic: process", "topic: proces", `topics/fees.yaml:LINE: error: topic "proces": not one of`},
		{"unknown filing type", gd, "filing_type: [filings]", "filing_type: [frist]", gd + `:13: error: filing type "frist": not one of`},
		{"unknown effect", gd, "effect: note", "effect: notes", gd + `:31: error: effect "notes": not one of [requires note refuses]`},
		{"no date", gd, `review_by: "2027-05-31"`, `review_by: "31.5.2027"`, gd + `:8: error: "31.5.2027" is not a date`},
		{"no review date", gd, "review_by: \"2027-05-31\"\n", "", gd + ":1: error: review_by is missing"},
		{"unsourced answer", fees, "    sources: [t_doc, q_doc, r42]\n    confidence: high\n", "", "topics/fees.yaml:155: error: answer fees.general has no source"},
		{"unsourced document", "documents.yaml", "    sources: [s_help, t_doc, h_doc]\n    confidence: high\n", "", "documents.yaml:9: error: no source: name the publication"},
		{"key twice", gd, "prefix: 粤\n", "prefix: 粤\nprefix: 粤\n", gd + `:4: error: key "prefix" stands twice; the first is in line 3`},
		{"one for many", gd, "sources: [h_prov, t_prov, q_prov]", "sources: h_prov", gd + `:17: error: "h_prov" stands where a list`},
		{"text in one language", fees, `title: {zh: "费用", en: "Cost"}`, `title: 费用`, `topics/fees.yaml:2: error: "费用" stands where {zh: …, en: …} belongs`},
		{"open quote", gd, "prefix: 粤\n", "prefix: \"粤\n", gd + ":3: error: did not find expected key: look at quotes"},
		{"indented wrongly", gd, "    about: age\n", "   about: age\n", gd + ":9: error: did not find expected '-' indicator: look at quotes"},
		{"second document", gd, "prefix: 粤\n", "prefix: 粤\n---\nid: x\n", gd + ":4: error: a second document begins here (---), and nothing from here on is read: take the line away"},
		{"second document at the end", fees, "      - topic: process\n    sources: [t_doc, q_doc, r42]\n    confidence: high\n", "    sources: [t_doc, q_doc, r42]\n    confidence: high\n---\nid: x\n", "topics/fees.yaml:173: error: a second document begins here"},
		{"nothing but another document", gd, "id: CN-GD\n", "---\n# nothing\n--- {id: CN-GD}\n---\n", gd + ":3: error: a second document begins here"},
		{"second document that is no YAML", gd, "prefix: 粤\n", "prefix: 粤\n---\nid: \"x\n", gd + ":4: error: did not find expected key: look at quotes"},
		{"text behind the end", fees, "topic: process\n", "topic: process\n...\nid: x\n", "error: did not find expected <document start>: look at quotes"},
		{"wrong key before a second document", gd, "prefix: 粤\n", "prefx: 粤\n---\n", gd + ":4: error: a second document begins here"},
		{"rule twice", gd, "id: CN-GD.age", "id: CN-GD.residence", gd + `:19: error: rule "CN-GD.residence" stands twice`},
		{"answer twice", fees, "id: fees.licence", "id: fees.general", `topics/fees.yaml:155: error: answer "fees.general" stands twice`},
		{"source twice", "sources.yaml", "id: r292_2024", "id: r292", `sources.yaml:19: error: source "r292" stands in sources.yaml:13 already`},
		{"place of two provinces", gd, "places: [广州,", "places: [杭州,", `provinces/CN-ZJ.yaml:7: error: place "杭州" stands in ` + gd + ":7 already"},
		{"counties of no province", counties, "counties:\n  CN-BJ:", "counties:\n  CN-PK:", counties + `:66: error: no province "CN-PK"`},
		{"no counties", counties, "ordinary:", "ordinry:", counties + `:289: error: unknown key "ordinry"`},
		{"prefix of two provinces", gd, "prefix: 粤\n", "prefix: 浙\n", `provinces/CN-ZJ.yaml:3: error: prefix "浙" stands in ` + gd + ":3 already"},
		{"suffix twice", suffixes, "suffixes:\n", "suffixes:\n  - {name: \"CN\"}\n", suffixes + `:9: error: suffix "cn" stands in ` + suffixes + ":7 already"},
		{"suffix twice in another script", suffixes, "suffixes:\n", "suffixes:\n  - {name: \"xn--fiqs8s\", disputed: true}\n", suffixes + `:8: error: suffix "中国" stands in ` + suffixes + ":7 already"},
		{"registrar's number twice", registrars, "iana: 420,", "iana: 1599,", registrars + `:7: error: registrar "阿里巴巴云计算（北京）有限公司" stands in ` + registrars + ":6 already, by a name or by its number: make one of the two"},
		{"registrar's name twice", registrars, `names: ["烟台`, `names: ["HICHINA Zhicheng technology LTD", "烟台`, registrars + `:8: error: registrar "HICHINA Zhicheng technology LTD" stands in ` + registrars + ":7 already"},
		{"registrar approved and not", registrars, "iana: 420, approved: true", "iana: 1599, approved: false", "one is approved and the other is not, so keep what the ministry's list says"},
		{"phrase of two topics", "examples/fees.yaml", "phrases:\n", "phrases:\n  - 备案要多久\n", `examples/fees.yaml:3: warning: phrase "备案要多久" stands in examples/duration.yaml:3 already`},
		{"empty phrase", "examples/fees.yaml", "phrases:\n", "phrases:\n  - \"\"\n", "examples/fees.yaml:3: warning: an empty phrase"},
		{"row that fits always", filing, "  - id: N1\n    when: {reach: [idle]}\n    unless: {service: [app, miniprogram, social]}\n", "  - id: N1\n    when: {}\n", filing + ":13: error: row N1 holds always, so the rows after it are never reached: move it to the end, or limit it by when"},
		{"row that fits always among those for a person", person, "    when: {illegal: [\"yes\"]}\n", "", person + ":4: error: row P1 holds always"},
		{"row with a value for every case", licence, "when: {business: [none]}", `when: {minor: ["yes", "no"]}`, licence + ":151: error: row L15 holds always"},
		{"rows that contradict", filing, "  - id: N4\n", row("X4", "{service: [mail]}", "filing_required") + "  - id: N4\n", filing + ":71: error: row N4 contradicts X4 (" + filing + ":65): the same conditions, but another verdict; narrow one, or take one away"},
		{"rows that contradict though one goes on", filing, "  - id: N4\n", row("X4", "{service: [mail]}\n    continues: true", "filing_required") + "  - id: N4\n", "error: row N4 contradicts X4 ("},
		{"rows that contradict, values in another order", filing, "  - id: N25\n", row("X25", "{location: [both, mainland], name: [gov_sub]}", "filing_not_required") + "  - id: N25\n", "error: row N25 contradicts X25 ("},
		{"person now or later", person, "  - id: P6\n", "  - id: X6\n    when: {minor: [\"yes\"]}\n    hand_over: instead\n    reason: {zh: 一, en: a}\n    sources: [h_prov]\n    confidence: high\n  - id: P6\n", "error: row P6 contradicts X6 ("},
		{"licence and none", licence, "  - id: L6\n", "  - id: X6\n    when: {business: [paid_content]}\n    reason: {zh: 一, en: a}\n    sources: [r292]\n    confidence: high\n  - id: L6\n", "error: row L6 contradicts X6 ("},
		{"row twice under two names", filing, "  - id: N5\n", row("X5", "{service: [social]}", "filing_not_required") + "  - id: N5\n", "error: row N5 is never reached: X5 (" + filing + ":77), which comes before, holds whenever it does: move it up, narrow the other, or take it away"},
		{"row behind a wider one", filing, "  - id: N12\n", row("X12", "{location: [mainland, both, overseas]}", "filing_required") + "  - id: N12\n", "error: row N12 is never reached: X12 ("},
		{"row behind a wider one with an exception", filing, "  - id: N5\n", row("X5", "{service: [mail, social]}\n    unless: {reach: [idle]}", "filing_required") + "  - id: N5\n", ""},
		{"row behind two that share its cases", filing, "  - id: N4\n", row("X1", "{service: [mail]}\n    unless: {minor: [\"yes\"]}", "filing_required") + row("X2", `{minor: ["yes"]}`, "filing_required") + "  - id: N4\n", "error: row N4 is never reached: X1, X2, which come before, take every case of it"},
		{"row with nothing left", filing, "    unless: {service: [app, miniprogram, social]}\n", "    unless: {reach: [idle, soon]}\n", filing + ":13: error: row N1 never holds: its when and unless leave no value of reach"},
		{"row with no value", filing, "    when: {reach: [idle]}\n", "    when: {reach: []}\n", filing + ":13: error: row N1 never holds: its when and unless leave no value of reach"},
		{"row on the verdict before there is one", filing, "    when: {reach: [idle]}\n", "    when: {verdict: [none]}\n", "error: row N1 never holds: its when and unless leave no value of verdict"},
		{"addon with nothing left", "decision/addons.yaml", "unless: {service: [app, miniprogram]}", "unless: {verdict: [filing_required, access_filing_required, filing_and_licence_required]}", "error: row F1 never holds"},
		{"limited the same", fees, "  - id: fees.licence\n", "  - id: fees.app\n    when: {filing_type: [app, first]}\n    short: {zh: 免费, en: free}\n    sources: [t_doc]\n    confidence: high\n" +
			"  - id: fees.licence\n    when: {filing_type: [app], subject_type: [individual]}\n", "topics/fees.yaml:20: error: answer fees.licence is never given: fees.app, which comes before"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := copied(t)
			want := strings.Replace(tt.want, "LINE", edit(t, f, tt.file, tt.old, tt.new), 1)
			_, findings := load(t, f)
			var all []string
			for _, x := range findings {
				all = append(all, x.String())
			}
			text := strings.Join(all, "\n")
			if want == "" && text != "" || !strings.Contains(text, want) {
				t.Errorf("want %q, found:\n%s", want, text)
			}
		})
	}
}

// TestStrayFiles holds that what editors and desktops leave in a folder is told, or passed over, but refuses nothing.
func TestStrayFiles(t *testing.T) {
	f := copied(t)
	for _, name := range []string{"topics/.fees.yaml.swp", "topics/fees.yaml~", "topics/#fees.yaml#", "topics/fees.yaml.bak", "topics/4913", ".DS_Store", "Thumbs.db", "notes.md"} {
		f[name] = &fstest.MapFile{Data: []byte("x")}
	}
	k, findings := load(t, f)
	if k == nil || len(findings) != 4 {
		t.Errorf("%v", findings)
	}
	for _, x := range findings {
		if x.Severity != Warning || !strings.Contains(x.Message, "not read") {
			t.Errorf("%v", x)
		}
	}
}

// TestLintTellsEverythingAtOnce holds that one fault hides no other: a file with a wrong key is still checked, and a broken one sends no echo through the rest.
func TestLintTellsEverythingAtOnce(t *testing.T) {
	f := copied(t)
	edit(t, f, "provinces/CN-GD.yaml", "id_prefix:", "id_prefx:")
	edit(t, f, "provinces/CN-GD.yaml", "sources: [h_prov, t_prov, q_prov]", "sources: [nobody]")
	edit(t, f, "sources.yaml", "sources:", "sources: [")
	f["examples/fees.yaml"] = &fstest.MapFile{Data: []byte("topic: fees\nphrases: [")}
	f["topics/odd.yml"] = &fstest.MapFile{Data: []byte("x")}
	k, findings := load(t, f)
	if k != nil {
		t.Error("loaded with errors")
	}
	if len(findings) != 4 {
		t.Errorf("%d findings for 4 faults that can be seen:\n%v", len(findings), findings)
	}
	f = copied(t)
	f["provinces/CN-GD.yaml"] = &fstest.MapFile{}
	if _, findings := load(t, f); len(findings) != 1 || !strings.Contains(findings[0].String(), "CN-GD.yaml: error: the file is empty") {
		t.Errorf("an empty file has echoes:\n%v", findings)
	}
	f = copied(t)
	edit(t, f, "provinces/CN-GD.yaml", "id_prefix:", "id_prefx:")
	edit(t, f, "provinces/CN-GD.yaml", "sources: [h_prov, t_prov, q_prov]", "sources: [nobody]")
	if _, findings = load(t, f); len(findings) != 2 {
		t.Errorf("%d findings for 2 faults:\n%v", len(findings), findings)
	}
}

// TestRowsHaveNoEcho holds that a limit which is misspelt does not also make the row one without a limit.
func TestRowsHaveNoEcho(t *testing.T) {
	for _, wrong := range []string{"when: {raech: [idle]}", "when: {reach: [idel]}", "wehn: {reach: [idle]}", "when: [reach]"} {
		f := copied(t)
		edit(t, f, "decision/filing.yaml", "when: {reach: [idle]}\n    unless: {service: [app, miniprogram, social]}", wrong)
		if _, findings := load(t, f); len(findings) != 1 {
			t.Errorf("%s: %d findings:\n%v", wrong, len(findings), findings)
		}
	}
}

// TestTakenCases holds the search for a case that is left against going through all of them, on small tables made at random.
func TestTakenCases(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() cases { return cases{1 + r.Uint64N(7), 1 + r.Uint64N(7), 1 + r.Uint64N(3)} }
	taken := 0
	for range 20000 {
		c, rows := random(), make([]placedRow, r.IntN(6))
		for i := range rows {
			rows[i].takes = random()
		}
		left := false
		for one := range 3 * 3 * 2 {
			at := cases{1 << (one % 3), 1 << (one / 3 % 3), 1 << (one / 9)}
			left = left || at.within(c) && !slices.ContainsFunc(rows, func(r placedRow) bool { return at.within(r.takes) })
		}
		if got := c.taken(rows); got == left {
			t.Fatalf("%v, taken by %v: %t", c, rows, got)
		}
		if !left {
			taken++
		}
	}
	if taken < 1000 {
		t.Errorf("only %d tables without a case that is left", taken)
	}
}

// TestFolderFromBefore holds that a folder of an operator from before there were labelled messages, qualifiers and cut places is still taken up.
func TestFolderFromBefore(t *testing.T) {
	f := copied(t)
	delete(f, "labelled/messages.jsonl")
	delete(f, "labelled/sites.jsonl")
	f["vocabulary/asking.yaml"] = &fstest.MapFile{Data: regexp.MustCompile(`(?m)^intend:\n(?:  .*\n)+`).ReplaceAll(f["vocabulary/asking.yaml"].Data, nil)}
	f["sentences.yaml"] = &fstest.MapFile{Data: regexp.MustCompile(`(?m)^taken_as:\n(?:  .*\n)+`).ReplaceAll(f["sentences.yaml"].Data, nil)}
	f["decision/questions.yaml"] = &fstest.MapFile{Data: regexp.MustCompile(`(?m)^    name: .*\n`).ReplaceAll(f["decision/questions.yaml"].Data, nil)}
	edit(t, f, "vocabulary/regions.yaml", "cut_places: [台北京, 台中国, 台中山]\n", "")
	f["decision/words.yaml"] = &fstest.MapFile{Data: regexp.MustCompile(`(?m)^qualifiers: .*\n`).ReplaceAll(f["decision/words.yaml"].Data, nil)}
	if k, findings := load(t, f); k == nil {
		t.Error(findings)
	}
}

func TestDiffSaysWhatChanged(t *testing.T) {
	a, _ := load(t, copied(t))
	f := copied(t)
	edit(t, f, "provinces/CN-GD.yaml", "页脚写主体备案号", "页脚要写主体备案号")
	edit(t, f, "provinces/CN-BJ.yaml", "  - id: CN-BJ.suffix", "  - id: CN-BJ.other")
	edit(t, f, "examples/fees.yaml", "  - 备案要钱吗", "  - 备个案得花多少银子")
	edit(t, f, "domain/suffixes.yaml", `  - {name: "ren"}`+"\n", "")
	edit(t, f, "sources.yaml", `date: "2018"`, `date: "2019"`)
	b, findings := load(t, f)
	if b == nil {
		t.Fatal(findings)
	}
	var zh, en []string
	for _, d := range Diff(a, b) {
		zh, en = append(zh, d.In(ZH)), append(en, d.In(EN))
	}
	text := strings.Join(zh, "\n")
	for _, want := range []string{"~ 来源 s_help date:\n    原来: 2018\n    现在: 2019", "+ 规则 CN-BJ.other:新增。", "- 规则 CN-BJ.suffix:删除。", "~ 规则 CN-GD.footer text.zh:",
		"- 域名后缀 ren:删除。", "~ 问法 fees phrases: 加了 备个案得花多少银子 去掉 备案要钱吗"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if len(zh) != 6 || !strings.Contains(strings.Join(en, "\n"), "+ rule CN-BJ.other: added.") {
		t.Errorf("%d differences:\n%s\n%s", len(zh), text, strings.Join(en, "\n"))
	}
	if same := Diff(a, a); len(same) != 0 {
		t.Errorf("a version differs from itself: %v", same)
	}
}

// TestFilledTextsAreThere holds that every text which is filled while talking is where the list of them says.
func TestFilledTextsAreThere(t *testing.T) {
	for at := range filled {
		parts := strings.Split(at, "/")
		n := 1
		if parts[0] == "domain" {
			n = 2
		}
		var v any
		if err := yaml.Unmarshal(copied(t)[strings.Join(parts[:n], "/")+".yaml"].Data, &v); err != nil {
			t.Fatal(err)
		}
		for _, key := range parts[n:] {
			if list, ok := v.([]any); ok {
				v = list[0]
			}
			m, _ := v.(map[string]any)
			v = m[key]
		}
		if m, ok := v.(map[string]any); !ok || m["zh"] == nil {
			t.Errorf("no text at %s", at)
		}
	}
}

// TestOperatorStandsInEveryText holds that no placeholder of the operator is left anywhere in what was loaded.
func TestOperatorStandsInEveryText(t *testing.T) {
	k, _ := load(t, Embedded())
	var look func(v reflect.Value, path string)
	look = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.String:
			for _, p := range operatorPlaceholders {
				if strings.Contains(v.String(), p) {
					t.Errorf("%s: %s", path, v.String())
				}
			}
		case reflect.Pointer:
			if !v.IsNil() {
				look(v.Elem(), path)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					look(v.Field(i), path+"."+v.Type().Field(i).Name)
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i), path)
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				look(v.MapIndex(key), path+"."+fmt.Sprint(key.Interface()))
			}
		}
	}
	look(reflect.ValueOf(k), "")
}
