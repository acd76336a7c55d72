package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// span is a stretch of a text, in runes.
type span struct{ start, end int }

// typed are the words of one filing or subject type.
type typed[T ~string] struct {
	id       T
	patterns []knowledge.Pattern
}

func typeWords[T ~string](id T, words []string) typed[T] {
	t := typed[T]{id: id}
	for _, w := range words {
		if p, err := knowledge.ParsePattern(w); err == nil { // a wrong one is for lint to refuse
			t.patterns = append(t.patterns, p)
		}
	}
	return t
}

// typeMention is a type's word in a text; start and end are bytes.
type typeMention[T ~string] struct {
	id         T
	start, end int
	denied     bool
}

var (
	// notSubject are bodies that are not the customer's: the bot's own company, a property company …
	notSubject  = regexp.MustCompile(`(?:人家|别人|同行)[^,.;!?我咱]{0,8}?公司|[转来]个人工|` + strings.Join(otherBodies, "|"))
	typeDenied  = regexp.MustCompile(`(?:不是|不算|并非|不属于|又不是|而不是|(?:^|[^民])非|没有|无|not an?|not the|not|isn't an?|isn't|no longer an?|no)\s?$`)
	eitherOr    = regexp.MustCompile(`还是|还有|区别|不同|不一样|和|跟|与|或|vs|or|difference`)
	compared    = regexp.MustCompile(`区别|分不清|有什么不同|有啥不同|有何不同|差别|不一样|一样的?吗|一样不|哪个好|哪个快|哪个容易|difference|different|the same`)
	orAnother   = regexp.MustCompile(`^(?:备案|filing)?[, ]?(?:还是|抑或|or )`)
	changedInto = regexp.MustCompile(`(?:转|改|换|变|升级?|过户)(?:成|为|到|给|作)?$`)
	// ourselves stands before a firm of one of these trades that is the customer's after all (物业公司的,弄了个小程序).
	trade     = regexp.MustCompile(`^(?:物业|快递|外包|建站|代办|代理|云)公司$`)
	ourselves = regexp.MustCompile(`(?:^|我|我们|咱|咱们|我是|我们是|这边是)$`)
	// notAnyMore stands before what is not to be done after all (又说不注销了).
	notAnyMore = regexp.MustCompile(`(?:不|别|不要|不用|不想|don't|do not|not)\s?(?:再|去|办|做|to)?\s?$`)
)

// otherBodies are such bodies by their words.
var otherBodies = []string{"几个人", "个人脸", "你们公司", "贵公司", "贵司", "你司", "你们单位", "物业公司", "快递公司", "外包公司", "建站公司", "网络公司帮", "代办公司", "代理公司", "前公司", "云公司", "服务商公司", "你们企业", "your company", "hosting company", "another company"}

// notSubjectHints: without one of them, notSubject finds nothing; to look for them costs less.
var notSubjectHints = append([]string{"人家", "别人", "同行", "个人工"}, otherBodies...)

// farBack is how many bytes before a mention are looked at: what is bound to it stands nearer.
const farBack = 72

// tail is the end of what stands before a mention.
func tail(before string) string {
	if len(before) <= farBack {
		return before
	}
	at := len(before) - farBack
	for at < len(before) && !utf8.RuneStart(before[at]) {
		at++
	}
	return before[at:]
}

// maskOthers puts nothing in the place of the bodies that are not the customer's.
func maskOthers(text string) string {
	if !slices.ContainsFunc(notSubjectHints, func(hint string) bool { return strings.Contains(text, hint) }) {
		return text
	}
	out := []byte(text)
	for _, at := range notSubject.FindAllStringIndex(text, -1) {
		if !trade.MatchString(text[at[0]:at[1]]) || !ourselves.MatchString(text[:at[0]]) {
			copy(out[at[0]:at[1]], make([]byte, at[1]-at[0]))
		}
	}
	return string(out)
}

// mentions finds every type's longest words; a word inside another type's longer word (个人 in 个人独资企业) does not count.
func mentions[T ~string](text string, types []typed[T]) []typeMention[T] {
	var all []typeMention[T]
	has := knowledge.RunesOf(text)
	for _, t := range types {
		for _, p := range t.patterns {
			if !p.May(&has) {
				continue
			}
			for from := 0; from < len(text); {
				s, e, ok := p.Find(text[from:])
				if !ok {
					break
				}
				if !slices.ContainsFunc(all, func(m typeMention[T]) bool { return m.id == t.id && m.start == from+s && m.end == from+e }) {
					all = append(all, typeMention[T]{t.id, from + s, from + e, typeDenied.MatchString(tail(text[:from+s]))})
				}
				_, n := utf8.DecodeRuneInString(text[from+s:])
				from += s + n
			}
		}
	}
	kept := all[:0:0]
	for _, m := range all {
		inside := slices.ContainsFunc(all, func(o typeMention[T]) bool {
			return o.id != m.id && o.start <= m.start && m.end <= o.end && o.end-o.start > m.end-m.start
		})
		if !inside {
			kept = append(kept, m)
		}
	}
	slices.SortStableFunc(kept, func(a, b typeMention[T]) int { return a.start - b.start })
	return kept
}

