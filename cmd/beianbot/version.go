package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set at release by -ldflags "-X main.version=…".
var version = "dev"

type versionCmd struct{}

// Help is shown after the flags.
func (versionCmd) Help() string { return "Example:\n\n    beianbot version" }

// Run prints version, commit and Go version on one line.
func (versionCmd) Run(g *globals) error {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && s.Value != "" {
				commit = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(g.stdout, "beianbot %s, commit %s, %s\n", version, commit, runtime.Version())
	return err
}
