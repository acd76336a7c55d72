package dialog

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCaseNumbers(t *testing.T) {
	for _, tt := range []struct {
		pattern, said string
		numbers       []string // as they are looked up
	}{
		{DefaultCaseNoPattern, "BA20240617003 到哪了", []string{"BA20240617003"}},
		{DefaultCaseNoPattern, "查进度LT-2024-00391", []string{"LT-2024-00391"}},
		{DefaultCaseNoPattern, "lt 2024 00391, ba 20240617003", []string{"LT-2024-00391", "BA20240617003"}},
		{DefaultCaseNoPattern, "ＢＡ２０２４０６１７００３", []string{"BA20240617003"}},
		{DefaultCaseNoPattern, "SH-2024-00391", []string{"SH-2024-00391"}},
		{DefaultCaseNoPattern, "加我qq12345678, 京ICP备2024001234号-1", nil},
		{`X\d{5}`, "X12345 1234", []string{"X12345"}},
		{`X\d{5}`, "查进度x12345", []string{"X12345"}},
		{`X\d{5}`, "Ｘ１２３４５和X54321", []string{"X12345", "X54321"}},
		{`X\d{5}`, "BA20240617003, X123456, AX12345, X1234", nil},
		{`^X\d{5}$`, "查一下 X12345 吧", []string{"X12345"}},
		{`(?-i:X)(\d{5})`, "x12345", []string{"X12345"}},
		{`[A-Z]{2}-\d{2}`, "我的 AB-12 呢", []string{"AB-12"}},
		{`[A-Z]{2}-\d{2}`, "ab—12", []string{"AB-12"}},
		{`[A-Z]{2}-\d{2}`, "in 10 days", nil},
		{`京备\d{4}号|K\d{3}`, "京備2024號 K123", []string{"京备2024号", "K123"}},
	} {
		n, err := ParseCaseNumbers(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		found, _ := n.take(fold(tt.said))
		for i := range found {
			found[i] = tidyCaseNo(found[i])
		}
		if !slices.Equal(found, tt.numbers) {
			t.Errorf("%s in %q: %q, want %q", tt.pattern, tt.said, found, tt.numbers)
		}
	}
}

func TestCaseNumberPatternsAreRefused(t *testing.T) {
	for _, pattern := range []string{"", `(`, `X*`, `.*`, `.+`, `\w+`, `\d+`, `\d{4}`, `\d{11}`, `[A-Z]+`, `^$`, `X\d{5}|`, `\p{Han}+`, `[^\x00-\x{10FFFF}]`} {
		if n, err := ParseCaseNumbers(pattern); err == nil {
			t.Errorf("%q is taken, with example %q", pattern, n.Example)
		}
	}
}

func TestCaseNumbersFit(t *testing.T) {
	n, err := ParseCaseNumbers(`[A-Z]{2}-?\d{2}`)
	if err != nil {
		t.Fatal(err)
	}
	for no, want := range map[string]bool{"AB-12": true, "AB12": true, "AB–12": false, "ＡＢ12": false, "AB123": false, "X12345": false, "AB12 AB13": false, "": false} {
		if n.Fit(no) != want {
			t.Errorf("%q fits: %v", no, !want)
		}
	}
}

func TestCaseNumbersHaveAnExample(t *testing.T) {
	for pattern, want := range map[string]string{DefaultCaseNoPattern: "BA20240617003", `[A-Z]{2}-?\d{4}-?\d{3,10}`: "BA20240617003", `LT-\d{4}-\d+`: "LT-2024-00391", `X\d{5}`: "X12345", `[A-Z]{2}-\d{2}`: "AB-12",
		`^(?:ord|req)[-/](\d{2}){3}[a-z]?$`: "ORD-123456", `\d{8}`: "12345678"} {
		n, err := ParseCaseNumbers(pattern)
		if err != nil || n.Example != want || !n.Fit(n.Example) {
			t.Errorf("%s: %+v, %v", pattern, n, err)
		}
	}
}

// TestCaseNumbersOfTheOperator tells a case by a number of the operator's own look.
func TestCaseNumbersOfTheOperator(t *testing.T) {
	k := loadKnowledge(t)
	for pattern, no := range map[string]string{`X\d{5}`: "X12345", `[A-Z]{2}-\d{2}`: "BA-12"} {
		numbers, err := ParseCaseNumbers(pattern)
		if err != nil {
			t.Fatal(err)
		}
		e := NewEngine(k, nil, WithCaseNumbers(numbers))
		for _, said := range [][]string{{no + " 1234"}, {"查进度 " + no, "1234"}, {"我的备案到哪了", no, "1234"}, {"where is my case " + no + "?", "1234"}, {"wo de beian dao na le " + no, "1234"}, {no + "查一下,后四位1234"}} {
			var c Conversation
			var find FindCase
			for _, text := range said {
				var actions []Action
				c, actions = e.Step(c, Message{At: time.Unix(0, 0).UTC(), Kind: TextMessage, Text: text})
				for _, a := range actions {
					if f, ok := a.(FindCase); ok {
						find = f
					}
				}
			}
			if find.CaseNo != no || find.Proof != "1234" || c.Slots.CaseNo != no {
				t.Errorf("%s, %q: looked up %+v", pattern, said, find)
			}
		}
		if u := e.Understand("BA20240617003"); u.Slots.CaseNo != "" {
			t.Errorf("%s: BA20240617003 is taken for %s", pattern, u.Slots.CaseNo)
		}
		if _, actions := e.Step(Conversation{}, Message{Kind: TextMessage, Text: "我的备案到哪了"}); len(actions) != 1 {
			t.Error(actions)
		} else if say, ok := actions[0].(Say); !ok || !strings.Contains(say.Reply.Text, numbers.Example) || strings.Contains(say.Reply.Text, "BA2024") {
			t.Errorf("%s: the question is %+v", pattern, actions[0])
		}
	}
}

// TestCaseNumbersAreTheMirrors goes on with the number as the mirror writes it, and asks for the proof of a case once.
func TestCaseNumbersAreTheMirrors(t *testing.T) {
	e, now := NewEngine(loadKnowledge(t), nil), time.Unix(0, 0).UTC()
	say := func(c Conversation, text string) (Conversation, *FindCase) {
		c, actions := e.Step(c, Message{At: now, Kind: TextMessage, Text: text})
		for _, a := range actions {
			if f, ok := a.(FindCase); ok {
				return c, &f
			}
		}
		return c, nil
	}
	c, find := say(Conversation{}, "SH202400391 1234")
	if find == nil || find.CaseNo != "SH202400391" {
		t.Fatalf("%+v", find)
	}
	c, _ = e.Step(c, CaseFound{At: now, Purpose: find.Purpose, CaseNo: find.CaseNo, Case: &Case{CaseNo: "SH-2024-00391", Status: "approved", StatusAt: now}, SyncedAt: now})
	if c.Slots.CaseNo != "SH-2024-00391" {
		t.Errorf("slot %s", c.Slots.CaseNo)
	}
	for _, text := range []string{"进度怎么样了", "SH202400391", "SH-2024-00391"} {
		if c, find = say(c, text); find == nil || !find.Proven || find.CaseNo != "SH-2024-00391" || c.Slots.CaseNo != "SH-2024-00391" {
			t.Errorf("%s: %+v", text, find)
		}
	}
	if _, find = say(c, "SH-2024-00392"); find != nil {
		t.Errorf("another case: %+v", find)
	}
}
