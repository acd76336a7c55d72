package checklist

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"beianbot/dialog"
	"beianbot/knowledge"
)

var today = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func engine(t testing.TB) *dialog.Engine {
	t.Helper()
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Operator: knowledge.Operator{Name: "示例云", Phone: "400-000-0000", FilingSystemURL: "https://ba.example.cn",
		Hours: knowledge.Text{ZH: "周一至周五 09:00–18:00", EN: "Mon–Fri 09:00–18:00"}}})
	if err != nil {
		t.Fatal(err)
	}
	return dialog.NewEngine(k, nil)
}

func list(e *dialog.Engine, f dialog.Filing, lang knowledge.Lang) List {
	return New(e.Knowledge(), e.Checklist(f, lang, today), lang, today)
}

// read gives a file's text as poppler, a reader that is none of ours, finds it, with spaces and line ends taken out; and its number of pages.
func read(t *testing.T, pdf []byte) (text string, pages int) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no pdftotext: apt-get install poppler-utils")
		}
		t.Skip("no pdftotext on this machine; apt-get install poppler-utils to run this test")
	}
	c := exec.Command("pdftotext", "-enc", "UTF-8", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("pdftotext: %v: %s", err, &errs)
	}
	return squeeze(string(out)), strings.Count(string(out), "\f")
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// TestPDFSaysTheWholeList compares the file with the list, every word of it, for filings whose lists are long, short and empty.
func TestPDFSaysTheWholeList(t *testing.T) {
	e := engine(t)
	for _, f := range []dialog.Filing{
		{Type: knowledge.Access, Subject: knowledge.Government, Province: "CN-GD"},
		{Type: knowledge.First, Subject: knowledge.Enterprise, Province: "CN-SH"},
		{Type: knowledge.First, Subject: knowledge.Individual, Province: "CN-JS", Facts: dialog.Facts{"id_elsewhere": "yes"}},
		{Type: knowledge.Cancel, Subject: knowledge.Enterprise, Province: "CN-BJ"},
		{Type: knowledge.App},
	} {
		for _, lang := range []knowledge.Lang{knowledge.ZH, knowledge.EN} {
			t.Run(fmt.Sprint(f.Type, f.Subject, f.Province, lang), func(t *testing.T) {
				l := list(e, f, lang)
				pdf, err := l.PDF()
				if err != nil {
					t.Fatal(err)
				}
				got, pages := read(t, pdf)
				want := append([]string{l.Title, l.From(), l.Next, l.Decides, l.SourceLine(l.Sources...)}, l.Before...)
				want = append(want, l.Notes...)
				for _, i := range l.Items {
					want = append(append(want, l.Name(i), l.SourceLine(i.Source)), l.Lines(i)...)
				}
				// What begins on one page and ends on the next has the foot between them.
				for n := 1; n <= pages; n++ {
					foot := squeeze(l.From() + l.say(l.Sentences.ListPage, "n", fmt.Sprint(n), "all", fmt.Sprint(pages)))
					if strings.Count(got, foot) != 1 {
						t.Errorf("page %d has no foot %q", n, foot)
					}
					got = strings.Replace(got, foot, "", 1)
				}
				for _, w := range want {
					if !strings.Contains(got, squeeze(plain(w))) {
						t.Errorf("%q is not in the file:\n%s", w, got)
					}
				}
				if bytes.Count(pdf, []byte("/URI")) > 0 || len(pdf) > 300_000 {
					t.Errorf("%d bytes", len(pdf))
				}
			})
		}
	}
}

// TestPDFHasEveryCharacter holds that the fonts have all that any list says: of every filing, in both languages.
func TestPDFHasEveryCharacter(t *testing.T) {
	e := engine(t)
	seen := map[rune]string{}
	for _, p := range e.Knowledge().Provinces {
		if p.Prefix == "" {
			continue
		}
		for _, ft := range knowledge.FilingTypes {
			for _, s := range knowledge.SubjectTypes {
				for _, lang := range []knowledge.Lang{knowledge.ZH, knowledge.EN} {
					l := list(e, dialog.Filing{Type: ft, Subject: s, Province: p.ID}, lang)
					for _, r := range fmt.Sprint(l.Checklist, l.From()) {
						if seen[r] == "" {
							seen[r] = l.Title
						}
					}
				}
			}
		}
	}
	fc, err := fonts()
	if err != nil {
		t.Fatal(err)
	}
	p := &page{glyphs: map[rune]glyph{}}
	if err := p.open(fc); err != nil {
		t.Fatal(err)
	}
	for r, where := range seen {
		if plain(string(r)) != string(r) {
			continue
		}
		if err := p.SetFont(families[p.glyph(r).font], "", 10); err != nil {
			t.Fatal(err)
		}
		if has, err := p.IsCurrFontContainGlyph(r); err != nil || !has {
			t.Errorf("no glyph for %q (%U), as in %s: %v", r, r, where, err)
		}
	}
	if len(seen) < 500 {
		t.Errorf("only %d characters", len(seen))
	}
}

