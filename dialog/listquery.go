package dialog

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"beianbot/knowledge"
)

// Query is a filing as the query of a link: filing type, subject type, province, language and the settled facts that lists depend on. It holds nothing that
// tells who asked, so a link can be kept, printed and passed on.
func (f Filing) Query(k *knowledge.Knowledge, lang knowledge.Lang) string {
	q := url.Values{}
	put := func(key, v string) {
		if v != "" {
			q.Set(key, v)
		}
	}
	put("type", string(f.Type))
	put("subject", string(f.Subject))
	put("province", string(f.Province))
	put("lang", string(lang))
	for _, id := range k.RuleFacts() {
		if v := f.Facts[id]; v != "" && v != factUnknown {
			q.Add("fact", string(id)+":"+v)
		}
	}
	return q.Encode()
}

// ReadQuery reads what Query wrote. It reports false for a query that names no list: a type or name that the knowledge does not have. Facts that no list
// depends on any more are left out.
func ReadQuery(k *knowledge.Knowledge, q url.Values) (f Filing, lang knowledge.Lang, ok bool) {
	f = Filing{Type: knowledge.FilingTypeID(q.Get("type")), Subject: knowledge.SubjectTypeID(q.Get("subject")), Province: knowledge.ProvinceID(q.Get("province")), Facts: Facts{}}
	lang = knowledge.ZH
	if q.Get("lang") == string(knowledge.EN) {
		lang = knowledge.EN
	}
	p := k.Province(f.Province)
	if k.FilingTypes[f.Type] == nil || f.Subject != "" && k.SubjectTypes[f.Subject] == nil || f.Province != "" && (p == nil || p.Prefix == "") {
		return Filing{}, lang, false
	}
	for _, s := range q["fact"] {
		id, v, _ := strings.Cut(s, ":")
		if fact := k.Decision.Fact(knowledge.FactID(id)); fact != nil && fact.Value(v) != nil && slices.Contains(k.RuleFacts(), fact.ID) {
			f.Facts[fact.ID] = v
		}
	}
	return f, lang, true
}

// Checklist is the list for a filing, the same as a reply carries. now decides which sources are old.
func (e *Engine) Checklist(f Filing, lang knowledge.Lang, now time.Time) Checklist {
	t := &turn{e: e, k: e.k, c: Conversation{Lang: lang}, now: now}
	t.addList(f)
	return *t.parts[0].checklist
}
