package main

import (
	"context"
	"errors"
)

// errInterrupted ends a command that was told to stop before its work was done.
var errInterrupted = errors.New("interrupted")

// untilTold does what may wait for ever, such as to read standard input or a FIFO. When ctx ends it leaves that behind and gives errInterrupted.
func untilTold[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

// linesUntilTold is lines for as long as ctx lasts.
func linesUntilTold(ctx context.Context, next func() (string, bool, error)) func() (string, bool, error) {
	return func() (string, bool, error) {
		type line struct {
			text string
			ok   bool
		}
		l, err := untilTold(ctx, func() (line, error) {
			text, ok, err := next()
			return line{text, ok}, err
		})
		return l.text, l.ok, err
	}
}
