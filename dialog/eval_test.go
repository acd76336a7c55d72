package dialog

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"beianbot/knowledge"
)

func readLabelled(t testing.TB, file string) []Labelled {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	set, err := knowledge.ReadLabelled(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return set
}

var testOperator = knowledge.Operator{Name: "示例云", Phone: "400-000-0000", FilingSystemURL: "https://ba.example.cn", Hours: knowledge.Text{ZH: "周一至周五 09:00–18:00", EN: "Mon–Fri 09:00–18:00"}}

func loadKnowledge(t testing.TB) *knowledge.Knowledge {
	t.Helper()
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Operator: testOperator})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sets are the labelled messages to measure on, and what is held on them (0–1). test was written from the contract and the operator's help page alone, before the phrases,
// and is never looked into: what it shows is what customers will see. The others have been read to learn from, once their first figures were taken. misspelt is
// English in a hurry; at first sight, before its words were mended, 43.3 % of its topics were right. Those of knowledge/data/labelled the bot learns from at every start.
var sets = map[string]struct{ topic, slots float64 }{
	"testdata/understanding/dev":          {topic: 0.97, slots: 0.96},
	"testdata/understanding/dev2":         {topic: 0.95, slots: 0.92},
	"testdata/understanding/dev4":         {topic: 0.94}, // without slots
	"testdata/understanding/slots13":      {topic: 0.95, slots: 0.92},
	"testdata/understanding/slots17":      {topic: 0.96, slots: 0.96},
	"testdata/understanding/slots29":      {topic: 0.96, slots: 0.97},
	"testdata/understanding/misspelt":     {topic: 0.85, slots: 0.93},
	"testdata/understanding/test":         {topic: 0.96, slots: 0.96},
	"../knowledge/data/labelled/messages": {topic: 0.98, slots: 0.94},
}

// Floors on test for what customers type in bad light: see the goals in README.md.
const (
	styleFloor   = 0.92 // of each of typo, speech, trad and english
	outsideFloor = 0.90
	refusedCeil  = 0.03
	openersFloor = 0.96 // on dev, behind an opener
)

func TestUnderstandingOnSets(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	for name, floor := range sets {
		t.Run(filepath.Base(name), func(t *testing.T) {
			ev := e.Evaluate(readLabelled(t, name+".jsonl"))
			t.Logf("topic %.3f, as answered %.3f of %d, slot F1 %.3f, out of scope %.3f, refused %.3f", ev.Topic.Rate(), ev.Served.Rate(), ev.Topic.Of, ev.Slots.F1(),
				ev.OutOfScope.Rate(), ev.Refused.Rate())
			for _, style := range slices.Sorted(maps.Keys(ev.ByStyle)) {
				t.Logf("  %-8s %.3f of %d", style, ev.ByStyle[style].Rate(), ev.ByStyle[style].Of)
			}
			if ev.Topic.Rate() < floor.topic || ev.Slots.F1() < floor.slots {
				t.Errorf("topic %.3f, slot F1 %.3f: below the floors %.2f and %.2f", ev.Topic.Rate(), ev.Slots.F1(), floor.topic, floor.slots)
			}
			if filepath.Base(name) != "test" {
				return
			}
			for _, style := range []string{"typo", "speech", "trad", "english"} {
				if r := ev.ByStyle[style].Rate(); r < styleFloor {
					t.Errorf("%s: %.3f, below %.2f", style, r, styleFloor)
				}
			}
			if ev.OutOfScope.Rate() < outsideFloor || ev.Refused.Rate() > refusedCeil {
				t.Errorf("out of scope recognised %.3f (at least %.2f), in scope refused %.3f (at most %.2f)", ev.OutOfScope.Rate(), outsideFloor, ev.Refused.Rate(), refusedCeil)
			}
		})
	}
}

// TestConfidence holds that the confidence is what it says: of the messages understood with nine tenths, nine of ten are right. The table is README.md's.
// TestOpeners holds that politeness before a question does not hide it.
func TestOpeners(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	plain := readLabelled(t, "testdata/understanding/dev.jsonl")
	for _, opener := range []string{"你帮我看看", "不好意思打扰一下,", "那个就是我想问下", "客服你好,", "请问一下", "麻烦帮我瞧瞧"} {
		set := slices.Clone(plain)
		set = slices.DeleteFunc(set, func(l Labelled) bool {
			return l.Lang != "zh" || l.Topic == knowledge.Greeting || l.Topic == knowledge.OutOfScope
		})
		for i := range set {
			set[i].Text = opener + set[i].Text
		}
		if rate := e.Evaluate(set).Topic.Rate(); rate < openersFloor {
			t.Errorf("%s: topic %.3f of %d, below %.2f", opener, rate, len(set), openersFloor)
		} else {
			t.Logf("%s: topic %.3f of %d", opener, rate, len(set))
		}
	}
}

func TestConfidence(t *testing.T) {
	ev := NewEngine(loadKnowledge(t), nil).Evaluate(readLabelled(t, "testdata/understanding/test.jsonl"))
	for _, b := range ev.Reliability {
		t.Logf("%.1f–%.1f: %4d messages, confidence %.2f, right %.2f", b.From, b.To, b.Of, b.Mean, b.Rate())
	}
	if ev.Gap > 0.05 {
		t.Errorf("confidence and accuracy are %.3f apart in the mean, at most 0.05 is held", ev.Gap)
	}
}

// TestSealedSet holds that the test set is the one written before the training.
func TestSealedSet(t *testing.T) {
	const want = "4fbb09cee7bdc17ab36575f781c086a8d2add360aeabb6f3c326b1388af888b1"
	b, err := os.ReadFile("testdata/understanding/test.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
		t.Errorf("test.jsonl has sha256 %s, not %s: a set to measure on is not changed; write a new one", got, want)
	}
}

func BenchmarkUnderstand(b *testing.B) {
	u := NewUnderstander(loadKnowledge(b))
	for b.Loop() {
		u.Understand("我们公司在深圳,服务器放在香港,域名abc-tea.cn还要不要备案")
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		NewEngine(loadKnowledge(b), time.UTC)
	}
}
