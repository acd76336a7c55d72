// Package dialog understands a customer's words and decides what to say and do. It decides only: no network, clock, randomness, file or
// database. What happens outside comes in as an Event, with its time; what is to be done goes out as Actions.
package dialog

import (
	"maps"
	"slices"
	"time"

	"beianbot/knowledge"
)

// State of a conversation. The words are fixed by the contract.
type State string

// Idle: nothing open. Asking: the bot waits for an answer to its question. Human: staff has the conversation, the bot is silent.
const (
	Idle   State = "idle"
	Asking State = "asking"
	Human  State = "human"
)

// Slots are what the customer has said in this conversation, as of now (槽位). The JSON is the contract's.
type Slots struct {
	FilingType     knowledge.FilingTypeID   `json:"filing_type,omitempty"`
	SubjectType    knowledge.SubjectTypeID  `json:"subject_type,omitempty"`
	Province       knowledge.ProvinceID     `json:"province,omitempty"`
	ServerLocation knowledge.ServerLocation `json:"server_location,omitempty"`
	Domain         string                   `json:"domain,omitempty"`  // lower-case ASCII host as the customer gave it
	Domains        []string                 `json:"domains,omitempty"` // all, only when there are several
	CaseNo         string                   `json:"case_no,omitempty"`
}

// IsZero reports that no slot is filled.
func (s Slots) IsZero() bool {
	return s.FilingType == "" && s.SubjectType == "" && s.Province == "" && s.ServerLocation == "" && s.Domain == "" && s.CaseNo == ""
}

// merge takes over what newer says and reports whether that changed anything.
func (s *Slots) merge(newer Slots) bool {
	before := *s
	set(&s.FilingType, newer.FilingType)
	set(&s.SubjectType, newer.SubjectType)
	set(&s.Province, newer.Province)
	set(&s.ServerLocation, newer.ServerLocation)
	set(&s.CaseNo, newer.CaseNo)
	if newer.Domain != "" {
		s.Domain, s.Domains = newer.Domain, newer.Domains
	}
	return before.FilingType != s.FilingType || before.SubjectType != s.SubjectType || before.Province != s.Province ||
		before.ServerLocation != s.ServerLocation || before.CaseNo != s.CaseNo || before.Domain != s.Domain
}

func set[T ~string](to *T, v T) {
	if v != "" {
		*to = v
	}
}

// Question is what the bot has asked and waits for.
type Question struct {
	Topic knowledge.Topic `json:"topic"`
	// Slot or Fact is what the answer fills; both empty for a choice among Options.
	Slot knowledge.SlotName `json:"slot,omitempty"`
	Fact knowledge.FactID   `json:"fact,omitempty"`
	// Proof marks the question for the last four digits.
	Proof bool `json:"proof,omitempty"`
	// Soft marks a question after an answer was given: whoever goes on to something else is not asked it again.
	Soft    bool     `json:"soft,omitempty"`
	Text    string   `json:"text"`
	Options []Option `json:"options,omitempty"`
	// Tries counts answers that did not fit.
	Tries int `json:"tries,omitempty"`
}

// Conversation is one customer's talk on one channel: everything that the next step depends on. It is a value; Step returns a new one.
type Conversation struct {
	Lang knowledge.Lang `json:"lang,omitempty"`
	// LangFixed says that the customer chose the language; else it follows the last message.
	LangFixed bool `json:"lang_fixed,omitempty"`
	// Spoke is the language that the customer's words told clearly, "" before any did; Doubts counts messages in a row that look like another one.
	Spoke  knowledge.Lang  `json:"spoke,omitempty"`
	Doubts int             `json:"doubts,omitempty"`
	State  State           `json:"state"`
	Topic  knowledge.Topic `json:"topic,omitempty"` // what the last answer served
	Slots  Slots           `json:"slots"`
	// Facts are what the customer said beyond the slots, for need_filing and conditions of documents.
	Facts Facts `json:"facts,omitempty"`
	// Question is the open question; Pending are those that a digression pushed aside, the latest last.
	Question *Question  `json:"question,omitempty"`
	Pending  []Question `json:"pending,omitempty"`
	// Asked counts the questions of the need_filing walk so far.
	Asked int `json:"asked,omitempty"`
	// Menus are the options of the last replies, the latest last, so that a number or an old button still works.
	Menus [][]Option `json:"menus,omitempty"`
	// Last is the last reply, for 再说一遍, and what 更多 shows.
	Last *Reply `json:"last,omitempty"`
	More string `json:"more,omitempty"`
	// Items are what the last list counted out, for 第三个在哪下载.
	Items []knowledge.DocumentID `json:"items,omitempty"`
	// Reports are the last domain checks, the latest last.
	Reports []DomainReport `json:"reports,omitempty"`
	// Subject is the subject's name as the customer gave it for comparing with a domain holder.
	Subject string `json:"subject,omitempty"`
	// Proofs are the cases this customer has proven, with the time: valid for ProofHolds.
	Proofs map[string]time.Time `json:"proofs,omitempty"`
	// Refused counts wrong proofs since the last right one, the last at RefusedAt.
	Refused   int       `json:"refused,omitempty"`
	RefusedAt time.Time `json:"refused_at,omitzero"`
	// Lost counts messages in a row that were not understood.
	Lost int `json:"lost,omitempty"`
	// At is when the customer last wrote.
	At time.Time `json:"at,omitzero"`
}

// ProofHolds is how long a proven case may be told again in the same conversation. Source: contract.
const ProofHolds = 24 * time.Hour

