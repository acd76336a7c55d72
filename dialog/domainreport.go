package dialog

import (
	"cmp"
	"fmt"
	"strconv"
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
}

func (c Condition) sameAs(d Condition) bool {
	return c.Result == d.Result && c.Evidence == d.Evidence && c.Advice == d.Advice
}

// Hosting is where a name points.
type Hosting struct {
	Location    string    `json:"location"` // mainland, overseas, mixed, unknown
	Addresses   []Address `json:"addresses"`
	CDN         string    `json:"cdn,omitempty"`
	CNAMEs      []string  `json:"cnames,omitempty"`
	NameServers []string  `json:"name_servers,omitempty"`
	Text        string    `json:"text"` // the same in words, in the language the report was made for
}

// DomainReport is a finished check: the contract's object for one domain.
type DomainReport struct {
	Domain      string      `json:"domain"`
	Unicode     string      `json:"unicode,omitempty"` // the name as people write it, where that is another
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

// RefusedReport is the object for a name that cannot be checked at all.
func RefusedReport(k *knowledge.Knowledge, raw string, why *Refusal, lang knowledge.Lang) DomainReport {
	return DomainReport{Domain: raw, Error: k.Domain.Texts.Refusals[string(*why)].In(lang)}
}

var marks = map[Result]string{Pass: "✓", Fail: "✗", Unknown: "?"}

// Text is the report for people: how it stands, what failed, warnings, what is open, what is in order, and where it points.
func (r DomainReport) Text(k *knowledge.Knowledge, lang knowledge.Lang) string {
	if r.Error != "" {
		return r.Domain + ": " + r.Error
	}
	t := k.Domain.Texts
	lines := []string{fill(t.Title.In(lang), "domain", r.shown(), "time", r.CheckedAt.In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04")), r.Summary(k, lang)}
	for _, want := range []Result{Fail, Unknown, Pass} {
		told := make([]bool, len(r.Conditions))
		for i, c := range r.Conditions {
			if c.Result != want || told[i] {
				continue
			}
			name := t.Conditions[c.ID].Name.In(lang)
			for j := i + 1; j < len(r.Conditions); j++ { // nothing is known for one reason: it is told once
				if d := r.Conditions[j]; d.sameAs(c) {
					told[j] = true
					name += " / " + t.Conditions[d.ID].Name.In(lang)
				}
			}
			lines = append(lines, fmt.Sprintf("%s %s: %s (%s)", marks[c.Result], name, c.Evidence, t.By[c.Source].In(lang)))
			if c.Advice != "" {
				lines = append(lines, "   "+t.Advice.In(lang)+pick(lang, "", " ")+c.Advice)
			}
		}
		if want == Fail {
			for _, w := range r.Warnings {
				lines = append(lines, "⚠ "+w)
			}
		}
	}
	if r.Hosting != nil {
		lines = append(lines, r.Hosting.Text)
	}
	return strings.Join(lines, "\n")
}

// shown is the name as people write it.
func (r DomainReport) shown() string { return cmp.Or(r.Unicode, r.Domain) }

// Summary is one sentence on how it stands.
func (r DomainReport) Summary(k *knowledge.Knowledge, lang knowledge.Lang) string {
	if n := r.count(Fail); n > 0 {
		return fill(k.Domain.Texts.Failed.In(lang), "n", strconv.Itoa(n))
	}
	return fill(k.Domain.Texts.Open.In(lang), "n", strconv.Itoa(r.count(Unknown)))
}

func (r DomainReport) count(want Result) int {
	n := 0
	for _, c := range r.Conditions {
		if c.Result == want {
			n++
		}
	}
	return n
}

func (t *turn) refusalText(r *Refusal) string { return t.say(t.k.Domain.Texts.Refusals[string(*r)]) }
