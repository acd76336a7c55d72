package dialog

import (
	"math"
	"slices"
	"sort"

	"beianbot/knowledge"
)

// classifier is a linear model (softmax regression) over the features of extract, with a share of naive Bayes over the same features, which is surer of
// rare words. Both are learnt at start from phrases of the knowledge. It is deterministic.
type classifier struct {
	n       int // of kinds, of which a text is one: topics, types of filing, verdicts, values of a fact
	table   table
	weights []float32 // by feature, n apart: weights[feature*n+kind]
	bayes   []float32 // likewise, what a feature says by itself: the log of its share among the kind's features, less the mean over kinds
}

// How often a feature occurs at least, to count for topics and for the second reading: twice would do for topics as well, at 8 MB more.
const (
	leastOfTopics   = 3
	leastOfOpinions = 2
)

// mostKinds is the room for kinds in what is computed for one text.
const mostKinds = 34

// Settings of training, chosen on held-out folds of the phrases and on the development set; see README.md.
var (
	rates       = [...]float32{4.8, 2, 0.6} // of learning, by round: the last is small, so that the order of the phrases hardly shows
	smoothing   = float32(0.1)
	learnt      = float32(0.7) // a phrase known so surely teaches nothing more in this round
	wellLearnt  = float32(0.9) // nor in any other
	fewFeatures = 14
	temperature = float32(1)
	bayesShare  = float32(0.05)
	bayesCount  = 0.1 // what a feature is taken to have occurred in a topic beyond what was seen
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
	kind   int
}

// phrase is an example as features, before the vocabulary is known.
type phrase struct {
	features []feature
	kind     int
}

// trainClassifier learns to tell n kinds of texts apart.
func trainClassifier(phrases []phrase, n int) *classifier {
	t, samples := vocabulary(phrases, leastOfTopics)
	return learn(t, samples, n, rates[:])
}

// learn tells n kinds apart by samples of a vocabulary, in as many rounds as there are rates; those of a negative kind are not looked at.
func learn(t table, samples []sample, n int, rates []float32) *classifier {
	c := &classifier{n: n, table: t, weights: make([]float32, t.n*n)}
	samples = slices.DeleteFunc(samples, func(s sample) bool { return s.kind < 0 })
	c.fit(samples, rates)
	c.count(samples)
	return c
}

// vocabulary numbers the features that count, which occur at least so often, and gives the phrases, in their order, by these numbers.
func vocabulary(phrases []phrase, least int) (table, []sample) {
	total := 0
	for _, p := range phrases {
		total += len(p.features)
	}
	// A feature counts that occurs often enough, or in a phrase of few words ("hi"), where the word is all there is. Which have occurred is kept as bits of a hash:
	// that two share a bit lets in a few that occur less, and costs a hundredth of a table of all.
	const hashBits = 22
	seen := make([][]uint64, least-1)
	for i := range seen {
		seen[i] = make([]uint64, 1<<(hashBits-6))
	}
	often := func(hash uint64) bool {
		h := hash >> (64 - hashBits)
		for _, bits := range seen {
			at, bit := &bits[h>>6], uint64(1)<<(h&63)
			if *at&bit == 0 {
				*at |= bit
				return false
			}
		}
		return true
	}
	t := newTable(total/8 + 16)
	for _, p := range phrases {
		for _, f := range p.features {
			if often(f.hash) || len(p.features) <= fewFeatures {
				t.number(f.hash)
			}
		}
	}
	samples := make([]sample, 0, len(phrases))
	rows := make([]int32, 0, total)
	values := make([]float32, 0, total)
	for _, p := range phrases {
		at := len(rows)
		var met, all float32
		for _, f := range p.features {
			all += f.value
			if row := t.find(f.hash); row >= 0 {
				rows = append(rows, row)
				values = append(values, f.value)
				met += f.value
			}
		}
		if w := kindWeights[kindNovel]; w > 0 {
			rows = append(rows, t.number(novelty(met, all)))
			values = append(values, w)
		}
		s := sample{rows: rows[at:len(rows):len(rows)], values: values[at:len(values):len(values)], kind: p.kind}
		scaleToOne(s.values)
		samples = append(samples, s)
	}
	return t, samples
}

