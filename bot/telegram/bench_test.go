package telegram_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"beianbot/bot/bottest"
	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
)

// clients is how many deliveries Telegram has under way at once in the figures.
const clients = 200

// post delivers b.N updates, each of a customer of its own, and gives how long that took and the 99th percentile.
func post(b *testing.B, h http.Handler) (all, p99 time.Duration) {
	var n atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var work sync.WaitGroup
	start := time.Now()
	for range clients {
		work.Go(func() {
			var mine []time.Duration
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				body := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":%d,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"is_bot":false,"first_name":"a"},"text":"备案要多久?"}}`,
					i, time.Now().Unix(), 1000+i, 1000+i)
				req := httptest.NewRequest(http.MethodPost, telegram.Path, strings.NewReader(body))
				req.Header.Set("X-Telegram-Bot-Api-Secret-Token", "right")
				w := httptest.NewRecorder()
				began := time.Now()
				h.ServeHTTP(w, req)
				mine = append(mine, time.Since(began))
				if w.Code != http.StatusOK {
					b.Errorf("answered %d", w.Code)
				}
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	work.Wait()
	slices.Sort(took)
	return time.Since(start), took[len(took)*99/100]
}

// BenchmarkWebhook takes updates through the whole durable path: secret, decoding, the inbox with synchronous=FULL, then the turn and the outbox. It reports how
// many a second are acknowledged and the 99th percentile of that; how many are answered, which is in the outbox; and in the same run what the library's own
// webhook does, which stores nothing and only echoes to a server that answers at once, and what one connection commits. (What goes out is paced by Telegram's limits.)
func BenchmarkWebhook(b *testing.B) {
	r := start(b, setup{Options: telegram.Options{Webhook: true, Secret: "right"}, quiet: true})
	b.ResetTimer()
	began := time.Now()
	acknowledged, p99 := post(b, r.channel.Handler())
	for left := 1; left > 0; time.Sleep(10 * time.Millisecond) {
		backlog, err := r.store.Backlog(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		left = backlog.Messages
	}
	answered := time.Since(began)
	b.StopTimer()
	r.stop()
	echoed := echo(b)
	bare, err := bottest.BareCommits(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	second := func(d time.Duration) float64 { return float64(b.N) / d.Seconds() }
	b.ReportMetric(second(acknowledged), "acked/s")
	b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
	b.ReportMetric(second(answered), "answered/s")
	b.ReportMetric(second(answered)/bare, "answered/commit")
	b.ReportMetric(bare, "bare-commits/s")
	b.ReportMetric(second(echoed), "echoed/s")
	b.ReportMetric(answered.Seconds()/echoed.Seconds(), "time/echo")
}

// echo is how long the library's own webhook takes to echo as many updates.
func echo(b *testing.B) time.Duration {
	net := telegramtest.New(token)
	defer net.Close()
	done := make(chan struct{}, b.N)
	bot, err := api.New(token, api.WithServerURL(net.URL()), api.WithSkipGetMe(), api.WithWebhookSecretToken("right"),
		api.WithErrorsHandler(func(error) {}), api.WithDefaultHandler(func(ctx context.Context, t *api.Bot, u *models.Update) {
			t.SendMessage(ctx, &api.SendMessageParams{ChatID: u.Message.Chat.ID, Text: u.Message.Text})
			done <- struct{}{}
		}))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go bot.StartWebhook(ctx)
	began := time.Now()
	post(b, bot.WebhookHandler())
	for range b.N {
		<-done
	}
	return time.Since(began)
}
