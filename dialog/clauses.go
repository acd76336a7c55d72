package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

var joints = regexp.MustCompile(`[?!;]+|\x{2016}|[,.]?\s?(?:顺便|另外|还有就是|还有|还想问|还想|再问|再说说|再就是|以及|同时|对了|然后)|[,.、]\s?|和需要的?|和| (?:and also|also|and|plus|by the way|btw) `)

// breath is where speech without stops takes one: 备案怎么弄啊多久能好.
var breath = regexp.MustCompile(`([吗啊呀嘛呗])(\p{Han})`)

// breathMark stands in the place of a breath.
const breathMark = "\u2016"

// listing are joints between things of one list.
var listing = regexp.MustCompile(`、|和|and`)

var spaced = regexp.MustCompile(`(\p{Han}) +(\p{Han})`)

// strong are joints after which something new is asked.
var strong = regexp.MustCompile(`\?|顺便|另外|还有|还想|再问|再说说|再就是|以及|对了|also|plus|by the way|btw`)

// wish are words by which a part of a message asks or wants something, rather than telling the story that leads to the question.
var wish = knowledge.MustPattern("还是|发一下|发下|发我|发个|发给我|给我|给个|叫个|找个|告诉|通知|人工|转接|改下|改一下|查一下|查下|查查|说说|说下|说一下|说明|帮我|帮忙|取消|谢|再见|拜|流程|材料|资料|标准|步骤|please|need|needs|needed|want|tell|thank|thanks|bye|goodbye")

// questions are words by which a part is a question.
var questions = knowledge.MustPattern("吗|么|什么|啥|哪|怎|咋|谁|多少|多久|多长|多快|几点|几天|几个|几日|几号|几周|几家|几种|几步|几份|几张|几次|如何|能否|可否|是否|为何|有无|how|what|what's|where|which|when|who|whose|why|whether")

// asksFirst are the words with which an English question begins that has none of these.
var asksFirst = regexp.MustCompile(`^\W*(?:(?:and|but|so|or|then|also|well|ok|hi|hello|actually|if so|if yes|if not) )*(?:do|does|did|is|are|am|can|could|must|will|would|should|shall|may|has|have i|have we|any|anything)\b`)

// interrogative reports whether a part is a question by its words.
func interrogative(part string) bool {
	return questions.Match(part) || strings.HasSuffix(part, "呢") || strings.HasSuffix(part, "不") || strings.HasSuffix(part, "没") || whether(part) || asksFirst.MatchString(part)
}

func wishes(part string) bool { return wish.Match(part) || interrogative(part) }

// whether reports whether a part asks by a word and its denial (花不花钱, 收没收到).
func whether(part string) bool {
	r := []rune(part)
	for i := 2; i < len(r); i++ {
		if r[i] == r[i-2] && (r[i-1] == '不' || r[i-1] == '没') && r[i] != '时' && r[i] != '动' { // 时不时, 动不动: now and then
			return true
		}
	}
	return false
}

// stated are words of a wish that only tell how things are (没有资料, 接入已经取消了, 还是那个域名).
var stated = regexp.MustCompile(`(?:(?:^|[^收要用需])不|没有|没|未|无|免|非|全)(?:会|打算|准备|用|任何|涉及)?(?:收费|收钱|材料|资料|流程|取消)|已经?取消|取消了|还是(?:那|这|你|我|原|前|放|老|以前|同)` +
	`|(?:接到|收到|发了?个?|来了?个?|下了?个?)[^,]{0,12}通知|通知(?:说|书|了)|(?:don't|doesn't|not|no|never|without|isn't) (?:\w+ )?(?:need|want|do|is|please)\b`)

// helps are words that ask for help with what follows, which need not be a wish itself (帮我看看我备过案了).
var helps = regexp.MustCompile("(?:帮我|帮忙|给我)(?:看看|看下|看一下|瞧瞧|瞧下|瞅瞅|问问|问下|问一下)")

// ofFiling are words by which a message is about filing, however much it resembles none: 备案 by itself, not 装修备案.
var ofFiling = regexp.MustCompile("(?:^|[^\\p{Han}])(?:icp|网站|域名|我|办)?备案|icp|beian")

