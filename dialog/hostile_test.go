package dialog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"beianbot/knowledge"
)

// hostile is what no customer means and some send.
var hostile = map[string]string{
	"empty": "", "blank": " \t\r\n　", "megabyte": strings.Repeat("备案要多久", 1<<16), "megabyte of x": strings.Repeat("x", 1<<20), "binary": "\x00\x01\xff\xfe\x80\xc3\x28",
	"control": "\u0007\u001b[31m备案\u202e\u0000要多久", "emoji": "😀👍🏻👨‍👩‍👧🇨🇳", "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
	"sql": "'; DROP TABLE cases; -- ' OR '1'='1", "template": "{{.Case}} ${jndi:ldap://x/y} {operator} {phone}", "brackets": strings.Repeat("(", 500), "combining": "备" + strings.Repeat("\u0301", 500),
	"one number": strings.Repeat("9", 1500), "dots": strings.Repeat("a.", 900), "dashes": strings.Repeat("-", 1800), "spaces between": strings.Repeat("备 案 ", 400),
	"surrogate": string([]byte{0xed, 0xa0, 0x80}), "quotes": `"'` + "`" + `\\`, "path": "../../etc/passwd", "url": "http://" + strings.Repeat("a", 300) + ".cn/?q=" + strings.Repeat("%00", 300),
}

// TestHostileMessages: everything is answered, in every state, in words that can be shown, and leaves a conversation that goes on.
func TestHostileMessages(t *testing.T) {
	w := world{e: NewEngine(loadKnowledge(t), nil)}
	states := map[string]string{"idle": "", "a question open": "网站要备案吗", "a proof open": "查一下 " + testCase, "a list said": "公司在北京首次备案要什么材料"}
	for state, opening := range states {
		for name, text := range hostile {
			t.Run(state+"/"+name, func(t *testing.T) {
				c := Conversation{}
				if opening != "" {
					c, _ = w.say(c, opening)
				}
				for range 3 {
					var replies []Reply
					c, replies = w.say(c, text)
					if len(replies) == 0 || replies[0].Text == "" {
						t.Fatal("no answer")
					}
					for _, r := range replies {
						if !utf8.ValidString(r.Text) || strings.ContainsAny(r.Text, "\x00\x1b\u202e") || strings.Contains(r.Text, "<script") {
							t.Errorf("answered with what came in: %q", r.Text)
						}
					}
				}
				if _, replies := w.say(c, "算了"); len(replies) == 0 {
					t.Error("does not go on")
				}
			})
		}
	}
}

// forbidden are sentences that no answer may contain. Source: decision table, §0.
var forbidden = []string{"放境外就合法", "不备案也没事", "肯定能过", "可以借别人的备案", "先上线再补"}

// TestVerdictsAreTold reads the answers to all cases: nothing forbidden; a person, with the telephone, wherever the table hands over; a source and the
// authority's reservation with every verdict; and no verdict where one of P1–P4 breaks off.
func TestVerdictsAreTold(t *testing.T) {
	w := world{e: NewEngine(loadKnowledge(t), nil)}
	for file := range blindCases {
		for _, l := range readLines[struct{ Text, Verdict, Rule string }](t, file+".jsonl") {
			if l.Rule == "" { // a question in general
				continue
			}
			c, replies := w.say(Conversation{}, l.Text)
			asks := c.Question != nil && !c.Question.Soft && c.Question.Topic == knowledge.NeedFiling
			for _, r := range replies {
				for _, f := range forbidden {
					if strings.Contains(r.Text, f) {
						t.Errorf("says %q: %s", f, l.Text)
					}
				}
				if r.Topic != knowledge.NeedFiling || strings.HasSuffix(r.Text, "？") || strings.HasSuffix(r.Text, "?") {
					continue
				}
				first, _, _ := strings.Cut(l.Rule, ",")
				if asks && (first == "N16" || first == "N41") { // the place, or what it is to be, is not known yet: decision.md asks for it
					continue
				}
				switch {
				case r.Verdict != "" && len(r.Sources) == 0:
					t.Errorf("no source: %s", l.Text)
				case r.Verdict != "" && !strings.Contains(r.Text, "以当地管局最新要求为准") && !strings.Contains(r.Text, "latest requirements decide"):
					t.Errorf("no reservation: %s", l.Text)
				case (first[0] == 'P' && l.Rule != "P3,N19" || l.Verdict == "none" && first != "N13" && first != "N16") && !strings.Contains(r.Text, testOperator.Phone):
					t.Errorf("%s without a person: %s\n%s", l.Rule, l.Text, r.Text)
				case r.Verdict != "" && (first == "P1" || first == "P2" || first == "P4"):
					t.Errorf("%s with a verdict: %s", l.Rule, l.Text)
				}
			}
		}
	}
}

func BenchmarkNeedFilingTurn(b *testing.B) {
	e := NewEngine(loadKnowledge(b), nil)
	texts := []string{"公司官网,服务器在你们北京机房,公司和域名都没备过案,谁都能打开,只介绍自己不收费,需要备案吗",
		"We filed with Alibaba Cloud two years ago, same company. Now we want a second copy of the site on your Guangzhou servers at the same time, presentation only. Which filing, if any?",
		"服务器在香港,没用CDN,域名没备过,要备案吗"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Step(Conversation{}, Message{At: testNow, Kind: TextMessage, Text: texts[i%len(texts)]})
	}
}
