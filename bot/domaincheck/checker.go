// Package domaincheck asks WHOIS, RDAP and DNS about a name. It returns evidence and judges nothing.
package domaincheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/likexian/whois"
	"github.com/phuslu/iploc"

	"beianbot/dialog"
)

// Config says how long a whole check may take and, for operators behind proxies and for tests, whom to ask. An empty address means the built-in tables.
type Config struct {
	Timeout     time.Duration
	WHOISServer string // host:port
	RDAPURL     string
	Resolver    string // host:port
}

// Checker is safe for many goroutines.
type Checker struct {
	conf     Config
	http     *http.Client
	resolver *net.Resolver
}

// maxAnswer is how much of any answer is read: far above a real one.
const maxAnswer = 64 << 10

// rdapServers are the registries' own servers of the suffixes asked about most; each address is a public fact of the registry.
var rdapServers = map[string]string{"com": "https://rdap.verisign.com/com/v1/", "net": "https://rdap.verisign.com/net/v1/", "cc": "https://tld-rdap.verisign.com/cc/v1/"}

// whoisServers are those of suffixes without RDAP.
var whoisServers = map[string]string{"cn": "whois.cnnic.cn:43", "xn--fiqs8s": "whois.cnnic.cn:43"}

// bootstrap is where IANA lists the RDAP servers of all suffixes (RFC 9224).
const bootstrap = "https://data.iana.org/rdap/dns.json"

// New makes a checker.
func New(c Config) *Checker {
	if c.Timeout <= 0 {
		c.Timeout = 4 * time.Second
	}
	k := &Checker{conf: c, resolver: net.DefaultResolver}
	dialer := &net.Dialer{Timeout: c.Timeout, Control: k.guard(c.RDAPURL)}
	k.http = &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: c.Timeout, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.URL.Scheme != "https" && c.RDAPURL == "" {
				return errors.New("redirect refused")
			}
			return nil
		}}
	if c.Resolver != "" {
		k.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, c.Resolver)
		}}
	}
	return k
}

// guard refuses to dial what is not public, so that an answer cannot send us into the operator's own network; a configured endpoint may be anywhere.
func (k *Checker) guard(configured string) func(string, string, syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		if configured != "" {
			return nil
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		a := ap.Addr().Unmap()
		if !a.IsGlobalUnicast() || a.IsPrivate() {
			return fmt.Errorf("address refused: not public")
		}
		return nil
	}
}

