// Package domaincheck asks the world about a name: RDAP and WHOIS who registered it and until when, DNS where it points. It returns evidence and judges nothing;
// dialog.Judge holds it against the five conditions.
//
// # Whom it asks
//
// Registries are asked by RDAP; .cn and .中国, which have none, by WHOIS. Where a registry's RDAP does not answer, WHOIS is asked as well once half of the time is
// gone. RDAP servers come from IANA's bootstrap file (RFC 9224), fetched at run time and kept for a day, and from a small table until it is there; WHOIS
// servers from a small table and from whois.iana.org. A WHOIS referral is never followed; the registrar's RDAP server, which a registry's answer links to, is
// asked for its own expiry date, for the registry's may already be next year's. Configured servers take the place of all that.
//
// # What it holds to
//
//   - One deadline for everything: Check returns at the latest 100 ms after Config.Timeout, with what came until then.
//   - No packet for anything but a name that can be registered: Check asks nothing about a name that dialog.ParseDomain would not have given.
//   - Addresses from answers (redirects, related links, IANA's lists) are dialled only if public and on the protocol's port, or if the configuration names them.
//   - No answer counts for more than 64 KiB, no WHOIS answer that is longer or unfinished is believed, and none that is not plainly about the asked name.
//   - One query at a time for each registry host; a host that says to slow down is left alone until it may be asked again.
//   - The same name asked by many at once costs one query, and answers are kept by their kind, see the lifetimes in cache.go.
//
// A source that fails, for whatever reason, leaves what it would have shown unknown (Evidence.Trouble says why) and nothing else.
package domaincheck

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"beianbot/dialog"
)

// Config says how long a whole check may take and, for operators behind proxies and for tests, whom to ask. An empty address means the built-in tables.
type Config struct {
	Timeout     time.Duration // of one whole check; 0 is 4 s
	WHOISServer string        // host:port
	RDAPURL     string        // base, to which domain/NAME is added
	Resolver    string        // host:port
	Bootstrap   string        // URL of IANA's list of RDAP servers
	IANA        string        // host:port of the WHOIS server that knows every registry's
	Now         func() time.Time
	// Asked is told of every source that was asked (whois, rdap, dns; not of answers that were kept): what came of it, one of a fixed list (found, absent,
	// failed, or a dialog.Trouble), and how long it took. It must not block.
	Asked func(source, outcome string, took time.Duration)
	// Panicked is told of an answer that something panicked over; it counts as none. nil: nobody is.
	Panicked func(what any, stack []byte)
}

// Checker is safe for many goroutines.
type Checker struct {
	conf      Config
	named     map[string]bool // host:port that the configuration names: dialled wherever they are
	http      *http.Client
	lookup    *net.Resolver
	gates     gates
	found     *cache[dialog.Evidence]
	places    *cache[place]
	lists     *cache[map[string]string]
	referrals *cache[string]
}

// New makes a checker.
func New(c Config) *Checker {
	if c.Timeout <= 0 {
		c.Timeout = 4 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Asked == nil {
		c.Asked = func(string, string, time.Duration) {}
	}
	if c.Panicked == nil {
		c.Panicked = func(any, []byte) {}
	}
	named := map[string]bool{}
	for _, a := range []string{c.WHOISServer, hostPort(c.RDAPURL), hostPort(c.Bootstrap), c.IANA} {
		named[strings.ToLower(a)] = true
	}
	if c.Bootstrap == "" {
		c.Bootstrap = "https://data.iana.org/rdap/dns.json"
	}
	if c.IANA == "" {
		c.IANA = "whois.iana.org:43"
	}
	k := &Checker{conf: c, named: named, lookup: net.DefaultResolver, gates: gates{now: c.Now}, found: newCache[dialog.Evidence](c), places: newCache[place](c),
		lists: newCache[map[string]string](c), referrals: newCache[string](c)}
	if c.Resolver != "" {
		k.lookup = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, c.Resolver)
		}}
	}
	k.http = k.client()
	return k
}

// Close lets go of idle connections. Checks under way go on.
func (k *Checker) Close() { k.http.CloseIdleConnections() }

