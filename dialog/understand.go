package dialog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"beianbot/knowledge"
)

// Understander reads messages. It is immutable after NewUnderstander and may be used from many goroutines.
type Understander struct {
	k        *knowledge.Knowledge
	slips    *strings.Replacer
	mender   *mender
	spelling *spelling
	words    *lexicon
	model    *classifier // of topics
	second   *secondReader
	examples map[string]int // example phrases, see bareWords: place of their topic, or -1
	cues     []cue
	acts     []actWords
	fix      []knowledge.Pattern
	excuses  []knowledge.Pattern
	places   *gazetteer
	filings  []typed[knowledge.FilingTypeID]
	subjects []typed[knowledge.SubjectTypeID]
	cases    *CaseNumbers
}

// NewUnderstander trains the understanding from the example phrases of the knowledge.
func NewUnderstander(k *knowledge.Knowledge, settings ...Setting) *Understander {
	names := placeNames(k)
	u := &Understander{k: k, slips: slipReplacer(k.Slips), acts: newActs(k.Acts), fix: k.Acts.Correction, excuses: k.Acts.Excuse, cases: newSettings(settings).cases}
	var wg sync.WaitGroup // each takes some milliseconds
	wg.Go(func() { u.places = newGazetteer(k, names) })
	u.words, u.spelling = newLexicon(k, names), newSpelling(k)
	wg.Wait()
	for _, id := range knowledge.FilingTypes {
		if t := k.FilingTypes[id]; t != nil {
			u.filings = append(u.filings, typeWords(id, t.Words))
		}
	}
	for _, id := range knowledge.SubjectTypes {
		if t := k.SubjectTypes[id]; t != nil {
			u.subjects = append(u.subjects, typeWords(id, t.Words))
		}
	}
	u.cues = u.newCues(k.Cues)
	u.learn(k)
	return u
}

func hasASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] > ' ' && s[i] < 0x80 {
			return true
		}
	}
	return false
}

var domainLike = regexp.MustCompile(`(?:https?://)?(?:[a-z0-9-]+\.)+(?:[a-z]{2,24})(?:[:/][^\s\p{Han},]*)?`)

// maskText masks domains and case numbers of an example phrase; cheaper than reading them in full.
func maskText(text string, cases *CaseNumbers) string {
	if strings.ContainsAny(text, "0123456789") {
		text = cases.mask(text)
	}
	if !strings.ContainsRune(text, '.') {
		return text
	}
	return domainLike.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasPrefix(s, ".") || !strings.ContainsRune(s[1:], '.') {
			return s
		}
		return string(maskDomain)
	})
}

func (u *Understander) features(masked string, buf []feature) []feature {
	return extract([]rune(masked), u.words.segment(masked), buf)
}

// Understand reads one message by itself.
func (u *Understander) Understand(raw string) Understanding {
	found := FindDomains(raw)
	out := Understanding{}
	text, masked, cases, latin := u.prepare(raw, found)
	out.Text, out.masked = text, masked
	if len(cases) > 0 {
		out.Slots.CaseNo = tidyCaseNo(cases[0])
	}
	out.Lang, out.LangWeak = language(masked, latin)
	named := u.sites(&out, masked, found)
	out.Ordinal = ordinal(text)
	out.Proof = proof(masked)
	var room [mostFeatures]feature
	r := u.read(masked, room[:0])
	u.slots(&out, r)
	if latin && out.Bare && out.Slots.Province != "" {
		out.Lang = "" // Zhejiang is Zhejiang in English too
	}
	if out.Lang == knowledge.ZH && out.Bare && !strings.ContainsAny(masked, bareRunes) {
		out.LangWeak = true // 广东, 公司: a name that an English speaker may have copied
	}
	for _, p := range u.fix {
		if p.Match(text) {
			out.Correction = true
			break
		}
	}
	out.subject = subjectOf(raw, text)
	out.Pronoun = pronouns.MatchString(text)
	out.Asks = strings.ContainsAny(text, "?呢") || u.interrogative(text)
	out.Act = u.act(text)
	u.topics(&out, r)
	if out.Site != nil && len(out.Found) == 0 && out.Confidence < 0.9 && slices.Contains(out.Asked, knowledge.DomainCheck) {
		u.topics(&out, u.read(named, room[:0])) // no name to check, and hardly asked to: what the rest of the words ask
	}
	return out
}

// What stands around the name in a web address: it says nothing of what is asked ("https" would look like a question about certificates).
var (
	scheme      = regexp.MustCompile(`(?i)(?:https?|ftp)[:：][/／]{1,2}$`)
	addressRest = regexp.MustCompile(`^(?:[:：][0-9]{1,5})?(?:[/?#][!-~]*)?`)
)

// lineEnds are the ends of lines, at which a customer goes on to something else; not between digits, as of a number and its proof.
var lineEnds = regexp.MustCompile(`([^\s\d])[ \t]*\r?\n\s*([^\s\d])`)

