package main

import (
	"log/slog"
	"sync"
	"time"
)

// mirrorTrouble tells the log that the mirror cannot be read: each kind of fault once, until another mirror is taken up, since every customer would say it again.
type mirrorTrouble struct {
	mu   sync.Mutex
	of   time.Time // the mirror that told is about, by when it was brought up to date
	told map[string]bool
}

// tell takes a failed look-up or check. The text of the error names the file and the fault, never a case.
func (t *mirrorTrouble) tell(log *slog.Logger, synced time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told == nil || !t.of.Equal(synced) {
		t.of, t.told = synced, map[string]bool{}
	}
	if t.told[err.Error()] {
		return
	}
	t.told[err.Error()] = true
	log.Error("the mirror cannot be read, so customers are not told where their cases stand", "error", err)
}
