package dialog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"beianbot/knowledge"
)

// Engine decides. It is immutable and may be used from many goroutines; a reload of the knowledge makes a new one.
type Engine struct {
	zone   *time.Location // of the operator: times are shown in it
	maxAge time.Duration  // of the mirror's data, see WithMaxAge
	k      *knowledge.Knowledge
	u      *Understander

	cites map[knowledge.Lang]map[knowledge.SourceID]string
	own   map[knowledge.ProvinceID]map[*knowledge.Rule]bool // rules of a province's own
}

// Setting changes an Engine or an Understander from its defaults.
type Setting func(*settings)

type settings struct {
	cases  *CaseNumbers
	maxAge time.Duration
}

func newSettings(list []Setting) settings {
	var s settings
	for _, set := range list {
		set(&s)
	}
	if s.cases == nil {
		s.cases = DefaultCaseNumbers()
	}
	return s
}

// WithCaseNumbers sets what case numbers look like.
func WithCaseNumbers(n *CaseNumbers) Setting { return func(s *settings) { s.cases = n } }

// WithMaxAge sets how old the mirror's data may be before a case is told with a warning that it may be out of date; 0, the default, warns never.
func WithMaxAge(d time.Duration) Setting { return func(s *settings) { s.maxAge = d } }

// NewEngine builds an engine, training the understanding from the examples of the knowledge files. Times are shown in zone; nil is UTC.
func NewEngine(k *knowledge.Knowledge, zone *time.Location, settings ...Setting) *Engine {
	if zone == nil {
		zone = time.UTC
	}
	own := make(map[knowledge.ProvinceID]map[*knowledge.Rule]bool, len(k.Provinces))
	for _, p := range k.Provinces {
		own[p.ID] = ownRules(k, p.ID)
	}
	return &Engine{k: k, u: NewUnderstander(k, settings...), zone: zone, maxAge: newSettings(settings).maxAge, cites: cites(k), own: own}
}

// Knowledge is what this engine answers from.
func (e *Engine) Knowledge() *knowledge.Knowledge { return e.k }

// Understand says what a message means by itself.
func (e *Engine) Understand(text string) Understanding { return e.u.Understand(text) }

// Limits on what is read of one message: more than a person would type, few enough that hostile input costs nothing.
const (
	maxMessage = 2000 // characters
	maxMenus   = 6
	maxReports = 5
	maxPending = 3
)

// Confidence below sureEnough makes the bot ask which of the likeliest readings is meant; below that of a digression, an open question stays.
// Chosen on testdata/understanding/dev.jsonl.
const (
	sureEnough = 0.30
	digression = 0.45
)

// Step decides what follows from an event. It changes nothing it was given.
func (e *Engine) Step(c Conversation, ev Event) (Conversation, []Action) {
	t := &turn{e: e, k: e.k, c: c.clone(), now: ev.when()}
	if t.c.State == "" {
		t.c.State = Idle
	}
	if t.c.Lang == "" {
		t.c.Lang = knowledge.ZH
		if m, ok := ev.(Message); ok && m.Lang != "" {
			t.c.Lang = m.Lang
		}
	}
	switch ev := ev.(type) {
	case Message:
		if t.c.State == Human {
			t.c.At = ev.At
			return t.c, nil // staff has it; the gateway shows them the message
		}
		t.message(ev)
		t.c.At = ev.At
	case DomainChecked:
		t.domainChecked(ev)
	case CaseFound:
		t.caseFound(ev)
	case Silence:
		t.silence()
	case HandedBack:
		t.c.State = Idle
		t.add(part{text: t.say(t.s().HandedBack)})
	}
	after, actions := t.finish()
	if t.hide != "" {
		actions = append(actions, Conceal{Text: t.hide})
	}
	return after, actions
}

