package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// needed are words by which a question is asked for the case that a filing is needed, which is asked as well: 做个展示站,要备的话要什么材料.
var needed = regexp.MustCompile(`^(?:那|如果|要是|假如|万一)?(?:真|是)?(?:要|需要|得|必须|非|用)(?:得)?(?:备|备案)?的话|^(?:如果|要是|假如|万一)(?:要|需要|得|必须|用)备|^若(?:需要?|要|须)(?:备案?)?(?:的话)?$|^(?:and |but |so )?if (?:so|yes|it is|it does|i do|we do|(?:it|i|we) (?:need|must|have)\b)`)

// ofEach ends the last of a list of aspects with what is asked of all of them (周期、费用、时间分别是怎样的).
var ofEach = regexp.MustCompile(`(?:都|分别|各|各自|大概)+(?:是|要|得)?(?:多少|怎样|怎么样|什么|如何|啥|怎么|咋样)+的?[呢啊]?$|(?:一起|都|先|麻烦)*(?:说|讲|发|列|介绍)(?:我|一)?下$| for (?:an?|my|our) [a-z ]+$| please$`)

// things are topics whose own answer tells how it is done: 公安备案是什么,怎么弄 asks one thing.
var things = []knowledge.Topic{knowledge.PublicSecurity, knowledge.AppFiling, knowledge.CancelFiling, knowledge.Change, knowledge.CommercialLicence, knowledge.PreApproval, knowledge.Rejection,
	knowledge.SMSVerification, knowledge.Photo, knowledge.VerificationForm, knowledge.WebsiteName, knowledge.LostNumber, knowledge.AfterFiling}

// troubles are topics that a customer comes with by telling what happened: 验证短信没收到,给我转人工.
var troubles = []knowledge.Topic{knowledge.Rejection, knowledge.SMSVerification, knowledge.LostNumber}

// overStories are topics that a part asks for by itself, whatever story it stands in.
var overStories = []knowledge.Topic{knowledge.Duration, knowledge.Fees, knowledge.Documents, knowledge.Contact, knowledge.Human, knowledge.NeedFiling, knowledge.ProvinceRules, knowledge.Photo,
	knowledge.FilingTypeTopic, knowledge.VerificationForm, knowledge.Process}

// toFile names filing.
var toFile = regexp.MustCompile(`备|\bfil(?:e|ing)\b|\bicp\b`)

// fileEN names filing in English, where it might be that of taxes too.
var fileEN = regexp.MustCompile(`\bfil(?:e|ed|ing)\b`)

// ifWord makes an English part that asks whether; orElse begins the other half of a question that has been put.
var (
	ifWord = regexp.MustCompile(`\b(?:if|whether)\b`)
	orElse = regexp.MustCompile(`^(?:还是|或者|or )`)
)

// several splits a message at its joints and gives the topics of its parts in order, where at least two parts carry a sure topic each, or one that is hidden
// by a story; none otherwise. Only what is asked counts: greetings beside a question are passed over. What is out of scope comes last. about is what
// of the message a topic is asked about with, where that is not all of it.
func (u *Understander) several(masked string, whole TopicScore) (topics []knowledge.Topic, about map[knowledge.Topic]string) {
	if at, ok := u.examples[bareWords(masked)]; ok && at >= 0 {
		return nil, nil // the phrase is known for one topic
	}
	parts := u.clauses(masked)
	if len(parts) == 1 && isShort(parts[0].text) && slices.Contains(carriers, whole.Topic) && u.asks(parts[0]) {
		if topic := u.named(parts[0].text, u.score(masked)); topic != "" && topic != whole.Topic {
			return []knowledge.Topic{topic}, nil
		}
	}
	if len(parts) < 2 && whole.Topic != knowledge.Greeting {
		return nil, nil
	}
	filing := slices.ContainsFunc(parts, func(p clause) bool { return ofFiling.MatchString(p.text) })
	if whole.Topic == knowledge.OutOfScope && whole.P >= outsideSure && !filing && !u.allAspects(parts) {
		return nil, nil // 考驾照报名审核给退了,照片去哪里重拍
	}
	known := filing || fileEN.MatchString(masked) || whole.P >= verySure && whole.Topic != knowledge.OutOfScope && !socialTopic(whole.Topic) || slices.ContainsFunc(parts, func(p clause) bool { // 多久能下来 is asked of nothing else
		topic, _ := u.asked(p, "", false)
		return topic != "" && topic != knowledge.OutOfScope && !besideNothing(topic)
	})
	g := gathering{u: u, parts: parts, known: known, matters: []string{""}}
	for i := range parts {
		g.hear(i)
	}
	topics, about = g.result()
	if len(topics) > 1 {
		return topics, about
	}
	if len(topics) == 1 && topics[0] != knowledge.OutOfScope && (whole.Topic == knowledge.OutOfScope && filing || whole.Topic == knowledge.Greeting) {
		return topics, about // 和朋友开了个奶茶店,朋友说备案很贵,到底收多少钱: the story resembles nothing
	}
	if len(topics) == 1 && topics[0] != whole.Topic && u.overStory(parts, topics[0], whole) {
		return topics, about
	}
	return nil, nil
}

