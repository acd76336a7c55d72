package domaincheck

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/dns/dnsmessage"

	"beianbot/bot/domaincheck/domaintest"
	"beianbot/dialog"
)

// bounded limits are held whatever an answer says.
func wellFormed(t *testing.T, ev dialog.Evidence) {
	t.Helper()
	if len(ev.Statuses) > 20 || len(ev.Expiries) > 4 {
		t.Errorf("more than is kept: %+v", ev)
	}
	for _, s := range append(ev.Statuses, ev.Registrar, ev.Holder) {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 200 || strings.ContainsAny(s, "\x00\n\r\x1b\u202e") {
			t.Errorf("shown to people: %q", s)
		}
	}
	if ev.Registration != dialog.RegistrationFound && (ev.Registrar != "" || ev.Holder != "" || len(ev.Expiries)+len(ev.Statuses) > 0) {
		t.Errorf("not found, and yet it shows something: %+v", ev)
	}
}

func FuzzReadWHOIS(f *testing.F) {
	for _, s := range []string{"", record, "No matching record.", "Domain Name: example.cn\nRegistrar:\n  name: x\nRecord expires on 2027-01-01", "[Domain Name] EXAMPLE.CN\r\n[Registrar]", "whois: ", "\xff\xfe", "No match for \"EXAMPLE.CN\"."} {
		f.Add(s)
	}
	name := mustParse(f, "example.cn")
	f.Fuzz(func(t *testing.T, text string) {
		wellFormed(t, ReadWHOIS(name, text))
		throttled(text)
	})
}

func FuzzReadRDAP(f *testing.F) {
	f.Add(domaintest.Domain{Registrar: "x", IANA: "420", Expiry: "2027-01-01T00:00:00Z", Statuses: []string{"client hold"}, Related: "https://a/domain/b"}.JSON("example.com"))
	f.Add([]byte(`{"ldhName":"example.com","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",{},"text",7]]]}],"status":7}`))
	f.Add([]byte(`null`))
	name := mustParse(f, "example.com")
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, _ := ReadRDAP(name, body)
		wellFormed(t, ev)
		ReadBootstrap(body)
	})
}

func FuzzReadDNS(f *testing.F) {
	q := dnsmessage.Question{Name: dnsmessage.MustNewName("example.cn."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	good, err := (&dnsmessage.Message{Header: dnsmessage.Header{ID: 7, Response: true}, Questions: []dnsmessage.Question{q},
		Answers: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: [4]byte{1, 2, 3, 4}}}}}).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadDNS(b, 7, q); err == nil && (m.ID != 7 || !m.Response) {
			t.Errorf("%+v is no answer", m.Header)
		}
	})
}

// FuzzParseDomain: what the normaliser lets through is fit to be sent, and is its own normal form.
func FuzzParseDomain(f *testing.F) {
	for _, s := range []string{"example.cn", "https://ＥＸＡＭＰＬＥ。ＣＮ:8443/x?y#z", "例子.中国", "a.cn\r\nb.cn", "127.0.0.1", "0x7f.1", "[::1]:80", "user@example.com", "www.a.政务.cn", "foo.github.io", "a..cn", ".cn", "xn--.cn", "１２７.0.0.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, refusal := dialog.ParseDomain(s)
		if refusal != nil {
			return
		}
		for _, x := range []string{n.Host, n.Registrable} {
			if len(x) > 253 || !strings.Contains(x, ".") || strings.Trim(x, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.Contains(x, "..") {
				t.Errorf("%q gives %q", s, x)
			}
		}
		if n.Host != n.Registrable && !strings.HasSuffix(n.Host, "."+n.Registrable) {
			t.Errorf("%q: %q is not below %q", s, n.Host, n.Registrable)
		}
		if again, refusal := dialog.ParseDomain(n.Host); refusal != nil || again != n {
			t.Errorf("%q: %+v read again is %+v", s, n, again)
		}
	})
}
