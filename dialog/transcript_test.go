package dialog

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"beianbot/knowledge"
)

var update = flag.Bool("update", false, "rewrite what the assistant said in the transcripts")

// TestTranscripts plays the stories under testdata/transcripts. A story is written by anybody:
//
//	# 标题
//	客户: 备案要多久
//	助手: 一共大约 1–22 个工作日…      (… at the end: only the beginning counts)
//	      [查备案进度] [已解决]         (the options, when any are written)
//	结果: topic=duration state=idle    (topic, state, verdict, lang or a slot)
//
// Between turns a line in brackets says what happens: (沉默) the customer does not answer, (客服交回) staff gives the conversation back,
// (查询出错) no look-up of a case works from now on. {很长} or {long} in a message stands for more characters than are read.
//
// A line such as 查域名 abc.com: 注册商=DNSPod, Inc.; 到期=2027-08-13; 状态=serverHold; 持有者=示例公司; 指向=223.5.5.5; 经由=a.kunlunca.com says what is found out about a name from now
// on, 未注册 that nobody has it. After a turn, 有: and a text that one of its replies must contain.
//
// Other domains show nothing, and case BA20261101006 with 6612 is with the authority. go test ./dialog -run Transcripts -update rewrites 助手 and 结果.
func TestTranscripts(t *testing.T) {
	w := world{e: NewEngine(loadKnowledge(t), nil)}
	files, err := filepath.Glob("testdata/transcripts/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	covered := map[knowledge.Topic]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/transcripts/"), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimRight(string(b), "\n")
			got := play(w, want, covered)
			if *update {
				if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			gl := strings.Split(got, "\n")
			for i, l := range strings.Split(want, "\n") {
				if i >= len(gl) || !sameLine(l, gl[i]) {
					g := "nothing"
					if i < len(gl) {
						g = gl[i]
					}
					t.Fatalf("%s:%d\nstory so far:\n%s\nwant %s\ngot  %s", file, i+1, strings.Join(gl[:min(i, len(gl))], "\n"), l, g)
				}
			}
		})
	}
	for _, topic := range knowledge.Topics {
		if !covered[topic] && !*update {
			t.Errorf("no transcript serves %s", topic)
		}
	}
}

var long = strings.NewReplacer("{很长}", strings.Repeat("啊", maxMessage), "{long}", strings.Repeat("very ", maxMessage/4))

// sameLine compares a line of a story; one that ends in … gives only its beginning.
func sameLine(want, got string) bool {
	if head, cut := strings.CutSuffix(want, "…"); cut {
		return strings.HasPrefix(got, head)
	}
	return want == got
}

// play gives the story with what the assistant really says.
func play(w world, story string, covered map[knowledge.Topic]bool) string {
	var out []string
	var last []Reply
	c := Conversation{}
	for _, line := range strings.Split(story, "\n") {
		said, customer := strings.CutPrefix(line, "客户: ")
		ev, happens := map[string]Event{"(沉默)": Silence{At: testNow}, "(客服交回)": HandedBack{At: testNow}}[line]
		if customer {
			ev = Message{At: testNow, Kind: TextMessage, Text: long.Replace(said)}
		}
		switch {
		case customer || happens:
			out = append(out, line)
			var replies []Reply
			c, replies = w.happen(c, ev)
			last = replies
			for _, r := range replies {
				first, rest, more := strings.Cut(r.Text, "\n")
				if more && rest != "" {
					first += "…"
				}
				out = append(out, "助手: "+first)
				if len(r.Options) > 0 {
					s := "      "
					for _, o := range r.Options {
						s += "[" + o.Label + "] "
					}
					out = append(out, strings.TrimRight(s, " "))
				}
				for _, topic := range r.Topics {
					covered[topic] = true
				}
			}
			out = append(out, resultLine(c, replies))
		case strings.HasPrefix(line, "查域名 "):
			w.domains = maps.Clone(w.domains)
			if w.domains == nil {
				w.domains = map[string]Evidence{}
			}
			host, ev := domainLine(line)
			w.domains[host] = ev
			out = append(out, line)
		case strings.HasPrefix(line, "有: "):
			part, found := strings.TrimPrefix(line, "有: "), false
			for _, r := range last {
				found = found || strings.Contains(r.Text, part)
			}
			if found {
				out = append(out, line)
			} else {
				out = append(out, "没有: "+part)
			}
		case line == "(查询出错)":
			w.down = true
			out = append(out, line)
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "渠道:"):
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// domainLine reads what the world shows of a name.
func domainLine(line string) (string, Evidence) {
	host, rest, _ := strings.Cut(strings.TrimPrefix(line, "查域名 "), ": ")
	n, refusal := ParseDomain(host)
	if refusal != nil {
		panic(line)
	}
	ev := Evidence{Source: "rdap", Registration: RegistrationFound}
	if n.showsHolder() {
		ev.Source = "whois"
	}
	for _, f := range strings.Split(rest, "; ") {
		key, value, _ := strings.Cut(f, "=")
		switch key {
		case "未注册":
			ev.Registration = RegistrationAbsent
		case "注册商":
			ev.Registrar = value
		case "到期":
			t, err := time.Parse(time.DateOnly, value)
			if err != nil {
				panic(line)
			}
			ev.Expiries = append(ev.Expiries, t)
		case "状态":
			ev.Statuses = append(ev.Statuses, value)
		case "持有者":
			ev.Holder = value
		case "指向":
			country := map[byte]string{'2': "CN", '4': "HK", '1': "US"}[value[0]]
			ev.Addresses = append(ev.Addresses, Address{IP: value, Country: country})
		case "经由":
			ev.CNAMEs = append(ev.CNAMEs, value)
		default:
			panic(line)
		}
	}
	return n.Host, ev
}

func resultLine(c Conversation, replies []Reply) string {
	s := "结果:"
	var verdict knowledge.Verdict
	if len(replies) > 0 {
		var topics []string
		for _, t := range replies[0].Topics {
			topics = append(topics, string(t))
		}
		s += " topic=" + strings.Join(topics, "+")
	}
	for _, r := range replies {
		if r.Verdict != "" {
			verdict = r.Verdict
		}
	}
	if verdict != "" {
		s += " verdict=" + string(verdict)
	}
	for _, p := range [][2]string{{"filing_type", string(c.Slots.FilingType)}, {"subject_type", string(c.Slots.SubjectType)}, {"province", string(c.Slots.Province)}, {"server_location", string(c.Slots.ServerLocation)},
		{"domain", c.Slots.Domain}, {"case_no", c.Slots.CaseNo}} {
		if p[1] != "" {
			s += fmt.Sprintf(" %s=%s", p[0], p[1])
		}
	}
	return s + " state=" + string(c.State) + " lang=" + string(c.Lang)
}

// TestRepairsAreComplete holds the list of repairs: each has its stories in Chinese and in English.
func TestRepairsAreComplete(t *testing.T) {
	for _, kind := range []string{"cancel", "correction", "clarification", "resume", "skip", "repeat", "restart", "silence", "off_topic", "cannot_handle", "too_long",
		"empty", "internal_error", "hand_off", "completed"} {
		for _, file := range []string{kind, kind + "_en"} {
			if _, err := os.Stat("testdata/transcripts/repair/" + file + ".txt"); err != nil {
				t.Errorf("no story for %s", file)
			}
		}
	}
}
