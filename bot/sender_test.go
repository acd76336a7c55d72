package bot_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"beianbot/bot"
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
