package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"beianbot/bot"
	"beianbot/bot/domaincheck/domaintest"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/bot/wechat/wechattest"
)

// examined are doctor's findings by what they are about.
func examined(t *testing.T, env []string) (code int, found map[string]bot.Finding, out string) {
	t.Helper()
	code, out, errs := call(t, env, "", "doctor", "--json")
	var r struct {
		OK       bool
		Findings []bot.Finding
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s %s", err, out, errs)
	}
	if r.OK != (code == 0) {
		t.Errorf("ok is %v, exit %d", r.OK, code)
	}
	found = map[string]bot.Finding{}
	for _, f := range r.Findings {
		if f.Level != "ok" && f.Remedy == "" {
			t.Errorf("no remedy: %+v", f)
		}
		if before, twice := found[f.What]; !twice || before.Level == "ok" {
			found[f.What] = f
		}
	}
	return code, found, out
}

// zone resolves the names that doctor asks for.
func zone(t *testing.T) string {
	t.Helper()
	return domaintest.NewDNS(t, domaintest.Zone{"cnnic.cn": {"159.226.1.1"}, "example.com": {"93.184.215.14"}}).Addr
}

// TestDoctorFindsAllWell runs beside a serve behind a proxy with a path, and every network in a box.
func TestDoctorFindsAllWell(t *testing.T) {
	tg, wx := telegramtest.New("7:telegram-secret"), wechattest.New()
	t.Cleanup(tg.Close)
	t.Cleanup(wx.Close)
	whois := domaintest.NewWHOIS(t, domaintest.Knows(map[string]string{"cnnic.cn": domaintest.CN("cnnic.cn", "某某中心", "某某注册商", "2030-01-01 00:00:00")}))
	rdap := domaintest.NewRDAP(t, domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "Some Registrar", Expiry: "2030-08-13T04:00:00Z"}}))
	dir := t.TempDir()
	var to *url.URL
	proxy := httptest.NewServer(http.StripPrefix("/help", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() }}))
	t.Cleanup(proxy.Close)
	env := []string{"BEIANBOT_TELEGRAM_TOKEN=7:telegram-secret", "BEIANBOT_TELEGRAM_API_URL=" + tg.URL(), "BEIANBOT_WECHAT_APP_ID=" + wx.AppID, "BEIANBOT_WECHAT_APP_SECRET=" + wx.Secret,
		"BEIANBOT_WECHAT_TOKEN=" + wx.Token, "BEIANBOT_WECHAT_ENCODING_AES_KEY=" + wx.Key, "BEIANBOT_WECHAT_API_URL=" + wx.URL(), "BEIANBOT_OPERATOR_NAME=示例云", "BEIANBOT_SERVER_PUBLIC_URL=" + proxy.URL + "/help", "BEIANBOT_SERVER_TRUSTED_PROXIES=127.0.0.1"}
	base := startServer(t, dir, env...)
	to, _ = url.Parse(base)
	file := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\nBA20260101001,approved,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env = append(environment(t, dir), append(env, "BEIANBOT_SERVER_LISTEN="+to.Host, "BEIANBOT_DOMAIN_CHECK_TIMEOUT=2s", "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER="+whois.Addr,
		"BEIANBOT_DOMAIN_CHECK_RDAP_URL="+rdap.URL, "BEIANBOT_DOMAIN_CHECK_RESOLVER="+zone(t))...)
	if code, _, errs := call(t, env, "", "mirror", "import", file); code != 0 {
		t.Fatal(errs)
	}
	code, found, out := examined(t, env)
	for what, f := range found {
		if f.Level == "error" || f.Level == "warning" && what != "public address" && what != "wechat menu" { // the boxes are plain http on loopback, and have no menu yet
			t.Errorf("%+v", f)
		}
	}
	if code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	for what, text := range map[string]string{"listen": "serve runs on", "store": "can be read and written", "mirror": "1 cases", "wechat callback": "proves itself", "WHOIS": "cnnic.cn (whois)", "RDAP": "example.com (rdap)",
		"DNS": "names resolve", "telegram token": "@", "wechat access token": "takes it", "knowledge": "embedded, version "} {
		if !strings.Contains(found[what].Text, text) {
			t.Errorf("%s: no %q in %+v", what, text, found[what])
		}
	}
	for _, secret := range []string{"telegram-secret", wx.Secret, wx.Token, wx.Key} {
		if strings.Contains(out, secret) {
			t.Errorf("a secret is printed: %s", out)
		}
	}
}

