package dialog

import (
	"strings"
	"testing"
	"time"

	"beianbot/knowledge"
)

// TestOldDataIsSaidToBeOld says so with the status and with a case that is not there, in both languages, and from one second past the limit on.
func TestOldDataIsSaidToBeOld(t *testing.T) {
	k := loadKnowledge(t)
	e := NewEngine(k, nil, WithMaxAge(24*time.Hour))
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		e    *Engine
		age  time.Duration
		none bool
		old  bool
	}{
		"fresh":           {e, time.Hour, false, false},
		"just fresh":      {e, 24 * time.Hour, false, false},
		"old":             {e, 24*time.Hour + time.Second, false, true},
		"old, none there": {e, 48 * time.Hour, true, true},
		"none there":      {e, time.Hour, true, false},
		"no limit":        {NewEngine(k, nil), 1000 * time.Hour, false, false},
	} {
		for lang, words := range map[knowledge.Lang][]string{knowledge.ZH: {"可能已经过时", "400-000-0000"}, knowledge.EN: {"may be out of date", "400-000-0000"}} {
			synced := now.Add(-tt.age)
			ev := CaseFound{At: now, Purpose: knowledge.CaseStatus, CaseNo: "BA20240617003", SyncedAt: synced, Case: &Case{CaseNo: "BA20240617003", Status: knowledge.AuthorityReview, StatusAt: synced}}
			if tt.none {
				ev.Case = nil
			}
			_, actions := tt.e.Step(Conversation{Lang: lang, Slots: Slots{CaseNo: "BA20240617003"}}, ev)
			text := ""
			for _, a := range actions {
				if s, ok := a.(Say); ok {
					text += s.Reply.Text + "\n"
				}
			}
			for _, w := range append(words, synced.Format("2006-01-02 15:04")) {
				if w == words[0] && strings.Contains(text, w) != tt.old || tt.old && !strings.Contains(text, w) {
					t.Errorf("%s, %s: %q in:\n%s", name, lang, w, text)
				}
			}
			if asOf := strings.Contains(text, "数据截至") || strings.Contains(text, "As of "); asOf == (tt.old || tt.none) {
				t.Errorf("%s, %s: the usual date too, or not at all:\n%s", name, lang, text)
			}
		}
	}
}
