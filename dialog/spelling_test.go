package dialog

import (
	"strings"
	"testing"
)

// TestSpelling holds what a misspelt word of a message in English is read as, and what stays as it was typed.
func TestSpelling(t *testing.T) {
	s := newSpelling(loadKnowledge(t))
	for _, c := range []struct{ typed, want string }{
		{"how mutch dose the fileing cost for a idividual", "how much does the filing cost for a individual"},
		{"wat docunents do i ned", "what documents do i need"},
		{"i dint get the verifcation sms", "i didn't get the verification sms"},
		{"goverment recieve domian certificat", "government receive domain certificate"},
		{"the representitive", "the representative"}, // two slips, in a long word
		{"water, u.s., urn", "water, u.s., urn"},     // slips are whole words
		{"do cats like yoga", "do cats like yoga"},
		{"master, kinda simple, statue", "master, kinda simple, statue"}, // words that are kept
		// names
		{"vercel hetzner taobao wechat shenzhen mengniu huawei xiaomi douyin", ""},
		{"heilongjiang shaanxi guangxi wulumuqi zhangjiakou", ""},
		{"peter johnson maria garcia lihua wangxiaoming zhangwei fatima nguyen dmitri sofia hans", ""},
		{"netlify cloudflare godaddy namecheap shopify wordpress bluehost linode", ""},
		{"webiste.cn my-compny aply@compny.cn /verifcation compny2 'compny'", ""}, // parts of names
	} {
		if c.want == "" {
			c.want = c.typed
		}
		if got := s.mend(c.typed); got != c.want {
			t.Errorf("%q\n\tis read as %q\n\tand not as %q", c.typed, got, c.want)
		}
	}
	if u := NewUnderstander(loadKnowledge(t)); u.masked("请把compny改成docunents") != "请把compny改成docunents" {
		t.Error("a word in a message in Chinese was mended")
	}
}

// TestSpellingOfNonsense holds that a message of words that nobody knows costs no more than its length.
func TestSpellingOfNonsense(t *testing.T) {
	s := newSpelling(loadKnowledge(t))
	long := strings.Repeat("dokumentationz ", 2000)
	if got := s.mend(long); len(got) > 2*len(long) {
		t.Errorf("%d bytes became %d", len(long), len(got))
	}
	if word := strings.Repeat("documents", 5000); s.mend(word) != word {
		t.Error("a word without end was mended")
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"filing", "filing", 0}, {"fileing", "filing", 1}, {"filng", "filing", 1}, {"filibg", "filing", 1}, {"fliing", "filing", 1}, {"flinig", "filing", 2}, {"abcd", "wxyz", 3}} {
		if got := edits(c.a, c.b, 2); got != c.want {
			t.Errorf("edits(%s, %s) = %d, not %d", c.a, c.b, got, c.want)
		}
	}
}
