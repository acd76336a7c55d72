package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

const (
	sure        = 0.60 // how likely the topic of a part must be for it to count as a wish of its own, after a joint that announces something new
	verySure    = 0.80 // and after any other
	surest      = 0.90 // and for one that asks nothing by its words
	overSure    = 0.99 // and for the only one that asks to count more than all that is told with it
	outsideSure = 0.95 // how likely a whole message must be out of scope for its parts not to count
	shortAspect = 20   // characters
	ownWords    = 6    // characters: a shorter part (咋选) is not read as a question about filing unless it is one by itself
)

// ofFiling are words by which a message is about filing, however much it resembles none: 备案 by itself, not 装修备案.
var ofFiling = regexp.MustCompile("(?:^|[^\\p{Han}]|icp|网站|域名|[我办说问搞弄下做要想个次入更销看查知道没有新的])备案|icp|beian")

// ofYou are questions about the bot, which nothing else than small talk is made of.
var ofYou = regexp.MustCompile(`^(?:你|您)(?:是|叫|多大|几岁|好|在)|\b(?:who|what|how) are you\b`)

// ownProcess are the words by which a question how something is done is about the filing, whatever was spoken of before.
var ownProcess = regexp.MustCompile(`备案|流程|步骤|申请|提交|第一步|filing|file|apply|steps?|process|procedure`)

// inAWord are topics that a word or two ask for, whatever was told before them (多久, 电话呢).
var inAWord = []knowledge.Topic{knowledge.Duration, knowledge.Fees, knowledge.Documents, knowledge.Contact, knowledge.Human, knowledge.NeedFiling, knowledge.Process}

// carriers are topics that a question for an aspect resembles by the thing that it is asked about: 安卓app备案走一遍要多久 is duration.
var carriers = []knowledge.Topic{knowledge.AppFiling, knowledge.CancelFiling, knowledge.Change, knowledge.CommercialLicence, knowledge.Process}

// tellMe begins a part that asks to be told what follows.
var tellMe = regexp.MustCompile(`^(?:请|先|麻烦|你|您|能不能|可以)*(?:告诉|跟我讲|和我讲|跟我说|和我说)(?:我|一下|下)*`)

// ifSo begins an English question for the case that the one before it is answered with yes.
var ifSo = regexp.MustCompile(`^if (?:so|yes|it is|it does|we do|i do),? (.)`)

// asked gives the topic of a part that asks, and how likely it is; "" where it does not, or is not sure. filing says that the message is about filing, so that a
// part need not show it by itself.
func (u *Understander) asked(p clause, told string, filing bool) (knowledge.Topic, float64) {
	if !u.asks(p) {
		return "", 0
	}
	p.text = ifSo.ReplaceAllString(p.text, "$1")
	least := verySure
	if p.announced {
		least = sure
	}
	if bare := tellMe.ReplaceAllString(p.text, ""); u.asks(clause{text: bare}) {
		p.text = bare
	}
	scores := u.score(p.text)
	s := scores[0]
	long := saysEnough(p.text)
	if told != "" && (s.Topic == knowledge.Process && !ownProcess.MatchString(p.text) || !long && s.P < surest && !slices.Contains(inAWord, s.Topic)) { // 想注销备案,怎么办; 备在哪家不记得了,能查到吗
		if full := u.score(told + p.text)[0]; full.P >= sure && full.Topic != knowledge.OutOfScope {
			return full.Topic, full.P
		}
	}
	unsure := func() bool { return s.P < least || s.Topic == knowledge.OutOfScope }
	if filing && slices.Contains(carriers, s.Topic) {
		if topic := u.named(p.text, scores); topic != "" {
			return topic, max(s.P, sure)
		}
	}
	if unsure() && !p.breath && (long || told == "") { // what it is about was said before
		if full := u.score("备案" + p.text)[0]; full.P >= verySure && (long || full.Topic == s.Topic && s.P >= 0.5) {
			s = full
		}
	}
	if filing && unsure() {
		if topic := u.named(p.text, scores); topic != "" {
			return topic, sure
		}
	}
	if unsure() && told != "" && u.interrogative(p.text) {
		if full := u.score(told + p.text)[0]; full.P >= verySure {
			s = full
		}
	}
	if unsure() {
		if u.otherBusiness(p, told) {
			return knowledge.OutOfScope, s.P
		}
		return "", 0
	}
	return s.Topic, s.P
}

// saysEnough reports whether a part is long enough to be read by itself.
func saysEnough(part string) bool {
	if isASCIILetter(part[0]) {
		return strings.Count(part, " ") >= 2
	}
	return utf8.RuneCountInString(part) >= ownWords
}

func isASCIILetter(c byte) bool { return c >= 'a' && c <= 'z' }

// How likely a named aspect must be, of all that is in scope; and whatever it is asked about.
const (
	namedShare   = 0.4
	carriedShare = 0.004
)

// named gives the aspect that a part asks for by its name, where it is the likeliest topic in scope, or stands behind the thing it is asked about; "" where there is
// none. That a few words might be about something else as well (材料要什么: for a visa) is no objection in a message about filing.
func (u *Understander) named(part string, scores []TopicScore) knowledge.Topic {
	if scores[0].Topic == knowledge.OutOfScope {
		if scores[0].P >= outsideSure {
			return ""
		}
		scores = append(slices.Clone(scores[1:]), scores[0])
	}
	inScope := 1 - share(scores, knowledge.OutOfScope)
	if slices.Contains(carriers, scores[0].Topic) {
		for _, s := range scores[1:] {
			if matchesAny(u.k.Asking.OfAnything[s.Topic], part) && s.P >= carriedShare*inScope {
				return s.Topic
			}
		}
	}
	if top := scores[0]; matchesAny(u.k.Asking.Aspects[top.Topic], part) && top.P >= namedShare*inScope {
		return top.Topic
	}
	return ""
}

// share is how likely a topic is among scores.
func share(scores []TopicScore, topic knowledge.Topic) float64 {
	at := slices.IndexFunc(scores, func(s TopicScore) bool { return s.Topic == topic })
	return scores[at].P
}

// otherBusiness reports whether a part asks for something that has nothing to do with filing, however it is read.
func (u *Understander) otherBusiness(p clause, told string) bool {
	if utf8.RuneCountInString(p.text) < ownWords-1 || !u.wishes(p.text) || ofFiling.MatchString(p.text) || ofYou.MatchString(p.text) {
		return false
	}
	of := "备案"
	if isASCIILetter(p.text[0]) {
		of = "icp filing: "
	}
	texts := []string{p.text, told + p.text}
	if s := u.score(told)[0]; told == "" || s.Topic != knowledge.OutOfScope || s.P < outsideSure {
		texts = append(texts, of+p.text) // not after 我给服务器续费多买了一年
	}
	for _, text := range texts {
		if s := u.score(text)[0]; s.Topic != knowledge.OutOfScope || s.P < outsideSure {
			return false
		}
	}
	return true
}
