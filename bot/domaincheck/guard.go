package domaincheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// maxAnswer is how much of an answer is read, in bytes: far above a real one.
const maxAnswer = 64 << 10

// notPublic are ranges that are global unicast by their form but lead into somebody's own network or to nobody. Source: IANA's special-purpose registries
// (RFC 6890); the last three carry an IPv4 address inside.
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"2001:db8::/32", "fec0::/10", "100::/64", "64:ff9b::/96", "2001::/32", "2002::/16")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// dial connects to host:port: an address that the configuration names wherever it is, any other only on the protocol's port and where it is public.
func (k *Checker) dial(ctx context.Context, address, port string) (net.Conn, error) {
	d := net.Dialer{Resolver: k.lookup}
	if !k.named[strings.ToLower(address)] {
		if !strings.HasSuffix(address, ":"+port) {
			return nil, fmt.Errorf("dial %s: refused, not port %s", address, port)
		}
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if !public(ap.Addr()) {
				return errors.New("refused, not a public address")
			}
			return nil
		}
	}
	return d.DialContext(ctx, "tcp", address)
}

var errTooLong = fmt.Errorf("answer of more than %d bytes", maxAnswer)

// bounded is a connection that ends with its context's deadline and fails once more than maxAnswer has come in.
type bounded struct {
	net.Conn
	left int
	// ended says that the last byte so far ends a line.
	ended bool
}

func (c *bounded) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	if n > 0 {
		c.ended = p[n-1] == '\n'
	}
	return n, err
}

// SetDeadline keeps the check's own: the WHOIS library would set its.
func (c *bounded) SetDeadline(time.Time) error { return nil }

// SetReadDeadline, too.
func (c *bounded) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline, too.
func (c *bounded) SetWriteDeadline(time.Time) error { return nil }

// whoisDialer is what the WHOIS library connects through.
type whoisDialer struct {
	ctx  context.Context
	k    *Checker
	conn *bounded
}

// Dial is proxy.Dialer's.
func (d *whoisDialer) Dial(_, address string) (net.Conn, error) {
	c, err := d.k.dial(d.ctx, address, "43")
	if err != nil {
		return nil, err
	}
	if end, ok := d.ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			c.Close()
			return nil, err
		}
	}
	context.AfterFunc(d.ctx, func() { c.Close() }) // a check that has its answer elsewhere does not wait for this one
	d.conn = &bounded{Conn: c, left: maxAnswer}
	return d.conn, nil
}

// limited reads at most n bytes and fails on more.
func limited(r io.Reader, n int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, n+1))
	if err == nil && int64(len(b)) > n {
		err = errTooLong
	}
	return b, err
}
