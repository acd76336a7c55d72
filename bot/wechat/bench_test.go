package wechat_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"beianbot/bot/bottest"
	"beianbot/bot/wechat"
)

// clients is how many messages WeChat has under way at once in the figures.
const clients = 200

// BenchmarkEncryptedMessages takes safe mode's messages through the whole durable path, 200 at once: signature, decryption, the inbox with synchronous=FULL, the
// turn, the outbox, and the encrypted response with the answer. Each message is of a customer of its own, so each opens a conversation and a window. It reports
// messages a second, the 99th percentile, and the first as a ratio to what one connection commits in the same run.
func BenchmarkEncryptedMessages(b *testing.B) {
	dir := b.TempDir()
	r := start(b, setup{file: filepath.Join(dir, "s.db"), quiet: slog.New(slog.DiscardHandler)})
	h := r.channel.Handler()
	type post struct{ query, body string }
	posts := make([]post, b.N)
	for i := range posts {
		q, body := r.net.Sealed(r.net.Message(fmt.Sprintf("oBENCH%d", i), "备案要多久?"))
		posts[i] = post{q.Encode(), body}
	}
	var n, wrong atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var work sync.WaitGroup
	b.ResetTimer()
	for range clients {
		work.Go(func() {
			var mine []time.Duration
			for i := n.Add(1) - 1; i < int64(b.N); i = n.Add(1) - 1 {
				req := httptest.NewRequest(http.MethodPost, wechat.Path+"?"+posts[i].query, strings.NewReader(posts[i].body))
				req.Header.Set("Content-Type", "text/xml")
				w := httptest.NewRecorder()
				began := time.Now()
				h.ServeHTTP(w, req)
				mine = append(mine, time.Since(began))
				if b, _ := io.ReadAll(w.Body); w.Code != http.StatusOK || !strings.Contains(string(b), "<Encrypt>") {
					wrong.Add(1)
				}
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	work.Wait()
	b.StopTimer()
	if wrong.Load() > 0 {
		b.Errorf("%d of %d messages without an answer in the response", wrong.Load(), b.N)
	}
	slices.Sort(took)
	rate := float64(b.N) / b.Elapsed().Seconds()
	bare, err := bottest.BareCommits(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(rate, "msgs/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(bare, "bare-commits/s")
	b.ReportMetric(rate/bare, "msgs/commit")
}
