package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"beianbot/bot"
	"beianbot/bot/wechat"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
	"beianbot/store/mirror"
)

type doctorCmd struct {
	JSON bool `help:"One JSON object."`
}

// Help is shown after the flags.
func (doctorCmd) Help() string {
	return "Example:\n\n    beianbot --config /etc/beianbot/config.toml doctor\n    beianbot doctor --json | jq '.findings[] | select(.level != \"ok\")'\n\n" +
		"It may run beside serve, sends nothing to customers, and ends within a minute. Exit code 1 when something does not work."
}

// within is how long all of it may take; each part has less.
const within = 50 * time.Second

// Run examines the parts side by side and prints the findings in a fixed order.
func (c *doctorCmd) Run(g *globals) error {
	conf, err := g.load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.ctx, within)
	defer cancel()
	d := &doctor{conf: conf}
	findings := d.examine(ctx)
	failed := 0
	for i, f := range findings {
		findings[i].Text, findings[i].Remedy = conf.withoutSecrets(f.Text), conf.withoutSecrets(f.Remedy)
		if f.Level == "error" {
			failed++
		}
	}
	if c.JSON {
		err = writeJSON(g.stdout, struct {
			OK       bool          `json:"ok"`
			Findings []bot.Finding `json:"findings"`
		}{failed == 0, findings})
	} else {
		err = writeFindings(g.stdout, findings)
	}
	if err == nil && failed > 0 {
		err = silentError{}
	}
	return err
}

func writeFindings(w io.Writer, findings []bot.Finding) error {
	for _, f := range findings {
		line := fmt.Sprintf("%-7s  %s: %s", f.Level, f.What, f.Text)
		if f.Remedy != "" {
			line += "; " + f.Remedy
		}
		if _, err := fmt.Fprintln(w, strings.ReplaceAll(line, "\n", " ")); err != nil {
			return err
		}
	}
	return nil
}

// withoutSecrets takes what is secret in the configuration out of a text, whoever put it in.
func (c *Config) withoutSecrets(s string) string {
	for _, secret := range []string{c.Telegram.Token, c.Telegram.WebhookSecret, c.WeChat.AppSecret, c.WeChat.Token, c.WeChat.EncodingAESKey, c.WeCom.Secret, c.WeCom.Token, c.WeCom.EncodingAESKey} {
		if len(secret) >= 4 { // a shorter one would take letters out of words, and is no secret
			s = strings.ReplaceAll(s, secret, "…")
		}
	}
	return s
}

// doctor examines one configuration.
type doctor struct{ conf *Config }

// adder takes a finding of one part in.
type adder func(what, level, text, remedy string)

// examine runs the parts side by side.
func (d *doctor) examine(ctx context.Context) []bot.Finding {
	parts := []func(context.Context, adder){d.operator, d.store, d.mirror, d.knowledge, d.server, d.domains, d.channels}
	found := make([][]bot.Finding, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			part(ctx, func(what, level, text, remedy string) {
				found[i] = append(found[i], bot.Finding{What: what, Level: level, Text: text, Remedy: remedy})
			})
		})
	}
	wg.Wait()
	var out []bot.Finding
	for _, f := range found {
		out = append(out, f...)
	}
	return out
}

func (d *doctor) operator(_ context.Context, add adder) {
	for _, k := range keys {
		if k.name == "operator.name" && k.preset == d.conf.Operator.Name {
			add("operator", "warning", "customers are told the name of the example operator", "set operator.name, operator.phone and operator.filing_system_url to your own")
			return
		}
	}
	add("operator", "ok", "customers are told of "+d.conf.Operator.Name+", "+d.conf.Operator.Phone, "")
}

// space is the free room below which a disk is nearly full, in bytes.
const space = 500 << 20

func (d *doctor) store(ctx context.Context, add adder) {
	const what = "store"
	file := d.conf.Store.File
	have, known, err := store.Version(ctx, file)
	switch {
	case err != nil:
		add(what, "error", err.Error(), "restore the file from a backup, or see store.url")
		return
	case have > known:
		add(what, "error", fmt.Sprintf("%s has schema %d, this program knows %d", file, have, known), "use the newer beianbot, or the backup from before it")
		return
	case have < known: // nothing is changed here: that is for serve to do
		if err := writable(filepath.Dir(file)); err != nil {
			add(what, "error", fmt.Sprintf("%s cannot be written: %v", file, err), "give the user that runs serve the folder, or see store.url")
			return
		}
		text := fmt.Sprintf("%s has schema %d; the next serve brings it to %d", file, have, known)
		if have == 0 {
			text = file + " is not there yet; the next serve makes it"
		}
		add(what, "ok", text, "")
	default:
		st, err := store.Open(ctx, file, false)
		if err == nil {
			err = errors.Join(st.PutSetting(ctx, "doctor", "was here", time.Now().Add(time.Minute)), st.Close())
		}
		if err != nil {
			add(what, "error", err.Error(), "see store.url")
			return
		}
		add(what, "ok", file+" can be read and written", "")
	}
	var disk syscall.Statfs_t
	if syscall.Statfs(existing(filepath.Dir(file)), &disk) == nil {
		if free := disk.Bavail * uint64(disk.Bsize); free < space {
			add("disk", "warning", fmt.Sprintf("%d MB are free where the store is", free>>20), "make room: a full disk stops every conversation")
		}
	}
}

