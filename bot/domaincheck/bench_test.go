package domaincheck

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"beianbot/bot/domaincheck/domaintest"
)

// BenchmarkCheck is one whole check after another against healthy servers on loopback, each of a name not asked before: p50 and p99 in milliseconds.
func BenchmarkCheck(b *testing.B) {
	whois := domaintest.NewWHOIS(b, domaintest.Says(record))
	rdap := domaintest.NewRDAP(b, func(w http.ResponseWriter, r *http.Request) {
		w.Write(domaintest.Domain{Registrar: "DNSPod, Inc.", IANA: "1697", Expiry: "2036-08-13T04:00:00Z"}.JSON(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]))
	})
	dns := domaintest.NewDNS(b, nil)
	for _, suffix := range []string{"cn", "com"} {
		b.Run(suffix, func(b *testing.B) {
			k := New(Config{Timeout: 4 * time.Second, WHOISServer: whois.Addr, RDAPURL: rdap.URL, Resolver: dns.Addr})
			defer k.Close()
			var took []time.Duration
			for i := range b.N {
				name := mustParse(b, fmt.Sprintf("name%d.%s", i, suffix))
				start := time.Now()
				if ev := k.Check(context.Background(), name); ev.Registrar == "" {
					b.Fatalf("%+v", ev)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkHostile has 200 checks at once of servers that never stop sending: the longest check and the peak of memory, the servers' own included.
func BenchmarkHostile(b *testing.B) {
	const timeout = time.Second
	block := strings.Repeat(`{"ldhName":["example.com",`, 2000)
	rdap := domaintest.NewRDAP(b, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
	})
	whois := domaintest.NewWHOIS(b, domaintest.Endless(record))
	zone := domaintest.Zone{}
	for i := range 200 {
		zone[fmt.Sprintf("name%d.com", i)] = []string{domaintest.Garbage}
	}
	dns := domaintest.NewDNS(b, zone)
	var peak, longest float64
	for range b.N {
		k := New(Config{Timeout: timeout, WHOISServer: whois.Addr, RDAPURL: rdap.URL, Resolver: dns.Addr})
		stop, sampled := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(sampled)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			var m runtime.MemStats
			for {
				runtime.ReadMemStats(&m)
				peak = max(peak, float64(m.Sys-m.HeapReleased)/(1<<20))
				select {
				case <-tick.C:
				case <-stop:
					return
				}
			}
		}()
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i := range 200 {
			wg.Go(func() {
				start := time.Now()
				k.Check(context.Background(), mustParse(b, fmt.Sprintf("name%d.%s", i, []string{"com", "cn"}[i%2])))
				mu.Lock()
				longest = max(longest, time.Since(start).Seconds())
				mu.Unlock()
			})
		}
		wg.Wait()
		close(stop)
		<-sampled
		k.Close()
	}
	b.ReportMetric(peak, "peak-MB")
	b.ReportMetric((longest-timeout.Seconds())*1000, "over-limit-ms")
}
