package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fifo makes a named pipe that nobody writes to until the test ends.
func fifo(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // lets go of whoever still waits for it
		if f, err := os.OpenFile(file, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
	})
	return file
}

// TestCommandsEndWhenToldTo stops commands that wait for input, as Ctrl-C and SIGTERM do.
func TestCommandsEndWhenToldTo(t *testing.T) {
	for name, args := range map[string][]string{
		"ask": {"ask"}, "ask --json": {"ask", "--json"}, "understand": {"understand"}, "check": {"check", "--file", "-"}, "check of a FIFO": {"check", "--file", fifo(t, "names.txt")},
		"import": {"mirror", "import", fifo(t, "cases.csv")}, "evaluation": {"understand", "--eval", fifo(t, "set.jsonl")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(context.Background())
			in, typed := io.Pipe()
			defer typed.Close()
			var out, errs bytes.Buffer
			done := make(chan int, 1)
			env := environment(t, dir)
			go func() { done <- run(ctx, args, env, in, &out, &errs) }()
			if strings.HasPrefix(name, "ask") || name == "understand" {
				io.WriteString(typed, "备案要多久\n备案要钱吗\n") // so it has begun to read
			} else {
				time.Sleep(300 * time.Millisecond)
			}
			cancel()
			select {
			case code := <-done:
				if code != exitWork || !strings.HasPrefix(errs.String(), "beianbot: ") || !strings.Contains(errs.String(), "interrupted") {
					t.Errorf("exit %d: %q", code, errs.String())
				}
			case <-time.After(5 * time.Second):
				t.Fatal("goes on")
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// TestInterruptedChecksAreNotTold leaves out names whose check was cut off, rather than telling that nothing is known of them.
func TestInterruptedChecksAreNotTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"check", "--json", "example.cn", "example.com"}, environment(t, t.TempDir()), strings.NewReader(""), &out, &errs); code != exitWork || out.Len() > 0 {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
}
