package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // to look into the store

	"beianbot/bot"
	"beianbot/bot/telegram"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/bot/wechat"
	"beianbot/bot/wechat/wechattest"
)

const (
	kills    = 20                      // one in five a stop in good order
	killedIn = 1200 * time.Millisecond // of its being up, at the latest; every fifth kill of its start
)

// TestKillsLoseAndRepeatNothing kills the program 20 times at random moments, starting up included, while customers of both networks write, and looks each time
// at what the networks had been given and what the store knew of it. Every fifth time it is asked to stop, as at a deployment: then the store knows all of it.
//
// Every message that was acknowledged is answered in the end, in order. What the store knew to be sent never goes out again; what a network had been given without the
// store knowing was under way, at most one message for each customer, and goes out once more, since neither Telegram nor WeChat's customer messages take an
// idempotency key. A response to WeChat's own request is noted before it is written, so it is never seen twice. It may be lost with the platform's last try,
// and then the platform itself tells the customer that the account is out of order: that message was never acknowledged.
//
// All of it happens twice, side by side: once with an account that may send customer messages, once with one that answers in responses only. There what was not
// ready in time is held until the customer's next word.
func TestKillsLoseAndRepeatNothing(t *testing.T) {
	program := build(t)
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent=", silent), func(t *testing.T) {
			t.Parallel()
			killed(t, newVictim(t, program, silent))
		})
	}
}

func killed(t *testing.T, v *victim) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	load, enough := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { v.write(load) })
	for i := range kills {
		v.start([]string{"polling", "webhook"}[i%2])
		if i%5 > 0 {
			<-v.up
		}
		time.Sleep(time.Duration(random.Int64N(int64(killedIn)))) // the moment is what is random
		graceful := i%5 == 4
		if graceful {
			v.end()
		} else {
			v.kill()
		}
		if unnoted := v.look(); graceful && unnoted > 0 {
			t.Errorf("%d messages under way when the program ended in good order were not noted", unnoted)
		}
	}
	enough()
	writing.Wait()
	v.start("polling")
	for round := 0; ; round++ {
		held := v.settle()
		if len(held) == 0 {
			break
		}
		if round == 20 {
			t.Fatalf("something is held for %s however often they write", held)
		}
		for _, customer := range held {
			v.askOn(customer, round)
		}
	}
	v.end()
	v.look()
	v.judge()
}

