package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"beianbot/knowledge"
)

// Understander reads messages. It is immutable after NewUnderstander.
type Understander struct {
	model *classifier
	words *lexicon
	acts  []actWords
	fix   []knowledge.Pattern
}

type actWords struct {
	act      Act
	patterns []knowledge.Pattern
}

// NewUnderstander trains the understanding from the example phrases of the knowledge.
func NewUnderstander(k *knowledge.Knowledge) *Understander {
	a := k.Acts
	return &Understander{model: train(k.Examples), words: newLexicon(k), fix: a.Correction, acts: []actWords{
		{Cancel, a.Cancel}, {Repeat, a.Repeat}, {Resume, a.Resume}, {WhatCanDo, a.WhatCanDo}, {More, a.More}, {Skip, a.Skip}, {DontKnow, a.DontKnow},
		{SpeakZH, a.SpeakZH}, {SpeakEN, a.SpeakEN}, {No, a.No}, {Yes, a.Yes}}}
}

// Understand reads one message by itself.
func (u *Understander) Understand(raw string) Understanding {
	text := Normalise(raw)
	out := Understanding{Lang: language(raw), Text: text, Ordinal: ordinal(text), Proof: proof(text)}
	var spans []span
	out.Slots, out.Denied, spans = u.words.read(text)
	out.Found = FindDomains(raw)
	for i, d := range out.Found {
		if i == 0 {
			out.Slots.Domain = d.Host
		}
	}
	if len(out.Found) > 1 {
		for _, d := range out.Found {
			out.Slots.Domains = append(out.Slots.Domains, d.Host)
		}
	}
	for _, p := range u.fix {
		if p.Match(text) {
			out.Correction = true
		}
	}
	rest := remainder(raw, text, spans, out.Found, out.Slots.CaseNo)
	out.Bare = rest == "" && (!out.Slots.IsZero() || !out.Denied.IsZero() || out.Proof != "")
	out.Act = u.act(text)
	out.Pronoun = strings.Contains(text, "它") || strings.HasPrefix(text, "那")
	if strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		out.Scores = []TopicScore{{Topic: knowledge.OutOfScope}} // emoji and punctuation say nothing
		return out
	}
	out.Scores = u.model.classify(mask(text))
	if len(out.Scores) > 0 {
		out.Confidence = out.Scores[0].P
		out.Asked = []knowledge.Topic{out.Scores[0].Topic}
	}
	if asked := u.several(text); len(asked) > 1 {
		out.Asked = asked
	}
	if out.Bare || out.Ordinal != 0 && len([]rune(text)) <= 6 {
		out.Asked = nil
	}
	switch {
	case out.Bare && len(out.Found) > 0:
		out.Asked, out.Confidence = []knowledge.Topic{knowledge.DomainCheck}, 0.9
		out.Bare = true
	}
	return out
}

// Subject is the name of the filing subject that the customer gives, for comparing with a domain's holder; "" when none.
func (u Understanding) Subject() string {
	if m := subjectName.FindStringSubmatch(u.Text); m != nil {
		return m[1]
	}
	return ""
}

var subjectName = regexp.MustCompile(`(?:公司叫|公司名称?是|公司全称是?|主体是|主体叫|单位是|单位叫|holder is |company is called )\s*([\p{Han}()（）a-z0-9 .&]{4,40}(?:公司|协会|中心|事务所|学校|ltd\.?|inc\.?|llc))`)

// several splits a message at joints and gives the topics of its parts, where each part carries a sure topic of its own.
func (u *Understander) several(text string) []knowledge.Topic {
	parts := joints.Split(text, -1)
	if len(parts) < 2 {
		return nil
	}
	var out []knowledge.Topic
	for _, p := range parts {
		if len([]rune(p)) < 4 {
			continue
		}
		s := u.model.classify(mask(p))[0]
		if s.P >= 0.75 && s.Topic != knowledge.OutOfScope && !socialTopic(s.Topic) && !slices.Contains(out, s.Topic) {
			out = append(out, s.Topic)
		}
	}
	return out
}

var joints = regexp.MustCompile(`[?!;;。]|,?(?:顺便|另外|还有|还想|以及|同时还|再问)|,? (?:and also|and|also|plus) `)

func (u *Understander) act(text string) Act {
	trimmed := strings.TrimRight(strings.TrimSpace(text), " 。.!?~,啊吧呀哦呢了吗嘛")
	for _, a := range u.acts {
		for _, p := range a.patterns {
			s, e, ok := p.Find(text)
			if !ok {
				continue
			}
			left := len([]rune(trimmed)) - len([]rune(text[s:e]))
			limit := 3
			if a.act == Yes || a.act == No {
				limit = 0
			}
			if left <= limit {
				return a.act
			}
		}
	}
	return NoAct
}

