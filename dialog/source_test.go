package dialog

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"beianbot/knowledge"
)

// cited is a source as customers read it: publisher, title and year.
var cited = regexp.MustCompile(`^(\S[^《]*《[^》]+》.*\((约)?(19|20)\d\d\)|[^,]+, .+ \((c\. )?(19|20)\d\d\))$`)

// ownSheets are names of our own collections of facts, which are no source for a customer.
var ownSheets = regexp.MustCompile(`(?i)filing\.md|decision\.md|domain\.md|fact (sheet|table)|事实表|判定表`)

// unsourced says what is wrong with a reply's sources: none, one without publisher, title or year, or the newest of them not shown; "" when all is well.
func unsourced(r Reply) string {
	if len(r.Sources) == 0 {
		return "no source"
	}
	for _, s := range r.Sources {
		if !cited.MatchString(s) || ownSheets.MatchString(s) {
			return "no publisher, title and year: " + s
		}
	}
	line, ok := "依据:"+r.Sources[0], false
	if r.Lang == knowledge.EN {
		line = "Source: " + r.Sources[0]
	}
	for _, l := range strings.Split(r.Text, "\n") {
		ok = ok || strings.HasPrefix(l, line)
	}
	if !ok {
		return "the answer does not name " + r.Sources[0]
	}
	return ""
}

// TestEveryAnswerIsSourced asks for every answer of every topic, in both languages, as somebody who asked just that.
func TestEveryAnswerIsSourced(t *testing.T) {
	k := loadKnowledge(t)
	e := NewEngine(k, nil)
	n := 0
	for id, topic := range k.Topics {
		if socialTopic(id) || slices.Contains([]knowledge.Topic{knowledge.Restart, knowledge.Unsolved, knowledge.Human, knowledge.OutOfScope, knowledge.DomainCheck, knowledge.Notify}, id) {
			continue // they tell nothing of filing: what to send, who will call
		}
		for i := range topic.Answers {
			if topic.Answers[i].ID == "case_status.general" {
				continue // asks for the number
			}
			for _, lang := range languages {
				tn := &turn{e: e, k: k, c: Conversation{Lang: lang, State: Idle}, now: testNow}
				tn.give(&topic.Answers[i])
				_, actions := tn.finish()
				n++
				if bad := unsourced(actions[0].(Say).Reply); bad != "" {
					t.Errorf("%s, %s: %s", topic.Answers[i].ID, lang, bad)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d answers asked for", n)
	}
}
