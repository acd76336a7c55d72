package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImportsPointOneWay holds the order of the packages: network → bot → dialog → knowledge → nothing of ours; only cmd imports store.
func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "beianbot/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{
		"beianbot/knowledge":       {},
		"beianbot/dialog":          {"beianbot/knowledge"},
		"beianbot/bot":             {"beianbot/dialog", "beianbot/knowledge"},
		"beianbot/bot/domaincheck": {"beianbot/dialog"},
		"beianbot/bot/checklist":   {"beianbot/dialog", "beianbot/knowledge"},
		"beianbot/bot/web":         {"beianbot/bot", "beianbot/bot/checklist", "beianbot/dialog", "beianbot/knowledge"},
		"beianbot/bot/telegram":    {"beianbot/bot", "beianbot/dialog", "beianbot/knowledge"},
		"beianbot/bot/wechat":      {"beianbot/bot", "beianbot/dialog", "beianbot/knowledge"},
		"beianbot/store":           {"beianbot/bot", "beianbot/dialog", "beianbot/knowledge"},
		"beianbot/store/mirror":    {"beianbot/dialog", "beianbot/knowledge"},
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		pkg, imports, _ := strings.Cut(line, " ")
		for _, i := range strings.Fields(imports) {
			// The rehearsal is no part of the program either, and has the boxes to play in.
			if strings.HasPrefix(i, "beianbot/") && strings.HasSuffix(i, "test") && !strings.HasSuffix(pkg, "test") && pkg != "beianbot/cmd/rehearse" {
				t.Errorf("%s imports %s, which is for tests", pkg, i)
			}
		}
		may, listed := allowed[pkg]
		if !listed {
			continue
		}
		for _, i := range strings.Fields(imports) {
			ok := !strings.HasPrefix(i, "beianbot/")
			for _, a := range may {
				ok = ok || i == a
			}
			if !ok {
				t.Errorf("%s imports %s", pkg, i)
			}
			if pkg == "beianbot/dialog" && (i == "net/http" || i == "os" || i == "database/sql" || strings.HasPrefix(i, "math/rand")) {
				t.Errorf("dialog decides only, but imports %s", i)
			}
		}
	}
}
