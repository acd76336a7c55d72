package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/dialog"
	"beianbot/store/mirror"
)

// ownCases gives an environment with one case, whose number looks as the pattern says.
func ownCases(t *testing.T, pattern, no string) []string {
	t.Helper()
	dir := t.TempDir()
	env := append(environment(t, dir), "BEIANBOT_MIRROR_CASE_NO_PATTERN="+pattern)
	file := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\n"+no+",authority_review,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", file); code != 0 || strings.Contains(errs, "warning") {
		t.Fatal(errs)
	}
	return env
}

func TestOwnCaseNumbersAreUnderstood(t *testing.T) {
	for pattern, no := range map[string]string{`X\d{5}`: "X12345", `[A-Z]{2}-\d{2}`: "AB-12"} {
		env := ownCases(t, pattern, no)
		for _, said := range []string{no + " 1234", strings.ToLower(no) + ",1234", "查进度 " + no + " 后四位 1234"} {
			if _, out, errs := call(t, env, "", "ask", said); !strings.Contains(out, "订单 "+no) {
				t.Errorf("ask %q: %s%s", said, out, errs)
			}
		}
		if _, out, errs := call(t, env, "查进度 "+no+"\n1234\n", "chat", "--json"); strings.Count(out, `"case_no":"`+no+`"`) < 2 || !strings.Contains(out, "订单 "+no) {
			t.Errorf("chat: %s%s", out, errs)
		}
		base := startServer(t, t.TempDir(), env[1], env[len(env)-1])
		c := visitor(t, base)
		post(t, c, base, "m1", "查进度 "+no)
		heard(t, c, base, "后四位")
		post(t, c, base, "m2", "1234")
		heard(t, c, base, "订单 "+no)
	}
}

func TestImportWarnsOfNumbersNobodyCanAskFor(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\nX12345,draft,2026-11-01T09:00:00+08:00,1234\nBA20240617003,draft,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := call(t, environment(t, dir), "", "mirror", "import", file)
	if code != 0 || !strings.Contains(errs, `1 of 2 case numbers (the first is "X12345")`) {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestReloadKeepsOwnCaseNumbers(t *testing.T) {
	dir := ownKnowledge(t)
	conf, err := loadConfig("", []string{"BEIANBOT_KNOWLEDGE_DIR=" + dir, `BEIANBOT_MIRROR_CASE_NO_PATTERN=X\d{5}`})
	if err != nil {
		t.Fatal(err)
	}
	var engine *dialog.Engine
	r := newReloader(conf, slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	r.take = func(e *dialog.Engine) { engine = e }
	edit(t, dir, "topics/fees.yaml", "title: {zh: \"费用\"", "title: {zh: \"价钱\"")
	r.poll()
	r.poll()
	if engine == nil || engine.Understand("查进度 X12345").Slots.CaseNo != "X12345" {
		t.Error("the new knowledge came without the operator's case numbers")
	}
}

func TestCaseNumberPatternsThatSwallowAreRefused(t *testing.T) {
	for _, pattern := range []string{"", ".*", `X*`, `\d+`, "("} {
		file := writeConfig(t, "[mirror]\ncase_no_pattern = '"+pattern+"'\n")
		if _, err := loadConfig(file, nil); err == nil || !strings.Contains(err.Error(), file+":2: mirror.case_no_pattern: ") {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestDataOlderThanMaxAgeIsSaidToBeOld(t *testing.T) {
	dir := t.TempDir()
	env := environment(t, dir)
	rows := []mirror.Row{{CaseNo: "BA20240617003", Status: "draft", StatusAt: time.Now().Add(-72 * time.Hour), PhoneLast4: "1234"}}
	if _, err := mirror.Import(context.Background(), filepath.Join(dir, "mirror"), rows, "test", false, false, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for limit, old := range map[string]bool{"24h": false, "1h": true} {
		for said, words := range map[string]string{"BA20240617003 1234": "可能已经过时", "what is the status of BA20240617003, last four 1234": "may be out of date"} {
			_, out, errs := call(t, append(env, "BEIANBOT_MIRROR_MAX_AGE="+limit), "", "ask", said)
			if strings.Contains(out, words) != old {
				t.Errorf("%s, %q: %s%s", limit, said, out, errs)
			}
		}
	}
}
