package knowledge

import "slices"

// Lang is a language the bot speaks.
type Lang string

// The two languages. Every customer-facing text exists in both; lint holds that.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Text is one sentence or passage in both languages.
type Text struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// In gives the text in a language; anything but EN reads Chinese.
func (t Text) In(l Lang) string {
	if l == EN {
		return t.EN
	}
	return t.ZH
}

// Both gives both languages, one below the other, for somebody whose language is not known.
func (t Text) Both() string { return t.ZH + "\n" + t.EN }

// IsZero reports that neither language is there.
func (t Text) IsZero() bool { return t.ZH == "" && t.EN == "" }

// Topic is what a customer wants (意图). The ids are fixed by the contract.
type Topic string

// All topics of the contract, in its order.
const (
	NeedFiling        Topic = "need_filing"
	FilingTypeTopic   Topic = "filing_type"
	Documents         Topic = "documents"
	ProvinceRules     Topic = "province_rules"
	DomainCheck       Topic = "domain_check"
	DomainRulesTopic  Topic = "domain_rules"
	CaseStatus        Topic = "case_status"
	Notify            Topic = "notify"
	Process           Topic = "process"
	Duration          Topic = "duration"
	Fees              Topic = "fees"
	ReviewResult      Topic = "review_result"
	Rejection         Topic = "rejection"
	SMSVerification   Topic = "sms_verification"
	Photo             Topic = "photo"
	VerificationForm  Topic = "verification_form"
	WebsiteName       Topic = "website_name"
	CommercialLicence Topic = "commercial_licence"
	PreApproval       Topic = "pre_approval"
	AppFiling         Topic = "app_filing"
	Change            Topic = "change"
	CancelFiling      Topic = "cancel_filing"
	LostNumber        Topic = "lost_number"
	AfterFiling       Topic = "after_filing"
	PublicSecurity    Topic = "public_security"
	Contact           Topic = "contact"
	Human             Topic = "human"
	Solved            Topic = "solved"
	Unsolved          Topic = "unsolved"
	Greeting          Topic = "greeting"
	Thanks            Topic = "thanks"
	Goodbye           Topic = "goodbye"
	Restart           Topic = "restart"
	OutOfScope        Topic = "out_of_scope"
)

// IsTopic reports whether t is one of Topics.
func IsTopic(t Topic) bool { return slices.Contains(Topics, t) }

// Topics lists every topic in the contract's order.
var Topics = []Topic{NeedFiling, FilingTypeTopic, Documents, ProvinceRules, DomainCheck, DomainRulesTopic, CaseStatus, Notify, Process, Duration,
	Fees, ReviewResult, Rejection, SMSVerification, Photo, VerificationForm, WebsiteName, CommercialLicence, PreApproval, AppFiling, Change,
	CancelFiling, LostNumber, AfterFiling, PublicSecurity, Contact, Human, Solved, Unsolved, Greeting, Thanks, Goodbye, Restart, OutOfScope}

// SlotName names one thing to know before answering (槽位). The names are fixed by the contract.
type SlotName string

// The contract's slots. SlotDomain holds the first of SlotDomains.
const (
	SlotProvince       SlotName = "province"
	SlotFilingType     SlotName = "filing_type"
	SlotSubjectType    SlotName = "subject_type"
	SlotServerLocation SlotName = "server_location"
	SlotDomain         SlotName = "domain"
	SlotDomains        SlotName = "domains"
	SlotCaseNo         SlotName = "case_no"
)

// ProvinceID is the subject's province, ISO 3166-2 (CN-BJ … CN-XJ). CN-HK, CN-MO and CN-TW are recognised; filing does not apply there.
type ProvinceID string

// NoFiling reports whether it is Hong Kong, Macao or Taiwan, where no filing exists.
func (id ProvinceID) NoFiling() bool { return id == "CN-HK" || id == "CN-MO" || id == "CN-TW" }

// FilingTypeID is a kind of filing application (备案类型).
type FilingTypeID string

// The filing types of the contract.
const (
	First            FilingTypeID = "first"
	Access           FilingTypeID = "access"
	AddSiteHere      FilingTypeID = "add_site_here"
	AddSiteElsewhere FilingTypeID = "add_site_elsewhere"
	ChangeFiling     FilingTypeID = "change"
	Cancel           FilingTypeID = "cancel"
	App              FilingTypeID = "app"
)