// prepare normalises and mends a message around the domains and case numbers in it. text has them as they were typed, masked a mark in the place of each. latin
// says that it was typed in pinyin.
func (u *Understander) prepare(raw string, found []FoundDomain) (text, masked string, cases []string, latin bool) {
	cases, masked = u.cases.take(fold(lineEnds.ReplaceAllString(maskDomains(raw, found), "$1; $2")))
	masked, latin = u.mend(masked)
	text = masked
	for _, no := range cases {
		text = strings.Replace(text, string(maskCase), no, 1)
	}
	for _, d := range found {
		text = strings.Replace(text, string(maskDomain), fold(raw[d.Start:d.End]), 1)
	}
	return text, masked, cases, latin
}

// maskDomains puts a mark in the place of every domain found, with its address around it.
func maskDomains(raw string, found []FoundDomain) string {
	if len(found) == 0 {
		return raw
	}
	var b strings.Builder
	at := 0
	for i, d := range found {
		if d.Start < at || d.End > len(raw) {
			continue
		}
		b.WriteString(scheme.ReplaceAllString(raw[at:d.Start], ""))
		b.WriteRune(maskDomain)
		at = d.End
		rest := raw[at:]
		if i+1 < len(found) && found[i+1].Start > at {
			rest = raw[at:found[i+1].Start]
		}
		at += len(addressRest.FindString(rest))
	}
	b.WriteString(raw[at:])
	return b.String()
}

func (u *Understander) mend(s string) (string, bool) {
	s, latin := u.mender.latin(s)
	if !latin && !strings.ContainsFunc(s, isHan) {
		s = u.spelling.mend(s)
	}
	return u.mender.mend(u.slips.Replace(s), u.places), latin
}

// sites sorts the names of a message into a customer's own and those of known sites. It gives the message with the words for a site in the place of its mark.
func (u *Understander) sites(out *Understanding, masked string, found []FoundDomain) string {
	if len(found) == 0 {
		return masked
	}
	parts := strings.Split(masked, string(maskDomain))
	if len(parts) != len(found)+1 { // the mark itself was typed
		out.Found = found
		return masked
	}
	var b strings.Builder
	for i, d := range found {
		b.WriteString(parts[i])
		if site := u.k.Site(d.Host); site != nil {
			out.Site = cmp.Or(out.Site, site)
			b.WriteString(site.Words)
		} else {
			out.Found = append(out.Found, d)
			b.WriteRune(maskDomain)
		}
	}
	b.WriteString(parts[len(found)])
	out.SiteAlone = out.Site != nil && len(out.Found) == 0 && bareWords(strings.Join(parts, "")) == ""
	return b.String()
}

// reading is a masked text with what the models look at.
type reading struct {
	masked   string
	units    []unit
	features []feature
}

// mostFeatures is the room for the features of a message; longer ones take more.
const mostFeatures = 600

// read looks at a masked text, with room for its features.
func (u *Understander) read(masked string, room []feature) reading {
	units := u.words.segment(masked)
	return reading{masked, units, extract([]rune(masked), units, room)}
}

// slots reads the slots of a masked text, and whether anything is left beside them.
func (u *Understander) slots(out *Understanding, r reading) {
	masked := r.masked
	runes := []rune(masked)
	var spans []span
	p := u.places.read(runes, u.second.places)
	out.Slots.Province, out.Denied.Province, out.rival = p.province, p.denied, p.rival
	out.card, out.notCard = p.card, p.notCard
	out.Slots.ServerLocation, out.Denied.ServerLocation = p.server, p.deniedServer
	spans = append(spans, p.spans...)
	var at []span
	out.Slots.FilingType, out.Denied.FilingType, at = filingType(masked, u.filings)
	spans = append(spans, inRunes(masked, at)...)
	if len(runes) >= shortestStory {
		named := out.Slots.FilingType
		if id := u.second.story(r.features, named); id == "" || id != out.Denied.FilingType {
			out.Slots.FilingType = id
		}
		out.told = out.Slots.FilingType != named && out.Slots.FilingType != ""
	}
	out.Slots.SubjectType, out.Denied.SubjectType, at = subjectType(masked, u.subjects, u.second.subjects)
	spans = append(spans, inRunes(masked, at)...)
	for i, d := range out.Found {
		if i == 0 {
			out.Slots.Domain = d.Host
		}
		if len(out.Found) > 1 {
			out.Slots.Domains = append(out.Slots.Domains, d.Host)
		}
	}
	out.Bare = (!out.Slots.IsZero() || !out.Denied.IsZero() || out.Proof != "") && u.nothingLeft(runes, spans)
}

// inRunes turns byte ranges into rune ranges.
func inRunes(s string, bytes []span) []span {
	var out []span
	for _, b := range bytes {
		out = append(out, span{len([]rune(s[:b.start])), len([]rune(s[:b.end]))})
	}
	return out
}

const bareRunes = "那呢吗嘛啊吧呀哦么的是我在们就了嗯要放换改对不人省市有个和或还去选哈做办来给用从到"

