package wechat

import (
	"bytes"
	"crypto/subtle"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// Bounds of what the platform posts: its own messages are a few kilobytes.
const (
	maxBody  = 256 << 10
	maxDepth = 16
	fresh    = 300 * time.Second // how far a request's timestamp may be from our clock
)

// refused is a request that is not the platform's, or not in the mode that is configured. It says nothing that helps to forge one.
type refused struct {
	status int
	why    string
}

func (r *refused) Error() string { return r.why }

var (
	errSignature = &refused{403, "wrong signature"}
	errStale     = &refused{403, "the timestamp is too far from this server's clock"}
	errMode      = &refused{403, "not in the configured mode"}
	errApp       = &refused{403, "not for this account"}
	errForm      = &refused{400, "not a message of the platform"}
	errDoctype   = &refused{400, "a DOCTYPE"}
)

// same compares without telling by its time where two texts differ.
func same(a, b string) bool {
	return len(a) == len(b) && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// checkTime refuses a request that was signed long ago, which is one that somebody kept. A repeat by the platform itself is folded by the message's id.
func checkTime(q url.Values, now time.Time) error {
	at, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil || math.Abs(now.Sub(time.Unix(at, 0)).Seconds()) > fresh.Seconds() {
		return errStale
	}
	return nil
}

// checkPlain checks the signature of a request that is not encrypted. It covers the query only, not the body: the platform has no better for plain mode.
func checkPlain(q url.Values, token string, now time.Time) error {
	if !same(q.Get("signature"), util.Signature(token, q.Get("timestamp"), q.Get("nonce"))) {
		return errSignature
	}
	return checkTime(q, now)
}

// open gives the message of a posted body. With a key only the encrypted part counts, whatever else stands beside it; without one nothing encrypted does.
func open(q url.Values, body []byte, token, key, appID string, now time.Time) (*fields, error) {
	encrypted := q.Get("encrypt_type") == "aes"
	if encrypted != (key != "") {
		return nil, errMode
	}
	if !encrypted {
		if err := checkPlain(q, token, now); err != nil {
			return nil, err
		}
		return parse(body)
	}
	envelope, err := parse(body)
	if err != nil {
		return nil, err
	}
	cipher := envelope.get("Encrypt")
	if cipher == "" {
		return nil, errMode
	}
	if !same(q.Get("msg_signature"), util.Signature(token, q.Get("timestamp"), q.Get("nonce"), cipher)) {
		return nil, errSignature
	}
	if err := checkTime(q, now); err != nil {
		return nil, err
	}
	_, inner, err := util.DecryptMsg(appID, cipher, key)
	if err != nil {
		return nil, errApp
	}
	f, err := parse(inner)
	if errors.Is(err, errForm) {
		return &fields{}, nil // it is the platform's own, by the key: what we cannot read is acknowledged
	}
	return f, err
}

// seal encrypts a response and signs it.
func seal(random, body []byte, token, key, appID, nonce string, now time.Time) (cipher, signature string, err error) {
	b, err := util.EncryptMsg(random, body, appID, key)
	if err != nil {
		return "", "", errors.New("EncodingAESKey is no key of the platform")
	}
	return string(b), util.Signature(token, strconv.FormatInt(now.Unix(), 10), nonce, string(b)), nil
}

// fields are a message's elements by their path below the root, in order: Content, ScanCodeInfo/ScanResult.
type fields struct{ paths, values []string }

// get is the first value of a path.
func (f *fields) get(path string) string {
	for i, p := range f.paths {
		if p == path {
			return f.values[i]
		}
	}
	return ""
}

// count is how many elements have a path and a value.
func (f *fields) count(path, value string) int {
	n := 0
	for i, p := range f.paths {
		if p == path && f.values[i] == value {
			n++
		}
	}
	return n
}

// parse reads an XML message. It refuses a DOCTYPE and whatever else is not elements and text; characters that XML does not know, which customers can type,
// become spaces.
func parse(body []byte) (*fields, error) {
	body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	body = bytes.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, body)
	d := xml.NewDecoder(bytes.NewReader(body))
	f := &fields{}
	var path []string
	var text strings.Builder
	leaf, done := false, false
	for {
		token, err := d.Token()
		if err == io.EOF && done {
			return f, nil
		}
		if err != nil {
			return nil, errForm
		}
		switch t := token.(type) {
		case xml.StartElement:
			if done || len(path) == maxDepth || len(path) == 0 && t.Name.Local != "xml" {
				return nil, errForm
			}
			path, leaf = append(path, t.Name.Local), true
			text.Reset()
		case xml.EndElement:
			if leaf && len(path) > 1 {
				f.paths = append(f.paths, strings.Join(path[1:], "/"))
				f.values = append(f.values, strings.TrimSpace(text.String()))
			}
			path, leaf = path[:len(path)-1], false
			done = len(path) == 0
		case xml.CharData:
			if len(path) == 0 && len(bytes.TrimSpace(t)) > 0 {
				return nil, errForm
			}
			text.Write(t)
		case xml.ProcInst:
			if len(path) > 0 || done || t.Target != "xml" {
				return nil, errForm
			}
		case xml.Directive:
			return nil, errDoctype
		}
	}
}
