package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// trouble is why nothing can be written, and who is told.
type trouble struct {
	trying sync.Mutex
	mu     sync.Mutex // guards what follows
	err    error      // nil while there is none
	failed time.Time  // last
	tell   func(error)
}

// calm is how long no write must have failed before one that succeeds ends the trouble: on a full disk small ones still do now and then.
const calm = 10 * time.Second

// Watch sets who is told when nothing can be written any more, with the reason in a sentence, and with nil when it can again.
func (s *Store) Watch(tell func(error)) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.tell = tell
}

// Trouble is why nothing can be written; nil while it can.
func (s *Store) Trouble() error {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.err
}

// said takes what became of a write.
func (t *trouble) said(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil:
		t.failed = time.Now()
		if t.err == nil {
			t.set(err)
		}
	case t.err != nil && time.Since(t.failed) > calm:
		t.set(nil)
	}
}

func (t *trouble) set(err error) {
	t.err = err
	if t.tell != nil {
		t.tell(err)
	}
}

// unwritable reports an error that is not of one statement but of the file or its disk.
func unwritable(err error) bool {
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return false
	}
	switch se.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrBusy:
		return true
	}
	return false
}

// explain adds what an operator can do to errors that say nothing to them.
func explain(err error) error {
	var se sqlite3.Error
	if errors.As(err, &se) {
		switch se.Code {
		case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
			return fmt.Errorf("the file is no intact SQLite database (%w); restore it from a backup, or move it away to start anew", err)
		case sqlite3.ErrCantOpen, sqlite3.ErrReadonly, sqlite3.ErrPerm:
			return fmt.Errorf("the file cannot be opened for writing (%w); check its owner and its folder's", err)
		case sqlite3.ErrFull:
			return fmt.Errorf("the disk is full (%w); free some space", err)
		case sqlite3.ErrIoErr:
			return fmt.Errorf("the disk does not take what is written (%w); look for its faults in the system's log", err)
		case sqlite3.ErrBusy:
			return fmt.Errorf("another program holds the file locked (%w); end that program", err)
		}
	}
	return err
}

// Ping reports whether the database answers; and while nothing can be written, whether that is still so, since nobody else may come to try.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil || s.Trouble() == nil {
		return err
	}
	tried := make(chan error, 1)
	go func() { tried <- s.try() }()
	select {
	case err := <-tried:
		return err
	case <-ctx.Done(): // a lock is waited for
		return s.Trouble()
	}
}

// try writes as much as a few messages, since the last free page of a full disk is no space, and ends the trouble if that can be done. One does so at a time.
func (s *Store) try() error {
	if !s.trouble.trying.TryLock() {
		return s.Trouble()
	}
	defer s.trouble.trying.Unlock()
	for _, value := range []string{strings.Repeat("x", 64<<10), ""} {
		if err := s.PutSetting(context.Background(), "store.trial", value, time.Time{}); err != nil {
			return err
		}
	}
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	if s.trouble.err != nil {
		s.trouble.set(nil)
	}
	return nil
}