// FilingTypes lists every filing type in the contract's order.
var FilingTypes = []FilingTypeID{First, Access, AddSiteHere, AddSiteElsewhere, ChangeFiling, Cancel, App}

// SubjectTypeID is the kind of subject (主办单位性质): who files.
type SubjectTypeID string

// The subject types of the contract.
const (
	Individual           SubjectTypeID = "individual"
	Enterprise           SubjectTypeID = "enterprise"
	SoleTrader           SubjectTypeID = "sole_trader"
	Institution          SubjectTypeID = "institution"
	Government           SubjectTypeID = "government"
	SocialOrganisation   SubjectTypeID = "social_organisation"
	PrivateNonEnterprise SubjectTypeID = "private_non_enterprise"
	Foundation           SubjectTypeID = "foundation"
	LawFirm              SubjectTypeID = "law_firm"
	ForeignOffice        SubjectTypeID = "foreign_office"
	OtherSubject         SubjectTypeID = "other"
)

// SubjectTypes lists every subject type in the contract's order; OtherSubject stands for what the knowledge lists beyond the ten.
var SubjectTypes = []SubjectTypeID{Individual, Enterprise, SoleTrader, Institution, Government, SocialOrganisation, PrivateNonEnterprise,
	Foundation, LawFirm, ForeignOffice, OtherSubject}

// ServerLocation says on which side of the border the machine that answers stands.
type ServerLocation string

// Hong Kong, Macao and Taiwan are Overseas for filing. Source: facts of the operator's help page (大陆境外节点).
const (
	Mainland ServerLocation = "mainland"
	Overseas ServerLocation = "overseas"
)

// Verdict is the outcome of "do I need a filing". The ids are fixed by the contract.
type Verdict string

// The four verdicts.
const (
	FilingNotRequired     Verdict = "filing_not_required"
	FilingRequired        Verdict = "filing_required"
	AccessFilingRequired  Verdict = "access_filing_required"
	FilingLicenceRequired Verdict = "filing_and_licence_required"
)

// Status is where a case stands, as the mirror tells it.
type Status string

// The statuses in order of display; going back after a return is normal.
const (
	Draft               Status = "draft"
	Submitted           Status = "submitted"
	ProviderReview      Status = "provider_review"
	ReturnedByProvider  Status = "returned_by_provider"
	SMSVerificationDue  Status = "sms_verification"
	AuthorityReview     Status = "authority_review"
	RejectedByAuthority Status = "rejected_by_authority"
	Approved            Status = "approved"
	Cancelled           Status = "cancelled"
)

// Statuses lists every status in order of display.
var Statuses = []Status{Draft, Submitted, ProviderReview, ReturnedByProvider, SMSVerificationDue, AuthorityReview, RejectedByAuthority, Approved, Cancelled}

// Confidence says how sure a fact is: high (law text or two independent sources), medium (one source), low (sources fight, or common knowledge).
// A low fact is never told as certain.
type Confidence string

// The three degrees.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// SourceID names an entry of sources.yaml; DocumentID one of documents/*.yaml; RuleID a rule; FactID a fact the decision rests on.
type (
	SourceID   string
	DocumentID string
	RuleID     string
	FactID     string
)

// Source is a publication that facts stand on.
type Source struct {
	ID        SourceID `yaml:"id" lint:"required"`
	Publisher Text     `yaml:"publisher" lint:"required"`
	Title     Text     `yaml:"title" lint:"required"`
	// Date is YYYY, YYYY-MM or YYYY-MM-DD: when it was published or, for living documents, the version read.
	Date Date `yaml:"date" lint:"required"`
	// Approx says that the date was inferred from the content; shown as 约.
	Approx bool   `yaml:"approx"`
	URL    string `yaml:"url"`
	// Read says how much of it was read: full, part, or quoted (only through somebody who quotes it).
	Read string `yaml:"read" lint:"required"`
}

// Basis is what a statement rests on; it is embedded wherever knowledge states something.
type Basis struct {
	Sources    []SourceID `yaml:"sources"`
	Confidence Confidence `yaml:"confidence"`
	// Disputed is the other view, where dated sources contradict each other; the newest is told first, this one beside it.
	Disputed *Dispute `yaml:"disputed"`
}

