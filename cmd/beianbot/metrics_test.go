package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"beianbot/bot/telegram/telegramtest"
)

// scrape reads /metrics as Prometheus does.
func scrape(t *testing.T, base string) map[string]*dto.MetricFamily {
	t.Helper()
	res, err := http.Get(base + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("scrape: %d %s", res.StatusCode, b)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	f, err := p.TextToMetricFamilies(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// series adds up the series of a family that have all the given labels (name=value); -1 when there is none.
func series(f map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	sum, any := 0.0, false
	for _, m := range f[name].GetMetric() {
		has := map[string]bool{}
		for _, l := range m.Label {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		fits := true
		for _, l := range labels {
			fits = fits && has[l]
		}
		if fits {
			any = true
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	if !any {
		return -1
	}
	return sum
}

// labels are all label values of a family.
func labels(f *dto.MetricFamily) (out []string) {
	for _, m := range f.GetMetric() {
		for _, l := range m.Label {
			out = append(out, l.GetValue())
		}
	}
	return out
}

// TestReadmeNamesMetricsThatAre holds the example alerts to what a fresh program shows.
func TestReadmeNamesMetricsThatAre(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	f := scrape(t, startServer(t, t.TempDir()))
	names := regexp.MustCompile(`beianbot_[a-z_]+`).FindAllString(string(readme), -1)
	if len(names) == 0 {
		t.Error("the README names no metric")
	}
	for _, name := range names {
		if f[name] == nil {
			t.Errorf("the README names %s, which is not there", name)
		}
	}
}

// TestMetricsTellEverythingButWho lets customers talk of themselves on two channels, breaks one channel, and reads what an operator would see.
func TestMetricsTellEverythingButWho(t *testing.T) {
	net := telegramtest.New("7:secret")
	t.Cleanup(net.Close)
	base := startServer(t, t.TempDir(), "BEIANBOT_TELEGRAM_TOKEN=7:secret", "BEIANBOT_TELEGRAM_API_URL="+net.URL())
	const chat = 5550417731
	c := visitor(t, base)
	post(t, c, base, "m1", "我叫欧阳建国,电话13912345678,备案要收费吗")
	heard(t, c, base, "免费")
	post(t, c, base, "m2", "查进度 BA20261101006 6612")
	heard(t, c, base, "BA20261101006")
	post(t, c, base, "m3", "帮我检查 kunming-laoli.cn 能不能备案")
	heard(t, c, base, "kunming-laoli.cn 的备案条件检查")
	net.Say(chat, "备案要多久?")
	if _, err := net.AwaitShown(t.Context(), chat, 1); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		post(t, c, base, "same", "快")
	}

	f := scrape(t, base)
	for _, want := range []struct {
		name   string
		labels []string
		least  float64
	}{
		{"beianbot_turns_total", []string{"channel=web", "topic=fees"}, 1},
		{"beianbot_turns_total", []string{"channel=web", "topic=case_status"}, 1},
		{"beianbot_turns_total", []string{"channel=telegram", "topic=duration"}, 1},
		{"beianbot_turn_seconds", []string{"channel=web"}, 3},
		{"beianbot_lookup_seconds", []string{"source=mirror", "outcome=found"}, 1},
		{"beianbot_lookup_seconds", []string{"source=dns", "outcome=failed"}, 1},
		{"beianbot_lookup_seconds", []string{"source=whois", "outcome=no_answer"}, 1},
		{"beianbot_http_requests_total", []string{"route=POST /api/messages", "code=202"}, 3},
		{"beianbot_http_requests_total", []string{"route=POST /api/messages", "code=429"}, 1},
		{"beianbot_mirror_rows", []string{"sample=true"}, 9},
		{"beianbot_mirror_age_seconds", nil, 0},
		{"beianbot_knowledge_info", []string{"version=" + readyz(t, base).KnowledgeVersion}, 1},
		{"beianbot_channel_up", []string{"channel=web"}, 1},
		{"beianbot_channel_up", []string{"channel=telegram"}, 1},
		{"beianbot_store_up", nil, 1},
		{"beianbot_inbox_messages", nil, 0},
		{"beianbot_build_info", nil, 1},
		{"go_goroutines", nil, 1},
	} {
		if got := series(f, want.name, want.labels...); got < want.least {
			t.Errorf("%s %v = %v, want at least %v", want.name, want.labels, got, want.least)
		}
	}
	// The network's answer is shown before the delivery is counted.
	await(t, func() bool {
		f := scrape(t, base)
		return series(f, "beianbot_deliveries_total", "channel=telegram", "outcome=sent") >= 1
	})
	for _, who := range []string{"欧阳", "13912345678", "5678", "BA20261101006", "6612", "kunming", "5550417731", "7:secret", "收费"} {
		for name, family := range f {
			if told := strings.Join(labels(family), " "); strings.Contains(name+told, who) { // values are numbers of ours and may have any digits
				t.Errorf("%s tells %q: %s", name, who, told)
			}
		}
	}

	// Telegram refuses what comes: the channel is down, the program is not.
	for _, method := range []string{"getUpdates", "sendMessage"} {
		net.Fail(method, telegramtest.Fault{Code: 401, Description: "Unauthorized"}, telegramtest.Fault{Code: 401, Description: "Unauthorized"})
	}
	net.Say(chat, "备案要多久?")
	await(t, func() bool {
		f := scrape(t, base)
		return series(f, "beianbot_channel_up", "channel=telegram") == 0
	})
	res, err := http.Get(base + "readyz")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || strings.Contains(string(b), "secret") || !strings.Contains(string(b), `"web":"up"`) {
		t.Errorf("readyz: %d %s", res.StatusCode, b)
	}
}

func TestMadeUpAddressesAddNoSeries(t *testing.T) {
	base := startServer(t, t.TempDir())
	for _, p := range []string{"a1", "a2", "static/a3", "api/a4", ".env"} {
		res, err := http.Get(base + p)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	f := scrape(t, base)
	family := f["beianbot_http_requests_total"]
	if told := strings.Join(labels(family), " "); len(family.GetMetric()) > 2 || strings.Contains(told, "a1") || strings.Contains(told, ".env") {
		t.Errorf("routes: %s", told)
	}
}
