package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// block is a fenced part of a README: what follows the fence, its lines, and the line it begins in.
type block struct {
	info, text string
	line       int
}

func blocks(t *testing.T, file string) (out []block) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := false
	for i, l := range strings.Split(string(b), "\n") {
		switch fence, ok := strings.CutPrefix(l, "```"); {
		case ok && !in:
			in, out = true, append(out, block{info: fence, line: i + 1})
		case ok:
			in = false
		case in:
			out[len(out)-1].text += l + "\n"
		}
	}
	if in {
		t.Fatalf("%s: a fence is open at the end", file)
	}
	return out
}

// paste does what the README says with a block: adds it at the end (+), below the line that begins with at and ends there, or in place of that line.
func paste(t *testing.T, dir string, b block, file, at string) {
	t.Helper()
	name := filepath.Join(dir, file)
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("README line %d: %v", b.line, err)
	}
	lines := strings.SplitAfter(string(old), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, strings.TrimSuffix(at, ":")+":") })
	switch {
	case at == "+":
		lines = append(lines, b.text)
	case i < 0:
		t.Fatalf("README line %d: %s has no %s", b.line, file, at)
	case strings.HasSuffix(at, ":"):
		lines = slices.Insert(lines, i+1, b.text)
	default:
		lines[i] = b.text
	}
	if err := os.WriteFile(name, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKnowledgeReadme does everything that knowledge/README.md tells an operator to do, in its order, and holds that it comes out as it says.
func TestKnowledgeReadme(t *testing.T) {
	all := blocks(t, filepath.Join("..", "..", "knowledge", "README.md"))
	const dir = "my-knowledge"
	t.Chdir(t.TempDir())
	wrong := ""
	done := map[string]int{}
	for _, b := range all {
		words := strings.Fields(b.info)
		done[words[0]]++
		switch words[0] {
		case "toml":
			if err := os.WriteFile(words[1], []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		case "yaml", "json":
			if len(words) == 4 && words[3] == "wrong" {
				if err := os.CopyFS("broken", os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				wrong = "broken"
				paste(t, wrong, b, words[1], words[2])
				continue
			}
			paste(t, dir, b, words[1], words[2])
			if code, out, errs := call(t, nil, "", "knowledge", "lint", dir); code != 0 || !strings.Contains(out, "0 errors") && !strings.Contains(out, "no findings") {
				t.Fatalf("README line %d: after this the files are refused:\n%s%s", b.line, out, errs)
			}
		case "text":
			if code, out, _ := call(t, nil, "", "knowledge", "lint", wrong); code != 1 || !strings.Contains(out, b.text) {
				t.Errorf("README line %d: exit %d, lint says\n%s", b.line, code, out)
			}
		case "sh":
			commands(t, b)
		default:
			t.Errorf("README line %d: %q is not tried", b.line, b.info)
		}
	}
	if done["yaml"] < 8 || done["sh"] < 6 || done["text"] != 1 {
		t.Errorf("tried %v", done)
	}
}

// commands runs the lines of a block; the comments below a command are in what it says.
func commands(t *testing.T, b block) {
	t.Helper()
	out := ""
	for l := range strings.Lines(b.text) {
		l = strings.TrimSpace(l)
		if want, ok := strings.CutPrefix(l, "# "); ok {
			if !strings.Contains(strings.ReplaceAll(out, "no findings", "0 errors"), want) {
				t.Errorf("README line %d: no %q in\n%s", b.line, want, out)
			}
			continue
		}
		args, ok := strings.CutPrefix(l, "beianbot ")
		if !ok {
			t.Fatalf("README line %d: %q is no command of ours", b.line, l)
		}
		code, said, errs := call(t, nil, "", strings.Fields(strings.ReplaceAll(args, `"`, ""))...)
		if code != 0 {
			t.Fatalf("README line %d: %s: exit %d %s%s", b.line, l, code, said, errs)
		}
		out = said
	}
}

func TestKnowledgeExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "k")
	code, out, errs := call(t, nil, "", "knowledge", "export", dir)
	if code != 0 || !strings.Contains(out, dir) {
		t.Fatalf("exit %d %s%s", code, out, errs)
	}
	if code, out, _ := call(t, nil, "", "knowledge", "diff", "embedded", dir); code != 0 || strings.TrimSpace(out) != "没有差别" {
		t.Error(out)
	}
	mine := filepath.Join(dir, "sources.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, nil, "", "knowledge", "export", dir); code != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("exit %d %s", code, errs)
	}
	if b, _ := os.ReadFile(mine); !bytes.Equal(b, []byte("mine")) {
		t.Error("an operator's file was written over")
	}
}
