package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile are lines that nobody writes and anybody may send.
var hostile = []string{"", "   ", "\t", "\xff\xfe\x00\x80", "\xe5\xa4", "\xed\xa0\x80", "😀😀🇨🇳👨‍👩‍👧", "备案\u2028要多久\u2029", "\ufeff备案要多久", "a\rb", "\x1b[2J\x07备案", `"\{}</script>`, "example.cn\xff", "exa\x00mple.cn", "😀.cn",
	strings.Repeat("备", 350_000), strings.Repeat("\xff", 1_000_000), strings.Repeat("a.", 500_000) + "cn", strings.Repeat("1", 1_000_000), strings.Repeat("((", 500_000), strings.Repeat("😀", 250_000)}

// objects are the JSON objects of an output, which has to be one a line and UTF-8.
func objects(t *testing.T, out string) (list []map[string]any) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Error("not UTF-8")
	}
	for _, line := range strings.SplitAfter(out, "\n") {
		if line == "" {
			continue
		}
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil || !strings.HasSuffix(line, "\n") {
			t.Errorf("no object: %v: %.100q", err, line)
		}
		list = append(list, o)
	}
	return list
}

// TestHostileLinesGetTheirObject holds every command that reads lines to one object for each, in order, with the line's text as far as it is text.
func TestHostileLinesGetTheirObject(t *testing.T) {
	env := environment(t, t.TempDir())
	for _, command := range []string{"ask", "chat", "understand"} {
		t.Run(command, func(t *testing.T) {
			code, out, errs := call(t, env, strings.Join(hostile, "\n")+"\n", command, "--json")
			answers := slices.DeleteFunc(objects(t, out), func(o map[string]any) bool { return o["event"] != nil })
			if code != exitDone || len(answers) != len(hostile) {
				t.Fatalf("exit %d, %d answers to %d lines: %s", code, len(answers), len(hostile), errs)
			}
			for i, o := range answers {
				if o["text"] != string([]rune(hostile[i])) || o["reply"] == "" {
					t.Errorf("line %d: %.60q, reply %q", i, o["text"], o["reply"])
				}
			}
		})
	}
	t.Run("check", func(t *testing.T) { // blank lines and comments are no names
		code, out, errs := call(t, env, strings.Join(hostile, "\n")+"\n# a comment\n", "check", "--json", "--file", "-")
		if got := objects(t, out); code != exitWork || len(got) != len(hostile)-3 {
			t.Errorf("exit %d, %d objects: %s", code, len(got), errs)
		}
	})
	t.Run("arguments", func(t *testing.T) {
		for _, command := range []string{"ask", "check"} {
			_, out, errs := call(t, env, "", append([]string{command, "--json", "--"}, hostile...)...)
			if got := objects(t, out); len(got) != len(hostile) {
				t.Errorf("%s: %d objects: %s", command, len(got), errs)
			}
		}
	})
}