func (t *turn) message(m Message) {
	text, long := clean(m.Text)
	switch {
	case m.Choice != "":
		t.u = Understanding{Lang: t.c.Lang, Text: Normalise(text), Confidence: 1}
		if t.pick(Option{Label: text, Value: m.Choice}) {
			return
		}
	case m.Kind == FollowMessage:
		t.serve(knowledge.Greeting, 1)
		return
	case m.Kind != TextMessage && m.Kind != "" && text == "":
		t.otherKind(m.Kind)
		return
	case text == "":
		t.add(part{text: t.say(t.s().Empty), options: t.mainMenu()})
		return
	}
	text = once(text)
	t.u = t.e.u.Understand(text)
	t.conceal(text)
	text = t.besideActs(text)
	if q := t.c.Question; q != nil && q.Slot == slotSubjectName {
		t.bareSubject(text)
	}
	t.hearLanguage()
	if long {
		t.add(part{text: t.say(t.s().TooLong)})
	}
	if m.Kind != TextMessage && m.Kind != "" {
		t.add(part{text: t.say(t.s().CaptionOnly)})
	}
	if q := t.c.Question; q != nil && q.Proof && t.u.Proof == "" {
		t.u.Proof = onlyProof(t.e.u.masked(text))
	}
	if q := t.c.Question; q != nil && q.Proof && t.u.Proof != "" {
		t.c.Slots.merge(t.u.Slots)
		t.findCase(t.u.Proof)
		return
	}
	if o, ok := t.chosen(text); ok && t.pick(o) {
		return
	}
	if t.act() {
		return
	}
	t.understood()
}