// Dispute is a second, contradicting or older and stricter view of the same fact.
type Dispute struct {
	Text    Text       `yaml:"text" lint:"required"`
	Sources []SourceID `yaml:"sources" lint:"required"`
}

// About says what a rule speaks of; answers group by it.
type About string

// What rules speak of.
const (
	AboutDocument    About = "document"     // something to hand in
	AboutResidence   About = "residence"    // the person's identity card is from elsewhere
	AboutAge         About = "age"          // minimum age, minors
	AboutSubject     About = "subject"      // which subjects may file, certificates, sole traders
	AboutSubjectHead About = "subject_head" // 主体负责人
	AboutSiteHead    About = "site_head"    // 网站负责人 (互联网信息服务负责人)
	AboutPhone       About = "phone"
	AboutAddress     About = "address"
	AboutDomain      About = "domain"
	AboutQuantity    About = "quantity" // how many sites or domains at once, plans for many
	AboutName        About = "name"     // website name
	AboutContent     About = "content"  // content, remarks, pre-approval
	AboutChange      About = "change"   // changing or moving a filing
	AboutAccess      About = "access"   // access filing and old data
	AboutSite        About = "site"     // whether the site must be closed or open
	AboutAfter       About = "after"    // footer, yearly check
	AboutOther       About = "other"
)

// When limits a rule to some filings; an empty list stands for all. In rules FilingType may also hold the groups sites (first, access, add_site_here,
// add_site_elsewhere) and filings (sites and app), SubjectType the group organisations (all but individual); loading puts the members in their place.
type When struct {
	FilingType  []FilingTypeID  `yaml:"filing_type"`
	SubjectType []SubjectTypeID `yaml:"subject_type"`
	Province    []ProvinceID    `yaml:"province"`
	// Fact limits it to a known answer beyond the three slots, e.g. {id_elsewhere: "yes"}: while the answer is unknown the rule is told
	// with its condition (If); when it is known to differ, the rule is left out.
	Fact map[FactID]string `yaml:"fact"`
}

// Groups stand in a rule's when for all their members.
var (
	filingGroups = map[FilingTypeID][]FilingTypeID{
		"sites":   {First, Access, AddSiteHere, AddSiteElsewhere},
		"filings": {First, Access, AddSiteHere, AddSiteElsewhere, App},
	}
	subjectGroups = map[SubjectTypeID][]SubjectTypeID{"organisations": SubjectTypes[1:]} // all but a private person
)

