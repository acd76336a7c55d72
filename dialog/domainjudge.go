package dialog

import (
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"beianbot/knowledge"
)

// JudgeOptions are what a judgement needs beyond the evidence.
type JudgeOptions struct {
	Subject     string // the filing subject's name, when the customer gave it
	SubjectType knowledge.SubjectTypeID
	Province    knowledge.ProvinceID // the subject's
	Filed       bool                 // the customer said that the name is filed
	Now         time.Time
	Lang        knowledge.Lang
	Zone        *time.Location
}

// soon is how short before its end a registration draws a warning. Source: several provinces ask for three months.
const soon = 90 * 24 * time.Hour

// Judge holds evidence against the five conditions. Source of the rules: the operator's help page; the approved lists of the knowledge files; ICANN's and CNNIC's
// status codes.
func Judge(k *knowledge.Knowledge, name DomainName, ev Evidence, opt JudgeOptions) DomainReport {
	if opt.Zone == nil {
		opt.Zone = time.FixedZone("CST", 8*3600)
	}
	if ev.Source == "" {
		ev.Source = "whois"
	}
	at := ev.At // the answer may have been kept from before
	if at.IsZero() || at.After(opt.Now) {
		at = opt.Now
	}
	j := judge{d: &k.Domain, name: name, ev: ev, opt: opt}
	if unreadable(ev.Registrar) {
		ev.Registrar = ""
	}
	j.r = DomainReport{Domain: name.Host, Registrable: name.Registrable, CheckedAt: at.UTC().Truncate(time.Second), Registrar: ev.Registrar, Status: ev.Statuses}
	if name.Unicode != name.Host {
		j.r.Unicode = name.Unicode
	}
	j.suffix()
	j.registrar()
	j.valid()
	j.realName()
	j.holder()
	j.hosting()
	j.narrower()
	if name.PrivateSuffix {
		j.warn(j.d.Texts.Private)
	}
	return j.r
}

// judge is one judgement under way.
type judge struct {
	d    *knowledge.Domain
	name DomainName
	ev   Evidence
	opt  JudgeOptions
	r    DomainReport
}

func (j *judge) say(t knowledge.Text, pairs ...string) string {
	return fill(t.In(j.opt.Lang), pairs...)
}

func (j *judge) warn(t knowledge.Text, pairs ...string) {
	j.r.Warnings = append(j.r.Warnings, j.say(t, pairs...))
}

// add judges one condition, in the condition's own words.
func (j *judge) add(id string, result Result, source string, pairs ...string) *Condition {
	ct := j.d.Texts.Conditions[id]
	text, todo := ct.Unknown, ct.ToDoUnknown
	switch result {
	case Pass:
		text, todo = ct.Pass, knowledge.Text{}
	case Fail:
		text, todo = ct.Fail, ct.ToDoFail
	}
	j.r.Conditions = append(j.r.Conditions, Condition{ID: id, Result: result, Source: source, Evidence: j.say(text, pairs...), Advice: j.say(todo, pairs...)})
	return &j.r.Conditions[len(j.r.Conditions)-1]
}

// because judges one condition in the words of a reason.
func (j *judge) because(id string, result Result, reason string, pairs ...string) {
	c, why := j.add(id, result, j.ev.Source), j.d.Texts.Reasons[reason]
	c.Evidence = j.say(why.Text, pairs...)
	if !why.ToDo.IsZero() {
		c.Advice = j.say(why.ToDo, pairs...)
	}
}

// nothingKnown is the reason why the registration is not there to be judged; "" when it is.
func (j *judge) nothingKnown() string {
	switch j.ev.Registration {
	case RegistrationFound:
		return ""
	case RegistrationUnknown:
		if j.ev.Trouble == "" {
			return string(TroubleNoAnswer)
		}
		return string(j.ev.Trouble)
	}
	return string(j.ev.Registration)
}

// has gives the first status that is one of the words, written in whatever way; "" for none.
func (j *judge) has(words ...string) string {
	for _, s := range j.ev.Statuses {
		plain := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(s))
		if slices.Contains(words, plain) {
			return s
		}
	}
	return ""
}

// shownSuffix is the top-level domain as people write it.
func (j *judge) shownSuffix() string {
	if s, ok := j.d.Suffixes[j.name.Suffix]; ok {
		return s.Name
	}
	return j.name.Unicode[strings.LastIndexByte(j.name.Unicode, '.')+1:]
}

