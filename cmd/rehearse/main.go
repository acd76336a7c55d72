// Command rehearse is a dress rehearsal: it starts the program with Telegram and WeChat in boxes on loopback, plays transcripts through every channel, and prints
// what each customer saw. It needs no network, and nothing is left behind.
//
//	go run ./cmd/rehearse                       # the first story of each topic
//	go run ./cmd/rehearse need_filing fees/     # all stories whose name has one of these
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"beianbot/bot/bottest"
	"beianbot/bot/telegram/telegramtest"
	"beianbot/bot/wechat/wechattest"
)

func main() {
	program := flag.String("program", "", "a beianbot to rehearse with; without it one is built from this source")
	stories := flag.String("stories", "dialog/testdata/transcripts", "folder of the transcripts")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "go run ./cmd/rehearse [flags] [part of a story's name …]")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rehearse(ctx, os.Stdout, *program, *stories, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "rehearse:", err)
		os.Exit(1)
	}
}

// rehearse plays the stories whose names have one of parts, one after the other, in all channels.
func rehearse(ctx context.Context, out io.Writer, program, dir string, parts []string) error {
	all, err := bottest.Stories(dir)
	if err != nil {
		return fmt.Errorf("%w; run it in the source's top folder, or see -stories", err)
	}
	stories := choose(all, parts)
	if len(stories) == 0 {
		return fmt.Errorf("no story has %q in its name", parts)
	}
	tmp, err := os.MkdirTemp("", "beianbot-rehearse-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if program == "" {
		program = filepath.Join(tmp, "beianbot")
		if b, err := exec.CommandContext(ctx, "go", "build", "-o", program, "beianbot/cmd/beianbot").CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, b)
		}
	} else if program, err = filepath.Abs(program); err != nil {
		return err
	}
	tg, wx := telegramtest.New("7:rehearsal"), wechattest.New()
	defer tg.Close()
	defer wx.Close()
	base, end, err := serve(ctx, program, tmp, tg, wx)
	if err != nil {
		return err
	}
	defer end()
	wx.Connect(base + "wechat")

	silent, unlike, turns := 0, 0, 0
	for i, s := range stories {
		fmt.Fprintf(out, "\n━━ %s\n", s.Name)
		stages := []stage{newVisitor(base), &chat{tg, int64(1000 + i), 0}, &follower{wx, fmt.Sprintf("oREHEARSAL%d", i), 0}}
		for _, turn := range s.Turns {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if turn.Said == "" {
				continue // no network carries an empty message
			}
			turns++
			fmt.Fprintf(out, "\n客户: %s\n", short(turn.Said))
			seen, failed := make([]string, len(stages)), make([]error, len(stages))
			var wg sync.WaitGroup
			for n, st := range stages {
				wg.Go(func() { seen[n], failed[n] = st.say(ctx, turn) })
			}
			wg.Wait()
			for n, err := range failed {
				if err != nil {
					seen[n], silent = "("+err.Error()+")", silent+1
				}
			}
			show(out, stages, seen)
			if want := unlikely(seen[0], turn); want != "" {
				unlike++
				fmt.Fprintf(out, "  ≠ the transcript has: %s\n", want)
			}
		}
	}
	fmt.Fprintf(out, "\n%d stories, %d messages in %d channels; %d not answered, %d answered otherwise than in the transcript (whose days are not today)\n", len(stories), turns, 3, silent, unlike)
	if silent > 0 {
		return errors.New("not every message was answered")
	}
	return nil
}

// choose takes the stories with one of parts in their names; without parts the first of each topic.
func choose(all []bottest.Story, parts []string) (out []bottest.Story) {
	topics := map[string]bool{}
	for _, s := range all {
		topic, _, _ := strings.Cut(s.Name, "/")
		if len(parts) == 0 && !topics[topic] || slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s.Name, p) }) {
			out = append(out, s)
		}
		topics[topic] = true
	}
	return out
}

// serve starts the program in a folder of its own, where look-ups reach nobody, and gives its address and how to end it.
func serve(ctx context.Context, program, dir string, tg *telegramtest.Server, wx *wechattest.Server) (base string, end func(), err error) {
	cmd := exec.CommandContext(ctx, program, "serve")
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "BEIANBOT_SERVER_LISTEN=127.0.0.1:0", "BEIANBOT_LOG_LEVEL=error",
		// The operator of the transcripts.
		"BEIANBOT_OPERATOR_NAME=示例云", "BEIANBOT_OPERATOR_PHONE=400-000-0000", "BEIANBOT_OPERATOR_FILING_SYSTEM_URL=https://ba.example.cn",
		"BEIANBOT_TELEGRAM_TOKEN=" + tg.Token, "BEIANBOT_TELEGRAM_API_URL=" + tg.URL(),
		"BEIANBOT_WECHAT_APP_ID=" + wx.AppID, "BEIANBOT_WECHAT_APP_SECRET=" + wx.Secret, "BEIANBOT_WECHAT_TOKEN=" + wx.Token, "BEIANBOT_WECHAT_ENCODING_AES_KEY=" + wx.Key, "BEIANBOT_WECHAT_API_URL=" + wx.URL(),
		"BEIANBOT_DOMAIN_CHECK_RESOLVER=127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER=127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_RDAP_URL=http://127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_TIMEOUT=500ms"}
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}
	r := bufio.NewReader(pipe)
	line, err := r.ReadString('\n')
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "web chat: ")
	if !ok {
		end()
		return "", nil, fmt.Errorf("%s did not start: %q %v", program, line, err)
	}
	go io.Copy(io.Discard, r)
	return base, end, nil
}

// show prints what was seen, once for all that saw the same.
func show(out io.Writer, stages []stage, seen []string) {
	shown := map[string]bool{}
	for n, s := range seen {
		if shown[s] {
			continue
		}
		shown[s] = true
		var names []string
		for m := n; m < len(seen); m++ {
			if seen[m] == s {
				names = append(names, stages[m].name())
			}
		}
		fmt.Fprintf(out, "  %s:\n      %s\n", strings.Join(names, ", "), strings.ReplaceAll(s, "\n", "\n      "))
	}
}

// unlikely gives what the transcript has where that is not what was seen.
func unlikely(seen string, turn bottest.Turn) string {
	for _, r := range turn.Replies {
		if !strings.Contains(seen, r.Text) {
			return cmp.Or(r.Text, "(nothing)")
		}
	}
	return ""
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + fmt.Sprintf("… (%d characters)", len(r))
	}
	return s
}

// within is how long an answer may take, and settled how long nothing more must come until it is whole.
const (
	within  = 10 * time.Second
	settled = 300 * time.Millisecond
)

// await looks at what was seen until it is at least so many messages and no more come.
func await(ctx context.Context, least int, look func() int) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	n, since := -1, time.Now()
	for {
		now := look()
		if now != n {
			n, since = now, time.Now()
		}
		if n >= least && time.Since(since) >= settled {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("no answer within %s", within)
		}
	}
}
