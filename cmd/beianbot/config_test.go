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

// TestValuesThatMakeNoSenseAreRefused sets each in a file and in the environment: the first is told with file, line and key, the second with the variable.
func TestValuesThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct{ key, value, remedy string }{
		{"server.listen", "", "every address"},
		{"server.listen", "8080", "write host:port"},
		{"server.listen", "http://127.0.0.1:8080", "write host:port"},
		{"server.listen", "::1:8080", "[::1]:8080"},
		{"server.listen", "here or there:80", "write host:port"},
		{"server.listen", "127.0.0.1:+80", "0 to 65535"},
		{"server.listen", "127.0.0.1:", "0 to 65535"},
		{"domain_check.whois_server", ":43", "the host is missing"},
		{"domain_check.resolver", "127.0.0.1:0", "1 to 65535"},
		{"store.url", "sqlite: ", "sqlite:PATH"},
		{"store.url", "sqlite:data/", "names a folder"},
		{"mirror.path", "", "data/mirror"},
		{"mirror.path", " ", "data/mirror"},
		{"mirror.case_no_pattern", "", "say more closely"},
		{"mirror.case_no_pattern", "[0-9]*", "say more closely"},
		{"operator.name", "", "what they should read"},
		{"operator.name", "某某\t公司", "one line"},
		{"operator.phone", "  ", "what they should read"},
		{"operator.filing_system_url", "", "https://"},
		{"operator.filing_system_url", "www.example.cn", "https://"},
		{"operator.filing_system_url", "http://:80", "https://"},
		{"operator.time_zone", "", "Asia/Shanghai"},
		{"operator.hours", "", "Mo-Fr 09:00-18:00"},
		{"operator.hours", "Mo-Fr 18:00-09:00", "Mo-Fr 18:00-24:00"},
		{"operator.hours", "Mo-Fr 09:00-09:00", "does not end after it begins"},
		{"operator.hours", "Mo-Fr 09:00-18:00; Sa 25:00-26:00", "00:00 to 24:00"},
		{"operator.hours", "Mo 24:00-24:00", "does not end after it begins"},
		{"operator.hours", "Mo 09:60-10:00", "00:00 to 24:00"},
		{"telegram.webhook_secret", "not allowed!", "letters, digits"},
		{"wechat.encoding_aes_key", strings.Repeat("!", 43), "copy EncodingAESKey whole"},
	} {
		t.Run(c.key+" "+c.value, func(t *testing.T) {
			section, name, _ := strings.Cut(c.key, ".")
			file := writeConfig(t, "\n["+section+"]\n"+name+" = '"+c.value+"'\n")
			if _, err := loadConfig(file, nil); err == nil || !strings.Contains(err.Error(), file+":3: "+c.key+": ") || !strings.Contains(err.Error(), c.remedy) {
				t.Errorf("in a file: %v", err)
			}
			variable := key{name: c.key}.variable()
			if _, err := loadConfig(writeConfig(t, ""), []string{variable + "=" + c.value}); err == nil || !strings.Contains(err.Error(), variable+": ") || !strings.Contains(err.Error(), c.remedy) {
				t.Errorf("in the environment: %v", err)
			}
		})
	}
}

// TestUnusualValuesAreTaken are values that look odd and mean something.
func TestUnusualValuesAreTaken(t *testing.T) {
	for _, set := range []string{"SERVER_LISTEN=:8080", "SERVER_LISTEN=[::1]:8080", "SERVER_LISTEN=localhost:0", "SERVER_LISTEN=0.0.0.0:80", "OPERATOR_HOURS=Mo-Su 00:00-24:00",
		"OPERATOR_HOURS=Mo-Fr 18:00-24:00; Tu-Sa 00:00-02:00", "OPERATOR_HOURS=Sa-Mo 09:00-12:00", "OPERATOR_PHONE=400-700-7300 转 8093", "DOMAIN_CHECK_RESOLVER=", "DOMAIN_CHECK_RESOLVER=[::1]:53",
		"DOMAIN_CHECK_WHOIS_SERVER=whois.cnnic.cn:43", "STORE_URL=sqlite:/tmp/a b.db", "TELEGRAM_WEBHOOK_SECRET=a-B_9", "KNOWLEDGE_DIR="} {
		if _, err := loadConfig(writeConfig(t, ""), []string{"BEIANBOT_" + set}); err != nil {
			t.Errorf("%s: %v", set, err)
		}
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
