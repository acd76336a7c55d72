package domaincheck

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"beianbot/bot/domaincheck/domaintest"
	"beianbot/dialog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustParse(t testing.TB, s string) dialog.DomainName {
	t.Helper()
	n, refusal := dialog.ParseDomain(s)
	if refusal != nil {
		t.Fatal(*refusal)
	}
	return n
}

// check asks a fresh checker. Where DNS is not what the test is about, nothing resolves.
func check(t testing.TB, c Config, name string) dialog.Evidence {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = patience("")
	}
	if c.Resolver == "" {
		c.Resolver = domaintest.NewDNS(t, nil).Addr
	}
	k := New(c)
	t.Cleanup(k.Close)
	return k.Check(context.Background(), mustParse(t, name))
}

// patience is a time limit: short where a test waits for it to pass, else long enough for a busy machine.
func patience(t dialog.Trouble) time.Duration {
	if t == dialog.TroubleNoAnswer {
		return time.Second
	}
	return 20 * time.Second
}

const aliyun = "阿里云计算有限公司（万网）"

func TestWHOISFound(t *testing.T) {
	w := domaintest.NewWHOIS(t, domaintest.Knows(map[string]string{"example.cn": domaintest.CN("example.cn", "示例公司", aliyun, "2027-03-17 12:48:36")}))
	ev := check(t, Config{WHOISServer: w.Addr}, "www.example.cn")
	if ev.Registration != dialog.RegistrationFound || ev.Registrar != aliyun || ev.Source != "whois" || len(ev.Expiries) != 1 || ev.Holder != "示例公司" || !slices.Equal(ev.Statuses, []string{"ok"}) || ev.At.IsZero() {
		t.Fatalf("%+v", ev)
	}
	if want := time.Date(2027, 3, 17, 4, 48, 36, 0, time.UTC); !ev.Expiries[0].Equal(want) {
		t.Errorf("expiry %v: CNNIC's time is Beijing time, want %v", ev.Expiries[0], want)
	}
	if got := w.Asked(); !slices.Equal(got, []string{"example.cn"}) {
		t.Errorf("asked %q, want the registered name once", got)
	}
}

type panicky struct{}

func (panicky) RoundTrip(*http.Request) (*http.Response, error) {
	panic("an answer nobody thought of")
}

// A panic, in whichever goroutine, ends neither the process nor the check, and is not kept as an answer.
func TestAPanicIsAnUnreadableAnswer(t *testing.T) {
	var mu sync.Mutex
	told := 0
	k := New(Config{Timeout: patience(""), RDAPURL: "http://127.0.0.1:9", Resolver: domaintest.NewDNS(t, nil).Addr, Panicked: func(any, []byte) { mu.Lock(); told++; mu.Unlock() }})
	t.Cleanup(k.Close)
	k.http.Transport = panicky{}
	if ev := k.Check(t.Context(), mustParse(t, "example.com")); ev.Registration != "" || ev.Trouble != dialog.TroubleUnreadable || told != 1 {
		t.Errorf("%+v, told %d times", ev, told)
	}
	c := newCache[int](k.conf)
	bad := func(context.Context) (int, time.Duration) { panic("nor of this") }
	if _, ok := c.get(t.Context(), "a", time.Second, bad); ok || told != 2 {
		t.Errorf("found %v, told %d times", ok, told)
	}
	if v, ok := c.get(t.Context(), "a", time.Second, func(context.Context) (int, time.Duration) { return 7, 0 }); v != 7 || !ok {
		t.Errorf("then %d, %v", v, ok)
	}
}

// record is an answer that would show all, were it sent whole and believed.
var record = domaintest.CN("{name}", "示例公司", aliyun, "2027-03-17 12:48:36")

