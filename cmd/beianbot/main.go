// Command beianbot is a support assistant for ICP filing (ICP备案).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes of the contract.
const (
	exitDone  = 0
	exitWork  = 1
	exitUsage = 2
)

// globals are what every command gets.
type globals struct {
	Config string `help:"Configuration file (default: config.toml when it exists)." placeholder:"FILE"`

	ctx            context.Context `kong:"-"`
	stdin          io.Reader       `kong:"-"`
	stdout, stderr io.Writer       `kong:"-"`
	environ        []string        `kong:"-"`
}

type cli struct {
	globals

	Serve      serveCmd      `cmd:"" default:"1" help:"Run every channel that is configured (the default)."`
	Ask        askCmd        `cmd:"" help:"Answer each argument, or each line of standard input, as a new customer."`
	Chat       chatCmd       `cmd:"" help:"One conversation over standard input and output."`
	Check      checkCmd      `cmd:"" help:"Check domains live against the five conditions."`
	Checklist  checklistCmd  `cmd:"" help:"Write a document list as a PDF file to print and tick off."`
	Mirror     mirrorCmd     `cmd:"" help:"The mirror of the case system: import, status."`
	Knowledge  knowledgeCmd  `cmd:"" help:"The knowledge files: lint, coverage, export, diff."`
	Report     reportCmd     `cmd:"" help:"What customers asked: volumes, topics, solved or not, questions that were not understood."`
	Understand understandCmd `cmd:"" help:"Show what a message is taken to mean and why, or measure it on a file."`
	Conf       configCmd     `cmd:"" name:"config" help:"The configuration: check."`
	Doctor     doctorCmd     `cmd:"" help:"Ask the outside world whether this configuration works."`
	WeChat     wechatCmd     `cmd:"" name:"wechat" help:"The WeChat official account: its menu."`
	Version    versionCmd    `cmd:"" help:"Print version, commit and Go version."`
}

// usageError is a call that cannot be right, whatever the machine: exit 2.
type usageError struct{ error }

// memoryGoal is what the Go part of the process should stay within: a serve with 10,000 conversations needs less than half of it, and left alone the collector lets
// a burst take three times as much for good. It is soft, and GOMEMLIMIT in the environment wins over it.
const memoryGoal = 128 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the program with everything outside passed in, so that tests can start it.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	c := cli{globals: globals{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, environ: environ}}
	code = -1
	parser, err := kong.New(&c, kong.Name("beianbot"), kong.Writers(stdout, stderr), kong.Exit(func(n int) { panic(exited(n)) }),
		kong.Description("A support assistant for ICP filing (ICP备案). Without a command it serves the web chat on 127.0.0.1:8080."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		fmt.Fprintln(stderr, "beianbot:", err)
		return exitWork
	}
	defer func() {
		if r := recover(); r != nil {
			n, ok := r.(exited)
			if !ok {
				panic(r)
			}
			code = int(n)
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "beianbot: %v\nRun beianbot --help, or a command with --help, to see how it is used.\n", err)
		return exitUsage
	}
	if err := k.Run(&c.globals); err != nil {
		var usage usageError
		var silent silentError
		switch {
		case errors.As(err, &silent):
		case errors.Is(err, errInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled):
			fmt.Fprintln(stderr, "beianbot:", errInterrupted)
		default:
			fmt.Fprintln(stderr, "beianbot:", strings.TrimSpace(err.Error()))
		}
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitWork
	}
	return exitDone
}

// exited carries kong's exit code (after --help) out of Parse.
type exited int

// silentError fails a command that has already said what is wrong.
type silentError struct{}

func (silentError) Error() string { return "failed" }
