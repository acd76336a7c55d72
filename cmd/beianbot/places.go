package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"beianbot/bot"
	"beianbot/store"
)

// place is where a key was set: a line of the file, or a variable.
type place struct {
	file     string
	line     int
	variable string
}

// of names the place and the key.
func (p place) of(name string) string {
	if p.variable != "" {
		return "environment variable " + p.variable
	}
	return fmt.Sprintf("%s:%d: %s", p.file, p.line, name)
}

// placed adds to an error where its key was set; a key that nobody set leaves it as it is.
func (c *Config) placed(name string, err error) error {
	p, ok := c.places[name]
	if err == nil || !ok {
		return err
	}
	return fmt.Errorf("%s: %w", p.of(name), err)
}

// missing is the error of a key that a channel cannot do without. A key that nobody set has no place: then it is that of another key, which says that the channel is wanted.
func (c *Config) missing(section string, f bot.Fault) error {
	name := section + "." + f.Key
	if p, ok := c.places[name]; ok {
		return fmt.Errorf("%s %s", p.of(name), f.Why)
	}
	for _, k := range keys {
		if p, ok := c.places[k.name]; ok && strings.HasPrefix(k.name, section+".") {
			return fmt.Errorf("%s is set, but %s %s (or set %s)", p.of(k.name), name, f.Why, key{name: name}.variable())
		}
	}
	return fmt.Errorf("%s %s", name, f.Why)
}

// openStore opens the store of the configuration; see store.Open.
func (c *Config) openStore(ctx context.Context, exclusive bool) (*store.Store, error) {
	if err := c.storePlace(); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, c.Store.File, exclusive)
	if err != nil {
		return nil, c.placed("store.url", err)
	}
	return st, nil
}

// storePlace refuses a store where no file can be, which SQLite would take for a disk out of order.
func (c *Config) storePlace() error {
	file := c.Store.File
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return c.placed("store.url", fmt.Errorf("store %s: is a folder; name a file in store.url", file))
	}
	if dir := existing(filepath.Dir(file)); !isFolder(dir) {
		return c.placed("store.url", fmt.Errorf("store %s: %s is no folder; name another place in store.url", file, dir))
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// storeRefused is why serve would not open the store, as far as that can be seen without writing. Another serve that runs on it is no fault of the configuration.
func (c *Config) storeRefused(ctx context.Context) error {
	if err := c.storePlace(); err != nil {
		return err
	}
	file := c.Store.File
	have, known, err := store.Version(ctx, file)
	if err == nil && have > known {
		err = fmt.Errorf("store %s: its schema is version %d, newer than the %d this program knows; use the newer beianbot", file, have, known)
	}
	for _, path := range []string{existing(filepath.Dir(file)), file} {
		const writing = 2 // W_OK of access(2)
		if reason := syscall.Access(path, writing); err == nil && reason != nil && !errors.Is(reason, syscall.ENOENT) {
			err = fmt.Errorf("store %s: %s cannot be written: %w; give the user that runs beianbot the right, or name another place in store.url", file, path, reason)
		}
	}
	return c.placed("store.url", err)
}
