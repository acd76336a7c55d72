package telegram

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

func TestAProxyThatIsDownGotNothing(t *testing.T) {
	nobody, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c := newClient("https://telegram.invalid", "7:secret")
	c.http.Transport.(*http.Transport).Proxy = http.ProxyURL(nobody)
	err = c.call(t.Context(), "getMe", nil, nil)
	if err == nil || !unsent(err) {
		t.Errorf("%v counts as maybe sent", err)
	}
}

func TestABodyThatNeverEndsIsNotWaitedFor(t *testing.T) {
	c, err := New(nil, Options{Token: "7:secret", Secret: "right", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.bodyWithin = 200 * time.Millisecond
	hook := httptest.NewServer(c.Handler())
	defer hook.Close()
	for _, head := range []string{"GET /telegram HTTP/1.1", "POST /telegram HTTP/1.1", "POST /telegram HTTP/1.1\r\nX-Telegram-Bot-Api-Secret-Token: right"} {
		conn, err := net.Dial("tcp", hook.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", head)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if b, err := io.ReadAll(conn); err != nil {
			t.Errorf("%s: %v after %q", head, err, b)
		}
	}
}
