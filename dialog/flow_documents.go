package dialog

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// noteOrder is what matters most in a list of notes: first what is handed in and whose card is taken, then people, then the domain, then the rest.
var noteOrder = map[knowledge.About]int{knowledge.AboutDocument: 0, knowledge.AboutResidence: 1, knowledge.AboutSubjectHead: 2, knowledge.AboutSiteHead: 3, knowledge.AboutSubject: 4,
	knowledge.AboutDomain: 5, knowledge.AboutAge: 6, knowledge.AboutQuantity: 7, knowledge.AboutPhone: 8, knowledge.AboutContent: 9, knowledge.AboutName: 10,
	knowledge.AboutAddress: 11, knowledge.AboutAccess: 12, knowledge.AboutSite: 13, knowledge.AboutChange: 14, knowledge.AboutAfter: 15, knowledge.AboutOther: 16}

// Notes in the first message; the rest follow on 更多. A phone shows about notesShown without scrolling far. Once the message has noteChars characters, as English
// ones have, a note beyond the notesLeast that matter most waits too: with it the message would be more parts than WeChat takes at a time.
const notesShown, notesLeast, noteChars = 6, 2, 1500

func (t *turn) filing() Filing {
	s := t.c.Slots
	return Filing{Type: s.FilingType, Subject: s.SubjectType, Province: s.Province, Facts: t.c.Facts}
}

// kindOf are the topics about one kind of filing only: who goes on from them means that kind.
var kindOf = map[knowledge.Topic]knowledge.FilingTypeID{knowledge.Change: knowledge.ChangeFiling, knowledge.CancelFiling: knowledge.Cancel, knowledge.AppFiling: knowledge.App}

// documents lists what to prepare. It asks for a part of the filing only while the list depends on it.
func (t *turn) documents() {
	if a := t.find(knowledge.Documents); len(a.Asked) > 0 { // a narrower question: where a form is, how a scan has to look
		t.give(a)
		return
	}
	if t.referred() {
		return
	}
	if kind := kindOf[t.c.Topic]; kind != "" && t.c.Slots.FilingType == "" { // asked on after "法人变了怎么办"
		t.c.Slots.FilingType = kind
	}
	f := t.filing()
	if t.notMainland(f.Province) {
		return
	}
	likely := f // before the kind of filing is known, the question for the subject is weighed on a first filing
	if likely.Type == "" {
		likely.Type = knowledge.First
	}
	if f.Subject == "" && t.c.Facts[skipped(knowledge.SlotSubjectType)] == "" &&
		depends(t.k, likely, knowledge.SubjectTypes[:10], func(f *Filing, v knowledge.SubjectTypeID) { f.Subject = v }) {
		t.askSubject(knowledge.Documents)
		return
	}
	if f.Type == "" {
		if out := t.decide(); out.Ask == nil && out.FilingType != "" {
			f.Type = out.FilingType
		}
	}
	if f.Type == "" && t.c.Facts[skipped(knowledge.SlotFilingType)] == "" &&
		depends(t.k, f, knowledge.FilingTypes, func(f *Filing, v knowledge.FilingTypeID) { f.Type = v }) {
		t.askFilingType(knowledge.Documents)
		return
	}
	if f.Type == "" {
		f.Type = knowledge.First
		t.add(part{text: t.say(t.s().AssumedFirst)})
	}
	if f.Province == "" && t.c.Facts[skipped(knowledge.SlotProvince)] == "" && t.provinceMatters(f) {
		t.askProvince(knowledge.Documents)
		return
	}
	t.addList(f)
}

func (t *turn) provinceMatters(f Filing) bool {
	var ids []knowledge.ProvinceID
	for _, p := range t.k.Provinces {
		if p.Prefix != "" {
			ids = append(ids, p.ID)
		}
	}
	return depends(t.k, f, ids, func(f *Filing, v knowledge.ProvinceID) { f.Province = v })
}