// understood serves a message by what it says: an answer, an ellipsis, one or several wishes, or nothing the bot knows.
func (t *turn) understood() {
	u, q := t.u, t.c.Question
	var asked knowledge.FactID
	if q != nil {
		asked = q.Fact
	}
	if asked == "location" {
		u.Slots.Province = "" // 香港的: the server's place, not the subject's
		t.u = u
	}
	if q != nil && q.Slot == knowledge.SlotSubjectType && u.Slots.SubjectType == "" && len(u.Text) <= 2*fewWords && !u.Asks {
		if u.Slots.SubjectType = t.subjectAnswered(u.Text); u.Slots.SubjectType != "" {
			u.Asked = nil // 派出所 wants no public-security filing here
			t.u = u
		}
	}
	n := itemNumber(u.Text)
	if n < 0 {
		n = len(t.c.Items)
	}
	if n > 0 && n <= len(t.c.Items) && q == nil {
		t.c.Lost = 0
		t.document(t.c.Items[n-1])
		return
	}
	if t.because() {
		return
	}
	ofCase := q != nil && (q.Slot == knowledge.SlotCaseNo || q.Proof)
	if q != nil && len(u.Text) <= longAct && (matchesAny(t.k.Asking.WhyAsked, u.Text) || ofCase && matchesAny(t.k.Asking.Trust, u.Text)) { // the question gives its reason
		t.note(q.Topic)
		p := part{}
		if ofCase {
			p.text = t.say(t.s().WhyProof)
		}
		t.add(p)
		return
	}
	if q == nil && (t.c.Topic == knowledge.CaseStatus || t.c.Topic == knowledge.Notify) && u.Slots.CaseNo == "" && len(u.Text) <= longAct && matchesAny(t.k.Asking.AnotherCase, u.Text) {
		t.c.Slots.CaseNo = ""
		t.serve(t.c.Topic, 1)
		return
	}
	if ofCase && u.Slots.CaseNo == "" && matchesAny(t.k.Acts.NoNumber, u.Text) && t.skip(*q) {
		return
	}
	// Asked for the province, a town abroad is no answer, and tells nothing of a server.
	if q != nil && q.Slot == knowledge.SlotProvince && u.Bare && u.Slots.Province == "" && u.Slots.ServerLocation == knowledge.Overseas && !machineWords.MatchString(u.Text) {
		t.unsure()
		return
	}
	// 它的持有者是我们公司,可以吗: the 是 of a question about something else answers nothing.
	if q != nil && len(u.Asked) > 0 && u.Asked[0] != q.Topic && u.Confidence >= digression && u.Asks {
		asked = ""
	}
	facts, asks := readFacts(t.k, u.Text, asked)
	if l := u.Slots.ServerLocation; l != "" && facts["location"] == "" {
		if facts == nil {
			facts = Facts{}
		}
		facts["location"] = string(l)
	}
	answered := q != nil && t.answers(*q, facts)
	introduced := t.introduces(facts)
	if introduced {
		u.Asked = nil // what was spoken of goes on with it
		if t.c.Topic == "" {
			u.Asked, u.Confidence = []knowledge.Topic{knowledge.NeedFiling}, max(u.Confidence, sureEnough)
		}
		t.u = u
	}
	before := t.c.Slots
	t.deny()
	if t.adds() {
		u.Asked = nil // what was spoken of goes on with it: we're a registered company in Jinan
		t.u = u
	}
	if q == nil && len(u.Asked) == 1 && u.Asked[0] == knowledge.OutOfScope && (u.Asks || t.e.u.wishes(u.Text) || u.Confidence >= ownSure) && !sameOf.MatchString(u.Text) {
		u.Slots = Slots{Domain: u.Slots.Domain, Domains: u.Slots.Domains, CaseNo: u.Slots.CaseNo} // a company to be founded is no subject of a filing
		t.u = u
	}
	if t.cardElsewhere() {
		u.Slots.Province, t.u.Slots.Province = before.Province, before.Province
	}
	moved := (u.Slots.FilingType == "" || u.told) && (u.Correction || matchesAny(t.k.Acts.Suppose, u.Text))
	if moved {
		added := addedTo(before.FilingType, facts["access_here"])
		moved = added != ""
		u.Slots.FilingType = cmp.Or(added, u.Slots.FilingType)
		t.u = u
	}
	t.c.Slots.merge(u.Slots)
	t.cardFrom(before.Province, facts)
	if u.rival != "" {
		t.between = []knowledge.ProvinceID{u.Slots.Province, u.rival}
		t.c.Slots.Province = ""
	}
	moves := t.c.Topic == knowledge.NeedFiling && sameOf.MatchString(u.Text) && facts["location"] != "" && facts["location"] != t.c.Facts["location"] // 那以后搬到杭州的机房呢
	changed := moves || !sameSlots(before, t.c.Slots)
	wishes := slices.Clone(u.Asked)
	if u.Slots.CaseNo != "" && len(wishes) == 1 && (socialTopic(wishes[0]) || wishes[0] == knowledge.OutOfScope || wishes[0] == knowledge.PreApproval || wishes[0] == knowledge.ProvinceRules) {
		wishes = nil // 找到了 BA20261101006
	}
	if moved && slices.Contains(slotTopics, t.c.Topic) {
		wishes = nil
	} else if u.Bare {
		wishes = nil
		if t.c.Topic == "" && q == nil && len(u.Scores) > 0 {
			top := u.Scores[0]
			switch {
			case (top.Topic == knowledge.OutOfScope || top.Topic == knowledge.Human) && u.Proof == "":
				wishes = []knowledge.Topic{knowledge.NeedFiling} // who or where somebody is, and nothing else, is where the walk begins
			case top.P >= 0.5:
				wishes = []knowledge.Topic{top.Topic} // nothing to go on from: what the words resemble
			}
		}
	}
	if u.Subject() != "" {
		t.c.Subject = u.Subject()
	}
	if t.aboutSite(wishes) || t.notChecked(wishes) {
		return
	}
	if t.namesHolder(wishes) {
		t.c.Question = nil
		t.serve(knowledge.DomainRulesTopic, 1)
		return
	}
	// In the middle of the walk, a message that states facts and asks nothing goes on with it, whatever its words resemble.
	if t.c.Topic == knowledge.NeedFiling && q == nil && len(facts) > 0 && !u.Asks && len(wishes) > 0 && !slices.Contains(wishes, knowledge.NeedFiling) && wishes[0] != knowledge.Goodbye {
		wishes = nil
	}
	if t.describesSite(wishes, facts, asks) {
		wishes = []knowledge.Topic{knowledge.NeedFiling}
		u.Confidence = max(u.Confidence, sureEnough)
	}
	if t.factsMatter(wishes) {
		t.remember(facts)
		t.slotOfFact("location", facts["location"])
		if q == nil && slices.Contains(wishes, knowledge.NeedFiling) {
			t.weigh(facts)
		}
	}

	switch {
	case answered:
		topic, other := q.Topic, q.Fact != "" && facts[q.Fact] == "" && len(facts) > 0
		t.c.Question = nil
		served := slices.DeleteFunc(wishes, func(w knowledge.Topic) bool {
			return w != topic && (u.Confidence < digression || !u.Asks && !t.intends() || socialTopic(w) || w == knowledge.OutOfScope)
		})
		if !slices.Contains(served, topic) { // what is asked comes before what the answer leads to
			served = append(served, topic)
		}
		for _, w := range served {
			at := len(t.parts)
			t.serve(w, 1)
			if again := t.c.Question; w == topic && other && again != nil && again.Fact == q.Fact { // it told something else: that was heard
				t.parts = slices.Insert(t.parts, at, part{text: t.say(t.s().Noted)})
			}
		}
		return
	case t.trying(wishes, changed), t.restates(wishes, before), len(wishes) == 0 && (changed || !u.Slots.IsZero() || len(facts) > 0) || u.Correction && changed && t.c.Topic != "" && !u.Asks:
		if topic := t.elliptic(facts); topic != "" {
			if moves {
				t.remember(facts)
				t.slotOfFact("location", facts["location"])
			}
			if q != nil && q.Topic != topic {
				t.aside()
			}
			t.c.Question = nil
			t.serve(topic, max(u.Confidence, 0.8))
			return
		}
	}
	if topic := t.sameThing(wishes); topic != "" {
		t.c.Question = nil
		t.serve(topic, max(u.Confidence, 0.8))
		return
	}
	// Words that state several facts of a site tell the wish by themselves, however it was put.
	if len(wishes) > 0 && u.Confidence < sureEnough && (wishes[0] == knowledge.NeedFiling && (asks || len(facts) > 0) || len(facts) >= 4) {
		wishes, u.Confidence = []knowledge.Topic{knowledge.NeedFiling}, sureEnough
		t.remember(facts)
	}
	// A word or two that are nobody's business ("随便") are no answer to an open question; what asks something is a digression.
	idle := q != nil && len(wishes) > 0 && wishes[0] == knowledge.OutOfScope && len(u.Text) <= fewWords && !u.Asks
	if idle || len(wishes) == 0 || u.Confidence < sureEnough || q != nil && u.Confidence < digression && !slices.Contains(wishes, q.Topic) {
		t.unsure()
		return
	}
	if q != nil && !slices.Contains(wishes, q.Topic) {
		t.aside()
	} else {
		t.c.Question = nil
	}
	for i, w := range wishes {
		if i == 3 {
			break
		}
		t.serve(w, u.Confidence)
	}
	if q := t.c.Question; q != nil && introduced {
		q.Soft = true // nobody asked for the walk: it gives way to what is asked next
	}
}

