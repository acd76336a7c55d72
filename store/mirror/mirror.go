// Package mirror is the mirror (镜像) of the provider's case system: an immutable SQLite file for each import, swapped in whole.
package mirror

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"beianbot/dialog"
	"beianbot/knowledge"
)

// Row is one case as the provider's system exports it. The JSON keys are the contract's columns.
type Row struct {
	CaseNo      string                  `json:"case_no"`
	FilingType  knowledge.FilingTypeID  `json:"filing_type"`
	SubjectType knowledge.SubjectTypeID `json:"subject_type"`
	SubjectName string                  `json:"subject_name"`
	Province    knowledge.ProvinceID    `json:"province"`
	Domain      string                  `json:"domain"` // several: separated by spaces
	Status      knowledge.Status        `json:"status"`
	StatusAt    time.Time               `json:"status_at"`
	Note        string                  `json:"note"`
	PhoneLast4  string                  `json:"phone_last4"`
	IDLast4     string                  `json:"id_last4"`
	ICPNo       string                  `json:"icp_no"`
	UpdatedAt   time.Time               `json:"updated_at"`

	lacks []string // the columns that its file does not have; a merge leaves them as they are
}

// onto is the row in a merge: what its file has no column for stays as it was in the mirror. A column that is there and empty clears.
func (r Row) onto(old Row) Row {
	for _, column := range r.lacks {
		switch column {
		case "filing_type":
			r.FilingType = old.FilingType
		case "subject_type":
			r.SubjectType = old.SubjectType
		case "subject_name":
			r.SubjectName = old.SubjectName
		case "province":
			r.Province = old.Province
		case "domain":
			r.Domain = old.Domain
		case "note":
			r.Note = old.Note
		case "phone_last4":
			r.PhoneLast4 = old.PhoneLast4
		case "id_last4":
			r.IDLast4 = old.IDLast4
		case "icp_no":
			r.ICPNo = old.ICPNo
		case "updated_at":
			r.UpdatedAt = old.UpdatedAt
		}
	}
	return r
}

// schemaVersion is that of mirror files; a file of another version is not read.
const schemaVersion = 1

const schema = `CREATE TABLE cases (
  case_no TEXT PRIMARY KEY, filing_type TEXT NOT NULL, subject_type TEXT NOT NULL, subject_name TEXT NOT NULL, province TEXT NOT NULL, domain TEXT NOT NULL,
  status TEXT NOT NULL, status_at INTEGER NOT NULL, note TEXT NOT NULL, phone_last4 TEXT NOT NULL, id_last4 TEXT NOT NULL, icp_no TEXT NOT NULL, updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (source TEXT NOT NULL, synced_at INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT;`

// Meta is what a mirror says of itself.
type Meta struct {
	Source   string    `json:"source"`
	SyncedAt time.Time `json:"synced_at,omitzero"`
	Rows     int       `json:"rows"`
	Sample   bool      `json:"sample"`
}

// snapshot is one open mirror file.
type snapshot struct {
	db   *sql.DB
	meta Meta
	file string // "" in memory
	// failed is the number of a case that could not be read. It stays in memory: Ping asks for it again.
	failed atomic.Pointer[string]
}

// Mirror answers look-ups from the newest snapshot. Its methods may be called from many goroutines; readers never wait for a swap and never see a mixture.
type Mirror struct {
	dir     string
	current atomic.Pointer[snapshot]
	sample  bool
	taking  sync.Mutex // held while a new snapshot is taken up
}

// Open opens the mirror in a folder (or the folder of a file). A folder without an import is an empty mirror, or, with sample set, holds the sample cases,
// which live in memory and leave nothing on disk.
func Open(ctx context.Context, dir string, sample bool, now time.Time) (*Mirror, error) {
	m := &Mirror{dir: dir, sample: sample}
	if err := m.Refresh(ctx); err != nil {
		return nil, err
	}
	if m.current.Load() == nil && sample {
		s, err := build(ctx, ":memory:", Samples(now), "sample", now)
		if err != nil {
			return nil, err
		}
		s.meta.Sample = true
		m.current.Store(s)
	}
	return m, nil
}

