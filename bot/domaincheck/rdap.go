package domaincheck

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"beianbot/dialog"
)

// maxBootstrap is how much of IANA's list is read, in bytes; it has about 90,000.
const maxBootstrap = 1 << 20

// bootstrapWait is how long a check waits for IANA's list where the small table would do as well.
const bootstrapWait = 500 * time.Millisecond

// rdapServers are the registries' own servers of the suffixes asked about most, for as long as IANA's list is not there. Each address is public and the registry's own.
var rdapServers = map[string]string{
	"com": "https://rdap.verisign.com/com/v1/", "net": "https://rdap.verisign.com/net/v1/", "cc": "https://tld-rdap.verisign.com/cc/v1/", "tv": "https://rdap.nic.tv/",
	"top": "https://rdap.zdnsgtld.com/top/", "xyz": "https://rdap.centralnic.com/xyz/", "vip": "https://rdap.nic.vip/", "club": "https://rdap.nic.club/",
	"info": "https://rdap.identitydigital.services/rdap/", "pro": "https://rdap.identitydigital.services/rdap/", "xn--55qx5d": "https://restwhois.ngtld.cn/", "xn--io0a7i": "https://restwhois.ngtld.cn/",
}

// httpPause is how long a server is left alone that answers 429 without Retry-After.
const httpPause = time.Minute

var errRedirect = errors.New("redirect refused")

// client is the HTTP client for RDAP: connections are guarded, headers bounded, redirects few and only to https or to configured servers.
func (k *Checker) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return k.dial(ctx, address, "443") },
			MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 1, MaxIdleConns: 16, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: false,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || !k.mayAsk(r.URL) {
				return errRedirect
			}
			return nil
		},
	}
}

// mayAsk reports whether an address from an answer is one that RDAP is spoken at: https, or a configured server.
func (k *Checker) mayAsk(u *url.URL) bool {
	return u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && k.named[strings.ToLower(hostPort(u.String()))])
}

// rdapDomain is what is read of an RDAP answer about a domain (RFC 9083).
type rdapDomain struct {
	LDHName  string                                    `json:"ldhName"`
	Status   []string                                  `json:"status"`
	Events   []struct{ EventAction, EventDate string } `json:"events"`
	Links    []struct{ Rel, Type, Href string }        `json:"links"`
	Entities []struct {
		Roles     []string
		PublicIDs []struct {
			Type       string
			Identifier any
		} `json:"publicIds"`
		VCard []json.RawMessage `json:"vcardArray"`
	} `json:"entities"`
}

// rdap asks the registry, and then the registrar that its answer links to, whose expiry date is the one that counts.
func (k *Checker) rdap(ctx context.Context, name dialog.DomainName) (ev dialog.Evidence) {
	defer k.registered(&ev, "rdap", time.Now())
	base := k.conf.RDAPURL
	if base == "" {
		base = k.rdapServer(ctx, name.Suffix)
	}
	if base == "" {
		return dialog.Evidence{Source: "rdap", Trouble: dialog.TroubleNoServer}
	}
	body, absent, trouble := k.askRDAP(ctx, strings.TrimSuffix(base, "/")+"/domain/"+name.Registrable)
	switch {
	case trouble != "":
		return dialog.Evidence{Source: "rdap", Trouble: trouble}
	case absent:
		return dialog.Evidence{Source: "rdap", Registration: dialog.RegistrationAbsent}
	}
	ev, registrar := ReadRDAP(name, body)
	if u, err := url.Parse(registrar); registrar != "" && err == nil && k.mayAsk(u) && u.Host != "" {
		// The registry's answer stands whatever the registrar says, and the customer does not wait long for it.
		ctx, cancel := context.WithTimeout(ctx, k.conf.Timeout/4)
		defer cancel()
		if body, _, trouble := k.askRDAP(ctx, u.String()); trouble == "" && body != nil {
			if own, _ := ReadRDAP(name, body); own.Registration == dialog.RegistrationFound {
				ev.Expiries = append(ev.Expiries, own.Expiries...)
			}
		}
	}
	return ev
}

