package wechat

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// The platform's published examples. Source: https://developer.work.weixin.qq.com/document/path/90968
const (
	vectorToken = "QDG6eK"
	vectorKey   = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	vectorApp   = "wx5823bf96d3bd56c7"
	vectorURL   = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
	vectorPost  = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)

func TestPublishedVectors(t *testing.T) {
	if got := util.Signature(vectorToken, "1409659589", "263014780", vectorURL); got != "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3" {
		t.Errorf("signature %s", got)
	}
	if _, plain, err := util.DecryptMsg(vectorApp, vectorURL, vectorKey); err != nil || string(plain) != "1616140317555161061" {
		t.Errorf("echo %q, %v", plain, err)
	}
	q := url.Values{"timestamp": {"1409659813"}, "nonce": {"1372623149"}, "msg_signature": {"477715d11cdb4164915debcba66cb864d751f3e6"}, "encrypt_type": {"aes"}}
	body := "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA[" + vectorPost + "]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>"
	f, err := open(q, []byte(body), vectorToken, vectorKey, vectorApp, time.Unix(1409659813, 0))
	if err != nil {
		t.Fatal(err)
	}
	if f.get("Content") != "hello" || f.get("MsgId") != "4561255354251345929" || f.get("MsgType") != "text" {
		t.Errorf("read %+v", f)
	}
	// What the vector was is no message any more: it is old.
	if _, err := open(q, []byte(body), vectorToken, vectorKey, vectorApp, time.Unix(1409659813, 0).Add(fresh+time.Second)); !errors.Is(err, errStale) {
		t.Errorf("an old message: %v", err)
	}
}

// FuzzOpen posts anything, rightly signed so that it gets as far as it can.
func FuzzOpen(f *testing.F) {
	now := time.Unix(1409659813, 0)
	f.Add([]byte("<xml><Encrypt><![CDATA["+vectorPost+"]]></Encrypt></xml>"), vectorPost, true)
	f.Add([]byte("<xml><FromUserName>o</FromUserName><MsgType>text</MsgType></xml>"), "", false)
	f.Add([]byte("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><Content>&e;</Content></xml>"), "AAAA", false)
	f.Add([]byte("{\"Encrypt\":\"AAAA\"}"), "////", true)
	f.Fuzz(func(t *testing.T, body []byte, cipher string, encrypted bool) {
		q := url.Values{"timestamp": {"1409659813"}, "nonce": {"1"}, "signature": {util.Signature(vectorToken, "1409659813", "1")},
			"msg_signature": {util.Signature(vectorToken, "1409659813", "1", cipher)}}
		key := ""
		if encrypted {
			key = vectorKey
			q.Set("encrypt_type", "aes")
		}
		got, err := open(q, body, vectorToken, key, vectorApp, now)
		var r *refused
		if (got == nil) == (err == nil) || err != nil && !errors.As(err, &r) {
			t.Fatalf("%v, %v", got, err)
		}
	})
}

// FuzzParse reads anything as XML: it never fails otherwise than by refusing, and what is read is what a message with the same text gives again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"<xml><Content><![CDATA[a]]></Content></xml>", "<xml/>", "<?xml version=\"1.0\"?><xml><A><B>1</B></A></xml>", "<xml><!DOCTYPE a></xml>", "<xml>&e;</xml>",
		"<xml><C>\x00\xff</C></xml>", strings.Repeat("<xml>", 40), "<xml></xml><xml></xml>", "<a></a>", "x<xml/>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parse(body)
		if err != nil {
			return
		}
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<!")) && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<!--")) {
			t.Fatalf("a DOCTYPE was read: %q", body)
		}
		for i, v := range got.values {
			var b bytes.Buffer
			b.WriteString("<xml><V>")
			xml.EscapeText(&b, []byte(v))
			b.WriteString("</V></xml>")
			again, err := parse(b.Bytes())
			if err != nil || again.get("V") != v {
				t.Fatalf("%s = %q read again as %q, %v", got.paths[i], v, again.get("V"), err)
			}
		}
	})
}