// gathering collects the topics of a message, part by part.
type gathering struct {
	u      *Understander
	parts  []clause
	known  bool // the message is about filing
	topics []knowledge.Topic
	of     []int // by topic: its matter
	// matters are what is told and asked between one word that begins something new and the next.
	matters []string
	aside   string // what is out of scope, in its words
	told    string // what was told since the last wish: what a question leans on that says little by itself
	last    string // the last wish since something new began
}

func (g *gathering) take(topic knowledge.Topic) {
	if !slices.Contains(g.topics, topic) {
		g.topics, g.of = append(g.topics, topic), append(g.of, len(g.matters)-1)
	}
}

// unasked takes what was told instead of asking, before something new begins.
func (g *gathering) unasked() {
	if g.last != "" || g.told == "" {
		return
	}
	scores := g.u.score(g.told)
	s := scores[0]
	if next := scores[1]; s.Topic == knowledge.OutOfScope && g.known && slices.Contains(troubles, next.Topic) {
		s = TopicScore{Topic: next.Topic, P: next.P / (1 - s.P)} // i never got the text, another thing
	}
	if s.P >= surest && s.Topic != knowledge.OutOfScope && !besideNothing(s.Topic) || s.P >= verySure && slices.Contains(things, s.Topic) {
		g.take(s.Topic)
	}
}

// hear takes a part: what it asks for, or, where it asks nothing, as what the next question leans on.
func (g *gathering) hear(i int) {
	p := g.parts[i]
	if p.fresh {
		g.unasked()
		g.told, g.last = "", ""
		g.matters = append(g.matters, "")
	}
	g.matters[len(g.matters)-1] += p.text + ","
	topic, _ := g.u.asked(p, g.told, g.known)
	if i+1 < len(g.parts) && g.u.raised(p, g.parts[i+1]) {
		topic = ""
	}
	if topic != "" && (g.ofAside(p) || g.again(p, topic)) {
		return
	}
	if (topic == "" || topic == knowledge.OutOfScope) && g.u.listedAspect(g.parts, i) {
		if s := g.u.score(ofEach.ReplaceAllString(p.text, ""))[0]; s.P >= sure && s.Topic != knowledge.OutOfScope {
			topic = s.Topic
		}
	}
	if topic == knowledge.NeedFiling && !p.question && !g.u.interrogative(p.text) && !ifWord.MatchString(p.text) {
		topic = "" // i need an icp filing, what's the procedure
	}
	switch {
	case topic == "":
		g.told += p.text + ","
		return
	case g.otherHalf(p):
		return
	case topic == knowledge.OutOfScope:
		g.aside = strings.TrimSpace(g.aside + " " + p.text)
	}
	g.alsoTold(p, topic)
	g.told, g.last = "", p.text
	if topic == knowledge.Process && !ownProcess.MatchString(p.text) && len(g.topics) > 0 && slices.Contains(things, g.topics[len(g.topics)-1]) {
		return
	}
	if !besideNothing(topic) {
		g.take(topic)
	}
}

// ofAside reports whether a part goes on with what is out of scope: ssl证书多少钱,有没有免费的.
func (g *gathering) ofAside(p clause) bool {
	if g.aside == "" || p.fresh || ofFiling.MatchString(p.text) {
		return false
	}
	full := g.u.score(g.aside + "," + p.text)[0]
	return full.Topic == knowledge.OutOfScope && full.P >= sure
}

// again reports whether a few words ask the last thing once more: 在哪家备的不记得了,能查到吗.
func (g *gathering) again(p clause, topic knowledge.Topic) bool {
	if g.told != "" || g.last == "" || utf8.RuneCountInString(p.text) >= ownWords || slices.Contains(inAWord, topic) {
		return false
	}
	full := g.u.score(g.last + "," + p.text)[0]
	return full.P >= sure && slices.Contains(g.topics, full.Topic)
}

// otherHalf reports whether a part is the other half of the last question: 网站名称可以用英文吗?还是一定要中文?
func (g *gathering) otherHalf(p clause) bool {
	return g.last != "" && g.told == "" && orElse.MatchString(p.text) && slices.Contains(g.topics, g.u.score(g.last + "," + p.text)[0].Topic)
}