// TestWHOISAnswers drives every kind of answer: hostile ones show nothing, within the deadline, and the rest of the card stands.
func TestWHOISAnswers(t *testing.T) {
	type want struct {
		registration dialog.Registration
		trouble      dialog.Trouble
	}
	nothing := func(t dialog.Trouble) want { return want{dialog.RegistrationUnknown, t} }
	for name, tt := range map[string]struct {
		answer domaintest.Answer
		want   want
	}{
		"found":               {domaintest.Says(record), want{dialog.RegistrationFound, ""}},
		"found, CRLF and BOM": {domaintest.Says("\ufeff" + strings.ReplaceAll(record, "\n", "\r\n")), want{dialog.RegistrationFound, ""}},
		"absent":              {domaintest.Says("No matching record.\n"), want{dialog.RegistrationAbsent, ""}},
		"absent, Verisign":    {domaintest.Says("No match for domain \"EXAMPLE.CN\".\r\n>>> Last update of whois database: 2026-11-01T00:00:00Z <<<\r\n"), want{dialog.RegistrationAbsent, ""}},
		"absent, but another": {domaintest.Says("No match for domain \"OTHER.CN\".\n"), nothing(dialog.TroubleUnreadable)},
		"reserved":            {domaintest.Says("Sorry, The domain you requested is in the reserved list.\n"), want{dialog.RegistrationReserved, ""}},
		"prohibited":          {domaintest.Says("The domain you requested is prohibited.\n"), want{dialog.RegistrationReserved, ""}},
		"bad parameter":       {domaintest.Says("Invalid parameter: {name}\n"), nothing(dialog.TroubleUnreadable)},
		"throttled":           {domaintest.Says("Queried interval is too short.\n"), nothing(dialog.TroubleThrottled)},
		"throttled, too fast": {domaintest.Says("Your access is too fast,please try again later.\n"), nothing(dialog.TroubleThrottled)},
		"throttled, PIR":      {domaintest.Says("WHOIS LIMIT EXCEEDED - SEE WWW.PIR.ORG/WHOIS FOR DETAILS\r\n"), nothing(dialog.TroubleThrottled)},
		"throttled and reset": {domaintest.Resets("Number of allowed queries exceeded.\r\n"), nothing(dialog.TroubleThrottled)},
		"out of service":      {domaintest.Says("Service temporarily not available\n"), nothing(dialog.TroubleUnreadable)},
		"not processed":       {domaintest.Says("% domain {name} not processed\n"), nothing(dialog.TroubleUnreadable)},
		"binary":              {domaintest.Says("\x00\xff\xfe\x01\x02" + strings.Repeat("\x80\n", 2000)), nothing(dialog.TroubleUnreadable)},
		"empty":               {domaintest.Says(""), nothing(dialog.TroubleUnreadable)},
		"other name":          {domaintest.Says(strings.ReplaceAll(record, "{name}", "other.cn")), nothing(dialog.TroubleUnreadable)},
		"name only":           {domaintest.Says("Domain Name: {name}\n"), nothing(dialog.TroubleUnreadable)},
		"panic bait":          {domaintest.Says("whois: x"), nothing(dialog.TroubleUnreadable)},
		"cut off":             {domaintest.Resets(record[:60]), nothing(dialog.TroubleNoAnswer)},
		"hangs":               {domaintest.Hangs, nothing(dialog.TroubleNoAnswer)},
		"drips":               {domaintest.Drips(record), nothing(dialog.TroubleNoAnswer)},
		"endless":             {domaintest.Endless(record), nothing(dialog.TroubleUnreadable)},
		"endless, one line":   {domaintest.Endless(record + strings.Repeat("y", 1<<17)), nothing(dialog.TroubleUnreadable)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dns := domaintest.NewDNS(t, domaintest.Zone{"example.cn": {"223.5.5.5"}})
			ev := check(t, Config{Timeout: patience(tt.want.trouble), WHOISServer: domaintest.NewWHOIS(t, tt.answer).Addr, Resolver: dns.Addr}, "example.cn")
			if got := (want{ev.Registration, ev.Trouble}); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if ev.Registration == dialog.RegistrationUnknown && (ev.Registrar != "" || ev.Holder != "" || ev.Expiries != nil || ev.Statuses != nil) {
				t.Errorf("an answer that is not believed still shows something: %+v", ev)
			}
			if len(ev.Addresses) != 1 || ev.Addresses[0].Country != "CN" {
				t.Errorf("addresses %v: DNS answered all the same", ev.Addresses)
			}
		})
	}
}