// clone makes a copy whose maps and slices can be changed.
func (c Conversation) clone() Conversation {
	c.Facts = maps.Clone(c.Facts)
	c.Proofs = maps.Clone(c.Proofs)
	c.Pending = slices.Clone(c.Pending)
	c.Menus = slices.Clone(c.Menus)
	c.Reports = slices.Clone(c.Reports)
	c.Slots.Domains = slices.Clone(c.Slots.Domains)
	if c.Question != nil {
		q := *c.Question
		c.Question = &q
	}
	return c
}

// MessageKind is what a customer sent.
type MessageKind string

// Kinds of messages. Anything that is not text is answered by what the bot can do with it, never dropped.
const (
	TextMessage     MessageKind = "text"
	PictureMessage  MessageKind = "picture"
	VoiceMessage    MessageKind = "voice"
	VideoMessage    MessageKind = "video"
	FileMessage     MessageKind = "file"
	LocationMessage MessageKind = "location"
	LinkMessage     MessageKind = "link"
	ContactMessage  MessageKind = "contact"
	StickerMessage  MessageKind = "sticker"
	RecallMessage   MessageKind = "recall"
	FollowMessage   MessageKind = "follow" // the customer opened the chat, followed the account or pressed /start
	UnknownMessage  MessageKind = "unknown"
)

// Event is something that happened in a conversation. At is when.
type Event interface{ when() time.Time }

// Message is what a customer sent.
type Message struct {
	At   time.Time
	ID   string // the network's own id of the message
	Kind MessageKind
	Text string // words, recognised words of a voice message, or a caption
	// Choice is the value of a pressed button (Option.Value); then Text is its label.
	Choice string
	// Lang is what the customer's app is set to, where the network tells; it counts until their words do.
	Lang knowledge.Lang `json:",omitempty"`
	// File is the network's own handle of a picture, voice message or file, for staff to fetch; empty when there is none.
	File string `json:",omitempty"`
	// Group is shared by what the customer sent in one go, such as the pictures of an album; empty for a message on its own.
	Group string `json:",omitempty"`
}

// DomainChecked is a finished look-up. Purpose is the topic that asked for it.
type DomainChecked struct {
	At      time.Time
	Purpose knowledge.Topic
	Report  DomainReport
}

// CaseFound answers FindCase. Case is nil when there is none or the proof was wrong: the two look alike.
type CaseFound struct {
	At      time.Time
	Purpose knowledge.Topic
	CaseNo  string
	Case    *Case
	// SyncedAt is when the mirror was last brought up to date; zero when it never was.
	SyncedAt time.Time
	// Failed says that the mirror could not be asked.
	Failed bool
}

// Silence says that the customer has not answered the open question for a while.
type Silence struct{ At time.Time }

// HandedBack says that staff gave the conversation back.
type HandedBack struct{ At time.Time }

func (e Message) when() time.Time       { return e.At }
func (e DomainChecked) when() time.Time { return e.At }
func (e CaseFound) when() time.Time     { return e.At }
func (e Silence) when() time.Time       { return e.At }
func (e HandedBack) when() time.Time    { return e.At }

// Action is something to be done.
type Action interface{ action() }

// Say sends a reply to the customer.
type Say struct{ Reply Reply }

// Conceal puts Text in place of the customer's words wherever they are kept: they held the digits that prove a case.
type Conceal struct{ Text string }

// CheckDomain asks for a live domain check; DomainChecked answers it.
type CheckDomain struct {
	Purpose knowledge.Topic
	Name    DomainName
	Subject string // the filing subject's name, when the customer gave it
	// SubjectType, Province and Filed are what else the customer said that bears on the judgement.
	SubjectType knowledge.SubjectTypeID `json:",omitempty"`
	Province    knowledge.ProvinceID    `json:",omitempty"`
	Filed       bool                    `json:",omitempty"`
	Lang        knowledge.Lang
}

// Judge holds the evidence found for the question against the five conditions.
func (a CheckDomain) Judge(k *knowledge.Knowledge, ev Evidence, now time.Time, zone *time.Location) DomainReport {
	return Judge(k, a.Name, ev, JudgeOptions{Subject: a.Subject, SubjectType: a.SubjectType, Province: a.Province, Filed: a.Filed, Now: now, Lang: a.Lang, Zone: zone})
}

// FindCase asks the mirror for a case; CaseFound answers it. Proof is the last four of the phone or of the certificate, empty when Proven:
// then this conversation has shown it less than ProofHolds ago.
type FindCase struct {
	Purpose knowledge.Topic
	CaseNo  string
	Proof   string
	Proven  bool
}

// HandOff asks for a person.
type HandOff struct{ Reason string }

func (Say) action()         {}
func (Conceal) action()     {}
func (CheckDomain) action() {}
func (FindCase) action()    {}
func (HandOff) action()     {}

// Case is one application under way, as the mirror tells it to somebody who has proven it.
type Case struct {
	CaseNo      string                  `json:"case_no"`
	FilingType  knowledge.FilingTypeID  `json:"filing_type,omitempty"`
	SubjectType knowledge.SubjectTypeID `json:"subject_type,omitempty"`
	Province    knowledge.ProvinceID    `json:"province,omitempty"`
	Domains     []string                `json:"domains,omitempty"`
	Status      knowledge.Status        `json:"status"`
	StatusAt    time.Time               `json:"status_at"`
	Note        string                  `json:"note,omitempty"`
	ICPNo       string                  `json:"icp_no,omitempty"`
}
