package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// BenchmarkConversations lets 10,000 customers write to the real program, two messages each, and reports what it holds in memory then, and held at most.
//
//	go test ./cmd/rehearse -run '^$' -bench Conversations -benchtime 1x
func BenchmarkConversations(b *testing.B) {
	const customers = 10_000
	program := build(b)
	for b.Loop() {
		v := newVictim(b, program, false)
		v.start("polling")
		<-v.up
		for _, text := range []string{"上海的公司首次备案要准备什么材料?", "那要多久?"} {
			for i := range customers {
				v.tg.Say(int64(1000+i), text)
			}
			for v.tg.Pending() > 0 || v.metric(b, "beianbot_inbox_messages") > 0 {
				time.Sleep(200 * time.Millisecond) // nothing signals it from another process
			}
		}
		if n := v.metric(b, `beianbot_turn_seconds_count{channel="telegram"}`); n < 2*customers {
			b.Errorf("%v turns", n)
		}
		b.ReportMetric(v.memory(b, "VmRSS"), "RSS-MB")
		b.ReportMetric(v.memory(b, "VmHWM"), "peak-MB")
		v.end()
	}
}

// metric reads one series of /metrics.
func (v *victim) metric(b *testing.B, series string) float64 {
	res, err := http.Get(v.base.Load().JoinPath("metrics").String())
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return number(b, text, "(?m)^"+regexp.QuoteMeta(series)+` (\S+)$`)
}

// memory reads a line of the process's status, in MB.
func (v *victim) memory(b *testing.B, line string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc here: ", err)
	}
	return number(b, text, line+`:\s+(\d+) kB`) / 1000
}

func number(b *testing.B, text []byte, expr string) float64 {
	m := regexp.MustCompile(expr).FindSubmatch(text)
	if m == nil {
		b.Fatalf("no %s in\n%s", expr, text)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