func (t *turn) askSubject(topic knowledge.Topic) {
	q := Question{Topic: topic, Slot: knowledge.SlotSubjectType, Text: t.say(t.s().AskSubject)}
	for _, id := range []knowledge.SubjectTypeID{knowledge.Individual, knowledge.Enterprise, knowledge.SoleTrader, knowledge.Institution, knowledge.Government, knowledge.SocialOrganisation} {
		q.Options = append(q.Options, t.option(t.k.SubjectTypes[id].Name, "slot:subject_type="+string(id)))
	}
	q.Options = append(q.Options, t.option(t.s().OtherSubject, "slot:subject_type=other"))
	t.ask(q)
}

func (t *turn) askFilingType(topic knowledge.Topic) {
	q := Question{Topic: topic, Slot: knowledge.SlotFilingType, Text: t.say(t.s().AskFilingType)}
	for _, id := range knowledge.FilingTypes {
		q.Options = append(q.Options, t.option(t.k.FilingTypes[id].Name, "slot:filing_type="+string(id)))
	}
	q.Options = append(q.Options, t.option(t.s().DontKnow, "act:dont_know"))
	t.ask(q)
}

// provinceChoices are the provinces offered as buttons, by how many filings they have; any other is typed.
var provinceChoices = []knowledge.ProvinceID{"CN-BJ", "CN-SH", "CN-GD", "CN-JS", "CN-ZJ", "CN-SD", "CN-SC", "CN-FJ"}

func (t *turn) askProvince(topic knowledge.Topic) {
	q := Question{Topic: topic, Slot: knowledge.SlotProvince, Text: t.say(t.s().AskProvince)}
	choices := provinceChoices
	if t.between != nil {
		q.Text, choices = t.say(t.s().AskOneProvince), t.between
	}
	for _, id := range choices {
		if p := t.k.Province(id); p != nil {
			q.Options = append(q.Options, t.option(p.Name, "slot:province="+string(id)))
		}
	}
	q.Options = append(q.Options, t.option(t.s().DontKnow, "act:dont_know"))
	t.ask(q)
}

// notMainland answers for Hong Kong, Macao and Taiwan, where no filing exists.
func (t *turn) notMainland(id knowledge.ProvinceID) bool {
	p := t.k.Province(id)
	if p == nil || p.Prefix != "" {
		return false
	}
	var sources []knowledge.SourceID
	for _, r := range p.Rules {
		sources = append(sources, r.Sources...)
	}
	t.add(part{text: t.say(t.s().NotMainland, "province", p.Name.In(t.c.Lang)), sources: sources, settles: true})
	return true
}

// title names a filing: 广东省 · 企业 · 首次备案.
func (t *turn) title(f Filing) string {
	var parts []string
	if p := t.k.Province(f.Province); p != nil {
		parts = append(parts, p.Name.In(t.c.Lang))
	}
	if s := t.k.SubjectTypes[f.Subject]; s != nil {
		parts = append(parts, s.Name.In(t.c.Lang))
	}
	if ft := t.k.FilingTypes[f.Type]; ft != nil {
		parts = append(parts, ft.Name.In(t.c.Lang))
	}
	return strings.Join(parts, " · ")
}