const (
	sure        = 0.60 // how likely the topic of a part must be for it to count as a wish of its own, after a joint that announces something new
	verySure    = 0.80 // and after any other
	outsideSure = 0.95 // how likely a whole message must be out of scope for its parts not to count
	maxJoints   = 16   // more than a person's questions have
	ownWords    = 6    // characters: a shorter part (咋选) is not read as a question about filing unless it is one by itself
)

// clause is a stretch of a message between two joints.
type clause struct {
	text      string
	announced bool // the joint before or after it says that something new is asked
	question  bool // it ends in a question mark
	listed    bool // a joint of a list stands before or after it
	breath    bool // nothing but a particle parts it from its neighbour
}

// clauses splits a message at its joints; into none where it has too many.
func clauses(masked string) []clause {
	masked = spaced.ReplaceAllString(masked, "$1,$2") // 备案要多久 多少钱: a space between characters is a pause
	masked = breath.ReplaceAllString(masked, "$1"+breathMark+"$2")
	cuts := slices.DeleteFunc(joints.FindAllStringIndex(masked, -1), func(c []int) bool { // the point of .xyz is no stop
		return masked[c[0]:c[1]] == "." && c[1] < len(masked) && masked[c[1]] > ' ' && masked[c[1]] < utf8.RuneSelf
	})
	if len(cuts) > maxJoints {
		return nil
	}
	var out []clause
	at, before := 0, ""
	for _, c := range append(cuts, []int{len(masked), len(masked)}) {
		joint := masked[c[0]:c[1]]
		if text := strings.TrimSpace(masked[at:c[0]]); text != "" {
			out = append(out, clause{text: text, announced: strong.MatchString(before) || strong.MatchString(joint), question: strings.HasPrefix(joint, "?"),
				listed: listing.MatchString(before) || listing.MatchString(joint), breath: before == breathMark || joint == breathMark})
			before = ""
		}
		at, before = c[1], before+joint
	}
	return out
}

// asks reports whether a part asks or wants something.
func (p clause) asks() bool {
	asked := stated.ReplaceAllString(p.text, "")
	if !strings.ContainsRune(p.text, maskDomain) {
		asked = helps.ReplaceAllString(asked, "")
	}
	return utf8.RuneCountInString(p.text) >= 2 && (p.question || wishes(p.text) && wishes(asked))
}

// several splits a message at its joints and gives the topics of its parts in order, where at least two parts carry a sure topic each; none
// otherwise. Only what is asked counts: greetings, thanks and what is out of scope beside a question are passed over.
func (u *Understander) several(masked string, whole TopicScore) []knowledge.Topic {
	parts := clauses(masked)
	if len(parts) < 2 {
		return nil
	}
	var out []knowledge.Topic
	told := "" // what was told since the last wish: what a question leans on that says little by itself
	for _, p := range parts {
		topic := u.asked(p, told)
		if topic == "" {
			told += p.text + ","
			continue
		}
		told = ""
		if !slices.Contains(out, topic) && !besideNothing(topic) {
			out = append(out, topic)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// besideNothing reports whether a topic is passed over beside others.
func besideNothing(topic knowledge.Topic) bool {
	return topic == knowledge.Greeting || topic == knowledge.Unsolved || topic == knowledge.Solved
}

// asked gives the topic of a part that asks; "" where it does not, or is not sure.
func (u *Understander) asked(p clause, told string) knowledge.Topic {
	if !p.asks() {
		return ""
	}
	least := verySure
	if p.announced {
		least = sure
	}
	s := u.score(p.text)[0]
	unsure := func() bool { return s.P < least || s.Topic == knowledge.OutOfScope }
	if unsure() && !p.breath { // what it is about was said before
		long := utf8.RuneCountInString(p.text) >= ownWords
		if full := u.score("备案" + p.text)[0]; full.P >= verySure && (long || full.Topic == s.Topic) {
			s = full
		}
	}
	if unsure() && told != "" && interrogative(p.text) {
		if full := u.score(told + p.text)[0]; full.P >= verySure {
			s = full
		}
	}
	if unsure() {
		return ""
	}
	return s.Topic
}