// nothingLeft reports whether a message is no more than slots, particles and punctuation.
func (u *Understander) nothingLeft(runes []rune, spans []span) bool {
	rest := make([]rune, 0, len(runes))
	for i, r := range runes {
		taken := r >= 0xe000 && r <= 0xe003
		for _, s := range spans {
			if i >= s.start && i < s.end {
				taken = true
			}
		}
		if !taken {
			rest = append(rest, r)
		} else if len(rest) > 0 && rest[len(rest)-1] != ' ' {
			rest = append(rest, ' ')
		}
	}
	if len(rest) > 30 {
		return false
	}
	var b strings.Builder
	for _, word := range strings.Fields(string(rest)) {
		if !bareEnglish(word) {
			b.WriteString(word)
		}
	}
	left := bareChinese.ReplaceAllString(b.String(), "")
	for _, r := range left {
		if unicode.IsLetter(r) && !strings.ContainsRune(bareRunes, r) {
			return false
		}
	}
	return true
}

var bareChinese = regexp.MustCompile(`换成|换到|改成|改为|如果|要是|应该|说错了|搞错了|弄错了|打错了|服务器|域名|网站|主体|类型|名义|后四位|尾号|手机号?|身份证|编号|案号|单号|订单|备案|的话`)

var bareEnglishWords = strings.Fields("what about how if move moved moving put host hosted place there instead would happens and i am i'm it's it is its we are we're a an the in for from then actually no not sorry mean meant server site domain case number my last four digits filing one please on with ok oh well but also same too to")

func bareEnglish(w string) bool { return slices.Contains(bareEnglishWords, strings.Trim(w, ",.!?;:")) }

// topics decides what the message is about.
func (u *Understander) topics(out *Understanding, r reading) {
	masked := r.masked
	out.Scores = u.scored(r)
	if a, b := out.Scores[0], out.Scores[1]; a.Topic == knowledge.OutOfScope && a.P < ownSure && b.P > halfAsLikely*a.P && matchesAny(u.k.Asking.OfAnything[b.Topic], masked) {
		out.Scores[0], out.Scores[1] = TopicScore{b.Topic, a.P}, TopicScore{a.Topic, b.P} // 这种要什么材料: what is asked of anything, is asked of a filing
	}
	out.Confidence = out.Scores[0].P
	out.Asked = []knowledge.Topic{out.Scores[0].Topic}
	if asked, about := u.several(masked, out.Scores[0]); len(asked) > 0 {
		out.Asked, out.about = asked, about
		out.Confidence = max(share(out.Scores, asked[0]), sure) // its part is at least so sure, whatever the whole resembles
	}
	if len(masked) <= shortTry && u.farewell(masked) {
		out.Asked, out.Confidence = []knowledge.Topic{knowledge.Goodbye}, max(out.Confidence, sure) // 搞定 拜
	}
	if !strings.ContainsFunc(masked, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsNumber(r) || r >= maskDomain && r <= maskNumber
	}) {
		out.Asked, out.Confidence = nil, 0 // an emoji, a question mark
	}
	if out.Bare || out.Act != NoAct && !socialTopic(out.Asked[0]) || out.Ordinal != 0 {
		out.Asked = nil
	}
}

// farewell reports whether a message ends in one, and asks nothing.
func (u *Understander) farewell(masked string) bool {
	masked = strings.TrimRight(masked, particle)
	return slices.ContainsFunc(u.k.Acts.Farewell, func(p knowledge.Pattern) bool {
		_, end, ok := p.Find(masked)
		return ok && end == len(masked)
	}) && !u.interrogative(masked)
}

// halfAsLikely is how likely, of out of scope, a topic must be whose words a message has.
const halfAsLikely = 0.5

// outOfScopeAt is the place of out_of_scope among the topics.
var outOfScopeAt = slices.Index(knowledge.Topics, knowledge.OutOfScope)

// Log odds: for the topic of an example phrase that a message repeats, so that a phrase added to the files counts at once; and for out_of_scope
// always, as the world is wider than its example phrases, and when no word of a message is known.
const (
	sameWeight    = 3
	outsideWeight = 1.5
	strangeWeight = 4
)

// bareWords are the letters and digits of a text.
func bareWords(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || r >= maskDomain && r <= maskNumber {
			return r
		}
		return -1
	}, text)
}

// score gives every topic with its probability, the likeliest first.
func (u *Understander) score(masked string) []TopicScore {
	var room [mostFeatures]feature
	return u.scored(u.read(masked, room[:0]))
}

func (u *Understander) scored(r reading) []TopicScore {
	var room [mostKinds]float32
	logits := room[:u.model.n]
	u.model.logits(r.features, logits)
	logits[outOfScopeAt] += outsideWeight
	if at, ok := u.examples[bareWords(r.masked)]; ok && at >= 0 {
		logits[at] += sameWeight
	} else if u.model.strange(r.features) {
		logits[outOfScopeAt] += strangeWeight
	}
	u.applyCues(r.masked, r.units, logits)
	return ranked(logits, temperature)
}
