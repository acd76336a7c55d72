package dialog

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// FoundDomain is a name found in running text, with its byte range there.
type FoundDomain struct {
	DomainName
	Start, End int
}

// fileEndings are endings that are names of files in a customer's text far more often than domains, and are no approved suffixes either.
var fileEndings = map[string]bool{"html": true, "htm": true, "php": true, "jsp": true, "asp": true, "aspx": true, "js": true, "css": true, "jpg": true, "jpeg": true, "png": true, "gif": true, "pdf": true, "doc": true, "docx": true,
	"xls": true, "xlsx": true, "txt": true, "zip": true, "rar": true, "conf": true, "exe": true, "apk": true, "ipa": true, "json": true, "xml": true, "log": true, "md": true, "py": true, "sh": true, "mov": true, "mp4": true, "csv": true, "rs": true}

// notNames are words of the trade that look like names.
var notNames = map[string]bool{"asp.net": true, "vb.net": true, "ado.net": true, "co.ltd": true}

// capitalised are suffixes that people write with a capital; any other capital after a dot begins a sentence ("help.My site", "Mr.Wang").
var capitalised = map[string]bool{"com": true, "cn": true, "net": true, "org": true, "cc": true, "tv": true, "vip": true, "xyz": true}

var (
	// leads are words that stand before a name and are glued to it; the name begins after the last of them.
	leads = regexp.MustCompile(`^.*(?:查一下|查下|查查|查询|看看|看下|看一下|看一看|帮我查|帮查|检查|检测|备一下|备个|域名是|域名叫|域名|网址是|网址|网站|官网|主站|备案|请问|还有|另外|除了|以及|或者|换成|改成|换到|跳到|变成|不是|注册|我的|我们的|这个|那个|叫|是|查|用|和|与|跟|或|及|、|买|选|的|了)`)
	// goesOn is what may follow a Chinese suffix without a break: only words that begin the rest of a sentence about a name.
	goesOn = regexp.MustCompile(`^(?:也|都|还有|做官网|做网站|做主|当|和|跟|与|或|以及|能不能|能备|能用|能过|可以|可不可以|这个|这种|吗|呢|行不行|行吗|备案|要备|怎么备|需要|域名)`)
	// talk is in sentences, hardly in names: a label that has it, before 。 or with more words after, is not one.
	talk = regexp.MustCompile(`[我你您他她它们了吗呢吧怎么什这那没不已请谢想要能完在是的到过]`)
	// suffixLead is all that stands before a suffix that is asked about by itself: 那.com呢, 要是.cn呢.
	suffixLead = regexp.MustCompile(`^(?:` + suffixWords + `)+$`)
	// suffixTalk is about a suffix: 我想买.cn域名.
	suffixTalk = regexp.MustCompile(`^(?:域名|后缀|结尾)`)
)

// suffixWords are words that lead to a suffix rather than begin a name.
const suffixWords = `那么?|要是|如果|一定要?|必须|只能|非得|假如|比如|例如|像|就|换成?|改成?|只|这种|那种|还|以及|包括|至于|对于|关于|拿|用|买|注册|是|要|和|跟|或者?`

// openers stand before a name that is set apart: nothing glued to it there.
const openers = "“‘「『《〈【〔(<[\"'`"

// finder reads one message. s is the text with full-width letters and dots mapped, at the place in text of each byte of s.
type finder struct {
	text, s string
	at      []int
	out     []FoundDomain
}

// FindDomains finds the names in a customer's text, in order. Versions, decimals, file names, addresses and e-mail addresses are not names.
func FindDomains(text string) []FoundDomain {
	if !strings.ContainsAny(text, ".。．｡") {
		return nil
	}
	f := finder{text: text, at: make([]int, 0, len(text)+1)}
	var b strings.Builder
	b.Grow(len(text))
	for i, r := range text {
		if r = halfRune(r); r < 0 {
			continue
		}
		for range max(1, utf8.RuneLen(r)) {
			f.at = append(f.at, i)
		}
		b.WriteRune(r)
	}
	f.at = append(f.at, len(text))
	f.s = b.String()
	for pos := 0; pos < len(f.s); {
		pos = f.next(pos)
	}
	return f.out
}

func nameRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

