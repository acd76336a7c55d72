package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/bot/web"
	"beianbot/bot/wechat"
	"beianbot/dialog"
)

// soon is a time for bodies that a test can wait for, and long several times that.
const soon, long = 100 * time.Millisecond, 400 * time.Millisecond

// noConversations takes every message in and remembers none.
type noConversations struct{}

func (noConversations) Receive(context.Context, bot.Address, dialog.Message) (bool, error) {
	return true, nil
}

func (noConversations) History(context.Context, bot.Address, int64, int) ([]bot.Entry, error) {
	return nil, nil
}

// impatient serves a handler that gives bodies a short time.
func impatient(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	s := httptest.NewServer(inTime(soon, h))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func webChat() *web.Chat {
	return web.New(noConversations{}, noConversations{}, web.Options{Zone: time.UTC, Log: slog.New(slog.DiscardHandler)})
}

// stalled sends a request of which the last bytes never come, and gives all that is answered until the server ends the connection.
func stalled(t *testing.T, address, head string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nabc", head, address)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("%s: still held: %v (%s)", head, err, answer)
	}
	return string(answer)
}

func TestABodyThatNeverComesIsNotWaitedFor(t *testing.T) {
	official, err := wechat.New(nil, wechat.Options{Token: "t", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	unread := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "not interested") })
	for _, c := range []struct {
		name, head string
		handler    http.Handler
		want       string // "": the connection ends without an answer
	}{
		{"web chat", "POST /api/messages", webChat().Handler(), "HTTP/1.1 408 "},
		{"wechat, which would take any answer for a message taken in", "POST /wechat", official.Handler(), ""},
		{"a handler that reads no body", "POST /", unread, "not interested"},
		{"a page with a body", "GET /", webChat().Handler(), "HTTP/1.1 200 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := stalled(t, impatient(t, c.handler), c.head)
			if c.want == "" && answer != "" || !strings.Contains(answer, c.want) {
				t.Errorf("answer %q", answer)
			}
			if strings.Contains(c.want, "408") && (!strings.Contains(answer, "没有传完") || !strings.Contains(answer, "did not arrive")) {
				t.Errorf("not said kindly: %s", answer)
			}
		})
	}
}

// TestABodyThatNeverComesDoesNotHoldTheEndUp: who ends the program waits for answers, not for senders.
func TestABodyThatNeverComesDoesNotHoldTheEndUp(t *testing.T) {
	base, end := context.WithCancel(t.Context())
	reading := make(chan struct{})
	s := httptest.NewUnstartedServer(inTime(time.Hour, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(reading)
		_, err := io.ReadAll(r.Body)
		fmt.Fprint(w, err)
	})))
	s.Config.BaseContext = func(net.Listener) context.Context { return base }
	s.Start()
	t.Cleanup(s.Close)
	go func() {
		<-reading
		end()
	}()
	if answer := stalled(t, s.Listener.Addr().String(), "POST /"); !strings.Contains(answer, "timeout") {
		t.Errorf("answer %q", answer)
	}
}

// TestAStreamOutlivesTheTimeOfBodies: pages that wait for what is said stay open.
func TestAStreamOutlivesTheTimeOfBodies(t *testing.T) {
	chat := webChat()
	base := "http://" + impatient(t, chat.Handler())
	res, err := http.Get(base + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	id := bot.CustomerID(res.Cookies()[0].Value)
	time.Sleep(long)
	chat.Typing(t.Context(), id, true)
	for sc := bufio.NewScanner(res.Body); ; {
		if !sc.Scan() {
			t.Fatalf("the stream ended: %v", sc.Err())
		}
		if sc.Text() == "event: typing" {
			return
		}
	}
}

// TestAnAnswerMayTakeLongerThanItsBody: WeChat's callback thinks for seconds once the message is there, and one connection carries many requests.
func TestAnAnswerMayTakeLongerThanItsBody(t *testing.T) {
	address := impatient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		select {
		case <-r.Context().Done():
			t.Error("taken for a caller that has gone")
		case <-time.After(long):
		}
		fmt.Fprintf(w, "%s %v", b, err)
	}))
	for i := range 2 {
		res, err := http.Post("http://"+address, "text/xml", strings.NewReader("whole"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != "whole <nil>" || err != nil {
			t.Errorf("request %d: %s, %v", i, body, err)
		}
		time.Sleep(2 * soon)
	}
}
