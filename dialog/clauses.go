package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// joints are where one part of a message ends and the next may begin: stops, words that announce something, and the mark of a breath.
var joints = regexp.MustCompile(`:\s?| [-–—]+ |[?!;.]+\s*(?:(?:and|oh|but),? )*` + anotherMatter + `\b[,:]?\s?|[?!;\x{2460}-\x{249b}]+|\x{2016}|[,.]?\s?(?:顺便|另外|还有就是|还有|还想问|还想|再问|再说说|再就是|(?:再|另|第二)一?个问题是?|其次|以及|同时|对了|然后)|[,.、]\s?|和需要的?|[和跟与及]| ?[+&/] ?| (?:and also|also|and|plus|by the way|btw) `)

// anotherMatter are the words with which an English sentence begins that asks something else.
const anotherMatter = `(?:also|oh,? and|besides|another (?:thing|question)(?: is)?|one (?:more|last)(?: thing| question)?|while (?:i have|i've got) you|while (?:i am|i'm|we are|we're) (?:at it|here)|(?:and )?then|secondly|by the way|btw)`

// breath is where speech without stops takes one: 备案怎么弄啊多久能好.
var breath = regexp.MustCompile(`([^干][吗嘛]|[啊呀呗])(\p{Han})`)

// breathMark stands in the place of a breath.
const breathMark = "\u2016"

// linked are the words that only link a part to the one before.
var linked = regexp.MustCompile(`^(?:(?:and|but|so|then|also) )+|^(?:and|but|so|then|also|oh)$`)

// hail is a part that only calls for attention.
var hail = regexp.MustCompile(`^\s*(?:你好|您好|在|有人|有没有人|在不在)(?:在)?(?:吗|么|啊)?\s*$`)

// listing are joints between things of one list.
var listing = regexp.MustCompile(`[、+&/\x{2460}-\x{249b}]|[和跟与及]|and`)

// countedOff are questions that are counted off, and counted their numbers: 1 多少钱 2 要多久, 一、要钱吗 二、在哪办, a) how long b) how much.
var (
	countedOff = regexp.MustCompile(`(?:^|[^0-9.])1[.、):]?\s*[\p{Han}a-z].+[^0-9.]2[.、):]?\s*[\p{Han}a-z]|(?:^|[\s,:(])(?:一[、:].+二[、:]|a\).+\bb\))`)
	counted    = regexp.MustCompile(`(^|[^0-9.])[1-9][.、):]?\s*([\p{Han}a-z])|(?:^|[^\p{Han}])[一二三四五六][、:]()|\b[a-f]\)()`)
)

// spaced is a space between characters, which is a pause.
var spaced = regexp.MustCompile(`(\p{Han}) +(\p{Han})`)

// strong are joints after which something new is asked.
var strong = regexp.MustCompile(`[?\x{2460}-\x{249b}]|顺便|另外|还有|还想|再问|再说说|再就是|个问题|其次|以及|对了|plus|` + anotherMatter)

// fresh are words after which another matter begins, so that what was told before them, or is told after them to the end, is wanted though it asks nothing
// (核验短信没收到,另外你们电话多少).
var fresh = regexp.MustCompile(`顺便|另外|还有|还想问|再问|对了|by the way|btw|[?!;.]\s*(?:(?:and|oh|but),? )*` + anotherMatter)

// remains begins what 还有 says of something that is left or there, and extra ends what is asked for on top: no joints.
var (
	remains = regexp.MustCompile(`^(?:多久|多长|多少|几|没有|没|哪些|什么|啥|个|别的|其他|其它|一起)`)
	extra   = regexp.MustCompile(`(?:要|会|得|需|需要|不|再|是|现在)$`)
)

// asksFirst are the words with which an English question begins that has none of these.
var asksFirst = regexp.MustCompile(`^\W*(?:(?:and|but|so|or|then|also|well|ok|hi|hello|actually|if so|if yes|if not) )*(?:do|does|did|is|are|am|can|could|must|will|would|should|shall|may|has|have i|have we|any|anything)\b`)

