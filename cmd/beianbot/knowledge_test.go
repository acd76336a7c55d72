package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/width"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// ownKnowledge copies the embedded files into a folder of the operator's.
func ownKnowledge(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "k")
	if err := os.CopyFS(dir, knowledge.Embedded()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit changes a knowledge file of a folder; old must be in it.
func edit(t *testing.T, dir, name, old, new string) {
	t.Helper()
	file := filepath.Join(dir, name)
	b, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s has no %q: %v", name, old, err)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLintTellsWhatTheDialogMakesOfIt(t *testing.T) {
	dir := ownKnowledge(t)
	edit(t, dir, "examples/fees.yaml", "phrases:\n", "phrases:\n  - 备案要多久\n")
	edit(t, dir, "topics/fees.yaml", `  - id: fees.general`, "  - id: fees.long\n    asked: [长长长]\n    short: {zh: "+strings.Repeat("很长的话", 200)+", en: long}\n    sources: [s_help]\n    confidence: high\n  - id: fees.general")
	conf, err := loadConfig("", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, findings, err := lint(os.DirFS(dir), conf, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range findings {
		all = append(all, f.String())
		if f.Severity != knowledge.Warning {
			t.Errorf("not a warning: %s", f)
		}
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{`warning: "备案要多久" is understood as`, "answer fees.long has 800 characters in its first message", "answer fees.long (zh) makes a message of"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if code, _, _ := call(t, nil, "", "knowledge", "lint", dir); code != 0 {
		t.Errorf("warnings: exit %d", code)
	}
	if code, _, _ := call(t, nil, "", "knowledge", "lint", "--strict", dir); code != 1 {
		t.Errorf("warnings with --strict: exit %d", code)
	}
}

func TestCoverageFitsATerminalAndCountsEveryCell(t *testing.T) {
	for _, args := range [][]string{{}, {"--province", "广东"}, {"--subject", "个人"}, {"--type", "first", "--subject", "企业"}} {
		code, out, errs := call(t, nil, "", append([]string{"knowledge", "coverage"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: exit %d %s", args, code, errs)
		}
		for _, l := range strings.Split(out, "\n") {
			n := 0
			for _, r := range l {
				n++
				if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
					n++
				}
			}
			if n > 100 {
				t.Errorf("%v: %d columns: %s", args, n, l)
			}
		}
		if args == nil && strings.Count(out, "\n") < 31 {
			t.Errorf("too few lines:\n%s", out)
		}
	}
	code, out, _ := call(t, nil, "", "knowledge", "coverage", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var c dialog.Cell
	if err := json.Unmarshal([]byte(lines[0]), &c); code != 0 || err != nil || len(lines) != 2170 || c.Footing == "" {
		t.Errorf("exit %d, %d cells, %v: %s", code, len(lines), err, lines[0])
	}
	_, out, _ = call(t, nil, "", "knowledge", "coverage", "--province", "CN-GD", "--type", "first", "--subject", "individual")
	if !strings.Contains(out, "CN-GD.commitment_individual, requires") || !strings.Contains(out, "本省规则") {
		t.Error(out)
	}
	if code, _, errs := call(t, nil, "", "knowledge", "coverage", "--province", "火星"); code != 2 || !strings.Contains(errs, "火星") {
		t.Errorf("unknown province: exit %d %s", code, errs)
	}
}

func TestKnowledgeDiff(t *testing.T) {
	dir := ownKnowledge(t)
	if code, out, _ := call(t, nil, "", "knowledge", "diff", "-", dir); code != 0 || strings.TrimSpace(out) != "没有差别" {
		t.Errorf("exit %d: %s", code, out)
	}
	edit(t, dir, "examples/fees.yaml", "phrases:\n", "phrases:\n  - 备个案得花多少银子\n")
	if code, out, _ := call(t, nil, "", "knowledge", "diff", "--lang", "en", "embedded", dir); code != 0 || !strings.Contains(out, "added 备个案得花多少银子") || !strings.Contains(out, "1 changed") {
		t.Errorf("exit %d: %s", code, out)
	}
	edit(t, dir, "examples/fees.yaml", "phrases:", "phrses:")
	if code, _, errs := call(t, nil, "", "knowledge", "diff", "-", dir); code != 1 || !strings.Contains(errs, `unknown key "phrses"`) {
		t.Errorf("broken folder: exit %d: %s", code, errs)
	}
}

// TestReloadIsWholeOrNotAtAll walks the watcher through a change under way, a broken folder, its repeat, and its repair.
func TestReloadIsWholeOrNotAtAll(t *testing.T) {
	dir := ownKnowledge(t)
	conf, err := loadConfig("", []string{"BEIANBOT_KNOWLEDGE_DIR=" + dir})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := newReloader(conf, slog.New(slog.NewTextHandler(&log, nil)))
	var engines []*dialog.Engine
	r.take = func(e *dialog.Engine) { engines = append(engines, e) }
	polls := func(n int) {
		for range n {
			r.poll()
		}
	}
	polls(3)
	if len(engines) != 0 {
		t.Fatal("loaded without a change")
	}
	edit(t, dir, "topics/fees.yaml", "title: {zh: \"费用\"", "title: {zh: \"价钱\"")
	r.poll()
	if len(engines) != 0 {
		t.Fatal("loaded before the folder came to rest")
	}
	polls(3)
	if len(engines) != 1 || engines[0].Knowledge().Topics[knowledge.Fees].Title.ZH != "价钱" {
		t.Fatalf("%d engines", len(engines))
	}
	log.Reset()
	edit(t, dir, "topics/fees.yaml", "id: fees\n", "id: fees\ncolour: red\n")
	polls(5)
	state := r.knowledge()
	if len(engines) != 1 || strings.Count(log.String(), "unknown key") != 1 || !strings.Contains(log.String(), "topics/fees.yaml:2") || !strings.Contains(state.problem, "1 errors") {
		t.Errorf("%d engines, state %v, log:\n%s", len(engines), state, log.String())
	}
	log.Reset()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	polls(5)
	if len(engines) != 1 || strings.Count(log.String(), "refused") != 1 {
		t.Errorf("%d engines, log:\n%s", len(engines), log.String())
	}
	if err := os.CopyFS(dir, knowledge.Embedded()); err != nil {
		t.Fatal(err)
	}
	polls(3)
	state = r.knowledge()
	if len(engines) != 2 || engines[1].Knowledge().Topics[knowledge.Fees].Title.ZH != "费用" || state.problem != "" || state.version != engines[1].Knowledge().Version() {
		t.Errorf("%d engines, state %v", len(engines), state)
	}
}

// TestServeTakesUpChangedKnowledge changes a file under the running program and asks again.
func TestServeTakesUpChangedKnowledge(t *testing.T) {
	dir := ownKnowledge(t)
	base := startServer(t, t.TempDir(), "BEIANBOT_KNOWLEDGE_DIR="+dir)
	c := visitor(t, base)
	post(t, c, base, "m1", "备案要收费吗")
	heard(t, c, base, "免费")
	if body := readyz(t, base); body.Knowledge != "up" || body.KnowledgeAt.IsZero() || body.KnowledgeVersion == "" {
		t.Errorf("readyz %v", body)
	}
	edit(t, dir, "topics/fees.yaml", "id: fees\n", "id: fees\ncolour: red\n")
	await(t, func() bool { return strings.Contains(readyz(t, base).KnowledgeProblem, "1 errors") })
	post(t, c, base, "m2", "备案要收费吗")
	post(t, c, base, "m2b", "公司首次备案要什么材料") // asked back for the province, which is answered after the reload
	edit(t, dir, "topics/fees.yaml", "id: fees\ncolour: red\n", "id: fees\n")
	edit(t, dir, "topics/fees.yaml", "准备好材料就可以提交。", "这是新的下一步")
	await(t, func() bool { return readyz(t, base).KnowledgeProblem == "" })
	post(t, c, base, "m2c", "广东")
	heard(t, c, base, "广东省 · 企业 · 首次备案")
	post(t, c, base, "m3", "备案要收费吗")
	heard(t, c, base, "这是新的下一步")
}

func readyz(t *testing.T, base string) readyBody {
	t.Helper()
	res, err := http.Get(base + "readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	var body readyBody
	if err := json.Unmarshal(b, &body); err != nil {
		t.Fatalf("readyz: %s", b)
	}
	return body
}

// await waits until something outside this process's control holds, ten reload times at most.
func await(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*reloadEvery)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("waited in vain")
		case <-time.After(50 * time.Millisecond):
		}
	}
}