// next reads the next stretch of letters, digits, dashes and dots and gives where to go on.
func (f *finder) next(pos int) int {
	i := strings.IndexFunc(f.s[pos:], nameRune)
	if i < 0 {
		return len(f.s)
	}
	start := pos + i
	url := strings.HasSuffix(f.s[:start], "//")
	if url { // user:password@ goes
		rest := f.s[start:]
		if end := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/?#,、", r) || isHan(r) }); end >= 0 {
			rest = rest[:end]
		}
		start += strings.LastIndexByte(rest, '@') + 1
	}
	end := len(f.s)
	if i := strings.IndexFunc(f.s[start:], func(r rune) bool { return !nameRune(r) && r != '.' && r != '-' }); i >= 0 {
		end = start + i
	}
	if end == start {
		return start + 1
	}
	for end > start+1 && f.s[end-1] == '-' { // an arrow: a.cn->b.cn
		end--
	}
	mail := start > 0 && f.s[start-1] == '@' && !url || end < len(f.s) && f.s[end] == '@'
	if !mail && strings.IndexByte(f.s[start:end], '.') >= 0 && f.run(start, end, url) && end < len(f.s) && strings.IndexByte("/?:#", f.s[end]) >= 0 {
		return f.path(end)
	}
	return end
}

// path gives the end of a URL's rest, in which no name counts: at a blank, a quote or bracket, Chinese punctuation, or where a next URL is glued to it.
func (f *finder) path(i int) int {
	prev := rune(0)
	for i < len(f.s) {
		r, size := utf8.DecodeRuneInString(f.s[i:])
		original, _ := utf8.DecodeRuneInString(f.text[f.at[i]:])
		switch {
		case r <= ' ' || strings.ContainsRune("\"'<>()[]{}|`", r) || strings.ContainsRune("，。；！、）】》」』”’…", original),
			prev == ':' && isHan(r),
			(isHan(prev) || strings.ContainsRune(",;", prev)) && (strings.HasPrefix(f.s[i:], "http://") || strings.HasPrefix(f.s[i:], "https://")):
			return i
		}
		prev = r
		i += size
	}
	return i
}

// run reads the names of one stretch, and reports whether its very end belongs to one.
func (f *finder) run(start, end int, url bool) bool {
	var cur []span // labels of the name under way
	found := false
	finish := func(tail int) bool {
		found = len(cur) > 1 && f.take(cur, end, tail, url && cur[0].start == start)
		return found
	}
	for at := start; at <= end; {
		stop := end
		if i := strings.IndexByte(f.s[at:end], '.'); i >= 0 {
			stop = at + i
		}
		label := span{at, stop}
		at = stop + 1
		word := f.s[label.start:label.end]
		han := strings.IndexFunc(word, isHan)
		switch {
		case word == "":
			finish(label.start)
			cur = nil
			continue
		case len(cur) == 0:
			cur = []span{label}
			continue
		case f.fullStop(cur, label, url):
			finish(cur[len(cur)-1].end)
			cur = []span{label}
			continue
		case han < 0: // a whole label
			cur = append(cur, label)
			continue
		case han > 0 && knownSuffix(asciiLabel(word[:han])): // cn能备案么
			cur = append(cur, span{label.start, label.start + han})
			finish(label.start + han)
			cur = []span{{label.start + han, label.end}}
			continue
		}
		if n := hanSuffix(word); han == 0 && n > 0 && (n == len(word) && stop == end || n < len(word) && goesOn.MatchString(word[n:])) {
			cur = append(cur, span{label.start, label.start + n})
			finish(label.start + n)
			cur = []span{{label.start + n, label.end}}
			continue
		}
		if stop < end && strings.IndexFunc(word, func(r rune) bool { return r < utf8.RuneSelf }) < 0 && utf8.RuneCountInString(word) <= 15 {
			cur = append(cur, label) // www.例子.公司.cn
			continue
		}
		finish(cur[len(cur)-1].end)
		cur = []span{label}
	}
	if len(cur) == 1 && cur[0].start == cur[0].end {
		return found
	}
	return finish(end)
}