// wantsFirst are the other words with which something is asked for after "and".
var wantsFirst = regexp.MustCompile(`^(?:(?:also|then|please) )*(?:how|what|where|which|when|who|whose|why|whether|if|please|tell|send|give|let|check|notify|ping|call|show|remind|connect|i (?:also )?(?:want|need|would|wonder)|(?:(?:the |your |its )(?:[\w'-]+ ){0,3}|(?:\w+ )?)(?:steps?|costs?|fees?|price|documents?|paperwork|procedure|phone|time ?line))\b`)

// anyone are words of questions that ask nothing (谁都能打开, it only shows who we are, a marketplace where others sell).
var anyone = regexp.MustCompile(`(?:谁|什么|啥|哪里|哪儿|哪|怎么|咋)(?:人|样|个)?(?:都|也)|\b(?:who|what|where) (?:i|we) (?:are|am|do|sell|make|offer)\b|\b(?:site|website|platform|marketplace|place|page|shop|store|app|system|company|people|customers|sellers|users|person|someone|somebody|those|one) (?:where|who|which|whose|when)\b`)

// confirms ends a part that asks to have something confirmed (可以备案吧, 没问题吧).
var confirms = regexp.MustCompile(`(?:可以|可|能|行|没问题|没事|不用|是|要|会|该|对)[^,]{0,12}吧$`)

// tellsOn begins a part that goes on with what was told before it, though it begins as a question does (and will be in the store).
var tellsOn = regexp.MustCompile(`^\W*(?:and |but |so |or |then )*(?:do|does|did|is|are|am|can|could|must|will|would|should|shall|may|has) (?:be|been|not|have|now|already|still|in|on|at|hosted|owned|only)\b`)

// interrogative reports whether a part is a question by its words.
func (u *Understander) interrogative(part string) bool {
	part = anyone.ReplaceAllString(part, "")
	return matchesAny(u.k.Asking.Question, part) || strings.HasSuffix(part, "呢") || strings.HasSuffix(part, "不") || strings.HasSuffix(part, "没") || whether(part) || confirms.MatchString(part) || asksFirst.MatchString(part) && !tellsOn.MatchString(part)
}

// wishes reports whether a part asks or wants something.
func (u *Understander) wishes(part string) bool {
	return matchesAny(u.k.Asking.Wish, part) || u.interrogative(part)
}

// whether reports whether a part asks by a word and its denial (花不花钱, 收没收到).
func whether(part string) bool {
	r := []rune(part)
	for i := 2; i < len(r); i++ {
		if r[i] == r[i-2] && (r[i-1] == '不' || r[i-1] == '没') && !(i > 2 && r[i-3] == r[i-1]) && r[i] != '时' && r[i] != '动' { // 没有没有: no; 时不时, 动不动: now and then
			return true
		}
	}
	return false
}

// either reports whether a part asks which of two it is by naming their kind twice (主任签还是我签, 发新号还是老号).
func either(part string) bool {
	one, other, ok := strings.Cut(strings.TrimRight(part, "呢啊呀吧"), "还是")
	if !ok || one == "" || other == "" {
		return false
	}
	a, _ := utf8.DecodeLastRuneInString(one)
	b, _ := utf8.DecodeLastRuneInString(other)
	return a == b && isHan(a)
}

// showing are words by which a site is told to have something.
const showing = `(?:站|网|页|里|面)[上里面]?(?:会|也|只|都|还)?(?:有|放|写|列|登|展示|显示|挂|贴)(?:了|着|的)?`

// shows ends in what a site is told to have (站上有联系电话), or what is not wanted (别再发流程): so is what is joined to it.
var shows = regexp.MustCompile(`(?:` + showing + `|^(?:别|不要|不用|甭))[^,?]{0,12}$`)