// existing is the nearest folder above that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// writable makes a file in the folder, or the nearest above it that is there, and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(existing(dir), ".beianbot-doctor-*")
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (d *doctor) mirror(ctx context.Context, add adder) {
	const what = "mirror"
	now := time.Now()
	m, err := mirror.Open(ctx, d.conf.Mirror.Path, d.conf.File == "", now)
	if err == nil {
		defer m.Close()
		err = m.Ping(ctx)
	}
	if err != nil {
		add(what, "error", err.Error(), "run beianbot mirror import FILE, and see mirror.path")
		return
	}
	meta := m.Meta()
	age := now.Sub(meta.SyncedAt).Round(time.Second)
	switch {
	case meta.Sample:
		add(what, "warning", "it holds the sample cases", "run beianbot mirror import FILE with an export of your case system")
	case meta.SyncedAt.IsZero():
		add(what, "warning", "it is empty, so nobody is told where a case stands", "run beianbot mirror import FILE")
	case age > d.conf.Mirror.MaxAge:
		add(what, "error", fmt.Sprintf("its %d cases are %s old, and mirror.max_age is %s", meta.Rows, age, d.conf.Mirror.MaxAge), "import again, and see that what brings the exports still runs")
	default:
		add(what, "ok", fmt.Sprintf("%d cases, %s old", meta.Rows, age), "")
	}
}

func (d *doctor) knowledge(_ context.Context, add adder) {
	const what = "knowledge"
	files, name, err := d.conf.knowledgeFiles()
	if err != nil {
		add(what, "error", err.Error(), "see knowledge.dir")
		return
	}
	k, findings, err := knowledge.Load(files, d.conf.knowledgeOptions(time.Now()))
	if err != nil {
		add(what, "error", name+": "+err.Error(), "run beianbot knowledge lint")
		return
	}
	if n := len(findings); n > 0 && d.conf.Knowledge.Dir != "" {
		add(what, "warning", fmt.Sprintf("%s, version %s, has %d warnings", name, k.Version(), n), "run beianbot knowledge lint")
		return
	}
	add(what, "ok", name+", version "+k.Version(), "")
}

// server looks at the address that serve listens on and the one that the world uses.
func (d *doctor) server(ctx context.Context, add adder) {
	listen, public := d.conf.Server.Listen, d.conf.Server.PublicURL
	ln, err := net.Listen("tcp", listen)
	switch {
	case err == nil:
		ln.Close()
		add("listen", "ok", listen+" is free; serve does not run there", "")
	case errors.Is(err, syscall.EADDRINUSE) && alive(ctx, "http://"+listen) == nil:
		add("listen", "ok", "serve runs on "+listen, "")
	default:
		add("listen", "error", fmt.Sprintf("%s: %v", listen, cause(err)), "stop what uses it, or choose another server.listen")
	}

	const what = "public address"
	if public == "" {
		add(what, "warning", "server.public_url is empty: cookies are sent without Secure, and no webhook can be set", "set it to the https address that visitors use")
		return
	}
	u, err := url.Parse(public)
	if err != nil { // checked when it was set
		add(what, "error", "server.public_url cannot be read", "write it as https://help.example.cn")
		return
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		add(what, "error", "server.public_url has more than host and path", "write it as https://help.example.cn or https://example.cn/help")
		return
	}
	if a, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && !publicAddress(a) {
		add(what, "warning", u.Host+" is an address that only this network knows", "set server.public_url to the name that visitors use")
	}
	if u.Scheme != "https" {
		add(what, "warning", "it is not https: conversations can be read on the way, and Telegram delivers to https only", "put a reverse proxy with TLS before it")
	}
	if len(d.conf.Server.TrustedProxies) == 0 {
		add("trusted proxies", "warning", "server.trusted_proxies is empty: behind a proxy all visitors count as one address, and a busy hour slows all of them", `set it to the proxy's address, such as ["127.0.0.1"]`)
	}
	if err := alive(ctx, public); err != nil {
		add(what, "error", fmt.Sprintf("%s: %v", strings.TrimRight(public, "/")+"/healthz", err), "start serve, and see that the proxy hands the path on without its prefix (from inside some networks the outside address cannot be reached: then try from outside)")
		return
	}
	add(what, "ok", public+" leads to this program", "")
	if d.conf.WeChat.Token != "" {
		f := wechat.Prove(ctx, outside, public, d.conf.WeChat.Token)
		add(f.What, f.Level, f.Text, f.Remedy)
	}
}

