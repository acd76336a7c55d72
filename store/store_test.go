package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
)

var anna = bot.Address{Channel: "web", Customer: "anna"}

func mustOpen(t *testing.T, file string) *Store {
	t.Helper()
	s, err := Open(context.Background(), file, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestEveryConnectionHasItsSettings(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "a b?#%.db")) // a path that would end the settings if it were not escaped
	for name, want := range map[string]string{"foreign_keys": "1", "synchronous": "2", "journal_mode": "wal"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := s.read.Exec("DELETE FROM inbox"); err == nil {
		t.Error("a reader could write")
	}
}

func TestReceiveFoldsRepeats(t *testing.T) {
	s, ctx := mustOpen(t, filepath.Join(t.TempDir(), "s.db")), context.Background()
	m := dialog.Message{ID: "1", At: time.UnixMilli(1000), Kind: dialog.TextMessage, Text: "要备案吗"}
	if _, fresh, err := s.Receive(ctx, anna, m); err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	if _, fresh, err := s.Receive(ctx, anna, m); err != nil || fresh {
		t.Error("a repeat was taken for new", err)
	}
	open, err := s.Open(ctx)
	if err != nil || len(open) != 1 || open[0].Message.Text != m.Text || open[0].Address != anna {
		t.Errorf("open = %+v, %v", open, err)
	}
}

func TestTurnSurvivesRestart(t *testing.T) {
	file, ctx := filepath.Join(t.TempDir(), "s.db"), context.Background()
	s := mustOpen(t, file)
	in, _, err := s.Receive(ctx, anna, dialog.Message{ID: "1", At: time.UnixMilli(1000), Text: "个人"})
	if err != nil {
		t.Fatal(err)
	}
	c := dialog.Conversation{State: dialog.Asking, Slots: dialog.Slots{SubjectType: "individual"}}
	check := dialog.CheckDomain{Purpose: "domain_check", Name: dialog.DomainName{Host: "a.cn"}}
	turn := bot.Turn{Address: anna, Inbox: []int64{in.ID}, Conversation: c, Replies: []bot.Draft{{Reply: dialog.Reply{Text: "好"}}}, Lookups: []dialog.CheckDomain{check}, Now: time.UnixMilli(2000)}
	if _, err := s.SaveTurn(ctx, turn); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = mustOpen(t, file)
	got, err := s.Load(ctx, anna)
	if err != nil || got.State != dialog.Asking || got.Slots.SubjectType != "individual" {
		t.Errorf("conversation = %+v, %v", got, err)
	}
	if open, _ := s.Open(ctx); len(open) != 0 {
		t.Error("a finished message is open again")
	}
	looks, err := s.OpenLookups(ctx)
	if err != nil || len(looks) != 1 || looks[0].Check.Name.Host != "a.cn" || looks[0].Address != anna {
		t.Fatalf("look-ups = %+v, %v", looks, err)
	}
	o, ok, err := s.Next(ctx, anna, time.UnixMilli(3000))
	if err != nil || !ok || o.Reply.Text != "好" || o.Key == "" {
		t.Fatalf("next = %+v, %v, %v", o, ok, err)
	}
	h, err := s.History(ctx, anna, 0, 10)
	if err != nil || len(h) != 2 || h[0].From != "customer" || h[1].From != "bot" {
		t.Errorf("history = %+v, %v", h, err)
	}
	if err := s.Settle(ctx, o.ID, bot.Outcome{State: "sent", Receipt: "77", Counted: true}, time.UnixMilli(4000)); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := s.Next(ctx, anna, time.UnixMilli(9000)); ok {
		t.Error("a sent reply waits")
	}
	turn = bot.Turn{Address: anna, Lookup: looks[0].ID, Conversation: c, Now: time.UnixMilli(5000)}
	if _, err := s.SaveTurn(ctx, turn); err != nil {
		t.Fatal(err)
	}
	if looks, _ := s.OpenLookups(ctx); len(looks) != 0 {
		t.Error("a finished look-up is open again")
	}
}

func TestSecondServeIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(context.Background(), file, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), file, true); !errors.Is(err, ErrLocked) {
		t.Errorf("second serve: %v", err)
	}
	s.Close()
	if s, err = Open(context.Background(), file, true); err != nil {
		t.Errorf("after the first ended: %v", err)
	} else {
		s.Close()
	}
}

func TestNewerSchemaIsLeftUntouched(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	db, err := sql.Open("sqlite3", dsn(file, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE future (x); PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(file)
	if _, err := Open(context.Background(), file, false); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("error = %v", err)
	}
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Error("the file was changed")
	}
}

func TestAFolderIsNoStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, asked := Version(context.Background(), dir)
	for _, exclusive := range []bool{true, false} {
		_, opened := Open(context.Background(), dir, exclusive)
		for _, err := range []error{asked, opened} {
			if err == nil || !strings.Contains(err.Error(), dir+": this is a folder") || strings.Contains(err.Error(), "disk") {
				t.Error(err)
			}
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestCorruptFileIsNamedAndKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), file, false)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("error = %v", err)
	}
}
