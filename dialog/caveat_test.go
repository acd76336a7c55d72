package dialog

import (
	"bufio"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"beianbot/knowledge"
)

// caveat is what every uncertain statement is told with: whose word decides, and whom to ask.
var caveat = map[knowledge.Lang][2]string{
	knowledge.ZH: {"以当地管局最新要求为准", testOperator.Phone},
	knowledge.EN: {"The province authority's latest word decides", testOperator.Phone},
}

var languages = []knowledge.Lang{knowledge.ZH, knowledge.EN}

// walkKnowledge visits every value of a type in the knowledge, with the value it stands in.
func walkKnowledge[T any](v reflect.Value, in []reflect.Value, f func(x T, in []reflect.Value)) {
	if v.CanInterface() {
		if x, ok := v.Interface().(T); ok {
			f(x, in)
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walkKnowledge(v.Elem(), in, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walkKnowledge(v.Field(i), append(in[:len(in):len(in)], v), f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkKnowledge(v.Index(i), in, f)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walkKnowledge(v.MapIndex(key), in, f)
		}
	}
}

// TestCaveats walks every statement that the knowledge marks as of low confidence or disputed, and holds that a customer is told it with the caveat, in
// both languages. A kind of statement that this test cannot put to the engine fails it.
func TestCaveats(t *testing.T) {
	k := loadKnowledge(t)
	w := world{e: NewEngine(k, nil)}
	told := map[string]bool{} // ids of statements that a reply told
	for _, lang := range languages {
		for id, ok := range ruleCaveats(t, w, lang) {
			told[id] = told[id] || ok
		}
		answerCaveats(t, w, lang, told)
		rowCaveats(t, w, lang, told)
		domainCaveats(t, w, lang)
	}
	n := 0
	walkKnowledge(reflect.ValueOf(k), nil, func(b knowledge.Basis, in []reflect.Value) {
		if !Unsure(b) {
			return
		}
		n++
		owner := in[len(in)-1]
		id := owner.FieldByName("ID")
		if !id.IsValid() || !told[id.String()] {
			t.Errorf("%s %v is not sure, but no reply of this test tells it", owner.Type(), id)
		}
	})
	if n < 20 {
		t.Errorf("only %d uncertain statements found: the walk does not see them", n)
	}
}

// careful reports whether a text holds the caveat after what it tells.
func careful(lang knowledge.Lang, text, fact string) bool {
	_, after, ok := strings.Cut(text, fact)
	return ok && strings.Contains(after, caveat[lang][0]) && strings.Contains(after, caveat[lang][1])
}

// lineWith gives the line of a text in which something stands.
func lineWith(text, s string) string {
	for _, l := range strings.Split(text, "\n") {
		if strings.Contains(l, s) {
			return l
		}
	}
	return ""
}

// ruleCaveats asks for the documents of every filing that an uncertain rule holds for, and for the rules of its province.
func ruleCaveats(t *testing.T, w world, lang knowledge.Lang) map[string]bool {
	t.Helper()
	k, told := w.e.k, map[string]bool{}
	documents := map[knowledge.Lang]string{knowledge.ZH: "要准备什么材料", knowledge.EN: "which documents do I need"}[lang]
	rules := map[knowledge.Lang]string{knowledge.ZH: "这个省有什么特别要求", knowledge.EN: "what are the rules of this province"}[lang]
	more := map[knowledge.Lang]string{knowledge.ZH: "说详细点", knowledge.EN: "tell me more"}[lang]
	hold := func(r *knowledge.Rule, c Conversation, question string) {
		c, replies := w.say(c, question)
		text := replies[0].Text
		_, replies = w.say(c, more)
		text += "\n" + replies[0].Text
		fact := r.Text.In(lang)
		if fact == "" {
			fact = k.Documents[r.Document].Name.In(lang)
		}
		line := lineWith(text, fact)
		if !careful(lang, line, fact) {
			t.Errorf("%s %v: %s is told without the caveat:\n%s", question, c.Slots, r.ID, line)
		}
		if d := r.Disputed; d != nil && !strings.Contains(line, d.Text.In(lang)) {
			t.Errorf("%s %v: %s is told without the other view:\n%s", question, c.Slots, r.ID, line)
		}
		told[string(r.ID)] = true
	}
	for _, p := range k.Provinces {
		if p.Prefix == "" {
			continue
		}
		for _, subject := range knowledge.SubjectTypes {
			for _, typ := range knowledge.FilingTypes {
				for _, r := range Rules(k, Filing{Type: typ, Subject: subject, Province: p.ID}) {
					if !Unsure(r.Basis) {
						continue
					}
					c := Conversation{Lang: lang, Slots: Slots{FilingType: typ, SubjectType: subject, Province: p.ID}}
					hold(r, c, documents)
					c.Facts = Facts(r.When.Fact) // the customer has said that it concerns them
					hold(r, c, documents)
					if ownRules(k, p.ID)[r] {
						hold(r, Conversation{Lang: lang, Slots: Slots{Province: p.ID}}, rules)
					}
				}
			}
		}
	}
	return told
}

// answerCaveats asks the questions of every uncertain answer.
func answerCaveats(t *testing.T, w world, lang knowledge.Lang, told map[string]bool) {
	t.Helper()
	questions := map[string]map[knowledge.Lang]string{
		"public_security.app":         {knowledge.ZH: "小程序要做公安备案吗", knowledge.EN: "does an app need the public security filing"},
		"change.province":             {knowledge.ZH: "备案能跨省变更吗", knowledge.EN: "can I change the filing to another province"},
		"pre_approval.general":        {knowledge.ZH: "哪些行业需要前置审批", knowledge.EN: "which industries need pre-approval"},
		"commercial_licence.ads":      {knowledge.ZH: "网站挂广告算经营性吗", knowledge.EN: "do ads on my free site need the commercial licence"},
		"commercial_licence.foreign":  {knowledge.ZH: "外资公司能办经营性许可证吗", knowledge.EN: "can a foreign-invested company get the commercial licence"},
		"commercial_licence.validity": {knowledge.ZH: "经营性许可证有效期几年", knowledge.EN: "how many years is the commercial licence valid"},
		"commercial_licence.software": {knowledge.ZH: "SaaS收年费要不要经营性许可证", knowledge.EN: "does a SaaS with a subscription need the commercial licence"},
		"commercial_licence.tips":     {knowledge.ZH: "网站有打赏功能要不要经营性许可证", knowledge.EN: "do we need the commercial licence for tips on our site"},
		"pre_approval.supplements":    {knowledge.ZH: "卖保健品要前置审批吗", knowledge.EN: "do we need pre-approval for selling health supplements"},
		"pre_approval.unlisted":       {knowledge.ZH: "卖酒的网站要前置审批吗", knowledge.EN: "does a wine shop site need pre-approval"},
		"after_filing.annual":         {knowledge.ZH: "备案后还要年审吗", knowledge.EN: "is there an annual check after the filing"},
	}
	for _, topic := range w.e.k.Topics {
		for i := range topic.Answers {
			a := &topic.Answers[i]
			if !Unsure(a.Basis) {
				continue
			}
			_, replies := w.say(Conversation{Lang: lang}, questions[a.ID][lang])
			fact, _, _ := strings.Cut(a.Short.In(lang), "\n")
			if !careful(lang, replies[0].Text, fact) {
				t.Errorf("%s: %q: no answer with the caveat:\n%s", a.ID, questions[a.ID][lang], replies[0].Text)
			}
			if a.Disputed != nil && !strings.Contains(replies[0].Text, a.Disputed.Text.In(lang)) {
				t.Errorf("%s: told without the other view:\n%s", a.ID, replies[0].Text)
			}
			told[a.ID] = true
		}
	}
}

// rowCaveats decides the situations of decision/cases.txt and asks for the verdict wherever an uncertain row holds.
func rowCaveats(t *testing.T, w world, lang knowledge.Lang, told map[string]bool) {
	t.Helper()
	rows := map[string]*knowledge.Row{}
	d := &w.e.k.Decision
	for _, list := range [][]*knowledge.Row{d.Person, d.Filing, d.Licence, d.Addons} {
		for _, r := range list {
			if Unsure(r.Basis) {
				rows[r.ID] = r
			}
		}
	}
	in, err := os.Open("testdata/decision/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for sc := bufio.NewScanner(in); sc.Scan(); {
		parts := strings.SplitN(sc.Text(), " ", 3)
		if len(parts) < 3 || parts[0] == "#" {
			continue
		}
		u := w.e.Understand(parts[2])
		c := Conversation{Lang: lang, Facts: ExtractFacts(w.e.k, u.Text, ""), Slots: Slots{SubjectType: u.Slots.SubjectType, ServerLocation: u.Slots.ServerLocation}}
		c, replies := w.say(c, map[knowledge.Lang]string{knowledge.ZH: "这样要备案吗", knowledge.EN: "do I need a filing then"}[lang])
		text := replies[0].Text
		_, replies = w.say(c, map[knowledge.Lang]string{knowledge.ZH: "说详细点", knowledge.EN: "tell me more"}[lang])
		text += "\n" + replies[0].Text
		for id, r := range rows {
			fact := r.Reason.In(lang) + r.Addon.In(lang)
			line := lineWith(text, fact)
			if line == "" {
				continue
			}
			told[id] = true
			if !careful(lang, line, fact) {
				t.Errorf("%s: %s is told without the caveat:\n%s", parts[2], id, line)
			}
		}
	}
}

// domainCaveats checks names with disputed suffixes and registrars that nobody is sure of.
func domainCaveats(t *testing.T, w world, lang knowledge.Lang) {
	t.Helper()
	hold := func(what string, conditions []Condition, id string) {
		i := slices.IndexFunc(conditions, func(c Condition) bool { return c.ID == id })
		if c := conditions[i]; c.Result != Unknown || !strings.Contains(strings.ToLower(c.Advice), strings.ToLower(caveat[lang][0])) || !strings.Contains(c.Advice, testOperator.Phone) {
			t.Errorf("%s is not sure, but is told: %+v", what, c)
		}
	}
	opt := JudgeOptions{Now: testNow, Lang: lang}
	for a, s := range w.e.k.Domain.Suffixes {
		if s.Disputed {
			hold("."+s.Name, Judge(w.e.k, DomainName{Host: "example." + a, Registrable: "example." + a, Unicode: "example." + s.Name, Suffix: a}, Evidence{}, opt).Conditions, "tld_approved")
		}
	}
	for _, r := range w.e.k.Domain.Registrars {
		if r.Sure == knowledge.Low {
			hold(r.Names[0], Judge(w.e.k, DomainName{Host: "example.cn", Registrable: "example.cn", Unicode: "example.cn", Suffix: "cn"}, Evidence{Registration: RegistrationFound, Registrar: r.Names[0], IANA: r.IANA}, opt).Conditions, "registrar_approved")
		}
	}
}

// TestUnreadRevisions holds that what rests on a revision nobody has read is told as uncertain: as the other view, or with low confidence.
func TestUnreadRevisions(t *testing.T) {
	walkKnowledge(reflect.ValueOf(loadKnowledge(t)), nil, func(b knowledge.Basis, in []reflect.Value) {
		for _, id := range []knowledge.SourceID{"r292_2024", "r33_2024"} {
			if slices.Contains(b.Sources, id) && !Unsure(b) {
				t.Errorf("%v rests on %s, which was not read, but is told as certain", in[len(in)-1].FieldByName("ID"), id)
			}
		}
	})
}

var (
	fineZH = regexp.MustCompile(`罚[^。]{0,12}[0-9]`)
	fineEN = regexp.MustCompile(`fine[^.]{0,40}[0-9]`)
)

// TestFines holds that the amount of a fine is told with the year of the text it stands in, and with who publishes the revision.
func TestFines(t *testing.T) {
	n := 0
	walkKnowledge(reflect.ValueOf(loadKnowledge(t)), nil, func(x knowledge.Text, in []reflect.Value) {
		if fineZH.MatchString(x.ZH) {
			n++
			if !strings.Contains(x.ZH, "年文本") || !strings.Contains(x.ZH, "修订后") {
				t.Errorf("a fine without its year: %s", x.ZH)
			}
		}
		if fineEN.MatchString(x.EN) && (!strings.Contains(x.EN, "text") || !strings.Contains(x.EN, "revision")) {
			t.Errorf("a fine without its year: %s", x.EN)
		}
	})
	if n == 0 {
		t.Error("no fine found")
	}
}