// stated are words of a wish that only tell how things are (没有资料, 接入已经取消了, 还是那个域名).
var stated = regexp.MustCompile(`(?:(?:^|[^收要用需])不|没有|没|未|无|免|非|全)(?:会|打算|准备|用|任何|涉及)?(?:收费|收钱|材料|资料|流程|取消)|已经?取消|取消了|别再?给我|被通知|不(?:用|要|必|想)(?:再)?(?:转|找)?(?:人工|真人|客服)|不是?问[^,就]*|谢谢?(?:你|您|你们)?(?:上次|上回|刚才|之前|前面|昨天)[^,]*|(?:材料|资料|流程|步骤)[^,?什哪啥怎多几谁]{0,8}(?:完|好|齐|传|交|走|办|给|发|寄)(?:完|好|齐)?了|(?:材料|资料|流程|步骤|标准|手续)(?:我|我们|这边|都|也|已|就|倒|已经|全)*(?:懂|有|清楚|明白|知道|了解|熟悉|不缺|没问题|搞定|够|没变|差不多)(?:了|的)?$|(?:别|不要|不用|甭)再?(?:发|说|讲|给|提|问|管)[^,提通推]{0,4}(?:材料|资料|流程|步骤)[^,]*|` + showing + `[^,?]{0,12}(?:标准|流程|步骤|资料|材料)` +
	`|我(?:想|就想|就是想|要|来)?(?:咨询|请教)(?:一?下)?|thanks for (?:the|your|sending)[^,]*|\b(?:i|we|you|he|she|they)(?:'ll| will)? need (?:an? |the |to get an? )?(?:icp )?(?:filing|record)\b|(?:材料|资料)(?:我|我们|这边)?(?:也|都|全)*(?:已经)?(?:齐|备好|备齐|准备好|交了|交完|提交)|[^请你您们能以烦再先也就想,\s]帮我|还是(?:那|这|你|我|自己|原|前|放|老|以前|同)|(?:还是|就)(?:用|按|拿|以|选|走|放|办)[^,?]{1,8}吧|还是[^,?]{1,6}的[哈啊呀哦嘛]?(?:$|,)` +
	`|(?:接到|收到|发了?个?|来了?个?|下了?个?)[^,]{0,12}通知|通知(?:说|书|了)|(?:发布|登载|刊登|公布|公示|张贴|转发|展示|法会|会议|活动|停[课电水]|放假|招[生聘标]|考试|社团|班级|社区)(?:[^,你我]{0,4})通知|(?:don't|doesn't|not|no|never|without|isn't) (?:\w+ )?(?:need|want|do|is|please)\b|\b(?:website|site|page|blog|app|shop|store|platform|place|company|server|system|people|members|customers|users|visitors|friend|guy|those|one|ones) (?:where|which|who|whose)\b`)

// needed are words by which a question is asked for the case that a filing is needed, which is asked as well: 做个展示站,要备的话要什么材料.
var needed = regexp.MustCompile(`^(?:那|如果|要是|假如|万一)?(?:真|是)?(?:要|需要|得|必须|非|用)(?:得)?(?:备|备案)?的话|^(?:如果|要是|假如|万一)(?:要|需要|得|必须|用)备|^若(?:需要?|要|须)(?:备案?)?(?:的话)?$|^(?:and |but |so )?if (?:so|yes|it is|it does|i do|we do|(?:it|i|we) (?:need|must|have)\b)`)

// ofYou are questions about the bot, which nothing else than small talk is made of.
var ofYou = regexp.MustCompile(`^(?:你|您)(?:是|叫|多大|几岁|好|在)|\b(?:who|what|how) are you\b`)

// aspects end what names an aspect of a filing and asks for it by that alone, in a list: 周期、费用分别是多少.
var aspects = regexp.MustCompile(`(?:` + aspectNouns + `|` + aspectWords + `)$`)

const (
	aspectWords = `steps?|costs?|fees?|price|documents?|paperwork|procedure|time ?line|phone number`
	aspectNouns = `周期|时限|时间|时长|费用|价格|价钱|收费|材料|资料|文件|证件|流程|步骤|手续|电话|地址|网址`
)