// fullStop reports whether the dot before a label is a Chinese full stop that ends a sentence rather than one typed for a dot.
func (f *finder) fullStop(cur []span, label span, url bool) bool {
	if !strings.HasPrefix(f.text[f.at[label.start-1]:], "。") || url {
		return false
	}
	last := cur[len(cur)-1]
	before, _ := utf8.DecodeLastRuneInString(f.s[last.start:last.end])
	after, _ := utf8.DecodeRuneInString(f.s[label.start:])
	if !isHan(before) && !isHan(after) {
		return false
	}
	left := f.s[last.start:last.end]
	if l := leads.FindStringIndex(left); l != nil {
		left = left[l[1]:]
	}
	right := f.s[label.start:label.end]
	return left == "" || talk.MatchString(left) || utf8.RuneCountInString(left) > 8 || isHan(after) && hanSuffix(right) != len(right)
}

// take adds the name made of labels, when it is one. end is that of the stretch, tail where the words after the name begin.
func (f *finder) take(labels []span, end, tail int, url bool) bool {
	for i := len(labels) - 1; i >= 0; i-- {
		if strings.IndexByte(f.s[labels[i].start:labels[i].end], '_') >= 0 { // _dmarc.example.cn
			labels = labels[i+1:]
			break
		}
	}
	if len(labels) < 2 {
		return false
	}
	first, last := labels[0], labels[len(labels)-1]
	suffix, after := f.s[last.start:last.end], f.s[tail:end]
	start := first.start
	if !url {
		start += f.trim(f.s[first.start:first.end], first.start, last.end)
	}
	if start >= first.end {
		return false
	}
	word := f.s[start:last.end]
	label := f.s[start:first.end]
	if !url && strings.IndexFunc(label, isHan) >= 0 && (suffixLead.MatchString(label) || utf8.RuneCountInString(label) > 15 ||
		suffixTalk.MatchString(after) || suffix[0] >= utf8.RuneSelf && after != "" && talk.MatchString(label)) {
		return false
	}
	lower := strings.ToLower(suffix)
	titled := len(suffix) > 1 && suffix[0] >= 'A' && suffix[0] <= 'Z' && suffix[1] >= 'a' && suffix[1] <= 'z'
	if fileEndings[lower] && !url && !strings.HasPrefix(strings.ToLower(word), "www.") || titled && !capitalised[lower] || notNames[strings.ToLower(word)] {
		return false
	}
	if head := strings.ToLower(label); !url && len(labels) > 2 && head != lower && (head == "com" || head == "cn" || head == "net" || head == "org") {
		return false // com.example.app is the name of a package
	}
	n, refusal := ParseDomain(word)
	if refusal != nil {
		return false
	}
	f.out = append(f.out, FoundDomain{n, f.at[start], f.at[last.end]})
	return true
}

// trim gives how much of a name's first label is words before the name.
func (f *finder) trim(label string, start, end int) int {
	if strings.IndexFunc(label, isHan) < 0 {
		return 0
	}
	before, _ := utf8.DecodeLastRuneInString(f.s[:start])
	off := 0
	if start > 0 && strings.ContainsRune(openers, before) && strings.IndexFunc(label, func(r rune) bool { return r < utf8.RuneSelf }) < 0 {
		return 0
	}
	if l := leads.FindStringIndex(label); l != nil {
		off = l[1]
	}
	rest := label[off:]
	i := strings.LastIndexFunc(rest, isHan)
	if i < 0 {
		return off
	}
	_, size := utf8.DecodeRuneInString(rest[i:])
	ascii := rest[i+size:]
	if ascii == "" || ascii[0] >= utf8.RuneSelf {
		return off
	}
	// 小明2008 is one label when it is set apart; else the Chinese before letters or digits is the sentence's.
	apart := off > 0 || start == 0 && end == len(f.s) || start > 0 && (before == ' ' || before == ':')
	if apart && strings.Trim(ascii, "0123456789") == "" && utf8.RuneCountInString(rest[:i+size]) <= 4 {
		return off
	}
	return off + i + size
}

// hanSuffix gives the length of the longest Chinese top-level domain that a word begins with; 0 for none.
func hanSuffix(word string) int {
	longest, runes := 0, 0
	for i, r := range word {
		if runes > 0 && (!isHan(r) || runes > 6) {
			return longest
		}
		runes++
		if n := i + utf8.RuneLen(r); knownSuffix(asciiLabel(word[:n])) {
			longest = n
		}
	}
	return longest
}

func asciiLabel(s string) string {
	a, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return ""
	}
	return a
}
