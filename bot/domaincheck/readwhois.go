package domaincheck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"beianbot/dialog"
)

// beijing is the zone of CNNIC's times, which are written without one.
var beijing = time.FixedZone("CST", 8*3600)

// absent are the sentences by which registries say that nobody has registered a name. Only whole lines count, and one that names a domain only if it is the asked one.
var absent = regexp.MustCompile(`(?im)^[\s%>*#-]*(?:` +
	`no matching record|no match(?:es)?(?: found)?(?: for)?(?: domain)?:?(?: "?(?P<a>[^\s"]+\.[^\s"]+?)"?)?|` +
	`(?:the )?(?:queried |requested )?(?:domain(?: name)?|object)(?: "?(?P<b>[^\s"]+\.[^\s"]+?)"?)? (?:has |is )?not (?:found|registered|exist)|` +
	`(?:the )?queried object does not exist.*|domain not found|not found:?(?: "?(?P<c>[^\s"]+\.[^\s"]+?)"?)?|no data found|no entries found.*|nothing found.*|no object found.*|` +
	`(?:the )?domain (?:name )?(?:"?(?P<d>[^\s"]+\.[^\s"]+?)"? )?(?:does not exist|is available(?: for registration)?|is free|not found)|(?:domain )?status: *(?:available|free|not registered|no object found)|` +
	`(?P<e>[^\s"]+\.[^\s"]+?) (?:is free|no match|not found|is available|does not exist in database.*)` +
	`)[.!]*\s*$`)

// reserved are the sentences by which a registry says that a name cannot be registered. Source: answers of whois.cnnic.cn.
var reserved = regexp.MustCompile(`(?im)^[\s%>*]*(?:sorry, ?the domain you requested is in the reserved list|the domain you requested is prohibited|the domain you want to register is reserved|this (?:domain )?name is reserved.*|reserved (?:by|name).*)[.!]*\s*$`)

// ReadWHOIS takes what an answer says of the asked name. An answer that is not plainly about it, or says neither registrar nor expiry, says nothing; a last line that
// does not end may be cut and is not read.
func ReadWHOIS(name dialog.DomainName, text string) dialog.Evidence {
	ev := dialog.Evidence{Source: "whois"}
	zone := time.UTC
	if name.Suffix == "cn" || name.Suffix == "xn--fiqs8s" {
		zone = beijing
	}
	found, section := false, ""
	for _, line := range asciiLines(text) {
		key, value, ok := field(line)
		if !ok {
			section = ""
			continue
		}
		if value == "" { // "Registrar:" and its name on the next line
			section = key
			continue
		}
		if section != "" && strings.TrimLeft(line, " \t") != line {
			key = section + "/" + key
		}
		switch key {
		case "domain name", "domain", "nom de domaine", "domainname", "domain name (utf8)":
			found = found || same(value, name)
		case "domain status", "status", "state", "eppstatus":
			status, _, _ := strings.Cut(value, " http")
			addStatus(&ev, strings.TrimSpace(status))
		case "registrar", "sponsoring registrar", "registrar name", "registrar/name", "registrar organization", "current registrar":
			if ev.Registrar == "" {
				ev.Registrar = short(value)
			}
		case "registrar iana id", "sponsoring registrar iana id":
			if n, err := strconv.Atoi(value); err == nil {
				ev.IANA = n
			}
		case "registrant", "registrant name", "registrant organization":
			if ev.Holder == "" {
				ev.Holder = short(value)
			}
		default:
			if expiryKey.MatchString(key) {
				addExpiry(&ev, value, zone)
			}
		}
	}
	switch {
	case found && (ev.Registrar != "" || len(ev.Expiries) > 0):
		ev.Registration = dialog.RegistrationFound
		return ev
	case !found && reserved.MatchString(text):
		return dialog.Evidence{Source: "whois", Registration: dialog.RegistrationReserved}
	case !found && saysAbsent(name, text):
		return dialog.Evidence{Source: "whois", Registration: dialog.RegistrationAbsent}
	}
	return dialog.Evidence{Source: "whois", Trouble: dialog.TroubleUnreadable}
}

func saysAbsent(name dialog.DomainName, text string) bool {
	for _, m := range absent.FindAllStringSubmatch(text, 8) {
		named := ""
		for _, g := range m[1:] {
			named += g
		}
		if named == "" || same(named, name) {
			return true
		}
	}
	return false
}

func same(s string, name dialog.DomainName) bool {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if strings.EqualFold(s, name.Registrable) {
		return true
	}
	n, refusal := dialog.ParseDomain(s)
	return refusal == nil && n.Host == name.Registrable
}

// field splits a line into its key, in lower case, and its value. Both "Key: value" and "[Key] value" and "key....: value" are written.
func field(line string) (key, value string, ok bool) {
	line = strings.TrimSpace(line)
	if rest, bracket := strings.CutPrefix(line, "["); bracket {
		if key, value, ok = strings.Cut(rest, "]"); !ok {
			return "", "", false
		}
	} else if key, value, ok = strings.Cut(line, ":"); !ok {
		return "", "", false
	}
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(key), ".")), strings.TrimSpace(value), true
}

// expiryKey are the names of the expiry field, of registries and registrars.
var expiryKey = regexp.MustCompile(`^(?:domain |record |registr(?:y|ar|ation|ar registration) |registrar registration )*(?:expir(?:y|es|e|ation)(?:[ -]?(?:date|time|on))?|expires on|paid-till|renewal(?: date)?|validity|valid[ -](?:until|date)|free-date|data de expira.*)(?: \([^)]*\))?$`)

// addExpiry adds a date that could be read.
func addExpiry(ev *dialog.Evidence, s string, zone *time.Location) {
	if t, ok := readTime(s, zone); ok && len(ev.Expiries) < 4 && !slices.ContainsFunc(ev.Expiries, t.Equal) {
		ev.Expiries = append(ev.Expiries, t)
	}
}

func addStatus(ev *dialog.Evidence, s string) {
	if s = short(s); s != "" && len(ev.Statuses) < 20 && !slices.Contains(ev.Statuses, s) {
		ev.Statuses = append(ev.Statuses, s)
	}
}

// short bounds what a server may put into our memory and on the customer's screen: 200 characters, none of them control.
func short(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r == 0x2066 || r == 0x2067 || r == 0x2068 || r == 0x2069
	}), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return strings.TrimSpace(s)
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02-T15:04:05Z", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly, "02-Jan-2006", "2006.01.02", "2006/01/02"}

func readTime(s string, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, l := range timeLayouts {
		if t, err := time.ParseInLocation(l, s, zone); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}
