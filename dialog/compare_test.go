package dialog

import (
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"testing"

	"beianbot/knowledge"
)

var compare = flag.Bool("compare", false, "print how several ways to find the topic compare; see README.md")

// scorer gives the log score of every topic for a text that is normalised and masked.
type scorer func(u *Understander, masked string) [mostKinds]float64

// ways are what is compared; each learns from example texts by topic.
var ways = []struct {
	name  string
	learn func(u *Understander, texts [][]string) scorer
}{
	{"naive Bayes, character pairs", learnBayes},
	{"BM25 retrieval, character pairs", learnRetrieval},
	{"this model", func(*Understander, [][]string) scorer { return scoreModel }},
	{"this model + Bayes", func(u *Understander, texts [][]string) scorer { return mixed(scoreModel, learnBayes(u, texts), 0.25) }},
	{"this model + retrieval", func(u *Understander, texts [][]string) scorer {
		return mixed(scoreModel, learnRetrieval(u, texts), 0.25)
	}},
}

func scoreModel(u *Understander, masked string) (out [mostKinds]float64) {
	for _, s := range u.score(masked) {
		out[slices.Index(knowledge.Topics, s.Topic)] = math.Log(s.P + 1e-9)
	}
	return out
}

func mixed(a, b scorer, share float64) scorer {
	return func(u *Understander, masked string) (out [mostKinds]float64) {
		x, y := a(u, masked), b(u, masked)
		for i := range out {
			out[i] = (1-share)*x[i] + share*y[i]
		}
		return out
	}
}

func grams(u *Understander, text string) []uint64 {
	return slices.Sorted(maps.Keys(u.pairsOf(text)))
}

func learnBayes(u *Understander, texts [][]string) scorer {
	counts := map[uint64]*[mostKinds]float64{}
	var totals [mostKinds]float64
	for t, list := range texts {
		for _, text := range list {
			for _, g := range grams(u, text) {
				if counts[g] == nil {
					counts[g] = new([mostKinds]float64)
				}
				counts[g][t]++
				totals[t]++
			}
		}
	}
	return func(u *Understander, masked string) (out [mostKinds]float64) {
		for _, g := range grams(u, masked) {
			c := counts[g]
			if c == nil {
				continue
			}
			for t := range texts {
				out[t] += math.Log((c[t] + 0.05) / (totals[t] + 0.05*float64(len(counts))))
			}
		}
		return out
	}
}

func learnRetrieval(u *Understander, texts [][]string) scorer {
	type posting struct{ doc, topic int }
	index := map[uint64][]posting{}
	var lengths []float64
	total := 0.0
	for t, list := range texts {
		for _, text := range list {
			gs := grams(u, text)
			for _, g := range gs {
				index[g] = append(index[g], posting{len(lengths), t})
			}
			lengths = append(lengths, float64(len(gs)))
			total += float64(len(gs))
		}
	}
	mean := total / float64(len(lengths))
	return func(u *Understander, masked string) (out [mostKinds]float64) {
		scores, topic := map[int]float64{}, map[int]int{}
		for _, g := range grams(u, masked) {
			list := index[g]
			idf := math.Log(1 + (float64(len(lengths))-float64(len(list))+0.5)/(float64(len(list))+0.5))
			for _, p := range list {
				scores[p.doc] += idf * 2.2 / (1 + 1.2*(0.25+0.75*lengths[p.doc]/mean))
				topic[p.doc] = p.topic
			}
		}
		docs := slices.SortedFunc(maps.Keys(scores), func(a, b int) int {
			if scores[a] != scores[b] {
				return int(math.Copysign(1, scores[b]-scores[a]))
			}
			return a - b
		})
		for _, d := range docs[:min(8, len(docs))] {
			out[topic[d]] += scores[d]
		}
		return out
	}
}

// fold5 splits the examples: the part to learn from and the part to test on.
func fold5(k *knowledge.Knowledge, fold int) (*knowledge.Knowledge, []Labelled) {
	part := *k
	part.Examples = map[knowledge.Topic][]string{}
	var test []Labelled
	for _, t := range knowledge.Topics {
		for i, p := range k.Examples[t] {
			if i*7%5 == fold {
				test = append(test, Labelled{Text: p, Topic: t})
			} else {
				part.Examples[t] = append(part.Examples[t], p)
			}
		}
	}
	return &part, test
}

// rate is how often a way finds the topic.
func rate(u *Understander, s scorer, set []Labelled) Share {
	var out Share
	for _, l := range set {
		scores := s(u, u.masked(l.Text))
		best := 0
		for t := range knowledge.Topics {
			if scores[t] > scores[best] {
				best = t
			}
		}
		out.add(knowledge.Topics[best] == l.Topic)
	}
	return out
}

