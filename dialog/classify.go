package dialog

import (
	"math"
	"sort"

	"beianbot/knowledge"
)

// classifier is a linear model (softmax regression) over the features of extract, with a share of naive Bayes over the same features, which is surer of
// rare words. Both are learnt at start from the example phrases. It is deterministic.
type classifier struct {
	topics  []knowledge.Topic
	table   table
	weights []float32 // by feature, width apart: weights[feature*width+topic]
	bayes   []float32 // likewise, what a feature says by itself: the log of its share among the topic's features, less the mean over topics
}

// width is the room for topics in a row of weights.
const width = 34

// Settings of training, chosen on held-out folds of the phrases and on the development set; see README.md.
var (
	epochs       = 4
	learningRate = float32(6)
	smoothing    = float32(0.1)
	learnt       = float32(0.7) // a phrase known so surely teaches nothing more
	minCount     = 2
	fewFeatures  = 14
	temperature  = float32(1)
	bayesShare   = float32(0.05)
	bayesCount   = 0.1 // what a feature is taken to have occurred in a topic beyond what was seen
)

// table gives features dense numbers: open addressing over hashes.
type table struct {
	keys []uint64
	ids  []int32
	n    int
}

func newTable(size int) table {
	c := 1
	for c < 2*size {
		c <<= 1
	}
	return table{keys: make([]uint64, c), ids: make([]int32, c)}
}

func (t *table) find(h uint64) int32 {
	mask := uint64(len(t.keys) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if t.keys[i] == h {
			return t.ids[i]
		}
		if t.keys[i] == 0 {
			return -1
		}
	}
}

// sample is one training phrase: rows of its features and their values, scaled to length one.
type sample struct {
	rows   []int32
	values []float32
	topic  int
}

// phrase is an example as features, before the vocabulary is known.
type phrase struct {
	features []feature
	topic    int
}

func trainClassifier(phrases []phrase) *classifier {
	c := &classifier{topics: knowledge.Topics}
	total := 0
	for _, p := range phrases {
		total += len(p.features)
	}
	// Count in how many places each feature occurs; keep those that occur often enough.
	counts := newTable(total/2 + 16)
	for _, p := range phrases {
		for _, f := range p.features {
			counts.increment(f.hash)
			if len(p.features) <= fewFeatures {
				counts.increment(f.hash) // the word is all there is ("hi"): rare or not, it counts
			}
		}
	}
	kept := 0
	for i, key := range counts.keys {
		if key != 0 && counts.ids[i] >= int32(minCount) {
			kept++
		}
	}
	c.table = newTable(kept + 16)
	samples := make([]sample, 0, len(phrases))
	rows := make([]int32, 0, total)
	values := make([]float32, 0, total)
	for _, p := range phrases {
		at := len(rows)
		var known, all float32
		for _, f := range p.features {
			all += f.value
			if counts.find(f.hash) >= int32(minCount) {
				rows = append(rows, c.table.number(f.hash))
				values = append(values, f.value)
				known += f.value
			}
		}
		if w := kindWeights[kindNovel]; w > 0 {
			rows = append(rows, c.table.number(novelty(known, all)))
			values = append(values, w)
		}
		s := sample{rows: rows[at:len(rows):len(rows)], values: values[at:len(values):len(values)], topic: p.topic}
		scaleToOne(s.values)
		if len(s.rows) > 0 {
			samples = append(samples, s)
		}
	}
	c.weights = make([]float32, c.table.n*width)
	c.fit(samples)
	c.count(samples)
	return c
}

func (t *table) increment(h uint64) {
	mask := uint64(len(t.keys) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if t.keys[i] == 0 {
			t.keys[i] = h
		}
		if t.keys[i] == h {
			t.ids[i]++
			return
		}
	}
}

func (t *table) number(h uint64) int32 {
	mask := uint64(len(t.keys) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if t.keys[i] == 0 {
			t.keys[i], t.ids[i] = h, int32(t.n)
			t.n++
		}
		if t.keys[i] == h {
			return t.ids[i]
		}
	}
}

func scaleToOne(values []float32) {
	var sum float32
	for _, v := range values {
		sum += v * v
	}
	if sum == 0 {
		return
	}
	s := 1 / float32(math.Sqrt(float64(sum)))
	for i := range values {
		values[i] *= s
	}
}

