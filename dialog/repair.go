package dialog

import (
	"regexp"
	"strings"

	"beianbot/knowledge"
)

// act does what a steering word asks; it reports whether that was all there was to do.
func (t *turn) act() bool {
	q := t.c.Question
	switch t.u.Act {
	case Cancel:
		if len(t.u.Asked) > 0 && t.u.Asked[0] == knowledge.Goodbye { // 先这样,再见
			t.c.Question, t.c.Pending, t.c.Asked = nil, nil, 0
			t.serve(knowledge.Goodbye, t.u.Confidence)
			return true
		}
		open := q != nil || len(t.c.Pending) > 0
		topic := t.c.Topic
		if q != nil {
			topic = q.Topic
		}
		t.c.Question, t.c.Pending, t.c.Asked = nil, nil, 0
		s := t.s().NothingToCancel
		if open {
			s = t.s().Cancelled
		}
		t.note(topic)
		t.add(part{text: t.say(s), options: t.mainMenu()})
	case Repeat, Simpler:
		if t.c.Last == nil {
			t.add(part{text: t.say(t.s().NothingToRepeat), options: t.mainMenu()})
			return true
		}
		if t.u.Act == Simpler {
			t.simpler()
			break
		}
		last := *t.c.Last
		t.note(last.Topic)
		text := last.Text
		p := part{text: text, options: last.Options, checklist: last.Checklist, domain: last.Domain, steps: last.Case}
		if q != nil {
			p.text = text[:max(0, len(text)-len(q.Text))] // finish says the question again
		}
		t.verdict = last.Verdict
		t.keepMore = true
		t.add(p)
	case More:
		t.note(t.c.Topic)
		if t.c.More == "" {
			t.add(part{text: t.say(t.s().NoMore), options: t.relatedMenu()})
			return true
		}
		t.add(part{text: t.c.More, settles: true})
	case Skip, DontKnow:
		if q == nil && t.u.Act == DontKnow && t.c.Last != nil {
			t.simpler() // 不懂, said of an answer
			break
		}
		if q == nil {
			return false
		}
		return t.skip(*q)
	case Yes, No:
		switch {
		case q == nil:
			return false
		case t.u.Act == No && (q.Slot == knowledge.SlotCaseNo || q.Proof):
			return t.skip(*q)
		}
		return t.yesNo(*q, t.u.Act == Yes)
	case Resume:
		if q == nil && len(t.c.Pending) == 0 {
			t.note(t.c.Topic)
			t.add(part{text: t.say(t.s().NothingOpen), options: t.mainMenu()})
			return true
		}
		if q != nil {
			t.note(q.Topic)
			t.add(part{})
		} else {
			last := t.c.Pending[len(t.c.Pending)-1]
			t.note(last.Topic)
			t.c.Pending = t.c.Pending[:len(t.c.Pending)-1]
			t.c.Question = &last
			t.add(part{})
		}
	case SpeakZH, SpeakEN:
		lang := knowledge.ZH
		if t.u.Act == SpeakEN {
			lang = knowledge.EN
		}
		t.c.Lang, t.c.LangFixed = lang, true
		t.note(t.c.Topic)
		t.add(part{text: t.say(t.s().LanguageSet)})
		if q != nil {
			topic := q.Topic
			if q.Slot != "" || q.Fact != "" {
				t.c.Question = nil
				t.serve(topic, 1)
			} else if q.Proof {
				t.askProof(topic)
			}
		} else {
			t.parts[0].options = t.mainMenu()
		}
	case ChooseLanguage:
		t.note(t.c.Topic)
		t.add(part{text: t.say(t.s().ChooseLanguage), options: []Option{{Label: "中文", Value: "act:" + string(SpeakZH)}, {Label: "English", Value: "act:" + string(SpeakEN)}}})
	case Privacy:
		t.note(t.c.Topic)
		t.add(part{text: t.say(t.s().Privacy)})
	case WhatCanDo:
		t.note(knowledge.Greeting)
		t.add(part{text: t.say(t.s().WhatICan), options: t.mainMenu()})
	case Wait:
	default:
		return false
	}
	t.c.Lost = 0
	return true
}

// simpler says the answer before in its first sentence and its next step, or, of a list of documents, what is always on it. Asked once more, it gives a person.
func (t *turn) simpler() {
	last := t.c.Last
	t.note(last.Topic)
	t.verdict, t.keepMore = last.Verdict, true
	if q := t.c.Question; q != nil && (last.Topic == q.Topic || last.Topic == "") { // that is what was not understood
		t.add(part{})
		return
	}
	said := strings.TrimSpace(strings.TrimSuffix(last.Text, last.Question))
	before, _, _ := strings.Cut(t.say(t.s().InShort), "{")
	if strings.HasPrefix(said, before) {
		t.person(part{})
		return
	}
	short := gist(said)
	if list := last.Checklist; list != nil {
		var always []string
		for _, item := range list.Items {
			if item.If == "" {
				always = append(always, item.Name)
			}
		}
		short += "\n" + strings.Join(always, pick(t.c.Lang, "、", ", "))
	}
	if next, _, _ := strings.Cut(t.say(t.s().NextStep), "{"); !strings.Contains(short, next) {
		if at := strings.Index(said, "\n"+next); at >= 0 {
			line, _, _ := strings.Cut(said[at+1:], "\n")
			short += "\n" + line
		}
	}
	if numbered.MatchString(short) {
		short = "\n" + short
	}
	t.add(part{text: t.say(t.s().InShort, "text", short), options: []Option{t.option(t.k.Topics[knowledge.Human].Title, "topic:human")}})
}

