package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
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

// wantsFirst are the other words with which something is asked for after "and".
var wantsFirst = regexp.MustCompile(`^(?:(?:also|then|please) )*(?:how|what|where|which|when|who|whose|why|whether|if|please|tell|send|give|let|check|notify|ping|call|show|remind|connect|i (?:also )?(?:want|need|would|wonder)|(?:(?:the |your |its )(?:[\w'-]+ ){0,3}|(?:\w+ )?)(?:steps?|costs?|fees?|price|documents?|paperwork|procedure|phone|time ?line))\b`)

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

// maxJoints is more than a person's questions have.
const maxJoints = 16

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

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
