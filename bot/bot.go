// Package bot carries messages between customers and the dialog: it receives, steps, acts, saves and delivers. What is decided is decided in dialog;
// what a network is like is known only in that network's package.
package bot

import (
	"context"
	"errors"
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
	// Owed says that something waited for this customer when the message was stored.
	Owed bool
	// Unreadable is a stored row whose Message cannot be read.
	Unreadable bool
}

// Draft is a reply and the messages that its channel made of it; no parts means that the channel takes it whole.
type Draft struct {
	Reply dialog.Reply
	Parts []Part
}

// Lookup is a stored look-up whose result is still to come.
type Lookup struct {
	ID      int64
	Address Address
	Check   dialog.CheckDomain
	// Unreadable is a stored row whose Check cannot be read.
	Unreadable bool
}

// Turn is all that one step changes; it is saved in one transaction.
type Turn struct {
	Address      Address
	Inbox        []int64 // the messages it answers
	Concealed    string  // what to keep in place of their words; empty keeps them
	Lookup       int64   // the look-up whose result it took in; 0 none
	Conversation dialog.Conversation
	Replies      []Draft
	Lookups      []dialog.CheckDomain
	Now          time.Time
	// NotBefore keeps the replies from the sender for a while: a request that waits for them takes them first.
	NotBefore time.Time
	// Shown says that the replies are in front of the customer already (a terminal): nothing is left to send.
	Shown  bool
	Record Record
}

// Saved is what a saved turn left to do.
type Saved struct {
	Said    []Outgoing // its messages in order, as Unsettled would give them
	Lookups []Lookup
}

// Entry is one line of a conversation as a page shows it, in the order in which it was said.
type Entry struct {
	ID    int64         `json:"id"`
	At    time.Time     `json:"at"`
	From  string        `json:"from"` // customer or bot
	Text  string        `json:"text"`
	Reply *dialog.Reply `json:"reply,omitempty"`
}

// ErrUnwritable marks what failed because nothing at all can be written: the disk is full, say. The store says so itself, once; see store.Store.Watch.
var ErrUnwritable = errors.New("the store cannot be written")

// Conversations is what the service needs of a store. Its methods may be called from many goroutines.
type Conversations interface {
	// Receive stores a message before it is acknowledged; held replies of the customer become due, and a block is lifted. It reports false, and no error, for
	// one that was stored before; held replies become due for it as well.
	Receive(ctx context.Context, a Address, m dialog.Message) (Incoming, bool, error)
	// Known gives a message that was stored before, by the network's id; false for one that was not. It changes nothing.
	Known(ctx context.Context, a Address, id string) (Incoming, bool, error)
	// Open are the messages whose turn was not saved when the program ended, oldest first; OpenLookups the look-ups. Rows that cannot be read are among them.
	Open(ctx context.Context) ([]Incoming, error)
	OpenLookups(ctx context.Context) ([]Lookup, error)
	// Load gives a conversation; a new one for an address never seen.
	Load(ctx context.Context, a Address) (dialog.Conversation, error)
	// SaveTurn stores a turn whole or not at all. The turns of one conversation come one after another.
	SaveTurn(ctx context.Context, t Turn) (Saved, error)
}

// Outbox is what the sender needs of a store.
type Outbox interface {
	// Due are the customers of a channel whose oldest waiting message is due, at most limit, who has waited longest first.
	Due(ctx context.Context, channel ChannelName, now time.Time, limit int) ([]CustomerID, error)
	// Next is a customer's oldest waiting message if it is due; false when there is none. A bot's message in a conversation that staff have is withdrawn here.
	Next(ctx context.Context, a Address, now time.Time) (Outgoing, bool, error)
	// Unsettled are a customer's waiting messages in order; Passive those that went out as the response to the given message (its inbox number) before.
	Unsettled(ctx context.Context, a Address) ([]Outgoing, error)
	Passive(ctx context.Context, inbox int64) ([]Outgoing, error)
	// Settle says what became of a message. One held or Blocked waits all the same when the customer has written since it was read: that verdict is older.
	Settle(ctx context.Context, id int64, o Outcome, now time.Time) error
	// SettlePassive marks messages as sent in the response to the customer's message, and makes others due at once.
	SettlePassive(ctx context.Context, inbox int64, sent, free []int64, now time.Time) error
}

// Outcome is what became of one delivery.
type Outcome struct {
	State   string    // sent, refused, held, or waiting for another try
	Receipt string    // of a sent one
	Why     string    // of any other
	Next    time.Time // of a waiting one
	Counted bool      // the try counts as an attempt
	Blocked bool      // refused for good: nothing reaches this customer until they write again
	Heard   int64     // of the message, see Outgoing
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