// because gives the reason of the answer before, where a few words ask for it (依据何在, why not): what more there is to say, or it once more, with its sources.
// Why a case was returned is a question of its own.
func (t *turn) because() bool {
	u, last := t.u, t.c.Last
	if last == nil || last.Topic == "" || socialTopic(last.Topic) || last.Topic == knowledge.OutOfScope || last.Topic == knowledge.Human || last.Topic == knowledge.CaseStatus ||
		len(u.Text) > shortTry || !matchesAny(t.k.Acts.Why, u.Text) || !u.Slots.IsZero() || t.c.Question != nil && t.c.Question.Topic == last.Topic {
		return false
	}
	bare := startsWhy.MatchString(u.Text) && u.Confidence < ownSure && !ofRejection.MatchString(u.Text) // but why, if we sell nothing
	if !bare && len(u.Asked) > 0 && u.Asked[0] != last.Topic && u.Asked[0] != knowledge.OutOfScope && u.Asked[0] != knowledge.Unsolved && (u.Asked[0] != knowledge.Rejection || ofRejection.MatchString(u.Text)) {
		return false
	}
	if len(u.Asked) > 0 && u.Asked[0] == last.Topic && len(t.find(last.Topic).Asked) > 0 {
		return false // 为什么要备案: has an answer of its own
	}
	t.note(last.Topic)
	t.verdict, t.keepMore, t.c.Lost = last.Verdict, true, 0
	text := strings.TrimSpace(strings.TrimSuffix(last.Text, last.Question))
	if t.c.More != "" {
		text = t.c.More
		if len(last.Sources) > 0 {
			text += "\n\n" + t.say(t.s().SourceLine, "sources", strings.Join(last.Sources[:min(3, len(last.Sources))], t.say(t.s().SourceJoin)))
		}
	}
	t.add(part{text: text, settles: true, options: []Option{t.option(t.k.Topics[knowledge.Human].Title, "topic:human")}})
	return true
}

// startsWhy begins a question for the reason of what was said.
var startsWhy = regexp.MustCompile(`^(?:但|但是|那|可是|可|but |and |so |hm+,? |then )*(?:why|how come|为什么|为啥|为何|凭什么|凭啥)`)

// ofRejection are words of a case that was returned.
var ofRejection = regexp.MustCompile(`退|驳|没过|不过|不通过|没通过|拒|reject|return|refus|declin|sent back`)

// gist is the first sentence of a text, or of each of the steps that it begins with.
func gist(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		step := numbered.MatchString(line)
		if len(out) > 0 && !step {
			break
		}
		for _, stop := range []string{"。", ". "} {
			if at := strings.Index(line, stop); at > 2 && !step || at > 4 {
				line = line[:at+len(stop)]
			}
		}
		if out = append(out, strings.TrimSpace(line)); !step {
			break
		}
	}
	return strings.Join(out, "\n")
}

var numbered = regexp.MustCompile(`^[0-9]+\. `)

// note says which topic a turn belongs to without answering it.
func (t *turn) note(topic knowledge.Topic) {
	if topic != "" && len(t.topics) == 0 {
		t.topics, t.conf = []knowledge.Topic{topic}, 1
	}
}

// skip goes on without the answer to an open question.
func (t *turn) skip(q Question) bool {
	switch {
	case q.Fact != "":
		t.remember(Facts{q.Fact: factUnknown})
		t.c.Question = nil
		t.serve(q.Topic, 1)
	case q.Slot == knowledge.SlotProvince || q.Slot == knowledge.SlotSubjectType || q.Slot == knowledge.SlotFilingType || q.Slot == knowledge.SlotServerLocation:
		t.remember(Facts{skipped(q.Slot): "yes"})
		t.c.Question = nil
		t.serve(q.Topic, 1)
	case q.Slot == knowledge.SlotCaseNo || q.Proof:
		t.c.Question = nil
		t.note(q.Topic)
		t.person(part{text: t.say(t.s().NoCaseNo)})
	default:
		t.c.Question = nil
		t.note(q.Topic)
		t.add(part{text: t.say(t.s().Cancelled), options: t.mainMenu()})
	}
	return true
}

// factUnknown is the value of a fact that the customer was asked for and does not know.
const factUnknown = "unknown"

// skipped is the fact that a slot was asked for and not known.
func skipped(s knowledge.SlotName) knowledge.FactID { return knowledge.FactID("skipped_" + string(s)) }

