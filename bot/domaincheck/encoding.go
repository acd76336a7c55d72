package domaincheck

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// unreadable stands for bytes of which nobody knows what they say; a value with it is not judged by, see dialog.Judge.
const unreadable = "\ufffd"

// decoded is a server's text in UTF-8. Some Chinese registrars and registries still write GBK, which GB18030 contains. Each line is read by itself, since one may be
// cut in the middle of a character; but where any line is UTF-8, or most of one, no other is taken for GB18030, in which most of UTF-8 means something else.
func decoded(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	lines := strings.Split(text, "\n")
	chinese := false
	for _, line := range lines {
		whole, broken, pairs := bytesOf(line)
		if whole > 0 && whole >= broken {
			return strings.ToValidUTF8(text, unreadable)
		}
		chinese = chinese || pairs > 0
	}
	if !chinese { // lone letters with an accent, of a Latin encoding
		return strings.ToValidUTF8(text, unreadable)
	}
	for i, line := range lines {
		if utf8.ValidString(line) {
			continue
		}
		s, err := simplifiedchinese.GB18030.NewDecoder().String(line)
		if err != nil || strings.Contains(s, unreadable) {
			s = strings.ToValidUTF8(line, unreadable)
		}
		lines[i] = s
	}
	return strings.Join(lines, "\n")
}

// bytesOf counts the Chinese characters in UTF-8 of a line, its bytes that are no UTF-8, and the pairs of bytes that are a usual character in GB18030.
func bytesOf(line string) (whole, broken, pairs int) {
	for i, r := range line {
		switch {
		case r == utf8.RuneError && strings.HasPrefix(line[i:], unreadable):
		case r == utf8.RuneError:
			broken++
			if i+1 < len(line) && line[i] >= 0xb0 && line[i] <= 0xf7 && line[i+1] >= 0xa1 {
				pairs++
			}
		case utf8.RuneLen(r) > 2:
			whole++
		}
	}
	return whole, broken, pairs
}