// Damage says that a mirror is there and cannot be read. Only an import in full helps, which does not mind.
type Damage struct{ Place, Why string }

func (d *Damage) Error() string { return fmt.Sprintf("mirror %s: %s; import again", d.Place, d.Why) }

// unreadable says why a mirror file cannot be read. It may be whole where nobody waited for it, or where it may not be opened.
func unreadable(ctx context.Context, file string, err error) error {
	place := cmp.Or(file, "in memory")
	if ctx.Err() != nil {
		return fmt.Errorf("mirror %s: %w", place, ctx.Err())
	}
	f, barred := os.Open(file)
	if barred != nil && !errors.Is(barred, fs.ErrNotExist) {
		return fmt.Errorf("mirror: %w; check mirror.path and its rights", barred)
	}
	if barred == nil {
		f.Close()
	}
	return &Damage{Place: place, Why: fmt.Sprintf("not readable (%v)", err)}
}

// currentName is the name of the snapshot in force; "" when there is none.
func currentName(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "CURRENT"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("mirror %s: %w; check mirror.path and its rights", dir, err)
	}
	name := strings.TrimSpace(string(b))
	if name != filepath.Base(name) || !strings.HasPrefix(name, "mirror-") {
		return "", &Damage{Place: dir, Why: fmt.Sprintf("CURRENT names %.60q, which is no mirror file", name)}
	}
	return name, nil
}

// Refresh takes up a snapshot that another process has swapped in.
func (m *Mirror) Refresh(ctx context.Context) error {
	m.taking.Lock()
	defer m.taking.Unlock()
	name, err := currentName(m.dir)
	if err != nil || name == "" {
		return err
	}
	file := filepath.Join(m.dir, name)
	old := m.current.Load()
	if old != nil && old.file == file {
		return nil
	}
	s, err := open(ctx, file)
	if ctx.Err() != nil && err != nil {
		return ctx.Err() // which says nothing of the file
	}
	if err != nil {
		return err
	}
	m.current.Store(s)
	if old != nil {
		// Queries are over in milliseconds; a closed pool would fail those that still hold the old snapshot.
		time.AfterFunc(10*time.Second, func() { old.db.Close() })
	}
	return nil
}

func open(ctx context.Context, file string) (*snapshot, error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&immutable=1&_query_only=1&_stmt_cache_size=16")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	s := &snapshot{db: db, file: file}
	var version int
	var synced int64
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		db.Close()
		return nil, unreadable(ctx, file, err)
	}
	if version != schemaVersion {
		db.Close()
		return nil, &Damage{Place: file, Why: fmt.Sprintf("its schema is version %d, this program reads %d", version, schemaVersion)}
	}
	if err := db.QueryRowContext(ctx, "SELECT source, synced_at, rows FROM meta").Scan(&s.meta.Source, &synced, &s.meta.Rows); err != nil {
		db.Close()
		return nil, unreadable(ctx, file, err)
	}
	s.meta.SyncedAt = time.UnixMilli(synced).UTC()
	return s, nil
}

