package wechat_test

import (
	"strings"
	"testing"

	"beianbot/bot/wechat"
)

// TestAListHasALink holds that customers get the address of a list's page where the operator has told how the server is reached, and none else.
func TestAListHasALink(t *testing.T) {
	for url, want := range map[string]string{"": "", "https://help.example.cn/ba": "https://help.example.cn/ba/list?lang=zh&province=CN-GD&subject=enterprise&type=first\n"} {
		r := start(t, setup{with: func(o *wechat.Options) { o.PublicURL = url }})
		text := func() string {
			var b strings.Builder
			for _, m := range r.net.Customer(anna).Seen {
				b.WriteString(m.Text + "\n")
			}
			return b.String()
		}
		r.net.Say(anna, "广东的公司首次备案要准备什么材料?")
		r.await("the whole list", func() bool { // its choices come last
			seen := r.net.Customer(anna).Seen
			return len(seen) > 0 && len(seen[len(seen)-1].Links) > 0
		})
		if said := text(); strings.Contains(said, "/list?") != (want != "") || !strings.Contains(said, want) {
			t.Errorf("with %q:\n%s", url, said)
		}
	}
}
