package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

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
