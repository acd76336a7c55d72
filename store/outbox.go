package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"beianbot/bot"
)

// open is the condition of the index outbox_open, word for word: SQLite uses a partial index only for a query that repeats its condition, and else reads every
// message ever sent.
const open = "state IN ('waiting', 'held')"

// Due are the customers with something to send; see bot.Outbox.
func (s *Store) Due(ctx context.Context, channel bot.ChannelName, now time.Time, limit int) ([]bot.CustomerID, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT customer FROM (SELECT customer, min(id) AS first, next_at FROM outbox
		WHERE `+open+` AND state = 'waiting' AND channel = ? GROUP BY customer) WHERE next_at <= ? ORDER BY first LIMIT ?`, channel, now.UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []bot.CustomerID
	for rows.Next() {
		var c bot.CustomerID
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// outgoing are the columns that scanOutgoing reads.
const outgoing = `SELECT o.id, o.channel, o.customer, o.part, o.attempts, r.body, r.at, r.speaker, o.next_at,
	coalesce((SELECT owner FROM conversations c WHERE c.channel = o.channel AND c.customer = o.customer), 'bot'),
	coalesce((SELECT e.id FROM entries e WHERE e.channel = o.channel AND e.customer = o.customer AND e.inbox_id IS NOT NULL ORDER BY e.id DESC LIMIT 1), 0)
	FROM outbox o JOIN replies r ON r.id = o.reply_id `

type outgoingRow struct {
	bot.Outgoing
	next  int64
	owner bot.Speaker
}

// stamp gives a message its time, and the key that is the same whenever it is read.
func stamp(at, id int64) (time.Time, string) {
	return time.UnixMilli(at), fmt.Sprintf("b%d-%d", at, id)
}

func (s *Store) outgoing(ctx context.Context, where string, args ...any) ([]outgoingRow, error) {
	rows, err := s.read.QueryContext(ctx, outgoing+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []outgoingRow
	for rows.Next() {
		var o outgoingRow
		var part, body []byte
		var at int64
		if err := rows.Scan(&o.ID, &o.Address.Channel, &o.Address.Customer, &part, &o.Attempts, &body, &at, &o.Speaker, &o.next, &o.owner, &o.Heard); err != nil {
			return nil, err
		}
		o.At, o.Key = stamp(at, o.ID)
		if err := json.Unmarshal(body, &o.Reply); err != nil {
			return nil, fmt.Errorf("outbox row %d: %w", o.ID, err)
		}
		if len(part) > 0 {
			if err := json.Unmarshal(part, &o.Part); err != nil {
				return nil, fmt.Errorf("outbox row %d: %w", o.ID, err)
			}
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// Next is a customer's oldest waiting message, if it is due.
func (s *Store) Next(ctx context.Context, a bot.Address, now time.Time) (bot.Outgoing, bool, error) {
	for {
		rows, err := s.outgoing(ctx, "WHERE o.channel = ? AND o.customer = ? AND "+open+" AND o.state = 'waiting' ORDER BY o.id LIMIT 1", a.Channel, a.Customer)
		if err != nil || len(rows) == 0 || rows[0].next > now.UnixMilli() {
			return bot.Outgoing{}, false, err
		}
		if rows[0].owner == bot.StaffSpeaks && rows[0].Speaker == bot.BotSpeaks {
			if err := s.Settle(ctx, rows[0].ID, bot.Outcome{State: "withdrawn", Why: "staff have the conversation"}, now); err != nil {
				return bot.Outgoing{}, false, err
			}
			continue
		}
		return rows[0].Outgoing, true, nil
	}
}

// Unsettled are a customer's waiting messages, in order.
func (s *Store) Unsettled(ctx context.Context, a bot.Address) ([]bot.Outgoing, error) {
	rows, err := s.outgoing(ctx, "WHERE o.channel = ? AND o.customer = ? AND "+open+" AND o.state = 'waiting' ORDER BY o.id", a.Channel, a.Customer)
	return mayBeSaid(rows), err
}

// Passive are the messages that went out as the response to a message before, whatever they answered.
func (s *Store) Passive(ctx context.Context, inbox int64) ([]bot.Outgoing, error) {
	rows, err := s.outgoing(ctx, "WHERE o.answers = ? ORDER BY o.id", inbox)
	return mayBeSaid(rows), err
}

// mayBeSaid leaves out what the bot wanted to say in a conversation that staff have.
func mayBeSaid(rows []outgoingRow) []bot.Outgoing {
	var out []bot.Outgoing
	for _, r := range rows {
		if r.owner != bot.StaffSpeaks || r.Speaker == bot.StaffSpeaks {
			out = append(out, r.Outgoing)
		}
	}
	return out
}

// wroteSince says whether the customer of a message has written after an entry.
const wroteSince = "SELECT EXISTS (SELECT 1 FROM outbox o JOIN entries e ON e.channel = o.channel AND e.customer = o.customer WHERE o.id = ? AND e.id > ? AND e.inbox_id IS NOT NULL)"

// Settle says what became of a message. A held one holds back everything that waits behind it, and a blocked customer gets nothing of it; see bot.Outbox.
func (s *Store) Settle(ctx context.Context, id int64, o bot.Outcome, now time.Time) error {
	counted := 0
	if o.Counted {
		counted = 1
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		o := o
		if o.State == "held" || o.Blocked {
			var wrote bool
			if err := tx.QueryRow(wroteSince, id, o.Heard).Scan(&wrote); err != nil {
				return err
			}
			if wrote {
				o.State, o.Blocked = "waiting", false
			}
		}
		var sent any
		if o.State == "sent" {
			sent = now.UnixMilli()
		}
		next := int64(0)
		if !o.Next.IsZero() {
			next = o.Next.UnixMilli()
		}
		var channel, customer string
		err := tx.QueryRow(`UPDATE outbox SET state = ?, receipt = ?, last_error = ?, next_at = ?, sent_at = ?, attempts = attempts + ? WHERE id = ? RETURNING channel, customer`,
			o.State, o.Receipt, o.Why, next, sent, counted, id).Scan(&channel, &customer)
		if err != nil {
			return err
		}
		switch {
		case o.State == "held":
			_, err = tx.Exec("UPDATE outbox SET state = 'held', last_error = ? WHERE channel = ? AND customer = ? AND "+open+" AND state = 'waiting'", o.Why, channel, customer)
		case o.Blocked:
			if _, err = tx.Exec("UPDATE outbox SET state = 'refused', last_error = ? WHERE channel = ? AND customer = ? AND "+open+"", o.Why, channel, customer); err != nil {
				return err
			}
			_, err = tx.Exec("INSERT INTO reach (channel, customer, blocked) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET blocked = excluded.blocked", channel, customer, o.Why)
		}
		return err
	})
}

// SettlePassive marks messages that went out as a response, and gives the others to the sender.
func (s *Store) SettlePassive(ctx context.Context, inbox int64, sent, free []int64, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, id := range sent {
			if _, err := tx.Exec("UPDATE outbox SET state = 'sent', receipt = 'passive', answers = ?, sent_at = ?, attempts = attempts + 1 WHERE id = ?", inbox, now.UnixMilli(), id); err != nil {
				return err
			}
		}
		for _, id := range free {
			if _, err := tx.Exec("UPDATE outbox SET next_at = 0 WHERE id = ? AND state = 'waiting'", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetOwner gives a conversation to staff, or back to the bot. The sender asks at the moment of sending, so what the bot still had to say is not said.
func (s *Store) SetOwner(ctx context.Context, a bot.Address, owner bot.Speaker) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE conversations SET owner = ? WHERE channel = ? AND customer = ?", owner, a.Channel, a.Customer)
		return err
	})
}

// Depth is how much of a channel is in one state, and since when the oldest.
type Depth struct {
	Channel bot.ChannelName
	State   string // waiting, held, refused
	N       int
	Oldest  time.Time // of the reply
}

// Depths count what is not sent, for metrics.
func (s *Store) Depths(ctx context.Context) ([]Depth, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT o.channel, o.state, count(*), min(r.at) FROM outbox o JOIN replies r ON r.id = o.reply_id
		WHERE `+open+` GROUP BY o.channel, o.state`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Depth
	for rows.Next() {
		var d Depth
		var at int64
		if err := rows.Scan(&d.Channel, &d.State, &d.N, &at); err != nil {
			return nil, err
		}
		d.Oldest = time.UnixMilli(at)
		out = append(out, d)
	}
	return out, rows.Err()
}

