package domaincheck

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"beianbot/bot/domaincheck/domaintest"
	"beianbot/dialog"
)

func TestDNS(t *testing.T) {
	long := []string{"CNAME c0.example.net"}
	zone := domaintest.Zone{
		"inside.cn": {"223.5.5.5", "2400:3200::1", "NS ns2.inside.cn", "NS NS1.inside.cn"},
		"in-hk.cn":  {"47.52.1.1"}, "in-mo.cn": {"202.175.3.3"}, "in-tw.cn": {"168.95.1.1"},
		"both.cn": {"114.114.114.114", "104.16.1.1"},
		"cdn.cn":  {"CNAME cdn.cn.w.kunlunca.com"}, "cdn.cn.w.kunlunca.com": {"CNAME edge.kunlunca.com"}, "edge.kunlunca.com": {"223.5.5.5"},
		"private.cn": {"10.0.0.1", "127.0.0.1", "::1"},
		"empty.cn":   {}, "loop.cn": {"CNAME loop2.cn"}, "loop2.cn": {"CNAME loop.cn"},
		"silent.cn": {domaintest.Silence}, "broken.cn": {domaintest.Broken}, "garbage.cn": {domaintest.Garbage}, "other.cn": {domaintest.Other, "223.5.5.5"},
		"large.cn": {domaintest.Truncate, "223.5.5.5"},
		"long.cn":  long,
	}
	for i := range 30 {
		zone["c"+string(rune('0'+i%10))+".example.net"] = []string{"CNAME c" + string(rune('0'+(i+1)%10)) + ".example.net"}
	}
	dns := domaintest.NewDNS(t, zone)
	whois := domaintest.NewWHOIS(t, domaintest.Says("No matching record.\n"))
	for host, want := range map[string]struct {
		countries, chain, servers []string
		none, failed              bool
	}{
		"inside.cn":  {countries: []string{"CN", "CN"}, servers: []string{"ns1.inside.cn", "ns2.inside.cn"}},
		"in-hk.cn":   {countries: []string{"HK"}},
		"in-mo.cn":   {countries: []string{"MO"}},
		"in-tw.cn":   {countries: []string{"TW"}},
		"both.cn":    {countries: []string{"CN", "US"}},
		"cdn.cn":     {countries: []string{"CN"}, chain: []string{"cdn.cn.w.kunlunca.com", "edge.kunlunca.com"}},
		"private.cn": {countries: []string{"ZZ", "ZZ", "ZZ"}},
		"empty.cn":   {none: true},
		"nobody.cn":  {none: true},
		"large.cn":   {countries: []string{"CN"}},
		"silent.cn":  {failed: true},
		"broken.cn":  {failed: true},
		"garbage.cn": {failed: true},
		"other.cn":   {failed: true},
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			limit := patience("")
			if want.failed {
				limit = patience(dialog.TroubleNoAnswer)
			}
			ev := check(t, Config{Timeout: limit, WHOISServer: whois.Addr, Resolver: dns.Addr}, host)
			var countries []string
			for _, a := range ev.Addresses {
				countries = append(countries, a.Country)
			}
			if !slices.Equal(countries, want.countries) || !slices.Equal(ev.CNAMEs, want.chain) || ev.NoAddress != want.none || ev.DNSFailed != want.failed || want.servers != nil && !slices.Equal(ev.NameServers, want.servers) {
				t.Errorf("%v %v %v none=%v failed=%v, want %+v", countries, ev.CNAMEs, ev.NameServers, ev.NoAddress, ev.DNSFailed, want)
			}
			if ev.Registration != dialog.RegistrationAbsent {
				t.Errorf("%q: WHOIS answered all the same", ev.Registration)
			}
		})
	}
	for _, host := range []string{"loop.cn", "long.cn"} {
		t.Run(host, func(t *testing.T) {
			if ev := check(t, Config{Timeout: 500 * time.Millisecond, WHOISServer: whois.Addr, Resolver: dns.Addr}, host); len(ev.CNAMEs) > maxChain || len(ev.Addresses) > 0 {
				t.Errorf("%+v", ev)
			}
		})
	}
}

// TestNobodyAnswers: every source is down, and the check is still over in time with all unknown.
func TestNobodyAnswers(t *testing.T) {
	const gone = "127.0.0.1:1" // nobody listens there
	ev := check(t, Config{Timeout: 500 * time.Millisecond, WHOISServer: gone, RDAPURL: "http://" + gone, Resolver: gone}, "example.com")
	ev.At = time.Time{}
	if want := (dialog.Evidence{Source: "rdap", Trouble: dialog.TroubleNoAnswer, DNSFailed: true}); !reflect.DeepEqual(ev, want) {
		t.Errorf("%+v", ev)
	}
}