// subjectMention is a word for a subject type with what it is taken for.
type subjectMention struct {
	typeMention[knowledge.SubjectTypeID]
	role  role
	score int // what speaks for it
}

// noticed is a subject type as the model sees it.
func (m subjectMention) noticed(text string) noticed {
	at := inRunes(text, []span{{m.start, m.end}})[0]
	return noticed{at.start, at.end, m.role, m.score, uint64(slices.Index(knowledge.SubjectTypes, m.id))}
}

// subjectsIn finds the subject types of a text. Of those that may be stated it is the one that most likely is; one that is denied is settled.
func subjectsIn(text string, types []typed[knowledge.SubjectTypeID]) []subjectMention {
	all := mentions(text, types)
	if len(all) == 0 {
		return nil
	}
	masked := maskOthers(text)
	if masked != text {
		all = mentions(masked, types)
	}
	var out []subjectMention
	var denied knowledge.SubjectTypeID
	for _, m := range all {
		r := roleNone
		if m.denied {
			denied, r = m.id, roleSettled
		}
		out = append(out, subjectMention{typeMention: m, role: r})
	}
	best, bestScore := -1, -100
	first, last := -1, -1
	for i := range out {
		m := &out[i]
		if m.role == roleSettled || m.id == denied {
			continue
		}
		if before := tail(text[:m.start]); othersOnes.MatchString(before) && !ownBefore.MatchString(before) && speaksOfSelf.MatchString(text) || m.id == knowledge.Individual && ownedBefore.MatchString(before) {
			continue // 写的老板个人名字: not who files
		}
		if first < 0 {
			first = i
		}
		last = i
		if m.score = subjectScore(masked, m.typeMention); m.score > bestScore {
			best, bestScore = i, m.score
		}
	}
	if best < 0 {
		return out
	}
	if a, b := out[first], out[last]; a.id != b.id && a.end < b.start && setAgainst(text, a.end, b.start) {
		return out // 个人和企业要的材料一样吗: neither is theirs
	}
	for i := range out {
		if m := &out[i]; m.id == out[best].id && m.role != roleSettled {
			m.role = roleSubject
		}
	}
	return out
}

// subjectType reads who files, and who is ruled out.
func subjectType(text string, types []typed[knowledge.SubjectTypeID], stated *roles) (value, denied knowledge.SubjectTypeID, spans []span) {
	found := subjectsIn(text, types)
	if len(found) == 0 {
		return "", "", nil
	}
	runes := []rune(text)
	s, most := surround(runes), 0
	for _, m := range found {
		spans = append(spans, span{m.start, m.end})
		if m.denied {
			denied = m.id
		}
		if len(runes) >= shortestStory {
			m.role = stated.of(s, m.noticed(text))
		}
		if m.role == roleSubject && (value == "" || m.score > most) {
			value, most = m.id, m.score
		}
	}
	if value == denied {
		value = ""
	}
	return value, denied, spans
}

// others are people beside the customer whose company or site it may be.
const (
	others   = `哥|姐|弟|妹|老公|老婆|前夫|前妻|丈夫|妻子|同学|邻居|隔壁|亲戚|舅|叔|姨|姑|闺蜜|室友|客户|人家`
	othersEN = `friend|cousin|brother|sister|husband|wife|neighbou?r|client`
)

