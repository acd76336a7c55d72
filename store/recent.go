package store

import (
	"sync"

	"beianbot/bot"
)

// maxRecent bounds the conversations kept in memory, in bytes: some 2 kB each, and 15 after a document list.
const maxRecent = 16 << 20

// recent keeps conversations as they were last saved, encoded, so that whoever is talking now is not read from disk for each message. Only an exclusive store has
// one: nobody else writes its conversations. What is here was committed; a turn that could not be saved, or may not have been, takes its conversation out.
type recent struct {
	mu     sync.Mutex
	bodies map[bot.Address][]byte
	size   int // of all bodies
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
	r.drop(a)
	if body == nil {
		return
	}
	for other := range r.bodies {
		if r.size+len(body) <= maxRecent {
			break
		}
		r.drop(other)
	}
	r.bodies[a] = body
	r.size += len(body)
}

func (r *recent) drop(a bot.Address) {
	r.size -= len(r.bodies[a])
	delete(r.bodies, a)
}
