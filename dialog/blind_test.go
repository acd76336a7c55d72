package dialog

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"beianbot/knowledge"
)

var testNow = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// readLines decodes a file of JSON lines.
func readLines[T any](t testing.TB, file string) []T {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, v)
	}
	return out
}

// world answers the look-ups of a test: no domain shows anything, and one case exists.
type world struct {
	e    *Engine
	late time.Duration // how long after testNow it is
	down bool          // the mirror cannot be asked
	// domains are what the world shows of names; of any other it shows nothing.
	domains map[string]Evidence
}

// The case of the tests, with the last four of its phone and of its certificate.
const testCase, testProof, testProofID = "BA20261101006", "6612", "301X"

func (w world) say(c Conversation, text string) (Conversation, []Reply) {
	return w.happen(c, Message{At: testNow.Add(w.late), Kind: TextMessage, Text: text})
}

// happen takes an event and all that follows from it.
func (w world) happen(c Conversation, ev Event) (Conversation, []Reply) {
	var replies []Reply
	now := testNow.Add(w.late)
	events := []Event{ev}
	for len(events) > 0 {
		var actions []Action
		c, actions = w.e.Step(c, events[0])
		events = events[1:]
		for _, a := range actions {
			switch a := a.(type) {
			case Say:
				replies = append(replies, a.Reply)
			case CheckDomain:
				seen, ok := w.domains[a.Name.Host]
				if !ok {
					seen = Evidence{Source: "whois"}
				}
				events = append(events, DomainChecked{At: now, Purpose: a.Purpose, Report: a.Judge(w.e.k, seen, now, nil)})
			case FindCase:
				found := CaseFound{At: now, Purpose: a.Purpose, CaseNo: a.CaseNo, SyncedAt: now, Failed: w.down}
				if !w.down && a.CaseNo == testCase && (a.Proven || a.Proof == testProof || a.Proof == testProofID) {
					found.Case = &Case{CaseNo: a.CaseNo, Status: knowledge.AuthorityReview, StatusAt: testNow.Add(-72 * time.Hour)}
				}
				events = append(events, found)
			}
		}
	}
	return c, replies
}

// The sets with their floors. Those numbered were written before the program had seen them, and learnt from after. Right at first sight, in %: cases2 93.5, cases3 89.9,
// cases4 87.8, cases5 96.7, cases6 89.1, cases8 88.2, cases9 84.5, cases11 96.4 (89.1 by the expressions alone), cases14 87.5 (75.8), cases12 98.2 (89.1), cases13 94.2 (85.8), cases15 96.4 (92.7), cases16 91.8 (85.5), cases17 95.5 (90.0),
// cases18 94.5, cases19 96.4, cases20 94.5, cases21 85.4, cases22 93.6, cases23 95.0 (60 lines), cases24 97.5; dialogues2 78.3, dialogues3 80.0, dialogues5 80.6,
// dialogues6 89.5, dialogues7 85.0, dialogues8 56.7, dialogues9 88.0, dialogues11 74.7, dialogues10 92.0, dialogues12 56.0, dialogues13 78.7, dialogues14 85.3, dialogues15 86.7,
// dialogues16 62.7 (seven turns each), dialogues17 82.7, dialogues18 80.0, dialogues19 93.3, dialogues20 90.7, dialogues21 90.7, dialogues22 86.8, dialogues23 93.3, dialogues24 73.3,
// dialogues25 90.7, dialogues26 96.0, dialogues27 92.0.
// cases7 (84.9) and cases10 (87.5, in six rounds, with 20 wrong verdicts) were written by who mended the expressions. All cases but cases24 are now what the bot learns from.
var (
	blindCases     = map[string]float64{"../knowledge/data/labelled/sites": 0.97, "testdata/understanding/cases24": 0.97}
	blindDialogues = map[string]float64{"dialogues": 0.90, "dialogues2": 0.90, "dialogues3": 0.90, "dialogues5": 0.90, "dialogues6": 0.90, "dialogues7": 0.90, "dialogues8": 0.90, "dialogues9": 0.90, "dialogues10": 0.90, "dialogues11": 0.90, "dialogues12": 0.86, "dialogues13": 0.90, "dialogues14": 0.90, "dialogues15": 0.90, "dialogues16": 0.82, "dialogues17": 0.83, "dialogues18": 0.90, "dialogues19": 0.94, "dialogues20": 0.92, "dialogues21": 0.90, "dialogues22": 0.85, "dialogues23": 0.92, "dialogues24": 0.79, "dialogues25": 0.89, "dialogues26": 0.93, "dialogues27": 0.90}
)

// Floors hold what is reached; goals are those of the issues on understanding and domains (0.97, 0.98, 0.90).
const (
	domainsFloor  = 0.98
	domains2Floor = 0.98
	domains3Floor = 0.98
	mostWrong     = 0.005 // of described sites that get another verdict than the right one
)

// TestBlindCases measures the verdicts on fully stated cases. See blindCases.
func TestBlindCases(t *testing.T) {
	w := world{e: NewEngine(loadKnowledge(t), nil)}
	for file, floor := range blindCases {
		t.Run(filepath.Base(file), func(t *testing.T) {
			set := readLines[struct{ Text, Verdict, Rule string }](t, file+".jsonl")
			right, wrong := 0, 0
			for _, l := range set {
				_, replies := w.say(Conversation{}, l.Text)
				got, topic := "none", knowledge.Topic("")
				for _, r := range replies {
					if r.Verdict != "" {
						got = string(r.Verdict)
					}
					topic = r.Topic
				}
				if got == l.Verdict {
					right++
					continue
				}
				if got != "none" {
					wrong++
				}
				t.Logf("%s: want %s, got %s (%s): %s", l.Rule, l.Verdict, got, topic, l.Text)
			}
			rate := float64(right) / float64(len(set))
			t.Logf("verdicts right %.3f of %d; wrong verdicts given %d", rate, len(set), wrong)
			if rate < floor {
				t.Errorf("below the floor %.2f", floor)
			}
			if float64(wrong) > mostWrong*float64(len(set)) {
				t.Errorf("more than %.1f %% of them wrong", 100*mostWrong)
			}
		})
	}
}

