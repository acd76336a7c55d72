package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"beianbot/bot/domaincheck/domaintest"
	"beianbot/dialog"
)

// loopbackWorld starts the servers of a small world and gives the environment that names them.
func loopbackWorld(t testing.TB) (env []string, whois *domaintest.WHOIS) {
	whois = domaintest.NewWHOIS(t, func(q string, c net.Conn, gone <-chan struct{}) {
		domaintest.Says(domaintest.CN("{name}", "广州示例科技有限公司", "阿里云计算有限公司（万网）", "2036-03-17 12:48:36"))(q, c, gone)
	})
	rdap := domaintest.NewRDAP(t, domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "GoDaddy.com, LLC", IANA: "146", Expiry: "2036-08-13T04:00:00Z", Statuses: []string{"client hold"}}}))
	dns := domaintest.NewDNS(t, domaintest.Zone{"example.cn": {"223.5.5.5"}, "example.com": {"47.52.1.1"}})
	return []string{"BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER=" + whois.Addr, "BEIANBOT_DOMAIN_CHECK_RDAP_URL=" + rdap.URL, "BEIANBOT_DOMAIN_CHECK_RESOLVER=" + dns.Addr}, whois
}

func TestCheckJSON(t *testing.T) {
	env, _ := loopbackWorld(t)
	code, out, errs := call(t, append(environment(t, t.TempDir()), env...), "", "check", "--json", "--subject", "广州示例科技有限公司", "https://www.example.cn/x", "example.com", "free.com")
	if code != 0 || errs != "" {
		t.Fatalf("exit %d %s", code, errs)
	}
	results := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var r dialog.DomainReport
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Conditions {
			results[r.Domain] += " " + string(c.Result) + "/" + c.Source
		}
		results[r.Domain] += " " + r.Hosting.Location
	}
	for name, want := range map[string]string{
		"www.example.cn": " pass/knowledge pass/whois pass/whois unknown/whois pass/whois unknown",
		"example.com":    " pass/knowledge fail/rdap pass/rdap unknown/rdap unknown/rdap overseas",
		"free.com":       " pass/knowledge unknown/rdap fail/rdap unknown/rdap unknown/rdap unknown",
	} {
		if results[name] != want {
			t.Errorf("%s:%s, want%s", name, results[name], want)
		}
	}
	if strings.Contains(out, "广州示例") {
		t.Errorf("the holder is told: %s", out)
	}
}

