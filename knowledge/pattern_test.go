package knowledge

import "testing"

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"个人 企业|公司", "个人备案能转成公司吗", true},
		{"个人 企业|公司", "个人备案", false},
		{"没|不|未..cdn", "没有用过cdn", true},
		{"没|不|未..cdn", "没备案,后来我们在别的地方又用了cdn", false},
		{"换 ip !服务器", "换ip要变更吗", true},
		{"换 ip !服务器", "换服务器换ip", false},
		{"app", "apple id", false},
		{"app", "我的app要备案吗", true},
		{"regist*", "is it registered", true},
		{"other_provider", "with the other provider", true},
		{"company", "our company's site", true},
		{"company !company's", "the company's site", false},
		{"man", "a manual", false},
	} {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(tt.text); got != tt.want {
			t.Errorf("%q on %q = %v", tt.pattern, tt.text, got)
		}
	}
	for _, bad := range []string{"", "!x", "a||b", "..b", "ABC"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// TestEmbedded holds that the files of the program have no errors, and that no operator's name stands in them.
func TestEmbedded(t *testing.T) {
	k, findings, err := Load(Embedded(), Options{Operator: Operator{Name: "甲", Phone: "1", FilingSystemURL: "https://a.example", Hours: Text{ZH: "早", EN: "am"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Log(f)
	}
	provinces := 0
	for _, p := range k.Provinces {
		if p.Prefix != "" {
			provinces++
			if len(p.Rules) == 0 || p.Authority.IsZero() {
				t.Errorf("%s has no rules or no authority", p.ID)
			}
		}
	}
	if provinces != 31 {
		t.Errorf("%d provinces", provinces)
	}
}