// Backlog is what waits for a turn.
type Backlog struct {
	Messages int
	Oldest   time.Time // of the messages; zero when there is none
	Lookups  int       // whose result is not yet told
}

// Backlog counts it, for metrics.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	var oldest sql.NullInt64
	err := s.read.QueryRowContext(ctx, "SELECT count(*), min(at), (SELECT count(*) FROM lookups) FROM inbox WHERE done_at IS NULL").Scan(&b.Messages, &oldest, &b.Lookups)
	if oldest.Valid {
		b.Oldest = time.UnixMilli(oldest.Int64)
	}
	return b, err
}

// Reach is what a network allows us to send to a customer.
func (s *Store) Reach(ctx context.Context, a bot.Address) (bot.Reach, error) {
	var r bot.Reach
	var body []byte
	err := s.read.QueryRowContext(ctx, "SELECT body FROM reach WHERE channel = ? AND customer = ?", a.Channel, a.Customer).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(body, &r)
}

// SetReach stores it.
func (s *Store) SetReach(ctx context.Context, a bot.Address, r bot.Reach) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO reach (channel, customer, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", a.Channel, a.Customer, string(body))
		return err
	})
}

// Setting is a network's small state; "" when there is none, or it has expired.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var v string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM settings WHERE key = ? AND (expires_at = 0 OR expires_at > ?)", key, time.Now().UnixMilli()).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, err
}

// PutSetting stores it.
func (s *Store) PutSetting(ctx context.Context, key, value string, expires time.Time) error {
	at := int64(0)
	if !expires.IsZero() {
		at = expires.UnixMilli()
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO settings (key, value, expires_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at", key, value, at)
		return err
	})
}

// ForgetSettings deletes settings that expired before a time. They are looked for beside the writers, by key from one batch to the next: the table has no index by
// time, which would cost each setting a page more to write.
func (s *Store) ForgetSettings(ctx context.Context, before time.Time) error {
	const over = "expires_at <> 0 AND expires_at < ?"
	for last := ""; ; {
		var keys []string
		rows, err := s.read.QueryContext(ctx, "SELECT key FROM settings WHERE key > ? AND "+over+" ORDER BY key LIMIT ?", last, before.UnixMilli(), forgetAtOnce)
		if err != nil {
			return err
		}
		for rows.Next() {
			if err = rows.Scan(&last); err != nil {
				break
			}
			keys = append(keys, last)
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		if len(keys) == 0 {
			return nil
		}
		err = s.tx(ctx, func(tx *sql.Tx) error {
			for _, key := range keys {
				if _, err := tx.Exec("DELETE FROM settings WHERE key = ? AND "+over, key, before.UnixMilli()); err != nil { // it may have been put anew
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
