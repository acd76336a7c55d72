package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"beianbot/store"
)

// inFolder writes files by their names and gives the folder.
func inFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestConfigCheckFindsWhatServeRefuses holds both to the same sentence, which names the place in the file or the variable.
func TestConfigCheckFindsWhatServeRefuses(t *testing.T) {
	key := strings.Repeat("a", 43)
	for name, c := range map[string]struct {
		config string
		env    []string
		want   []string
	}{
		"wechat without its token":      {"[wechat]\napp_id = \"wx1\"\n", nil, []string{"FILE:2: wechat.app_id is set", "wechat.token is empty", "BEIANBOT_WECHAT_TOKEN"}},
		"wechat with an empty token":    {"[wechat]\ntoken = \"\"\napp_id = \"wx1\"\n", nil, []string{"FILE:2: wechat.token is empty"}},
		"wechat app id by environment":  {"", []string{"BEIANBOT_WECHAT_APP_ID=wx1"}, []string{"environment variable BEIANBOT_WECHAT_APP_ID is set", "wechat.token is empty"}},
		"wechat key without app id":     {"[wechat]\nencoding_aes_key = \"" + key + "\"\ntoken = \"t\"\n", nil, []string{"FILE:3: wechat.token is set", "wechat.app_id is empty"}},
		"wechat menu that is not there": {"[wechat]\ntoken = \"t\"\nmenu = \"no.json\"\n", nil, []string{"FILE:3: wechat.menu", "no.json cannot be read"}},
		"wechat menu of something else": {"[wechat]\ntoken = \"t\"\nmenu = \"plain\"\n", nil, []string{"FILE:3: wechat.menu", "plain"}},
		"knowledge that is not there":   {"[knowledge]\n\ndir = \"nothere\"\n", nil, []string{"FILE:3: knowledge.dir", "nothere is not a folder"}},
		"knowledge by environment":      {"", []string{"BEIANBOT_KNOWLEDGE_DIR=/nothere"}, []string{"environment variable BEIANBOT_KNOWLEDGE_DIR: ", "/nothere is not a folder"}},
		"knowledge with faults":         {"[knowledge]\ndir = \"bad\"\n", nil, []string{"FILE:2: knowledge.dir", "sources.yaml:3", "colour"}},
		"store that is a folder":        {"[store]\nurl = \"sqlite:bad\"\n", nil, []string{"FILE:2: store.url", "is a folder"}},
		"store below a file":            {"[store]\nurl = \"sqlite:plain/s.db\"\n", nil, []string{"FILE:2: store.url", "plain is no folder"}},
		"store that is no database":     {"[store]\nurl = \"sqlite:plain\"\n", nil, []string{"FILE:2: store.url", "no intact SQLite database"}},
		"mirror that is a file":         {"[mirror]\npath = \"plain\"\n", nil, []string{"FILE:2: mirror.path", "not a directory"}},
		"mirror that is broken":         {"[mirror]\npath = \"broken\"\n", nil, []string{"FILE:2: mirror.path", "import again"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := inFolder(t, map[string]string{"config.toml": c.config, "plain": strings.Repeat("plain text ", 100), "bad/sources.yaml": "sources:\n  - id: a\n    colour: red\n", "broken/CURRENT": "elsewhere\n"})
			file := filepath.Join(dir, "config.toml")
			env := append(without(environment(t, dir), "STORE_URL", "MIRROR_PATH"), c.env...)
			for _, command := range [][]string{{"config", "check"}, {"serve"}} {
				code, _, errs := call(t, env, "", append([]string{"--config", file}, command...)...)
				if code != exitWork {
					t.Errorf("%v: exit %d", command, code)
				}
				for _, want := range c.want {
					if want = strings.ReplaceAll(want, "FILE", file); !strings.Contains(errs, want) {
						t.Errorf("%v: missing %q in: %s", command, want, errs)
					}
				}
			}
		})
	}
}

// without leaves out what is set for some keys.
func without(env []string, variables ...string) (out []string) {
	for _, e := range env {
		keep := true
		for _, v := range variables {
			keep = keep && !strings.HasPrefix(e, "BEIANBOT_"+v+"=")
		}
		if keep {
			out = append(out, e)
		}
	}
	return out
}

func TestConfigCheckTellsEveryFaultAtOnce(t *testing.T) {
	dir := inFolder(t, map[string]string{"config.toml": "[wechat]\napp_id = \"wx1\"\nmenu = \"no.json\"\n[knowledge]\ndir = \"nothere\"\n[mirror]\npath = \"config.toml\"\n"})
	code, _, errs := call(t, nil, "", "--config", filepath.Join(dir, "config.toml"), "config", "check")
	for _, want := range []string{":2: ", ":3: wechat.menu", ":5: knowledge.dir", ":7: mirror.path"} {
		if !strings.Contains(errs, "config.toml"+want) {
			t.Errorf("missing %q", want)
		}
	}
	if code != exitWork || t.Failed() {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestConfigCheckTouchesNothing runs it on a store with a write-ahead log, and where there is nothing yet.
func TestConfigCheckTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	env := environment(t, dir)
	check := func() {
		t.Helper()
		before := listing(t, dir)
		if code, _, errs := call(t, env, "", "config", "check"); code != 0 {
			t.Errorf("exit %d: %s", code, errs)
		}
		if after := listing(t, dir); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	}
	check()
	st, err := store.Open(t.Context(), filepath.Join(dir, "s.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	check() // beside a serve
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	check()
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if filepath.Ext(path) == ".db-shm" {
			content = nil // where the readers of a running store note what they read
		}
		fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestConfigCheckIsHonestOfWhatDoesNotRunYet: a key that nothing uses must not look as if it worked.
func TestConfigCheckIsHonestOfWhatDoesNotRunYet(t *testing.T) {
	file := writeConfig(t, "[server]\nlisten = \":8080\"\n[mirror]\nsource = \"https://example.cn/cases.csv\"\n[wecom]\ncorp_id = \"ww1\"\n")
	code, out, errs := call(t, nil, "", "--config", file, "config", "check")
	for _, want := range []string{"port 8080 of every address", "mirror.source comes with a later version", "wecom:     configured; comes with a later version"} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q", want)
		}
	}
	if code != 0 || t.Failed() {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// TestPlacesAreOfTheConfigurationOnly: a folder given as an argument stands in no file.
func TestPlacesAreOfTheConfigurationOnly(t *testing.T) {
	file := writeConfig(t, "[knowledge]\ndir = \"nothere\"\n")
	for _, args := range [][]string{{"lint", "elsewhere"}, {"diff", "elsewhere", "-"}, {"coverage", "elsewhere"}} {
		_, _, errs := call(t, nil, "", append([]string{"--config", file, "knowledge"}, args...)...)
		if strings.Contains(errs, file) || !strings.Contains(errs, "elsewhere is not a folder") {
			t.Errorf("%v: %s", args, errs)
		}
	}
}
