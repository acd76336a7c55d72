package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// understand runs the command in a folder of its own.
func understand(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"understand"}, args...), nil, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestUnderstandExplains(t *testing.T) {
	code, out, errs := understand(t, "我们在深圳的公司,变更要多久\n谢谢\n", "--json")
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("want one object a line, got %s", out)
	}
	var got explained
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Topic != "duration" || got.Slots.Province != "CN-GD" || got.Slots.SubjectType != "enterprise" || got.Slots.FilingType != "change" {
		t.Errorf("got %s %+v", got.Topic, got.Slots)
	}
	best := got.Words[0]
	for _, w := range got.Words {
		if w.For > best.For {
			best = w
		}
	}
	if best.Word != "多久" {
		t.Errorf("the word that speaks most for duration is %q, want 多久", best.Word)
	}
	if len(got.Nearest) == 0 || got.Nearest[0].Topic == "" {
		t.Error("no example phrases like it")
	}
}

func TestUnderstandMeasures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labelled.jsonl")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"text":"备案要多久","style":"plain","topic":"duration","slots":{}}
{"text":"注销要什么材料","style":"plain","topic":"documents","slots":{"filing_type":"cancel"}}

{"text":"备案要多久","style":"wrong on purpose","topic":"fees","slots":{"province":"CN-GD"}}
`)
	code, out, errs := understand(t, "", "--eval", file)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{"2 of 3", "wrong on purpose", "duration for fees", "reliability", "province nothing for CN-GD"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	write("{\"text\":\"x\",\"topic\":\"fees\",\"slots\":{}}\n{\"text\":\"x\",\"topic\":\"feees\",\"slots\":{}}\n")
	if code, _, errs := understand(t, "", "--eval", file); code != exitWork || !strings.Contains(errs, "line 2") || !strings.Contains(errs, "feees") {
		t.Errorf("exit %d, want the line and the topic: %s", code, errs)
	}
	if code, _, _ := understand(t, "", "--eval", file, "text too"); code != exitUsage {
		t.Errorf("exit %d for --eval with messages, want %d", code, exitUsage)
	}
}