// answers reports whether the message answers the open question.
func (t *turn) answers(q Question, facts Facts) bool {
	s := t.u.Slots
	switch {
	case len(facts) == 0 && t.namesToCheck(q):
		return false
	case q.Fact != "" && (facts[q.Fact] != "" || q.Topic == knowledge.NeedFiling && len(facts) > 0 && (t.u.Bare || len(t.u.Asked) == 0 || t.u.Confidence < digression || t.u.Asked[0] == knowledge.NeedFiling)):
		return true
	case q.Topic == knowledge.NeedFiling && (t.u.Bare && !s.IsZero() || len(facts) > 0 && !t.u.Asks):
		return true
	}
	switch q.Slot {
	case knowledge.SlotProvince:
		return s.Province != ""
	case knowledge.SlotFilingType:
		return s.FilingType != ""
	case knowledge.SlotSubjectType:
		return s.SubjectType != ""
	case knowledge.SlotServerLocation:
		return s.ServerLocation != ""
	case knowledge.SlotDomain:
		return s.Domain != ""
	case knowledge.SlotCaseNo:
		return s.CaseNo != ""
	case slotSubjectName:
		return t.u.Subject() != ""
	}
	return false
}

// subjectAnswered is the subject type that an answer to the question for it means in other words than the type's own.
func (t *turn) subjectAnswered(text string) knowledge.SubjectTypeID {
	for _, id := range knowledge.SubjectTypes {
		if s := t.k.SubjectTypes[id]; s != nil && matchesAny(s.Answers, text) {
			return id
		}
	}
	return ""
}

