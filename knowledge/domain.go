package knowledge

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Domain is what a domain must satisfy, and the lists that decide it.
type Domain struct {
	// Suffixes are the approved top-level domains by A-label; Suffix.Disputed marks those that sources contradict each other on.
	Suffixes   map[string]*Suffix
	SuffixDate Date // of the list
	Narrowed   []Narrowing
	Bodies     []BodyRule
	Registrars []Registrar
	Texts      *DomainTexts
	CDNs       []CDN
	Sites      []Site
}

// Narrowing is a province that takes fewer suffixes than the ministry approves, as far as its list is known.
type Narrowing struct {
	Province ProvinceID `yaml:"province" lint:"required"`
	Takes    []string   `yaml:"takes"`
	Refuses  []string   `yaml:"refuses"`
	Refused  Text       `yaml:"refused" lint:"required"` // for a suffix in Refuses
	Unsure   Text       `yaml:"unsure" lint:"required"`  // for an approved one in neither list
	Basis    `yaml:",inline"`
}

// BodyRule ties public bodies and suffixes to each other.
type BodyRule struct {
	SubjectType SubjectTypeID `yaml:"subject_type" lint:"required"`
	Suffixes    []string      `yaml:"suffixes" lint:"required"` // endings such as gov.cn
	Must        Text          `yaml:"must" lint:"required"`     // to such a body with another suffix
	Only        Text          `yaml:"only"`                     // to anybody else with one of these suffixes; empty: they are open to all
	Basis       `yaml:",inline"`
}

// Suffix is an approved top-level domain.
type Suffix struct {
	Name     string `yaml:"name" lint:"required"` // as people write it, without a dot
	Disputed bool   `yaml:"disputed"`
	Note     Text   `yaml:"note"`
}

// Registrar is a registrar whose standing with the ministry is known, approved or not.
type Registrar struct {
	Names    []string   `yaml:"names" lint:"required"` // as registries show it, each spelling
	IANA     int        `yaml:"iana"`                  // 0: not known
	Approved bool       `yaml:"approved"`
	Sure     Confidence `yaml:"sure" lint:"required"` // a low one decides nothing
}

// CDN is a delivery network told by the ending of a CNAME or by its own addresses; the address decides where it is, the network only explains.
type CDN struct {
	Name    Text     `yaml:"name" lint:"required"`
	Endings []string `yaml:"endings" lint:"required"`
	Ranges  []string `yaml:"ranges"` // CIDR
	// Mainland says that the network has nodes there, so that other visitors may be led to one.
	Mainland bool `yaml:"mainland"`
}

// Site is a site that customers name and that is nobody's to file: of an authority, or the operator's own.
type Site struct {
	Names []string `yaml:"names"`                 // hosts, each with all below it
	Ours  bool     `yaml:"ours"`                  // the operator's filing system
	Words string   `yaml:"words" lint:"required"` // what a message says in its place, for the understanding
	Topic Topic    `yaml:"topic" lint:"required"`
	Text  Text     `yaml:"text" lint:"required"`
	Basis `yaml:",inline"`
}