// sideBySide are two aspects with nothing between them (材料流程一起说下).
var sideBySide = regexp.MustCompile(`(材料|资料|证件|流程|步骤|费用|价格|时间|周期|电话)(` + aspectNouns + `)`)

// nextAspect begins what follows 跟, 与 or 及 between two aspects (流程跟费用), where otherwise they join things (你跟我说).
var nextAspect = regexp.MustCompile(`^(?:[\p{Han}a-z]{0,4}?(?:` + aspectNouns + `)|` + aspectWords + `)`)

// ofEach ends the last of a list of aspects with what is asked of all of them (周期、费用、时间分别是怎样的).
var ofEach = regexp.MustCompile(`(?:都|分别|各|各自|大概)+(?:是|要|得)?(?:多少|怎样|怎么样|什么|如何|啥|怎么|咋样)+的?[呢啊]?$|(?:一起|都|先|麻烦)*(?:说|讲|发|列|介绍)(?:我|一)?下$| for (?:an?|my|our) [a-z ]+$| please$`)

// ownProcess are the words by which a question how something is done is about the filing, whatever was spoken of before.
var ownProcess = regexp.MustCompile(`备案|流程|步骤|申请|提交|第一步|filing|file|apply|steps?|process|procedure`)

// things are topics whose own answer tells how it is done: 公安备案是什么,怎么弄 asks one thing.
var things = []knowledge.Topic{knowledge.PublicSecurity, knowledge.AppFiling, knowledge.CancelFiling, knowledge.Change, knowledge.CommercialLicence, knowledge.PreApproval, knowledge.Rejection,
	knowledge.SMSVerification, knowledge.Photo, knowledge.VerificationForm, knowledge.WebsiteName, knowledge.LostNumber, knowledge.AfterFiling}

// inAWord are topics that a word or two ask for, whatever was told before them (多久, 电话呢).
var inAWord = []knowledge.Topic{knowledge.Duration, knowledge.Fees, knowledge.Documents, knowledge.Contact, knowledge.Human, knowledge.NeedFiling, knowledge.Process}

// troubles are topics that a customer comes with by telling what happened: 验证短信没收到,给我转人工.
var troubles = []knowledge.Topic{knowledge.Rejection, knowledge.SMSVerification, knowledge.LostNumber}

// overStories are topics that a part asks for by itself, whatever story it stands in.
var overStories = []knowledge.Topic{knowledge.Duration, knowledge.Fees, knowledge.Documents, knowledge.Contact, knowledge.Human, knowledge.NeedFiling, knowledge.ProvinceRules, knowledge.Photo,
	knowledge.FilingTypeTopic, knowledge.VerificationForm, knowledge.Process}

// toFile names filing.
var toFile = regexp.MustCompile(`备|\bfil(?:e|ing)\b|\bicp\b`)

// helps are words that ask for help with what follows, which need not be a wish itself (帮我看看我备过案了).
var helps = regexp.MustCompile("(?:帮我|帮忙|给我)(?:看看|看下|看一下|瞧瞧|瞧下|瞅瞅|问问|问下|问一下)")

// fileEN names filing in English, where it might be that of taxes too.
var fileEN = regexp.MustCompile(`\bfil(?:e|ed|ing)\b`)

// ofFiling are words by which a message is about filing, however much it resembles none: 备案 by itself, not 装修备案.
var ofFiling = regexp.MustCompile("(?:^|[^\\p{Han}]|icp|网站|域名|[我办说问搞弄下做要想个次入更销看查知道没有新的])备案|icp|beian")

const (
	sure        = 0.60 // how likely the topic of a part must be for it to count as a wish of its own, after a joint that announces something new
	verySure    = 0.80 // and after any other
	surest      = 0.90 // and for one that asks nothing by its words
	overSure    = 0.99 // and for the only one that asks to count more than all that is told with it
	outsideSure = 0.95 // how likely a whole message must be out of scope for its parts not to count
	maxJoints   = 16   // more than a person's questions have
	shortAspect = 20   // characters
	ownWords    = 6    // characters: a shorter part (咋选) is not read as a question about filing unless it is one by itself
)

