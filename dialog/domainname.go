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
	s := strings.TrimSpace(halfWidth(raw))
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
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
	s = strings.TrimRight(s, ".,;!?，；！？、")
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
	suffix, icann := publicsuffix.PublicSuffix(host)
	if ownSuffixes[host] {
		return refuse(RefusedOnlyTLD)
	}
	for own := range ownSuffixes {
		if strings.HasSuffix(host, "."+own) {
			suffix, icann = own, true
		}
	}
	if suffix == host {
		return refuse(RefusedOnlyTLD)
	}
	n.PrivateSuffix = !icann
	labels := strings.Split(strings.TrimSuffix(host, "."+suffix), ".")
	n.Registrable = labels[len(labels)-1] + "." + suffix
	if n.Unicode, err = idna.ToUnicode(host); err != nil {
		n.Unicode = host
	}
	return n, nil
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
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - 0xfee0
		case r == '。' || r == '｡':
			return '.'
		case r == '　':
			return ' '
		case r == '\u200b' || r == '\u00ad' || r == '\ufeff':
			return -1
		}
		return r
	}, s)
}

// FoundDomain is a name found in running text, with its byte range there.
type FoundDomain struct {
	DomainName
	Start, End int
}

// fileEndings are endings that are names of files in a customer's text far more often than domains, and are no approved suffixes either.
var fileEndings = map[string]bool{"html": true, "htm": true, "php": true, "jsp": true, "asp": true, "aspx": true, "js": true, "css": true, "jpg": true, "jpeg": true, "png": true, "gif": true, "pdf": true, "doc": true, "docx": true,
	"xls": true, "xlsx": true, "txt": true, "zip": true, "rar": true, "conf": true, "exe": true, "apk": true, "ipa": true, "json": true, "xml": true, "log": true, "md": true, "py": true, "sh": true, "mov": true, "mp4": true, "csv": true, "rs": true}

// notNames are words of the trade that look like names.
var notNames = map[string]bool{"asp.net": true, "vb.net": true, "ado.net": true, "co.ltd": true, "node.js": true, "next.js": true, "vue.js": true}

var candidates = regexp.MustCompile(`(?i)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63})*\.(?:xn--[a-z0-9-]+|[a-z]{2,24})`)

var hanNames = regexp.MustCompile(`[\p{Han}a-zA-Z0-9-]{1,20}(?:\.[\p{Han}a-zA-Z0-9-]{1,20})*\.(?:中国|中國|公司|网络|网址|商城|政务|公益|在线|集团|商标|商店|企业|娱乐|游戏|餐厅|移动|网站|网店|信息|手机|佛山|广东|招聘|中文网|世界|[a-zA-Z]{2,10})`)

// leads are words that stand before a Chinese name glued to it; the name begins after them.
var leads = regexp.MustCompile(`^.*(?:查一下|查下|查查|查询|看看|看下|看一下|帮我查|帮查|检查|检测|域名是|域名叫|域名|网址是|网址|备案|我的|这个|那个|叫|是|查|用|和|与|跟|或|、)`)

// FindDomains finds the names in a customer's text, in order. Versions, decimals, file names, addresses and e-mail addresses are not names.
func FindDomains(text string) []FoundDomain {
	// The text is mapped rune by rune, so byte ranges are kept through a table.
	var b strings.Builder
	var at []int
	for i, r := range text {
		m := halfWidth(string(r))
		for range len(m) {
			at = append(at, i)
		}
		b.WriteString(m)
	}
	at = append(at, len(text))
	s := b.String()
	var out []FoundDomain
	used := make([]bool, len(s)+1)
	take := func(start, end int) {
		for i := start; i < end; i++ {
			if used[i] {
				return
			}
		}
		word := s[start:end]
		last := strings.ToLower(word[strings.LastIndexByte(word, '.')+1:])
		tail := word[strings.LastIndexByte(word, '.')+1:]
		titled := len(tail) > 1 && tail[0] >= 'A' && tail[0] <= 'Z' && tail[1] >= 'a' && tail[1] <= 'z' // "help.My site", "Co.Ltd"
		email := start > 0 && s[start-1] == '@' && !strings.Contains(s[:start], "://")
		if fileEndings[last] || titled || notNames[strings.ToLower(word)] || email || start > 0 && s[start-1] == '.' || end < len(s) && s[end] == '@' {
			return
		}
		if before, _ := utf8.DecodeLastRuneInString(s[:start]); before < utf8.RuneSelf && (before >= 'a' && before <= 'z' || before >= 'A' && before <= 'Z' || before >= '0' && before <= '9') {
			return
		}
		n, refusal := ParseDomain(word)
		if refusal != nil {
			return
		}
		for i := start; i < end; i++ {
			used[i] = true
		}
		if end < len(s) && strings.IndexByte("/?:#", s[end]) >= 0 { // the rest of a URL holds no further names
			for i := end; i < len(s) && s[i] > ' ' && (s[i] < utf8.RuneSelf || s[end] != ':'); i++ {
				used[i] = true
			}
		}
		out = append(out, FoundDomain{n, at[start], at[end]})
	}
	for _, m := range candidates.FindAllStringIndex(s, -1) {
		if strings.IndexFunc(s[m[0]:m[1]], func(r rune) bool { return unicode.Is(unicode.Han, r) }) < 0 {
			take(m[0], m[1])
		}
	}
	for _, m := range hanNames.FindAllStringIndex(s, -1) {
		start, end := m[0], m[1]
		word := s[start:end]
		if strings.IndexFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) }) < 0 {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(s[end:]); unicode.Is(unicode.Han, next) {
			continue // 网站放香港: the word goes on, so it is no suffix
		}
		dot := strings.LastIndexByte(s[start:end], '.') + start
		if strings.HasPrefix(text[at[dot]:], "。") {
			continue // a full stop between two Chinese words ends a sentence
		}
		first, _, _ := strings.Cut(word, ".")
		if l := leads.FindStringIndex(first); l != nil && l[1] < len(first) {
			start += l[1]
		}
		// A Chinese label before an ASCII suffix is a sentence that ends in a dot unless the label is short and whole.
		tail := word[strings.LastIndexByte(word, '.')+1:]
		if tail[0] < utf8.RuneSelf && utf8.RuneCountInString(s[start:end]) > 18 {
			continue
		}
		take(start, end)
	}
	for i := 1; i < len(out); i++ { // by place in the text
		for j := i; j > 0 && out[j].Start < out[j-1].Start; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}
