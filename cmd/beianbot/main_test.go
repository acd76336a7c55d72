package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// environment gives every test a folder of its own and keeps look-ups on this machine: the resolver and the servers named here answer nothing.
func environment(t testing.TB, dir string) []string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return []string{"BEIANBOT_STORE_URL=sqlite:" + filepath.Join(dir, "s.db"), "BEIANBOT_MIRROR_PATH=" + filepath.Join(dir, "mirror"), "BEIANBOT_SERVER_LISTEN=127.0.0.1:0",
		"BEIANBOT_DOMAIN_CHECK_RESOLVER=" + c.LocalAddr().String(), "BEIANBOT_DOMAIN_CHECK_WHOIS_SERVER=127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_RDAP_URL=http://127.0.0.1:1", "BEIANBOT_DOMAIN_CHECK_TIMEOUT=300ms"}
}

func call(t testing.TB, env []string, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, env, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// startServer runs serve until the test ends and gives its address.
func startServer(t *testing.T, dir string, env ...string) string {
	t.Helper()
	var errs bytes.Buffer
	base, _ := serveIn(t, dir, &errs, env...)
	return base
}

// serveIn runs serve until the test ends or stop is called, after which what it logged may be read.
func serveIn(t *testing.T, dir string, errs *bytes.Buffer, env ...string) (base string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, nil, append(environment(t, dir), env...), strings.NewReader(""), w, errs)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	go io.Copy(io.Discard, r)
	if err != nil {
		t.Fatalf("serve did not start: %v", err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case code := <-done:
			if code != 0 {
				t.Errorf("serve exited %d: %s", code, errs.String())
			}
		case <-time.After(15 * time.Second):
			t.Error("serve did not stop")
		}
	})
	t.Cleanup(stop)
	return strings.TrimSpace(strings.TrimPrefix(line, "web chat: ")), stop
}

func TestAskJSONIsTheContractsObject(t *testing.T) {
	env := environment(t, t.TempDir())
	code, out, errs := call(t, env, "广东的公司首次备案要准备什么材料\n\n备案要多久\n", "ask", "--json")
	if code != 0 {
		t.Fatal(errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines for 3 questions", len(lines))
	}
	var a map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &a); err != nil {
		t.Fatal(err)
	}
	slots := a["slots"].(map[string]any)
	if a["topic"] != "documents" || a["lang"] != "zh" || a["state"] != "idle" || slots["province"] != "CN-GD" || slots["subject_type"] != "enterprise" || slots["filing_type"] != "first" {
		t.Errorf("answer = %v", a)
	}
	if !strings.Contains(a["reply"].(string), "承诺书") || len(a["sources"].([]any)) == 0 || a["options"] == nil {
		t.Errorf("answer = %v", a)
	}
	if err := json.Unmarshal([]byte(lines[1]), &a); err != nil || a["text"] != "" {
		t.Errorf("blank line: %v %v", a, err)
	}
}

func TestAskLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := call(t, environment(t, dir), "", "ask", "备案要钱吗"); code != 0 {
		t.Fatal(errs)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestHostileMessagesGetAnAnswer(t *testing.T) {
	env := environment(t, t.TempDir())
	for name, text := range map[string]string{"empty": "", "binary": "\x00\xff\xfe\x01", "emoji": "😀😀", "markup": "<script>alert(1)</script>", "sql": "'; DROP TABLE cases; --", "enormous": strings.Repeat("备案", 200000),
		"control": "\x1b[2J\x07备案", "rtl": "\u202e备案"} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := call(t, env, text+"\n", "ask", "--json")
			var a answer
			if err := json.Unmarshal([]byte(out), &a); code != 0 || err != nil || a.Reply == "" {
				t.Errorf("exit %d, %v, %s", code, err, errs)
			}
		})
	}
}

func TestChatKeepsANamedCustomer(t *testing.T) {
	env := environment(t, t.TempDir())
	if code, out, _ := call(t, env, "首次备案要什么材料,公司\n", "chat", "--json", "--customer", "anna"); code != 0 || !strings.Contains(out, `"state":"asking"`) {
		t.Fatal(out)
	}
	code, out, errs := call(t, env, "上海\n", "chat", "--json", "--customer", "anna")
	if code != 0 || !strings.Contains(out, `"province":"CN-SH"`) || !strings.Contains(out, `"filing_type":"first"`) || !strings.Contains(out, `"topic":"documents"`) {
		t.Errorf("%s %s", out, errs)
	}
}