func expand[T ~string](list []T, groups map[T][]T) []T {
	if !slices.ContainsFunc(list, func(v T) bool { return groups[v] != nil }) {
		return list
	}
	var out []T
	for _, v := range list {
		if g := groups[v]; g != nil {
			out = append(out, g...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// Effect says what a rule does to a filing.
type Effect string

// A rule requires a document, is a note to mind, or refuses the filing.
const (
	Requires Effect = "requires"
	Note     Effect = "note"
	Refuses  Effect = "refuses"
)

// Rule is one checked statement: what a filing type, subject type or province asks for. The checklist for a filing is every rule whose When matches.
type Rule struct {
	ID     RuleID `yaml:"id" lint:"required"`
	About  About  `yaml:"about" lint:"required"`
	Effect Effect `yaml:"effect" lint:"required"`
	When   When   `yaml:"when"`
	// Document is what to hand in (Effect requires).
	Document DocumentID `yaml:"document"`
	// If is the condition as the customer reads it: "only if …". Empty: always.
	If Text `yaml:"if"`
	// Text says the rule in the customer's words. For a required document it may be empty: then the document's own words serve.
	Text Text `yaml:"text"`
	// Replaces names national, type or subject rules that this one takes the place of.
	Replaces []RuleID `yaml:"replaces"`
	Basis    `yaml:",inline"`
}

// DocumentKind is one kind of paper, photo or screen shot of the catalogue.
type DocumentKind struct {
	ID     DocumentID `yaml:"id" lint:"required"`
	Name   Text       `yaml:"name" lint:"required"`
	Format Text       `yaml:"format" lint:"required"` // what a good one looks like
	Why    Text       `yaml:"why"`                    // what it is for
	Where  Text       `yaml:"where"`                  // where to get the form
	Copies int        `yaml:"copies"`                 // how many; 0 means one
	Basis  `yaml:",inline"`
}

// Province is one of the 31, with its authority and its own rules; or CN-HK, CN-MO, CN-TW, which have no rules and no filing.
type Province struct {
	ID        ProvinceID `yaml:"id" lint:"required"`
	Name      Text       `yaml:"name" lint:"required"`
	Prefix    string     `yaml:"prefix"`    // of filing numbers: 京, 粤, 蜀 …
	IDPrefix  string     `yaml:"id_prefix"` // first two digits of identity cards first issued here
	Authority Text       `yaml:"authority"`
	// Words are the names people use for the province itself (short names, plate characters, pinyin); Places its cities and counties of note.
	Words    []string `yaml:"words" lint:"required"`
	Places   []string `yaml:"places"`
	ReviewBy Date     `yaml:"review_by" lint:"required"`
	// Headline is the one thing to know, for lists and short answers.
	Headline Text   `yaml:"headline"`
	Rules    []Rule `yaml:"rules"`
}

// FilingType is one kind of application with what it asks for.
type FilingType struct {
	ID       FilingTypeID `yaml:"id" lint:"required"`
	Name     Text         `yaml:"name" lint:"required"`
	Words    []string     `yaml:"words" lint:"required"` // patterns, see Pattern
	Summary  Text         `yaml:"summary" lint:"required"`
	Next     Text         `yaml:"next" lint:"required"` // the next step
	ReviewBy Date         `yaml:"review_by" lint:"required"`
	Rules    []Rule       `yaml:"rules"`
	Basis    `yaml:",inline"`
}

// SubjectType is one kind of subject with its certificates.
type SubjectType struct {
	ID       SubjectTypeID `yaml:"id" lint:"required"`
	Name     Text          `yaml:"name" lint:"required"`
	Words    []string      `yaml:"words" lint:"required"` // patterns, see Pattern
	Answers  []Pattern     `yaml:"answers"`               // what means it as an answer to the bot's question only: 就我自己, 派出所
	Summary  Text          `yaml:"summary" lint:"required"`
	ReviewBy Date          `yaml:"review_by" lint:"required"`
	Rules    []Rule        `yaml:"rules"`
	Basis    `yaml:",inline"`
}

// StatusText is what a status means to the applicant.
type StatusText struct {
	ID      Status `yaml:"id" lint:"required"`
	Name    Text   `yaml:"name" lint:"required"`
	Meaning Text   `yaml:"meaning" lint:"required"`
	Next    Text   `yaml:"next" lint:"required"`
	Usual   Text   `yaml:"usual" lint:"required"` // how long it usually takes
	Todo    Text   `yaml:"todo" lint:"required"`  // what the applicant must do now
	Basis   `yaml:",inline"`
}

// TopicFile is a topic's answers: the general one, and those for a narrower question.
type TopicFile struct {
	ID       Topic    `yaml:"id" lint:"required"`
	Title    Text     `yaml:"title" lint:"required"`    // as it stands on a button: 办理费用
	Question Text     `yaml:"question" lint:"required"` // as a customer would ask it, for "did you mean"
	ReviewBy Date     `yaml:"review_by" lint:"required"`
	Answers  []Answer `yaml:"answers" lint:"required"`
}

// Answer is one ready answer. The first whose Asked and When fit the customer's words is given; the last has neither and fits always.
type Answer struct {
	ID string `yaml:"id" lint:"required"`
	// Asked are patterns over the customer's words for a narrower question of the topic (换 IP, 个人转企业 …).
	Asked []Pattern `yaml:"asked"`
	// When limits the answer to slots already known.
	When    When   `yaml:"when"`
	Short   Text   `yaml:"short" lint:"required"` // the first message, at most 300 Chinese characters where possible
	Details Text   `yaml:"details"`               // on demand (更多)
	Next    Text   `yaml:"next"`                  // the next step
	Related []Link `yaml:"related"`               // questions that often follow, offered as buttons
	// Walk says that the questions which decide on a filing go on after the answer, where it stands in need_filing.
	Walk bool `yaml:"walk"`
	// Person says that the answer ends with the offer of a person.
	Person bool `yaml:"person"`
	Basis  `yaml:",inline"`
}

// Link is a button that asks another question.
type Link struct {
	Topic Topic `yaml:"topic" lint:"required"`
	Label Text  `yaml:"label"` // empty: the topic's title
}