// fit runs stochastic gradient descent. Phrases are taken with a fixed stride, so that topics mix the same way every time; one that the model is
// already sure of is passed over, which halves the work.
func (c *classifier) fit(samples []sample) {
	n := len(samples)
	if n == 0 {
		return
	}
	stride := coprime(n)
	var scores [width]float32
	for e := range epochs {
		rate := learningRate / (1 + 0.5*float32(e))
		at := e * 7919 % n
		for range n {
			at = (at + stride) % n
			s := &samples[at]
			c.score(s.rows, s.values, &scores)
			softmax(scores[:len(c.topics)], 1)
			if scores[s.topic] > learnt {
				continue
			}
			for i := range c.topics {
				g := scores[i]
				target := smoothing / float32(len(c.topics))
				if i == s.topic {
					target += 1 - smoothing
				}
				scores[i] = rate * (target - g)
			}
			for i, row := range s.rows {
				w := (*[width]float32)(c.weights[int(row)*width:])
				v := s.values[i]
				for j := range w {
					w[j] += v * scores[j]
				}
			}
		}
	}
}

// count fills the weights of naive Bayes.
func (c *classifier) count(samples []sample) {
	c.bayes = make([]float32, len(c.weights))
	var totals, logs [width]float64
	for i := range samples {
		s := &samples[i]
		for _, row := range s.rows {
			c.bayes[int(row)*width+s.topic]++
		}
		totals[s.topic] += float64(len(s.rows))
	}
	n := len(c.topics)
	for t := range n {
		logs[t] = math.Log(totals[t] + bayesCount*float64(c.table.n))
	}
	never := math.Log(bayesCount)
	for row := range c.table.n {
		w := c.bayes[row*width:][:n]
		mean := 0.0
		var l [width]float64
		for t, seen := range w {
			l[t] = never
			if seen > 0 {
				l[t] = math.Log(float64(seen) + bayesCount)
			}
			l[t] -= logs[t]
			mean += l[t] / float64(n)
		}
		for t := range w {
			w[t] = bayesShare * float32(l[t]-mean)
		}
	}
}

// coprime is a stride near the golden section of n that visits every number below n.
func coprime(n int) int {
	s := int(float64(n)*0.618) | 1
	for gcd(s, n) != 1 {
		s++
	}
	return s % n
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (c *classifier) score(rows []int32, values []float32, into *[width]float32) {
	clear(into[:])
	for i, row := range rows {
		w := (*[width]float32)(c.weights[int(row)*width:])
		v := values[i]
		for j := range w {
			into[j] += v * w[j]
		}
	}
}

func softmax(p []float32, temperature float32) {
	top := p[0]
	for _, x := range p {
		top = max(top, x)
	}
	var sum float32
	for i, x := range p {
		p[i] = float32(math.Exp(float64((x - top) / temperature)))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// novelty is a feature for how little of a text is known from the examples: what is strange is rarely in scope.
func novelty(known, all float32) uint64 {
	return mix(kindNovel, uint64(8*known/max(all, 1e-6)), 0, 0)
}

// logits are the raw scores of a text's features, one for each topic.
func (c *classifier) logits(features []feature, into *[width]float32) {
	var rows [1024]int32
	var values [1024]float32
	n := 0
	var known, all float32
	for _, f := range features {
		all += f.value
		if row := c.table.find(f.hash); row >= 0 && n < len(rows)-1 {
			rows[n], values[n] = row, f.value
			known += f.value
			n++
		}
	}
	if row := c.table.find(novelty(known, all)); row >= 0 {
		rows[n], values[n] = row, kindWeights[kindNovel]
		n++
	}
	scaleToOne(values[:n])
	c.score(rows[:n], values[:n], into)
	for _, row := range rows[:n] {
		w := (*[width]float32)(c.bayes[int(row)*width:])
		for j := range w {
			into[j] += w[j]
		}
	}
}

// strange reports whether no word or character of a text occurs in the example phrases: only its size and other outward features do.
func (c *classifier) strange(features []feature) bool {
	for _, f := range features {
		if f.worded && c.table.find(f.hash) >= 0 {
			return false
		}
	}
	return true
}

// ranked turns logits into probabilities, the likeliest first.
func ranked(logits []float32, t float32) []TopicScore {
	p := make([]float32, len(knowledge.Topics))
	copy(p, logits)
	softmax(p, t)
	out := make([]TopicScore, len(p))
	for i, x := range p {
		out[i] = TopicScore{knowledge.Topics[i], float64(x)}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].P > out[j].P })
	return out
}
