package dialog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"beianbot/knowledge"
)

// Registration is what the registry or registrar said of a name.
type Registration string

// RegistrationUnknown covers silence, errors and answers that cannot be trusted.
const (
	RegistrationUnknown Registration = ""
	RegistrationFound   Registration = "found"
	RegistrationAbsent  Registration = "absent"
	// RegistrationReserved is a name that the registry keeps back: nobody has it and nobody can register it.
	RegistrationReserved Registration = "reserved"
)

// Trouble is why nothing is known of a registration; the key of a sentence in domain/texts.yaml.
type Trouble string

// The troubles; "" is none.
const (
	TroubleNoServer   Trouble = "no_server"  // nobody is known who could be asked
	TroubleNoAnswer   Trouble = "no_answer"  // not reached, or not in time
	TroubleThrottled  Trouble = "throttled"  // asked too often; left alone for a while
	TroubleUnreadable Trouble = "unreadable" // the answer is none, or not about the name
)

// Evidence is what the world said about a name; it judges nothing.
type Evidence struct {
	Registration Registration
	Source       string // rdap or whois: the one that answered, else the one that was tried
	Registrar    string
	IANA         int
	Statuses     []string
	Expiries     []time.Time // registry's and registrar's
	Holder       string      // for comparing only: never printed, never stored
	Trouble      Trouble
	At           time.Time // when the registration was asked for; answers are kept for a while
	Addresses    []Address
	CNAMEs       []string // the chain, in order
	NameServers  []string
	DNSFailed    bool
	NoAddress    bool // DNS answered: nothing there
}

// Address is where a name points.
type Address struct {
	IP      string `json:"ip"`
	Country string `json:"country"` // ISO 3166-1; HK, MO and TW are their own
}

// Result of a condition.
type Result string

// The results.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Unknown Result = "unknown"
)

// Condition is one of the five, judged. The texts are in the language the report was made for.
type Condition struct {
	ID       string `json:"id"`
	Result   Result `json:"result"`
	Evidence string `json:"evidence"`
	Source   string `json:"source"`
	Advice   string `json:"advice,omitempty"` // what to do now
	args     []string
}

// Hosting is where a name points.
type Hosting struct {
	Location  string    `json:"location"` // mainland, overseas, mixed, unknown
	Addresses []Address `json:"addresses"`
	CDN       string    `json:"cdn,omitempty"`
}

// DomainReport is a finished check: the contract's object for one domain.
type DomainReport struct {
	Domain      string      `json:"domain"`
	Registrable string      `json:"registrable,omitempty"`
	CheckedAt   time.Time   `json:"checked_at,omitzero"`
	Conditions  []Condition `json:"conditions,omitempty"`
	Hosting     *Hosting    `json:"hosting,omitempty"`
	Registrar   string      `json:"registrar,omitempty"`
	ExpiresAt   time.Time   `json:"expires_at,omitzero"`
	Status      []string    `json:"status,omitempty"`
	Warnings    []string    `json:"warnings,omitempty"`
	Error       string      `json:"error,omitempty"`
}

// JudgeOptions are what a judgement needs beyond the evidence.
type JudgeOptions struct {
	Subject string // the filing subject's name, when the customer gave it
	Now     time.Time
	Lang    knowledge.Lang
	Zone    *time.Location
}

// soon is how short before its end a registration draws a warning. Source: several provinces ask for three months.
const soon = 90 * 24 * time.Hour

