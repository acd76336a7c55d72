package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"beianbot/bot"
	"beianbot/bot/domaincheck"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store/mirror"
)

// assistant is what every front end talks to: the engine and the look-ups.
type assistant struct {
	config  *Config
	engine  *dialog.Engine
	lookups bot.Lookups
	mirror  *mirror.Mirror
	behind  atomic.Bool // a newer mirror is there and could not be taken up
	trouble mirrorTrouble
}

func (g *globals) load() (*Config, error) { return loadConfig(g.Config, g.environ) }

// knowledgeOptions fill the texts' placeholders from the configuration.
func (c *Config) knowledgeOptions(today time.Time) knowledge.Options {
	hours, err := hoursText(c.Operator.Hours)
	if err != nil {
		panic(err) // checked when it was set
	}
	return knowledge.Options{Today: today, Operator: knowledge.Operator{Name: c.Operator.Name, Phone: c.Operator.Phone, FilingSystemURL: c.Operator.FilingSystemURL, Hours: hours}}
}

func (c *Config) knowledgeFiles() (fs.FS, string, error) {
	if c.Knowledge.Dir == "" {
		return knowledge.Embedded(), "embedded", nil
	}
	if !isFolder(c.Knowledge.Dir) {
		return nil, "", c.placed("knowledge.dir", fmt.Errorf("%s is not a folder that can be read; give a folder with the knowledge files, or none for the embedded ones", c.Knowledge.Dir))
	}
	return os.DirFS(c.Knowledge.Dir), c.Knowledge.Dir, nil
}

// readKnowledge takes a folder given on the command line in place of the one in the configuration; "" for the embedded files.
func (c *Config) readKnowledge(dir string) {
	c.Knowledge.Dir = dir
	delete(c.places, "knowledge.dir")
}

// loadKnowledge loads the files that the configuration names; name says which they are.
func (c *Config) loadKnowledge() (k *knowledge.Knowledge, name string, err error) {
	files, name, err := c.knowledgeFiles()
	if err != nil {
		return nil, "", err
	}
	if k, _, err = knowledge.Load(files, c.knowledgeOptions(time.Now())); err != nil {
		return nil, "", c.placed("knowledge.dir", fmt.Errorf("knowledge %s: %w", name, err))
	}
	return k, name, nil
}

// startGC is how much garbage is let grow while the program starts, in percent of what is kept: loading and learning allocate 210 MB in a third of a second, and to
// collect it as often as usual takes an eighth longer (go test ./dialog -run xxx -bench Start -benchmem, with GOGC at 100 and at 400).
const startGC = 400

// newEngine loads the knowledge and learns from it, at the start of the program.
func (c *Config) newEngine() (*dialog.Engine, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(startGC))
	k, _, err := c.loadKnowledge()
	if err != nil {
		return nil, err
	}
	return c.engine(k), nil
}

// engine answers from the knowledge as the configuration says; a reload of the knowledge makes another.
func (c *Config) engine(k *knowledge.Knowledge) *dialog.Engine {
	return dialog.NewEngine(k, c.Operator.Zone, dialog.WithCaseNumbers(c.Mirror.CaseNumbers), dialog.WithMaxAge(c.Mirror.MaxAge))
}

// newAssistant loads everything but the store.
func (g *globals) newAssistant(c *Config) (*assistant, error) {
	engine, err := c.newEngine()
	if err != nil {
		return nil, err
	}
	m, err := mirror.Open(g.ctx, c.Mirror.Path, c.File == "", time.Now())
	if err != nil {
		return nil, c.placed("mirror.path", err)
	}
	return &assistant{config: c, engine: engine, mirror: m, lookups: bot.Lookups{Domains: c.checker(nil, nil), Cases: m, Now: time.Now}}, nil
}

// checker asks about domains as the configuration says; asked and panicked may be nil, see domaincheck.Config.
func (c *Config) checker(asked func(source, outcome string, took time.Duration), panicked func(any, []byte)) *domaincheck.Checker {
	return domaincheck.New(domaincheck.Config{Timeout: c.DomainCheck.Timeout, WHOISServer: c.DomainCheck.WHOISServer, RDAPURL: c.DomainCheck.RDAPURL, Resolver: c.DomainCheck.Resolver, Asked: asked,
		Panicked: panicked})
}

func (g *globals) start() (*assistant, error) {
	c, err := g.load()
	if err != nil {
		return nil, err
	}
	return g.newAssistant(c)
}

var errNoInput = usageError{errors.New("nothing to do: give arguments, or lines on standard input")}