// clause is a stretch of a message between two joints.
type clause struct {
	text      string
	announced bool // the joint before or after it says that something new is asked
	fresh     bool // the words before it say that something new begins
	question  bool // it ends in a question mark
	listed    bool // a joint of a list stands before or after it
	announces bool // a colon stands behind it
	breath    bool // nothing but a particle parts it from its neighbour
}

// clauses splits a message at its joints; into none where it has too many.
func (u *Understander) clauses(masked string) []clause {
	masked = spaced.ReplaceAllString(masked, "$1,$2") // 备案要多久 多少钱: a space between characters is a pause
	if countedOff.MatchString(masked) {
		masked = counted.ReplaceAllString(masked, "$1?$2")
	}
	masked = sideBySide.ReplaceAllString(masked, "$1、$2")
	masked = breath.ReplaceAllString(masked, "$1"+breathMark+"$2")
	cuts := slices.DeleteFunc(joints.FindAllStringIndex(masked, -1), func(c []int) bool {
		switch joint := masked[c[0]:c[1]]; joint {
		case ".": // the point of .xyz is no stop
			return c[1] < len(masked) && masked[c[1]] > ' ' && masked[c[1]] < utf8.RuneSelf
		case ":": // 9:00
			return c[0] > 0 && c[1] < len(masked) && isDigit(masked[c[0]-1]) && isDigit(masked[c[1]])
		case "跟", "与", "及", "+", "&", "/", " + ", " & ":
			return !aspects.MatchString(masked[:c[0]]) || !nextAspect.MatchString(masked[c[1]:])
		case "还有", "另外": // 域名还有多久到期, 要另外交钱吗
			return remains.MatchString(masked[c[1]:]) || extra.MatchString(masked[:c[0]])
		}
		return false
	})
	if len(cuts) > maxJoints {
		return nil
	}
	var out []clause
	at, before := 0, ""
	for _, c := range append(cuts, []int{len(masked), len(masked)}) {
		joint := masked[c[0]:c[1]]
		if before := masked[at:c[0]]; strings.HasPrefix(joint, "和") && (shows.MatchString(before) || !u.wishes(before) && !aspects.MatchString(before)) {
			continue // 接入和新增有什么区别: a joint of things, not of questions
		}
		if rest := masked[c[1]:]; joint == " and " && !asksFirst.MatchString(rest) && !wantsFirst.MatchString(rest) {
			continue // can a mini program and a website be filed together
		}
		if hail.MatchString(masked[at:c[0]]) {
			at, before = c[1], before+joint
			continue
		}
		if text := linked.ReplaceAllString(strings.TrimSpace(masked[at:c[0]]), ""); text != "" {
			for cut := u.cut(text); cut > 0; cut = u.cut(text) {
				out = append(out, clause{text: strings.TrimSpace(text[:cut])})
				text = strings.TrimSpace(text[cut:])
			}
			out = append(out, clause{text: text, announced: strong.MatchString(before) || strong.MatchString(joint), question: strings.HasPrefix(joint, "?"), announces: strings.HasPrefix(joint, ":"),
				fresh:  fresh.MatchString(before) && !remains.MatchString(masked[at:]),
				listed: listing.MatchString(before) || listing.MatchString(joint), breath: before == breathMark || joint == breathMark})
			before = ""
		}
		at, before = c[1], before+joint
	}
	return out
}

