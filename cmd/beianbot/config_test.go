package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestExampleConfigLoadsAndHasEveryKey(t *testing.T) {
	file := filepath.Join("..", "..", "config.example.toml")
	c, err := loadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.DomainCheck.Timeout != 4*time.Second || c.Mirror.Path != filepath.Join("..", "..", "data", "mirror") {
		t.Errorf("timeout %v, mirror %s", c.DomainCheck.Timeout, c.Mirror.Path)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section, have := "", map[string]bool{}
	for _, line := range strings.Split(string(b), "\n") {
		if m := regexp.MustCompile(`^\[(\w+)\]`).FindStringSubmatch(line); m != nil {
			section = m[1]
		} else if m := regexp.MustCompile(`^(\w+) =`).FindStringSubmatch(line); m != nil {
			have[section+"."+m[1]] = true
		}
	}
	for _, k := range keys {
		if !have[k.name] {
			t.Errorf("config.example.toml lacks %s", k.name)
		}
	}
}

func TestConfigFaultsNameFileLineAndKey(t *testing.T) {
	file := writeConfig(t, "[server]\nlisten = 8080\ncolour = \"red\"\n[domain_check]\ntimeout = \"soon\"\n[nonsense]\nx = 1\n[wechat]\nencoding_aes_key = \"hush-hush\"\n")
	_, err := loadConfig(file, []string{"BEIANBOT_TELEGRAM_MODE=pigeon", "BEIANBOT_NO_SUCH=1", "PATH=/bin"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{file + ":2: server.listen", file + ":3: unknown key server.colour", file + ":5: domain_check.timeout", file + ":6: unknown section [nonsense]",
		file + ":9: wechat.encoding_aes_key", "BEIANBOT_TELEGRAM_MODE", "BEIANBOT_NO_SUCH"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Error("a secret is in the error")
	}
}

func TestConfigSyntaxErrorHasItsLine(t *testing.T) {
	file := writeConfig(t, "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \n")
	if _, err := loadConfig(file, nil); err == nil || !strings.Contains(err.Error(), file+":") {
		t.Errorf("error = %v", err)
	}
}

func TestEnvironmentWins(t *testing.T) {
	file := writeConfig(t, "[domain_check]\ntimeout = \"2s\"\n[mirror]\nmax_age = \"7d\"\npath = \"m\"\n")
	c, err := loadConfig(file, []string{"BEIANBOT_DOMAIN_CHECK_TIMEOUT=3s"})
	if err != nil {
		t.Fatal(err)
	}
	if c.DomainCheck.Timeout != 3*time.Second || c.Mirror.MaxAge != 7*day || c.Mirror.Path != filepath.Join(filepath.Dir(file), "m") {
		t.Errorf("%v %v %s", c.DomainCheck.Timeout, c.Mirror.MaxAge, c.Mirror.Path)
	}
}

func TestHoursInWords(t *testing.T) {
	h, err := hoursText("Mo-Fr 09:00-18:00; Sa 10:00-12:00")
	if err != nil || h.ZH != "周一至周五 09:00–18:00,周六 10:00–12:00" || h.EN != "Mon–Fri 09:00–18:00, Sat 10:00–12:00" {
		t.Errorf("%+v %v", h, err)
	}
	if _, err := hoursText("always"); err == nil {
		t.Error("accepted")
	}
}