// TestDoctorFindsWhatIsWrong breaks every part; each has its own line with a remedy.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	tg, wx := telegramtest.New("7:telegram-secret"), wechattest.New()
	t.Cleanup(tg.Close)
	t.Cleanup(wx.Close)
	wx.Bar(true)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	go http.Serve(other, http.NotFoundHandler())
	dir := t.TempDir()
	file := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\nBA20260101001,approved,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := environment(t, dir)
	if code, _, errs := call(t, env, "", "mirror", "import", file); code != 0 {
		t.Fatal(errs)
	}
	current, err := os.ReadFile(filepath.Join(dir, "mirror", "CURRENT"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mirror", strings.TrimSpace(string(current))), []byte("no database at all, but long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "s.db"), []byte("no database at all, but long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	env = append(env, "BEIANBOT_TELEGRAM_TOKEN=7:wrong-secret", "BEIANBOT_TELEGRAM_API_URL="+tg.URL(), "BEIANBOT_WECHAT_APP_ID="+wx.AppID, "BEIANBOT_WECHAT_APP_SECRET="+wx.Secret, "BEIANBOT_WECHAT_TOKEN="+wx.Token,
		"BEIANBOT_WECHAT_API_URL="+wx.URL(), "BEIANBOT_SERVER_LISTEN="+other.Addr().String(), "BEIANBOT_SERVER_PUBLIC_URL=http://"+other.Addr().String())
	code, found, out := examined(t, env)
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	for what, text := range map[string]string{"store": "backup", "mirror": "import again", "listen": "in use", "public address": "something else answers (404)", "WHOIS": "no answer", "RDAP": "no answer", "DNS": "nothing resolves",
		"telegram token": "telegram.token", "wechat access token": "40164"} {
		if f := found[what]; what != "public address" && f.Level != "error" || !strings.Contains(out, text) {
			t.Errorf("%s: %+v, no %q", what, f, text)
		}
	}
	for _, secret := range []string{"wrong-secret", wx.Secret, wx.Token} {
		if strings.Contains(out, secret) {
			t.Errorf("a secret is printed: %s", out)
		}
	}
	code, text, _ := call(t, env, "", "doctor")
	if lines := strings.Split(strings.TrimSpace(text), "\n"); code != 1 || len(lines) < 10 || !strings.HasPrefix(lines[0], "warning  operator: ") {
		t.Errorf("exit %d\n%s", code, text)
	}
}

// TestDoctorTouchesNothing looks at a place where serve never ran, and at one that a newer program has used.
func TestDoctorTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	env := append(environment(t, dir), "BEIANBOT_WECHAT_TOKEN=abcdefgh", "BEIANBOT_WECHAT_CUSTOMER_MESSAGES=false")
	_, found, _ := examined(t, env)
	if left, _ := os.ReadDir(dir); len(left) != 0 || found["store"].Level != "ok" || found["mirror"].Level != "warning" {
		t.Errorf("left %v, %+v", left, found)
	}
	file := filepath.Join(dir, "s.db")
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 900"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(file)
	code, found, _ := examined(t, env)
	after, _ := os.ReadFile(file)
	if code != 1 || !strings.Contains(found["store"].Text, "schema 900") || !bytes.Equal(before, after) {
		t.Errorf("exit %d, changed %v, %+v", code, !bytes.Equal(before, after), found["store"])
	}
}

func TestAddressesOfOneNetwork(t *testing.T) {
	for a, want := range map[string]bool{"10.1.2.3": false, "127.0.0.1": false, "192.168.0.9": false, "::1": false, "fd00::1": false, "203.0.113.7": true, "2001:db8::1": true} {
		if got := publicAddress(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}
