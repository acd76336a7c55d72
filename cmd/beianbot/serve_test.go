package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeThatIsEndedWhileItStartsExitsWell: an end asked for at any time is no failure. The contract: until SIGINT or SIGTERM, then exit 0.
func TestServeThatIsEndedWhileItStartsExitsWell(t *testing.T) {
	for name, begun := range map[string]string{"at once": "", "while the store is opened": "s.db.lock", "after the store is made": "s.db"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if begun == "" {
				cancel()
			}
			go func() {
				defer cancel()
				for _, err := os.Stat(filepath.Join(dir, begun)); errors.Is(err, os.ErrNotExist); _, err = os.Stat(filepath.Join(dir, begun)) {
					time.Sleep(time.Millisecond)
				}
			}()
			var errs bytes.Buffer
			if code := run(ctx, nil, environment(t, dir), strings.NewReader(""), io.Discard, &errs); code != exitDone || strings.Contains(errs.String(), "canceled") {
				t.Errorf("exit %d: %s", code, errs.String())
			}
		})
	}
}

// TestServeOnABusyAddressNamesIt: what is wrong is told with the place where it was set.
func TestServeOnABusyAddressNamesIt(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	code, _, errs := call(t, append(environment(t, t.TempDir()), "BEIANBOT_SERVER_LISTEN="+busy.Addr().String()), "")
	if code != exitWork || !strings.Contains(errs, "environment variable BEIANBOT_SERVER_LISTEN: "+busy.Addr().String()) || !strings.Contains(errs, "another server.listen") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
