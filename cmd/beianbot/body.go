package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Limits of a request on its way in. A message is a few kilobytes at most and comes at once; the networks give up after 5 s to a minute, and a visitor on a bad line
// needs some seconds. There is no limit on a whole request (http.Server.ReadTimeout): it would end the streams of open pages.
const (
	headerWithin = 10 * time.Second
	bodyWithin   = 20 * time.Second
)

// inTime ends the reading of a body that is not there within a time: who sends a few bytes and then nothing would hold a connection for ever. Once the body is read,
// the limit is off: the answer may take longer, and a limit that runs out while nothing is read would pass for a caller that has gone.
func inTime(within time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			c := http.NewResponseController(w)
			if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
				http.Error(w, "no time limit for the body", http.StatusInternalServerError) // a way in without deadlines is a mistake of ours
				return
			}
			// The program's end does not wait for the rest either.
			defer context.AfterFunc(r.Context(), func() { c.SetReadDeadline(time.Now()) })()
			r.Body = &timedBody{r.Body, c}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody takes the limit off at its end.
type timedBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

// Read passes on what came.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		if off := b.conn.SetReadDeadline(time.Time{}); off != nil {
			return n, off
		}
	}
	return n, err
}
