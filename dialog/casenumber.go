package dialog

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// DefaultCaseNoPattern takes numbers such as BA20240617003 and LT-2024-00391.
const DefaultCaseNoPattern = `[A-Z]{2}-?20\d{2}-?\d{3,10}`

// CaseNumbers knows what an operator's case numbers look like.
type CaseNumbers struct {
	// Example is a number of that look, for a question that asks for one.
	Example string

	whole *regexp.Regexp   // a number by itself
	said  []*regexp.Regexp // in a folded message, the likeliest first; the first group is the number
}

// Numbers of the two usual kinds are taken however their parts are joined, where the pattern takes those kinds at all.
var usualKinds = []struct {
	number string
	said   *regexp.Regexp
}{
	{"BA20240617003", regexp.MustCompile(`(?:^|[^a-z0-9])(ba ?-?20[0-9]{6,10})(?:[^0-9]|$)`)},
	{"LT-2024-00391", regexp.MustCompile(`(?:^|[^a-z0-9])(lt ?-? ?20[0-9]{2} ?-? ?[0-9]{4,6})(?:[^0-9]|$)`)},
}

// notCaseNumbers are what a pattern must not take for a number, and what a customer means by each.
var notCaseNumbers = []struct{ said, meant string }{
	{"", "nothing at all"}, {"1234", "four digits, with which a customer proves to be the right one"}, {"13800138000", "a telephone number"}, {"11010119900101123X", "an identity number"},
	{"filing", "plain words"}, {"备案", "plain words"},
}

// ParseCaseNumbers makes CaseNumbers from a regular expression for one whole number, anchored or not; capitals and small letters count alike. A pattern that takes
// what a customer would say for something else is an error.
func ParseCaseNumbers(pattern string) (*CaseNumbers, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("not a regular expression: %w", err)
	}
	tree = free(tree)
	find := func(format string) *regexp.Regexp {
		re, failed := regexp.Compile(fmt.Sprintf(format, tree))
		err = errors.Join(err, failed)
		return re
	}
	n := &CaseNumbers{whole: find(`(?i)^(?:%s)$`)}
	said := find(`(?i)(?:^|[^a-z0-9])(%s)(?:[^a-z0-9]|$)`)
	if err != nil {
		return nil, fmt.Errorf("not a regular expression: %w", err)
	}
	for _, not := range notCaseNumbers {
		if n.whole.MatchString(not.said) {
			return nil, fmt.Errorf(`too wide, since it takes %s; say more closely how a case number looks, such as 'X\d{5}'`, not.meant)
		}
	}
	for _, kind := range usualKinds {
		if n.whole.MatchString(kind.number) {
			n.said = append(n.said, kind.said)
			if n.Example == "" {
				n.Example = kind.number
			}
		}
	}
	n.said = append(n.said, said)
	if n.Example == "" {
		n.Example = strings.ToUpper((&example{}).of(tree))
	}
	if !n.whole.MatchString(n.Example) {
		return nil, fmt.Errorf("takes no number that can be thought of (not %q); say more simply how one looks, such as 'X\\d{5}'", n.Example)
	}
	return n, nil
}

// DefaultCaseNumbers are those of DefaultCaseNoPattern.
var DefaultCaseNumbers = sync.OnceValue(func() *CaseNumbers {
	n, err := ParseCaseNumbers(DefaultCaseNoPattern)
	if err != nil {
		panic(err) // the pattern is ours
	}
	return n
})

// Fit reports whether a number of the mirror would be recognised, and found again, when a customer sends it.
func (n *CaseNumbers) Fit(no string) bool {
	found, rest := n.take(fold(no))
	return len(found) == 1 && rest == string(maskCase) && joined.Replace(tidyCaseNo(found[0])) == joined.Replace(strings.ToUpper(no))
}

// joined takes out what joins the parts of a number: the mirror looks past it.
var joined = strings.NewReplacer(" ", "", "-", "")

// maxCaseNumbers bounds how many numbers are taken out of one message.
const maxCaseNumbers = 8

// take gives the numbers of a folded text as they are typed there, and the text with a mark in the place of each, both in order.
func (n *CaseNumbers) take(text string) (found []string, masked string) {
	for len(found) < maxCaseNumbers {
		start, end := -1, -1
		for _, re := range n.said {
			if m := re.FindStringSubmatchIndex(text); m != nil && (start < 0 || m[2] < start) {
				start, end = m[2], m[3]
			}
		}
		if start < 0 {
			break
		}
		found = slices.Insert(found, strings.Count(text[:start], string(maskCase)), text[start:end])
		text = text[:start] + string(maskCase) + text[end:]
	}
	return found, text
}

// mask puts a mark in the place of every number.
func (n *CaseNumbers) mask(text string) string {
	_, masked := n.take(text)
	return masked
}

// tidyCaseNo writes a number as the mirror has it: capitals, and the usual kinds with the dashes that they have.
func tidyCaseNo(s string) string {
	s = strings.ToUpper(s)
	for _, kind := range usualKinds {
		if m := kind.said.FindStringSubmatch(strings.ToLower(s)); m == nil || len(m[1]) != len(s) {
			continue
		}
		plain := joined.Replace(s)
		if plain[:2] == "LT" {
			return "LT-" + plain[2:6] + "-" + plain[6:]
		}
		return plain
	}
	return s
}

// free takes away what ties a pattern to the ends of a text, since numbers are looked for in the middle of messages.
func free(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpCapture:
		return free(re.Sub[0])
	}
	for i, sub := range re.Sub {
		re.Sub[i] = free(sub)
	}
	return re
}

// example makes up a text that a pattern takes: as short as it may be, with digits and letters counted up.
type example struct{ digits, letters int }

func (e *example) of(re *syntax.Regexp) string {
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(e.oneOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(e.oneOf([]rune{0, unicode.MaxRune}))
	case syntax.OpStar, syntax.OpQuest:
		times = 0
	case syntax.OpRepeat:
		times = re.Min
	case syntax.OpAlternate:
		return e.of(re.Sub[0])
	}
	var b strings.Builder
	for range times {
		for _, sub := range re.Sub {
			b.WriteString(e.of(sub))
		}
	}
	return b.String()
}

// oneOf gives a character of a class, whose ranges are pairs: the next digit, else the next letter, else the first.
func (e *example) oneOf(class []rune) rune {
	next := func(from string, n *int) (rune, bool) {
		for i := range len(from) {
			r := rune(from[(*n+i)%len(from)])
			for j := 0; j+1 < len(class); j += 2 {
				if class[j] <= r && r <= class[j+1] {
					*n += i + 1
					return r, true
				}
			}
		}
		return 0, false
	}
	for _, set := range []struct {
		from string
		n    *int
	}{{"1234567890", &e.digits}, {"ABCDEFGHJKMNPQRSTUVWXYZ", &e.letters}, {"abcdefghjkmnpqrstuvwxyz", &e.letters}} {
		if r, ok := next(set.from, set.n); ok {
			return r
		}
	}
	if len(class) == 0 {
		return unicode.ReplacementChar
	}
	return class[0]
}
