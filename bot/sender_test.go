package bot_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
)

// A delivery that is under way when the service is told to stop ends, and is recorded: the next run does not say it again.
func TestStopRecordsWhatIsBeingSent(t *testing.T) {
	file, net := filepath.Join(t.TempDir(), "s.db"), newNetwork()
	under := make(chan struct{}, 1)
	net.fail = func(bot.Outgoing) error { under <- struct{}{}; time.Sleep(200 * time.Millisecond); return nil }
	r := start(t, file, net, true)
	r.say(t, "anna", "1", "备案要多久?")
	<-under
	r.end()
	st := start(t, file, newNetwork(), true).store
	if rows, err := st.Unsettled(context.Background(), bot.Address{Channel: "net", Customer: "anna"}); err != nil || len(rows) != 0 || len(net.texts()) != 1 {
		t.Errorf("%d times delivered, to be delivered again: %+v, %v", len(net.texts()), rows, err)
	}
}

// A delivery is refused for what holds no longer: meanwhile the customer wrote.
func TestAVerdictOlderThanTheCustomersMessageSwallowsNoAnswer(t *testing.T) {
	for name, verdict := range map[string]error{"held": &bot.Held{Why: "window closed"}, "blocked": &bot.Refusal{Why: "403", Blocked: true}} {
		t.Run(name, func(t *testing.T) {
			net := newNetwork()
			under, on := make(chan struct{}), make(chan struct{})
			var once sync.Once
			net.fail = func(bot.Outgoing) (err error) {
				once.Do(func() { close(under); <-on; err = verdict })
				return err
			}
			r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
			r.say(t, "anna", "1", "备案要多久?")
			<-under
			r.say(t, "anna", "2", "备案要多少钱?")
			close(on)
			net.await(t, 3)
			if got := net.texts(); len(got) != 2 {
				t.Errorf("said %q", got)
			}
		})
	}
}

// A limit of the whole channel holds for those as well whose turn to be served came before it was known.
func TestAParkedChannelStaysParked(t *testing.T) {
	net := newNetwork()
	open := false
	net.fail = func(bot.Outgoing) error {
		if !open {
			return &bot.Later{Why: "not yet", After: time.Second}
		}
		return &bot.Later{Why: "429", After: time.Minute, All: true}
	}
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	for i := range 100 {
		r.say(t, fmt.Sprint("c", i), fmt.Sprint(i), "备案要多久?")
	}
	net.await(t, 100)
	net.mu.Lock()
	open = true
	net.mu.Unlock()
	r.clock.advance(2 * time.Second)
	net.await(t, 1)
	time.Sleep(1200 * time.Millisecond) // the sender's ticker
	net.mu.Lock()
	defer net.mu.Unlock()
	if n := len(net.keys) - 100; n > 16 {
		t.Errorf("%d deliveries though the first parked the channel (16 may be under way)", n)
	}
}

func TestAShorterParkDoesNotEndALongerOne(t *testing.T) {
	net := newNetwork()
	net.fail = func(o bot.Outgoing) error {
		if o.Address.Customer == "anna" {
			return &bot.Later{Why: "429", After: time.Minute, All: true}
		}
		return &bot.Later{Why: "no connection", After: time.Second, All: true}
	}
	under, on := make(chan bot.CustomerID, 2), map[bot.CustomerID]chan struct{}{"anna": make(chan struct{}), "bert": make(chan struct{})}
	r := startWith(t, setup{channel: &slow{network: net, under: under, on: on}})
	r.say(t, "bert", "1", "备案要多久?")
	r.say(t, "anna", "2", "备案要多久?")
	<-under
	<-under
	close(on["anna"])
	net.await(t, 1)
	time.Sleep(100 * time.Millisecond) // it is recorded
	close(on["bert"])
	net.await(t, 1)
	time.Sleep(100 * time.Millisecond)
	r.clock.advance(2 * time.Second)
	select {
	case <-under:
		t.Error("sent again after 2 s of the 60 s that the network asked for")
	case <-time.After(1200 * time.Millisecond): // the sender's ticker
	}
}

// slow is a network whose deliveries wait for the test.
type slow struct {
	*network
	under chan bot.CustomerID
	on    map[bot.CustomerID]chan struct{} // closed to let their deliveries go on
}

func (s *slow) Deliver(ctx context.Context, o bot.Outgoing) (string, error) {
	s.under <- o.Address.Customer
	select {
	case <-s.on[o.Address.Customer]:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return s.network.Deliver(ctx, o)
}

// As many deliveries hang as may be under way; whoever waits for a place behind them is answered in the response to their own request.
func TestWhoWaitsForAPlaceCanBeAnswered(t *testing.T) {
	under := make(chan bot.CustomerID, 100)
	r := startWith(t, setup{channel: &slow{network: newNetwork(), under: under}})
	for i := range 17 {
		r.say(t, fmt.Sprint("c", i), fmt.Sprint(i), "备案要多久?")
	}
	hangs := map[bot.CustomerID]bool{}
	for range 16 {
		hangs[<-under] = true
	}
	time.Sleep(1200 * time.Millisecond) // the sender's ticker: it comes to the seventeenth
	for i := range 17 {
		c := bot.CustomerID(fmt.Sprint("c", i))
		if hangs[c] {
			continue
		}
		m := dialog.Message{ID: "x", At: r.clock.now(), Kind: dialog.TextMessage, Text: "备案要多少钱?"}
		got, err := r.Ask(t.Context(), bot.Address{Channel: "net", Customer: c}, m)
		if err != nil || len(got.Parts) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := got.Settle(t.Context(), 2); err != nil {
			t.Error(err)
		}
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r.Stop(ctx); time.Since(begun) > 5*time.Second {
		t.Error("what hangs is not cut off when the time to stop is over")
	}
}

// givenUp is how often, and for how long, a message to anna is tried that always fails.
func givenUp(t *testing.T, fail func() error) (tries int, after time.Duration) {
	t.Helper()
	net := newNetwork()
	net.fail = func(o bot.Outgoing) error {
		if o.Address.Customer == "anna" {
			return fail()
		}
		return nil
	}
	r := start(t, filepath.Join(t.TempDir(), "s.db"), net, true)
	begun := r.clock.now()
	r.say(t, "anna", "1", "备案要多久?")
	for net.await(t, 1); ; {
		tries++
		for { // until that try is recorded
			waits, err := r.store.Unsettled(t.Context(), bot.Address{Channel: "net", Customer: "anna"})
			if err != nil {
				t.Fatal(err)
			}
			if len(waits) == 0 {
				return tries, r.clock.now().Sub(begun)
			}
			if waits[0].Attempts == tries {
				break
			}
			time.Sleep(time.Millisecond)
		}
		r.clock.advance(min(5*time.Minute, 2*time.Second<<min(tries-1, 10)))
		r.say(t, "bert", fmt.Sprint("b", tries), "备案要多久?") // wakes the sender
		net.await(t, 2)
	}
}

func TestAnOutageIsOutlivedForADay(t *testing.T) {
	if _, after := givenUp(t, func() error { return errors.New("502") }); after < 24*time.Hour || after > 25*time.Hour {
		t.Errorf("given up after %v", after)
	}
}

func TestAPanicInADeliveryHoldsUpTheRestOnlyBriefly(t *testing.T) {
	if tries, after := givenUp(t, func() error { panic("a bug") }); tries < 2 || after > 2*time.Minute {
		t.Errorf("given up after %d tries in %v", tries, after)
	}
}
