package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// reloadEvery is how often knowledge.dir is looked at. A change is taken up once the folder has stayed the same for one such time, so that a copy under way
// or an editor's half-written file is not.
const reloadEvery = 2 * time.Second

// reloader keeps the running program on the files of knowledge.dir: all of them without an error, or the former ones.
type reloader struct {
	conf *Config
	log  *slog.Logger
	take func(*dialog.Engine)

	tried   string // the fingerprint that was loaded or refused last
	pending string // one seen once
	mu      sync.Mutex
	known   loaded
}

// loaded is the knowledge in use.
type loaded struct {
	version string
	at      time.Time // when it was taken up
	problem string    // why a newer one was not; empty when the newest files are in use
}

// newReloader remembers the folder as it is before the first load, of which taken is told the result.
func newReloader(conf *Config, log *slog.Logger) *reloader {
	return &reloader{conf: conf, log: log, tried: fingerprint(conf.Knowledge.Dir)}
}

// taken says what is in use.
func (r *reloader) taken(k *knowledge.Knowledge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = loaded{version: k.Version(), at: time.Now()}
}

// refused says why the newest files are not in use.
func (r *reloader) refused(problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known.problem = problem
}

// knowledge is what is in use.
func (r *reloader) knowledge() loaded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// run looks at the folder until ctx ends; take is given every new engine. Without a folder of the operator's there is nothing to watch.
func (r *reloader) run(ctx context.Context, take func(*dialog.Engine)) {
	if r.conf.Knowledge.Dir == "" {
		return
	}
	r.take = take
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.poll()
		}
	}
}

// poll loads the folder if it has changed and come to rest. What is refused is logged once for each change, every finding with its file and line.
func (r *reloader) poll() {
	now := fingerprint(r.conf.Knowledge.Dir)
	if now == r.tried {
		r.pending = ""
		return
	}
	if now != r.pending {
		r.pending = now
		return
	}
	files, _, err := r.conf.knowledgeFiles()
	var k *knowledge.Knowledge
	var findings knowledge.Findings
	if err == nil {
		k, findings, err = knowledge.Load(files, r.conf.knowledgeOptions(time.Now()))
	}
	if fingerprint(r.conf.Knowledge.Dir) != now {
		r.pending = ""
		return // changed while it was read: what was read may be of both versions
	}
	r.tried, r.pending = now, ""
	if err != nil {
		n := 0
		for _, f := range findings {
			if f.Severity == knowledge.Error {
				n++
				r.log.Error("knowledge file refused", "at", fmt.Sprintf("%s:%d", f.File, f.Line), "why", f.Message)
			}
		}
		problem := fmt.Sprintf("the files changed, but have %d errors", n)
		var lint *knowledge.LintError
		if !errors.As(err, &lint) {
			problem = "the folder cannot be read"
			r.log.Error("knowledge folder refused", "why", err)
		}
		r.log.Error("knowledge not taken up; the former files serve on", "errors", n)
		r.refused(problem)
		return
	}
	r.take(r.conf.engine(k))
	r.taken(k)
	r.log.Info("knowledge taken up", "warnings", len(findings))
}

// fingerprint changes with the name, size or time of any file in a folder, and with whether it can be read.
func fingerprint(dir string) string {
	if dir == "" {
		return ""
	}
	h, files := sha256.New(), os.DirFS(dir)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := fs.Stat(files, name) // of the file that a link leads to
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00%d\x00%d\n", name, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return fmt.Sprintf("%x %v", h.Sum(nil), err)
}
