package domaincheck

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"beianbot/bot/domaincheck/domaintest"
	"beianbot/dialog"
)

// TestWHOISEncodings reads GBK as what it says, and holds for unreadable what is neither that nor UTF-8.
func TestWHOISEncodings(t *testing.T) {
	gb := func(s string) string {
		out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	latin, err := charmap.ISO8859_1.NewEncoder().String("Société Générale de Noms")
	if err != nil {
		t.Fatal(err)
	}
	const holder = "广州镕示例科技有限公司" // 镕 is in GBK and not in GB2312
	record := domaintest.CN("example.cn", holder, aliyun, "2036-03-17 12:48:36")
	line := func(s string) string { return domaintest.CN("example.cn", s, "DNSPod, Inc.", "2036-03-17 12:48:36") }
	for name, tt := range map[string]struct{ text, holder, registrar string }{ // "?": unreadable
		"UTF-8":                     {record, holder, aliyun},
		"GBK":                       {gb(record), holder, aliyun},
		"GBK, CRLF":                 {gb(strings.ReplaceAll(record, "\n", "\r\n")), holder, aliyun},
		"GBK and ASCII":             {gb(line(holder)), holder, "DNSPod, Inc."},
		"GB18030 of four bytes":     {gb(line("广州\U00020000公司")), "广州\U00020000公司", "DNSPod, Inc."},
		"GBK, cut in a character":   {line(gb(holder)[:len(gb(holder))-1]), "?", "DNSPod, Inc."},
		"UTF-8, cut in a character": {line(holder[:len(holder)-1]), "?", "DNSPod, Inc."},
		"UTF-8, cut, others whole":  {strings.Replace(record, holder, holder[:len(holder)-2], 1), "?", aliyun},
		"GBK in a UTF-8 answer":     {strings.Replace(record, holder, gb(holder), 1), "?", aliyun},
		"Latin":                     {line(latin), "?", "DNSPod, Inc."},
		"noise":                     {line("\xff\xfe\x80\xb0"), "?", "DNSPod, Inc."},
	} {
		ev := ReadWHOIS(mustParse(t, "example.cn"), tt.text)
		if ev.Registration != dialog.RegistrationFound || len(ev.Expiries) != 1 {
			t.Errorf("%s: %+v", name, ev)
		}
		for _, got := range [][2]string{{ev.Holder, tt.holder}, {ev.Registrar, tt.registrar}} {
			if got[0] != got[1] && !(got[1] == "?" && strings.Contains(got[0], unreadable)) {
				t.Errorf("%s: %q, want %q", name, got[0], got[1])
			}
		}
	}
}

// TestWHOISThrottlesInGBK hears a server that asks for patience in GBK.
func TestWHOISThrottlesInGBK(t *testing.T) {
	text, err := simplifiedchinese.GB18030.NewEncoder().String("查询过于频繁,请稍候\n")
	if err != nil {
		t.Fatal(err)
	}
	ev := check(t, Config{WHOISServer: domaintest.NewWHOIS(t, domaintest.Says(text)).Addr}, "example.cn")
	if ev.Trouble != dialog.TroubleThrottled {
		t.Errorf("%+v", ev)
	}
}
