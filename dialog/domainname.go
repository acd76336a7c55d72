package dialog

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// DomainName is a name fit to be asked about.
type DomainName struct {
	Host        string // as the customer gave it, lower-case ASCII (punycode)
	Registrable string // the name that is registered and filed, ASCII
	Suffix      string // the top-level domain, ASCII
	Unicode     string // Host for people
	// PrivateSuffix says that the name hangs below a platform's own suffix (github.io): the name that can be filed is the platform's.
	PrivateSuffix bool
}

// Refusal is why a name cannot be asked about at all; the key of a sentence in domain/texts.yaml.
type Refusal string

// The refusals.
const (
	RefusedEmpty    Refusal = "empty"
	RefusedIP       Refusal = "ip"
	RefusedSingle   Refusal = "single_label"
	RefusedReserved Refusal = "reserved"
	RefusedSuffix   Refusal = "unknown_suffix"
	RefusedSyntax   Refusal = "syntax"
	RefusedLong     Refusal = "too_long"
	RefusedOnlyTLD  Refusal = "only_suffix"
)

var profile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false))

// around is what people leave around a name that they paste.
const around = " \"'`<>()[]{}*“”‘’「」『』《》〈〉【】〔〕"

var reserved = map[string]bool{"local": true, "localhost": true, "test": true, "example": true, "invalid": true, "internal": true, "onion": true, "arpa": true, "lan": true, "home": true, "corp": true}

// ownSuffixes are suffixes below .cn that the public list lacks: 政务.cn and 公益.cn.
var ownSuffixes = map[string]bool{"xn--zfr164b.cn": true, "xn--55qw42g.cn": true}

// ParseDomain reads one name in any form that people paste: URL, port, path, full width, Chinese. It gives the reason when the name must not be asked about.
func ParseDomain(raw string) (DomainName, *Refusal) {
	refuse := func(r Refusal) (DomainName, *Refusal) { return DomainName{}, &r }
	for _, r := range raw {
		if unicode.IsControl(r) {
			return refuse(RefusedSyntax)
		}
	}
	s := strings.Trim(halfWidth(raw), around)
	if i := strings.Index(s, "//"); i >= 0 && i <= len("view-source:https:") {
		s = s[i+2:]
	}
	s = strings.TrimLeft(s, "/")
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return refuse(RefusedIP)
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimRight(strings.Trim(s, around), ".,;!?、")
	if s == "" {
		return refuse(RefusedEmpty)
	}
	if len(s) > 1000 {
		return refuse(RefusedLong)
	}
	host, err := profile.ToASCII(s)
	if err != nil {
		if len(s) > 253 {
			return refuse(RefusedLong)
		}
		return refuse(RefusedSyntax)
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || numeric.MatchString(host) {
		return refuse(RefusedIP)
	}
	if !strings.Contains(host, ".") {
		return refuse(RefusedSingle)
	}
	n := DomainName{Host: host, Suffix: host[strings.LastIndexByte(host, '.')+1:]}
	if reserved[n.Suffix] {
		return refuse(RefusedReserved)
	}
	if !knownSuffix(n.Suffix) {
		return refuse(RefusedSuffix)
	}
	suffix, icann := publicSuffix(host)
	n.PrivateSuffix = !icann
	for !icann { // github.io and the like: what is registered is the platform's own name
		_, suffix, _ = strings.Cut(suffix, ".")
		suffix, icann = publicSuffix(suffix)
	}
	if suffix == host {
		return refuse(RefusedOnlyTLD)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."+suffix), ".")
	n.Registrable = labels[len(labels)-1] + "." + suffix
	if n.Unicode, err = idna.ToUnicode(host); err != nil {
		n.Unicode = host
	}
	return n, nil
}

// publicSuffix is the suffix under which names are registered, and whether a registry gives them out; else it is a platform's.
func publicSuffix(host string) (string, bool) {
	if i := strings.LastIndexByte(strings.TrimSuffix(host, ".cn"), '.'); strings.HasSuffix(host, ".cn") && ownSuffixes[host[i+1:]] {
		return host[i+1:], true
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	return suffix, icann || !strings.Contains(suffix, ".")
}

var numeric = regexp.MustCompile(`^[0-9.]+$`)

// knownSuffix reports whether a top-level domain exists: the public suffix list has a rule for each.
func knownSuffix(tld string) bool {
	_, icann := publicsuffix.PublicSuffix("a." + tld)
	if icann {
		return true
	}
	s, _ := publicsuffix.PublicSuffix("a.b." + tld)
	return strings.Count(s, ".") > 0
}

// halfWidth maps full-width letters, dots, colons, slashes and 。 as people type them in Chinese keyboards to ASCII, leaving Chinese alone.
func halfWidth(s string) string { return strings.Map(halfRune, s) }

func halfRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
	case r >= '！' && r <= '～':
		return r - 0xfee0
	case r == '。' || r == '｡':
		return '.'
	case r == '　' || r == '\u00a0':
		return ' '
	case r == '\u200b' || r == '\u00ad' || r == '\ufeff' || r == '\u2060':
		return -1
	}
	return r
}