// Site finds the site that a host belongs to; nil for one that may be a customer's.
func (k *Knowledge) Site(host string) *Site {
	var found *Site
	longest := 0
	for i := range k.Domain.Sites {
		s := &k.Domain.Sites[i]
		names := s.Names
		if u, err := url.Parse(k.operator.FilingSystemURL); err == nil && s.Ours && u.Hostname() != "" {
			names = append(slices.Clone(names), strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."))
		}
		for _, name := range names {
			if len(name) > longest && (host == name || strings.HasSuffix(host, "."+name)) {
				found, longest = s, len(name)
			}
		}
	}
	return found
}

// ConditionText says one of the five conditions and what each result means. {…} are filled with the evidence.
type ConditionText struct {
	Name    Text `yaml:"name" lint:"required"`
	Pass    Text `yaml:"pass"`
	Fail    Text `yaml:"fail"`
	Unknown Text `yaml:"unknown" lint:"required"`
	// ToDoFail and ToDoUnknown say what the applicant does now.
	ToDoFail    Text `yaml:"todo_fail"`
	ToDoUnknown Text `yaml:"todo_unknown"`
}

// Reason is why a condition has its result, and what the applicant does about it; without ToDo, what the condition says.
type Reason struct {
	Text Text `yaml:"text" lint:"required"`
	ToDo Text `yaml:"todo"`
}

// DomainTexts are the sentences of a domain check.
type DomainTexts struct {
	ReviewBy   Date                     `yaml:"review_by" lint:"required"`
	Conditions map[string]ConditionText `yaml:"conditions" lint:"required"`
	Reasons    map[string]Reason        `yaml:"reasons" lint:"required"` // by ReasonIDs
	Refusals   map[string]Text          `yaml:"refusals" lint:"required"`
	Title      Text                     `yaml:"title" lint:"required"`
	Failed     Text                     `yaml:"failed" lint:"required"` // {n} conditions do not hold
	Open       Text                     `yaml:"open" lint:"required"`   // none fails, {n} have to be looked at
	By         map[string]Text          `yaml:"by" lint:"required"`     // names of the sources of evidence
	Hosting    map[string]Text          `yaml:"hosting" lint:"required"`
	Soon       Text                     `yaml:"soon" lint:"required"`   // expires within 90 days
	Moving     Text                     `yaml:"moving" lint:"required"` // a status of transfer or dispute
	Live       Text                     `yaml:"live" lint:"required"`   // resolves to the mainland already
	CDNInside  Text                     `yaml:"cdn_inside" lint:"required"`
	Private    Text                     `yaml:"private" lint:"required"`
	Advice     Text                     `yaml:"advice" lint:"required"` // before what to do
	Talk       DomainTalk               `yaml:"talk" lint:"required"`
	Basis      `yaml:",inline"`
}

// DomainTalk is what is said of a checked name later in the conversation.
type DomainTalk struct {
	AskSubject   Text `yaml:"ask_subject" lint:"required"`   // the subject's name is needed to compare
	HolderPass   Text `yaml:"holder_pass" lint:"required"`   // the same name is shown
	HolderFail   Text `yaml:"holder_fail" lint:"required"`   // another name is shown
	HolderHidden Text `yaml:"holder_hidden" lint:"required"` // the registry shows none
	HolderRule   Text `yaml:"holder_rule" lint:"required"`   // what has to be equal
	HolderPerson Text `yaml:"holder_person" lint:"required"` // the holder is a person, the subject an organisation
	HolderOrg    Text `yaml:"holder_org" lint:"required"`    // the other way round
	Before       Text `yaml:"before" lint:"required"`        // what to put right before the documents
}

type suffixesFile struct {
	ReviewBy Date        `yaml:"review_by" lint:"required"`
	Date     Date        `yaml:"date" lint:"required"`
	Suffixes []Suffix    `yaml:"suffixes" lint:"required"`
	Narrowed []Narrowing `yaml:"narrowed"`
	Bodies   []BodyRule  `yaml:"bodies"`
	Basis    `yaml:",inline"`
}

type registrarsFile struct {
	ReviewBy   Date        `yaml:"review_by" lint:"required"`
	Registrars []Registrar `yaml:"registrars" lint:"required"`
	Basis      `yaml:",inline"`
}

type cdnFile struct {
	ReviewBy Date  `yaml:"review_by" lint:"required"`
	CDNs     []CDN `yaml:"cdns" lint:"required"`
}

type sitesFile struct {
	ReviewBy Date   `yaml:"review_by" lint:"required"`
	Sites    []Site `yaml:"sites" lint:"required"`
}

var domainSections = []section{
	one("domain/suffixes.yaml", true, func(k *Knowledge, v *suffixesFile) {
		k.Domain.SuffixDate, k.Domain.Narrowed, k.Domain.Bodies = v.Date, v.Narrowed, v.Bodies
		k.Domain.Suffixes = map[string]*Suffix{}
		for i := range v.Suffixes {
			if a, err := idna.Lookup.ToASCII(v.Suffixes[i].Name); err == nil {
				k.Domain.Suffixes[a] = &v.Suffixes[i]
			}
		}
	}),
	one("domain/registrars.yaml", true, func(k *Knowledge, v *registrarsFile) { k.Domain.Registrars = v.Registrars }),
	one("domain/texts.yaml", true, func(k *Knowledge, v *DomainTexts) { k.Domain.Texts = v }),
	one("domain/cdns.yaml", true, func(k *Knowledge, v *cdnFile) { k.Domain.CDNs = v.CDNs }),
	one("domain/sites.yaml", false, func(k *Knowledge, v *sitesFile) { k.Domain.Sites = v.Sites }),
}

// ConditionIDs are the five conditions in the contract's order.
var ConditionIDs = []string{"tld_approved", "registrar_approved", "registration_valid", "real_name_verified", "holder_matches"}

// ReasonIDs are the reasons that a check can give: what the registry says, what a status means, and why nothing is known.
var ReasonIDs = []string{"absent", "reserved", "lapsed", "expired", "auto_renew", "no_date", "no_server", "no_answer", "throttled", "unreadable", "no_registrar", "no_subject", "no_holder", "hold", "pending"}

// hostingIDs are where a name can point; cdn is added to any.
var hostingIDs = []string{"mainland", "overseas", "mixed", "unknown", "nothing", "cdn"}

func (l *loader) lintDomain(k *Knowledge) {
	missing := func(ok bool, what string) {
		if !ok {
			l.report(Finding{File: "domain/texts.yaml", Severity: Error, Message: what + " is missing"})
		}
	}
	t := k.Domain.Texts
	for _, id := range ConditionIDs {
		_, ok := t.Conditions[id]
		missing(ok, "condition "+id)
	}
	for _, id := range ReasonIDs {
		_, ok := t.Reasons[id]
		missing(ok, "reason "+id)
	}
	for _, id := range hostingIDs {
		missing(!t.Hosting[id].IsZero(), "hosting "+id)
	}
	for _, id := range []string{"knowledge", "whois", "rdap", "dns"} {
		missing(!t.By[id].IsZero(), "by "+id)
	}
	for _, f := range l.files {
		switch v := f.value.(type) {
		case *cdnFile:
			l.lintCDNs(f, v)
		case *suffixesFile:
			l.lintSuffixes(f, v)
		case *registrarsFile:
			l.lintRegistrars(f, v)
		}
	}
}

func (l *loader) lintCDNs(f *file, v *cdnFile) {
	for i, c := range v.CDNs {
		for j, r := range c.Ranges {
			if _, err := netip.ParsePrefix(r); err != nil {
				l.fault(f, Error, []any{"cdns", i, "ranges", j}, "%q is no range of addresses: write it as 104.16.0.0/13", r)
			}
		}
	}
}

// lintSuffixes reports what is no suffix, and one that stands twice: only the last would count, and it may be disputed in one place alone.
func (l *loader) lintSuffixes(f *file, v *suffixesFile) {
	seen := map[string]int{}
	for i, s := range v.Suffixes {
		at := []any{"suffixes", i, "name"}
		name, err := idna.Lookup.ToASCII(s.Name)
		first, again := seen[name]
		switch {
		case err != nil || strings.Contains(s.Name, "."):
			l.fault(f, Error, at, "%q is no top-level domain: write it without a dot", s.Name)
		case again && name != "":
			l.fault(f, Error, at, "suffix %q stands in %s:%d already", s.Name, f.name, f.line([]any{"suffixes", first, "name"}))
		default:
			seen[name] = i
		}
	}
}

// lintRegistrars reports a registrar that stands twice, by its number or by any of its names: the first found would decide. Several spellings of one are no fault.
func (l *loader) lintRegistrars(f *file, v *registrarsFile) {
	seen := map[string]int{}
	for i, r := range v.Registrars {
		told := map[int]bool{i: true}
		for _, key := range r.keys() {
			first, again := seen[key]
			if !again {
				seen[key] = i
				continue
			}
			if told[first] {
				continue
			}
			told[first] = true
			what := "make one of the two"
			if r.Approved != v.Registrars[first].Approved {
				what = "one is approved and the other is not, so keep what the ministry's list says"
			}
			l.fault(f, Error, []any{"registrars", i}, "registrar %q stands in %s:%d already, by a name or by its number: %s", r.Names[0], f.name, f.line([]any{"registrars", first}), what)
		}
	}
}

// keys are what a registrar is found by: its names and its number.
func (r Registrar) keys() []string {
	var keys []string
	for _, n := range r.Names {
		if n = plainName(n); n != "" {
			keys = append(keys, n)
		}
	}
	if r.IANA != 0 && len(r.Names) > 0 { // without a name it is reported
		keys = append(keys, "#"+strconv.Itoa(r.IANA))
	}
	return keys
}

// Registrar finds a registrar by IANA id, else by its name, spelling for spelling but for case, width, punctuation and the way "limited" is written: brands and
// parts of names decide nothing, for namesakes abroad are not the licensed company. A name that goes with another id is a namesake, too. It gives nil for one not listed.
func (d *Domain) Registrar(iana int, name string) *Registrar {
	if iana != 0 {
		for i := range d.Registrars {
			if d.Registrars[i].IANA == iana {
				return &d.Registrars[i]
			}
		}
	}
	want := plainName(name)
	for i := range d.Registrars {
		r := &d.Registrars[i]
		if iana != 0 && r.IANA != 0 {
			continue
		}
		for _, n := range r.Names {
			if want != "" && plainName(n) == want {
				return r
			}
		}
	}
	return nil
}

// SameName reports whether two names of organisations are the same but for case, width, punctuation, spaces and the way "limited" is written.
func SameName(a, b string) bool { return plainName(a) != "" && plainName(a) == plainName(b) }

var companyForms = strings.NewReplacer(" limited liability company ", " llc ", " company limited ", " co ltd ", " co limited ", " co ltd ", " limited ", " ltd ", " incorporated ", " inc ", " corporation ", " corp ")

func plainName(s string) string {
	words := strings.FieldsFunc(strings.ToLower(norm.NFKC.String(s)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return strings.ReplaceAll(companyForms.Replace(" "+strings.Join(words, " ")+" "), " ", "")
}
