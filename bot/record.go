package bot

import (
	"slices"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// Record is what reports are made of: one turn, without anything that says whose it was.
type Record struct {
	Message    bool              // something the customer sent; else the result of a look-up or the like
	Topics     []knowledge.Topic // that the reply serves, the first is the topic
	About      knowledge.Topic   // what the answer before was about, where the topic is solved or unsolved
	Confidence float64
	Lang       knowledge.Lang
	State      dialog.State
	Clarity    dialog.Clarity
	Lookups    []Told
	Wording    string // masked by dialog.Mask; only of a text message that was not clear
}

// Told is a look-up whose result the reply tells.
type Told string

// What can be told: a domain that the registry was heard about, one that it was not; a case; that number and proof fit no case.
const (
	DomainTold    Told = "domain"
	DomainUnknown Told = "domain_unknown"
	CaseTold      Told = "case"
	CaseRefused   Told = "case_refused"
)

// RecordOf makes the record of a turn that took a conversation from before to after.
func RecordOf(ev dialog.Event, before, after dialog.Conversation, replies []dialog.Reply) Record {
	m, isMessage := ev.(dialog.Message)
	r := Record{Message: isMessage && m.Kind != dialog.FollowMessage, Lang: after.Lang, State: after.State}
	for _, reply := range replies {
		for _, t := range append([]knowledge.Topic{reply.Topic}, reply.Topics...) {
			if t != "" && !slices.Contains(r.Topics, t) {
				r.Topics = append(r.Topics, t)
			}
		}
		repeated := before.Last != nil && reply.Domain == before.Last.Domain && reply.Case == before.Last.Case // the customer asked to hear it again
		if reply.Domain != nil && !repeated {
			r.Lookups = append(r.Lookups, toldOf(reply.Domain))
		}
		if reply.Case != nil && !repeated {
			r.Lookups = append(r.Lookups, CaseTold)
		}
	}
	if after.Refused > before.Refused {
		r.Lookups = append(r.Lookups, CaseRefused)
	}
	if len(replies) == 0 {
		return r
	}
	r.Confidence = replies[0].Confidence
	if replies[0].Topic == knowledge.Solved || replies[0].Topic == knowledge.Unsolved {
		r.About = before.Topic
	}
	if r.Message {
		r.Clarity = dialog.ClarityOf(before, after, replies[0])
	}
	if r.Clarity != dialog.Understood && m.Kind == dialog.TextMessage && m.Choice == "" {
		r.Wording = dialog.Mask(m.Text)
	}
	return r
}

// toldOf says whether anything was learnt of a domain's registration.
func toldOf(d *dialog.DomainReport) Told {
	for _, c := range d.Conditions {
		if c.Source != "knowledge" && c.Result != dialog.Unknown {
			return DomainTold
		}
	}
	return DomainUnknown
}
