package bot_test

import (
	"context"
	"path/filepath"
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
