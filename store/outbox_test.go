package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
)

// mustSay stores a reply of several parts.
func mustSay(t *testing.T, s *Store, a bot.Address, parts ...string) {
	t.Helper()
	d := bot.Draft{Reply: dialog.Reply{Text: "whole"}}
	for _, p := range parts {
		d.Parts = append(d.Parts, bot.Part{Text: p})
	}
	if _, err := s.SaveTurn(context.Background(), bot.Turn{Address: a, Replies: []bot.Draft{d}, Now: time.UnixMilli(1000)}); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, s *Store, a bot.Address, at int64) string {
	t.Helper()
	o, ok, err := s.Next(context.Background(), a, time.UnixMilli(at))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return o.Part.Text
}

func TestPartsGoOutInOrder(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	mustSay(t, s, anna, "one", "two")
	o, _, _ := s.Next(ctx, anna, time.UnixMilli(2000))
	if err := s.Settle(ctx, o.ID, bot.Outcome{State: "waiting", Why: "slow", Next: time.UnixMilli(5000), Counted: true}, time.UnixMilli(2000)); err != nil {
		t.Fatal(err)
	}
	if got := next(t, s, anna, 3000); got != "" {
		t.Errorf("%q overtook a part that waits", got)
	}
	if due, _ := s.Due(ctx, anna.Channel, time.UnixMilli(3000), 10); len(due) != 0 {
		t.Errorf("due = %v", due)
	}
	if got := next(t, s, anna, 5000); got != "one" {
		t.Errorf("next = %q", got)
	}
}

func TestHeldWaitsForTheCustomer(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	mustSay(t, s, anna, "one", "two")
	o, _, _ := s.Next(ctx, anna, time.UnixMilli(2000))
	if err := s.Settle(ctx, o.ID, bot.Outcome{State: "held", Why: "window closed"}, time.UnixMilli(2000)); err != nil {
		t.Fatal(err)
	}
	if got := next(t, s, anna, 9000); got != "" {
		t.Errorf("%q went out through a closed window", got)
	}
	if _, _, err := s.Receive(ctx, anna, dialog.Message{ID: "1", At: time.UnixMilli(3000)}); err != nil {
		t.Fatal(err)
	}
	if got := next(t, s, anna, 9000); got != "one" {
		t.Errorf("next = %q", got)
	}
	o, _, _ = s.Next(ctx, anna, time.UnixMilli(9000))
	if err := s.Settle(ctx, o.ID, bot.Outcome{State: "held", Heard: o.Heard}, time.UnixMilli(9000)); err != nil {
		t.Fatal(err)
	}
	if _, fresh, err := s.Receive(ctx, anna, dialog.Message{ID: "1", At: time.UnixMilli(3000)}); fresh || err != nil { // the network asks again
		t.Fatal(fresh, err)
	}
	if got := next(t, s, anna, 9000); got != "one" {
		t.Errorf("after a repeat next = %q", got)
	}
}

