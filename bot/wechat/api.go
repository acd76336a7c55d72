package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"beianbot/bot"
)

const (
	callTimeout = 10 * time.Second
	maxAnswer   = 1 << 20 // bytes
	earlyBy     = 5 * time.Minute
	forceEvery  = 30 * time.Second // the platform allows no forced token sooner
)

// APIError is an answer of the platform that says no. The code decides; the words change.
type APIError struct {
	Code int
	Msg  string
	RID  string // the platform's number of the call, for its support
	Path string
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("wechat %s: %d %s", e.Path, e.Code, e.Msg)
	if e.RID != "" {
		s += " (rid " + e.RID + ")"
	}
	return s
}

// code is an error's code; 0 for one that is no answer of the platform.
func code(err error) int {
	var e *APIError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// Codes of the platform. Source: https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
const (
	busy             = -1
	tokenInvalid     = 40001
	secretWrong      = 40125
	openIDWrong      = 40003
	appIDWrong       = 40013
	tokenIllegal     = 40014
	notWhitelisted   = 40164
	tokenExpired     = 42001
	mustFollow       = 43004
	textTooLong      = 45002
	dailyQuota       = 45009
	minuteQuota      = 45011
	outsideWindow    = 45015
	countUsedUp      = 45047
	noMenu           = 46003
	noRight          = 48001
	apiBanned        = 48004
	customerLimited  = 50002
	accountLimited   = 50005
	contentForbidden = 87014
)

// client calls the platform: one token for all, a deadline on every call, no secret in any error.
type client struct {
	base, appID, secret string
	http                *http.Client
	settings            bot.Settings
	skew                atomic.Int64 // the platform's clock minus ours, nanoseconds, at the last answer

	fetching chan struct{} // holds one while a token is fetched
	token    atomic.Pointer[token]
	forced   time.Time // guarded by fetching
}

// token is an access token and when the platform ends it.
type token struct {
	Value string    `json:"value"`
	Until time.Time `json:"until"`
}

func newClient(base, appID, secret string, settings bot.Settings) *client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	return &client{base: strings.TrimRight(base, "/"), appID: appID, secret: secret, http: &http.Client{Transport: t}, settings: settings, fetching: make(chan struct{}, 1)}
}

// call performs a call with the access token; a token that the platform no longer takes is fetched anew once.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	t, err := c.access(ctx, "")
	if err != nil {
		return &noToken{err}
	}
	err = c.once(ctx, method, path, t, in, out)
	switch code(err) {
	case tokenInvalid, tokenIllegal, tokenExpired:
		if t, err = c.access(ctx, t); err != nil {
			return &noToken{err}
		}
		err = c.once(ctx, method, path, t, in, out)
	}
	return err
}

// noToken says that a call was not made, for want of a token.
type noToken struct{ error }

func (e *noToken) Unwrap() error { return e.error }

// access gives a token. bad is one that the platform refused: a stored copy of it counts no longer, and if the platform gives the same again, a new one is forced.
func (c *client) access(ctx context.Context, bad string) (string, error) {
	good := func(t *token) bool { return t != nil && t.Value != bad && time.Until(t.Until) > earlyBy }
	if t := c.token.Load(); good(t) {
		return t.Value, nil
	}
	select {
	case c.fetching <- struct{}{}:
		defer func() { <-c.fetching }()
	case <-ctx.Done():
		return "", errors.New("wechat access token: not there in time")
	}
	old := c.token.Load()
	if good(old) {
		return old.Value, nil
	}
	if old == nil {
		if old = c.stored(ctx); good(old) {
			c.token.Store(old)
			return old.Value, nil
		}
	}
	t, err := c.fetch(ctx, false)
	if err == nil && t.Value == bad && time.Since(c.forced) >= forceEvery {
		c.forced = time.Now()
		t, err = c.fetch(ctx, true)
	}
	if err != nil {
		if old != nil && old.Value != bad && time.Now().Before(old.Until) {
			return old.Value, nil // it holds on for a while; the next call tries again
		}
		return "", err
	}
	c.token.Store(t)
	if b, err := json.Marshal(t); err == nil {
		c.settings.PutSetting(ctx, c.tokenKey(), string(b), t.Until) // unstored it is fetched again after a restart, no more
	}
	return t.Value, nil
}

func (c *client) tokenKey() string { return "wechat.token." + c.appID }

func (c *client) stored(ctx context.Context) *token {
	v, err := c.settings.Setting(ctx, c.tokenKey())
	t := &token{}
	if err != nil || v == "" || json.Unmarshal([]byte(v), t) != nil {
		return nil
	}
	return t
}

