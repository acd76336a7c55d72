package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"beianbot/bot"
)

// committer lets writers share commits: with synchronous=FULL each commit waits for the disk, so all that is waiting when the disk is ready goes into one
// transaction. One that fails undoes only itself: the transaction is begun anew, with a savepoint for each writer. Nobody is told "done" before the commit.
type committer struct {
	db   *sql.DB
	told func(error) // what the disk said to a batch: why nothing can be written, nil when it was
	jobs chan job
	quit chan struct{}
	done sync.WaitGroup
	once sync.Once
}

type job struct {
	do     func(*sql.Tx) error
	result chan error
}

// maxShared bounds how much one commit carries, so that the first writer does not wait for ever for the last.
const maxShared = 256

var errClosed = errors.New("the store is closed")

func newCommitter(db *sql.DB, told func(error)) *committer {
	c := &committer{db: db, told: told, jobs: make(chan job, maxShared), quit: make(chan struct{})}
	c.done.Go(c.loop)
	return c
}

// run returns once do's writes are on disk, or with the error for which they are not. do may run twice, the first time undone. A context that ends before the writes have begun stops them; after
// that it waits for the result, since "maybe stored" is no answer.
func (c *committer) run(ctx context.Context, do func(*sql.Tx) error) error {
	j := job{do: do, result: make(chan error, 1)}
	select {
	case <-c.quit:
		return errClosed
	default:
	}
	select {
	case c.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.quit:
		return errClosed
	}
	select {
	case err := <-j.result:
		return err
	case <-c.quit:
	}
	c.done.Wait() // the loop answers what it had begun before it ends
	select {
	case err := <-j.result:
		return err
	default:
		return errClosed
	}
}

func (c *committer) stop() {
	c.once.Do(func() { close(c.quit) })
	c.done.Wait()
}

func (c *committer) loop() {
	for {
		var batch []job
		select {
		case <-c.quit:
			return
		case j := <-c.jobs:
			batch = append(batch, j)
		}
	more:
		for len(batch) < maxShared {
			select {
			case j := <-c.jobs:
				batch = append(batch, j)
			default:
				break more
			}
		}
		// Crash point: before COMMIT returns, none of the batch is in the file at the next start, and none of its writers was told so; after it all are, and SQLite has
		// synced the log (synchronous=FULL), so that a power cut keeps them too.
		results := c.commit(batch)
		wrote, trouble := false, error(nil)
		for i, err := range results {
			if unwritable(err) {
				results[i] = fmt.Errorf("%w: %w", bot.ErrUnwritable, explain(err))
				trouble = results[i]
			}
			wrote = wrote || err == nil
		}
		if wrote || trouble != nil {
			c.told(trouble)
		}
		for i, err := range results {
			batch[i].result <- err
		}
	}
}

// commit runs a batch in one transaction and gives each job's result.
func (c *committer) commit(batch []job) []error {
	err := c.together(batch)
	if err == nil || len(batch) == 1 {
		return slices.Repeat([]error{err}, len(batch))
	}
	return c.apart(batch)
}

// together writes all of a batch or nothing.
func (c *committer) together(batch []job) error {
	tx, err := c.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	for _, j := range batch {
		if err := j.do(tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// apart writes each job of a batch that does not fail by itself.
func (c *committer) apart(batch []job) []error {
	results := make([]error, len(batch))
	fail := func(err error) []error {
		for i := range results {
			if results[i] == nil {
				results[i] = err
			}
		}
		return results
	}
	tx, err := c.db.Begin()
	if err != nil {
		return fail(err)
	}
	defer tx.Rollback() // no effect after Commit
	for i, j := range batch {
		if _, err := tx.Exec("SAVEPOINT job"); err != nil {
			return fail(err)
		}
		if results[i] = j.do(tx); results[i] != nil {
			if _, err := tx.Exec("ROLLBACK TO job"); err != nil {
				return fail(fmt.Errorf("undo one write of several: %w", err))
			}
		}
		if _, err := tx.Exec("RELEASE job"); err != nil {
			return fail(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return results
}
