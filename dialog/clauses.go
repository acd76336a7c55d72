package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

var joints = regexp.MustCompile(`[?!;]+|[,.]?\s?(?:顺便|另外|还有就是|还有|还想问|还想|再问|再说说|再就是|以及|同时|对了|然后)|[,.、]\s?|和需要的?|和| (?:and also|also|and|plus|by the way|btw) `)

var spaced = regexp.MustCompile(`(\p{Han}) +(\p{Han})`)

// strong are joints after which something new is asked.
var strong = regexp.MustCompile(`\?|顺便|另外|还有|还想|再问|再说说|再就是|以及|对了|also|plus|by the way|btw`)

// wish are words by which a part of a message asks or wants something, rather than telling the story that leads to the question.
var wish = knowledge.MustPattern("吗|么|什么|啥|哪|怎|咋|多少|多久|多长|好多钱|要好久|好久能|几点|几天|几个|几日|如何|能不能|要不要|能否|可否|是否|行不|可不可以|有没有|为何|发一下|发下|发我|给我|告诉|通知|人工|转接|改下|改一下|还是|查一下|查下|查查|说说|说下|说明|帮我|帮忙|取消|谢|再见|拜|流程|材料|资料|收费|how|what|what's|where|which|when|who|why|do|does|is|can|could|must|please|need|needs|needed|want|thank|thanks|bye|goodbye")

func wishes(part string) bool {
	return wish.Match(part) || strings.HasSuffix(part, "呢") || strings.HasSuffix(part, "不")
}

// stated are words of a wish that only tell how things are (不收费, 没有资料).
var stated = regexp.MustCompile(`(?:(?:^|[^收要用需])不|没有|没|未|无|免|非|全)(?:会|打算|准备|用|任何|涉及)?(?:收费|收钱|材料|资料|流程|取消)|(?:还是|就)(?:用|按|拿|以|选|走|放|办)[^,?]{1,8}吧|还是[^,?]{1,6}的[哈啊呀哦嘛]?(?:$|,)|(?:don't|doesn't|not|no|never|without|isn't) (?:\w+ )?(?:need|want|do|is|please)\b`)

// helps are words that ask for help with what follows, which need not be a wish itself (帮我看看我备过案了).
var helps = regexp.MustCompile("(?:帮我|帮忙|给我)(?:看看|看下|看一下|瞧瞧|瞧下|瞅瞅|问问|问下|问一下)")

// ofFiling are words by which a message is about filing, however much it resembles none: 备案 by itself, not 装修备案.
var ofFiling = regexp.MustCompile("(?:^|[^\\p{Han}])(?:icp|网站|域名|我|办)?备案|icp|beian")

const (
	sure        = 0.60 // how likely the topic of a part must be for it to count as a wish of its own, after a joint that announces something new
	verySure    = 0.80 // and after any other
	outsideSure = 0.95 // how likely a whole message must be out of scope for its parts not to count
	ownWords    = 6    // characters: a shorter part (咋选) is not read as a question about filing unless it is one by itself
)

// several splits a message at its joints and gives the topics of its parts in order, where at least two parts carry a sure topic each; none
// otherwise. Only what is asked counts: greetings, thanks and what is out of scope beside a question are passed over.
func (u *Understander) several(masked string, whole TopicScore) []knowledge.Topic {
	masked = spaced.ReplaceAllString(masked, "$1,$2") // 备案要多久 多少钱: a space between characters is a pause
	cuts := joints.FindAllStringIndex(masked, -1)
	if len(cuts) == 0 || len(cuts) > 8 {
		return nil
	}
	var out []knowledge.Topic
	take := func(part string, announced bool) {
		part = strings.TrimSpace(part)
		asked := stated.ReplaceAllString(part, "")
		if !strings.ContainsRune(part, maskDomain) {
			asked = helps.ReplaceAllString(asked, "")
		}
		if utf8.RuneCountInString(part) < 2 || !wishes(part) || !wishes(asked) {
			return
		}
		least := verySure
		if announced {
			least = sure
		}
		s := u.score(part)[0]
		if utf8.RuneCountInString(part) >= ownWords && (s.P < least || s.Topic == knowledge.OutOfScope) { // what it is about was said before
			if full := u.score("备案" + part)[0]; full.P >= verySure {
				s = full
			}
		}
		if s.P < least || s.Topic == knowledge.OutOfScope || s.Topic == knowledge.Greeting || s.Topic == knowledge.Unsolved || s.Topic == knowledge.Solved {
			return
		}
		if !slices.Contains(out, s.Topic) {
			out = append(out, s.Topic)
		}
	}
	at, announced := 0, false
	for _, c := range cuts {
		next := strong.MatchString(masked[c[0]:c[1]])
		take(masked[at:c[0]], announced || next)
		at, announced = c[1], next
	}
	take(masked[at:], announced)
	outside := whole.Topic == knowledge.OutOfScope && (whole.P < outsideSure || ofFiling.MatchString(masked)) // many questions in one resemble none
	if len(out) < 2 || !outside && !slices.Contains(out, whole.Topic) {
		return nil
	}
	return out
}