// addList says the document list of a filing, with its refusals and notes.
func (t *turn) addList(f Filing) {
	documents, refusals, notes := List(t.k, f)
	title := t.title(f)
	card := &Checklist{Title: title, Query: f.Query(t.k, t.c.Lang)}
	own := t.e.own[f.Province]
	var b strings.Builder
	b.Grow(4096)
	var details []string
	var ours, others, old []knowledge.SourceID // of the province's own rules, of the rest, of items that rest on nothing newer
	cited := func(r *knowledge.Rule) {
		if own[r] {
			ours = appendNew(ours, r.Sources)
		} else {
			others = appendNew(others, r.Sources)
		}
	}

	for _, r := range refusals {
		if !refusing(r, f) { // nobody has said that it concerns this customer: it stands with the notes, not before the list
			notes = append(notes, r)
			continue
		}
		card.Before = append(card.Before, t.say(t.s().Warning)+t.rule(r, f))
		cited(r)
	}
	certain := slices.ContainsFunc(documents, func(d Listed) bool { return !d.Conditional })
	if !certain {
		card.Before = append(card.Before, t.say(t.s().NothingToUpload, "filing", title))
	}
	head := slices.Clip(card.Before)
	if certain {
		head = append(head, t.say(t.s().ListTitle, "filing", title))
	}
	b.WriteString(strings.Join(head, "\n"))
	t.c.Items = nil
	write := func(d Listed) {
		item, tail := t.listed(d)
		number := strconv.Itoa(len(card.Items)+1) + ". " + item.Name
		b.WriteString("\n" + number + tail)
		detail := number + t.say(t.s().Colon) + item.Format
		if item.Where != "" {
			detail += "\n   " + t.say(t.s().WhereToGet, "where", item.Where)
		}
		details = append(details, detail)
		card.Items = append(card.Items, item)
		t.c.Items = append(t.c.Items, item.ID)
		for _, r := range d.Rules {
			cited(r)
			if t.aged(r.Basis) {
				old = appendNew(old, r.Sources)
			}
		}
	}
	for _, d := range documents {
		if !d.Conditional {
			write(d)
		}
	}
	first := true
	for _, d := range documents {
		if d.Conditional {
			if first {
				b.WriteString("\n" + t.say(t.s().OnlyIf))
				first = false
			}
			write(d)
		}
	}
	sortNotes(notes, own)
	if len(notes) > 0 {
		b.WriteString("\n" + t.say(t.s().MindTitle))
	}
	shown := 0
	for _, r := range notes {
		note := t.rule(r, f)
		if shown == len(card.Notes) && shown < notesShown && (shown < notesLeast || utf8.RuneCountInString(b.String())+utf8.RuneCountInString(note) <= noteChars) {
			b.WriteString("\n- " + note)
			shown++
		} else {
			details = append(details, "- "+note)
		}
		card.Notes = append(card.Notes, note)
		cited(r)
	}
	if rest := len(notes) - shown; rest > 0 {
		b.WriteString("\n" + t.say(t.s().MoreNotes, "n", strconv.Itoa(rest), "more", t.say(t.s().MoreLabel)))
	}
	if len(old) > 0 {
		b.WriteString("\n" + t.say(t.s().OldItems, "sources", strings.Join(t.citeAll(old, 0), t.say(t.s().SourceJoin))))
	}
	card.Decides = t.say(t.s().ProvincesDiffer)
	if p := t.k.Province(f.Province); p != nil {
		card.Decides = t.say(t.s().AuthorityDecides, "authority", p.Authority.In(t.c.Lang))
	}
	b.WriteString("\n" + card.Decides)
	if ft := t.k.FilingTypes[f.Type]; ft != nil {
		others = appendNew(others, ft.Sources)
		card.Next = t.say(t.s().NextStep, "step", ft.Next.In(t.c.Lang))
		b.WriteString("\n" + card.Next)
	}
	sources := appendNew(t.newestFirst(ours), t.newestFirst(others))
	card.Sources = t.citeAll(sources, 0)
	t.add(part{text: b.String(), sources: sources, checklist: card, more: strings.Join(details, "\n"), settles: true})
	t.domainFirst()
}

