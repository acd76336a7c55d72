package domaincheck

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phuslu/iploc"
	"golang.org/x/net/dns/dnsmessage"

	"net/netip"

	"beianbot/dialog"
)

// Limits on what is taken from DNS: more than real names have.
const (
	maxChain     = 16
	maxAddresses = 32
	maxServers   = 16
)

// place is where a name points.
type place struct {
	addresses []dialog.Address
	cnames    []string // in order, the last names the machine
	servers   []string // name servers of the registered name
	none      bool     // DNS answered: nothing there
	failed    bool
}

// resolve asks DNS for addresses, the CNAME chain and the name servers, side by side.
func (k *Checker) resolve(ctx context.Context, name dialog.DomainName) (place, time.Duration) {
	start := time.Now()
	var v4, v6, ns records
	var wg sync.WaitGroup
	wg.Go(func() { v4 = k.records(ctx, name.Host, dnsmessage.TypeA) })
	wg.Go(func() { v6 = k.records(ctx, name.Host, dnsmessage.TypeAAAA) })
	wg.Go(func() { ns = k.records(ctx, name.Registrable, dnsmessage.TypeNS) })
	wg.Wait()
	p := place{cnames: v4.chain, servers: ns.names}
	if len(p.cnames) == 0 {
		p.cnames = v6.chain
	}
	for _, ip := range append(v4.addresses, v6.addresses...) {
		if len(p.addresses) < maxAddresses {
			p.addresses = append(p.addresses, dialog.Address{IP: ip.String(), Country: iploc.IPCountry(ip)})
		}
	}
	if len(p.addresses) == 0 {
		p.failed = v4.failed || v6.failed
		p.none = !p.failed
	}
	outcome, keep := "found", keepPlace
	switch {
	case p.failed:
		outcome, keep = "failed", keepFailed
	case p.none:
		outcome = "absent"
	}
	k.conf.Asked("dns", outcome, time.Since(start))
	return p, keep
}

// records are the answers to one question.
type records struct {
	addresses []netip.Addr
	chain     []string
	names     []string
	failed    bool
}

// records asks one question and follows the CNAME chain through the answer; a server that gives only a part of the chain is asked on.
func (k *Checker) records(ctx context.Context, host string, kind dnsmessage.Type) (out records) {
	defer func() {
		if p := recover(); p != nil {
			k.conf.Panicked(p, debug.Stack())
			out = records{failed: true}
		}
	}()
	at := host
	for range 4 {
		m, err := k.exchange(ctx, at, kind)
		if err != nil {
			out.failed = true
			return out
		}
		before := len(out.chain)
		aliases := map[string]string{}
		for _, a := range m.Answers {
			if c, ok := a.Body.(*dnsmessage.CNAMEResource); ok {
				aliases[plainName(a.Header.Name)] = plainName(c.CNAME)
			}
		}
		for len(out.chain) < maxChain && aliases[at] != "" && aliases[at] != at {
			at = aliases[at]
			out.chain = append(out.chain, at)
		}
		for _, a := range m.Answers {
			if plainName(a.Header.Name) != at {
				continue
			}
			switch b := a.Body.(type) {
			case *dnsmessage.AResource:
				out.addresses = append(out.addresses, netip.AddrFrom4(b.A))
			case *dnsmessage.AAAAResource:
				out.addresses = append(out.addresses, netip.AddrFrom16(b.AAAA).Unmap())
			case *dnsmessage.NSResource:
				if n := plainName(b.NS); len(out.names) < maxServers && !slices.Contains(out.names, n) {
					out.names = append(out.names, n)
				}
			}
		}
		if len(out.addresses)+len(out.names) > 0 || len(out.chain) == before || len(out.chain) >= maxChain {
			break
		}
	}
	slices.Sort(out.names)
	return out
}

func plainName(n dnsmessage.Name) string { return strings.ToLower(strings.TrimSuffix(n.String(), ".")) }

