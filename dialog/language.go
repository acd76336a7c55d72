package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"beianbot/knowledge"
)

// englishFrame are words by which a sentence is English though a Chinese term stands in it ("What is 备案 and do I need it?").
var englishFrame = []string{"what", "is", "do", "does", "how", "the", "i", "my", "can", "for", "are", "we", "need", "where", "when", "please", "a", "to", "in", "of"}

// language is that of a message: Chinese when it has Chinese characters (or was typed in pinyin), English when it has English words. It is "" where
// nothing tells it: a number, an address, a case number, one short name typed in pinyin ("aliyun", "zhejiang" are the same in English). weak says that it is no more
// than a word or two of English, such as people put into talk in any language: hello, ok, WordPress.
func language(masked string, pinyin bool) (lang knowledge.Lang, weak bool) {
	masked = noWords.ReplaceAllString(masked, " ")
	han, letters, frame := 0, 0, 0
	for _, r := range masked {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case r >= 'a' && r <= 'z':
			letters++
		}
	}
	switch {
	case pinyin && han <= shortName:
		return "", false
	case pinyin:
		return knowledge.ZH, false
	case han == 0 && letters < 2:
		return "", false
	case han > 0 && letters <= 4*han:
		return knowledge.ZH, false
	}
	words := strings.FieldsFunc(masked, func(r rune) bool { return r < 'a' || r > 'z' })
	for _, w := range words {
		if slices.Contains(englishFrame, w) {
			frame++
		}
	}
	switch {
	case han == 0:
		return knowledge.EN, frame == 0 && len(words) <= 2
	case frame >= 2:
		return knowledge.EN, false
	}
	return knowledge.ZH, false
}

// noWords are an address without a name, and markup.
var noWords = regexp.MustCompile(`[a-z]+://[!-~]*|</?[a-z][^>]*>`)

// shortName is the most characters of a name that is typed in pinyin, such as heilongjiang.
const shortName = 3

// speaks follows the language that the customer speaks. A name or a word that stands alone changes it only while nothing has told it better, and two Chinese ones in a row.
func (c *Conversation) speaks(u Understanding) {
	if u.Lang == "" || c.LangFixed {
		return
	}
	if u.LangWeak && c.Spoke != "" && c.Spoke != u.Lang {
		if c.Doubts++; u.Lang == knowledge.EN || c.Doubts < 2 {
			return
		}
	} else if u.LangWeak {
		c.Lang = u.Lang
		return
	}
	c.Lang, c.Spoke, c.Doubts = u.Lang, u.Lang, 0
}

// hearLanguage goes over to the language of a message, with all that is open.
func (t *turn) hearLanguage() {
	before := t.c.Lang
	if t.c.speaks(t.u); t.c.Lang != before {
		t.translateAll()
	}
}

// translateAll puts all that is open into the language that is spoken now.
func (t *turn) translateAll() {
	if t.c.Question != nil {
		t.translate(t.c.Question)
	}
	for i := range t.c.Pending {
		t.translate(&t.c.Pending[i])
	}
}

// besideActs does what a part of a message asks that only steers the conversation (还是用中文吧,在哪个网址提交; 回到刚才的,住持身份证要原件吗; 这个我不知道啊 在哪看), and gives what the
// rest says.
func (t *turn) besideActs(text string) string {
	if len(text) > longAct || !ofLanguage.MatchString(text) && !matchesAny(t.k.Acts.Resume, t.u.Text) && (t.c.Question == nil || !matchesAny(t.k.Acts.DontKnow, t.u.Text)) {
		return text
	}
	parts := clauseEnds.Split(spaced.ReplaceAllString(text, "$1,$2"), -1)
	if len(parts) < 2 || len(parts) > 4 {
		return text
	}
	var rest []string
	steered := NoAct
	for i, part := range parts {
		act := t.e.u.steers(part)
		switch {
		case act == SpeakZH, act == SpeakEN, act == Resume:
			steered = act
		case act == Yes && i == 0: // 好 回到刚才的
		case i == 0 && act == DontKnow && t.c.Question != nil:
			t.u.Act = act
			return text
		default:
			rest = append(rest, part)
		}
	}
	words := strings.Join(rest, ",")
	if steered == NoAct || strings.TrimSpace(words) == "" {
		return text
	}
	u := t.e.u.Understand(words)
	if steered != Resume {
		if len(u.Asked) == 1 && u.Asked[0] == knowledge.OutOfScope && u.Slots.IsZero() { // my boss is a foreigner: why, not what
			t.u.Act = steered
			return text
		}
		lang := map[Act]knowledge.Lang{SpeakZH: knowledge.ZH, SpeakEN: knowledge.EN}[steered]
		if t.c.LangFixed = true; t.c.Lang != lang {
			t.c.Lang = lang
			t.translateAll()
		}
	}
	t.u = u
	return words
}

// ofLanguage are the names of the languages, clauseEnds what parts a message.
var (
	ofLanguage = regexp.MustCompile(`(?i)[中英]文|[汉英]语|english|chinese`)
	clauseEnds = regexp.MustCompile(`[,，.。;；:：!！?？\n][ \s]*`)
)

// translate puts an open question into the language that is spoken now, as it would be asked now. One that would not be asked again stays as it is.
func (t *turn) translate(q *Question) {
	again := &turn{e: t.e, k: t.k, c: t.c.clone(), now: t.now, u: Understanding{Lang: t.c.Lang}}
	again.c.Question, again.c.Pending = nil, nil
	again.c.Slots.Domain, again.c.Slots.Domains = "", nil // else it would be looked up before anything is asked
	again.serve(q.Topic, 1)
	if a := again.c.Question; a != nil && a.Slot == q.Slot && a.Fact == q.Fact && a.Proof == q.Proof {
		q.Text, q.Options = a.Text, a.Options
	}
}
