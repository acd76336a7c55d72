package domaincheck

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"beianbot/bot/domaincheck/domaintest"
)

// TestAskedTellsOfEverySource asks twice: the second time answers were kept, and nobody was asked.
func TestAskedTellsOfEverySource(t *testing.T) {
	whois := domaintest.NewWHOIS(t, domaintest.Knows(map[string]string{"example.cn": domaintest.CN("example.cn", "示例公司", aliyun, "2030-03-17 12:48:36")}))
	dns := domaintest.NewDNS(t, domaintest.Zone{"example.cn": {"203.0.113.7"}})
	var mu sync.Mutex
	var told []string
	k := New(Config{Timeout: 5 * time.Second, WHOISServer: whois.Addr, RDAPURL: "http://127.0.0.1:1", Resolver: dns.Addr, Asked: func(source, outcome string, took time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(source, " ", outcome, " ", took > 0))
	}})
	t.Cleanup(k.Close)
	for range 2 {
		k.Check(t.Context(), mustParse(t, "example.cn"))
	}
	k.Check(t.Context(), mustParse(t, "example.com")) // no RDAP there: WHOIS is asked as well, and has no such name
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(told)
	if want := []string{"dns absent true", "dns found true", "rdap no_answer true", "whois absent true", "whois found true"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
