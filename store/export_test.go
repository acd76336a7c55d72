package store

import (
	"errors"
	"fmt"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Full gives what fills the disk, as far as the database is concerned, and what frees it again.
func (s *Store) Full(t *testing.T) (fill, free func()) {
	fill = func() {
		t.Helper()
		var n int
		if err := s.write.QueryRow("PRAGMA page_count").Scan(&n); err != nil {
			t.Fatal(err)
		}
		s.mustExec(t, fmt.Sprintf("PRAGMA max_page_count = %d", n))
		var full sqlite3.Error
		for i := 0; full.Code != sqlite3.ErrFull; i++ { // what is left on the last pages
			_, err := s.write.Exec("INSERT INTO settings (key, value) VALUES (?, '')", fmt.Sprintf("filling.%0100d", i))
			if err != nil && !errors.As(err, &full) {
				t.Fatal(err)
			}
		}
		for _, table := range []string{"inbox (channel, customer, external_id, body, at) VALUES ('x', 'x', ?, '', 0)", "replies (channel, customer, body, at) VALUES ('x', 'x', ?, 0)"} {
			full = sqlite3.Error{}
			for i := 0; full.Code != sqlite3.ErrFull; i++ {
				if _, err := s.write.Exec("INSERT INTO "+table, fmt.Sprintf("%0100d", i)); err != nil && !errors.As(err, &full) {
					t.Fatal(err)
				}
			}
		}
	}
	return fill, func() { s.mustExec(t, "PRAGMA max_page_count = 1073741823") }
}

// ReadOnly lets nothing be written, as a disk does that the system has taken back.
func (s *Store) ReadOnly(t *testing.T, on bool) {
	s.mustExec(t, fmt.Sprintf("PRAGMA query_only = %v", on))
}

func (s *Store) mustExec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.write.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