// deny forgets values that the customer ruled out.
func (t *turn) deny() {
	d, s := t.u.Denied, &t.c.Slots
	if d.Province != "" && s.Province == d.Province {
		s.Province = ""
	}
	if d.FilingType != "" && s.FilingType == d.FilingType {
		s.FilingType = ""
	}
	if d.SubjectType != "" && s.SubjectType == d.SubjectType {
		s.SubjectType = ""
	}
	if d.ServerLocation != "" && s.ServerLocation == d.ServerLocation {
		s.ServerLocation = ""
	}
}

// factTopics are the topics whose answers rest on facts beyond the slots.
var factTopics = []knowledge.Topic{knowledge.NeedFiling, knowledge.FilingTypeTopic, knowledge.Documents, knowledge.AppFiling, knowledge.CommercialLicence}

// factsMatter keeps words of an unrelated question ("备案号在哪查") from becoming facts about the customer's site.
func (t *turn) factsMatter(wishes []knowledge.Topic) bool {
	if len(wishes) == 0 {
		return true
	}
	for _, w := range wishes {
		if slices.Contains(factTopics, w) {
			return true
		}
	}
	return t.c.Question != nil && t.c.Question.Fact != ""
}

func (t *turn) remember(f Facts) {
	t.c.Facts = Remember(t.k, t.c.Facts, f)
}

// aboutSites are the topics that the description of a site resembles by its words alone, without asking about them.
var aboutSites = []knowledge.Topic{knowledge.FilingTypeTopic, knowledge.ProvinceRules, knowledge.DomainRulesTopic, knowledge.WebsiteName, knowledge.CommercialLicence,
	knowledge.PreApproval, knowledge.AppFiling, knowledge.Change, knowledge.CancelFiling, knowledge.AfterFiling, knowledge.OutOfScope, knowledge.Unsolved, knowledge.Process, knowledge.Fees, knowledge.Documents, knowledge.Duration, knowledge.PublicSecurity, knowledge.Rejection}

// introSure is how likely a message that tells who somebody is may be out of scope and still be taken for that.
const introSure = 0.95

// introduces reports whether a message only tells who somebody is or what site they mean to have (我们是做外贸箱包的公司,义乌的): that is where a walk begins or goes on,
// however little the line of business has to do with filing, and however much its place resembles a question about the province.
func (t *turn) introduces(facts Facts) bool {
	u := t.u
	if t.c.Question != nil || len(u.Asked) != 1 || u.Asks || !matchesAny(t.k.Acts.Introduce, u.Text) {
		return false
	}
	switch w := u.Asked[0]; w {
	case knowledge.OutOfScope:
		return u.Confidence < introSure
	case knowledge.PreApproval:
		return facts["approval"] == ""
	case knowledge.ProvinceRules, knowledge.Documents:
		return !matchesAny(t.k.Asking.Aspects[w], u.Text)
	}
	return false
}

// ownSure is how likely another topic must be for the description of a site beside it to be no more than its story.
const ownSure = 0.98

