package main

import (
	"context"
	"errors"
	"log/slog"

	"beianbot/bot"
)

// once leaves out what failed only because the store cannot be written: the store says so in one line, and a thousand messages would say it again.
type once struct{ slog.Handler }

// Handle passes everything else on.
func (o once) Handle(ctx context.Context, r slog.Record) error {
	known := false
	r.Attrs(func(a slog.Attr) bool {
		err, is := a.Value.Any().(error)
		known = is && errors.Is(err, bot.ErrUnwritable)
		return !known
	})
	if known {
		return nil
	}
	return o.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep it in place.
func (o once) WithAttrs(a []slog.Attr) slog.Handler { return once{o.Handler.WithAttrs(a)} }

func (o once) WithGroup(name string) slog.Handler { return once{o.Handler.WithGroup(name)} }