func TestChatTellsACaseOnlyWithItsProof(t *testing.T) {
	env := environment(t, t.TempDir())
	_, out, _ := call(t, env, "我的备案到哪了\nBA20261101007\n0000\nBA20261101007\n9034\n", "chat", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, l := range lines[:4] {
		if strings.Contains(l, "管局退回") {
			t.Errorf("line %d tells the status before the proof: %s", i+1, l)
		}
	}
	if !strings.Contains(lines[4], "管局退回") {
		t.Errorf("right proof: %s", lines[4])
	}
}

func TestCheckRefusesWhatIsNoDomain(t *testing.T) {
	env := environment(t, t.TempDir())
	code, out, _ := call(t, env, "", "check", "--json", "127.0.0.1", "localhost", "abc.nosuchtld")
	if code != 1 || strings.Count(out, `"error"`) != 3 || strings.Contains(out, `"conditions"`) {
		t.Errorf("exit %d\n%s", code, out)
	}
	code, out, _ = call(t, env, "", "check", "--json", "例子.中国")
	if code != 0 || !strings.Contains(out, `"domain":"xn--fsqu00a.xn--fiqs8s"`) || strings.Count(out, `"result"`) != 5 {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestCommandsExplainThemselves(t *testing.T) {
	for _, args := range [][]string{{"ask"}, {"chat"}, {"check"}, {"mirror", "import"}, {"mirror", "status"}, {"knowledge", "lint"}, {"knowledge", "coverage"}, {"knowledge", "diff"}, {"config", "check"}, {"report"}, {"doctor"}, {"version"}, {"serve"}} {
		code, out, _ := call(t, nil, "", append(args, "--help")...)
		if code != 0 || !strings.Contains(out, "Example") {
			t.Errorf("%v --help: exit %d\n%s", args, code, out)
		}
	}
	if code, _, errs := call(t, nil, "", "no-such-command"); code != 2 || errs == "" {
		t.Errorf("unknown command: exit %d", code)
	}
	if code, out, _ := call(t, nil, "", "version"); code != 0 || !strings.Contains(out, "go1.") {
		t.Errorf("version: %s", out)
	}
}

func TestMirrorCommands(t *testing.T) {
	dir := t.TempDir()
	env := environment(t, dir)
	_, out, _ := call(t, env, "", "mirror", "status", "--json")
	if !strings.Contains(out, `"sample":true`) || !strings.Contains(out, `"rows":9`) {
		t.Error(out)
	}
	file := filepath.Join(dir, "c.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\nBA20260101001,approved,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", file); code != 0 {
		t.Fatal(errs)
	}
	_, out, _ = call(t, env, "", "mirror", "status", "--json")
	if !strings.Contains(out, `"sample":false`) || !strings.Contains(out, `"rows":1`) {
		t.Error(out)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", filepath.Join(dir, "missing.csv")); code != 1 || errs == "" {
		t.Errorf("missing file: exit %d", code)
	}
}

// TestADamagedMirrorIsReplaced follows the remedy that every command names.
func TestADamagedMirrorIsReplaced(t *testing.T) {
	dir := t.TempDir()
	env := environment(t, dir)
	file := filepath.Join(dir, "c.csv")
	if err := os.WriteFile(file, []byte("case_no,status,status_at,phone_last4\nBA20260101001,approved,2026-11-01T09:00:00+08:00,1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", file); code != 0 {
		t.Fatal(errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "mirror", "CURRENT"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, env, "", "mirror", "status"); code != 1 || !strings.Contains(errs, "import again") {
		t.Errorf("status: exit %d: %s", code, errs)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", "--merge", file); code != 1 || !strings.Contains(errs, "import in full, without --merge") {
		t.Errorf("merge: exit %d: %s", code, errs)
	}
	code, out, errs := call(t, env, "", "mirror", "import", file)
	if code != 0 || !strings.Contains(out, "imported 1 cases (1 new") || !strings.Contains(errs, "the former mirror was not readable, so there was nothing to compare with and the shrink check was skipped") {
		t.Errorf("import: exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := call(t, env, "", "mirror", "import", "--merge", file); code != 0 || errs != "" {
		t.Errorf("merge afterwards: exit %d: %s", code, errs)
	}
}

func TestServeAnswersAndRefusesASecond(t *testing.T) {
	dir := t.TempDir()
	base := startServer(t, dir)
	for _, p := range []string{"healthz", "readyz"} {
		res, err := http.Get(base + p)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %v %v", p, res, err)
		}
	}
	if code, _, errs := call(t, environment(t, dir), "", "serve"); code != 1 || !strings.Contains(errs, "another beianbot serve") {
		t.Errorf("second serve: exit %d %s", code, errs)
	}
}

func TestKnowledgeLintNamesEveryFault(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sources.yaml"), []byte("sources:\n  - id: a\n    colour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := call(t, nil, "", "knowledge", "lint", dir)
	if code != 1 || !strings.Contains(out, `sources.yaml:3: error: unknown key "colour"`) || !strings.Contains(out, "national.yaml: error: missing") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out, _ := call(t, nil, "", "knowledge", "lint"); code != 0 {
		t.Errorf("embedded files: exit %d\n%s", code, out)
	}
}