// fetch asks for the stable token: the same for every process until five minutes before its end, and apart from the plain endpoint's.
// Source: https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *client) fetch(ctx context.Context, force bool) (*token, error) {
	if c.secret == "" {
		return nil, &APIError{Code: secretWrong, Msg: "no app secret is configured", Path: "/cgi-bin/stable_token"}
	}
	in := map[string]any{"grant_type": "client_credential", "appid": c.appID, "secret": c.secret}
	if force {
		in["force_refresh"] = true
	}
	var out struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if err := c.once(ctx, http.MethodPost, "/cgi-bin/stable_token", "", in, &out); err != nil {
		return nil, err
	}
	if out.Token == "" || out.Expires <= 0 {
		return nil, fmt.Errorf("wechat /cgi-bin/stable_token: %w", errNoJSON)
	}
	return &token{Value: out.Token, Until: time.Now().Add(time.Duration(out.Expires) * time.Second)}, nil
}

var errNoJSON = errors.New("the answer is not what the platform sends")

// once performs one call.
func (c *client) once(ctx context.Context, method, path, access string, in, out any) error {
	u := c.base + path
	if access != "" {
		u += "?access_token=" + url.QueryEscape(access)
	}
	var body bytes.Buffer
	if in != nil {
		e := json.NewEncoder(&body)
		e.SetEscapeHTML(false) // the platform shows \u003c as it stands
		if err := e.Encode(in); err != nil {
			return fmt.Errorf("wechat %s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body.Bytes()))
	if err != nil {
		return fmt.Errorf("wechat %s: the address in wechat.api_url cannot be called", path) // the cause quotes the URL with the token
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := c.http.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which holds the token
		}
		return fmt.Errorf("wechat %s: %w", path, err)
	}
	defer res.Body.Close()
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		c.skew.Store(int64(time.Until(at)))
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("wechat %s: the answer broke off", path)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("wechat %s: status %d", path, res.StatusCode)
	}
	err = read(b, path, out)
	var no *APIError
	if errors.As(err, &no) {
		for _, s := range []string{access, c.secret} { // a proxy may say what it was asked
			if s != "" {
				no.Msg = strings.ReplaceAll(no.Msg, s, "…")
			}
		}
		if len(no.Msg) > 200 {
			no.Msg = strings.ToValidUTF8(no.Msg[:200], "") + "…"
		}
	}
	return err
}

// read takes an answer apart: out is filled when it says yes.
func read(b []byte, path string, out any) error {
	var head struct {
		Code int    `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	if json.Unmarshal(b, &head) != nil {
		return fmt.Errorf("wechat %s: %w", path, errNoJSON) // without the body, which may hold a token
	}
	if head.Code != 0 {
		msg, rid, _ := strings.Cut(head.Msg, "rid:")
		msg = strings.ToValidUTF8(strings.TrimSpace(msg), "")
		rid = strings.TrimSpace(rid)
		if len(rid) > 64 {
			rid = ""
		}
		return &APIError{Code: head.Code, Msg: msg, RID: rid, Path: path}
	}
	if out != nil && json.Unmarshal(b, out) != nil {
		return fmt.Errorf("wechat %s: %w", path, errNoJSON)
	}
	return nil
}

// unsent reports that a call failed before any of it left: there was no token, nobody was reached, or nobody but a proxy.
func unsent(err error) bool {
	var t *noToken
	var op *net.OpError
	return errors.As(err, &t) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// advice is one sentence on why calls fail, and what to do.
func advice(err error) string {
	switch code(err) {
	case notWhitelisted:
		return "WeChat refuses this server's address (40164): add it in the platform under 设置与开发 → 安全中心 → IP白名单; " + address(err)
	case secretWrong, tokenInvalid:
		return "WeChat does not take wechat.app_secret (" + fmt.Sprint(code(err)) + "): reset AppSecret in the platform and write the new one into the configuration"
	case appIDWrong:
		return "WeChat does not know wechat.app_id (40013): copy AppID again from the platform"
	case noRight:
		return "this account has no right to customer messages (48001): only verified accounts have; set wechat.customer_messages = false"
	case apiBanned:
		return "WeChat has taken this interface away from the account (48004): see the notices in the platform"
	case dailyQuota:
		return "the day's quota of calls is used up (45009); it starts anew at midnight, or clear it in the platform"
	case 0:
		return "WeChat cannot be reached: " + err.Error() + "; check the network and wechat.api_url"
	}
	return err.Error()
}

// address is what the platform says of our address, which is what must be added.
func address(err error) string {
	var e *APIError
	errors.As(err, &e)
	return e.Msg
}
