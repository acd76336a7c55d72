package bot

import (
	"context"
	"encoding/json"
	"time"

	"beianbot/dialog"
)

// Speaker is who says a reply: the bot, or staff once they have the conversation. A bot's reply that is still waiting when staff take the conversation
// over is withdrawn at the moment of sending.
type Speaker string

// The speakers.
const (
	BotSpeaks   Speaker = "bot"
	StaffSpeaks Speaker = "staff"
)

// Part is one message of a network: what a channel's Compose made of a reply, and its Deliver understands. A reply that is too long becomes several.
type Part struct {
	Text    string          `json:"text,omitempty"`
	Options []dialog.Option `json:"options,omitempty"` // buttons under this part
	// Data is anything else the network's own package wants to find again; nobody else reads it.
	Data json.RawMessage `json:"data,omitempty"`
}

// Composer is a channel that makes its own messages of a reply: split, numbered, marked up. It is pure and must not fail. A channel without it gets each
// reply whole, as one part.
type Composer interface {
	Compose(r dialog.Reply) []Part
}

// Outgoing is one stored message on its way to a customer; the parts of a customer are delivered one after the other, in order.
type Outgoing struct {
	ID       int64
	Address  Address
	Speaker  Speaker
	Part     Part
	Reply    dialog.Reply // whole, for channels without Compose
	At       time.Time
	Attempts int // deliveries tried before this one
	// Heard is the last that the customer had said when Next gave this; only the store reads it, to tell a verdict on the customer that is older than their last word.
	Heard int64
	// Key is the same for every attempt and no other message: the idempotency key for networks that take one. Letters, digits and -, at most 32.
	Key string
}

// Refusal is a delivery that the network will never take: the text is forbidden, the customer blocked the bot (Blocked: then nothing more is sent until they
// write again).
type Refusal struct {
	Why     string
	Blocked bool
}

func (r *Refusal) Error() string { return "refused: " + r.Why }

// Later is a delivery that the network takes later, not counted as an attempt: After from now, for this customer, or (All) for the whole channel.
type Later struct {
	Why   string
	After time.Duration
	All   bool
}

func (l *Later) Error() string { return "later: " + l.Why }

// Held is a delivery that may be sent only after the customer has written again (WeChat's closed window): it waits, and goes out at the next contact.
type Held struct{ Why string }

func (h *Held) Error() string { return "waiting for the customer: " + h.Why }

// Reach is what a network allows us to send to a customer unasked; see the network's own package for its rules. The zero value knows of no limit.
type Reach struct {
	WindowEnd time.Time `json:"window_end,omitzero"` // after it nothing may be sent
	Left      int       `json:"left"`                // messages left until then
	Consents  int       `json:"consents,omitempty"`  // single pushes the customer agreed to (subscription messages)
	Known     bool      `json:"known"`               // the network counts for this customer
}

// ReachLedger keeps the reach of each customer; the store is one. A customer never seen has the zero Reach.
type ReachLedger interface {
	Reach(ctx context.Context, a Address) (Reach, error)
	SetReach(ctx context.Context, a Address, r Reach) error
}

// Settings keep a network's small state over restarts (an access token, a polling offset); the store is one. A value never put, or expired, is "".
type Settings interface {
	Setting(ctx context.Context, key string) (string, error)
	PutSetting(ctx context.Context, key, value string, expires time.Time) error // zero expires: never
}

// Asker receives a message whose answer the network takes as the response to its own request (WeChat's passive reply); *Service is one.
type Asker interface {
	// Ask stores the message like Receive, and waits until the conversation is quiet (its turn and look-ups are done) or ctx ends. A repeat of a stored
	// message gets the same answer at once, or waits for it. It returns ErrBusy or ErrClosing; that the message could not be stored (in these three cases nothing
	// was); or that nobody can say yet what became of it. The network should bring the message again.
	Ask(ctx context.Context, a Address, m dialog.Message) (*Answer, error)
}

// Answer is what waits to be said to a customer at this moment: first what was held for them earlier, then what the turn brought. It is empty when nothing
// is ready yet, or when a later message of the same customer took it. Settle must be called once.
type Answer struct {
	Parts []Outgoing
	// Pending says that there is more to come, by Deliver or with a later message's answer: a turn or a look-up is still under way, say.
	Pending bool

	settle func(ctx context.Context, taken int) error
}

// Settle marks the first taken parts as sent (before the response is written: a network that did not get it asks again with the same message id and is given the
// same parts again), and leaves the others to Deliver.
func (a *Answer) Settle(ctx context.Context, taken int) error {
	if a.settle == nil {
		return nil
	}
	return a.settle(ctx, taken)
}

// Health is a channel that can say how it is: "" for up, else one sentence for /readyz, without secrets. A channel that is down takes nothing else down.
type Health interface{ Down() string }

// Fault is a setting without which a channel cannot be made.
type Fault struct {
	Key string // in the channel's section: "token"
	Why string // follows the key: "is empty; copy it from the platform". It carries no secret.
}

// Finding is one line of beianbot doctor: what was looked at, how it is, and what to do.
type Finding struct {
	What   string `json:"what"`  // "telegram token", "wechat IP whitelist"
	Level  string `json:"level"` // ok, warning, error
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"` // empty when ok
}

// Doctor is a channel that can check its configuration against the real network. Findings carry no secrets.
type Doctor interface {
	Examine(ctx context.Context) []Finding
}
