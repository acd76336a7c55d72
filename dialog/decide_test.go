package dialog

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"beianbot/knowledge"
)

// eachLine calls f with the number and the text of every line that is neither empty nor a comment.
func eachLine(t *testing.T, file string, f func(n int, line string)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	n := 0
	for sc := bufio.NewScanner(in); sc.Scan(); {
		if n++; sc.Text() != "" && !strings.HasPrefix(sc.Text(), "#") {
			f(n, sc.Text())
		}
	}
}

// TestDecisionPhrases reads each way to say one thing: the facts of the heading must come out of every line under it.
func TestDecisionPhrases(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	want := Facts{}
	eachLine(t, "testdata/decision/phrases.txt", func(n int, line string) {
		if strings.HasPrefix(line, "[") {
			want = Facts{}
			for _, pair := range strings.Fields(strings.Trim(line, "[]")) {
				id, v, _ := strings.Cut(pair, "=")
				want[knowledge.FactID(id)] = v
			}
			return
		}
		got := ExtractFacts(e.k, e.Understand(line).Text, "")
		for id, v := range want {
			if got[id] != v {
				t.Errorf("phrases.txt:%d: %s: want %s, got %q: %s", n, id, v, got[id], line)
			}
		}
	})
}

// TestDecisionCases decides whole situations by their words alone, without the topic: verdict and row.
func TestDecisionCases(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	verdicts := map[string]knowledge.Verdict{"要": knowledge.FilingRequired, "不": knowledge.FilingNotRequired, "接": knowledge.AccessFilingRequired, "双": knowledge.FilingLicenceRequired}
	eachLine(t, "testdata/decision/cases.txt", func(n int, line string) {
		parts := strings.SplitN(line, " ", 3)
		u := e.Understand(parts[2])
		facts := ExtractFacts(e.k, u.Text, "")
		out := Decide(e.k, Situation{Facts: facts, Slots: Slots{SubjectType: u.Slots.SubjectType, ServerLocation: u.Slots.ServerLocation}})
		ok := out.Verdict == verdicts[parts[0]]
		switch parts[0] {
		case "人":
			ok = ok && out.Handover == knowledge.InsteadOfThat
		case "问":
			ok = ok && out.Ask != nil
		}
		if !ok || parts[0] != "问" && !slices.Contains(out.Rows, strings.Split(parts[1], ",")[0]) {
			t.Errorf("cases.txt:%d: want %s %s, got %q %v %v: %s", n, parts[0], parts[1], out.Verdict, out.Rows, facts, parts[2])
		}
	})
}

// TestLabelledFacts holds that the facts of the labelled sites, by themselves, mostly come to their verdicts: a line whose label is wrong teaches a wrong one. What needs
// a fact that is not labelled (where a machine room is, a subject's kind) comes to another.
func TestLabelledFacts(t *testing.T) {
	k := loadKnowledge(t)
	right, of := 0, 0
	for _, m := range k.Labelled {
		if len(m.Facts) == 0 {
			continue
		}
		of++
		if got := reached(Decide(k, Situation{Facts: Facts(m.Facts)})); got == m.Verdict {
			right++
		} else {
			t.Logf("want %s, got %s of %v: %s", m.Verdict, got, m.Facts, m.Text)
		}
	}
	if rate := float64(right) / float64(of); rate < 0.92 {
		t.Errorf("%.3f of %d come to their verdict", rate, of)
	}
}
