package dialog

import "beianbot/knowledge"

// Act is how a message steers the conversation, whatever its topic.
type Act string

// The acts; acts.yaml has the words for them.
const (
	NoAct     Act = ""
	Cancel    Act = "cancel"    // 算了
	Repeat    Act = "repeat"    // 再说一遍
	Simpler   Act = "simpler"   // 说简单点
	More      Act = "more"      // 详细点
	Skip      Act = "skip"      // 跳过
	DontKnow  Act = "dont_know" // 不清楚
	Yes       Act = "yes"
	No        Act = "no"
	Resume    Act = "resume"      // 继续刚才的
	SpeakZH   Act = "speak_zh"    // 说中文
	SpeakEN   Act = "speak_en"    // English please
	WhatCanDo Act = "what_can_do" // 你能做什么

	// Asked for by a channel's command, not by words.
	ChooseLanguage Act = "language"
	Privacy        Act = "privacy"
	Wait           Act = "wait" // give me what is under way: nothing new is said
)

// TopicScore is how likely a message is about a topic.
type TopicScore struct {
	Topic knowledge.Topic `json:"topic"`
	P     float64         `json:"p"` // calibrated probability, 0–1
}

// Understanding is what one message says by itself, without the conversation.
type Understanding struct {
	Lang knowledge.Lang
	// LangWeak says that Lang rests on no more than a name or a word: see Conversation.speaks.
	LangWeak bool
	// Text is the message normalised: half width, Simplified, lower case, common slips mended. Patterns match against it.
	Text string
	// Scores are all topics, the likeliest first. Asked are those to serve, in the order of the message: one, several, or none when it has no
	// wish of its own (a bare slot, an act, an answer).
	Scores []TopicScore
	Asked  []knowledge.Topic
	// Confidence is that of the first of Asked, or of Scores.
	Confidence float64
	// Slots are stated here. Denied are values ruled out ("不是个人").
	Slots  Slots
	Denied Slots
	// Found are the domain names in the raw text that may be the customer's, in order.
	Found []FoundDomain
	// Site is the first known site that is named, such as the ministry's; SiteAlone says that the message is nothing else.
	Site      *knowledge.Site
	SiteAlone bool
	// Proof is what could be the last four of a phone or certificate: four digits, or three and an X; empty when none stands apart.
	Proof string
	// Act is the steering act, when the message is one or begins with one.
	Act Act
	// Correction says that the message takes something back ("不对,是公司").
	Correction bool
	// Ordinal is the number of an option ("2", "第二个", "②"), −1 the last one, 0 when none is meant.
	Ordinal int
	// Bare says that nothing is left but slots, acts and particles ("那上海呢", "个人", "换成 abc.cn"): an answer or an ellipsis.
	Bare bool
	// Asks says that the message has a question in it.
	Asks bool
	// Pronoun says that the message refers to what was spoken of ("它要多久").
	Pronoun bool

	subject string
	about   map[knowledge.Topic]string // with what words a topic is asked, where the message has others of another matter
	masked  string                     // the text with marks for domains and numbers
	told    bool                       // the filing type is told by a story, not named
	rival   knowledge.ProvinceID       // named in one breath with Slots.Province: which of the two is not said
	// card is the province that an identity card is said to be from, notCard one that it is said not to be from.
	card, notCard knowledge.ProvinceID
}