// TestWHOISCutLine: a value that may have been cut is not taken for the whole one.
func TestWHOISCutLine(t *testing.T) {
	ev := ReadWHOIS(mustParse(t, "example.cn"), "Domain Name: example.cn\nSponsoring Registrar: "+aliyun+"\nExpiration Time: 2027-03-17")
	if ev.Registration != dialog.RegistrationFound || len(ev.Expiries) != 0 {
		t.Errorf("%+v: the last line does not end", ev)
	}
	if ev := ReadWHOIS(mustParse(t, "example.cn"), strings.TrimSpace(strings.ReplaceAll(record[:strings.Index(record, "\nDNSSEC")], "{name}", "example.cn"))); len(ev.Expiries) != 1 {
		t.Errorf("%+v: the time is whole", ev)
	}
}

func TestWHOISReferralIsNotFollowed(t *testing.T) {
	other := domaintest.NewWHOIS(t, domaintest.Says(record))
	w := domaintest.NewWHOIS(t, domaintest.Says("Domain Name: {name}\nRegistrar WHOIS Server: "+other.Addr+"\nReferralServer: "+other.Addr+"\nrefer: "+other.Addr+"\nwhois: "+other.Addr))
	check(t, Config{WHOISServer: w.Addr}, "example.com")
	if len(other.Asked()) > 0 || len(w.Asked()) != 1 {
		t.Errorf("asked %q and %q", w.Asked(), other.Asked())
	}
}

func TestRDAPFound(t *testing.T) {
	var r *domaintest.RDAP
	r = domaintest.NewRDAP(t, func(w http.ResponseWriter, q *http.Request) {
		related := r.URL + "/registrar/domain/example.com"
		expiry := "2028-08-13T04:00:00Z" // the registry has renewed by itself
		if strings.HasPrefix(q.URL.Path, "/registrar/") {
			related, expiry = "", "2027-08-13T04:00:00Z"
		}
		domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "Alibaba Cloud Computing (Beijing) Co., Ltd.", IANA: "420", Expiry: expiry, Statuses: []string{"client transfer prohibited"}, Related: related}})(w, q)
	})
	ev := check(t, Config{RDAPURL: r.URL}, "www.example.com")
	if ev.Registration != dialog.RegistrationFound || ev.IANA != 420 || ev.Source != "rdap" || ev.Registrar != "Alibaba Cloud Computing (Beijing) Co., Ltd." || len(ev.Expiries) != 2 {
		t.Errorf("%+v", ev)
	}
	if got, want := r.Asked(), []string{"/domain/example.com", "/registrar/domain/example.com"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want registry and registrar: %q", got, want)
	}
}

