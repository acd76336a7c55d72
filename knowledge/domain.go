package knowledge

import (
	"strings"

	"golang.org/x/net/idna"
)

// Domain is what a domain must satisfy, and the lists that decide it.
type Domain struct {
	// Suffixes are the approved top-level domains by A-label; Suffix.Disputed marks those that sources contradict each other on.
	Suffixes   map[string]*Suffix
	SuffixDate Date // of the list
	Registrars []Registrar
	Texts      *DomainTexts
	CDNs       []CDN
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

// CDN is a delivery network told by the ending of a CNAME; the address decides where it is, the ending only explains.
type CDN struct {
	Name    Text     `yaml:"name" lint:"required"`
	Endings []string `yaml:"endings" lint:"required"`
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

// DomainTexts are the sentences of a domain check.
type DomainTexts struct {
	ReviewBy   Date                     `yaml:"review_by" lint:"required"`
	Conditions map[string]ConditionText `yaml:"conditions" lint:"required"`
	Refusals   map[string]Text          `yaml:"refusals" lint:"required"`
	Title      Text                     `yaml:"title" lint:"required"`
	Hosting    map[string]Text          `yaml:"hosting" lint:"required"`
	Soon       Text                     `yaml:"soon" lint:"required"` // expires within 90 days
	Live       Text                     `yaml:"live" lint:"required"` // resolves to the mainland already
	Private    Text                     `yaml:"private" lint:"required"`
	Advice     Text                     `yaml:"advice" lint:"required"` // before what to do
	Basis      `yaml:",inline"`
}

type suffixesFile struct {
	ReviewBy Date     `yaml:"review_by" lint:"required"`
	Date     Date     `yaml:"date" lint:"required"`
	Suffixes []Suffix `yaml:"suffixes" lint:"required"`
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

var domainSections = []section{
	one("domain/suffixes.yaml", true, func(k *Knowledge, v *suffixesFile) {
		k.Domain.SuffixDate = v.Date
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
}

// ConditionIDs are the five conditions in the contract's order.
var ConditionIDs = []string{"tld_approved", "registrar_approved", "registration_valid", "real_name_verified", "holder_matches"}

func (l *loader) lintDomain(k *Knowledge) {
	for _, id := range ConditionIDs {
		if _, ok := k.Domain.Texts.Conditions[id]; !ok {
			l.report(Finding{File: "domain/texts.yaml", Severity: Error, Message: "condition " + id + " is missing"})
		}
	}
	for _, f := range l.files {
		if v, ok := f.value.(*suffixesFile); ok {
			for i, s := range v.Suffixes {
				if _, err := idna.Lookup.ToASCII(s.Name); err != nil || strings.Contains(s.Name, ".") {
					l.fault(f, Error, []any{"suffixes", i, "name"}, "%q is no top-level domain: write it without a dot", s.Name)
				}
			}
		}
	}
}

// Registrar finds a registrar by IANA id, else by its name, spelling for spelling but for case, width and punctuation: brands and parts of names decide
// nothing, for namesakes abroad are not the licensed company. It gives nil for one not listed.
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
		for _, n := range d.Registrars[i].Names {
			if want != "" && plainName(n) == want {
				return &d.Registrars[i]
			}
		}
	}
	return nil
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= 0xfee0
		}
		if strings.ContainsRune(" .,;:()[]'\"-/&", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}
