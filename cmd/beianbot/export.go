package main

import (
	"fmt"
	"os"

	"beianbot/knowledge"
)

type exportCmd struct {
	Dir string `arg:"" help:"A new or empty folder."`
}

// Help is shown after the flags.
func (exportCmd) Help() string {
	return "Example:\n\n    beianbot knowledge export my-knowledge   # then set knowledge.dir = \"my-knowledge\""
}

// Run writes the files of the program; files that are there already are never touched.
func (c *exportCmd) Run(g *globals) error {
	if there, err := os.ReadDir(c.Dir); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty; give a new folder", c.Dir)
	}
	if err := os.CopyFS(c.Dir, knowledge.Embedded()); err != nil {
		return fmt.Errorf("knowledge files not written to %s: %w; give a folder that can be written", c.Dir, err)
	}
	fmt.Fprintf(g.stdout, "%s: change what you like, check it with beianbot knowledge lint %s, and set knowledge.dir\n", c.Dir, c.Dir)
	return nil
}
