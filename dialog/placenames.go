package dialog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// placeName is a name of a province or of a place in it.
type placeName struct {
	word     string
	province knowledge.ProvinceID
	rank     placeRank
}

// placeRank is how much a name counts where it meets another: by a spelling that both have, or in a text.
type placeRank uint8

const (
	rankListed placeRank = iota + 1 // of a province, a prefecture or a place that regions.yaml has
	rankTown                        // in a province and named in regions.yaml
	rankCounty                      // an official name with its suffix
	rankShort                       // without it: two characters that may stand anywhere
)

// placeNames are the names of all places of the knowledge. A name that knowledge files other than counties.yaml have is theirs; what several provinces have
// otherwise is none.
func placeNames(k *knowledge.Knowledge) []placeName {
	out := make([]placeName, 0, 6000)
	taken := make(map[string]bool, 1500)
	for _, p := range k.Provinces {
		for _, list := range []struct {
			rank  placeRank
			words []string
		}{{rankListed, p.Words}, {rankListed, p.Places}, {rankTown, k.Regions.Places[p.ID]}} {
			for _, w := range list.words {
				out = append(out, placeName{w, p.ID, list.rank})
				taken[w] = true
			}
		}
	}
	for _, w := range k.Counties.Ordinary {
		taken[w] = true
	}
	at := make(map[string]int, 6000) // of official names in out
	add := func(w string, id knowledge.ProvinceID, rank placeRank) {
		if utf8.RuneCountInString(w) < 2 || taken[w] {
			return
		}
		i, ok := at[w]
		switch {
		case !ok:
			at[w] = len(out)
			out = append(out, placeName{w, id, rank})
		case out[i].province != id:
			out[i].province = "" // of several
		default:
			out[i].rank = min(out[i].rank, rank)
		}
	}
	for _, p := range k.Provinces {
		for _, w := range k.Counties.Prefectures[p.ID] {
			add(w, p.ID, rankListed)
			add(calledName(w, k.Counties.Peoples), p.ID, rankListed)
		}
		for _, w := range k.Counties.Counties[p.ID] {
			add(w, p.ID, rankCounty)
			add(calledName(w, k.Counties.Peoples), p.ID, rankShort)
		}
	}
	return slices.DeleteFunc(out, func(n placeName) bool { return n.province == "" })
}

// calledName is how people call a place: 桐庐 for 桐庐县, 景宁 for 景宁畲族自治县. A district is called by its whole name, so it has none.
func calledName(w string, peoples []string) string {
	for _, suffix := range []string{"自治县", "自治旗", "自治州"} {
		if rest, ok := strings.CutSuffix(w, suffix); ok {
			return withoutPeoples(rest, peoples)
		}
	}
	for _, suffix := range []string{"地区", "盟", "市", "县", "旗"} {
		if rest, ok := strings.CutSuffix(w, suffix); ok {
			return rest
		}
	}
	return ""
}

// withoutPeoples takes the names of peoples off the end, and keeps what is nothing else (鄂伦春).
func withoutPeoples(w string, peoples []string) string {
	for {
		i := slices.IndexFunc(peoples, func(p string) bool { return len(w) > len(p) && strings.HasSuffix(w, p) })
		if i < 0 {
			return w
		}
		w = strings.TrimSuffix(w, peoples[i])
	}
}

// spellings are the Latin spellings of names. Where two provinces share one, the place of the higher rank has it, of two of the same rank neither: Taizhou is
// in Jiangsu and in Zhejiang. Shorter spellings are words of many languages.
func spellings(names []placeName) map[string]knowledge.ProvinceID {
	latin := make(map[string]placeName, len(names))
	for _, n := range names {
		if n.rank == rankCounty || utf8.RuneCountInString(n.word) == 1 {
			continue // the short name has the same spelling
		}
		s := spell(n.word)
		if len(s) < 5 || n.rank == rankShort && len(s) < 6 {
			continue
		}
		at, ok := latin[s]
		switch {
		case !ok || n.rank < at.rank:
			latin[s] = placeName{s, n.province, n.rank}
		case n.rank == at.rank && n.province != at.province:
			latin[s] = placeName{s, "", n.rank}
		}
	}
	out := make(map[string]knowledge.ProvinceID, len(latin))
	for s, n := range latin {
		if n.province != "" {
			out[s] = n.province
		}
	}
	return out
}