func TestRDAPAnswers(t *testing.T) {
	good := domaintest.Domain{Registrar: "DNSPod, Inc.", IANA: "1697", Expiry: "2027-08-13T04:00:00Z"}
	write := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	never := func(w http.ResponseWriter, r *http.Request, every time.Duration, block string) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}
	for name, tt := range map[string]struct {
		h       http.HandlerFunc
		want    dialog.Registration
		trouble dialog.Trouble
	}{
		"found":          {domaintest.Serves(map[string]domaintest.Domain{"example.com": good}), dialog.RegistrationFound, ""},
		"odd field":      {write(`{"ldhName":"example.com","status":"active","entities":[{"roles":["registrar"],"publicIds":[{"type":"IANA Registrar ID","identifier":420}]}]}`), dialog.RegistrationFound, ""},
		"404":            {http.NotFound, dialog.RegistrationAbsent, ""},
		"404 page":       {status(404, "Content-Type", "text/html"), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"429":            {status(429, "Retry-After", "30"), dialog.RegistrationUnknown, dialog.TroubleThrottled},
		"503 come later": {status(503, "Retry-After", "30"), dialog.RegistrationUnknown, dialog.TroubleThrottled},
		"500":            {status(500), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"403":            {status(403), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"page":           {write("<html>busy</html>"), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"empty":          {write(""), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"null":           {write("null"), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"cut":            {write(string(good.JSON("example.com")[:80])), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, "{")
		}, dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"another name": {write(string(good.JSON("other.com"))), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"deep":         {write(strings.Repeat("[", 60000)), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"binary":       {write("\x00\xff\xfe"), dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			never(w, r, time.Microsecond, strings.Repeat(" ", 32<<10))
		}, dialog.RegistrationUnknown, dialog.TroubleUnreadable},
		"drips":             {func(w http.ResponseWriter, r *http.Request) { never(w, r, 2*time.Millisecond, " ") }, dialog.RegistrationUnknown, dialog.TroubleNoAnswer},
		"hangs":             {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, dialog.RegistrationUnknown, dialog.TroubleNoAnswer},
		"headers too large": {status(200, "X-Much", strings.Repeat("x", 100<<10)), dialog.RegistrationUnknown, dialog.TroubleNoAnswer},
		"redirect for ever": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"/domain/x", 302) }, dialog.RegistrationUnknown, dialog.TroubleNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ev := check(t, Config{Timeout: patience(tt.trouble), RDAPURL: domaintest.NewRDAP(t, tt.h).URL}, "example.com")
			if ev.Registration != tt.want || ev.Trouble != tt.trouble || ev.Source != "rdap" {
				t.Errorf("%+v, want %q %q", ev, tt.want, tt.trouble)
			}
		})
	}
}

// TestAddressesFromAnswers: redirects and related links lead nowhere but to public servers and to the configured one.
func TestAddressesFromAnswers(t *testing.T) {
	trap := domaintest.NewRDAP(t, domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "trap", Expiry: "2020-01-01T00:00:00Z"}}))
	_, port, _ := strings.Cut(strings.TrimPrefix(trap.URL, "http://"), ":")
	for _, to := range []string{trap.URL, "https://127.0.0.1:" + port, "https://localhost:" + port, "https://10.0.0.1", "https://[::1]:" + port, "https://169.254.169.254", "https://user:pw@127.0.0.1", "http://192.0.2.1", "file:///etc", "gopher://127.0.0.1:" + port, "//127.0.0.1:" + port} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			related := domaintest.NewRDAP(t, domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "DNSPod, Inc.", Expiry: "2027-08-13T04:00:00Z", Related: to + "/domain/example.com"}}))
			if ev := check(t, Config{RDAPURL: related.URL}, "example.com"); ev.Registration != dialog.RegistrationFound || len(ev.Expiries) != 1 {
				t.Errorf("related link: %+v", ev)
			}
			redirect := domaintest.NewRDAP(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", to+r.URL.Path)
				w.WriteHeader(http.StatusFound)
			})
			if ev := check(t, Config{RDAPURL: redirect.URL}, "example.com"); ev.Registration != dialog.RegistrationUnknown {
				t.Errorf("redirect: %+v", ev)
			}
		})
	}
	t.Cleanup(func() {
		if asked := trap.Asked(); len(asked) > 0 {
			t.Errorf("the trap was asked: %q", asked)
		}
	})
	t.Run("within the configured server", func(t *testing.T) {
		r := domaintest.NewRDAP(t, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/domain/example.com" {
				http.Redirect(w, q, "/v2/domain/example.com", http.StatusTemporaryRedirect)
				return
			}
			domaintest.Serves(map[string]domaintest.Domain{"example.com": {Registrar: "DNSPod, Inc."}})(w, q)
		})
		if ev := check(t, Config{RDAPURL: r.URL}, "example.com"); ev.Registration != dialog.RegistrationFound {
			t.Errorf("%+v", ev)
		}
	})
}