// TestBlindDomains measures finding names in running text. Both domains2.jsonl (207 lines) and
// domains3.jsonl (73) were written before the finder had seen them; on first sight 0.899 (by the finder of then) and 0.932 of them were right.
func TestBlindDomains(t *testing.T) {
	for file, floor := range map[string]float64{"domains": domainsFloor, "domains2": domains2Floor, "domains3": domains3Floor} {
		t.Run(file, func(t *testing.T) {
			set := readLines[struct {
				Text    string
				Domains []string
			}](t, "testdata/understanding/"+file+".jsonl")
			right := 0
			for _, l := range set {
				var got []string
				for _, d := range FindDomains(l.Text) {
					got = append(got, d.Host)
				}
				if slices.Equal(got, l.Domains) || len(got) == 0 && len(l.Domains) == 0 {
					right++
				} else {
					t.Logf("want %v, got %v: %q", l.Domains, got, l.Text)
				}
			}
			rate := float64(right) / float64(len(set))
			t.Logf("domains right %.3f of %d", rate, len(set))
			if rate < floor {
				t.Errorf("below the floor %.2f", floor)
			}
		})
	}
}

// expectation is what a turn of a dialogue must come to; what is left out may be anything.
type expectation struct {
	Topic       knowledge.Topic   `json:"topic"`
	Topics      []knowledge.Topic `json:"topics"`
	State       State             `json:"state"`
	Slots       map[string]string `json:"slots"`
	Verdict     knowledge.Verdict `json:"verdict"` // none: no verdict
	Lang        knowledge.Lang    `json:"lang"`
	ReplyHas    []string          `json:"reply_has"`
	ReplyHasNot []string          `json:"reply_has_not"`
}

type dialogue struct {
	ID    string
	Turns []struct {
		Say    string
		After  string // how long after the turn before, as a Go duration
		Expect expectation
	}
}

// TestBlindDialogues plays whole conversations. See blindDialogues.
func TestBlindDialogues(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	for file, floor := range blindDialogues {
		t.Run(file, func(t *testing.T) {
			set := readLines[dialogue](t, "testdata/understanding/"+file+".jsonl")
			passed := 0
			for _, d := range set {
				if faults := d.play(world{e: e}); len(faults) == 0 {
					passed++
				} else {
					t.Logf("%s: %s", d.ID, strings.Join(faults, "\n\t"))
				}
			}
			rate := float64(passed) / float64(len(set))
			t.Logf("dialogues passed whole %.3f of %d", rate, len(set))
			if rate < floor {
				t.Errorf("below the floor %.2f", floor)
			}
		})
	}
}

var fillCase = strings.NewReplacer("{{CASE1}}", testCase, "{{PROOF1}}", testProof, "{{PROOF1X}}", testProofID)

// play gives what went otherwise than expected.
func (d dialogue) play(w world) (faults []string) {
	c := Conversation{}
	for i, turn := range d.Turns {
		if after, err := time.ParseDuration(turn.After); err == nil {
			w.late += after
		}
		var replies []Reply
		c, replies = w.say(c, fillCase.Replace(turn.Say))
		var r Reply
		for _, x := range replies {
			if r.Topic == "" {
				r.Topic, r.Topics = x.Topic, x.Topics
			}
			if x.Verdict != "" {
				r.Verdict = x.Verdict
			}
			r.Text += x.Text + "\n"
		}
		for _, f := range turn.Expect.faults(c, r) {
			faults = append(faults, fmt.Sprintf("turn %d %q: %s", i+1, turn.Say, f))
		}
	}
	return faults
}

func (e expectation) faults(c Conversation, r Reply) (out []string) {
	bad := func(what string, want, got any) {
		out = append(out, fmt.Sprintf("%s: want %v, got %v", what, want, got))
	}
	if e.Topic != "" && r.Topic != e.Topic {
		bad("topic", e.Topic, r.Topic)
	}
	for _, x := range e.Topics {
		if !slices.Contains(r.Topics, x) {
			bad("topics", e.Topics, r.Topics)
			break
		}
	}
	if e.State != "" && c.State != e.State {
		bad("state", e.State, c.State)
	}
	if e.Verdict == "none" && r.Verdict != "" || e.Verdict != "none" && e.Verdict != "" && r.Verdict != e.Verdict {
		bad("verdict", e.Verdict, r.Verdict)
	}
	if e.Lang != "" && c.Lang != e.Lang {
		bad("lang", e.Lang, c.Lang)
	}
	b, _ := json.Marshal(c.Slots)
	var slots map[string]any
	json.Unmarshal(b, &slots)
	for k, v := range e.Slots {
		if v = fillCase.Replace(v); slots[k] != v {
			bad("slot "+k, v, slots[k])
		}
	}
	for _, h := range e.ReplyHas {
		if !strings.Contains(r.Text, fillCase.Replace(h)) {
			bad("reply lacks", h, r.Text)
		}
	}
	for _, h := range e.ReplyHasNot {
		if strings.Contains(r.Text, fillCase.Replace(h)) {
			bad("reply has", h, r.Text)
		}
	}
	return out
}