// Judge holds evidence against the five conditions. Source of the rules: the operator's help page; the approved lists of the knowledge files.
func Judge(k *knowledge.Knowledge, name DomainName, ev Evidence, opt JudgeOptions) DomainReport {
	if opt.Zone == nil {
		opt.Zone = time.FixedZone("CST", 8*3600)
	}
	r := DomainReport{Domain: name.Host, Registrable: name.Registrable, CheckedAt: opt.Now.UTC().Truncate(time.Second), Registrar: ev.Registrar, Status: ev.Statuses}
	source := ev.Source
	if source == "" {
		source = "whois"
	}
	d := &k.Domain
	texts := d.Texts
	add := func(id string, result Result, source string, args ...string) {
		ct := texts.Conditions[id]
		text, todo := ct.Unknown, ct.ToDoUnknown
		switch result {
		case Pass:
			text, todo = ct.Pass, knowledge.Text{}
		case Fail:
			text, todo = ct.Fail, ct.ToDoFail
		}
		r.Conditions = append(r.Conditions, Condition{ID: id, Result: result, Source: source, Evidence: fill(text.In(opt.Lang), args...), Advice: todo.In(opt.Lang)})
	}

	suffix, ok := d.Suffixes[name.Suffix]
	shown := suffix.Name
	if !ok {
		shown = name.Unicode[strings.LastIndexByte(name.Unicode, '.')+1:]
	}
	result := Fail
	if ok {
		result = Pass
		if suffix.Disputed {
			result = Unknown
		}
	}
	add("tld_approved", result, "knowledge", "tld", shown, "date", string(d.SuffixDate))

	result = Unknown
	if reg := d.Registrar(ev.IANA, ev.Registrar); reg != nil && reg.Sure != knowledge.Low {
		result = Fail
		if reg.Approved {
			result = Pass
		}
	}
	registrar := ev.Registrar
	if registrar == "" {
		registrar = "—"
	}
	add("registrar_approved", result, source, "registrar", registrar)

	result, why := Unknown, ""
	for _, e := range ev.Expiries {
		if r.ExpiresAt.IsZero() || e.Before(r.ExpiresAt) {
			r.ExpiresAt = e.UTC()
		}
	}
	has := func(words ...string) string {
		for _, s := range ev.Statuses {
			plain := strings.ToLower(strings.ReplaceAll(s, " ", ""))
			for _, w := range words {
				if plain == w {
					return s
				}
			}
		}
		return ""
	}
	date := ""
	if !r.ExpiresAt.IsZero() {
		date = r.ExpiresAt.In(opt.Zone).Format(time.DateOnly)
	}
	switch {
	case ev.Registration == RegistrationAbsent:
		result, why = Fail, pick(opt.Lang, "没有人注册这个域名", "nobody has registered this name")
	case ev.Registration != RegistrationFound:
	case has("redemptionperiod", "pendingdelete") != "":
		result, why = Fail, pick(opt.Lang, "已过期,处于 ", "lapsed: ")+has("redemptionperiod", "pendingdelete")
	case !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(opt.Now):
		result, why = Fail, pick(opt.Lang, "已于 "+date+" 到期", "expired on "+date)
	case has("autorenewperiod") != "":
	case !r.ExpiresAt.IsZero():
		result = Pass
		if r.ExpiresAt.Sub(opt.Now) < soon {
			r.Warnings = append(r.Warnings, fill(texts.Soon.In(opt.Lang), "date", date))
		}
	}
	add("registration_valid", result, source, "date", date, "why", why)

	signs := ""
	if s := has("serverhold", "clienthold", "pendingverification"); s != "" {
		signs = pick(opt.Lang, ";状态是 "+s+",很可能还没实名", "; the status is "+s+", so it is likely not verified")
	}
	add("real_name_verified", Unknown, source, "signs", signs)

	result = Unknown
	if opt.Subject != "" && ev.Holder != "" && (name.Suffix == "cn" || name.Suffix == "xn--fiqs8s") {
		result = Fail
		if plain(opt.Subject) == plain(ev.Holder) {
			result = Pass
		}
	}
	add("holder_matches", result, source)

	h := &Hosting{Location: "unknown", Addresses: ev.Addresses}
	if h.Addresses == nil {
		h.Addresses = []Address{}
	}
	inside, outside := 0, 0
	for _, a := range ev.Addresses {
		switch a.Country {
		case "CN":
			inside++
		case "", "ZZ":
		default:
			outside++
		}
	}
	switch {
	case inside > 0 && outside > 0:
		h.Location = "mixed"
	case inside > 0:
		h.Location = "mainland"
	case outside > 0:
		h.Location = "overseas"
	}
	for _, c := range d.CDNs {
		for _, e := range c.Endings {
			if slices.ContainsFunc(ev.CNAMEs, func(n string) bool { return strings.HasSuffix(strings.TrimSuffix(n, "."), e) }) {
				h.CDN = c.Name.In(opt.Lang)
			}
		}
	}
	if inside > 0 {
		r.Warnings = append(r.Warnings, texts.Live.In(opt.Lang))
	}
	if name.PrivateSuffix {
		r.Warnings = append(r.Warnings, texts.Private.In(opt.Lang))
	}
	r.Hosting = h
	return r
}

func pick(l knowledge.Lang, zh, en string) string {
	if l == knowledge.EN {
		return en
	}
	return zh
}

func plain(s string) string { return squeeze(s) }

func fill(s string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", pairs[i+1])
	}
	return s
}

// RefusedReport is the object for a name that cannot be checked at all.
func RefusedReport(k *knowledge.Knowledge, raw string, why *Refusal, lang knowledge.Lang) DomainReport {
	return DomainReport{Domain: raw, Error: k.Domain.Texts.Refusals[string(*why)].In(lang)}
}

var marks = map[Result]string{Pass: "✓", Fail: "✗", Unknown: "?"}

// Text is the report for people: what failed first, then what is open, then what is in order, where it points, and warnings.
func (r DomainReport) Text(k *knowledge.Knowledge, lang knowledge.Lang) string {
	if r.Error != "" {
		return r.Domain + ": " + r.Error
	}
	t := k.Domain.Texts
	var b strings.Builder
	b.WriteString(fill(t.Title.In(lang), "domain", r.Domain, "time", r.CheckedAt.In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04")))
	for _, want := range []Result{Fail, Unknown, Pass} {
		for _, c := range r.Conditions {
			if c.Result == want {
				fmt.Fprintf(&b, "\n%s %s: %s (%s)", marks[c.Result], t.Conditions[c.ID].Name.In(lang), c.Evidence, c.Source)
				if c.Advice != "" {
					b.WriteString("\n   " + t.Advice.In(lang) + c.Advice)
				}
			}
		}
	}
	if r.Hosting != nil {
		b.WriteString("\n" + t.Hosting[r.Hosting.Location].In(lang))
		if r.Hosting.CDN != "" {
			b.WriteString(fill(t.Hosting["cdn"].In(lang), "cdn", r.Hosting.CDN))
		}
	}
	for _, w := range r.Warnings {
		b.WriteString("\n⚠ " + w)
	}
	return b.String()
}

func (t *turn) refusalText(r *Refusal) string { return t.say(t.k.Domain.Texts.Refusals[string(*r)]) }
