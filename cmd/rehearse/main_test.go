package main

import (
	"bytes"
	"strings"
	"testing"

	"beianbot/bot/bottest"
)

// TestRehearsal builds the program and plays one story in all channels.
func TestRehearsal(t *testing.T) {
	const dir = "../../dialog/testdata/transcripts"
	stories, err := bottest.Stories(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, s := range choose(stories, []string{"fees/"}) {
		name = s.Name
		break
	}
	var out bytes.Buffer
	if err := rehearse(t.Context(), &out, "", dir, []string{name}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{"━━ " + name, "客户: ", "web, telegram:", "wechat:", "0 not answered"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if err := rehearse(t.Context(), &out, "", dir, []string{"no such story"}); err == nil {
		t.Error("a story that is not there was played")
	}
}
