package knowledge

import (
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Acts are the words by which people steer a conversation, whatever its topic.
type Acts struct {
	Cancel    []Pattern `yaml:"cancel" lint:"required"`
	Repeat    []Pattern `yaml:"repeat" lint:"required"`
	Simpler   []Pattern `yaml:"simpler" lint:"required"`
	Why       []Pattern `yaml:"why" lint:"required"`
	Farewell  []Pattern `yaml:"farewell" lint:"required"`
	More      []Pattern `yaml:"more" lint:"required"`
	Skip      []Pattern `yaml:"skip" lint:"required"`
	DontKnow  []Pattern `yaml:"dont_know" lint:"required"`
	Yes       []Pattern `yaml:"yes" lint:"required"`
	No        []Pattern `yaml:"no" lint:"required"`
	Resume    []Pattern `yaml:"resume" lint:"required"`
	SpeakZH   []Pattern `yaml:"speak_zh" lint:"required"`
	SpeakEN   []Pattern `yaml:"speak_en" lint:"required"`
	WhatCanDo []Pattern `yaml:"what_can_do" lint:"required"`
	// Correction are the words that take something back (不对, 说错了); what follows is the right value.
	Correction []Pattern `yaml:"correction" lint:"required"`
	// Excuse are words that may stand beside one of the above and change nothing (没看清, 刚才那个).
	Excuse []Pattern `yaml:"excuse" lint:"required"`
	// Introduce are words by which somebody tells who they are or what they mean to run; Deadline those that ask until when something is to be done.
	Introduce []Pattern `yaml:"introduce"`
	Deadline  []Pattern `yaml:"deadline"`
	// Suppose are words that try another circumstance (那如果, what if); NoNumber says that somebody has no case number or proof at hand.
	Suppose  []Pattern `yaml:"suppose" lint:"required"`
	NoNumber []Pattern `yaml:"no_number" lint:"required"`
}

// Regions tell where a server stands from what people say, and add names of places to those of the provinces' own files.
type Regions struct {
	// Machine are the words that make a place near them a server's place (服务器, 机房, vps); Placed those after which a place is one (放在).
	Machine []string `yaml:"machine" lint:"required"`
	Placed  []string `yaml:"placed" lint:"required"`
	// Providers are hosting brands: a place right after one is a data centre.
	Providers []string `yaml:"providers" lint:"required"`
	// Inland and Overseas are places and words that need a machine near them (国内, 东京); Mainland and Abroad say it alone (国内机房, us-east-1).
	Inland   []string `yaml:"inland" lint:"required"`
	Mainland []string `yaml:"mainland" lint:"required"`
	Overseas []string `yaml:"overseas" lint:"required"`
	Abroad   []string `yaml:"abroad" lint:"required"`
	// Places are other names of provinces and more of their towns; Spelt are Latin spellings, deciding where two places share one.
	Places map[ProvinceID][]string `yaml:"places" lint:"required"`
	Spelt  map[string]ProvinceID   `yaml:"spelt" lint:"required"`
	// CutPlaces begin with what counts machines, so that the name at their beginning is none, and the place is behind it (一台北京的服务器); a folder from before it has none.
	CutPlaces []string `yaml:"cut_places"`
	// NotPlaces are stretches that look like a place and are none (日照片).
	NotPlaces []string `yaml:"not_places" lint:"required"`
}

// Cuts reports whether a text has one of CutPlaces there.
func (r *Regions) Cuts(text []rune, at int) bool {
	return slices.ContainsFunc(r.CutPlaces, func(s string) bool { return beginsWith(text, at, s) })
}

// beginsWith reports whether a text has a stretch there.
func beginsWith(text []rune, at int, stretch string) bool {
	for _, c := range stretch {
		if at >= len(text) || text[at] != c {
			return false
		}
		at++
	}
	return true
}

// Counties are the official divisions of the mainland, by province. Names of it that Regions or a province's own file have too are theirs.
type Counties struct {
	Prefectures map[ProvinceID]Names `yaml:"prefectures" lint:"required"`
	Counties    map[ProvinceID]Names `yaml:"counties" lint:"required"`
	// Ordinary are names that are not looked for, as they are words, or stand between words, as well (资源, 都安); those of counties without their suffix.
	Ordinary Names `yaml:"ordinary" lint:"required"`
	// Peoples stand in names of autonomous divisions and not in their short names (畲族).
	Peoples Names `yaml:"peoples" lint:"required"`
}

// Names are written as one text, with spaces between them: a tenth of the time that a list of thousands takes to read.
type Names []string

// UnmarshalYAML takes a text or a list.
func (n *Names) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*n = strings.Fields(node.Value)
		return nil
	}
	return node.Decode((*[]string)(n))
}