// describesSite reports whether a message that resembles another topic describes a site and asks whether to file it, or tries or mends a
// circumstance of the site that was judged before.
func (t *turn) describesSite(wishes []knowledge.Topic, facts Facts, asks bool) bool {
	if len(wishes) == 0 || !slices.Contains(aboutSites, wishes[0]) || slices.Contains(wishes, knowledge.NeedFiling) || matchesAny(t.k.Asking.WhichKind, t.u.Text) ||
		matchesAny(t.k.Asking.Aspects[wishes[0]], t.u.Text) {
		return false
	}
	if asks && (t.u.Confidence < ownSure || t.e.u.partAsks(t.u.Text, knowledge.NeedFiling)) && wishes[0] != knowledge.Process && (facts.weight() >= 2 || facts.grave()) || asks && wishes[0] == knowledge.OutOfScope && t.u.Confidence < digression && len(facts) > 0 {
		return true
	}
	return t.c.Topic == knowledge.NeedFiling && (t.u.Correction && facts.weight() >= 1 || len(facts) > 0 && matchesAny(t.k.Acts.Suppose, t.u.Text))
}

func matchesAny(list []knowledge.Pattern, text string) bool {
	return slices.ContainsFunc(list, func(p knowledge.Pattern) bool { return p.Match(text) })
}

func socialTopic(w knowledge.Topic) bool {
	switch w {
	case knowledge.Greeting, knowledge.Thanks, knowledge.Goodbye, knowledge.Solved:
		return true
	}
	return false
}

// serve answers one topic.
func (t *turn) serve(topic knowledge.Topic, confidence float64) {
	if len(t.topics) == 0 {
		t.conf = confidence
	}
	if !slices.Contains(t.topics, topic) {
		t.topics = append(t.topics, topic)
	}
	if topic != knowledge.OutOfScope {
		t.c.Lost = 0
	}
	if ft := ownType[topic]; ft != "" && t.c.Slots.FilingType == "" {
		t.c.Slots.FilingType = ft
	}
	switch topic {
	case knowledge.NeedFiling:
		t.needFiling()
	case knowledge.FilingTypeTopic:
		t.filingType()
	case knowledge.Documents:
		t.documents()
	case knowledge.ProvinceRules:
		t.provinceRules()
	case knowledge.DomainCheck:
		t.domainCheck()
	case knowledge.DomainRulesTopic:
		t.domainRules()
	case knowledge.CaseStatus, knowledge.Notify:
		t.caseStatus(topic)
	case knowledge.Restart:
		t.restart()
	case knowledge.Human:
		t.person(part{})
	case knowledge.Unsolved:
		t.unsolved()
	case knowledge.Greeting:
		t.answer(topic)
		t.parts[len(t.parts)-1].options = t.mainMenu()
	case knowledge.OutOfScope:
		t.outOfScope()
	default:
		t.answer(topic)
	}
	if !socialTopic(topic) && topic != knowledge.Unsolved && topic != knowledge.OutOfScope && topic != knowledge.Human {
		t.c.Topic = topic
	}
}

// once takes a message that says its words twice (国内的国内的) as saying them once.
func once(text string) string {
	runes := []rune(text)
	if half := len(runes) / 2; half > 1 && len(runes) == 2*half && slices.Equal(runes[:half], runes[half:]) && slices.ContainsFunc(runes, isHan) {
		return string(runes[:half])
	}
	return text
}

// clean takes control characters and the excess out of what came in, and reports whether something was cut.
func clean(s string) (string, bool) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	long := false
	n := 0
	var b strings.Builder
	for _, r := range s {
		if n++; n > maxMessage {
			long = true
			break
		}
		switch {
		case r == '\n': // at the end of a line a customer goes on to something else
			b.WriteByte('\n')
		case r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.IsControl(r) || r == '\ufeff' || r >= '\u202a' && r <= '\u202e':
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String()), long
}

var ofOurs = regexp.MustCompile(`我|咱|\b(?:we|we're|our|i'm|my)\b`)

// adds reports whether a message in the middle of a matter only says who the customer is, or where, and resembles nothing else that is known.
func (t *turn) adds() bool {
	u := t.u
	said := u.Slots.SubjectType != "" || (u.Slots.Province != "" || u.Slots.ServerLocation != "") && ofOurs.MatchString(u.Text)
	return said && t.c.Topic != "" && !socialTopic(t.c.Topic) && t.c.Topic != knowledge.OutOfScope && len(u.Asked) == 1 && u.Asked[0] == knowledge.OutOfScope && !u.Asks && !t.e.u.wishes(u.Text)
}
