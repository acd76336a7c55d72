package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestAddressIsTheNearestThatNoTrustedProxyWrote(t *testing.T) {
	c := New(nil, nil, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}})
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"no proxy", "203.0.113.7:4711", nil, "203.0.113.7"},
		{"a stranger's header", "203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		{"one proxy", "127.0.0.1:4711", []string{"203.0.113.7"}, "203.0.113.7"},
		{"two proxies", "127.0.0.1:4711", []string{"203.0.113.7, 10.1.1.1"}, "203.0.113.7"},
		{"two headers", "127.0.0.1:4711", []string{"203.0.113.7", "10.1.1.1"}, "203.0.113.7"},
		{"what the visitor wrote before", "127.0.0.1:4711", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{"a proxy that writes ports", "127.0.0.1:4711", []string{"203.0.113.7:50123"}, "203.0.113.7"},
		{"nothing readable", "127.0.0.1:4711", []string{"unknown"}, "127.0.0.1"},
		{"no header", "127.0.0.1:4711", nil, "127.0.0.1"},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:4711", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"IPv6", "[fd00::2]:4711", []string{"[2001:db8:1:2:3:4:5:6]:443"}, "2001:db8:1:2::/64"},
		{"IPv6, the same network", "[fd00::2]:4711", []string{"2001:db8:1:2:ffff::1"}, "2001:db8:1:2::/64"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/messages", nil)
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got := c.address(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
