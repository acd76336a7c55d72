package dialog

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"beianbot/knowledge"
)

type actWords struct {
	act      Act
	patterns []knowledge.Pattern
}

// newActs puts the acts in the order in which they are looked for: 不用了 is cancel before it is no.
func newActs(a knowledge.Acts) []actWords {
	return []actWords{{Cancel, a.Cancel}, {Simpler, a.Simpler}, {Repeat, a.Repeat}, {Resume, a.Resume}, {WhatCanDo, a.WhatCanDo}, {More, a.More}, {Skip, a.Skip},
		{DontKnow, a.DontKnow}, {SpeakZH, a.SpeakZH}, {SpeakEN, a.SpeakEN}, {No, a.No}, {Yes, a.Yes}}
}

// particle are the characters that may stand beside an act's words without changing it.
const particle = " .。!！?？~,，、;啊吧呀哦呢了吗嘛哈的我你您就先请嗯那这个说再好"

// steers is how a text steers the conversation, as it was typed.
func (u *Understander) steers(raw string) Act {
	text, _, _, _ := u.prepare(raw, nil)
	return u.act(text)
}

// act is how the message steers the conversation: one whose words, with particles and excuses, are all of it.
func (u *Understander) act(text string) Act {
	best, left := NoAct, 2
	if len(text) > longAct {
		return NoAct
	}
	for _, a := range u.acts {
		for _, p := range a.patterns {
			s, e, ok := p.Find(text)
			if !ok {
				continue
			}
			n := beside(text[:s]) + beside(text[e:])
			if n > 1 && a.act != Yes && a.act != No {
				n = beside(without(without(text[:s]+" "+text[e:], u.excuses), a.patterns)) // 算了,不问这个了
			}
			if n < left {
				best, left = a.act, n
			}
		}
	}
	if (best == Yes || best == No) && left > 0 {
		return NoAct
	}
	return best
}

// longAct is how many bytes a message may have that does nothing but steer.
const longAct = 120

// longExcuse is how many bytes may stand beside an act's words before nobody looks whether they are but an excuse.
const longExcuse = 60

// without takes out words that change nothing about the act they stand beside: excuses (没看清, 刚才那个), or the act once more.
func without(s string, list []knowledge.Pattern) string {
	if len(s) > longExcuse {
		return s
	}
	for _, p := range list {
		for from, to, ok := p.Find(s); ok; from, to, ok = p.Find(s) {
			s = s[:from] + " " + s[to:]
		}
	}
	return s
}

var politeEnglish = regexp.MustCompile(`\b(?:please|pls|plz|can you|could you|let's|i|me|that|it|for now|now|the|a|this|question|one|just|to|oh|um|well|i'm|am|about that|thanks|,)\b`)

// beside counts what stands next to an act's words beyond particles.
func beside(s string) int {
	n := 0
	s = politeEnglish.ReplaceAllString(s, "")
	for _, r := range s {
		if !strings.ContainsRune(particle, r) && r != '\'' {
			n++
		}
	}
	return n
}

const numberWords = `[0-9]{1,2}|[一二三四五六七八九十两]|[①②③④⑤⑥⑦⑧⑨⑩]|[❶❷❸❹❺]|1st|2nd|3rd|first|second|third|fourth|fifth|sixth|last|最后一|最末一|倒数第一|one|two|three|four|five|six`

// softened stands before or behind a number that is not said firmly: 应该是2吧, "#2 I guess".
const softened = `(?:(?:嗯|呃|那就|那|就|应该|大概|可能|好像|估计|我觉得|我猜|是|well|um+|uh+|ok|okay|hmm|then|maybe|probably|it's|that's|it is|that is|i think|i guess|i suppose|i'd say|i'll go with|i'll go for|go with|let's go with|let's say)[ ,]*)*`

var ordinals = regexp.MustCompile(`^` + softened + `(?:(?:我)?(?:就)?(?:选|选择|回复|要|点|按)?|(?:i )?(?:choose|pick|take|want|option|number|no\.?|answer)?)\s*(?:选项|option|number|no\.?|#)?\s*(?:the )?第?\s*(` + numberWords + `)\s*(?:个|项|条|种|号|选项|option|one|choice)*\s*(?:吧|啊|呀|哦|哈|咯|那个|那项|那条|please|pls|thanks)?[, ]*` + softened + `[.!。,)）、]*$`)

// ordinal is the option that a message names by number: 2, 第二个, ②; −1 for the last; 0 for none.
func ordinal(text string) int {
	m := ordinals.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0
	}
	if n := number(m[1]); n <= mostOptions {
		return n
	}
	return 0
}

// mostOptions is more than any menu has: 88 is no option, but 拜拜.
const mostOptions = 20

var numbers = map[string]int{"first": 1, "1st": 1, "one": 1, "second": 2, "2nd": 2, "two": 2, "两": 2, "third": 3, "3rd": 3, "three": 3, "fourth": 4, "four": 4, "fifth": 5,
	"five": 5, "sixth": 6, "six": 6, "last": -1, "最后一": -1, "最末一": -1, "倒数第一": -1}

