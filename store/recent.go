package store

import (
	"sync"

	"beianbot/bot"
)

// maxRecent bounds the conversations kept in memory: some 3 kB each.
const maxRecent = 4096

// recent keeps conversations as they were last saved, encoded, so that whoever is talking now is not read from disk for each message. Only an exclusive store has
// one: nobody else writes its conversations. What is here was committed; a turn that could not be saved, or may not have been, takes its conversation out.
type recent struct {
	mu     sync.Mutex
	bodies map[bot.Address][]byte
}

func newRecent() *recent { return &recent{bodies: map[bot.Address][]byte{}} }

func (r *recent) get(a bot.Address) []byte {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies[a]
}

// put keeps a conversation; nil takes it out. When it is full any other goes.
func (r *recent) put(a bot.Address, body []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.bodies, a)
	if body == nil {
		return
	}
	for other := range r.bodies {
		if len(r.bodies) < maxRecent {
			break
		}
		delete(r.bodies, other)
	}
	r.bodies[a] = body
}
