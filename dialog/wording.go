package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"beianbot/knowledge"
)

// Clarity is how well a message was understood, for reports.
type Clarity string

// Understood needs no mention. Doubtful: answered, but not confidently. Unanswered: nothing fitted, or it was outside of what the bot knows.
const (
	Understood Clarity = ""
	Doubtful   Clarity = "low_confidence"
	Unanswered Clarity = "unanswered"
)

// unsureBelow is the confidence below which an answer is worth a look by whoever keeps the example phrases: at 0.6 and more nine of ten are right.
const unsureBelow = 0.6

// ClarityOf says how well a message was understood that took a conversation from before to after with a reply.
func ClarityOf(before, after Conversation, r Reply) Clarity {
	switch {
	case after.Lost > before.Lost || r.Topic == knowledge.OutOfScope:
		return Unanswered
	case r.Topic != "" && r.Confidence < unsureBelow:
		return Doubtful
	}
	return Understood
}

// What Mask puts in the place of what it takes out.
const (
	maskedNumber  = "#"
	maskedMail    = "[e-mail]"
	maskedName    = "[name]"
	maskedCompany = "[company]"
	maskedPlace   = "[address]"
	maskedSite    = "[domain]"
)

// maxWording is how much of a message is kept, in characters: what is longer is no question that an operator would add.
const maxWording = 120

// surnames are the commonest family names, those of two characters first. The list need not be whole: it is a net, not a register.
const surnames = `欧阳|上官|司马|诸葛|司徒|令狐|皇甫|尉迟|公孙|慕容|夏侯|东方|[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂柴梅]`

// mailAddress is an e-mail address, with or without the dots of its domain.
var mailAddress = regexp.MustCompile(`[A-Za-z0-9._%+-]+ ?@ ?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*`)

// masks are tried in order; each takes out more than it must rather than less.
var masks = []struct {
	find *regexp.Regexp
	put  string
}{
	// Letters and digits together: numbers of cases and certificates, codes, licence plates; then plain numbers with what joins their groups.
	{regexp.MustCompile(`[A-Za-z_-]*[0-9][0-9A-Za-z_-]*(?:[ .:/+()-]+[0-9][0-9A-Za-z_-]*)*`), maskedNumber},
	{regexp.MustCompile(`[零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]{4,}`), maskedNumber},
	{regexp.MustCompile(`(?i)((?:微信|qq|wechat|wx|telegram|账号|帐号|密码|password)(?:号|名|id)?(?: ?[是为叫:,]| is)? ?)[@A-Za-z_][A-Za-z0-9_-]{3,}`), "${1}" + maskedNumber},
	{regexp.MustCompile(`@[A-Za-z_][A-Za-z0-9_]{2,}|[A-Za-z0-9]+_[A-Za-z0-9_]*`), maskedNumber},
	{regexp.MustCompile(`[\p{Han}A-Za-z()·]{2,30}?(?:有限责任公司|有限公司|股份公司|集团公司|集团|工作室|事务所|经营部|商行|合作社|基金会|研究院)`), maskedCompany},
	{regexp.MustCompile(`(?:[A-Z][A-Za-z&-]+ ){1,5}(?i:co\.?,? ?ltd\.?|limited|ltd\.?|inc\.?|llc|gmbh|corp\.?)`), maskedCompany},
	{regexp.MustCompile(`\p{Han}{2,12}(?:路|街|道|巷|弄|小区|花园|大厦|村|镇|号楼|栋)#(?:[号室楼栋单元]|#)*`), maskedPlace},
	{regexp.MustCompile(`((?:我叫|我的名字是|名字(?:叫|是)?|姓名(?:叫|是)?|法人(?:代表)?(?:叫|是)?|负责人(?:叫|是)?|联系人(?:叫|是)?|经办人(?:叫|是)?|叫做|称呼)[::, ]*)(?:(?:` + surnames + `)[\p{Han}·]{1,2}|\p{Han}{1,4}·\p{Han}{1,6})`), "${1}" + maskedName},
	{regexp.MustCompile(`(我是|这是|本人|找|姓)(?:` + surnames + `)\p{Han}{0,2}`), "${1}" + maskedName},
	{regexp.MustCompile(`(?:` + surnames + `)\p{Han}{0,2}?(先生|女士|小姐|太太|总|经理|老师|主任|老板)`), maskedName + "${1}"},
	{regexp.MustCompile(`^(?:` + surnames + `)[\p{Han}·]{1,3}$`), maskedName},
	{regexp.MustCompile(`(?i:my name is|name is|name:|i am|i'm|this is|mr\.?|mrs\.?|ms\.?|dr\.?|call me) +[A-Z][A-Za-z'-]+(?: +[A-Z][A-Za-z'-]+){0,3}`), maskedName},
}

// Mask makes a customer's wording fit to be kept for a report: numbers, e-mail addresses, domains, names of people and firms, addresses and account names are
// taken out, as is what could disturb a terminal, and what is too long. It takes out too much rather than too little, and is no proof that nobody can be known.
func Mask(text string) string {
	text = mailAddress.ReplaceAllString(halfWidth(cut(text, 4*maxWording)), maskedMail)
	for found := FindDomains(text); len(found) > 0; found = found[:len(found)-1] {
		d := found[len(found)-1]
		text = text[:d.Start] + maskedSite + text[d.End:]
	}
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	for _, m := range masks {
		text = m.find.ReplaceAllString(text, m.put)
	}
	return cut(text, maxWording)
}

// printable keeps what a line of a report can show.
func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == utf8.RuneError || !unicode.IsGraphic(r):
		return -1
	}
	return r
}

// cut gives the first n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// unmasked leaves out what Mask put in: two questions are not alike because both had a name in them.
var unmasked = strings.NewReplacer(maskedMail, "", maskedName, "", maskedCompany, "", maskedPlace, "", maskedSite, "", maskedNumber, "")

// alikeFrom is the similarity (shared pairs of neighbouring characters, Dice) from which two wordings are one question.
const alikeFrom = 0.5

// Alike groups wordings that ask the same in other words: it gives for each text the number of its group, and the groups' first members are those that come
// first. Groups are found by the pairs of neighbouring characters they share with a group's first member.
func Alike(texts []string) []int {
	out := make([]int, len(texts))
	var shared []int32             // pairs of the present text that each group's first member has
	var sizes []int                // pairs of each group's first member
	byPair := map[string][]int32{} // pair: groups whose first member has it
	seen := map[string]int{}
	for i, text := range texts {
		folded := Normalise(unmasked.Replace(text))
		if g, ok := seen[folded]; ok {
			out[i] = g
			continue
		}
		pairs := bigrams(folded)
		clear(shared)
		for _, p := range pairs {
			for _, g := range byPair[p] {
				shared[g]++
			}
		}
		best, of := 0.0, -1
		for g, n := range shared {
			if s := 2 * float64(n) / float64(len(pairs)+sizes[g]); n > 0 && s > best {
				best, of = s, g
			}
		}
		if best < alikeFrom {
			of = len(sizes)
			sizes, shared = append(sizes, len(pairs)), append(shared, 0)
			for _, p := range pairs {
				byPair[p] = append(byPair[p], int32(of))
			}
		}
		out[i], seen[folded] = of, of
	}
	return out
}

// bigrams are the different pairs of neighbouring letters and digits; of a single one, itself.
func bigrams(s string) []string {
	var runes []rune
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			runes = append(runes, r)
		}
	}
	var out []string
	for i := range runes {
		if i+1 < len(runes) {
			out = append(out, string(runes[i:i+2]))
		} else if i == 0 {
			out = append(out, string(runes))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
