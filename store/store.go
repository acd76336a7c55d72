// Package store remembers: conversations, what came in, what goes out. SQLite.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"beianbot/bot"
	"beianbot/dialog"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the state database. All its methods may be called from many goroutines.
type Store struct {
	write *sql.DB // one connection: writers wait here instead of failing with SQLITE_BUSY
	read  *sql.DB
	lock  *os.File

	commits *committer
	recent  *recent // nil unless exclusive
	trouble trouble
}

// ErrLocked says that another serve works on the same store.
var ErrLocked = errors.New("another beianbot serve works on this store; stop it first, or give this one its own store.url")

// Open opens or makes the database file and brings it to the latest schema. A schema newer than the program knows is refused and left untouched.
// With exclusive set, a second exclusive Open of the same file fails with ErrLocked.
func Open(ctx context.Context, file string, exclusive bool) (*Store, error) {
	if err := notFolder(file); err != nil {
		return nil, fmt.Errorf("store %s: %w", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("store %s: the folder cannot be made: %w; choose a folder you may write to in store.url", file, reason(err))
	}
	s := &Store{}
	if exclusive {
		f, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("store %s: cannot be written: %w; choose a folder you may write to in store.url", file, reason(err))
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			f.Close()
			return nil, fmt.Errorf("store %s: %w", file, ErrLocked)
		}
		s.lock, s.recent = f, newRecent()
	}
	if err := s.open(ctx, file); err != nil {
		s.Close()
		return nil, fmt.Errorf("store %s: %w", file, explain(err))
	}
	return s, nil
}

// notFolder refuses a folder, which SQLite takes for a fault of the disk.
func notFolder(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return errors.New("this is a folder; name a file in store.url, such as sqlite:" + filepath.Join(file, "beianbot.db"))
	}
	return nil
}

func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// dsn makes a file: name with settings, so that every pooled connection has them. Without the prefix the driver drops SQLite's own settings.
func dsn(file, settings string) string {
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + settings
}

func (s *Store) open(ctx context.Context, file string) (err error) {
	if known, err := peekVersion(ctx, file); err != nil {
		return err
	} else if known > latest() {
		return fmt.Errorf("its schema is version %d, newer than the %d this program knows; use the newer beianbot (nothing was changed)", known, latest())
	}
	// FULL: an acknowledged message must survive power loss.
	if s.write, err = sql.Open("sqlite3", dsn(file, "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=1&_txlock=immediate&_stmt_cache_size=64")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	s.commits = newCommitter(s.write, s.trouble.said)
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite3", dsn(file, "mode=ro&_query_only=1&_busy_timeout=5000&_stmt_cache_size=64")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	return s.read.PingContext(ctx)
}

// Version is the schema version of a file, 0 when there is none, and the one that this program knows. It changes nothing.
func Version(ctx context.Context, file string) (have, known int, err error) {
	if have, err = peekVersion(ctx, file); err != nil {
		err = fmt.Errorf("store %s: %w", file, explain(err))
	}
	return have, latest(), err
}

// peekVersion reads the schema version of a file without changing anything; 0 when there is no file.
func peekVersion(ctx context.Context, file string) (int, error) {
	if err := notFolder(file); err != nil {
		return 0, err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	settings := "mode=ro&_query_only=1"
	if _, err := os.Stat(file + "-wal"); errors.Is(err, fs.ErrNotExist) {
		settings += "&immutable=1" // nobody has it open, and SQLite would leave an empty log beside it
	}
	db, err := sql.Open("sqlite3", dsn(file, settings))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var v int
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	return v, err
}

func latest() int {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is ours
	}
	return len(files)
}

// migrate runs the numbered steps that the database has not seen, each in a transaction with its version.
func (s *Store) migrate(ctx context.Context) error {
	var have int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	files, _ := fs.Glob(migrations, "migrations/*.sql") // sorted by name, so by number
	for v := have + 1; v <= len(files); v++ {
		step, err := migrations.ReadFile(files[v-1])
		if err != nil {
			return err
		}
		err = s.tx(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, string(step)); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", strings.TrimPrefix(files[v-1], "migrations/"), err)
		}
	}
	return nil
}

// tx runs do in a transaction, together with whatever others want to write at this moment; see committer. It returns when that is on disk.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error { return s.commits.run(ctx, do) }

