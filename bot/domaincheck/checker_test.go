package domaincheck

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"beianbot/dialog"
)

// whoisServer speaks WHOIS on loopback: it reads one line and lets answer write.
func whoisServer(t *testing.T, answer func(name string, c net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				line, _ := bufio.NewReader(c).ReadString('\n')
				answer(strings.TrimSpace(line), c)
			}()
		}
	}()
	return ln.Addr().String()
}

// noDNS is a port of this machine where nobody answers, so a test does not wait for names.
const noDNS = "127.0.0.1:1"

func mustParse(t *testing.T, s string) dialog.DomainName {
	t.Helper()
	n, refusal := dialog.ParseDomain(s)
	if refusal != nil {
		t.Fatal(*refusal)
	}
	return n
}

const cnAnswer = "Domain Name: %s\nDomain Status: ok\nRegistrant: 示例公司\nSponsoring Registrar: 阿里云计算有限公司（万网）\nRegistration Time: 2019-03-17 12:48:36\nExpiration Time: 2027-03-17 12:48:36\n"

func TestWHOISFound(t *testing.T) {
	addr := whoisServer(t, func(name string, c net.Conn) { fmt.Fprintf(c, cnAnswer, name) })
	ev := New(Config{Timeout: time.Second, WHOISServer: addr, Resolver: noDNS}).Check(context.Background(), mustParse(t, "www.example.cn"))
	if ev.Registration != dialog.RegistrationFound || ev.Registrar != "阿里云计算有限公司（万网）" || ev.Source != "whois" || len(ev.Expiries) != 1 {
		t.Fatalf("%+v", ev)
	}
	if want := time.Date(2027, 3, 17, 4, 48, 36, 0, time.UTC); !ev.Expiries[0].Equal(want) {
		t.Errorf("expiry %v: CNNIC's time is Beijing time, want %v", ev.Expiries[0], want)
	}
}

func TestWHOISThatSaysNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want dialog.Registration
	}{
		"absent":     {"No matching record.\n", dialog.RegistrationAbsent},
		"throttled":  {"Queried interval is too short.\n", dialog.RegistrationUnknown},
		"binary":     {"\x00\xff\xfe\x01\x02", dialog.RegistrationUnknown},
		"empty":      {"", dialog.RegistrationUnknown},
		"other name": {fmt.Sprintf(cnAnswer, "other.cn"), dialog.RegistrationUnknown},
		"panic bait": {"whois: x", dialog.RegistrationUnknown},
		"cut":        {"Domain Name: example.cn\n", dialog.RegistrationUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			addr := whoisServer(t, func(_ string, c net.Conn) { c.Write([]byte(tt.text)) })
			ev := New(Config{Timeout: time.Second, WHOISServer: addr, Resolver: noDNS}).Check(context.Background(), mustParse(t, "example.cn"))
			if ev.Registration != tt.want {
				t.Errorf("%+v", ev)
			}
		})
	}
}

func TestHostileServersEndInTime(t *testing.T) {
	drip := func(_ string, c net.Conn) {
		for i := 0; i < 1000; i++ {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			select {
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	endless := func(_ string, c net.Conn) {
		block := []byte(strings.Repeat("x", 32<<10))
		for i := 0; i < 10000; i++ {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	hang := func(_ string, c net.Conn) {
		c.SetReadDeadline(time.Now().Add(3 * time.Second))
		c.Read(make([]byte, 1))
	}
	for name, f := range map[string]func(string, net.Conn){"drip": drip, "endless": endless, "hang": hang} {
		t.Run(name, func(t *testing.T) {
			const limit = 300 * time.Millisecond
			k := New(Config{Timeout: limit, WHOISServer: whoisServer(t, f), Resolver: noDNS})
			done := make(chan dialog.Evidence, 1)
			go func() { done <- k.Check(context.Background(), mustParse(t, "example.cn")) }()
			select {
			case ev := <-done:
				if ev.Registration != dialog.RegistrationUnknown {
					t.Errorf("%+v", ev)
				}
			case <-time.After(5 * limit):
				t.Error("still running long after its limit")
			}
		})
	}
}

func TestRDAP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/domain/example.com":
			fmt.Fprint(w, `{"ldhName":"EXAMPLE.COM","status":["client transfer prohibited"],"events":[{"eventAction":"expiration","eventDate":"2027-08-13T04:00:00Z"}],
				"entities":[{"roles":["registrar"],"publicIds":[{"type":"IANA Registrar ID","identifier":"420"}],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Alibaba Cloud Computing (Beijing) Co., Ltd."]]]}]}`)
		case "/domain/broken.com":
			fmt.Fprint(w, "<html>busy</html>")
		case "/domain/slow.com":
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	k := New(Config{Timeout: time.Second, RDAPURL: srv.URL, Resolver: noDNS})
	ev := k.Check(context.Background(), mustParse(t, "example.com"))
	if ev.Registration != dialog.RegistrationFound || ev.IANA != 420 || ev.Source != "rdap" || len(ev.Expiries) != 1 {
		t.Errorf("%+v", ev)
	}
	for name, want := range map[string]dialog.Registration{"broken.com": dialog.RegistrationUnknown, "slow.com": dialog.RegistrationUnknown, "absent.com": dialog.RegistrationAbsent} {
		if ev := k.Check(context.Background(), mustParse(t, name)); ev.Registration != want {
			t.Errorf("%s: %+v", name, ev)
		}
	}
}
