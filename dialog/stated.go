package dialog

import (
	"slices"
	"strings"

	"beianbot/knowledge"
)

// Whether what a message names is stated of the customer's own matter. Expressions find the words of places and of subject types and say what they take them for; labelled
// messages teach, from the words around each and from what the expressions took it for, what such a mention is: 我个人觉得太慢 states no subject type, 站名想叫北京路夜市 no
// place, and 我同学在武汉帮我装的系统 none of the subject.

// role is what a word for a place or a subject type is in a message.
type role uint8

const (
	roleNone    role = iota // only mentioned
	roleSubject             // of the subject: who files, or where it is
	roleServer              // where the machine is
	roleSettled             // denied, or where somebody's card is not from: no matter for the model
)

// roleSurely is how likely another role than the expressions' must be to be taken. The messages to learn from have more mentions that state nothing than customers' have.
const roleSurely = 0.93

// roleRates are the rates of learning, by round: longer than those of topics, which have many more messages. Chosen on held-out folds, as the weights in around.
var roleRates = []float32{4.8, 2, 2, 1, 0.6}

// roles tells the role of mentions.
type roles struct{ model *opinion }

var roleNames = [...]string{roleNone: "", roleSubject: "subject", roleServer: "server"}

// noticed is a mention as the expressions see it; start and end are runes.
type noticed struct {
	start, end int
	said       role   // what they take it for
	score      int    // how much speaks for that
	what       uint64 // of which kind it is
}

// of gives the role of a mention.
func (r *roles) of(s surroundings, m noticed) role {
	if r == nil || m.said == roleSettled {
		return m.said
	}
	var room [mostAround]feature
	v, p := r.model.likeliest(s.around(m, room[:0]))
	if p < roleSurely {
		return m.said
	}
	return role(slices.Index(roleNames[:], v))
}

// signs are what a clause may have before or after a mention: a machine, the customer, somebody else.
var signs = newSigns(
	"服务器 主机 机房 机器 机子 节点 云 vps server servers host hosted hosting machine cloud box rack node",
	"我 咱 本人 公司 企业 单位 个人 we our my i i'm we're company",
	strings.ReplaceAll(others, "|", " ")+" 朋友 同事 用户 老外 买家 他 她 friend friends friend's cousin cousin's brother sister husband wife neighbour neighbor client clients colleague customer customers visitors users his her")

// newSigns gives for the first character or word of each sign, or its first two, the bits of the signs that it is.
func newSigns(lists ...string) map[uint64]uint64 {
	out := map[uint64]uint64{}
	for i, list := range lists {
		for _, w := range strings.Fields(list) {
			if s := surround([]rune(w)); len(s.ids) == 1 {
				out[s.ids[0]] |= 1 << (2 * i)
			} else {
				out[mix(kindTwo, s.ids[0], s.ids[1], 0)] |= 1 << (2 * i)
			}
		}
	}
	return out
}

// signsAround gives the signs in the clause before and after the characters and words from from to to, as bits.
func (s surroundings) signsAround(from, to int) uint64 {
	var out uint64
	look := func(i int, after uint64) {
		out |= signs[s.ids[i]] << after
		if i+1 < len(s.ids) {
			out |= signs[mix(kindTwo, s.ids[i], s.ids[i+1], 0)] << after
		}
	}
	for i := from - 1; i >= 0 && !clauseEnd(s.ids[i]); i-- {
		look(i, 0)
	}
	for i := to; i < len(s.ids) && !clauseEnd(s.ids[i]); i++ {
		look(i, 1)
	}
	return out
}

func clauseEnd(id uint64) bool {
	switch id {
	case ',', '.', ';', '!', '?':
		return true
	}
	return false
}

// surroundings are the characters and English words of a text, with where in it each begins, in runes.
type surroundings struct {
	ids []uint64
	at  []int
}

func surround(runes []rune) surroundings {
	var s surroundings
	for i := 0; i < len(runes); {
		id, n := uint64(runes[i]), 1
		if latinWord(runes[i]) {
			id = 0
			for n = 0; i+n < len(runes) && latinWord(runes[i+n]); n++ {
				id = mix(kindOne, id, uint64(runes[i+n]), 1)
			}
		}
		if runes[i] != ' ' {
			s.ids, s.at = append(s.ids, id), append(s.at, i)
		}
		i += n
	}
	return s
}

func latinWord(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '\'' }

// farthest is how many characters and words on each side of a mention count as its surroundings.
const farthest = 10

// mostAround is the room for the features of a mention.
const mostAround = 96

// The kinds of features of a mention: what the expressions say, the mention itself, what stands at a distance from it, and what stands on either side.
const (
	sideSaid uint64 = iota + 100
	sideWhat
	sideAt
	sideNear
)