// Close closes the database and gives the lock free.
func (s *Store) Close() error {
	var errs []error
	if s.commits != nil {
		s.commits.stop()
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

var errNoRow = errors.New("no row was added")

// insert adds one row and gives its number, or errNoRow. (RETURNING does the same as a query, which costs the driver more.)
func insert(tx *sql.Tx, id *int64, statement string, args ...any) error {
	res, err := tx.Exec(statement, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errNoRow)
	}
	*id, err = res.LastInsertId()
	return err
}

// owed says whether anything waits for a customer, and whether they are blocked.
const owed = `SELECT EXISTS (SELECT 1 FROM outbox WHERE channel = ? AND customer = ? AND ` + open + `), EXISTS (SELECT 1 FROM reach WHERE channel = ? AND customer = ? AND blocked <> '')`

// release makes what is held for a customer due.
const release = "UPDATE outbox SET state = 'waiting', next_at = 0 WHERE channel = ? AND customer = ? AND " + open + " AND state = 'held'"

// Receive stores a message once; see bot.Conversations.
func (s *Store) Receive(ctx context.Context, a bot.Address, m dialog.Message) (bot.Incoming, bool, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return bot.Incoming{}, false, err
	}
	in := bot.Incoming{Address: a, Message: m}
	fresh := false
	var blocked bool
	err = s.tx(ctx, func(tx *sql.Tx) error {
		in.ID, in.Owed, fresh = 0, false, false
		err := insert(tx, &in.ID, `INSERT INTO inbox (channel, customer, external_id, body, at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (channel, external_id) DO NOTHING`, a.Channel, a.Customer, m.ID, string(body), m.At.UnixMilli())
		if errors.Is(err, errNoRow) {
			// A request is open for this customer, so what was held may go out with its response: the answer of a silent account that was restarted, say.
			if _, err := tx.Exec(release, a.Channel, a.Customer); err != nil {
				return err
			}
			return tx.QueryRow("SELECT id FROM inbox WHERE channel = ? AND external_id = ?", a.Channel, m.ID).Scan(&in.ID)
		}
		if err != nil {
			return err
		}
		fresh = true
		if _, err = tx.Exec("INSERT INTO entries (channel, customer, inbox_id) VALUES (?, ?, ?)", a.Channel, a.Customer, in.ID); err != nil {
			return err
		}
		if err = tx.QueryRow(owed, a.Channel, a.Customer, a.Channel, a.Customer).Scan(&in.Owed, &blocked); err != nil {
			return err
		}
		if in.Owed {
			if _, err = tx.Exec(release, a.Channel, a.Customer); err != nil {
				return err
			}
		}
		if blocked {
			_, err = tx.Exec("UPDATE reach SET blocked = '' WHERE channel = ? AND customer = ?", a.Channel, a.Customer)
		}
		return err
	})
	return in, fresh, err
}

// Known gives the number of a message that was stored before.
func (s *Store) Known(ctx context.Context, a bot.Address, id string) (bot.Incoming, bool, error) {
	in := bot.Incoming{Address: a}
	err := s.read.QueryRowContext(ctx, "SELECT id FROM inbox WHERE channel = ? AND external_id = ?", a.Channel, id).Scan(&in.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return in, false, nil
	}
	return in, err == nil, err
}

// Open are the messages without a saved turn.
func (s *Store) Open(ctx context.Context) ([]bot.Incoming, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, channel, customer, body FROM inbox WHERE done_at IS NULL ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []bot.Incoming
	for rows.Next() {
		var in bot.Incoming
		var body []byte
		if err := rows.Scan(&in.ID, &in.Address.Channel, &in.Address.Customer, &body); err != nil {
			return nil, err
		}
		in.Unreadable = json.Unmarshal(body, &in.Message) != nil
		out = append(out, in)
	}
	return out, rows.Err()
}

// Load gives a conversation.
func (s *Store) Load(ctx context.Context, a bot.Address) (dialog.Conversation, error) {
	var c dialog.Conversation
	body := s.recent.get(a)
	if body != nil {
		return c, json.Unmarshal(body, &c)
	}
	err := s.read.QueryRowContext(ctx, "SELECT body FROM conversations WHERE channel = ? AND customer = ?", a.Channel, a.Customer).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(body, &c)
}