func TestBootstrap(t *testing.T) {
	var r *domaintest.RDAP
	serves := domaintest.Serves(map[string]domaintest.Domain{"example.top": {Registrar: "DNSPod, Inc."}, "example.shop": {Registrar: "DNSPod, Inc."}})
	r = domaintest.NewRDAP(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/dns.json" {
			fmt.Fprintf(w, `{"version":"1.0","services":[[["shop","TOP"],["http://127.0.0.1:1/","%s/rdap/"]],[["bad"],["http://127.0.0.1:1/"]],[[],[]],[["x"]]]}`, r.URL)
			return
		}
		serves(w, q)
	})
	// Where the list's first choice is not https the configured server may still stand in it: that is what makes this test possible.
	k := New(Config{Timeout: time.Second, Bootstrap: r.URL + "/dns.json", Resolver: domaintest.NewDNS(t, nil).Addr, IANA: domaintest.NewWHOIS(t, domaintest.Says("nothing")).Addr})
	t.Cleanup(k.Close)
	if got := k.rdapServer(t.Context(), "top"); got != "http://127.0.0.1:1/" {
		t.Errorf("base %q", got)
	}
	if ev := k.Check(t.Context(), mustParse(t, "example.top")); ev.Registration != dialog.RegistrationUnknown {
		t.Errorf("%+v: the list's address is not public", ev)
	}
	k.Check(t.Context(), mustParse(t, "example.shop"))
	if n := strings.Count(strings.Join(r.Asked(), " "), "dns.json"); n != 1 {
		t.Errorf("the list was fetched %d times, want once", n)
	}
	if got := ReadBootstrap([]byte(`{"services":[[["com"],["http://a/","https://b/"]]]}`)); got["com"] != "https://b/" {
		t.Errorf("%v: https is taken where there is a choice", got)
	}
}

// TestBootstrapMissing: without IANA's list the small table serves its suffixes, and all others have no server.
func TestBootstrapMissing(t *testing.T) {
	r := domaintest.NewRDAP(t, http.NotFound)
	k := New(Config{Timeout: time.Second, Bootstrap: r.URL + "/dns.json"})
	t.Cleanup(k.Close)
	if got := k.rdapServer(t.Context(), "com"); got != rdapServers["com"] {
		t.Errorf("com: %q", got)
	}
	if got := k.rdapServer(t.Context(), "shop"); got != "" {
		t.Errorf("shop: %q", got)
	}
}

// TestWHOISFallback: a registry whose RDAP fails or hangs is asked by WHOIS within the same time.
func TestWHOISFallback(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{"fails": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "hangs": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }} {
		t.Run(name, func(t *testing.T) {
			w := domaintest.NewWHOIS(t, domaintest.Says("Domain Name: EXAMPLE.COM\nRegistrar: DNSPod, Inc.\nRegistrar IANA ID: 1697\nRegistry Expiry Date: 2027-08-13T04:00:00Z\n"))
			ev := check(t, Config{Timeout: 2 * time.Second, RDAPURL: domaintest.NewRDAP(t, h).URL, WHOISServer: w.Addr}, "example.com")
			if ev.Registration != dialog.RegistrationFound || ev.Source != "whois" || ev.IANA != 1697 {
				t.Errorf("%+v", ev)
			}
		})
	}
}