// alsoTold takes what was told before a question for its own sake.
func (g *gathering) alsoTold(p clause, topic knowledge.Topic) {
	if g.told == "" {
		return
	}
	s := g.u.score(g.told)[0]
	switch {
	case topic == knowledge.Human || topic == knowledge.Contact: // whom to ask is no answer to a trouble
		if s.P >= sure && slices.Contains(troubles, s.Topic) {
			g.take(s.Topic)
		}
	case topic != knowledge.SMSVerification && !slices.Contains(inAWord, topic): // nor what else is asked to a message that never came
		if s.P >= overSure && s.Topic == knowledge.SMSVerification && g.u.score(p.text)[0].P >= surest {
			g.take(s.Topic)
		}
	}
	if len(g.topics) == 0 && topic != knowledge.NeedFiling && needed.MatchString(p.text) && s.Topic == knowledge.NeedFiling && s.P >= sure {
		g.take(s.Topic)
	}
}

// result gives the topics, what can be answered first, and what each is asked about with.
func (g *gathering) result() (topics []knowledge.Topic, about map[knowledge.Topic]string) {
	if slices.ContainsFunc(g.parts, func(p clause) bool { return p.fresh }) {
		g.unasked()
	}
	about = map[knowledge.Topic]string{knowledge.OutOfScope: g.aside}
	serious := slices.ContainsFunc(g.topics, func(t knowledge.Topic) bool { return !socialTopic(t) })
	for i, topic := range g.topics {
		if topic == knowledge.OutOfScope || topic == knowledge.Thanks && serious {
			continue
		}
		topics = append(topics, topic)
		if len(g.matters) > 1 {
			about[topic] = g.matters[g.of[i]]
		}
	}
	if slices.Contains(g.topics, knowledge.OutOfScope) {
		topics = append(topics, knowledge.OutOfScope)
	}
	return topics, about
}

// overStory reports whether the one part that asks decides what a message is about, whatever the rest of it resembles: 公司都注销了,备案也要注销,要提供什么 asks for
// documents. A story of whether to file is asked about in many words, so there the part has to name its aspect.
func (u *Understander) overStory(parts []clause, topic knowledge.Topic, whole TopicScore) bool {
	least := overSure
	switch {
	case !slices.Contains(overStories, topic), whole.Topic == knowledge.OutOfScope && whole.P >= surest:
		return false
	case whole.P < sure:
		least = verySure
	case whole.P < verySure:
		least = surest
	}
	asking := slices.DeleteFunc(slices.Clone(parts), func(p clause) bool { return !u.asks(p) || socialTopic(u.score(p.text)[0].Topic) })
	if len(asking) != 1 {
		return false
	}
	text := asking[0].text
	if topic == knowledge.NeedFiling && !toFile.MatchString(text) || whole.Topic == knowledge.NeedFiling && !matchesAny(u.k.Asking.Aspects[topic], text) {
		return false
	}
	s := u.score(text)[0]
	return s.Topic == topic && s.P >= least
}

// partAsks reports whether a part of a message asks for a topic, and surely.
func (u *Understander) partAsks(text string, topic knowledge.Topic) bool {
	return slices.ContainsFunc(u.clauses(text), func(p clause) bool {
		if !u.interrogative(p.text) {
			return false
		}
		s := u.score(p.text)[0]
		return s.Topic == topic && s.P >= verySure
	})
}

// listedAspect reports whether a part is the name of an aspect in a list, and the list asks at one of its ends.
func (u *Understander) listedAspect(parts []clause, i int) bool {
	named := func(i int) bool {
		return i >= 0 && i < len(parts) && aspects.MatchString(ofEach.ReplaceAllString(parts[i].text, "")) && isShort(parts[i].text)
	}
	if !named(i) {
		return false
	}
	first, last := i, i
	for named(first - 1) {
		first--
	}
	for named(last + 1) {
		last++
	}
	first, last = max(first-1, 0), min(last+1, len(parts)-1)
	list := slices.ContainsFunc(parts[first:last+1], func(p clause) bool { return p.listed })
	return list && (u.asks(parts[first]) || u.asks(parts[last]))
}

// allAspects reports whether a message has no part that does not ask for an aspect of a filing by its name: what papers, how long, how much.
func (u *Understander) allAspects(parts []clause) bool {
	return !slices.ContainsFunc(parts, func(p clause) bool {
		topic, _ := u.asked(p, "", true)
		return !isShort(p.text) || !matchesAny(u.k.Asking.Aspects[topic], p.text)
	})
}

// isShort reports whether a part is short enough to be no more than the name of an aspect.
func isShort(part string) bool {
	if isASCIILetter(part[0]) {
		return strings.Count(part, " ") < ownWords
	}
	return utf8.RuneCountInString(part) <= shortAspect
}

// besideNothing reports whether a topic is passed over beside others.
func besideNothing(topic knowledge.Topic) bool {
	return topic == knowledge.Greeting || topic == knowledge.Unsolved || topic == knowledge.Solved
}

// raised reports whether a part only raises what the next one asks about: 注销备案呢,要钱吗.
func (u *Understander) raised(p, next clause) bool {
	name, ok := strings.CutSuffix(p.text, "呢")
	return ok && !next.fresh && !strings.HasSuffix(next.text, "呢") && !u.asks(clause{text: name}) && u.asks(next)
}