// SaveTurn saves a turn whole.
func (s *Store) SaveTurn(ctx context.Context, t bot.Turn) (bot.Saved, error) {
	var out bot.Saved
	body, err := json.Marshal(t.Conversation)
	if err != nil {
		return out, err
	}
	drafts, err := encodeDrafts(t.Replies)
	if err != nil {
		return out, err
	}
	checks := make([]string, len(t.Lookups))
	for i, l := range t.Lookups {
		b, err := json.Marshal(l)
		if err != nil {
			return out, err
		}
		checks[i] = string(b)
	}
	a, now := t.Address, t.Now.UnixMilli()
	state, notBefore, sentAt := "waiting", int64(0), any(nil)
	if !t.NotBefore.IsZero() {
		notBefore = t.NotBefore.UnixMilli()
	}
	if t.Shown {
		state, sentAt = "sent", now
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		out = bot.Saved{}
		var owner bot.Speaker
		if err := tx.QueryRow(`INSERT INTO conversations (channel, customer, body, updated_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (channel, customer) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at RETURNING owner`, a.Channel, a.Customer, string(body), now).Scan(&owner); err != nil {
			return err
		}
		var from any
		for _, id := range t.Inbox {
			from = id // the reply follows the last of the messages it answers
			if _, err := tx.Exec("UPDATE inbox SET done_at = ? WHERE id = ?", now, id); err != nil {
				return err
			}
		}
		for _, id := range t.Inbox {
			if t.Concealed == "" {
				break
			}
			if _, err := tx.Exec("UPDATE inbox SET body = json_set(body, '$.Text', ?) WHERE id = ?", t.Concealed, id); err != nil {
				return err
			}
		}
		if t.Lookup != 0 {
			if _, err := tx.Exec("DELETE FROM lookups WHERE id = ?", t.Lookup); err != nil {
				return err
			}
		}
		for i, d := range drafts {
			var reply int64
			if err := insert(tx, &reply, "INSERT INTO replies (channel, customer, inbox_id, body, at) VALUES (?, ?, ?, ?, ?)", a.Channel, a.Customer, from, d.reply, now); err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO entries (channel, customer, reply_id) VALUES (?, ?, ?)", a.Channel, a.Customer, reply); err != nil {
				return err
			}
			for j, part := range d.parts {
				o := bot.Outgoing{Address: a, Speaker: bot.BotSpeaks, Reply: t.Replies[i].Reply}
				if err := insert(tx, &o.ID, "INSERT INTO outbox (reply_id, channel, customer, part, state, next_at, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
					reply, a.Channel, a.Customer, part, state, notBefore, sentAt); err != nil {
					return err
				}
				if part != "" {
					o.Part = t.Replies[i].Parts[j]
				}
				if o.At, o.Key = stamp(now, o.ID); !t.Shown && owner != bot.StaffSpeaks {
					out.Said = append(out.Said, o)
				}
			}
		}
		for i, c := range checks {
			l := bot.Lookup{Address: a, Check: t.Lookups[i]}
			if err := insert(tx, &l.ID, "INSERT INTO lookups (channel, customer, body, at) VALUES (?, ?, ?, ?)", a.Channel, a.Customer, c, now); err != nil {
				return err
			}
			out.Lookups = append(out.Lookups, l)
		}
		return insertRecord(tx, a.Channel, now, t.Record)
	})
	if err != nil {
		body = nil
	}
	s.recent.put(a, body)
	return out, err
}

// encoded is a draft ready to be written, so that the transaction does no work but writing.
type encoded struct {
	reply string
	parts []string
}

func encodeDrafts(drafts []bot.Draft) ([]encoded, error) {
	out := make([]encoded, len(drafts))
	for i, d := range drafts {
		b, err := json.Marshal(d.Reply)
		if err != nil {
			return nil, err
		}
		out[i].reply = string(b)
		if len(d.Parts) == 0 {
			out[i].parts = []string{""}
		}
		for _, p := range d.Parts {
			b, err := json.Marshal(p)
			if err != nil {
				return nil, err
			}
			out[i].parts = append(out[i].parts, string(b))
		}
	}
	return out, nil
}

// OpenLookups are the look-ups whose result is not yet a turn.
func (s *Store) OpenLookups(ctx context.Context) ([]bot.Lookup, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, channel, customer, body FROM lookups ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []bot.Lookup
	for rows.Next() {
		var l bot.Lookup
		var body []byte
		if err := rows.Scan(&l.ID, &l.Address.Channel, &l.Address.Customer, &body); err != nil {
			return nil, err
		}
		l.Unreadable = json.Unmarshal(body, &l.Check) != nil
		out = append(out, l)
	}
	return out, rows.Err()
}

// History is what was said in a conversation after an entry, oldest first; after 0 gives the last limit entries.
func (s *Store) History(ctx context.Context, a bot.Address, after int64, limit int) ([]bot.Entry, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT * FROM (
		SELECT e.id, i.body AS said, r.body AS replied, coalesce(i.at, r.at) AS at FROM entries e
		LEFT JOIN inbox i ON i.id = e.inbox_id LEFT JOIN replies r ON r.id = e.reply_id
		WHERE e.channel = ? AND e.customer = ? AND e.id > ? ORDER BY e.id DESC LIMIT ?) ORDER BY id`, a.Channel, a.Customer, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []bot.Entry{}
	for rows.Next() {
		var e bot.Entry
		var said, replied []byte
		var at int64
		if err := rows.Scan(&e.ID, &said, &replied, &at); err != nil {
			return nil, err
		}
		e.At = time.UnixMilli(at).UTC()
		if said != nil {
			var m dialog.Message
			if err := json.Unmarshal(said, &m); err != nil {
				return nil, err
			}
			e.From, e.Text = "customer", m.Text
		} else {
			e.Reply = &dialog.Reply{}
			if err := json.Unmarshal(replied, e.Reply); err != nil {
				return nil, err
			}
			e.From, e.Text = "bot", e.Reply.Text
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
