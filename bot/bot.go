// Package bot carries messages between customers and the dialog: it receives, steps, acts, saves and delivers. What is decided is decided in dialog;
// what a network is like is known only in that network's package.
package bot

import (
	"context"
	"time"

	"beianbot/dialog"
)

// ChannelName names a network: web, terminal, telegram, wechat.
type ChannelName string

// CustomerID is a person on one channel, as that channel names them. Only the channel makes or reads it.
type CustomerID string

// Address is one conversation: a customer on a channel.
type Address struct {
	Channel  ChannelName
	Customer CustomerID
}

// Incoming is a stored message that waits for its turn.
type Incoming struct {
	ID      int64
	Address Address
	Message dialog.Message
}

// Entry is one line of a conversation as a page shows it, in the order in which it was said.
type Entry struct {
	ID    int64         `json:"id"`
	At    time.Time     `json:"at"`
	From  string        `json:"from"` // customer or bot
	Text  string        `json:"text"`
	Reply *dialog.Reply `json:"reply,omitempty"`
}

// Conversations is what the service needs of a store. Its methods may be called from many goroutines.
type Conversations interface {
	// Receive stores a message before it is acknowledged. It reports false, and no error, for one that was stored before.
	Receive(ctx context.Context, a Address, m dialog.Message) (Incoming, bool, error)
	// Open are the messages whose turn was not saved when the program ended, oldest first.
	Open(ctx context.Context) ([]Incoming, error)
	// Load gives a conversation; a new one for an address never seen.
	Load(ctx context.Context, a Address) (dialog.Conversation, error)
	// SaveTurn stores the new state and the replies, and marks the message done (inbox 0: no message, a look-up came back), in one transaction.
	SaveTurn(ctx context.Context, a Address, inbox int64, c dialog.Conversation, replies []dialog.Reply, now time.Time) ([]Outgoing, error)
}

// Outbox is what the sender needs of a store.
type Outbox interface {
	// Waiting are replies due before now, oldest first, at most limit.
	Waiting(ctx context.Context, channel ChannelName, now time.Time, limit int) ([]Outgoing, error)
	// Sent and Refused settle a reply for good; Retry puts it off.
	Sent(ctx context.Context, id int64, now time.Time) error
	Refused(ctx context.Context, id int64, why string) error
	Retry(ctx context.Context, id int64, why string, next time.Time) error
}

// DomainChecker asks WHOIS, RDAP and DNS for one name. It answers within its own time limit and never fails: what it could not learn is missing.
type DomainChecker interface {
	Check(ctx context.Context, name dialog.DomainName) dialog.Evidence
}

// Cases finds a case for somebody who shows a proof, or has shown it before (proven). It gives nil for a wrong number and a wrong proof alike, and when the mirror was last brought up to date.
type Cases interface {
	Find(ctx context.Context, caseNo, proof string, proven bool) (*dialog.Case, time.Time, error)
}

// Channel delivers replies to one network.
type Channel interface {
	Name() ChannelName
	// Deliver hands one message over and gives the network's receipt (its message id), "" where it has none. *Refusal, *Later and *Held say what becomes of a
	// message that was not taken; any other error means that it is tried again after a while, and may arrive twice if the network took it unseen.
	Deliver(ctx context.Context, o Outgoing) (receipt string, err error)
}

// Typer is a channel that can show that an answer is being written.
type Typer interface {
	Typing(ctx context.Context, c CustomerID, on bool)
}
