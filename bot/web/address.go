package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// address is where a request comes from, for pacing: the nearest address that no trusted proxy wrote. What stands further to the left in X-Forwarded-For anybody
// could have written. Of an IPv6 address it is the network of 64 bits, for that is what one household or server has.
func (c *Chat) address(r *http.Request) string {
	at, ok := hop(r.RemoteAddr)
	if !ok {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && c.trusted(at); i-- {
		next, ok := hop(hops[i])
		if !ok {
			break
		}
		at = next
	}
	if at.Is6() {
		if p, err := at.Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}

// hop reads an address as proxies write it: alone, with a port, IPv6 in brackets.
func hop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone(""), true
}

func (c *Chat) trusted(a netip.Addr) bool {
	for _, p := range c.opt.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