// alsoAsks are words that ask by a denial in the middle of a stretch (能备不), or tell of a trouble. asksOn begins an English question behind another.
var (
	alsoAsks = regexp.MustCompile(`((?:能|可以|行|要|用|得)\p{Han}{0,3}?不|收没收|没收到|收不到|没来|转人工)`)
	asksOn   = regexp.MustCompile(` ((?:and )?(?:do|can|should|must) (?:i|we|you)|(?:is|does) (?:it|the|there|this)|are there)\b`)
	// noneOf ends in a word that asks elsewhere: 没有几个人看, 那么多选项.
	noneOf = regexp.MustCompile(`(?:没|没有|好)(?:几.|什么|啥|多少|哪)$|[那这要]么$`)
	// verbal is an English question with its verb: how long does it take, and not how long.
	verbal = regexp.MustCompile(`\b(?:is|are|do|does|did|can|could|should|must|will|would|has|have)\b`)
	// leansBack begins what belongs to what is before it, leansOn ends what belongs to what comes.
	leansBack = regexp.MustCompile(`^(?:[的了吗呢么吧]|(?:要|得|还要)?等?(?:多久|多长时间)才|.{1,2}$|什么|啥|谁|哪个|when (?:\w+ing|i|we|you|it|the|my|our)\b)`)
	leansOn   = regexp.MustCompile(`[的是把被和跟与或要能会得再才想去在给让交]$|\b(?:or|and|if|to|of|about|know) $`)
)

// questionsAt are where words that ask stand in a text, in bytes.
func (u *Understander) questionsAt(text string) (out []span) {
	if m := asksFirst.FindStringIndex(text); m != nil {
		out = append(out, span{m[0], m[1]})
	}
	at := 0
	if len(out) > 0 {
		at = out[0].end
	}
	for at < len(text) {
		next := span{len(text), len(text)}
		for _, p := range u.k.Asking.Question {
			if s, e, ok := p.Find(text[at:]); ok && at+s < next.start {
				next = span{at + s, at + e}
			}
		}
		for _, re := range []*regexp.Regexp{alsoAsks, asksOn} {
			if m := re.FindStringSubmatchIndex(text[at:]); m != nil && at+m[2] < next.start {
				next = span{at + m[2], at + m[3]}
			}
		}
		if next.start < len(text) && !noneOf.MatchString(text[:next.end]) {
			out = append(out, next)
		}
		at = next.end
	}
	return out
}

// A stretch that is longer, in bytes, or has more words that ask, is not cut; nor is a cut looked for in more places between two such words.
const (
	longestRun    = 240
	mostQuestions = 6
	mostPlaces    = 8
)

// cut parts a stretch without joints where both sides ask for something of their own by themselves (备案要几天|要花钱吗); 0 where there is no such place.
func (u *Understander) cut(text string) int {
	if len(text) > longestRun {
		return 0
	}
	questions := u.questionsAt(text)
	if len(questions) < 2 || len(questions) > mostQuestions {
		return 0
	}
	words := inBytes(text, u.words.segment(text))
	for i := 1; i < len(questions); i++ {
		tried, perhaps := 0, 0
		for j := len(words) - 1; j > 0 && tried < mostPlaces; j-- { // 要啥资料|几天能办好: the last is best, as what is asked of stands behind a word that asks
			at := words[j]
			if at < questions[i-1].end || at > questions[i].start || leansBack.MatchString(text[at:]) || leansOn.MatchString(text[:at]) {
				continue
			}
			least := surest
			if text[at] < utf8.RuneSelf && text[at] > ' ' { // an English question begins with the word that asks
				if at != questions[i].start || !verbal.MatchString(text[questions[i-1].start:at]) {
					continue
				}
				least = verySure
			}
			tried++
			right, pr := u.asked(clause{text: text[at:]}, "", true)
			if right == "" || right == knowledge.OutOfScope || pr < least && !matchesAny(u.k.Asking.Aspects[right], text[at:]) {
				continue
			}
			before := strings.TrimSpace(text[:at])
			left, pl := u.asked(clause{text: before}, "", true)
			if s := u.score(before)[0]; left == "" && pr >= surest && (right == knowledge.Human || right == knowledge.Contact) && slices.Contains(troubles, s.Topic) {
				if s.P >= sure {
					return at // 短信没收到|电话多少
				}
			}
			if left == "" || left == knowledge.OutOfScope || left == right || pl < least {
				continue
			}
			if pr >= least {
				return at
			}
			if perhaps == 0 && pl >= surest {
				perhaps = at // no better place: 要交啥材料|在哪交
			}
		}
		if perhaps > 0 {
			return perhaps
		}
	}
	return 0
}