// TestIANAReferral: the WHOIS server of a suffix is looked up at IANA, but one that is not public is not asked.
func TestIANAReferral(t *testing.T) {
	trap := domaintest.NewWHOIS(t, domaintest.Says(record))
	for name, text := range map[string]string{"private": "domain: SHOP\nwhois:        127.0.0.1\n", "port": "whois:  " + trap.Addr + "\n", "panic": "whois: x"} {
		t.Run(name, func(t *testing.T) {
			iana := domaintest.NewWHOIS(t, domaintest.Says(text))
			ev := check(t, Config{Bootstrap: domaintest.NewRDAP(t, http.NotFound).URL, IANA: iana.Addr}, "example.shop")
			if ev.Registration != dialog.RegistrationUnknown || len(iana.Asked()) != 1 || len(trap.Asked()) > 0 {
				t.Errorf("%+v, asked %q %q", ev, iana.Asked(), trap.Asked())
			}
		})
	}
}

func TestNoPacketForWhatIsNoName(t *testing.T) {
	w, r, d := domaintest.NewWHOIS(t, domaintest.Says(record)), domaintest.NewRDAP(t, http.NotFound), domaintest.NewDNS(t, nil)
	k := New(Config{Timeout: time.Second, WHOISServer: w.Addr, RDAPURL: r.URL, Resolver: d.Addr})
	t.Cleanup(k.Close)
	for _, s := range []string{"", "127.0.0.1", "::1", "localhost", "printer.local", "a.test", "example.cn\r\nevil.cn", "exam ple.cn", "a.nosuchtld", strings.Repeat("a.", 130) + "cn", strings.Repeat("a", 64) + ".cn", "com.cn", "cn"} {
		if _, refusal := dialog.ParseDomain(s); refusal == nil {
			t.Errorf("%q is taken for a name", s)
		}
		suffix := s[strings.LastIndexByte(s, '.')+1:]
		if ev := k.Check(t.Context(), dialog.DomainName{Host: s, Registrable: s, Suffix: suffix, Unicode: s}); ev.Registration != dialog.RegistrationUnknown || !ev.DNSFailed {
			t.Errorf("%q: %+v", s, ev)
		}
	}
	n := mustParse(t, "example.cn")
	n.Registrable = "evil.cn\r\nother.cn"
	k.Check(t.Context(), n)
	if len(w.Asked())+len(r.Asked())+len(d.Asked()) > 0 {
		t.Errorf("asked %q %q %q", w.Asked(), r.Asked(), d.Asked())
	}
}

func TestManyAskOnce(t *testing.T) {
	go1 := make(chan struct{})
	w := domaintest.NewWHOIS(t, func(q string, c net.Conn, gone <-chan struct{}) {
		<-go1
		domaintest.Says(record)(q, c, gone)
	})
	k := New(Config{Timeout: patience(""), WHOISServer: w.Addr, Resolver: domaintest.NewDNS(t, nil).Addr})
	t.Cleanup(k.Close)
	var wg sync.WaitGroup
	started := make(chan struct{}, 50)
	for i := range 50 {
		host := "example.cn"
		if i%2 == 0 {
			host = "www.example.cn"
		}
		wg.Go(func() {
			started <- struct{}{}
			if ev := k.Check(context.Background(), mustParse(t, host)); ev.Registration != dialog.RegistrationFound {
				t.Errorf("%+v", ev)
			}
		})
	}
	for range 50 {
		<-started
	}
	close(go1)
	wg.Wait()
	if n := len(w.Asked()); n != 1 {
		t.Errorf("%d queries for one name, want 1", n)
	}
}