// TestCheckReadsGBK compares a holder that the registry writes in GBK, and fails nobody for one that cannot be read.
func TestCheckReadsGBK(t *testing.T) {
	answer := domaintest.CN("{name}", "广州示例科技有限公司", "阿里云计算有限公司（万网）", "2036-03-17 12:48:36")
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String(answer)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(answer, "广州示例科技有限公司", "\xff\xfe\xb9", 1)
	for name, tt := range map[string]struct{ text, subject, holder string }{"same": {gbk, "广州示例科技有限公司", "pass"}, "another": {gbk, "别家公司", "fail"}, "unreadable": {broken, "广州示例科技有限公司", "unknown"}} {
		env := append(environment(t, t.TempDir()), "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER="+domaintest.NewWHOIS(t, domaintest.Says(tt.text)).Addr)
		_, out, _ := call(t, env, "", "check", "--json", "--subject", tt.subject, "example.cn")
		if !strings.Contains(out, `"id":"holder_matches","result":"`+tt.holder+`"`) || !strings.Contains(out, `"registrar":"阿里云计算有限公司（万网）"`) || !strings.Contains(out, `"id":"registrar_approved","result":"pass"`) {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestCheckFindsTheNamesInAnArgument(t *testing.T) {
	env, _ := loopbackWorld(t)
	env = append(environment(t, t.TempDir()), env...)
	for arg, want := range map[string]string{
		"你好example.cn吗": "example.cn", "example.cn example.com": "example.cn example.com", "请查一下example.cn、https://www.example.com/x?u=a.cn 谢谢": "example.cn www.example.com",
		"Example。cn能备案吗,还有ｅｘａｍｐｌｅ.com": "example.cn example.com", "查example.cn": "example.cn", "example.cn\nexample.com": "example.cn example.com",
		"用友.cn": "xn--ior598e.cn", "www.用友.cn/": "www.xn--ior598e.cn", "查a@okcn.cn": "okcn.cn", "readme.md": "readme.md",
		"你好吗": "!你好吗", "10.0.0.1": "!10.0.0.1", "evil\x1b[2J.cn": "!evil\x1b[2J.cn", "": "!", "abc.nosuchtld": "!abc.nosuchtld",
	} {
		code, out, _ := call(t, env, "", "check", "--json", arg)
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
			var r dialog.DomainReport
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%q: %s", arg, out)
			}
			if r.Error != "" {
				r.Domain = "!" + r.Domain
			}
			got = append(got, r.Domain)
		}
		if strings.Join(got, " ") != want || (code == 1) != strings.HasPrefix(want, "!") {
			t.Errorf("%q: exit %d, %q, want %q", arg, code, got, want)
		}
	}
}

func TestCheckFile(t *testing.T) {
	env, whois := loopbackWorld(t)
	env = append(environment(t, t.TempDir()), env...)
	file := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(file, []byte("\ufeffexample.cn\r\n\r\n# a comment\nexample.com\nexample.cn\n10.0.0.1\nevil\x1b[2J.cn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := call(t, env, "", "check", "--file", file)
	want := []string{"域名", "example.cn   ✓     ✓       ✓       ?     ?       大陆      2036-03-17  阿里云计算有限公司（万网）", "example.com  ✓     ✗       ✓       ?     ?       海外      2036-08-13  GoDaddy.com, LLC", "example.cn", "10.0.0.1     ! ", "evil[2J.cn   ! "}
	got := strings.Split(strings.TrimSpace(out), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("line %d of\n%s", i+1, out)
		}
	}
	if code != 1 {
		t.Errorf("exit %d: two names cannot be checked", code)
	}
	if n := len(whois.Asked()); n != 1 {
		t.Errorf("%d queries for one name", n)
	}
	if code, out, _ := call(t, env, "example.com\nexample.cn\n", "check", "--json", "--lang", "en", "--file", "-"); code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, "not an approved mainland registrar") {
		t.Errorf("exit %d %s", code, out)
	}
	for _, args := range [][]string{{"check"}, {"check", "--lang", "fr", "example.cn"}} {
		if code, _, errs := call(t, env, "", args...); code != 2 || errs == "" {
			t.Errorf("%q: exit %d %s", args, code, errs)
		}
	}
	if code, _, errs := call(t, env, "", "check", "--file", filepath.Join(t.TempDir(), "none")); code != 1 || !strings.Contains(errs, "--file") {
		t.Errorf("missing file: exit %d %s", code, errs)
	}
	if code, out, _ := call(t, env, "", "check", "--json", "--file", "-"); code != 0 || out != "" {
		t.Errorf("no names: exit %d %q", code, out)
	}
}

// BenchmarkCheckFile reads 1,000 names against healthy servers on loopback.
func BenchmarkCheckFile(b *testing.B) {
	whois := domaintest.NewWHOIS(b, domaintest.Says(domaintest.CN("{name}", "示例", "阿里云计算有限公司（万网）", "2036-03-17 12:48:36")))
	rdap := domaintest.NewRDAP(b, func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		w.Write(domaintest.Domain{Registrar: "DNSPod, Inc.", IANA: "1697", Expiry: "2036-08-13T04:00:00Z"}.JSON(name))
	})
	zone := domaintest.Zone{}
	var names strings.Builder
	for i := range 1000 {
		name := fmt.Sprintf("name%d.%s", i, []string{"cn", "com"}[i%2])
		zone[name] = []string{"223.5.5.5"}
		fmt.Fprintln(&names, name)
	}
	env := append(environment(b, b.TempDir()), "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER="+whois.Addr, "BEIANBOT_DOMAIN_CHECK_RDAP_URL="+rdap.URL, "BEIANBOT_DOMAIN_CHECK_RESOLVER="+domaintest.NewDNS(b, zone).Addr)
	b.ResetTimer()
	for range b.N {
		code, out, errs := call(b, env, names.String(), "check", "--json", "--file", "-")
		if code != 0 || strings.Count(out, `"whois"`) == 0 || strings.Count(out, `"id":"registration_valid","result":"pass"`) != 1000 {
			b.Fatalf("exit %d, %d valid %s", code, strings.Count(out, `"id":"registration_valid","result":"pass"`), errs)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "names/s")
}

// TestBrowserDomainCard: a card on a phone says first what fails, each result with evidence, source and what to do, and nothing is wider than the screen.
func TestBrowserDomainCard(t *testing.T) {
	env, _ := loopbackWorld(t)
	base := startServer(t, t.TempDir(), env...)
	ctx := browser(t, 390, 844)
	do(t, ctx, "greeting", chromedp.Steps(chromedp.Navigate(base), chromedp.WaitVisible(".options button")))
	say(t, ctx, "帮我查 example.com")
	do(t, ctx, "card", chromedp.WaitVisible(".condition"))
	do(t, ctx, "top", chromedp.Evaluate[bool](`(document.querySelector(".card").scrollIntoView(), true)`))
	shot(t, ctx, "domain-card")
	marks := do(t, ctx, "marks", chromedp.Evaluate[string](`[...document.querySelectorAll(".condition .mark")].map(e => e.textContent).join("")`))
	if marks != "✗??✓✓" {
		t.Errorf("marks %q: what fails comes first", marks)
	}
	text := do(t, ctx, "text", chromedp.Text(".card"))
	for _, want := range []string{"GoDaddy.com, LLC 不是批复的国内注册商 (注册局 RDAP)", "现在要做:到现在的注册商控制台转出", "client hold", "查询时间(北京时间)", "现在指向大陆以外", "批复名单"} {
		if !strings.Contains(text, want) {
			t.Errorf("the card lacks %q:\n%s", want, text)
		}
	}
	if wide := do(t, ctx, "width", chromedp.Evaluate[int](`Math.max(...[...document.querySelectorAll("main *")].map(e => e.getBoundingClientRect().right))`)); wide > 390 {
		t.Errorf("something reaches to %d of 390 pixels", wide)
	}
	say(t, ctx, "换成 example.cn 呢")
	do(t, ctx, "second card", chromedp.Poll[bool](`document.querySelectorAll(".card").length === 2`))
	do(t, ctx, "top", chromedp.Evaluate[bool](`(document.querySelectorAll(".card")[1].scrollIntoView(), true)`))
	shot(t, ctx, "domain-card-cn")
	if text := do(t, ctx, "second", chromedp.Evaluate[string](`document.querySelectorAll(".card")[1].textContent`)); !strings.Contains(text, "⚠ 域名现在已经解析到大陆服务器") || strings.Contains(text, "广州示例") {
		t.Errorf("second card: %s", text)
	}
}