// mask replaces what differs from customer to customer by what it is, so that the topic does not depend on it.
func mask(text string) string {
	text = maskCase.ReplaceAllString(text, " <case> ")
	text = maskDomain.ReplaceAllString(text, " <domain> ")
	return text
}

var (
	maskCase   = regexp.MustCompile(`[a-z]{2}-?\d{4}-?\d{3,10}`)
	maskDomain = regexp.MustCompile(`(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[:/][^\s\p{Han}]*)?`)
)

var particles = strings.NewReplacer("那", "", "呢", "", "吗", "", "的", "", "是", "", "我", "", "在", "", "们", "", "就", "", "嘛", "", "啊", "", "吧", "", "了", "", "换成", "", "换", "", "改成", "", "如果", "", "要", "", "不对", "", "不", "", "应该", "", "放", "",
	"备案", "", "what about", "", "how about", "", "and", "", "i am", "", "i'm", "", "it's", "", "it is", "", "a ", "", "an ", "", "the ", "", "in ", "", "for ", "", "from ", "", "服务器", "", "公司", "", "省", "", "市", "", "人", "", "后四位", "", "尾号", "", "编号", "", "订单", "")

// remainder is what is left of a message when slots, particles and punctuation are taken out.
func remainder(raw, text string, spans []span, found []FoundDomain, caseNo string) string {
	b := []byte(text)
	for _, s := range spans {
		for i := s.start; i < s.end && i < len(b); i++ {
			b[i] = ' '
		}
	}
	rest := string(b)
	for _, f := range found {
		if f.End <= len(raw) && f.Start < f.End {
			rest = strings.Replace(rest, Normalise(raw[f.Start:f.End]), " ", 1)
		}
	}
	rest = particles.Replace(rest)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, rest)
}

// language is that of a message: zh when it has Chinese, en when it has at least one English word and no name or number only, "" when it cannot be told.
func language(raw string) knowledge.Lang {
	letters := 0
	for _, r := range raw {
		if unicode.Is(unicode.Han, r) {
			return knowledge.ZH
		}
	}
	text := maskCase.ReplaceAllString(maskDomain.ReplaceAllString(strings.ToLower(raw), " "), " ")
	for _, r := range text {
		if r >= 'a' && r <= 'z' {
			letters++
		}
	}
	if strings.Contains(Normalise(raw), "备案") || strings.Contains(Normalise(raw), "域名") {
		return knowledge.ZH // pinyin
	}
	if letters >= 3 {
		return knowledge.EN
	}
	return ""
}

var ordinals = regexp.MustCompile(`^(?:选|回复|选择|我选|要|option|choose|number|no\.?|the)?\s*(?:第)?([0-9]{1,2}|[一二三四五六七八九十]|[①②③④⑤⑥⑦⑧⑨]|first|second|third|fourth|fifth|最后一|last)(?:个|项|条|种|号|one| option)*[。.!吧)]*$`)

// ordinal is the option that a message names by number: 2, 第二个, ②; −1 for the last; 0 for none.
func ordinal(text string) int {
	m := ordinals.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0
	}
	return number(m[1])
}

func number(s string) int {
	if n := strings.Index("一二三四五六七八九十", s); n >= 0 && s != "" {
		return n/3 + 1
	}
	if n := strings.Index("①②③④⑤⑥⑦⑧⑨", s); n >= 0 && s != "" {
		return n/3 + 1
	}
	switch s {
	case "first":
		return 1
	case "second":
		return 2
	case "third":
		return 3
	case "fourth":
		return 4
	case "fifth":
		return 5
	case "最后一", "last":
		return -1
	}
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

var items = regexp.MustCompile(`第([0-9]{1,2}|[一二三四五六七八九十])(?:个|项|条|种|样)|(?:item|number|no\.?) ?([0-9]{1,2})|the (first|second|third|fourth|fifth) (?:one|item|document)`)

// itemNumber is the entry of a list that a message speaks of (上面第三个在哪下载); 0 when none.
func itemNumber(text string) int {
	m := items.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	return number(m[1] + m[2] + m[3])
}

var proofs = regexp.MustCompile(`(?:^|[^a-z0-9.:/年-])(\d{3}[\dx])(?:$|[^a-z0-9年月.:/元块%-])`)

// proof is what could be the last four of a phone or certificate.
func proof(text string) string {
	text = maskDomain.ReplaceAllString(maskCase.ReplaceAllString(text, " "), " ")
	m := proofs.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.ToUpper(m[1])
}