func publicAddress(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }

// outside is the client of probes: no redirect is followed, since no network that calls us follows one.
var outside = &http.Client{Timeout: 8 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// alive asks /healthz below an address.
func alive(ctx context.Context, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := outside.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64))
	if err == nil && (res.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != "ok") {
		err = fmt.Errorf("something else answers (%d)", res.StatusCode)
	}
	return err
}

// probes are names that have been there for decades, one for each way to ask.
var probes = []struct{ what, name, remedy string }{
	{"WHOIS", "cnnic.cn", "let this machine reach whois.cnnic.cn on port 43, or set domain_check.whois_server"},
	{"RDAP", "example.com", "let this machine reach https addresses of registries, or set domain_check.rdap_url"},
}

// domains asks for well-known names. What is not reached leaves conditions unknown for customers, which is worth an error here.
func (d *doctor) domains(ctx context.Context, add adder) {
	checker := d.conf.checker(nil, nil)
	defer checker.Close()
	var wg sync.WaitGroup
	evidence := make([]dialog.Evidence, len(probes))
	for i, p := range probes {
		name, _ := dialog.ParseDomain(p.name)
		wg.Go(func() { evidence[i] = checker.Check(ctx, name) })
	}
	wg.Wait()
	resolved := false
	for i, p := range probes {
		ev := evidence[i]
		resolved = resolved || !ev.DNSFailed && (len(ev.Addresses) > 0 || ev.NoAddress)
		if ev.Registration == dialog.RegistrationUnknown {
			why := map[dialog.Trouble]string{dialog.TroubleThrottled: "the registry says that it is asked too often", dialog.TroubleUnreadable: "the answer is none that can be read"}[ev.Trouble]
			if why == "" {
				why = "not reached, or no answer within domain_check.timeout"
			}
			add(p.what, "error", fmt.Sprintf("%s: %s", p.name, why), p.remedy)
			continue
		}
		add(p.what, "ok", fmt.Sprintf("the registry answers for %s (%s)", p.name, ev.Source), "")
	}
	if !resolved {
		add("DNS", "error", "nothing resolves", "see that this machine has a resolver that answers, or set domain_check.resolver")
	} else {
		add("DNS", "ok", "names resolve", "")
	}
}

// channels examines every channel that is configured, in its own way.
func (d *doctor) channels(ctx context.Context, add adder) {
	a, st, done, err := d.backstage(ctx)
	if err != nil {
		add("channels", "error", err.Error(), "mend what is reported above")
		return
	}
	defer done()
	networks, err := d.conf.newNetworks(nil, st, a.engine.Knowledge().Sentences, slog.New(slog.DiscardHandler))
	if err != nil {
		add("channels", "error", err.Error(), "see the configuration")
		return
	}
	found := make([][]bot.Finding, len(networks))
	var wg sync.WaitGroup
	for i, n := range networks {
		if doc, ok := n.Channel.(bot.Doctor); ok {
			wg.Go(func() { found[i] = doc.Examine(ctx) })
		}
	}
	wg.Wait()
	for _, list := range found {
		for _, f := range list {
			add(f.What, f.Level, f.Text, f.Remedy)
		}
	}
}

// backstage is what channels need to be made: sentences and a place for their small state. That is the store, so that an access token is shared with the
// serve that runs; before there is one it is a store that is thrown away.
func (d *doctor) backstage(ctx context.Context) (a *assistant, st *store.Store, done func(), err error) {
	engine, err := d.conf.newEngine()
	if err != nil {
		return nil, nil, nil, err
	}
	file, scratch := d.conf.Store.File, ""
	if have, known, err := store.Version(ctx, file); err != nil || have != known {
		if scratch, err = os.MkdirTemp("", "beianbot-doctor-"); err != nil {
			return nil, nil, nil, err
		}
		file = filepath.Join(scratch, "scratch.db")
	}
	if st, err = store.Open(ctx, file, false); err != nil {
		os.RemoveAll(scratch)
		return nil, nil, nil, err
	}
	return &assistant{config: d.conf, engine: engine}, st, func() {
		st.Close()
		if scratch != "" {
			os.RemoveAll(scratch)
		}
	}, nil
}