// TestFilesAtTheSameTime holds that files share the parsed fonts without a race; run with -race.
func TestFilesAtTheSameTime(t *testing.T) {
	e := engine(t)
	l := list(e, dialog.Filing{Type: knowledge.First, Subject: knowledge.Enterprise, Province: "CN-GD"}, knowledge.ZH)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			pdf, err := l.PDF()
			if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				t.Errorf("%d bytes, %v", len(pdf), err)
			}
		})
	}
	wg.Wait()
}

// TestStrangeTexts are texts that knowledge files could hold: long words, nothing, control characters, characters of no font.
func TestStrangeTexts(t *testing.T) {
	e := engine(t)
	l := list(e, dialog.Filing{Type: knowledge.First}, knowledge.ZH)
	l.Title = strings.Repeat("W", 400)
	l.Items = append(l.Items, dialog.ChecklistItem{}, dialog.ChecklistItem{Name: "甲\x00\x1b[2J\u202e乙\uffff", Format: strings.Repeat("很长的要求,", 900), Copies: 3}, dialog.ChecklistItem{Name: "😀𠮷 ok"})
	pdf, err := l.PDF()
	if err != nil {
		t.Fatal(err)
	}
	got, pages := read(t, pdf)
	if !strings.Contains(got, "(一式3份)") || !strings.Contains(got, "ok") || pages < 3 {
		t.Errorf("%d pages:\n%s", pages, got)
	}
}

func TestFileNames(t *testing.T) {
	e := engine(t)
	f := dialog.Filing{Type: knowledge.First, Subject: knowledge.Enterprise, Province: "CN-GD"}
	if got := list(e, f, knowledge.ZH).File(); got != "备案材料清单-广东省-企业-首次备案.pdf" {
		t.Error(got)
	}
	if got := list(e, f, knowledge.EN).File(); got != "Documents-for-your-filing-Guangdong-Company-First-filing.pdf" {
		t.Error(got)
	}
}

// TestLinksHoldNoPersonalData walks every list there and back through its link, which tells filing, conditions and language and nothing else.
func TestLinksHoldNoPersonalData(t *testing.T) {
	e := engine(t)
	k := e.Knowledge()
	facts := dialog.Facts{"name": "张三", "phone": "13800138000", "domain_names": "zhangsan.cn"}
	for _, id := range k.RuleFacts() {
		facts[id] = k.Decision.Fact(id).Values[0].ID
	}
	f := dialog.Filing{Type: knowledge.First, Subject: knowledge.Individual, Province: "CN-JS", Facts: facts}
	link := f.Query(k, knowledge.EN)
	q, err := url.ParseQuery(link)
	if err != nil {
		t.Fatal(err)
	}
	for key, values := range q {
		for _, v := range values {
			if !strings.Contains(" type subject province lang fact ", " "+key+" ") || strings.ContainsAny(v, "张0123456789@.") {
				t.Errorf("%s=%s", key, v)
			}
		}
	}
	back, lang, ok := dialog.ReadQuery(k, q)
	if !ok || lang != knowledge.EN || back.Query(k, lang) != link || len(back.Facts) != len(k.RuleFacts()) {
		t.Errorf("%v %s %v", back, lang, ok)
	}
	if a, b := fmt.Sprint(e.Checklist(f, lang, today)), fmt.Sprint(e.Checklist(back, lang, today)); a != b {
		t.Errorf("the link makes another list:\n%s\n%s", a, b)
	}
	for _, bad := range []string{"", "type=x", "type=first&subject=martian", "type=first&province=CN-XX", "type=first&province=CN-HK", "type=%00", "subject=enterprise"} {
		q, _ := url.ParseQuery(bad)
		if _, _, ok := dialog.ReadQuery(k, q); ok {
			t.Errorf("%q names a list", bad)
		}
	}
	q, _ = url.ParseQuery("type=first&fact=id_elsewhere:perhaps&fact=x:y&fact=&fact=:&lang=fr&utm=1")
	if f, lang, ok := dialog.ReadQuery(k, q); !ok || len(f.Facts) != 0 || lang != knowledge.ZH {
		t.Errorf("%v %s %v", f, lang, ok)
	}
}

func BenchmarkPDF(b *testing.B) {
	l := list(engine(b), dialog.Filing{Type: knowledge.Access, Subject: knowledge.Government, Province: "CN-GD"}, knowledge.ZH)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.PDF(); err != nil {
			b.Fatal(err)
		}
	}
}