// hostPort is where a URL is dialled; "" for none.
func hostPort(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// grace is how long after the time limit a check still waits for its sources, which end at the limit by themselves.
const grace = 100 * time.Millisecond

// Check asks all sources side by side and returns what came within the time limit. It never fails: what is not known stays unknown.
func (k *Checker) Check(ctx context.Context, name dialog.DomainName) dialog.Evidence {
	if n, refusal := dialog.ParseDomain(name.Host); refusal != nil || n != name {
		return dialog.Evidence{Source: "whois", Trouble: dialog.TroubleNoServer, DNSFailed: true}
	}
	ctx, cancel := context.WithTimeout(ctx, k.conf.Timeout+grace)
	defer cancel()
	points := make(chan place, 1)
	go func() {
		p, ok := k.places.get(ctx, name.Host, k.conf.Timeout, func(ctx context.Context) (place, time.Duration) { return k.resolve(ctx, name) })
		p.failed = p.failed || !ok
		points <- p
	}()
	ev, ok := k.found.get(ctx, name.Registrable, k.conf.Timeout, func(ctx context.Context) (dialog.Evidence, time.Duration) { return k.registration(ctx, name) })
	if !ok {
		ev = dialog.Evidence{Trouble: dialog.TroubleNoAnswer}
	}
	p := <-points
	if ev.Source == "" {
		ev.Source = "rdap"
		if k.byWHOIS(name.Suffix) {
			ev.Source = "whois"
		}
	}
	ev.Addresses, ev.CNAMEs, ev.NameServers, ev.NoAddress, ev.DNSFailed = p.addresses, p.cnames, p.servers, p.none, p.failed
	return ev
}

// registered tells Config.Asked what came of asking a registry. It is deferred: an answer that was panicked over is unreadable, and ends no more than this.
func (k *Checker) registered(ev *dialog.Evidence, source string, start time.Time) {
	if p := recover(); p != nil {
		k.conf.Panicked(p, debug.Stack())
		*ev = dialog.Evidence{Source: source, Trouble: dialog.TroubleUnreadable}
	}
	k.conf.Asked(source, cmp.Or(string(ev.Registration), string(ev.Trouble), "failed"), time.Since(start))
}

// byWHOIS reports whether a suffix is asked about by WHOIS first: those without RDAP, and all where only a WHOIS server is configured.
func (k *Checker) byWHOIS(suffix string) bool {
	return suffix == "cn" || suffix == "xn--fiqs8s" || k.conf.RDAPURL == "" && k.conf.WHOISServer != ""
}

// registration asks who registered a name. RDAP has half of the time for itself; then, or when it has failed, WHOIS is asked as well. The first that knows counts.
func (k *Checker) registration(ctx context.Context, name dialog.DomainName) (dialog.Evidence, time.Duration) {
	keep := func(ev dialog.Evidence) (dialog.Evidence, time.Duration) {
		ev.At = k.conf.Now()
		return ev, k.lifetime(ev)
	}
	if k.byWHOIS(name.Suffix) {
		return keep(k.whois(ctx, name))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	byRDAP, byWHOIS := make(chan dialog.Evidence, 1), make(chan dialog.Evidence, 1)
	go func() { byRDAP <- k.rdap(ctx, name) }()
	if k.conf.RDAPURL != "" && k.conf.WHOISServer == "" {
		return keep(<-byRDAP)
	}
	half := time.NewTimer(k.conf.Timeout / 2)
	defer half.Stop()
	var first dialog.Evidence
	asked := 0
	select {
	case first = <-byRDAP:
		if first.Registration != dialog.RegistrationUnknown {
			return keep(first)
		}
	case <-half.C:
		asked = 1
	}
	go func() { byWHOIS <- k.whois(ctx, name) }()
	for asked++; asked > 0; asked-- {
		select {
		case ev := <-byRDAP:
			first = ev
			if ev.Registration != dialog.RegistrationUnknown {
				return keep(ev)
			}
		case ev := <-byWHOIS:
			if ev.Registration != dialog.RegistrationUnknown {
				return keep(ev)
			}
		}
	}
	return keep(first)
}