var (
	subjectAfter = regexp.MustCompile(`^(?:的|网站|站|主体|性质|名义|类型)*(?:备案|备|网站|主体|名义|官网|的网站|做备案|filing|website|site|blog)`)
	// ownBefore tells of two subjects which is the customer's: 我哥公司那单下来了,我这个个人的呢.
	ownBefore    = regexp.MustCompile(`(?:我自己|自己|我这个|我这单|我这边是|我本人|本人|拿自己身份证|用自己身份证|my own|myself,?)(?:的|是|是个|这个)?$`)
	othersBefore = regexp.MustCompile(`(?:` + others + `|\b(?:` + othersEN + `)'?s?)(?:那边|那家|家|他们|的|开的|名下的?)*\s?$`)
	// othersOnes are somebody else's who is told of beside the customer (speaksOfSelf): 朋友在香港开公司,…,那我自己想做一个.
	othersOnes    = regexp.MustCompile(`(?:` + others + `|朋友|对门|别人|甲方|前东家|上家|\b(?:` + othersEN + `|landlord)s?)[^,.;!?我]{0,6}$`)
	speaksOfSelf  = regexp.MustCompile(`那我|我自己|我这|我想|我要|我该|我应该|我备|我的|我那|叫我|\b(?:mine|myself|my own|i'd|i'll|do i|am i|i need|i want)\b`)
	subjectBefore = regexp.MustCompile(`(?:我们是|我是|我们|咱们|我|以|用|给|拿来给|a|an|our|my|as an?|for an?)$`)
	ownedBefore   = regexp.MustCompile(`(?:法人|员工|老板娘?|股东|负责人|会长|校长|院长|园长|经理|同事|朋友|前任|别人|名下的?)$`)
	ownedAfter    = regexp.MustCompile(`^(?:名下|身份证|信息|邮箱|手机|的身份)`)
)

func subjectScore(text string, m typeMention[knowledge.SubjectTypeID]) int {
	before, after := tail(text[:m.start]), text[m.end:]
	score := 0
	if subjectAfter.MatchString(after) {
		score += 2
	}
	if subjectBefore.MatchString(before) {
		score++
	}
	if changedInto.MatchString(before) {
		score += 3
	}
	if ownBefore.MatchString(before) {
		score += 2
	}
	if ownedBefore.MatchString(before) || othersBefore.MatchString(before) || ownedAfter.MatchString(after) {
		score -= 3
	}
	if m.end-m.start > 6 && m.id != knowledge.Individual && m.id != knowledge.Enterprise {
		score += 2 // a rarer kind says more than 公司
	}
	return score
}

// addedTo is the type of a site that is added to a filing, once it is said with whom that is (不对,原备案是在腾讯云做的); "" when nothing is added.
func addedTo(t knowledge.FilingTypeID, accessHere string) knowledge.FilingTypeID {
	switch {
	case t == knowledge.AddSiteHere && accessHere == "elsewhere":
		return knowledge.AddSiteElsewhere
	case t == knowledge.AddSiteElsewhere && accessHere == "here":
		return knowledge.AddSiteHere
	}
	return ""
}

// setAgainst reports whether a text compares what stands before and after a stretch of it.
func setAgainst(text string, start, end int) bool {
	return eitherOr.MatchString(text[start:end]) && compared.MatchString(text)
}

// filingType reads what kind of filing is meant. Two kinds set against each other (接入和首次有什么区别) state none.
func filingType(text string, types []typed[knowledge.FilingTypeID]) (value, denied knowledge.FilingTypeID, spans []span) {
	var stated []typeMention[knowledge.FilingTypeID]
	for _, m := range mentions(text, types) {
		spans = append(spans, span{m.start, m.end})
		if m.denied && m.id != knowledge.App && m.id != knowledge.Cancel {
			denied = m.id
			continue
		}
		stated = append(stated, m)
	}
	stated = slices.DeleteFunc(stated, func(m typeMention[knowledge.FilingTypeID]) bool { return m.id == denied })
	if rest := slices.DeleteFunc(slices.Clone(stated), func(m typeMention[knowledge.FilingTypeID]) bool { return notAnyMore.MatchString(tail(text[:m.start])) }); len(rest) > 0 {
		stated = rest // 不注销了,改成做变更备案
	}
	if len(stated) == 0 {
		return "", denied, spans
	}
	kinds := map[knowledge.FilingTypeID]bool{}
	for _, m := range stated {
		kinds[m.id] = true
	}
	if len(kinds) == 1 {
		if orAnother.MatchString(text[stated[0].end:]) && stated[0].id != knowledge.App { // 首次备案还是新增: which, is the question
			return "", denied, spans
		}
		return stated[0].id, denied, spans
	}
	first, last := stated[0], stated[len(stated)-1]
	opening := kinds[knowledge.First] || kinds[knowledge.Access] || kinds[knowledge.AddSiteHere] || kinds[knowledge.AddSiteElsewhere]
	if opening && first.end < last.start && (eitherOr.MatchString(text[first.end:last.start]) || compared.MatchString(text)) && !kinds[knowledge.App] {
		return "", denied, spans
	}
	// What is done to a filing says more than what it is of.
	for _, id := range []knowledge.FilingTypeID{knowledge.Cancel, knowledge.AddSiteElsewhere, knowledge.AddSiteHere, knowledge.ChangeFiling, knowledge.Access, knowledge.App, knowledge.First} {
		if kinds[id] {
			return id, denied, spans
		}
	}
	return first.id, denied, spans
}
