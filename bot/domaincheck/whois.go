package domaincheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/likexian/whois"

	"beianbot/dialog"
)

// cnnic is the registry of .cn and .中国. Source: its own site, and the table of Debian's whois.
const cnnic = "whois.cnnic.cn:43"

// whoisServers are those of the suffixes asked about most; all others are looked up at IANA, as these are when they move.
var whoisServers = map[string]string{"cn": cnnic, "xn--fiqs8s": cnnic, "com": "whois.verisign-grs.com:43", "net": "whois.verisign-grs.com:43", "cc": "ccwhois.verisign-grs.com:43"}

// whoisPause is how long a server is left alone that says it was asked too often and, as WHOIS does, not for how long.
const whoisPause = 30 * time.Second

// whois asks the registry's port-43 server.
func (k *Checker) whois(ctx context.Context, name dialog.DomainName) (ev dialog.Evidence) {
	defer k.registered(&ev, "whois", time.Now())
	ev.Source = "whois"
	server := k.whoisServer(ctx, name.Suffix)
	if server == "" {
		ev.Trouble = dialog.TroubleNoServer
		return ev
	}
	text, trouble := k.askWHOIS(ctx, name.Registrable, server)
	if trouble != "" {
		ev.Trouble = trouble
		return ev
	}
	return ReadWHOIS(name, text)
}

func (k *Checker) whoisServer(ctx context.Context, suffix string) string {
	if k.conf.WHOISServer != "" {
		return k.conf.WHOISServer
	}
	if s := whoisServers[suffix]; s != "" {
		return s
	}
	s, _ := k.referrals.get(ctx, suffix, k.conf.Timeout, func(ctx context.Context) (string, time.Duration) {
		// IANA answers for the suffix of any name. The library wants one with a dot, else it takes a server of its own.
		text, trouble := k.askWHOIS(ctx, "nic."+suffix, k.conf.IANA)
		if trouble != "" {
			return "", keepFailed
		}
		if m := ianaWHOIS.FindStringSubmatch(text); m != nil {
			return net.JoinHostPort(m[1], "43"), keepServer
		}
		return "", keepServer
	})
	return s
}

var ianaWHOIS = regexp.MustCompile(`(?m)^whois:[ \t]+([A-Za-z0-9.-]+)[ \t\r]*$`)

// askWHOIS puts one query to one server through the given library, in a way that its defects cannot reach us: the server is explicit, referrals and statistics are
// off, the connection is ours (guarded, bounded, ended by the context), and a panic is a failure. The name is ASCII with a dot. An answer that was not finished
// is given only where it says that we ask too often.
func (k *Checker) askWHOIS(ctx context.Context, name, server string) (text string, trouble dialog.Trouble) {
	leave, paused, ok := k.gates.enter(ctx, server)
	if !ok {
		if paused {
			return "", dialog.TroubleThrottled
		}
		return "", dialog.TroubleNoAnswer
	}
	pause := time.Duration(0)
	defer func() { leave(pause) }()
	d := &whoisDialer{ctx: ctx, k: k}
	text, err := safely(func() (string, error) {
		return whois.NewClient().SetDisableReferral(true).SetDisableStats(true).SetDialer(d).Whois(name, server)
	})
	if d.conn != nil && d.conn.ended {
		text += "\n" // which the library takes away
	}
	text = decoded(text)
	if throttled(text) {
		pause = whoisPause
		return "", dialog.TroubleThrottled
	}
	if err != nil {
		if errors.Is(err, errTooLong) {
			return "", dialog.TroubleUnreadable
		}
		return "", dialog.TroubleNoAnswer
	}
	return text, ""
}

func safely(ask func() (string, error)) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("whois library: %v", p)
		}
	}()
	return ask()
}

// slowDown are the sentences with which servers say that they were asked too often; the first two are CNNIC's.
var slowDown = regexp.MustCompile(`(?i)queried interval is too short|access is too fast|limit exceeded|exceeded .{0,40}(limit|quota|quer|request|allowed|rate)|number of allowed queries|too many (queries|requests|connections)|` +
	`(query|rate|access|lookup|request)s? (rate|limit|quota)|(quota|rate) (is |has been )?exceeded|temporarily (blocked|banned|denied)|try again (later|after)|please slow down|查询过于频繁|请求过于频繁`)

// throttled reports whether an answer says nothing but that we ask too often. Terms of use, which speak of limits too, come with a record or are longer.
func throttled(text string) bool {
	return text != "" && len(text) < 1000 && !isRecord.MatchString(text) && slowDown.MatchString(text)
}

var isRecord = regexp.MustCompile(`(?im)^[ \t]*(domain name|domain|registrar|no match|no matching record)\b`)

func textLines(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimPrefix(decoded(text), "\ufeff"), "\r", ""), "\n")
}