// build writes rows into a new database file (or memory) and leaves it open.
func build(ctx context.Context, file string, rows []Row, source string, now time.Time) (*snapshot, error) {
	name := ":memory:"
	if file != name {
		name = "file:" + (&url.URL{Path: file}).EscapedPath() + "?_journal_mode=OFF&_synchronous=OFF"
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // a second connection to :memory: would be another, empty database
	fail := func(err error) (*snapshot, error) { db.Close(); return nil, err }
	if _, err := db.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA user_version = %d;", schemaVersion)); err != nil {
		return fail(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer tx.Rollback()
	st, err := tx.PrepareContext(ctx, "INSERT INTO cases VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")
	if err != nil {
		return fail(err)
	}
	for _, r := range rows {
		if _, err := st.ExecContext(ctx, r.CaseNo, r.FilingType, r.SubjectType, r.SubjectName, r.Province, r.Domain, r.Status, r.StatusAt.UnixMilli(), r.Note,
			r.PhoneLast4, r.IDLast4, r.ICPNo, r.UpdatedAt.UnixMilli()); err != nil {
			return fail(fmt.Errorf("case %s: %w", r.CaseNo, err))
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE INDEX cases_joined ON cases ("+joined("case_no")+")"); err != nil {
		return fail(err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?, ?)", source, now.UnixMilli(), len(rows)); err != nil {
		return fail(err)
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return &snapshot{db: db, meta: Meta{Source: source, SyncedAt: now.UTC(), Rows: len(rows)}}, nil
}

// joined is a case number in SQL without what joins its parts.
func joined(no string) string { return "replace(replace(" + no + ", '-', ''), ' ', '')" }

// findCase finds a number as it stands, else the only one that differs in how its parts are joined: LT202400391 for LT-2024-00391.
var findCase = `SELECT case_no, filing_type, subject_type, province, domain, status, status_at, note, icp_no, phone_last4, id_last4 FROM cases
	WHERE case_no = coalesce((SELECT case_no FROM cases WHERE case_no = ?1), (SELECT min(case_no) FROM cases WHERE ` + joined("case_no") + " = " + joined("?1") + ` HAVING count(*) = 1))`

// Find gives a case to somebody who shows the last four of the phone or the certificate, or has shown it before (proven). A wrong number and a wrong proof look
// alike: nil and no error. The number may be joined in another way than the mirror has it. An error says where the mirror cannot be read, and nothing of the case.
func (m *Mirror) Find(ctx context.Context, caseNo, proof string, proven bool) (*dialog.Case, time.Time, error) {
	var c *dialog.Case
	s, err := m.ask(ctx, func(s *snapshot) (err error) {
		c, err = s.find(ctx, strings.ToUpper(caseNo), proof, proven)
		return err
	})
	if s == nil {
		return nil, time.Time{}, nil
	}
	return c, s.meta.SyncedAt, err
}

// ask puts a question to the snapshot in force, nil when there is none. One that fails may have had its file taken away by an import that is not taken up yet: the next
// one is asked then.
func (m *Mirror) ask(ctx context.Context, question func(*snapshot) error) (*snapshot, error) {
	s := m.current.Load()
	if s == nil {
		return nil, nil
	}
	err := question(s)
	if err == nil || ctx.Err() != nil || m.Refresh(ctx) != nil {
		return s, err
	}
	if next := m.current.Load(); next != s {
		return next, question(next)
	}
	return s, err
}

func (s *snapshot) find(ctx context.Context, caseNo, proof string, proven bool) (*dialog.Case, error) {
	var c dialog.Case
	var domain, phone, id string
	var at int64
	err := s.db.QueryRowContext(ctx, findCase, caseNo).Scan(&c.CaseNo, &c.FilingType, &c.SubjectType, &c.Province, &domain, &c.Status, &at, &c.Note, &c.ICPNo, &phone, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		if ctx.Err() == nil {
			s.failed.Store(&caseNo)
		}
		return nil, unreadable(ctx, s.file, err)
	}
	if !proven && !same(proof, phone) && !same(proof, id) {
		return nil, nil
	}
	c.StatusAt = time.UnixMilli(at).UTC()
	c.Domains = strings.Fields(domain)
	return &c, nil
}

// same compares a proof in constant time; an empty one on file matches nothing.
func same(said, onFile string) bool {
	return onFile != "" && subtle.ConstantTimeCompare([]byte(strings.ToUpper(said)), []byte(strings.ToUpper(onFile))) == 1
}

// Meta says what the mirror holds; zero while it holds nothing.
func (m *Mirror) Meta() Meta {
	if s := m.current.Load(); s != nil {
		return s.meta
	}
	return Meta{}
}

// Ping reports whether the mirror can be read where it is; one that holds nothing yet can. It costs two or three look-ups, so it may be called often.
func (m *Mirror) Ping(ctx context.Context) error {
	_, err := m.ask(ctx, func(s *snapshot) error { return s.ping(ctx) })
	return err
}

// ping reads both ends of the cases, and the case that failed last, by a connection of its own: those for look-ups answer on from the pages that they have read
// before, whatever has become of the file.
func (s *snapshot) ping(ctx context.Context) error {
	if err := s.ends(ctx); err != nil || s.file == "" {
		return err
	}
	fresh, err := open(ctx, s.file)
	if err != nil {
		return err
	}
	defer fresh.db.Close()
	if no := s.failed.Load(); no != nil {
		if _, err := fresh.find(ctx, *no, "", false); err != nil {
			return err
		}
		s.failed.CompareAndSwap(no, nil)
	}
	return fresh.ends(ctx)
}

// ends reads the first case and the last.
func (s *snapshot) ends(ctx context.Context) error {
	for _, order := range []string{"ASC", "DESC"} {
		var no string
		err := s.db.QueryRowContext(ctx, "SELECT case_no FROM cases ORDER BY case_no "+order+" LIMIT 1").Scan(&no)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return unreadable(ctx, s.file, err)
		}
	}
	return nil
}

// Close closes the snapshot.
func (m *Mirror) Close() error {
	if s := m.current.Load(); s != nil {
		return s.db.Close()
	}
	return nil
}

// rows reads a snapshot whole.
func (s *snapshot) rows(ctx context.Context) (map[string]Row, error) {
	q, err := s.db.QueryContext(ctx, "SELECT case_no, filing_type, subject_type, subject_name, province, domain, status, status_at, note, phone_last4, id_last4, icp_no, updated_at FROM cases")
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out := map[string]Row{}
	for q.Next() {
		var r Row
		var at, updated int64
		if err := q.Scan(&r.CaseNo, &r.FilingType, &r.SubjectType, &r.SubjectName, &r.Province, &r.Domain, &r.Status, &at, &r.Note, &r.PhoneLast4, &r.IDLast4, &r.ICPNo, &updated); err != nil {
			return nil, err
		}
		r.StatusAt, r.UpdatedAt = time.UnixMilli(at).UTC(), time.UnixMilli(updated).UTC()
		out[r.CaseNo] = r
	}
	return out, q.Err()
}

// Outcome is what an import did.
type Outcome struct {
	Rows, Added, Changed, Removed int
	// Former is why the mirror that was there could not be read; nothing was compared with it then, and no shrinking seen.
	Former *Damage
}

// ErrShrink says that a snapshot would drop more than a fifth of the cases.
var ErrShrink = errors.New("more than a fifth; if that is right, repeat with --allow-shrink (nothing was changed)")

// ErrInterrupted says that an import was told to stop before the new snapshot was in force.
var ErrInterrupted = errors.New("interrupted; nothing was changed")

// Import makes the mirror in dir what rows say, as one snapshot, all or nothing. With merge it adds and updates only. The new file is complete before
// CURRENT is renamed to name it, so a crash leaves the old snapshot in force; when ctx ends before that, it gives ErrInterrupted. A mirror that cannot be read is
// replaced, unless merge is set: see Outcome.Former.
func Import(ctx context.Context, dir string, rows []Row, source string, merge, allowShrink bool, now time.Time) (Outcome, error) {
	out, err := importRows(ctx, dir, rows, source, merge, allowShrink, now)
	if err != nil && ctx.Err() != nil { // whatever the interrupted statement says
		err = ErrInterrupted
	}
	return out, err
}

func importRows(ctx context.Context, dir string, rows []Row, source string, merge, allowShrink bool, now time.Time) (Outcome, error) {
	var out Outcome
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return out, fmt.Errorf("mirror %s: the folder cannot be made: %w; check mirror.path", dir, err)
	}
	name, old, err := former(ctx, dir)
	var damage *Damage
	if errors.As(err, &damage) && merge {
		return out, fmt.Errorf("mirror %s: %s, so there is nothing to merge with; import in full, without --merge (nothing was changed)", damage.Place, damage.Why)
	}
	if err != nil && damage == nil {
		return out, err
	}
	rows, out = compare(old, rows, merge)
	out.Former = damage
	if out.Removed*5 > len(old) && !allowShrink {
		return out, fmt.Errorf("the files leave out %d of the %d cases in the mirror, %w", out.Removed, len(old), ErrShrink)
	}
	hash := sha256.New()
	fmt.Fprint(hash, now.UnixNano(), len(rows))
	file := filepath.Join(dir, "mirror-"+hex.EncodeToString(hash.Sum(nil))[:16]+".db")
	s, err := build(ctx, file+".tmp", rows, source, now)
	if err != nil {
		os.Remove(file + ".tmp")
		return out, err
	}
	var check string
	err = s.db.QueryRowContext(ctx, "PRAGMA quick_check").Scan(&check)
	s.db.Close()
	if err == nil && check != "ok" {
		err = fmt.Errorf("the new mirror file is damaged: %s", check)
	}
	if err == nil {
		err = settle(file)
	}
	if err == nil {
		err = replace(dir, filepath.Base(file))
	}
	if err != nil {
		os.Remove(file + ".tmp")
		return out, fmt.Errorf("mirror %s: %w", dir, err)
	}
	if name != "" {
		// A server that still reads the old file holds it open; removing the name does not disturb it.
		os.Remove(filepath.Join(dir, name))
	}
	return out, nil
}

// former is the snapshot in force: the name of its file, "" when there is none, and its cases. A *Damage comes with the name where that is known.
func former(ctx context.Context, dir string) (name string, rows map[string]Row, err error) {
	if name, err = currentName(dir); err != nil || name == "" {
		return name, nil, err
	}
	file := filepath.Join(dir, name)
	s, err := open(ctx, file)
	if err != nil {
		return name, nil, err
	}
	defer s.db.Close()
	if rows, err = s.rows(ctx); err != nil {
		return name, nil, unreadable(ctx, file, err)
	}
	if len(rows) != s.meta.Rows {
		return name, nil, &Damage{Place: file, Why: fmt.Sprintf("%d cases of %d are left", len(rows), s.meta.Rows)}
	}
	return name, rows, nil
}

// compare gives the rows that the mirror is to hold, and what that does to the old ones.
func compare(old map[string]Row, rows []Row, merge bool) (next []Row, out Outcome) {
	next = slices.Grow(next, len(rows))
	in := map[string]bool{}
	for _, r := range rows {
		in[r.CaseNo] = true
		before, had := old[r.CaseNo]
		if merge && had {
			r = r.onto(before)
		}
		switch {
		case !had:
			out.Added++
		case digest(before) != digest(r):
			out.Changed++
		}
		next = append(next, r)
	}
	for no, r := range old {
		if in[no] {
			continue
		}
		if merge {
			next = append(next, r)
		} else {
			out.Removed++
		}
	}
	out.Rows = len(next)
	return next, out
}

// settle brings the finished file to disk and gives it its name.
func settle(file string) error {
	f, err := os.OpenFile(file+".tmp", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(file+".tmp", file)
}

// replace points CURRENT at the new file.
func replace(dir, name string) error {
	tmp := filepath.Join(dir, "CURRENT.tmp")
	if err := os.WriteFile(tmp, []byte(name+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "CURRENT"))
}

func digest(r Row) string {
	b, _ := json.Marshal(r) // strings and times: cannot fail
	return string(b)
}
