package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

// TestReportTellsWhatWasAsked lets visitors ask, and reads the report beside the running server.
func TestReportTellsWhatWasAsked(t *testing.T) {
	dir := t.TempDir()
	base := startServer(t, dir)
	env := environment(t, dir)
	for i, talk := range [][]string{
		{"备案要收费吗", "已解决"},
		{"查进度 BA20261101006 6612", "未解决"},
		{"我叫欧阳建国,尾号13912345678,火星上的基站怎么联网"},
		{"火星上的基站怎么联网啊"},
		{"转人工"},
	} {
		c := visitor(t, base)
		for n, text := range talk {
			if code, body := post(t, c, base, fmt.Sprint(i, n), text); code != 202 {
				t.Fatal(code, body)
			}
		}
		await(t, func() bool { // all are answered
			var r report
			_, out, _ := call(t, env, "", "report", "--json")
			return json.Unmarshal([]byte(out), &r) == nil && r.Messages >= []int{2, 4, 5, 6, 7}[i]
		})
	}
	var r report
	code, out, errs := call(t, env, "", "report", "--json")
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
		t.Fatal(code, errs, err)
	}
	topics := map[knowledge.Topic]reportTopic{}
	for _, x := range r.Topics {
		topics[x.Topic] = x
	}
	if r.Messages != 7 || r.Solved != 1 || r.Unsolved != 1 || topics["fees"].Solved != 1 || topics["case_status"].Unsolved != 1 || r.Lookups[bot.CaseTold] != 1 || r.Handoff.Asked != 1 || r.Handoff.StaffDesk {
		t.Errorf("report %s", out)
	}
	if len(r.Days) == 0 || r.Days[len(r.Days)-1].Channels["web"] == 0 || r.Languages[knowledge.ZH] != 7 {
		t.Errorf("volumes %s", out)
	}
	if len(r.Questions) != 1 || r.Questions[0].Count != 2 || r.Questions[0].Unanswered+r.Questions[0].LowConfidence != 2 || !strings.Contains(r.Questions[0].Wording+r.Questions[0].Examples[0], "火星上的基站怎么联网") {
		t.Errorf("questions %+v", r.Questions)
	}
	_, text, _ := call(t, env, "", "report", "--since", "24h")
	for _, who := range []string{"欧阳", "建国", "13912345678", "BA20261101006", "6612"} {
		if strings.Contains(out+text, who) {
			t.Errorf("the report tells %q", who)
		}
	}
	for _, want := range []string{"7 messages; solved 1, unsolved 1", "no staff desk", "   2 × ", "火星上的基站怎么联网", "fees"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestReportKeepsForAWhile deletes what is older than report.keep, and nothing else.
func TestReportKeepsForAWhile(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now := time.Now()
	for day := range 4 {
		turn := bot.Turn{Address: bot.Address{Channel: "web", Customer: "c"}, Now: now.Add(-time.Duration(day) * 24 * time.Hour),
			Record: bot.Record{Message: true, Topics: []knowledge.Topic{knowledge.Fees}, Clarity: dialog.Doubtful, Wording: "怎么收费"}}
		if _, err := st.SaveTurn(t.Context(), turn); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.ForgetTurns(t.Context(), now.Add(-36*time.Hour)); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := st.Turns(t.Context(), time.Unix(0, 0), now.Add(time.Hour), func(store.TurnRecord) { n++ }); err != nil || n != 2 {
		t.Errorf("%d records left, %v", n, err)
	}
}

func TestReportSaysWhatIsMissing(t *testing.T) {
	env := environment(t, t.TempDir())
	if code, _, errs := call(t, env, "", "report"); code != 1 || !strings.Contains(errs, "store.url") {
		t.Errorf("no store: exit %d %s", code, errs)
	}
	if code, _, errs := call(t, env, "", "report", "--since", "soon"); code != 2 || !strings.Contains(errs, "--since") {
		t.Errorf("bad --since: exit %d %s", code, errs)
	}
}
