package telegram

import (
	"net/http"
	"net/url"
	"testing"
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