// yesNo answers an open question whose options are a yes and a no.
func (t *turn) yesNo(q Question, yes bool) bool {
	if q.Fact == "" || len(q.Options) < 2 {
		return false
	}
	want := "no"
	if yes {
		want = "yes"
	}
	for _, o := range q.Options {
		if o.Value == "fact:"+string(q.Fact)+"="+want {
			return t.pick(o)
		}
	}
	return false
}

// unsure says that the message was not understood: the open question again, the likeliest readings, or, twice in a row, a person.
func (t *turn) unsure() {
	t.c.Lost++
	if q := t.c.Question; q != nil {
		q.Tries++
		t.note(q.Topic)
		if q.Tries >= 3 && t.skip(*q) {
			return
		}
		s := t.s().NotAnAnswer
		switch {
		case q.Tries >= 2:
			s = t.s().StillNoAnswer
		case q.Slot == knowledge.SlotProvince:
			s = t.s().UnknownPlace
		case q.Slot == knowledge.SlotSubjectType:
			s = t.s().UnknownSubject
		}
		t.add(part{text: t.say(s)})
		return
	}
	if len(t.u.Scores) > 0 {
		t.topics, t.conf = []knowledge.Topic{t.u.Scores[0].Topic}, t.u.Scores[0].P
	}
	if t.c.Lost >= 2 {
		t.person(part{text: t.say(t.s().LostTwice)})
		return
	}
	var options []Option
	for _, s := range t.u.Scores {
		if len(options) == 3 {
			break
		}
		if s.Topic == knowledge.OutOfScope || socialTopic(s.Topic) || s.Topic == knowledge.Restart || s.Topic == knowledge.Unsolved {
			continue
		}
		if s.P >= 0.05 {
			options = append(options, t.option(t.k.Topics[s.Topic].Question, "topic:"+string(s.Topic)))
		}
	}
	if len(options) == 0 {
		t.topics = []knowledge.Topic{knowledge.OutOfScope}
		t.add(part{text: t.say(t.s().NotUnderstood), options: t.mainMenu()})
		return
	}
	options = append(options, t.option(t.s().SomethingElse, "topic:human"))
	t.add(part{text: t.say(t.s().DidYouMean), options: options})
}

// outOfScope says what the bot can do; the second time in a row that it knows nothing nearer, it offers a person as well.
func (t *turn) outOfScope() {
	if t.u.about[knowledge.OutOfScope] != "" { // what else was asked is served: this only tells that the rest was heard
		t.give(t.find(knowledge.OutOfScope))
		t.parts[len(t.parts)-1].options = nil
		return
	}
	a := t.find(knowledge.OutOfScope)
	t.give(a)
	if len(a.Asked) > 0 {
		return
	}
	if t.c.Lost++; t.c.Lost >= 2 {
		t.add(part{text: t.say(t.s().OrPerson)})
	}
}

func (t *turn) restart() {
	lang, fixed := t.c.Lang, t.c.LangFixed
	t.c = Conversation{Lang: lang, LangFixed: fixed, Spoke: t.c.Spoke, State: Idle, Refused: t.c.Refused, RefusedAt: t.c.RefusedAt}
	t.answer(knowledge.Restart)
	t.parts[len(t.parts)-1].options = t.mainMenu()
}

func (t *turn) silence() {
	if q := t.c.Question; q != nil {
		t.note(q.Topic)
		t.add(part{text: t.say(t.s().StillThere)})
	}
}

// otherKind answers a picture, voice message, file …: what the bot can do with it.
func (t *turn) otherKind(kind MessageKind) {
	s := t.s().OtherKind
	switch kind {
	case PictureMessage, VideoMessage:
		s = t.s().Picture
	case VoiceMessage:
		s = t.s().Voice
	case FileMessage:
		s = t.s().File
	case LocationMessage:
		s = t.s().Location
	case StickerMessage:
		s = t.s().Sticker
	case RecallMessage:
		return
	}
	p := part{text: t.say(s)}
	if t.c.Question == nil {
		p.options = t.mainMenu()
	}
	t.add(p)
}

// person tells how to reach a person. The operator's hours decide what to expect.
func (t *turn) person(before part) {
	if len(t.topics) == 0 {
		t.topics, t.conf = []knowledge.Topic{knowledge.Human}, 1
	}
	if before.text != "" {
		t.add(before)
	}
	a := t.find(knowledge.Human)
	t.add(part{text: a.Short.In(t.c.Lang), options: []Option{t.option(t.k.Topics[knowledge.Contact].Title, "topic:contact")}})
	t.actions = append(t.actions, HandOff{Reason: string(t.topics[0])})
}

// unsolved takes 未解决: it offers a person and, where there is more to say, that.
func (t *turn) unsolved() {
	a := t.find(knowledge.Unsolved)
	p := part{text: a.Short.In(t.c.Lang)}
	if t.c.More != "" {
		p.options = append(p.options, t.option(t.s().MoreLabel, "act:more"))
	}
	p.options = append(p.options, t.option(t.k.Topics[knowledge.Human].Title, "topic:human"), t.option(t.k.Topics[knowledge.Restart].Title, "topic:restart"))
	t.keepMore = true
	t.add(p)
}
