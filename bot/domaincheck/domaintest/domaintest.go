// Package domaintest has WHOIS, RDAP and DNS servers on loopback that speak the real protocols, and misbehave in all the ways that real ones do. It is for tests
// and no part of the program.
package domaintest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// log counts what a server was asked.
type log struct {
	mu     sync.Mutex
	asked  []string
	at     int // under way
	most   int // at once
	closed chan struct{}
}

func newLog(t testing.TB) *log {
	l := &log{closed: make(chan struct{})}
	t.Cleanup(func() { close(l.closed) })
	return l
}

// Asked are the questions so far.
func (l *log) Asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

// Most is how many questions were under way at once.
func (l *log) Most() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most
}

func (l *log) begin(q string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, q)
	l.at++
	l.most = max(l.most, l.at)
}

func (l *log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at--
}

// WHOIS is a port-43 server.
type WHOIS struct {
	*log
	Addr string // host:port
}

// Answer is how a server treats one question: it writes to the connection until it has had enough. gone is closed when the test ends.
type Answer func(query string, c net.Conn, gone <-chan struct{})

// NewWHOIS starts a WHOIS server that answers each query by a.
func NewWHOIS(t testing.TB, a Answer) *WHOIS {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &WHOIS{log: newLog(t), Addr: ln.Addr().String()}
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { ln.Close() })
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				line, _ := bufio.NewReader(io.LimitReader(c, 4096)).ReadString('\n')
				line = strings.TrimSpace(line)
				w.begin(line)
				defer w.end()
				a(line, c, w.closed)
			})
		}
	})
	return w
}

// Says answers with a text in which {name} is the asked name.
func Says(text string) Answer {
	return func(q string, c net.Conn, _ <-chan struct{}) {
		io.WriteString(c, strings.ReplaceAll(text, "{name}", q))
	}
}

// Knows answers names with their texts, and all others with what CNNIC says of a free name.
func Knows(texts map[string]string) Answer {
	return func(q string, c net.Conn, gone <-chan struct{}) {
		text, ok := texts[q]
		if !ok {
			text = "No matching record.\n"
		}
		Says(text)(q, c, gone)
	}
}

// Hangs takes the question and says nothing more.
func Hangs(_ string, c net.Conn, gone <-chan struct{}) { wait(c, gone) }

// wait waits until the other side hangs up or the test ends.
func wait(c net.Conn, gone <-chan struct{}) {
	up := make(chan struct{})
	go func() { io.Copy(io.Discard, c); close(up) }()
	select {
	case <-up:
	case <-gone:
		c.Close()
		<-up
	}
}

// Drips says a text and then one byte after another for ever.
func Drips(text string) Answer {
	return func(q string, c net.Conn, gone <-chan struct{}) {
		Says(text)(q, c, gone)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
			case <-gone:
				return
			}
		}
	}
}

// Endless says a text and then lines without end, as fast as they are taken.
func Endless(text string) Answer {
	block := []byte(strings.Repeat("more: of the same\n", 2000))
	return func(q string, c net.Conn, gone <-chan struct{}) {
		Says(text)(q, c, gone)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

// Resets says a text and breaks the connection off.
func Resets(text string) Answer {
	return func(q string, c net.Conn, gone <-chan struct{}) {
		Says(text)(q, c, gone)
		c.(*net.TCPConn).SetLinger(0)
	}
}

// CN is an answer in CNNIC's form; expiry is Beijing time.
func CN(name, holder, registrar, expiry string, statuses ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Domain Name: %s\nROID: 20190317s10001s00000001-cn\n", name)
	for _, s := range append([]string{"ok"}, statuses...)[min(1, len(statuses)):] {
		fmt.Fprintf(&b, "Domain Status: %s\n", s)
	}
	fmt.Fprintf(&b, "Registrant: %s\nRegistrant Contact Email: nobody@%s\nSponsoring Registrar: %s\nName Server: ns1.%s\nName Server: ns2.%s\nRegistration Time: 2019-03-17 12:48:36\nExpiration Time: %s\nDNSSEC: unsigned\n",
		holder, name, registrar, name, name, expiry)
	return b.String()
}

// RDAP is an RDAP server. A request is "/domain/NAME"; what is not known is 404.
type RDAP struct {
	*log
	URL string
}

// NewRDAP starts an RDAP server.
func NewRDAP(t testing.TB, h http.HandlerFunc) *RDAP {
	t.Helper()
	r := &RDAP{log: newLog(t)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.begin(q.URL.Path)
		defer r.end()
		h(w, q)
	}))
	t.Cleanup(srv.Close)
	r.URL = srv.URL
	return r
}

