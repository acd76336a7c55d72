package dialog

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// asksFirst are the words with which an English question begins that has none of these.
var asksFirst = regexp.MustCompile(`^\W*(?:(?:and|but|so|or|then|also|well|ok|hi|hello|actually|if so|if yes|if not) )*(?:do|does|did|is|are|am|can|could|must|will|would|should|shall|may|has|have i|have we|any|anything)\b`)

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

// helps are words that ask for help with what follows, which need not be a wish itself (帮我看看我备过案了).
var helps = regexp.MustCompile("(?:帮我|帮忙|给我)(?:看看|看下|看一下|瞧瞧|瞧下|瞅瞅|问问|问下|问一下)")

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
