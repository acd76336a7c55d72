package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
)

func TestMenuIsSetAndShown(t *testing.T) {
	r := start(t, setup{})
	ctx := context.Background()
	if m, err := r.channel.ShownMenu(ctx); m != nil || err != nil {
		t.Errorf("an account without a menu: %v, %v", m, err)
	}
	want, err := wechat.ReadMenu(wechat.DefaultMenu())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.channel.ApplyMenu(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := r.channel.ShownMenu(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(want)
	if b, _ := json.Marshal(got); !bytes.Equal(a, b) {
		t.Errorf("set %s\nshown %s", a, b)
	}
	r.net.Rights(true, false)
	if err := r.channel.ApplyMenu(ctx, want); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("without the right: %v", err)
	}
	r.net.Bar(true)
	if err := r.channel.ApplyMenu(ctx, want); err == nil || !strings.Contains(err.Error(), "203.0.113.9") || !strings.Contains(err.Error(), "IP白名单") {
		t.Errorf("not in the whitelist: %v", err)
	}
	// Every entry of the menu says something that is understood.
	r.net.Bar(false)
	n := 0
	for _, top := range want.Buttons {
		for _, b := range append(top.SubButtons, top) {
			if b.Key == "" {
				continue
			}
			n++
			who := fmt.Sprintf("oMENU%d", n)
			r.net.Click(who, b.Key)
			if m := r.seen(who, 1)[0]; m.Via != "passive" || strings.Contains(m.Text, "没听懂") {
				t.Errorf("%s: %+v", b.Name, m)
			}
		}
	}
}

func TestBadMenusAreNamed(t *testing.T) {
	button := `{"type":"click","name":"a","key":"k"}`
	for in, want := range map[string]string{
		`{"button":[]}`: "1 to 3",
		`{"button":[` + strings.Repeat(button+",", 3) + button + `]}`:                             "4 entries",
		`{"button":[{"name":"a","sub_button":[` + strings.Repeat(button+",", 5) + button + `]}]}`: "6 entries",
		`{"button":[{"type":"click","name":"一二三四五六","key":"k"}]}`:                                 "16 bytes",
		`{"button":[{"type":"click","name":"a"}]}`:                                                "no key",
		`{"button":[{"type":"view","name":"a"}]}`:                                                 "no url",
		`{"button":[{"name":"a"}]}`:                                                               "no type",
		`{"button":[{"type":"click","name":"a","key":"topic:nonsense"}]}`:                         "no topic",
		`{"button":[null]}`: "empty",
		`{"button":[{"name":"a","sub_button":[{"name":"b","sub_button":[` + button + `]}]}]}`: "third level",
		`{"colour":"red"}`: "colour",
		`[`:                "menu",
	} {
		if _, err := wechat.ReadMenu([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}

// FuzzReadMenu reads anything as a menu file: what is taken is taken again as it is written.
func FuzzReadMenu(f *testing.F) {
	f.Add(wechat.DefaultMenu())
	f.Add([]byte(`{"button":[{"name":"a","sub_button":[null]},null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wechat.ReadMenu(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wechat.ReadMenu(again); err != nil {
			t.Fatalf("%s, written as %s: %v", b, again, err)
		}
	})
}

func TestDoctor(t *testing.T) {
	for name, c := range map[string]struct {
		set    setup
		change func(s *wechattest.Server)
		want   map[string]string // level by what, of those that matter
	}{
		"all well":            {want: map[string]string{"wechat mode": "ok", "wechat server address": "ok", "wechat access token": "ok", "wechat clock": "ok", "wechat customer messages": "ok", "wechat menu": "warning"}},
		"plain":               {set: setup{mode: wechattest.Plain}, want: map[string]string{"wechat mode": "warning"}},
		"no public address":   {set: setup{with: func(o *wechat.Options) { o.PublicURL = "" }}, want: map[string]string{"wechat server address": "warning"}},
		"wrong secret":        {set: setup{with: func(o *wechat.Options) { o.AppSecret = "SECRET-wrong" }}, want: map[string]string{"wechat access token": "error"}},
		"no secret":           {set: setup{with: func(o *wechat.Options) { o.AppSecret = "" }}, want: map[string]string{"wechat access token": "error"}},
		"no secret, no need":  {set: setup{silent: true, with: func(o *wechat.Options) { o.AppSecret = "" }}, want: map[string]string{"wechat access token": "ok"}},
		"not in whitelist":    {change: func(s *wechattest.Server) { s.Bar(true) }, want: map[string]string{"wechat access token": "error"}},
		"clock":               {change: func(s *wechattest.Server) { s.Advance(2 * time.Minute) }, want: map[string]string{"wechat clock": "error"}},
		"no right":            {change: func(s *wechattest.Server) { s.Rights(false, true) }, want: map[string]string{"wechat customer messages": "error"}},
		"no right, none sent": {set: setup{silent: true}, change: func(s *wechattest.Server) { s.Rights(false, false) }, want: map[string]string{"wechat customer messages": "ok", "wechat menu": "warning"}},
		"right unused":        {set: setup{silent: true}, want: map[string]string{"wechat customer messages": "warning"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.set.fake = c.change
			r := start(t, c.set)
			got := map[string]string{}
			for _, f := range r.channel.Examine(context.Background()) {
				got[f.What] = f.Level
				if (f.Remedy == "") != (f.Level == "ok") || strings.Contains(f.Text+f.Remedy, "SECRET") {
					t.Errorf("%+v", f)
				}
			}
			for what, level := range c.want {
				if got[what] != level {
					t.Errorf("%s is %q, want %q", what, got[what], level)
				}
			}
		})
	}
}