func (j *judge) suffix() {
	suffix, ok := j.d.Suffixes[j.name.Suffix]
	result := Fail
	if ok {
		result = Pass
		if suffix.Disputed {
			result = Unknown
		}
	}
	j.add("tld_approved", result, "knowledge", "tld", j.shownSuffix(), "date", string(j.d.SuffixDate))
}

func (j *judge) registrar() {
	const id = "registrar_approved"
	if why := j.nothingKnown(); why != "" {
		j.because(id, Unknown, why)
		return
	}
	if unreadable(j.ev.Registrar) {
		if j.ev.Registrar = ""; j.ev.IANA == 0 {
			j.because(id, Unknown, string(TroubleUnreadable))
			return
		}
	}
	if j.ev.Registrar == "" && j.ev.IANA == 0 {
		j.because(id, Unknown, "no_registrar")
		return
	}
	shown := j.ev.Registrar
	reg := j.d.Registrar(j.ev.IANA, j.ev.Registrar)
	if shown == "" && reg != nil {
		shown = reg.Names[0]
	} else if shown == "" {
		shown = "—"
	}
	result := Unknown
	if reg != nil && reg.Sure != knowledge.Low {
		result = Fail
		if reg.Approved {
			result = Pass
		}
	}
	j.add(id, result, j.ev.Source, "registrar", shown)
}

// valid judges the term. Of the registry's and the registrar's dates the earlier counts: a registry renews by itself what the registrar may not have been paid for.
func (j *judge) valid() {
	const id = "registration_valid"
	switch why := j.nothingKnown(); {
	case why == string(RegistrationAbsent), why == string(RegistrationReserved):
		j.because(id, Fail, why)
		return
	case why != "":
		j.because(id, Unknown, why)
		return
	}
	for _, e := range j.ev.Expiries {
		if j.r.ExpiresAt.IsZero() || e.Before(j.r.ExpiresAt) {
			j.r.ExpiresAt = e.UTC()
		}
	}
	end := j.r.ExpiresAt
	date := ""
	if !end.IsZero() {
		date = end.In(j.opt.Zone).Format(time.DateOnly)
	}
	lapsed := j.has("redemptionperiod", "pendingdelete")
	switch {
	case lapsed != "":
		j.because(id, Fail, "lapsed", "status", lapsed)
	case !end.IsZero() && !end.After(j.opt.Now):
		j.because(id, Fail, "expired", "date", date)
	case j.has("autorenewperiod") != "":
		j.because(id, Unknown, "auto_renew")
	case end.IsZero():
		j.because(id, Unknown, "no_date")
	default:
		j.add(id, Pass, j.ev.Source, "date", date)
		if end.Sub(j.opt.Now) < soon {
			j.warn(j.d.Texts.Soon, "date", date)
		}
	}
	if s := j.has("pendingtransfer", "clientrenewprohibited", "serverrenewprohibited"); s != "" {
		j.warn(j.d.Texts.Moving, "status", s)
	}
}

// realName never passes: no public data shows it. A stop by registry or registrar, and CNNIC's time of review, are signs against it.
func (j *judge) realName() {
	if why := j.nothingKnown(); why != "" {
		j.because("real_name_verified", Unknown, why)
		return
	}
	c := j.add("real_name_verified", Unknown, j.ev.Source)
	sign, status := "hold", j.has("serverhold", "clienthold")
	if status == "" {
		sign, status = "pending", j.has("pendingverification")
	}
	if status != "" {
		why := j.d.Texts.Reasons[sign]
		c.Evidence += j.say(why.Text, "status", status)
		c.Advice = j.say(why.ToDo)
	}
}

// unreadable reports whether a value has characters in it that could not be decoded.
func unreadable(s string) bool { return strings.ContainsRune(s, unicode.ReplacementChar) }

// hidden are values that stand where a holder's name is not shown.
var hidden = []string{"redacted", "privacy", "not disclosed", "withheld", "隐私", "保护", "*", "未公开"}

