package domaincheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/likexian/whois-parser" // keeps the module, whose testdata is the corpus

	"beianbot/dialog"
	"beianbot/knowledge"
)

// corpus is the folder of real WHOIS answers in the parser's module; tests skip where it is missing (go mod vendor leaves it out) and fail in CI.
func corpus(t *testing.T, kind string) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/likexian/whois-parser").Output()
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "testdata", kind, "*"))
	if err != nil || len(files) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no WHOIS corpus: go mod download github.com/likexian/whois-parser")
		}
		t.Skip("no WHOIS corpus on this machine; go mod download github.com/likexian/whois-parser gets it")
	}
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f, ".json") && !strings.HasSuffix(f, ".md") {
			out = append(out, f)
		}
	}
	return out
}

// asked is the name a corpus file answers for: com_google.com is google.com. False for the records of suffixes themselves.
func asked(file string) (dialog.DomainName, bool) {
	_, host, _ := strings.Cut(filepath.Base(file), "_")
	n, refusal := dialog.ParseDomain(host)
	return n, refusal == nil
}

func approved(t *testing.T) map[string]*knowledge.Suffix {
	t.Helper()
	k, _, err := knowledge.Load(knowledge.Embedded(), knowledge.Options{Today: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return k.Domain.Suffixes
}

func TestCorpusFound(t *testing.T) {
	suffixes := approved(t)
	all, right, approvedAll, approvedRight, dated, read := 0, 0, 0, 0, 0, 0
	for _, file := range corpus(t, "noterror") {
		name, ok := asked(file)
		if !ok {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Domain struct {
				Domain         string
				ExpirationDate string `json:"expiration_date"`
			}
		}
		if b, err := os.ReadFile(file + ".json"); err != nil || json.Unmarshal(b, &want) != nil {
			t.Fatal(file, err)
		}
		ev := ReadWHOIS(name, string(text))
		all++
		_, isApproved := suffixes[name.Suffix]
		if isApproved {
			approvedAll++
		}
		if ev.Registration == dialog.RegistrationFound {
			right++
			if isApproved {
				approvedRight++
			}
		} else if ev.Registration == dialog.RegistrationAbsent {
			t.Errorf("%s: said to be free", filepath.Base(file))
		}
		if want.Domain.ExpirationDate != "" {
			dated++
			if len(ev.Expiries) > 0 {
				read++
			} else {
				t.Logf("%s: expiry %q not read", filepath.Base(file), want.Domain.ExpirationDate)
			}
		}
	}
	if approvedRight != approvedAll || read*100 < dated*98 {
		t.Errorf("found on approved suffixes %d of %d, expiry read %d of %d: want all, and 98 %%", approvedRight, approvedAll, read, dated)
	}
	t.Logf("found: %d of %d, approved suffixes %d of %d; expiry read %d of %d", right, all, approvedRight, approvedAll, read, dated)
}

func TestCorpusNotFound(t *testing.T) {
	suffixes := approved(t)
	all, right, approvedAll, approvedRight := 0, 0, 0, 0
	for _, file := range corpus(t, "notfound") {
		name, ok := asked(file)
		if !ok {
			t.Logf("%s: not a name", filepath.Base(file))
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all++
		_, isApproved := suffixes[name.Suffix]
		if isApproved {
			approvedAll++
		}
		if ev := ReadWHOIS(name, string(text)); ev.Registration == dialog.RegistrationAbsent {
			right++
			if isApproved {
				approvedRight++
			}
		} else if ev.Registration == dialog.RegistrationFound {
			t.Errorf("%s: said to be registered", filepath.Base(file))
		} else {
			t.Logf("%s: %q %q", filepath.Base(file), ev.Registration, ev.Trouble)
		}
	}
	if approvedRight != approvedAll {
		t.Errorf("not found on approved suffixes %d of %d: want all", approvedRight, approvedAll)
	}
	t.Logf("not found: %d of %d, approved suffixes %d of %d", right, all, approvedRight, approvedAll)
}