// Slips are misspellings and homophones, and the words that pinyin may mend.
type Slips struct {
	// Mend gives for a word what people type in its place. None of them is a word that a customer would use otherwise. One of Latin letters alone is a whole
	// word, and mended in messages in English.
	Mend map[string][]string `yaml:"mend" lint:"required"`
	// Words are the field's key words: a stretch of two to four characters that sounds like one of them, and that no example phrase has, is
	// read as that word.
	Words []string `yaml:"words" lint:"required"`
	// Keep are English words that are not to be read as those of the field which they resemble.
	Keep []string `yaml:"keep"`
}

// Synonyms are classes of words that mean the same to the understanding, in both languages, so that what is learnt from one holds for all.
type Synonyms struct {
	Classes []WordClass `yaml:"classes" lint:"required"`
	// Fillers say nothing: 那个, 就是, 我想问一下. They are left out before a message is judged.
	Fillers []string `yaml:"fillers" lint:"required"`
}

// WordClass is one class of words. An English word is found in its inflections too; _ stands for a space.
type WordClass struct {
	ID    string   `yaml:"id" lint:"required"`
	Words []string `yaml:"words" lint:"required"`
}

// Cue is a rule of thumb that speaks for a topic: where it holds, its weight is added to the topic's score before probabilities are formed.
type Cue struct {
	Topic Topic `yaml:"topic" lint:"required"`
	// Weight is in units of log odds: 2 makes a topic seven times as likely; a negative one speaks against the topic.
	Weight float64 `yaml:"weight" lint:"required"`
	// When are patterns, one of which must match; empty: no pattern is asked for.
	When []Pattern `yaml:"when"`
	// Has are word classes that must all occur, Not those of which none may.
	Has []string `yaml:"has"`
	Not []string `yaml:"not"`
}

type cuesFile struct {
	Cues []Cue `yaml:"cues" lint:"required"`
}

// EmbeddedSlips are the slips of the knowledge built into the program.
func EmbeddedSlips() Slips {
	var s Slips
	raw, err := fs.ReadFile(Embedded(), "vocabulary/slips.yaml")
	if err == nil {
		err = yaml.Unmarshal(raw, &s)
	}
	if err != nil {
		panic(err) // the file is part of the program
	}
	return s
}

// Asking is what people say when they ask or want something, by which what is asked is told from the story beside it.
type Asking struct {
	// Question makes a part of a message a question, Wish one that wants something; Undecided says that its answer is open, which asks nothing.
	Question []Pattern `yaml:"question" lint:"required"`
	Wish     []Pattern `yaml:"wish" lint:"required"`
	// Intend says what the customer means to do, which is no supposition and no answer by the way; a folder from before it has none.
	Intend    []Pattern `yaml:"intend"`
	Undecided []Pattern `yaml:"undecided" lint:"required"`
	// Aspects are the words without which a description of a site does not ask for an aspect, however much it resembles a question for it.
	Aspects map[Topic][]Pattern `yaml:"aspects" lint:"required"`
	// OfAnything are the words that ask for an aspect, whatever it is asked of (注销要不要钱).
	OfAnything map[Topic][]Pattern `yaml:"of_anything" lint:"required"`
	// The others are words on which single questions turn: see the file.
	WhichKind          []Pattern `yaml:"which_kind" lint:"required"`
	ICPFiling          []Pattern `yaml:"icp_filing" lint:"required"`
	WhereTo            []Pattern `yaml:"where_to" lint:"required"`
	Code               []Pattern `yaml:"code" lint:"required"`
	Unreachable        []Pattern `yaml:"unreachable" lint:"required"`
	HeldByPerson       []Pattern `yaml:"held_by_person" lint:"required"`
	HeldByOrganisation []Pattern `yaml:"held_by_organisation" lint:"required"`
	SuffixRules        []Pattern `yaml:"suffix_rules" lint:"required"`
	WhyAsked           []Pattern `yaml:"why_asked" lint:"required"`
	Trust              []Pattern `yaml:"trust" lint:"required"`
	AnotherCase        []Pattern `yaml:"another_case" lint:"required"`
}
