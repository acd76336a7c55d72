package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	api "github.com/go-telegram/bot"
)

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 20 << 20 // bytes of one answer of the Bot API; a hundred long updates are far below
)

// client carries the calls. It sends bodies whole instead of chunked, so that a call on a connection that the server had closed meanwhile is repeated by
// net/http when nothing of it was sent, bounds answers, and notes the server's clock.
type client struct {
	base, token string
	http        *http.Client
	skew        atomic.Int64 // the server's clock minus ours, nanoseconds, at the last answer
}

func newClient(base, token string) *client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	return &client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{Transport: t}}
}

// Do performs a request of the library.
func (c *client) Do(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		req.ContentLength = int64(len(b))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
		req.Body = http.NoBody
		if len(b) > 0 {
			req.Body, _ = req.GetBody()
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		c.skew.Store(int64(time.Until(at)))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// call performs a method that the library does not export, with the library's errors.
func (c *client) call(ctx context.Context, method string, params, dest any) error {
	b, err := json.Marshal(params)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/bot"+c.token+"/"+method, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct {
		OK          bool
		Result      json.RawMessage
		Description string
		ErrorCode   int `json:"error_code"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: status %d: %w", method, res.StatusCode, errNoJSON)
	}
	kinds := map[int]error{400: api.ErrorBadRequest, 401: api.ErrorUnauthorized, 403: api.ErrorForbidden, 404: api.ErrorNotFound, 409: api.ErrorConflict}
	switch {
	case answer.OK:
		if json.Unmarshal(answer.Result, dest) != nil {
			return fmt.Errorf("%s: %w", method, errNoJSON)
		}
		return nil
	case answer.ErrorCode == http.StatusTooManyRequests:
		return &api.TooManyRequestsError{Message: answer.Description, RetryAfter: answer.Parameters.RetryAfter}
	case kinds[answer.ErrorCode] != nil:
		return fmt.Errorf("%w, %s", kinds[answer.ErrorCode], answer.Description)
	}
	return fmt.Errorf("%s: %d %s", method, answer.ErrorCode, answer.Description)
}

var errNoJSON = errors.New("the answer is not what the Bot API sends")

// clean says what failed without the token, and without an answer's body, which may hold what customers wrote.
func (c *client) clean(err error) string {
	s := err.Error()
	if strings.Contains(s, "error decode response") {
		s = errNoJSON.Error()
	}
	s = strings.ReplaceAll(s, c.token, "***")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// unsent reports that a call failed before any of it left: nobody was reached, or nobody but a proxy.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}
