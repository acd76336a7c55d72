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

	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
)

// clients is how many deliveries Telegram has under way at once in the figures.
const clients = 200

// post delivers b.N updates, each of a customer of its own, and reports updates a second and the 99th percentile.
func post(b *testing.B, h http.Handler) {
	var n atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var work sync.WaitGroup
	b.ResetTimer()
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
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkWebhook takes updates through the whole durable path: secret, decoding, the inbox with synchronous=FULL, while their turns run behind.
func BenchmarkWebhook(b *testing.B) {
	r := start(b, setup{Options: telegram.Options{Webhook: true, Secret: "right"}})
	post(b, r.channel.Handler())
}

// BenchmarkLibraryEcho is the library's own webhook, which stores nothing and echoes to a server that answers at once.
func BenchmarkLibraryEcho(b *testing.B) {
	net := telegramtest.New(token)
	defer net.Close()
	echo, err := api.New(token, api.WithServerURL(net.URL()), api.WithSkipGetMe(), api.WithWebhookSecretToken("right"),
		api.WithErrorsHandler(func(error) {}), api.WithDefaultHandler(func(ctx context.Context, t *api.Bot, u *models.Update) {
			t.SendMessage(ctx, &api.SendMessageParams{ChatID: u.Message.Chat.ID, Text: u.Message.Text})
		}))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go echo.StartWebhook(ctx)
	post(b, echo.WebhookHandler())
}