func TestBlockedCustomerGetsNothingUntilTheyWrite(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	mustSay(t, s, anna, "one", "two")
	o, _, _ := s.Next(ctx, anna, time.UnixMilli(2000))
	if err := s.Settle(ctx, o.ID, bot.Outcome{State: "refused", Why: "blocked by the user", Blocked: true}, time.UnixMilli(2000)); err != nil {
		t.Fatal(err)
	}
	if got := next(t, s, anna, 9000); got != "" {
		t.Errorf("%q waits for somebody who blocked the bot", got)
	}
	blocked := func() (why string) {
		if err := s.read.QueryRow("SELECT blocked FROM reach WHERE customer = ?", anna.Customer).Scan(&why); err != nil {
			t.Fatal(err)
		}
		return why
	}
	if blocked() == "" {
		t.Error("the block is not kept")
	}
	if _, _, err := s.Receive(ctx, anna, dialog.Message{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if why := blocked(); why != "" {
		t.Errorf("still blocked: %s", why)
	}
}

// While a delivery was under way the customer wrote: that nothing may be sent was true before.
func TestAVerdictOlderThanTheCustomersMessageDoesNotCount(t *testing.T) {
	for name, verdict := range map[string]bot.Outcome{"held": {State: "held"}, "blocked": {State: "refused", Blocked: true}} {
		t.Run(name, func(t *testing.T) {
			s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
			write := func(id string) {
				if _, _, err := s.Receive(ctx, anna, dialog.Message{ID: id}); err != nil {
					t.Fatal(err)
				}
			}
			settle := func() {
				if err := s.Settle(ctx, 1, verdict, time.UnixMilli(3000)); err != nil {
					t.Fatal(err)
				}
			}
			write("1")
			mustSay(t, s, anna, "one", "two")
			o, _, _ := s.Next(ctx, anna, time.UnixMilli(2000))
			verdict.Heard = o.Heard
			write("2")
			settle()
			if got := next(t, s, anna, 4000); got != "one" {
				t.Errorf("next = %q", got)
			}
			o, _, _ = s.Next(ctx, anna, time.UnixMilli(5000))
			verdict.Heard = o.Heard
			settle()
			if got := next(t, s, anna, 6000); got != "" {
				t.Errorf("next = %q, though that is the newest verdict", got)
			}
		})
	}
}

func TestStaffSilenceTheBotAtTheMomentOfSending(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	mustSay(t, s, anna, "from the bot")
	if err := s.SetOwner(ctx, anna, bot.StaffSpeaks); err != nil {
		t.Fatal(err)
	}
	if got := next(t, s, anna, 9000); got != "" {
		t.Errorf("the bot talks beside staff: %q", got)
	}
}

func TestSettingsExpire(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	if err := s.PutSetting(ctx, "kept", "a", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutSetting(ctx, "old", "b", time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Setting(ctx, "kept"); v != "a" || err != nil {
		t.Error(v, err)
	}
	if v, err := s.Setting(ctx, "old"); v != "" || err != nil {
		t.Error(v, err)
	}
}

func TestExpiredSettingsAreDeleted(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	now := time.Now()
	var wg sync.WaitGroup
	for i := range 2*forgetAtOnce + 3 {
		expires := now.Add(-time.Hour)
		if i%7 == 0 {
			expires = []time.Time{{}, now.Add(time.Hour)}[i%2]
		}
		wg.Go(func() {
			if err := s.PutSetting(ctx, fmt.Sprint("k", i), "x", expires); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.ForgetSettings(ctx, now); err != nil {
		t.Fatal(err)
	}
	var kept, over int
	if err := s.read.QueryRow("SELECT count(*), coalesce(sum(expires_at <> 0 AND expires_at < ?), 0) FROM settings", now.UnixMilli()).Scan(&kept, &over); err != nil || kept != 144 || over != 0 {
		t.Errorf("%d settings, %d of them over, %v", kept, over, err)
	}
}

// A write that fails among others in a shared commit undoes only itself.
func TestSharedCommitKeepsWritersApart(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "s.db"))
	wrong := errors.New("wrong")
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.tx(context.Background(), func(tx *sql.Tx) error {
				if _, err := tx.Exec("INSERT INTO settings (key, value) VALUES (?, '')", fmt.Sprint(i)); err != nil {
					return err
				}
				if i%7 == 0 {
					return wrong
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range errs {
		if (i%7 == 0) != errors.Is(err, wrong) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	var n int
	if err := s.read.QueryRow("SELECT count(*) FROM settings").Scan(&n); err != nil || n != 200-29 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// The first schema, with a reply that waits, comes up in the latest.
func TestFirstSchemaIsMigrated(t *testing.T) {
	file, ctx := filepath.Join(t.TempDir(), "s.db"), context.Background()
	db, err := sql.Open("sqlite3", dsn(file, "_foreign_keys=1"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := migrations.ReadFile("migrations/0001_conversations.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(first) + `;PRAGMA user_version = 1;
		INSERT INTO inbox (channel, customer, external_id, body, at) VALUES ('web', 'anna', '1', '{"Text":"在吗"}', 1);
		INSERT INTO entries (channel, customer, inbox_id) VALUES ('web', 'anna', 1);
		INSERT INTO outbox (channel, customer, inbox_id, body, at) VALUES ('web', 'anna', 1, '{"text":"在","lang":"zh"}', 2);
		INSERT INTO entries (channel, customer, outbox_id) VALUES ('web', 'anna', 1);`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s := mustOpen(t, file)
	if o, ok, err := s.Next(ctx, anna, time.UnixMilli(9)); err != nil || !ok || o.Reply.Text != "在" {
		t.Errorf("next = %+v, %v, %v", o, ok, err)
	}
	if h, err := s.History(ctx, anna, 0, 10); err != nil || len(h) != 2 || h[0].Text != "在吗" || h[1].Text != "在" {
		t.Errorf("history = %+v, %v", h, err)
	}
}

// One connection's bare commits with synchronous=FULL, to compare with.
func BenchmarkBareCommit(b *testing.B) {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "s.db"), false)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	i := 0
	for b.Loop() {
		i++
		if _, err := s.write.Exec("INSERT INTO settings (key, value) VALUES (?, 'x')", fmt.Sprint(i)); err != nil {
			b.Fatal(err)
		}
	}
}

// A message stored, 200 senders at once.
func BenchmarkReceive(b *testing.B) {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "s.db"), false)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	work := make(chan int)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			for i := range work {
				a := bot.Address{Channel: "web", Customer: bot.CustomerID(fmt.Sprint(i % 200))}
				if _, _, err := s.Receive(context.Background(), a, dialog.Message{ID: fmt.Sprint(i), Text: "备案要多久"}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	i := 0
	for b.Loop() {
		i++
		work <- i
	}
	close(work)
	wg.Wait()
}

// What is asked on every message must not read every message ever sent.
func TestOpenMessagesAreFoundByIndex(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "s.db"))
	for name, query := range map[string]string{
		"next":    outgoing + "WHERE o.channel = 'web' AND o.customer = 'anna' AND " + open + " AND o.state = 'waiting' ORDER BY o.id LIMIT 1",
		"receive": strings.ReplaceAll(release, "?", "'web'"),
		"passive": outgoing + "WHERE o.answers = 1 ORDER BY o.id",
		"settle":  strings.ReplaceAll(wroteSince, "?", "1"),
	} {
		rows, err := s.read.Query("EXPLAIN QUERY PLAN " + query)
		if err != nil {
			t.Fatal(name, err)
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c int
			var plan string
			if err := rows.Scan(&a, &b, &c, &plan); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(plan, "SCAN") && plan != "SCAN CONSTANT ROW" {
				t.Errorf("%s: %s", name, plan)
			}
		}
	}
}