func TestOneQueryAtATime(t *testing.T) {
	w := domaintest.NewWHOIS(t, domaintest.Says(record))
	k := New(Config{Timeout: patience(""), WHOISServer: w.Addr, Resolver: domaintest.NewDNS(t, nil).Addr})
	t.Cleanup(k.Close)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() { k.Check(context.Background(), mustParse(t, fmt.Sprintf("name%d.cn", i))) })
	}
	wg.Wait()
	if len(w.Asked()) != 40 || w.Most() != 1 {
		t.Errorf("%d queries, %d at once; want 40, one at a time", len(w.Asked()), w.Most())
	}
}

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// TestKeptByKind: a found name is kept longest, a free one shorter, a failure shortest.
func TestKeptByKind(t *testing.T) {
	for text, keep := range map[string]time.Duration{record: keepFound, "No matching record.\n": keepAbsent, "gibberish\n": keepFailed} {
		w := domaintest.NewWHOIS(t, domaintest.Says(text))
		c := &clock{t: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)}
		k := New(Config{Timeout: patience(""), WHOISServer: w.Addr, Resolver: domaintest.NewDNS(t, nil).Addr, Now: c.now})
		t.Cleanup(k.Close)
		for i, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {keep - time.Second, 1}, {time.Second, 2}} {
			c.add(step.wait)
			k.Check(t.Context(), mustParse(t, "example.cn"))
			if n := len(w.Asked()); n != step.want {
				t.Errorf("%.20q step %d: %d queries, want %d", text, i, n, step.want)
			}
		}
	}
}

// TestThrottleIsRespected: a server that says to slow down is not asked, for any name, until the time is over.
func TestThrottleIsRespected(t *testing.T) {
	busy := true
	var mu sync.Mutex
	set := func(b bool) { mu.Lock(); defer mu.Unlock(); busy = b }
	isBusy := func() bool { mu.Lock(); defer mu.Unlock(); return busy }
	r := domaintest.NewRDAP(t, func(w http.ResponseWriter, q *http.Request) {
		if isBusy() {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		http.NotFound(w, q)
	})
	whois := domaintest.NewWHOIS(t, func(q string, c net.Conn, gone <-chan struct{}) {
		if isBusy() {
			domaintest.Says("Queried interval is too short.\n")(q, c, gone)
			return
		}
		domaintest.Says(record)(q, c, gone)
	})
	c := &clock{t: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)}
	k := New(Config{Timeout: patience(""), RDAPURL: r.URL, WHOISServer: whois.Addr, Resolver: domaintest.NewDNS(t, nil).Addr, Now: c.now})
	t.Cleanup(k.Close)
	ask := func(name string) dialog.Evidence { return k.Check(t.Context(), mustParse(t, name)) }
	if ev := ask("a.cn"); ev.Trouble != dialog.TroubleThrottled {
		t.Errorf("%+v", ev)
	}
	set(false)
	if ev := ask("b.cn"); ev.Trouble != dialog.TroubleThrottled || len(whois.Asked()) != 1 {
		t.Errorf("%+v after %d queries", ev, len(whois.Asked()))
	}
	c.add(whoisPause)
	if ev := ask("b.cn"); ev.Registration != dialog.RegistrationFound {
		t.Errorf("%+v", ev)
	}
	set(true)
	ask("a.com")
	set(false)
	c.add(time.Minute)
	ask("b.com")
	if n := len(r.Asked()); n != 1 {
		t.Errorf("%d RDAP queries within Retry-After, want 1", n)
	}
	c.add(time.Minute)
	if ev := ask("c.com"); ev.Registration != dialog.RegistrationAbsent || ev.Source != "rdap" {
		t.Errorf("%+v", ev)
	}
}

// TestCancelled: a caller that goes away is let go at once.
func TestCancelled(t *testing.T) {
	asked := make(chan struct{}, 1)
	w := domaintest.NewWHOIS(t, func(q string, c net.Conn, gone <-chan struct{}) { asked <- struct{}{}; domaintest.Hangs(q, c, gone) })
	k := New(Config{Timeout: time.Second, WHOISServer: w.Addr, Resolver: domaintest.NewDNS(t, domaintest.Zone{"example.cn": {domaintest.Silence}}).Addr})
	t.Cleanup(k.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan dialog.Evidence)
	go func() { done <- k.Check(ctx, mustParse(t, "example.cn")) }()
	<-asked
	cancel()
	if ev := <-done; ev.Registration != dialog.RegistrationUnknown || ev.Trouble != dialog.TroubleNoAnswer {
		t.Errorf("%+v", ev)
	}
}