func number(s string) int {
	if s == "" {
		return 0
	}
	if n, ok := numbers[s]; ok {
		return n
	}
	for _, row := range []string{"一二三四五六七八九十", "①②③④⑤⑥⑦⑧⑨⑩", "❶❷❸❹❺"} {
		if i := strings.Index(row, s); i >= 0 {
			return utf8.RuneCountInString(row[:i]) + 1
		}
	}
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

var items = regexp.MustCompile(`第\s?([0-9]{1,2}|[一二三四五六七八九十])\s?(?:个|项|条|种|样|份|张)|(?:item|number|no\.?|#) ?([0-9]{1,2})\b|the (1st|2nd|3rd|first|second|third|fourth|fifth|sixth|last) (?:one|item|document|paper|form|thing)|(最后一)(?:个|项|条|样|份|张)`)

// itemNumber is the entry of a list that a message speaks of (上面第三个在哪下载); −1 for the last, 0 when none.
func itemNumber(text string) int {
	for _, m := range items.FindAllStringSubmatchIndex(text, -1) {
		// 第一次, 第一个网站 and the like count no list.
		if rest := text[m[1]:]; strings.HasPrefix(rest, "网站") || strings.HasPrefix(rest, "域名") || strings.HasPrefix(rest, "站") || strings.HasPrefix(rest, "app") || strings.HasPrefix(rest, "月") {
			continue
		}
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				return number(text[m[i]:m[i+1]])
			}
		}
	}
	return 0
}

var (
	proofNamed = regexp.MustCompile(`(?:(?:尾号|后四位|后4位|末四位|末4位|最后四位|后四码)\D{0,8}?|(?:last (?:four|4)(?: digits)?|ending(?: in| with)?|ends (?:in|with))\D{0,30}?)([0-9]{3}[0-9x])(?:[^0-9a-z]|$)`)
	proofApart = regexp.MustCompile(`(?:^|[^0-9a-z.:/\-])([0-9]{3}[0-9x])(?:$|[^0-9a-z年月日号块元万.:/%\-])`)
	proofWhole = regexp.MustCompile(`(?:^|[^0-9a-z.])(?:(?:\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?|[1-9][0-9]{13}|[1-9][0-9]{5} ?[0-9]{8} ?)([0-9]{3}[0-9x])(?:$|[^0-9a-z])`)
	yearLike   = regexp.MustCompile(`^(?:19|20)[0-9]{2}$`)
	spokenFour = regexp.MustCompile(`(?:尾号|后四位|后4位|末四位)(?:是|为|:)?\s?([零〇一幺二两三四五六七八九]{4})`)
)

var spokenDigits = strings.NewReplacer("零", "0", "〇", "0", "一", "1", "幺", "1", "二", "2", "两", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9")

// proof is what could be the last four of a phone or certificate: four digits, or three and an X, named as such, standing apart, or at the end of a whole number of
// either. A year in a sentence, a port, a part of a case number is none.
func proof(masked string) string {
	if m := proofNamed.FindStringSubmatch(masked); m != nil {
		return strings.ToUpper(m[1])
	}
	if m := spokenFour.FindStringSubmatch(masked); m != nil {
		return spokenDigits.Replace(m[1])
	}
	if m := proofWhole.FindStringSubmatch(masked); m != nil {
		return strings.ToUpper(m[1])
	}
	m := proofApart.FindStringSubmatch(masked)
	if m == nil {
		return ""
	}
	letters := 0
	for _, r := range masked {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters > 6 && (yearLike.MatchString(m[1]) || strings.Contains(masked, "端口") || strings.Contains(masked, "port")) || letters > 16 {
		return ""
	}
	return strings.ToUpper(m[1])
}

// onlyProof is what could be a proof in a message, whatever stands around it, where there is just one such: for an answer to the question for it.
func onlyProof(masked string) string {
	found := ""
	for _, m := range proofApart.FindAllStringSubmatch(masked, 2) {
		if found != "" {
			return ""
		}
		found = strings.ToUpper(m[1])
	}
	return found
}

var pronouns = regexp.MustCompile(`它|这个要|这种|那个呢|^(?:那|这)|刚才|上面|前面说|这样的话|那样的话|这要|那要|也一样|\b(?:it|that|this|these|those|them|what about|how about)\b`)

var subjectName = regexp.MustCompile(`(?:公司叫|公司名叫|公司名称?[是为叫]|公司全称[是为叫]?|主体名称?[是为叫]|主体[是为叫]|主办单位[是为叫]|单位[是为叫]|单位名称?[是为叫]|我们公司是|我司是|我公司是|企业名称?[是为叫]|执照上是|我们是|holder (?:is|should be|name is)|company (?:is called|is named|name is|called|named)|subject (?:is|name is)|we are called|registered as)\s*:?\s*"?([\p{Han}()a-z0-9][\p{Han}()a-z0-9 .&'-]{2,50}?(?:公司|协会|学会|商会|中心|事务所|学校|医院|研究院|基金会|合作社|经营部|工作室|店|厂|局|co\.?,? ?ltd\b\.?|limited|ltd\b\.?|inc\b\.?|llc\b|gmbh|corporation|corp\b\.?|foundation|association))`)

// subjectOf is the name of the filing subject that the customer gives, as it was written; "" when none.
func subjectOf(raw, text string) string {
	m := subjectName.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	name := strings.Trim(m[1], " \"")
	if utf8.RuneCountInString(name) < 5 && !strings.ContainsAny(name, "abcdefghijklmnopqrstuvwxyz") {
		return ""
	}
	for _, vague := range []string{"什么", "哪", "一家", "一个", "我们的", "自己的", "个人", "你们"} {
		if strings.Contains(name, vague) {
			return ""
		}
	}
	if i := strings.Index(strings.ToLower(raw), name); i >= 0 && i+len(name) <= len(raw) {
		return raw[i : i+len(name)] // the letters as the customer wrote them
	}
	return name
}

// Subject is the name of the filing subject that the customer gives, for comparing with a domain's holder; "" when none.
func (u Understanding) Subject() string { return u.subject }