// listed gives a document of a list, and what stands behind its name in the first message: condition, what its rules say of it, how sure that is.
func (t *turn) listed(d Listed) (item ChecklistItem, tail string) {
	lang := t.c.Lang
	item = ChecklistItem{ID: d.Kind.ID, Name: d.Kind.Name.In(lang), Where: d.Kind.Where.In(lang), Copies: max(1, d.Kind.Copies)}
	var conditions, said, format, caveats []string
	var sources []knowledge.SourceID
	sure, aged := false, false
	for _, r := range d.Rules {
		sure, aged = sure || !Unsure(r.Basis), aged || t.aged(r.Basis)
		if d.Conditional && !r.If.IsZero() {
			conditions = append(conditions, r.If.In(lang))
		}
		words := t.doubts(r.Basis)
		if !r.Text.IsZero() {
			format = append(format, r.Text.In(lang))
			words = append([]string{r.Text.In(lang)}, words...)
		}
		if len(words) > 0 {
			said = append(said, inSentences(lang, words))
		}
		caveats = append(caveats, t.itemCaveats(r.Basis)...)
		sources = appendNew(sources, r.Sources)
	}
	item.Source = strings.Join(t.citeAll(t.newestFirst(sources), 1), "")
	if item.Copies > 1 {
		tail += t.say(t.s().Copies, "n", strconv.Itoa(item.Copies))
	}
	if len(conditions) > 0 {
		item.If = strings.Join(conditions, t.say(t.s().Or))
		tail += t.say(t.s().Bracket, "text", item.If)
	}
	if len(said) > 0 {
		tail += t.say(t.s().Dash) + strings.Join(said, pick(lang, ";", "; "))
	}
	if aged {
		tail += t.say(t.s().OldMark)
	}
	if sure && Unsure(d.Kind.Basis) {
		tail += t.say(t.s().Bracket, "text", t.say(t.s().UnsureMark))
	}
	if f := d.Kind.Format.In(lang); f != "" {
		format = append(format, f)
	}
	for _, c := range append(caveats, t.itemCaveats(d.Kind.Basis)...) {
		if !slices.Contains(format, c) {
			format = append(format, c)
		}
	}
	item.Format = strings.Join(format, "\n")
	return item, tail
}

// rule says one rule with its condition and how sure it is.
func (t *turn) rule(r *knowledge.Rule, f Filing) string {
	out := r.Text.In(t.c.Lang)
	if d := t.k.Documents[r.Document]; d != nil {
		out = strings.TrimSuffix(d.Name.In(t.c.Lang)+t.say(t.s().Dash)+out, t.say(t.s().Dash))
	}
	if Conditional(r, f) && !r.If.IsZero() {
		out = r.If.In(t.c.Lang) + t.say(t.s().Colon) + out
		if r.Effect == knowledge.Refuses {
			out = t.say(t.s().Warning) + out
		}
	}
	return inSentences(t.c.Lang, append([]string{out}, t.caveats(r.Basis)...))
}

// sortNotes puts the province's own notes first, then what matters most.
func sortNotes(notes []*knowledge.Rule, own map[*knowledge.Rule]bool) {
	slices.SortStableFunc(notes, func(a, b *knowledge.Rule) int {
		if own[a] != own[b] {
			if own[a] {
				return -1
			}
			return 1
		}
		return cmp.Compare(noteOrder[a.About], noteOrder[b.About])
	})
}

// referred answers "第三个在哪下载" from the list shown last.
func (t *turn) referred() bool {
	n := itemNumber(t.u.Text)
	if n == 0 || n > len(t.c.Items) {
		return false
	}
	t.document(t.c.Items[n-1])
	return true
}

// document says all about one document: what a good one looks like, where to get it, how many.
func (t *turn) document(id knowledge.DocumentID) {
	d := t.k.Documents[id]
	if d == nil {
		return
	}
	lang := t.c.Lang
	lines := []string{d.Name.In(lang) + t.say(t.s().Colon) + d.Format.In(lang)}
	if !d.Where.IsZero() {
		lines = append(lines, t.say(t.s().WhereToGet, "where", d.Where.In(lang)))
	}
	if !d.Why.IsZero() {
		lines = append(lines, d.Why.In(lang))
	}
	lines = append(lines, t.caveats(d.Basis)...)
	t.note(knowledge.Documents)
	t.add(part{text: strings.Join(lines, "\n"), sources: d.Sources, settles: true})
}

