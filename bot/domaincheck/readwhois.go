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
	`no (?:matching record|(?:data |object |entries )?found|object found.*|entries found.*|match(?:es)?(?: found)?(?: for)?(?: domain)?:?(?: "?(?P<a>[^\s"]+\.[^\s"]+?)"?)?)|` +
	`(?:the |this )?(?:queried |requested )?(?:domain(?: name)?|object)(?: "?(?P<b>[^\s"]+\.[^\s"]+?)"?)? (?:(?:has |is |was |does )?not (?:found|been registered|registered|exist).*|is available(?: for registration)?|is free)|` +
	`not found:?(?: "?(?P<c>[^\s"]+\.[^\s"]+?)"?)?|nothing found.*|(?:domain )?status: *(?:available|free|not registered|no object found)|` +
	`(?P<d>[^\s"]+\.[^\s"]+?) (?:is free|no match|not found|is available|does not exist in database.*)` +
	`)[.!]*\s*$`)

// reserved are the sentences by which a registry says that a name cannot be registered. Source: answers of whois.cnnic.cn.
var reserved = regexp.MustCompile(`(?im)^[\s%>*]*(?:sorry, ?the domain you requested is in the reserved list|the domain you requested is prohibited|the domain you want to register is reserved|this (?:domain )?name is reserved.*|reserved (?:by|name).*)[.!]*\s*$`)

// ReadWHOIS takes what an answer says of the asked name. An answer that is not plainly about it, or says neither registrar nor expiry, says nothing. Of a last line
// that does not end, and so may be cut, only a time that is whole is read.
func ReadWHOIS(name dialog.DomainName, text string) dialog.Evidence {
	ev := dialog.Evidence{Source: "whois"}
	zone := time.UTC
	if name.Suffix == "cn" || name.Suffix == "xn--fiqs8s" {
		zone = beijing
	}
	found, section := false, ""
	lines := textLines(text)
	for i, line := range lines {
		key, value, ok := field(line)
		if i == len(lines)-1 && (!expiryKey.MatchString(key) || len(value) < len("2006-01-02 15:04:05")) {
			break
		}
		switch {
		case strings.TrimSpace(line) == "":
			section = ""
			continue
		case sentence.MatchString(line):
			key, value = "expires", sentence.FindStringSubmatch(line)[1]
		case ok && value == "": // a heading: "Registrar:", its name on the next line or in the line "name:"
			section = key
			continue
		case !ok && section != "":
			key, value, section = section, strings.TrimSpace(line), ""
		case !ok:
			continue
		case key == "name" && section != "":
			key, section = section, ""
		}
		switch key {
		case "domain name", "domain":
			found = found || same(value, name)
		case "domain status", "status", "state":
			status, _, _ := strings.Cut(value, " http")
			addStatus(&ev, status)
		case "registrar", "sponsoring registrar", "registrar name":
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
	case saysAbsent(name, text):
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

// same reports whether a value is the asked name, whatever comes after it: "xn--fl-fka.se (föl.se)".
func same(s string, name dialog.DomainName) bool {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	s = strings.TrimSuffix(s, ".")
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
var expiryKey = regexp.MustCompile(`^(?:domain |record |registry |registrar )?(?:registration )?(?:expir(?:y|es?|ation)(?:[ _-]?(?:date|time|on))?|paid-till|renewal date|validity|valid[ -]until)(?: \([^)]*\))?$`)

var sentence = regexp.MustCompile(`(?i)^\s*record (?:will )?expires? on (.+)$`)

// addExpiry adds a date that could be read.
func addExpiry(ev *dialog.Evidence, s string, zone *time.Location) {
	if t, ok := readTime(s, zone); ok && len(ev.Expiries) < 4 && !slices.ContainsFunc(ev.Expiries, t.Equal) {
		ev.Expiries = append(ev.Expiries, t)
	}
}

func addStatus(ev *dialog.Evidence, s string) {
	if s = short(s); s != "" && !strings.Contains(s, unreadable) && len(ev.Statuses) < 20 && !slices.Contains(ev.Statuses, s) {
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

// timeLayouts are those that registries and registrars write. A date of which nobody can say what is day and what month (03/02/2027) is none.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02-T15:04:05Z", "2006-01-02 15:04:05", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", time.DateOnly,
	"02-Jan-2006", "2006.01.02", "2006.01.02 15:04:05", "2006. 01. 02.", "2006/01/02", "2.1.2006", "2.1.2006 15:04:05", "02-01-2006", "20060102", "January 2 2006", "Mon Jan 2 15:04:05 MST 2006"}

func readTime(s string, zone *time.Location) (time.Time, bool) {
	s, note, _ := strings.Cut(strings.TrimSpace(s), " (") // (YYYY-MM-DD), (UTC+8)
	if note == "UTC+8)" {
		zone = beijing
	}
	for _, l := range timeLayouts {
		if t, err := time.ParseInLocation(l, s, zone); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}
