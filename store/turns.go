package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"beianbot/bot"
	"beianbot/knowledge"
)

// insertRecord keeps what reports are made of, in the transaction of the turn. A turn in which nobody said anything leaves no record.
func insertRecord(tx *sql.Tx, channel bot.ChannelName, now int64, r bot.Record) error {
	if !r.Message && len(r.Topics) == 0 {
		return nil
	}
	_, err := tx.Exec("INSERT INTO turns (at, channel, message, topics, about, confidence, lang, state, clarity, lookups, wording) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		now, channel, r.Message, words(r.Topics), r.About, r.Confidence, r.Lang, r.State, r.Clarity, words(r.Lookups), r.Wording)
	return err
}

// words are ids in one column: none has a space.
func words[T ~string](list []T) string {
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// TurnRecord is a kept turn.
type TurnRecord struct {
	At      time.Time
	Channel bot.ChannelName
	bot.Record
}

// Turns gives the records from one time (inclusive) to another, oldest first, to see.
func (s *Store) Turns(ctx context.Context, from, to time.Time, see func(TurnRecord)) error {
	rows, err := s.read.QueryContext(ctx, `SELECT at, channel, message, topics, about, confidence, lang, state, clarity, lookups, wording FROM turns
		WHERE at >= ? AND at < ? ORDER BY at, id`, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r TurnRecord
		var at int64
		var topics, lookups string
		if err := rows.Scan(&at, &r.Channel, &r.Message, &topics, &r.About, &r.Confidence, &r.Lang, &r.State, &r.Clarity, &lookups, &r.Wording); err != nil {
			return err
		}
		r.At = time.UnixMilli(at)
		for _, t := range strings.Fields(topics) {
			r.Topics = append(r.Topics, knowledge.Topic(t))
		}
		for _, l := range strings.Fields(lookups) {
			r.Lookups = append(r.Lookups, bot.Told(l))
		}
		see(r)
	}
	return rows.Err()
}

// forgetAtOnce bounds one deletion, so that no turn waits for it.
const forgetAtOnce = 500

// ForgetTurns deletes the records from before a time.
func (s *Store) ForgetTurns(ctx context.Context, before time.Time) error {
	for {
		var n int64
		err := s.tx(ctx, func(tx *sql.Tx) error {
			res, err := tx.Exec("DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE at < ? LIMIT ?)", before.UnixMilli(), forgetAtOnce)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}