// Check asks all sources side by side and returns what came within the time limit.
func (k *Checker) Check(ctx context.Context, name dialog.DomainName) dialog.Evidence {
	ctx, cancel := context.WithTimeout(ctx, k.conf.Timeout)
	defer cancel()
	var mu sync.Mutex
	var ev dialog.Evidence
	var wg sync.WaitGroup
	wg.Go(func() {
		reg := k.registration(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		reg.Addresses, reg.CNAMEs, reg.DNSFailed, reg.NoAddress = ev.Addresses, ev.CNAMEs, ev.DNSFailed, ev.NoAddress
		ev = reg
	})
	wg.Go(func() {
		addresses, cnames, none, err := k.hosting(ctx, name.Host)
		mu.Lock()
		defer mu.Unlock()
		ev.Addresses, ev.CNAMEs, ev.NoAddress, ev.DNSFailed = addresses, cnames, none, err != nil
	})
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	if ev.Source == "" {
		ev.Source = "rdap"
		if k.byWHOIS(name) {
			ev.Source = "whois"
		}
	}
	return ev
}

func (k *Checker) byWHOIS(name dialog.DomainName) bool {
	return whoisServers[name.Suffix] != "" || k.conf.RDAPURL == "" && k.conf.WHOISServer != ""
}

func (k *Checker) registration(ctx context.Context, name dialog.DomainName) dialog.Evidence {
	if k.byWHOIS(name) {
		return k.whois(ctx, name)
	}
	ev := k.rdap(ctx, name)
	if ev.Registration == dialog.RegistrationUnknown && k.conf.WHOISServer != "" {
		if w := k.whois(ctx, name); w.Registration != dialog.RegistrationUnknown {
			return w
		}
	}
	return ev
}

// hosting resolves a name; an address that is no address anywhere else (private, reserved) counts for nowhere.
func (k *Checker) hosting(ctx context.Context, host string) (out []dialog.Address, cnames []string, none bool, err error) {
	ips, err := k.resolver.LookupNetIP(ctx, "ip", host)
	var de *net.DNSError
	if errors.As(err, &de) && de.IsNotFound {
		return nil, nil, true, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	for _, ip := range ips {
		out = append(out, dialog.Address{IP: ip.Unmap().String(), Country: iploc.IPCountry(ip.Unmap())})
	}
	if c, err := k.resolver.LookupCNAME(ctx, host); err == nil && strings.TrimSuffix(c, ".") != host {
		cnames = []string{c}
	}
	return out, cnames, len(out) == 0, nil
}

type rdapDomain struct {
	LDHName  string   `json:"ldhName"`
	Status   []string `json:"status"`
	Events   []struct{ EventAction, EventDate string }
	Entities []struct {
		Roles     []string
		PublicIDs []struct{ Type, Identifier string } `json:"publicIds"`
		VCard     []json.RawMessage                   `json:"vcardArray"`
	}
}

func (k *Checker) rdap(ctx context.Context, name dialog.DomainName) dialog.Evidence {
	ev := dialog.Evidence{Source: "rdap"}
	base := k.conf.RDAPURL
	if base == "" {
		base = rdapServers[name.Suffix]
	}
	if base == "" {
		base = k.bootstrap(ctx, name.Suffix)
	}
	if base == "" {
		return ev
	}
	var d rdapDomain
	code, err := k.get(ctx, strings.TrimSuffix(base, "/")+"/domain/"+name.Registrable, &d)
	switch {
	case code == http.StatusNotFound:
		ev.Registration = dialog.RegistrationAbsent
		return ev
	case err != nil || code != http.StatusOK || !strings.EqualFold(strings.TrimSuffix(d.LDHName, "."), name.Registrable):
		return ev
	}
	ev.Registration, ev.Statuses = dialog.RegistrationFound, d.Status
	for _, e := range d.Events {
		if e.EventAction == "expiration" || e.EventAction == "registrar expiration" {
			if t, ok := readTime(e.EventDate, time.UTC); ok {
				ev.Expiries = append(ev.Expiries, t)
			}
		}
	}
	for _, e := range d.Entities {
		for _, r := range e.Roles {
			if r != "registrar" {
				continue
			}
			for _, id := range e.PublicIDs {
				if id.Type == "IANA Registrar ID" {
					ev.IANA, _ = strconv.Atoi(id.Identifier)
				}
			}
			ev.Registrar = fullName(e.VCard)
		}
	}
	return ev
}

// fullName reads the fn property of a jCard; "" when it has none.
func fullName(card []json.RawMessage) string {
	if len(card) < 2 {
		return ""
	}
	var props [][]any
	if json.Unmarshal(card[1], &props) != nil {
		return ""
	}
	for _, p := range props {
		if len(p) >= 4 && p[0] == "fn" {
			if s, ok := p[3].(string); ok {
				return s
			}
		}
	}
	return ""
}

func (k *Checker) bootstrap(ctx context.Context, suffix string) string {
	var list struct{ Services [][][]string }
	if code, err := k.getLarge(ctx, bootstrap, &list, 1<<20); err != nil || code != http.StatusOK {
		return ""
	}
	for _, s := range list.Services {
		if len(s) < 2 || len(s[1]) == 0 {
			continue
		}
		for _, t := range s[0] {
			if strings.EqualFold(t, suffix) {
				return s[1][0]
			}
		}
	}
	return ""
}

func (k *Checker) get(ctx context.Context, url string, into any) (int, error) {
	return k.getLarge(ctx, url, into, maxAnswer)
}

func (k *Checker) getLarge(ctx context.Context, url string, into any, limit int64) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/rdap+json, application/json")
	res, err := k.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.NewDecoder(io.LimitReader(res.Body, limit)).Decode(into)
}

// capped ends a connection's input after maxAnswer bytes and closes it with the context, so that neither an endless nor a dripping server holds us.
type capped struct {
	net.Conn
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// dialer is what the WHOIS library connects through.
type dialer struct {
	ctx        context.Context
	configured string
	control    func(string, string, syscall.RawConn) error
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	nd := net.Dialer{Control: d.control}
	c, err := nd.DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	if end, ok := d.ctx.Deadline(); ok {
		c.SetDeadline(end)
	}
	return &capped{c, maxAnswer}, nil
}

// whois asks the registry's port-43 server through the given library: one explicit server, no referral, no statistics, our own guarded dialer, and a recover,
// for the library can panic on hostile answers.
func (k *Checker) whois(ctx context.Context, name dialog.DomainName) (ev dialog.Evidence) {
	ev.Source = "whois"
	server := k.conf.WHOISServer
	if server == "" {
		server = whoisServers[name.Suffix]
	}
	if server == "" {
		return ev
	}
	text := ""
	func() {
		defer func() {
			if recover() != nil {
				text = ""
			}
		}()
		left := k.conf.Timeout
		if end, ok := ctx.Deadline(); ok {
			left = time.Until(end)
		}
		c := whois.NewClient().SetTimeout(left).SetDisableReferral(true).SetDisableStats(true).SetDialer(dialer{ctx: ctx, control: k.guard(k.conf.WHOISServer)})
		if answer, err := c.Whois(name.Registrable, server); err == nil {
			text = answer
		}
	}()
	readWHOIS(&ev, name, text)
	return ev
}

var absent = regexp.MustCompile(`(?im)^(no matching record\.?|no match for (domain )?"?[^\n]+|domain not found\.?|not found\.?|no data found|the queried object does not exist.*|no object found.*)\s*$`)

// readWHOIS takes what an answer says of the asked name. An answer that is not plainly about it, or says neither registrar nor expiry, says nothing.
func readWHOIS(ev *dialog.Evidence, name dialog.DomainName, text string) {
	text = strings.ToValidUTF8(strings.TrimPrefix(text, "\ufeff"), "")
	found := false
	zone := time.UTC
	if name.Suffix == "cn" || name.Suffix == "xn--fiqs8s" {
		zone = time.FixedZone("CST", 8*3600) // CNNIC writes Beijing time without a zone
	}
	for _, line := range strings.Split(text, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if value == "" {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "domain name", "domain":
			found = found || strings.EqualFold(strings.TrimSuffix(value, "."), name.Registrable) || strings.EqualFold(value, name.Unicode)
		case "domain status", "status":
			if len(ev.Statuses) < 20 {
				status, _, _ := strings.Cut(value, " ")
				ev.Statuses = append(ev.Statuses, status)
			}
		case "registrar", "sponsoring registrar":
			if ev.Registrar == "" {
				ev.Registrar = value
			}
		case "registrar iana id":
			ev.IANA, _ = strconv.Atoi(value)
		case "registrant", "registrant name", "registrant organization":
			if ev.Holder == "" {
				ev.Holder = value
			}
		case "expiration time", "registry expiry date", "registrar registration expiration date", "expiry date", "expiration date":
			if t, ok := readTime(value, zone); ok {
				ev.Expiries = append(ev.Expiries, t)
			}
		}
	}
	switch {
	case found && (ev.Registrar != "" || len(ev.Expiries) > 0):
		ev.Registration = dialog.RegistrationFound
	case !found && absent.MatchString(text):
		*ev = dialog.Evidence{Source: ev.Source, Registration: dialog.RegistrationAbsent}
	default:
		*ev = dialog.Evidence{Source: ev.Source}
	}
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02-T15:04:05Z", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly, "02-Jan-2006", "2006.01.02", "2006/01/02"}

func readTime(s string, zone *time.Location) (time.Time, bool) {
	for _, l := range timeLayouts {
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
