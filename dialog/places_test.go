package dialog

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"beianbot/knowledge"
)

// TestEveryCountyIsKnown holds that the official names of all divisions are found in a sentence, whatever they resemble, unless several provinces have one or
// counties.yaml leaves it out.
func TestEveryCountyIsKnown(t *testing.T) {
	k := loadKnowledge(t)
	u := NewUnderstander(k)
	for _, n := range placeNames(k) {
		if n.rank != rankCounty && n.rank != rankShort {
			continue
		}
		if got := u.Understand("公司在" + n.word + ",怎么备案").Slots.Province; got != n.province {
			t.Errorf("%s: %q, not %s", n.word, got, n.province)
		}
	}
}

// TestPlaceNames holds what a name resolves to where it meets another name or an ordinary word.
func TestPlaceNames(t *testing.T) {
	u := NewUnderstander(loadKnowledge(t))
	for text, want := range map[string]knowledge.ProvinceID{
		"公司在桐庐":                  "CN-ZJ",
		"景宁的企业":                  "CN-ZJ",
		"咱庙在五台山这边":               "CN-SX", // and not 台山
		"曲阜的公司":                  "CN-SD",
		"Our company is in Dali": "CN-YN", // 大荔 is spelt alike
		"a company in Tonglu":    "CN-ZJ",
		"a company in Taizhou":   "",
		"鼓楼区的公司":                 "",
		"公司登记在崑山":                "CN-JS",
		"对方山西的,我们怎么备案":           "CN-SX",
		"华强北的个体户":                "CN-GD",
		"和平县的公司":                 "CN-GD",
		"我们做新平台的,正安装系统":          "",
		"数据来自合作方,资源没问题":          "",
	} {
		if got := u.Understand(text).Slots.Province; got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}

// TestSubjectAmongPlaces holds whose place is meant where a message names several: testdata/places.txt.
func TestSubjectAmongPlaces(t *testing.T) {
	u := NewUnderstander(loadKnowledge(t))
	raw, err := os.ReadFile("testdata/places.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		text, wants, ok := strings.Cut(line, " | ")
		if !ok {
			continue
		}
		b, err := json.Marshal(u.Understand(text).Slots)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		for _, want := range strings.Fields(wants) {
			slot, value, _ := strings.Cut(want, "=")
			if v, _ := got[slot].(string); v != value {
				t.Errorf("%s: %s is %q, not %q", text, slot, v, value)
			}
		}
	}
}