// provinceRules says what is special in a province, for the subject and filing type as far as they are known.
func (t *turn) provinceRules() {
	a := t.find(knowledge.ProvinceRules)
	if len(a.When.Province) > 0 { // a narrower question on this province
		t.give(a)
		return
	}
	if t.c.Slots.Province == "" {
		if t.c.Facts[skipped(knowledge.SlotProvince)] != "" || len(a.Asked) > 0 {
			t.answer(knowledge.ProvinceRules)
			return
		}
		t.askProvince(knowledge.ProvinceRules)
		return
	}
	if t.notMainland(t.c.Slots.Province) {
		return
	}
	p := t.k.Province(t.c.Slots.Province)
	f := t.filing()
	var rules []*knowledge.Rule
	for i := range p.Rules {
		r := &p.Rules[i]
		w := r.When
		if (f.Type == "" || len(w.FilingType) == 0 || allows(w.FilingType, f.Type)) && (f.Subject == "" || len(w.SubjectType) == 0 || allows(w.SubjectType, f.Subject)) {
			rules = append(rules, r)
		}
	}
	sort.SliceStable(rules, func(i, j int) bool {
		if a, b := refusing(rules[i], f), refusing(rules[j], f); a != b {
			return a
		}
		return noteOrder[rules[i].About] < noteOrder[rules[j].About]
	})
	var lines, details []string
	var sources []knowledge.SourceID
	head := t.say(t.s().ProvinceTitle, "province", p.Name.In(t.c.Lang), "authority", p.Authority.In(t.c.Lang), "prefix", p.Prefix)
	lines = append(lines, head)
	if !p.Headline.IsZero() {
		lines = append(lines, p.Headline.In(t.c.Lang))
	}
	for i, r := range rules {
		line := "- " + t.audience(r, f) + t.rule(r, f)
		if i < notesShown+2 {
			lines = append(lines, line)
			sources = append(sources, r.Sources...)
		} else {
			details = append(details, line)
		}
	}
	if len(rules) == 0 {
		lines = append(lines, t.say(t.s().NoOwnRules, "province", p.Name.In(t.c.Lang)))
	}
	lines = append(lines, t.say(t.s().AuthorityDecides, "authority", p.Authority.In(t.c.Lang)))
	t.add(part{text: strings.Join(lines, "\n"), sources: sources, more: strings.Join(details, "\n"), settles: true,
		options: []Option{t.option(t.k.Topics[knowledge.Documents].Title, "topic:documents")}})
}

// refusing reports that a rule turns this filing down, whatever else is said.
func refusing(r *knowledge.Rule, f Filing) bool {
	return r.Effect == knowledge.Refuses && !Conditional(r, f)
}

// audience says for whom a rule holds, where that is not everybody and the customer has not said who they are.
func (t *turn) audience(r *knowledge.Rule, f Filing) string {
	if f.Subject != "" || len(r.When.SubjectType) == 0 {
		return ""
	}
	if len(r.When.SubjectType) == 1 {
		return t.say(t.s().Audience, "who", t.k.SubjectTypes[r.When.SubjectType[0]].Name.In(t.c.Lang))
	}
	for _, s := range r.When.SubjectType {
		if s == knowledge.Individual {
			return ""
		}
	}
	return t.say(t.s().Audience, "who", t.say(t.s().Organisations))
}

// cardElsewhere reports whether the only province of a message is where a card is from, while the filing's province is known from before.
func (t *turn) cardElsewhere() bool {
	return t.u.card != "" && t.u.card == t.u.Slots.Province && t.c.Slots.Province != "" && t.c.Slots.SubjectType == knowledge.Individual
}

// cardFrom takes up what a message says of where an identity card is from, which tells nothing of a server. For another province it is to be said anew.
func (t *turn) cardFrom(before knowledge.ProvinceID, facts Facts) {
	p := t.c.Slots.Province
	if p != before && before != "" {
		t.remember(nil)
		delete(t.c.Facts, "id_elsewhere")
	}
	if t.u.card == "" && t.u.notCard == "" {
		return
	}
	if t.u.Slots.ServerLocation == "" {
		delete(facts, "location")
	}
	if p != "" && (t.u.notCard == p || t.u.card != "" && t.u.card != p) {
		t.remember(Facts{"id_elsewhere": "yes"})
	}
}
