package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"beianbot/bot/telegram/telegramtest"
)

// TestServeAnswersOnTelegram starts the program with a token, in both modes.
func TestServeAnswersOnTelegram(t *testing.T) {
	net := telegramtest.New("7:secret")
	t.Cleanup(net.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	set := []string{"BEIANBOT_TELEGRAM_TOKEN=7:secret", "BEIANBOT_TELEGRAM_API_URL=" + net.URL(), "BEIANBOT_TELEGRAM_WEBHOOK_SECRET=right"}
	t.Run("polling", func(t *testing.T) {
		startServer(t, t.TempDir(), set...)
		net.Say(41, "备案要多久?")
		if m, err := net.AwaitShown(ctx, 41, 1); err != nil || !strings.Contains(m[0].Text, "工作日") {
			t.Errorf("%+v, %v", m, err)
		}
	})
	t.Run("webhook", func(t *testing.T) {
		base := startServer(t, t.TempDir(), append(set, "BEIANBOT_TELEGRAM_MODE=webhook")...)
		update := `{"update_id":1,"message":{"message_id":9,"date":1,"chat":{"id":42,"type":"private"},"from":{"id":42},"text":"备案要收费吗?"}}`
		net.Set(42, func(*telegramtest.Chat) {})
		for secret, code := range map[string]int{"wrong": http.StatusUnauthorized, "right": http.StatusOK} {
			req, _ := http.NewRequest(http.MethodPost, base+"telegram", strings.NewReader(update))
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != code {
				t.Errorf("%s: %d", secret, res.StatusCode)
			}
		}
		if m, err := net.AwaitShown(ctx, 42, 1); err != nil || !strings.Contains(m[0].Text, "免费") {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