// Domain is what an RDAP server knows of a name.
type Domain struct {
	Registrar string
	IANA      string
	Expiry    string // RFC 3339
	Statuses  []string
	Related   string // URL of the registrar's answer
}

// JSON is the RDAP answer about a name.
func (d Domain) JSON(name string) []byte {
	b, err := json.Marshal(map[string]any{
		"objectClassName": "domain", "ldhName": strings.ToUpper(name), "status": d.Statuses,
		"events": []any{map[string]any{"eventAction": "registration", "eventDate": "2019-01-01T00:00:00Z"}, map[string]any{"eventAction": "expiration", "eventDate": d.Expiry}},
		"links":  []any{map[string]any{"rel": "self", "type": "application/rdap+json", "href": "https://self.example/domain/" + name}, map[string]any{"rel": "related", "type": "application/rdap+json", "href": d.Related}},
		"entities": []any{map[string]any{"objectClassName": "entity", "roles": []string{"registrar"}, "publicIds": []any{map[string]any{"type": "IANA Registrar ID", "identifier": d.IANA}},
			"vcardArray": []any{"vcard", []any{[]any{"version", map[string]any{}, "text", "4.0"}, []any{"fn", map[string]any{}, "text", d.Registrar}}}}},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// Serves answers /domain/NAME for the names it has, and 404 otherwise.
func Serves(domains map[string]Domain) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		d, ok := domains[name]
		w.Header().Set("Content-Type", "application/rdap+json")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"errorCode":404}`)
			return
		}
		w.Write(d.JSON(name))
	}
}

// DNS is a resolver on loopback, by UDP and TCP on the same port.
type DNS struct {
	*log
	Addr string // host:port
}

// Zone is what a resolver knows: for a name, addresses, or "CNAME target", or "NS target".
type Zone map[string][]string

// Special answers of a zone in place of records.
const (
	Silence  = "!silence"  // no answer at all
	Broken   = "!broken"   // SERVFAIL
	Garbage  = "!garbage"  // bytes that are no answer
	Other    = "!other"    // an answer about another name, then none
	Truncate = "!truncate" // by UDP "ask by TCP"; records follow
)

// NewDNS starts a resolver.
func NewDNS(t testing.TB, z Zone) *DNS {
	t.Helper()
	var ln net.Listener
	var pc net.PacketConn
	for range 20 { // the same port must be free for both
		var err error
		if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if pc, err = net.ListenPacket("udp", ln.Addr().String()); err == nil {
			break
		}
		ln.Close()
	}
	if pc == nil {
		t.Fatal("no port for UDP and TCP")
	}
	d := &DNS{log: newLog(t), Addr: ln.Addr().String()}
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { ln.Close(); pc.Close() })
	serving.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := d.answer(z, buf[:n], "udp"); out != nil {
				pc.WriteTo(out, from)
			}
		}
	})
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				b := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, b); err != nil {
					return
				}
				if out := d.answer(z, b, "tcp"); out != nil {
					c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
				}
			})
		}
	})
	return d
}

func (d *DNS) answer(z Zone, query []byte, network string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	host := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	d.begin(network + " " + strings.TrimPrefix(q.Type.String(), "Type") + " " + host)
	defer d.end()
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true}, Questions: m.Questions}
	records, known := z[host]
	if !known {
		out.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		switch r {
		case Silence:
			return nil
		case Broken:
			out.RCode = dnsmessage.RCodeServerFailure
		case Garbage:
			return []byte("\x00\xff not DNS at all")
		case Other:
			out.Questions[0].Name = dnsmessage.MustNewName("other.example.")
		case Truncate:
			if network == "udp" {
				out.Truncated = true
				b, _ := out.Pack()
				return b
			}
		}
	}
	for depth := 0; depth < 20; depth++ {
		next := ""
		name := dnsmessage.MustNewName(host + ".")
		for _, r := range z[host] {
			h := dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 60}
			kind, target, _ := strings.Cut(r, " ")
			switch {
			case kind == "CNAME":
				next = target
				out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(target + ".")}})
			case kind == "NS":
				if q.Type == dnsmessage.TypeNS {
					out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.NSResource{NS: dnsmessage.MustNewName(target + ".")}})
				}
			default:
				a, err := netip.ParseAddr(r)
				if err == nil && a.Is4() && q.Type == dnsmessage.TypeA {
					out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
				} else if err == nil && a.Is6() && q.Type == dnsmessage.TypeAAAA {
					out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
				}
			}
		}
		if next == "" {
			break
		}
		host = next
	}
	b, err := out.Pack()
	if err != nil {
		return nil
	}
	return b
}