// TestCompareWays prints the comparison of README.md: go test ./dialog -run CompareWays -compare -v
func TestCompareWays(t *testing.T) {
	if !*compare {
		t.Skip("a comparison for README.md, not a check; run with -compare")
	}
	k := loadKnowledge(t)
	dev, dev2 := readLabelled(t, "testdata/understanding/dev.jsonl"), readLabelled(t, "testdata/understanding/dev2.jsonl")
	row := func(name string, learn func(u *Understander, texts [][]string) scorer) {
		whole := NewUnderstander(k)
		s := learn(whole, texts(whole, k))
		a, b := rate(whole, s, dev), rate(whole, s, dev2)
		var cv Share
		for fold := range 5 {
			part, test := fold5(k, fold)
			u := NewUnderstander(part)
			r := rate(u, learn(u, texts(u, part)), test)
			cv.Right, cv.Of = cv.Right+r.Right, cv.Of+r.Of
		}
		fmt.Printf("| %-48s | %.1f | %.1f | %.1f |\n", name, 100*cv.Rate(), 100*a.Rate(), 100*b.Rate())
	}
	for _, w := range ways {
		row(w.name, w.learn)
	}
	model := func(*Understander, [][]string) scorer { return scoreModel }
	all := kindWeights
	for _, v := range []struct {
		name string
		off  []uint64
	}{
		{"character n-grams alone", []uint64{kindClass, kindClassTwo, kindClassThree, kindPair, kindLast, kindPlain, kindSoundTwo, kindNovel, kindSize}},
		{"word classes alone", []uint64{kindOne, kindTwo, kindStart, kindEnd, kindSoundTwo}},
		{"without word classes", []uint64{kindClass, kindClassTwo, kindClassThree, kindPair, kindLast, kindPlain}},
		{"without pairs of classes", []uint64{kindPair}},
		{"without sounds", []uint64{kindSoundTwo}},
		{"without novelty", []uint64{kindNovel}},
	} {
		for _, kind := range v.off {
			kindWeights[kind] = 0
		}
		row("this model, "+v.name, model)
		kindWeights = all
	}
}

// texts are the example phrases by topic, normalised.
func texts(u *Understander, k *knowledge.Knowledge) [][]string {
	out := make([][]string, len(knowledge.Topics))
	for i, t := range knowledge.Topics {
		for _, p := range k.Examples[t] {
			out[i] = append(out[i], u.example(p))
		}
	}
	return out
}

// TestHeldOut prints how well the labelled messages teach what they do not show, in five folds: go test ./dialog -run HeldOut -compare -v. Places and subject types are read with
// and without the model of stated.go; verdicts with the whole second reading. The expressions have seen all of it.
func TestHeldOut(t *testing.T) {
	if !*compare {
		t.Skip("figures for README.md, not a check; run with -compare")
	}
	const folds = 5
	k := loadKnowledge(t)
	fold := func(text string) int {
		h := fnv.New32()
		h.Write([]byte(text))
		return int(h.Sum32() % folds)
	}
	u := NewUnderstander(k)
	var messages []lesson
	for _, l := range lessons(k) {
		if m := l.labelled; m != nil && m.Slots != nil {
			l.masked = u.masked(l.raw)
			messages = append(messages, l)
		}
	}
	for _, with := range []bool{false, true} {
		ev := Evaluation{BySlot: map[string]Found{}}
		for f := range folds {
			s := &secondReader{}
			if with {
				rest := slices.DeleteFunc(slices.Clone(messages), func(l lesson) bool { return fold(l.raw) == f })
				s.learnSubjects(u, rest)
				s.learnPlaces(u, rest)
			}
			for _, l := range messages {
				if fold(l.raw) == f {
					at := u.places.read([]rune(l.masked), s.places)
					who, _, _ := subjectType(l.masked, u.subjects, s.subjects)
					ev.slots(*l.labelled, Slots{SubjectType: who, Province: at.province, ServerLocation: at.server})
				}
			}
		}
		fmt.Printf("with the model %v: subject type %.3f, province %.3f, server location %.3f (F1)\n", with, ev.BySlot["subject_type"].F1(), ev.BySlot["province"].F1(), ev.BySlot["server_location"].F1())
	}
	right, wrong, of := 0, 0, 0
	for f := range folds {
		part := *k
		part.Labelled = slices.DeleteFunc(slices.Clone(k.Labelled), func(m knowledge.LabelledMessage) bool { return m.Verdict != "" && fold(m.Text) == f })
		e := NewEngine(&part, nil)
		for _, m := range k.Labelled {
			if m.Verdict == "" || fold(m.Text) != f {
				continue
			}
			of++
			switch _, got, _ := e.serves(m.Text); {
			case got == m.Verdict:
				right++
			case got != knowledge.NoVerdict:
				wrong++
			}
		}
	}
	fmt.Printf("verdicts: %.1f %% of %d right, %.1f %% wrong\n", 100*float64(right)/float64(of), of, 100*float64(wrong)/float64(of))
}