// ReadRDAP takes what an RDAP answer says of the asked name, and where it says the registrar's own answer is. An answer about another name, or none, says nothing.
func ReadRDAP(name dialog.DomainName, body []byte) (ev dialog.Evidence, registrar string) {
	ev.Source = "rdap"
	var d rdapDomain
	var odd *json.UnmarshalTypeError // one field of another kind than the standard's: the rest is read
	if err := json.Unmarshal(body, &d); err != nil && !errors.As(err, &odd) || !strings.EqualFold(strings.TrimSuffix(d.LDHName, "."), name.Registrable) {
		ev.Trouble = dialog.TroubleUnreadable
		return ev, ""
	}
	ev.Registration = dialog.RegistrationFound
	for _, s := range d.Status {
		addStatus(&ev, s)
	}
	for _, e := range d.Events {
		if e.EventAction == "expiration" || e.EventAction == "registrar expiration" {
			addExpiry(&ev, e.EventDate, time.UTC)
		}
	}
	for _, e := range d.Entities {
		for _, r := range e.Roles {
			if r != "registrar" {
				continue
			}
			for _, id := range e.PublicIDs {
				if strings.EqualFold(id.Type, "IANA Registrar ID") {
					switch v := id.Identifier.(type) {
					case string:
						ev.IANA, _ = strconv.Atoi(v)
					case float64:
						ev.IANA = int(v)
					}
				}
			}
			ev.Registrar = short(fullName(e.VCard))
		}
	}
	for _, l := range d.Links {
		if l.Rel == "related" && (l.Type == "application/rdap+json" || l.Type == "") && strings.Contains(l.Href, "/domain/") {
			return ev, l.Href
		}
	}
	return ev, ""
}

// fullName reads the fn property of a jCard (RFC 7095); "" when it has none.
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
			s, _ := p[3].(string)
			return s
		}
	}
	return ""
}

// rdapServer gives the base URL of a suffix: IANA's list decides; where it cannot be had in time, the small table.
func (k *Checker) rdapServer(ctx context.Context, suffix string) string {
	known := rdapServers[suffix]
	if known != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, bootstrapWait)
		defer cancel()
	}
	if list, ok := k.lists.get(ctx, "dns", k.conf.Timeout, k.fetchBootstrap); ok && list != nil {
		return list[suffix]
	}
	return known
}

// fetchBootstrap fetches IANA's list; nil when it cannot be had.
func (k *Checker) fetchBootstrap(ctx context.Context) (map[string]string, time.Duration) {
	res, err := k.get(ctx, k.conf.Bootstrap)
	if err != nil {
		return nil, keepFailed
	}
	defer res.Body.Close()
	body, err := limited(res.Body, maxBootstrap)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, keepFailed
	}
	list := ReadBootstrap(body)
	if list == nil {
		return nil, keepFailed
	}
	return list, keepList
}

// ReadBootstrap reads IANA's list of RDAP servers (RFC 9224): the base URL of each suffix, https where there is a choice. It gives nil for what is no such list.
func ReadBootstrap(body []byte) map[string]string {
	var list struct{ Services [][][]string }
	if json.Unmarshal(body, &list) != nil || len(list.Services) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, s := range list.Services {
		if len(s) < 2 || len(s[1]) == 0 {
			continue
		}
		base := s[1][0]
		for _, b := range s[1] {
			if strings.HasPrefix(b, "https://") {
				base = b
				break
			}
		}
		for _, suffix := range s[0] {
			out[strings.ToLower(suffix)] = base
		}
	}
	return out
}

// askRDAP gets one answer from one server: its body, or that the server knows of no such name. "Not found" counts only from the server that was asked, and not from a
// web page: a wrong path and a proxy's page are 404 as well.
func (k *Checker) askRDAP(ctx context.Context, address string) (body []byte, absent bool, trouble dialog.Trouble) {
	u, err := url.Parse(address)
	if err != nil || !k.mayAsk(u) {
		return nil, false, dialog.TroubleNoServer
	}
	leave, paused, ok := k.gates.enter(ctx, hostPort(address))
	if !ok {
		if paused {
			return nil, false, dialog.TroubleThrottled
		}
		return nil, false, dialog.TroubleNoAnswer
	}
	pause := time.Duration(0)
	defer func() { leave(pause) }()
	res, err := k.get(ctx, address)
	if err != nil {
		return nil, false, dialog.TroubleNoAnswer
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		pause = retryAfter(res.Header.Get("Retry-After"), k.conf.Now())
		return nil, false, dialog.TroubleThrottled
	case res.StatusCode == http.StatusNotFound && strings.EqualFold(res.Request.URL.Host, u.Host) && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html"):
		return nil, true, ""
	case res.StatusCode != http.StatusOK:
		return nil, false, dialog.TroubleUnreadable
	}
	if body, err = limited(res.Body, maxAnswer); err != nil {
		if errors.Is(err, errTooLong) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, false, dialog.TroubleUnreadable
		}
		return nil, false, dialog.TroubleNoAnswer
	}
	return body, false, ""
}

func (k *Checker) get(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/rdap+json, application/json")
	req.Header.Set("User-Agent", "beianbot")
	return k.http.Do(req)
}

// retryAfter reads a Retry-After header: seconds, or a date.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n >= 0 {
		return max(time.Duration(min(n, 3600))*time.Second, time.Second)
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return httpPause
}