// number gives a hash its number, the next one if it is new.
func (t *table) number(h uint64) int32 {
	if 2*t.n >= len(t.keys) {
		old := *t
		t.keys, t.ids = make([]uint64, 2*len(old.keys)), make([]int32, 2*len(old.keys))
		for i, key := range old.keys {
			if key != 0 {
				at := t.slot(key)
				t.keys[at], t.ids[at] = key, old.ids[i]
			}
		}
	}
	at := t.slot(h)
	if t.keys[at] == 0 {
		t.keys[at], t.ids[at] = h, int32(t.n)
		t.n++
	}
	return t.ids[at]
}

// slot is where a hash is, or would go.
func (t *table) slot(h uint64) uint64 {
	mask := uint64(len(t.keys) - 1)
	i := h & mask
	for t.keys[i] != 0 && t.keys[i] != h {
		i = (i + 1) & mask
	}
	return i
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

// fit runs stochastic gradient descent. Phrases are taken with a fixed stride, so that kinds mix the same way every time; one that the model is
// already sure of is passed over, and no longer looked at once it is very sure: a third of the work is left.
func (c *classifier) fit(samples []sample, rates []float32) {
	n := len(samples)
	if n == 0 {
		return
	}
	stride := coprime(n)
	var room [mostKinds]float32
	scores := room[:c.n]
	done := make([]bool, n)
	for e, rate := range rates {
		at := e * 7919 % n
		for range n {
			at = (at + stride) % n
			if done[at] {
				continue
			}
			s := &samples[at]
			c.score(s.rows, s.values, scores)
			softmax(scores, 1)
			if scores[s.kind] > learnt {
				done[at] = scores[s.kind] > wellLearnt
				continue
			}
			for i, g := range scores {
				target := smoothing / float32(c.n)
				if i == s.kind {
					target += 1 - smoothing
				}
				scores[i] = rate * (target - g)
			}
			for i, row := range s.rows {
				w := c.weights[int(row)*c.n:][:len(scores)]
				v := s.values[i]
				for j, x := range scores {
					w[j] += v * x
				}
			}
		}
	}
}

// count fills the weights of naive Bayes.
func (c *classifier) count(samples []sample) {
	c.bayes = make([]float32, len(c.weights))
	var totals, logs [mostKinds]float64
	for i := range samples {
		s := &samples[i]
		for _, row := range s.rows {
			c.bayes[int(row)*c.n+s.kind]++
		}
		totals[s.kind] += float64(len(s.rows))
	}
	n := c.n
	for t := range n {
		logs[t] = math.Log(totals[t] + bayesCount*float64(c.table.n))
	}
	// What an unseen feature says is the same in every row, so only what was seen is counted in each.
	never := math.Log(bayesCount)
	mean := 0.0
	for t := range n {
		mean += (never - logs[t]) / float64(n)
	}
	for t := range n {
		logs[t] = never - logs[t] - mean
	}
	for row := range c.table.n {
		w := c.bayes[row*n:][:n]
		var more [mostKinds]float64
		mean := 0.0
		for t, seen := range w {
			if seen > 0 {
				more[t] = math.Log(float64(seen)+bayesCount) - never
				mean += more[t] / float64(n)
			}
		}
		for t := range w {
			w[t] = bayesShare * float32(logs[t]+more[t]-mean)
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

func (c *classifier) score(rows []int32, values []float32, into []float32) {
	clear(into)
	for i, row := range rows {
		w := c.weights[int(row)*c.n:][:len(into)]
		v := values[i]
		for j, x := range w {
			into[j] += v * x
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

// logits are the raw scores of a text's features, one for each kind.
func (c *classifier) logits(features []feature, into []float32) {
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
		w := c.bayes[int(row)*c.n:][:len(into)]
		for j, x := range w {
			into[j] += x
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
