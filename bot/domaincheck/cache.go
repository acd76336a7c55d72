package domaincheck

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"beianbot/dialog"
)

// Lifetimes by kind of answer. A name that is there hardly changes; one that is not may be registered right after the customer read so; a failure passes soon.
const (
	keepFound   = 10 * time.Minute
	keepAbsent  = time.Minute
	keepFailed  = 10 * time.Second
	keepPlace   = time.Minute // resolvers keep answers themselves
	keepList    = 24 * time.Hour
	keepServer  = 24 * time.Hour
	maxKept     = 4096 // names; above it, what is over goes, then anything
	maxThrottle = time.Hour
)

// lifetime is how long a registration answer is kept.
func (k *Checker) lifetime(ev dialog.Evidence) time.Duration {
	switch ev.Registration {
	case dialog.RegistrationFound:
		return keepFound
	case dialog.RegistrationUnknown:
		return keepFailed
	}
	return keepAbsent
}

// cache keeps answers for as long as their finder says, and lets many who ask for the same at once wait for one finder.
type cache[V any] struct {
	now      func() time.Time
	panicked func(any, []byte)
	mu       sync.Mutex
	entries  map[string]*entry[V]
}

type entry[V any] struct {
	done  chan struct{} // closed once the others are set
	value V
	until time.Time
	found bool // false: the finder panicked
}

func newCache[V any](c Config) *cache[V] {
	return &cache[V]{now: c.Now, panicked: c.Panicked, entries: map[string]*entry[V]{}}
}

// get gives the answer for a key, finding it if need be. The finder has limit, however long the asker waits, and returns how long its answer is good for; it must end
// with its context. False: the asker's context ended first, or the finder panicked.
func (c *cache[V]) get(ctx context.Context, key string, limit time.Duration, find func(context.Context) (V, time.Duration)) (V, bool) {
	c.mu.Lock()
	e := c.entries[key]
	if e == nil || e.over(c.now()) {
		e = &entry[V]{done: make(chan struct{})}
		c.room()
		c.entries[key] = e
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			defer close(e.done)
			defer func() {
				if p := recover(); p != nil {
					c.panicked(p, debug.Stack())
				}
			}()
			v, keep := find(ctx)
			e.value, e.until, e.found = v, c.now().Add(keep), true
		}()
	}
	c.mu.Unlock()
	select {
	case <-e.done:
		return e.value, e.found
	case <-ctx.Done():
		var none V
		return none, false
	}
}

func (e *entry[V]) over(now time.Time) bool {
	select {
	case <-e.done:
		return !now.Before(e.until)
	default:
		return false
	}
}

// room makes place for one entry more.
func (c *cache[V]) room() {
	if len(c.entries) < maxKept {
		return
	}
	now := c.now()
	for key, e := range c.entries {
		if e.over(now) {
			delete(c.entries, key)
		}
	}
	for key := range c.entries {
		if len(c.entries) < maxKept {
			return
		}
		delete(c.entries, key)
	}
}

// gates let one query at a time through to each host, and none to a host that asked for a pause.
type gates struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]*gate
}

type gate struct {
	turn  chan struct{} // holds one while somebody asks
	users int
	until time.Time // of the pause
}

// enter waits for a turn with a host. It gives false when the context ends first or the host asked for a pause; else leave must be called, with the pause that
// the host asks for, 0 for none.
func (g *gates) enter(ctx context.Context, host string) (leave func(pause time.Duration), paused bool, ok bool) {
	g.mu.Lock()
	if g.by == nil {
		g.by = map[string]*gate{}
	}
	t := g.by[host]
	if t == nil {
		t = &gate{turn: make(chan struct{}, 1)}
		g.by[host] = t
	}
	t.users++
	g.mu.Unlock()
	out := func(pause time.Duration) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if pause > 0 {
			t.until = g.now().Add(min(pause, maxThrottle))
		}
		if t.users--; t.users == 0 && len(g.by) > 64 { // hosts may come from answers: what is idle and not paused is forgotten
			for h, t := range g.by {
				if t.users == 0 && !g.now().Before(t.until) {
					delete(g.by, h)
				}
			}
		}
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		out(0)
		return nil, false, false
	}
	g.mu.Lock()
	paused = g.now().Before(t.until)
	g.mu.Unlock()
	if paused {
		<-t.turn
		out(0)
		return nil, true, false
	}
	return func(pause time.Duration) { out(pause); <-t.turn }, false, true
}