// build builds the program as users have it.
func build(t testing.TB) string {
	if _, err := exec.LookPath("go"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no go command to build the program with")
	}
	file := filepath.Join(t.TempDir(), "beianbot")
	if out, err := exec.Command("go", "build", "-o", file, "beianbot/cmd/beianbot").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// victim is the program between two networks in boxes.
type victim struct {
	t       testing.TB
	program string
	silent  bool // no customer messages
	dir     string
	tg      *telegramtest.Server
	wx      *wechattest.Server
	front   *httptest.Server        // where networks deliver; behind it is whatever runs
	base    atomic.Pointer[url.URL] // of what runs; nil: nothing
	cmd     *exec.Cmd
	up      chan struct{} // closed once it listens, or has ended
	errs    bytes.Buffer
	apis    []*httptest.Server // the networks' sides of this run

	chats     []int64 // that wrote, and messages of all of them
	followers []string
	said      int

	rows    map[int64]*sending
	unnoted []int // at each kill: messages that a network had been given and the store did not know to be sent
	open    [4]int
}

// sending is a message of the outbox over all runs.
type sending struct {
	id             int64
	a              bot.Address
	text           string
	state, receipt string
	seen           int  // times that its customer saw it
	noted          bool // known to be sent at an earlier look
	unnoted        int  // kills that found it given and not known to be sent
}

func newVictim(t testing.TB, program string, silent bool) *victim {
	v := &victim{t: t, program: program, silent: silent, dir: t.TempDir(), tg: telegramtest.New("7:secret"), wx: wechattest.New(), rows: map[int64]*sending{}}
	t.Cleanup(v.tg.Close)
	t.Cleanup(v.wx.Close)
	v.wx.Pause = 3 * time.Second
	v.tg.Retry = func(int) time.Duration { return 100 * time.Millisecond }
	v.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := v.base.Load()
		if to == nil {
			panic(http.ErrAbortHandler) // nobody listens
		}
		p := httputil.NewSingleHostReverseProxy(to)
		p.ErrorLog = log.New(io.Discard, "", 0)
		p.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(v.front.Close)
	v.wx.Connect(v.front.URL + wechat.Path)
	return v
}

// start starts the program; it is up some time later.
func (v *victim) start(mode string) {
	tg, wx := httptest.NewServer(slow(v.tg.Handler())), httptest.NewServer(slow(v.wx.Handler()))
	v.apis = []*httptest.Server{tg, wx}
	v.cmd = exec.Command(v.program, "serve")
	v.cmd.Dir, v.cmd.Stderr = v.dir, &v.errs
	v.cmd.Env = []string{"BEIANBOT_STORE_URL=sqlite:s.db", "BEIANBOT_SERVER_LISTEN=127.0.0.1:0", "BEIANBOT_SERVER_PUBLIC_URL=" + v.front.URL, "BEIANBOT_LOG_LEVEL=error",
		"BEIANBOT_DOMAIN_CHECK_RESOLVER=127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER=127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_RDAP_URL=http://127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_TIMEOUT=300ms",
		"BEIANBOT_TELEGRAM_TOKEN=" + v.tg.Token, "BEIANBOT_TELEGRAM_API_URL=" + tg.URL, "BEIANBOT_TELEGRAM_MODE=" + mode,
		"BEIANBOT_WECHAT_APP_ID=" + v.wx.AppID, "BEIANBOT_WECHAT_APP_SECRET=" + v.wx.Secret, "BEIANBOT_WECHAT_TOKEN=" + v.wx.Token, "BEIANBOT_WECHAT_ENCODING_AES_KEY=" + v.wx.Key, "BEIANBOT_WECHAT_API_URL=" + wx.URL,
		fmt.Sprint("BEIANBOT_WECHAT_CUSTOMER_MESSAGES=", !v.silent)}
	out, err := v.cmd.StdoutPipe()
	if err == nil {
		err = v.cmd.Start()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	up := make(chan struct{})
	v.up = up
	go func() {
		defer close(up)
		line, _ := bufio.NewReader(out).ReadString('\n')
		if base, err := url.Parse(strings.TrimSpace(strings.TrimPrefix(line, "web chat: "))); err == nil && base.Host != "" {
			v.base.Store(base)
		}
		go io.Copy(io.Discard, out)
	}()
}

// slow answers the taking of a message only a while after it was shown, as real networks do: that is when a kill leaves the store in doubt.
func slow(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/sendMessage") || strings.HasSuffix(r.URL.Path, "/custom/send") {
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// kill ends the program as a power cut does, and returns once the networks have taken in all that it had sent to them.
func (v *victim) kill() { v.stop((*os.Process).Kill) }

// end ends it in good order.
func (v *victim) end() { v.stop(func(p *os.Process) error { return p.Signal(syscall.SIGTERM) }) }

func (v *victim) stop(how func(*os.Process) error) {
	how(v.cmd.Process)
	v.cmd.Wait()
	<-v.up
	v.base.Store(nil)
	for _, api := range v.apis {
		api.Close() // waits for calls under way
	}
	if v.cmd.ProcessState.Exited() && v.cmd.ProcessState.ExitCode() != 0 {
		v.t.Fatalf("the program ended by itself: %s", v.errs.String())
	}
}

// Each customer asks these, of which every answer is another: a complete question each, so that none are joined. Every fourth begins with a look-up.
var asked = []string{"备案要多久?", "备案要收费吗?", "备案号忘了怎么查?"}

const lookedUp = "帮我查一下域名 example.cn 能不能备案?"

// write lets new customers write until the context ends: about as much as Telegram lets us answer.
func (v *victim) write(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		chat, follower := int64(1000+n), fmt.Sprintf("oKILL%05d", n)
		v.chats, v.followers = append(v.chats, chat), append(v.followers, follower)
		all := asked
		if n%4 == 0 {
			all = append([]string{lookedUp}, asked[:2]...)
		}
		for _, text := range all {
			v.tg.Say(chat, text)
			v.wx.Say(follower, text)
			v.said += 2
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// askOn lets a customer say what brings the rest: a 1 if that is what they were told, else any word, another each time, since answers are told apart by their text.
func (v *victim) askOn(customer string, round int) {
	seen := v.wx.Customer(customer).Seen
	word := []string{"谢谢!", "你好", "人工电话多少?"}[round%3]
	if len(seen) > 0 && strings.Contains(seen[len(seen)-1].Text, "回复 1") {
		word = "1"
	}
	v.wx.Say(customer, word)
	v.said++
}

// copied opens a copy of the store, so that the next start finds what the kill left.
func (v *victim) copied() *sql.DB {
	to := filepath.Join(v.t.TempDir(), "s.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(v.dir, "s.db") + suffix)
		if err != nil && (suffix == "" || !os.IsNotExist(err)) {
			v.t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			v.t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite3", "file:"+to)
	if err != nil {
		v.t.Fatal(err)
	}
	return db
}

// look compares what was seen with what the store knows, now that nothing runs, and gives how many messages had been given to a network without the store knowing.
func (v *victim) look() int {
	if _, err := os.Stat(filepath.Join(v.dir, "s.db")); err != nil {
		return 0 // killed before it made one
	}
	db := v.copied()
	defer db.Close()
	var tables int
	if db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'lookups'").Scan(&tables); tables == 0 {
		return 0
	}
	var inbox, waiting, lookups int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM inbox WHERE done_at IS NULL), (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'held')), (SELECT count(*) FROM lookups)").Scan(&inbox, &waiting, &lookups); err != nil {
		v.t.Fatal(err)
	}
	v.open[0], v.open[1], v.open[2] = v.open[0]+inbox, v.open[1]+waiting, v.open[2]+lookups
	rows, err := db.Query("SELECT id, channel, customer, part, state, receipt FROM outbox")
	if err != nil {
		v.t.Fatal(err)
	}
	defer rows.Close()
	underWay := map[bot.Address]int{}
	total := map[bot.ChannelName]int{}
	for rows.Next() {
		var now sending
		var raw []byte
		var p bot.Part
		if err := rows.Scan(&now.id, &now.a.Channel, &now.a.Customer, &raw, &now.state, &now.receipt); err != nil {
			v.t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			v.t.Fatal(err)
		}
		s := v.rows[now.id]
		if s == nil {
			s = &sending{id: now.id, a: now.a, text: strings.TrimSpace(p.Text)}
			v.rows[now.id] = s
		}
		s.state, s.receipt = now.state, now.receipt
		seen := v.seen(s)
		more, first := seen-s.seen, s.seen == 0
		s.seen = seen
		switch {
		case more > 1:
			v.t.Errorf("%s message %d: seen %d times of one run %.60q", s.a.Channel, s.id, more, s.text)
		case more == 1 && s.noted && !(first && s.receipt == "passive"): // a response that was noted, cut off, and asked for again
			v.t.Errorf("%s message %d: seen again though it was noted (%s)", s.a.Channel, s.id, s.receipt)
		case more == 1 && s.state != "sent":
			s.unnoted++
			underWay[s.a]++
			total[s.a.Channel]++
		}
		s.noted = s.state == "sent"
	}
	for a, n := range underWay {
		if n > 1 {
			v.t.Errorf("%s: %d messages under way to one customer", a.Channel, n)
		}
	}
	for c, n := range total {
		if n > 16 {
			v.t.Errorf("%s: %d messages under way", c, n)
		}
	}
	unnoted := total[telegram.Name] + total[wechat.Name]
	v.unnoted = append(v.unnoted, unnoted)
	return unnoted
}

// seen is how often its customer saw a message.
func (v *victim) seen(s *sending) (n int) {
	if s.a.Channel == telegram.Name {
		var chat int64
		fmt.Sscan(string(s.a.Customer), &chat)
		for _, m := range v.tg.Chat(chat).Shown {
			if m.Text == s.text {
				n++
			}
		}
		return n
	}
	for _, m := range v.wx.Customer(string(s.a.Customer)).Seen {
		n += strings.Count(m.Text, s.text)
	}
	return n
}

// settle waits until the networks have nothing more to deliver and the store nothing more to do, as long as it gets less (a busy machine takes its time), and gives
// the customers for whom something is held: repeats used up what WeChat allows, or it allows nothing.
func (v *victim) settle() []string {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(v.dir, "s.db")+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		v.t.Fatal(err)
	}
	defer db.Close()
	for least, since := math.MaxInt, time.Now(); least > 0; time.Sleep(20 * time.Millisecond) { // nothing signals it from another process
		updates, posting, left := v.tg.Pending(), !v.wx.Idle(), 0
		if err := db.QueryRow("SELECT (SELECT count(*) FROM inbox WHERE done_at IS NULL) + (SELECT count(*) FROM outbox WHERE state = 'waiting') + (SELECT count(*) FROM lookups)").Scan(&left); err != nil {
			v.t.Fatal(err)
		}
		all := updates + left
		if posting {
			all++
		}
		if all < least {
			least, since = all, time.Now()
		}
		if time.Since(since) > time.Minute {
			v.t.Fatalf("%d updates left at Telegram, %d in the store, WeChat is posting: %t\n%s", updates, left, posting, v.errs.String())
		}
	}
	rows, err := db.Query("SELECT DISTINCT customer FROM outbox WHERE state = 'held'")
	if err != nil {
		v.t.Fatal(err)
	}
	defer rows.Close()
	var held []string
	for rows.Next() {
		var customer string
		if err := rows.Scan(&customer); err != nil {
			v.t.Fatal(err)
		}
		held = append(held, customer)
	}
	return held
}

// judge says what was lost or out of order.
func (v *victim) judge() {
	db := v.copied()
	defer db.Close()
	var stored, unanswered int // a 1 that asks for what is waiting brings that, and has no answer of its own
	if err := db.QueryRow("SELECT count(*), (SELECT count(*) FROM inbox i WHERE i.body NOT LIKE '%\"act:wait\"%' AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.inbox_id = i.id)) FROM inbox").Scan(&stored, &unanswered); err != nil {
		v.t.Fatal(err)
	}
	apologies := map[bot.CustomerID]int{} // messages that were never acknowledged
	told := 0
	for _, f := range v.followers {
		for _, m := range v.wx.Customer(f).Seen {
			if m.Via == "apology" {
				apologies[bot.CustomerID(f)]++
				told++
			}
		}
	}
	if unanswered > 0 || stored < v.said-told || stored > v.said {
		v.t.Errorf("%d of %d messages stored, %d of them unanswered; %d were never acknowledged to WeChat", stored, v.said, unanswered, told)
	}
	all := make([]*sending, 0, len(v.rows))
	for _, s := range v.rows {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *sending) int { return int(a.id - b.id) })
	repeated, unnoted, lost := 0, 0, 0
	order := map[bot.CustomerID][]string{}
	for _, s := range all {
		if s.state != "sent" {
			v.t.Errorf("%s message %d: %s", s.a.Channel, s.id, s.state)
		}
		if s.seen == 0 {
			if lost++; s.receipt != "passive" || apologies[s.a.Customer] == 0 {
				v.t.Errorf("%s message %d: noted as sent (%s), never seen", s.a.Channel, s.id, s.receipt)
			}
		}
		repeated, unnoted = repeated+max(0, s.seen-1), unnoted+s.unnoted
		if s.a.Channel == telegram.Name {
			order[s.a.Customer] = append(order[s.a.Customer], s.text)
		}
	}
	for _, chat := range v.chats {
		var saw []string
		for _, m := range v.tg.Chat(chat).Shown {
			saw = append(saw, m.Text)
		}
		if saw = slices.Compact(saw); !slices.Equal(saw, order[bot.CustomerID(fmt.Sprint(chat))]) {
			v.t.Errorf("chat %d saw another order than was meant", chat)
		}
	}
	if repeated > unnoted {
		v.t.Errorf("%d repeated, %d were under way", repeated, unnoted)
	}
	v.t.Logf("%d kills, %d messages, %d answers: 0 acknowledged and lost, %d repeated, %d under way at the kills %v", kills, v.said, len(all), repeated, unnoted, v.unnoted)
	v.t.Logf("left by the kills: %d messages without a turn, %d answers to send, %d look-ups; WeChat gave up on %d messages, whose customers it told", v.open[0], v.open[1], v.open[2], told)
}