// holder compares names, where there are two, and tells neither: a holder is somebody else's personal data.
func (j *judge) holder() {
	const id = "holder_matches"
	shown := j.name.showsHolder()
	for _, w := range hidden {
		shown = shown && !strings.Contains(strings.ToLower(j.ev.Holder), w)
	}
	switch why := j.nothingKnown(); {
	case why != "":
		j.because(id, Unknown, why)
	case j.ev.Holder == "" || !shown:
		j.because(id, Unknown, "no_holder")
	case unreadable(j.ev.Holder):
		j.because(id, Unknown, string(TroubleUnreadable))
	case j.opt.Subject == "":
		j.because(id, Unknown, "no_subject")
	case knowledge.SameName(Normalise(j.opt.Subject), Normalise(j.ev.Holder)):
		j.add(id, Pass, j.ev.Source)
	default:
		j.add(id, Fail, j.ev.Source)
	}
}

// showsHolder reports whether the registry tells the holder's name: CNNIC does; elsewhere it is redacted, or a proxy's.
func (n DomainName) showsHolder() bool { return n.Suffix == "cn" || n.Suffix == "xn--fiqs8s" }

func (j *judge) hosting() {
	h := &Hosting{Location: "unknown", Addresses: j.ev.Addresses, CNAMEs: j.ev.CNAMEs, NameServers: j.ev.NameServers}
	if h.Addresses == nil {
		h.Addresses = []Address{}
	}
	inside, outside := 0, 0
	for _, a := range j.ev.Addresses {
		switch a.Country {
		case "CN":
			inside++
		case "", "ZZ": // private and reserved: nowhere
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
	text := h.Location
	if j.ev.NoAddress {
		text = "nothing"
	}
	h.Text = j.say(j.d.Texts.Hosting[text])
	if c := j.cdn(); c != nil {
		h.CDN = c.Name.In(j.opt.Lang)
		h.Text += pick(j.opt.Lang, "", " ") + j.say(j.d.Texts.Hosting["cdn"], "cdn", h.CDN)
		if c.Mainland && h.Location != "mainland" && h.Location != "mixed" {
			j.warn(j.d.Texts.CDNInside, "cdn", h.CDN)
		}
	}
	if inside > 0 && !j.opt.Filed {
		j.warn(j.d.Texts.Live)
	}
	j.r.Hosting = h
}

// cdn is the delivery network that the chain or an address belongs to; nil for none that is known.
func (j *judge) cdn() *knowledge.CDN {
	for i := range j.d.CDNs {
		c := &j.d.CDNs[i]
		for _, e := range c.Endings {
			if slices.ContainsFunc(j.ev.CNAMEs, func(n string) bool { n = strings.TrimSuffix(n, "."); return n == e || strings.HasSuffix(n, "."+e) }) {
				return c
			}
		}
		for _, r := range c.Ranges {
			p, err := netip.ParsePrefix(r)
			if err == nil && slices.ContainsFunc(j.ev.Addresses, func(a Address) bool { ip, err := netip.ParseAddr(a.IP); return err == nil && p.Contains(ip) }) {
				return c
			}
		}
	}
	return nil
}

// narrower warns of what is stricter than the ministry's list: the subject's province, and the suffixes of public bodies.
func (j *judge) narrower() {
	_, approved := j.d.Suffixes[j.name.Suffix]
	for _, n := range j.d.Narrowed {
		switch {
		case n.Province != j.opt.Province || !approved || j.below(n.Takes):
		case j.below(n.Refuses):
			j.warn(n.Refused, "tld", j.shownSuffix())
		default:
			j.warn(n.Unsure, "tld", j.shownSuffix())
		}
	}
	for _, b := range j.d.Bodies {
		switch of := j.below(b.Suffixes); {
		case j.opt.SubjectType == b.SubjectType && !of:
			j.warn(b.Must)
		case j.opt.SubjectType != b.SubjectType && of && !b.Only.IsZero():
			j.warn(b.Only)
		}
	}
}

// below reports whether the name ends in one of the suffixes.
func (j *judge) below(suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool {
		a, err := idna.Lookup.ToASCII(s)
		return err == nil && strings.HasSuffix(j.name.Registrable, "."+a)
	})
}

// pick gives what stands between or around sentences in a language.
func pick(l knowledge.Lang, zh, en string) string {
	if l == knowledge.EN {
		return en
	}
	return zh
}

func fill(s string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", pairs[i+1])
	}
	return s
}