// exchange puts a question to the resolvers in turn, with growing patience, until one answers or the time is up. "No such name" is an answer.
func (k *Checker) exchange(ctx context.Context, host string, kind dnsmessage.Type) (m dnsmessage.Message, err error) {
	name, err := dnsmessage.NewName(host + ".")
	if err != nil {
		return m, err
	}
	servers := k.resolvers()
	err = context.DeadlineExceeded
	for try := 0; ctx.Err() == nil && try < 4*len(servers); try++ {
		wait := time.Second << min(try/len(servers), 2)
		if m, err = ask(ctx, servers[try%len(servers)], name, kind, wait); err == nil {
			return m, nil
		}
		if errors.Is(err, errServer) && try >= len(servers)-1 {
			return m, err // each has been asked and says itself that it cannot
		}
	}
	return m, err
}

// resolvers are those of the configuration or of the machine.
func (k *Checker) resolvers() (out []string) {
	if k.conf.Resolver != "" {
		return []string{k.conf.Resolver}
	}
	b, _ := os.ReadFile("/etc/resolv.conf") // without it, what the C library and Go take as well
	for _, l := range strings.Split(string(b), "\n") {
		if f := strings.Fields(l); len(f) >= 2 && f[0] == "nameserver" && len(out) < 3 {
			out = append(out, net.JoinHostPort(f[1], "53"))
		}
	}
	if len(out) == 0 {
		out = []string{"127.0.0.1:53"}
	}
	return out
}

var errServer = errors.New("the resolver cannot tell")

// ask puts a question to one resolver by UDP, and by TCP where the answer does not fit.
func ask(ctx context.Context, server string, name dnsmessage.Name, kind dnsmessage.Type, wait time.Duration) (m dnsmessage.Message, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	id := uint16(rand.Uint32())
	q := dnsmessage.Question{Name: name, Type: kind, Class: dnsmessage.ClassINET}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(1232, dnsmessage.RCodeSuccess, false); err != nil {
		return m, err
	}
	query, err := (&dnsmessage.Message{Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{q},
		Additionals: []dnsmessage.Resource{{Header: edns, Body: &dnsmessage.OPTResource{}}}}).Pack()
	if err != nil {
		return m, err
	}
	for _, network := range []string{"udp", "tcp"} {
		if m, err = converse(ctx, network, server, query, id, q); err != nil || !m.Truncated {
			break
		}
	}
	if err == nil && m.RCode != dnsmessage.RCodeSuccess && m.RCode != dnsmessage.RCodeNameError {
		err = errServer
	}
	return m, err
}

func converse(ctx context.Context, network, server string, query []byte, id uint16, q dnsmessage.Question) (m dnsmessage.Message, err error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, server)
	if err != nil {
		return m, err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			return m, err
		}
	}
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if network == "tcp" {
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	if _, err := c.Write(query); err != nil {
		return m, err
	}
	buf := make([]byte, 4096)
	for {
		b := buf
		if network == "tcp" {
			var size [2]byte
			if _, err := io.ReadFull(c, size[:]); err != nil {
				return m, err
			}
			b = make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(c, b); err != nil {
				return m, err
			}
		} else {
			n, err := c.Read(buf)
			if err != nil {
				return m, err
			}
			b = buf[:n]
		}
		m, err := ReadDNS(b, id, q)
		if err == nil || network == "tcp" {
			return m, err
		}
		// By UDP anybody may send us something: only the time ends the wait for the true answer.
	}
}

// ReadDNS reads the answer to one question. It fails for what is no answer to it.
func ReadDNS(b []byte, id uint16, q dnsmessage.Question) (m dnsmessage.Message, err error) {
	var p dnsmessage.Parser
	if m.Header, err = p.Start(b); err != nil {
		return m, err
	}
	if m.Questions, err = p.AllQuestions(); err != nil {
		return m, err
	}
	if !m.Response || m.ID != id || len(m.Questions) != 1 || m.Questions[0].Type != q.Type || !strings.EqualFold(m.Questions[0].Name.String(), q.Name.String()) {
		return m, errors.New("no answer to the question")
	}
	if m.Truncated {
		return m, nil
	}
	m.Answers, err = p.AllAnswers()
	return m, err
}