// inBytes are the beginnings of units in bytes.
func inBytes(text string, units []unit) (out []int) {
	at, rune := 0, 0
	for i := range text {
		if at < len(units) && rune == units[at].start {
			out, at = append(out, i), at+1
		}
		rune++
	}
	return out
}

// asks reports whether a part asks or wants something.
func (u *Understander) asks(p clause) bool {
	if p.announces || matchesAny(u.k.Asking.Undecided, p.text) { // 我就一个问题: ...
		return false
	}
	if either(p.text) {
		return true
	}
	asked := stated.ReplaceAllString(p.text, "")
	if !strings.ContainsRune(p.text, maskDomain) {
		asked = helps.ReplaceAllString(asked, "")
	}
	return utf8.RuneCountInString(p.text) >= 2 && (p.question || u.wishes(p.text) && u.wishes(asked))
}

// several splits a message at its joints and gives the topics of its parts in order, where at least two parts carry a sure topic each, or one that is hidden
// by a story; none otherwise. Only what is asked counts: greetings beside a question are passed over. What is out of scope comes last. about is what
// of the message a topic is asked about with, where that is not all of it.
func (u *Understander) several(masked string, whole TopicScore) (out []knowledge.Topic, about map[knowledge.Topic]string) {
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
	matters := []string{""} // what is told and asked between one word that begins something new and the next
	var of []int            // by topic in out: its matter
	take := func(topic knowledge.Topic) {
		if !slices.Contains(out, topic) {
			out, of = append(out, topic), append(of, len(matters)-1)
		}
	}
	aside := ""         // what is out of scope, in its words
	told := ""          // what was told since the last wish: what a question leans on that says little by itself
	last := ""          // the last wish
	matter := true      // nothing was asked since something new began
	unasked := func() { // takes what was told instead of asking
		if matter && told != "" {
			scores := u.score(told)
			s := scores[0]
			if next := scores[1]; s.Topic == knowledge.OutOfScope && known && slices.Contains(troubles, next.Topic) {
				s = TopicScore{Topic: next.Topic, P: next.P / (1 - s.P)} // i never got the text, another thing
			}
			if s.P >= surest && s.Topic != knowledge.OutOfScope && !besideNothing(s.Topic) || s.P >= verySure && slices.Contains(things, s.Topic) {
				take(s.Topic)
			}
		}
	}
	for i, p := range parts {
		if p.fresh {
			unasked()
			told, last, matter = "", "", true
			matters = append(matters, "")
		}
		matters[len(matters)-1] += p.text + ","
		topic, _ := u.asked(p, told, known)
		if i+1 < len(parts) && u.raised(p, parts[i+1]) {
			topic = ""
		}
		if topic != "" && aside != "" && !p.fresh && !ofFiling.MatchString(p.text) {
			if full := u.score(aside + "," + p.text)[0]; full.Topic == knowledge.OutOfScope && full.P >= sure {
				continue // ssl证书多少钱,有没有免费的
			}
		}
		if topic != "" && told == "" && last != "" && utf8.RuneCountInString(p.text) < ownWords && !slices.Contains(inAWord, topic) {
			if full := u.score(last + "," + p.text)[0]; full.P >= sure && slices.Contains(out, full.Topic) {
				continue // 在哪家备的不记得了,能查到吗: asked again
			}
		}
		if (topic == "" || topic == knowledge.OutOfScope) && u.listedAspect(parts, i) {
			if s := u.score(ofEach.ReplaceAllString(p.text, ""))[0]; s.P >= sure && s.Topic != knowledge.OutOfScope {
				topic = s.Topic
			}
		}
		if topic == knowledge.NeedFiling && !p.question && !u.interrogative(p.text) && !ifWord.MatchString(p.text) {
			topic = "" // i need an icp filing, what's the procedure
		}
		if topic != "" && last != "" && told == "" && orElse.MatchString(p.text) {
			if full := u.score(last + "," + p.text)[0]; slices.Contains(out, full.Topic) {
				continue // 网站名称可以用英文吗?还是一定要中文?
			}
		}
		if topic == knowledge.OutOfScope {
			aside = strings.TrimSpace(aside + " " + p.text)
		}
		if topic == "" {
			told += p.text + ","
			continue
		}
		if topic == knowledge.Human || topic == knowledge.Contact { // whom to ask is no answer to a trouble: that was told for its own sake
			if s := u.score(told)[0]; s.P >= sure && slices.Contains(troubles, s.Topic) {
				take(s.Topic)
			}
		} else if told != "" && topic != knowledge.SMSVerification && !slices.Contains(inAWord, topic) { // nor what else is asked to a message that never came
			if s := u.score(told)[0]; s.P >= overSure && s.Topic == knowledge.SMSVerification && u.score(p.text)[0].P >= surest {
				take(s.Topic)
			}
		}
		if len(out) == 0 && told != "" && topic != knowledge.NeedFiling && needed.MatchString(p.text) {
			if s := u.score(told)[0]; s.Topic == knowledge.NeedFiling && s.P >= sure {
				take(s.Topic)
			}
		}
		told, last, matter = "", p.text, false
		if topic == knowledge.Process && !ownProcess.MatchString(p.text) && len(out) > 0 && slices.Contains(things, out[len(out)-1]) {
			continue
		}
		if !besideNothing(topic) {
			take(topic)
		}
	}
	if slices.ContainsFunc(parts, func(p clause) bool { return p.fresh }) {
		unasked()
	}
	if at := slices.Index(out, knowledge.Thanks); at >= 0 && slices.ContainsFunc(out, func(t knowledge.Topic) bool { return !socialTopic(t) }) {
		out, of = slices.Delete(out, at, at+1), slices.Delete(of, at, at+1)
	}
	about = map[knowledge.Topic]string{knowledge.OutOfScope: aside}
	if len(matters) > 1 {
		for i, topic := range out {
			if topic != knowledge.OutOfScope {
				about[topic] = matters[of[i]]
			}
		}
	}
	if at := slices.Index(out, knowledge.OutOfScope); at >= 0 { // what can be answered comes first
		out = append(slices.Delete(out, at, at+1), knowledge.OutOfScope)
	}
	alone := len(out) == 1 && out[0] != knowledge.OutOfScope && (whole.Topic == knowledge.OutOfScope && filing || whole.Topic == knowledge.Greeting)
	alone = alone || len(out) == 1 && out[0] != whole.Topic && u.overStory(parts, out[0], whole)
	if len(out) < 2 && !alone { // alone: 和朋友开了个奶茶店,朋友说备案很贵,到底收多少钱: the story resembles nothing
		return nil, nil
	}
	return out, about
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isASCIILetter(c byte) bool { return c >= 'a' && c <= 'z' }

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

// tellMe begins a part that asks to be told what follows.
var tellMe = regexp.MustCompile(`^(?:请|先|麻烦|你|您|能不能|可以)*(?:告诉|跟我讲|和我讲|跟我说|和我说)(?:我|一下|下)*`)

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

// ifSo begins an English question for the case that the one before it is answered with yes.
var ifSo = regexp.MustCompile(`^if (?:so|yes|it is|it does|we do|i do),? (.)`)

// saysEnough reports whether a part is long enough to be read by itself.
func saysEnough(part string) bool {
	if isASCIILetter(part[0]) {
		return strings.Count(part, " ") >= 2
	}
	return utf8.RuneCountInString(part) >= ownWords
}

// ifWord makes an English part that asks whether; orElse begins the other half of a question that has been put.
var (
	ifWord = regexp.MustCompile(`\b(?:if|whether)\b`)
	orElse = regexp.MustCompile(`^(?:还是|或者|or )`)
)

// carriers are topics that a question for an aspect resembles by the thing that it is asked about: 安卓app备案走一遍要多久 is duration.
var carriers = []knowledge.Topic{knowledge.AppFiling, knowledge.CancelFiling, knowledge.Change, knowledge.CommercialLicence, knowledge.Process}

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