// around gives the features of a mention.
func (s surroundings) around(m noticed, into []feature) []feature {
	out := into[:0]
	add := func(weight float32, kind, a, b, c uint64) {
		out = append(out, feature{mix(kind, a, b, c), weight, true})
	}
	from, _ := slices.BinarySearch(s.at, m.start)
	to, _ := slices.BinarySearch(s.at, m.end)
	near := s.signsAround(from, to)
	id := func(i int) uint64 {
		switch {
		case i >= 0 && i < len(s.ids):
			return s.ids[i]
		case i < 0:
			return 2
		}
		return 3
	}
	add(3, sideSaid, uint64(m.said), 0, 0)
	add(1, sideSaid, uint64(m.said), m.what, 1)
	add(2, sideSaid, uint64(m.said), uint64(m.score+100), 2)
	add(1, sideWhat, m.what, 0, 0)
	for i := range uint64(6) {
		add(0.7, sideWhat, i, near>>i&1, 9)
		for j := range i {
			add(0.5, sideWhat, i*8+j, near>>i&1*2+near>>j&1, 10)
		}
	}
	add(1, sideWhat, near, uint64(m.said), 11)
	for d := 1; d <= 3; d++ {
		add(1, sideAt, id(from-d), uint64(d), 0)
		add(1, sideAt, id(to+d-1), uint64(d), 1)
	}
	add(1, sideAt, id(from-2), id(from-1), 2)
	add(1, sideAt, id(to), id(to+1), 3)
	add(1, sideAt, mix(0, id(from-3), id(from-2), 0), id(from-1), 4)
	add(1, sideAt, mix(0, id(to), id(to+1), 0), id(to+2), 5)
	add(1, sideAt, id(from-1), id(to), 6)
	add(1, sideAt, id(from-1), m.what, 7)
	add(1, sideAt, id(to), m.what, 8)
	for i := max(0, from-farthest); i < from; i++ {
		add(0.5, sideNear, id(i), 0, 0)
		add(0.7, sideNear, id(i), id(i+1), 1)
	}
	for i := to; i < min(len(s.ids), to+farthest); i++ {
		add(0.5, sideNear, id(i), 0, 2)
		add(0.7, sideNear, id(i), id(i+1), 3)
	}
	return out
}

// taught gathers what labelled messages teach of the roles of mentions.
type taught struct {
	all    keeper
	texts  [][]feature
	labels []string
	room   [mostAround]feature
}

func (t *taught) add(features []feature, is role) {
	t.texts, t.labels = append(t.texts, t.all.keep(features)), append(t.labels, roleNames[is])
}

func (t *taught) learn() *roles {
	if len(t.texts) == 0 {
		return nil
	}
	return &roles{newOpinions(roleRates, t.texts, t.labels)[0]}
}

// places learns from the places of a labelled message.
func (t *taught) places(g *gazetteer, runes []rune, slots *knowledge.LabelledSlots) {
	found := g.found(runes)
	s := surround(runes)
	for i, p := range found {
		clearer := func(o placed) bool {
			return o.id == p.id && o.role != roleServer && o.role != roleSettled && (o.score > p.score || o.score == p.score && o.start < p.start)
		}
		if p.role == roleSettled || alone(runes, p.mention) || p.id != "" && p.id == slots.Province && p.role != roleServer && slices.ContainsFunc(found, clearer) {
			continue
		}
		t.add(s.around(p.noticed(), t.room[:0]), p.labelled(slots, found, i))
	}
}

// labelled is the role of a mention by the labels of its message. Where both could be meant it is what the expressions say.
func (p placed) labelled(slots *knowledge.LabelledSlots, found []placed, at int) role {
	side := p.side
	if p.denied {
		side = otherSide(side)
	}
	subject, server := p.id != "" && p.id == slots.Province, side == slots.ServerLocation
	switch {
	case subject && server && p.role == roleServer, p.left && p.role == roleServer:
		return roleServer
	case subject:
		return roleSubject
	case server && p.role == roleServer:
		return roleServer
	case server:
		for i, o := range found {
			if i != at && o.role == roleServer && !o.left && (o.side == slots.ServerLocation) != o.denied {
				return roleNone // the machine's place is another's
			}
		}
		return roleServer
	}
	return roleNone
}

// subjects learns from the subject types of a labelled message.
func (t *taught) subjects(text string, types []typed[knowledge.SubjectTypeID], slots *knowledge.LabelledSlots) {
	s := surround([]rune(text))
	found := subjectsIn(text, types)
	for _, m := range found {
		clearer := func(o subjectMention) bool {
			return o.id == m.id && o.role != roleSettled && (o.score > m.score || o.score == m.score && o.start < m.start)
		}
		if m.role == roleSettled || m.id == slots.SubjectType && slices.ContainsFunc(found, clearer) {
			continue
		}
		is := roleNone
		if m.id == slots.SubjectType {
			is = roleSubject
		}
		t.add(s.around(m.noticed(text), t.room[:0]), is)
	}
}
