package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the operator's zone must be there on any machine

	"github.com/pelletier/go-toml/v2/unstable"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// Config is everything an operator sets. Relative paths are resolved already.
type Config struct {
	File string // the file it came from; "" for the embedded defaults

	places map[string]place // of the keys that are set, by name

	Server struct {
		Listen         string
		PublicURL      string
		TrustedProxies []netip.Prefix
	}
	Store  struct{ File string }
	Mirror struct {
		Path        string
		Source      string
		Interval    time.Duration
		MaxAge      time.Duration
		CaseNumbers *dialog.CaseNumbers
	}
	Operator struct {
		Name            string
		Phone           string
		FilingSystemURL string
		Hours           string
		Zone            *time.Location
	}
	Telegram struct {
		Token, APIURL, Mode, WebhookSecret string
		StaffChat                          int64
	}
	WeChat struct {
		AppID, AppSecret, Token, EncodingAESKey, APIURL, Menu string
		CustomerMessages                                      bool
	}
	WeCom       struct{ CorpID, Secret, Token, EncodingAESKey, OpenKFID, APIURL string }
	DomainCheck struct {
		Timeout                        time.Duration
		WHOISServer, RDAPURL, Resolver string
	}
	Knowledge struct{ Dir string }
	Report    struct{ Keep time.Duration }
	Log       struct{ Level string }
}

// key is one configuration key: its default, its check, and where the value goes. Values come as text, from the file or the environment.
type key struct {
	name   string // section.key
	preset string
	set    func(c *Config, v string) error
}

func text(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *to(c) = v; return nil }
}

func webURL(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v != "" {
			u, err := url.Parse(v)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
				return errors.New("not an http(s) address such as https://example.cn")
			}
		}
		*to(c) = v
		return nil
	}
}

func duration(to func(c *Config) *time.Duration, low, high time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := parseDuration(v)
		if err != nil || d < low || d > high {
			return fmt.Errorf("not a duration from %s to %s, such as 4s, 5m, 24h or 7d", low, high)
		}
		*to(c) = d
		return nil
	}
}

// parseDuration reads Go durations, and whole days as 7d.
func parseDuration(v string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(v, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0, err
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(v)
}

func oneOf(to func(c *Config) *string, values ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, x := range values {
			if v == x {
				*to(c) = v
				return nil
			}
		}
		return fmt.Errorf("not one of %s", strings.Join(values, ", "))
	}
}

const day = 24 * time.Hour

// keys are all configuration keys. config.example.toml explains each; a test holds the two together.
var keys = []key{
	{"server.listen", "127.0.0.1:8080", listenAddress(func(c *Config) *string { return &c.Server.Listen })},
	{"server.public_url", "", webURL(func(c *Config) *string { return &c.Server.PublicURL })},
	{"server.trusted_proxies", "", func(c *Config, v string) error {
		c.Server.TrustedProxies = nil
		for _, p := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
			prefix, err := netip.ParsePrefix(p)
			if err != nil {
				a, err := netip.ParseAddr(p)
				if err != nil {
					return fmt.Errorf("%q is no address or range such as 10.0.0.0/8", p)
				}
				prefix = netip.PrefixFrom(a, a.BitLen())
			}
			c.Server.TrustedProxies = append(c.Server.TrustedProxies, prefix)
		}
		return nil
	}},
	{"store.url", "sqlite:data/beianbot.db", func(c *Config, v string) error {
		file, ok := strings.CutPrefix(v, "sqlite:")
		if !ok || strings.TrimSpace(file) == "" {
			return errors.New("write sqlite:PATH, such as sqlite:data/beianbot.db")
		}
		if strings.HasSuffix(file, "/") {
			return errors.New("names a folder; write the file in it, such as sqlite:data/beianbot.db")
		}
		c.Store.File = file
		return nil
	}},
	{"mirror.path", "data/mirror", required("write a folder such as data/mirror", text(func(c *Config) *string { return &c.Mirror.Path }))},
	{"mirror.source", "", text(func(c *Config) *string { return &c.Mirror.Source })},
	{"mirror.interval", "5m", duration(func(c *Config) *time.Duration { return &c.Mirror.Interval }, 10*time.Second, 7*day)},
	{"mirror.max_age", "24h", duration(func(c *Config) *time.Duration { return &c.Mirror.MaxAge }, time.Minute, 365*day)},
	{"mirror.case_no_pattern", dialog.DefaultCaseNoPattern, func(c *Config, v string) (err error) {
		c.Mirror.CaseNumbers, err = dialog.ParseCaseNumbers(v)
		return err
	}},
	{"operator.name", "北京互联互通科技有限公司", said(func(c *Config) *string { return &c.Operator.Name })},
	{"operator.phone", "4007007300-8093", said(func(c *Config) *string { return &c.Operator.Phone })},
	{"operator.filing_system_url", "http://www.ba.linktom.com", required("customers are sent there: write an address such as https://ba.example.cn", webURL(func(c *Config) *string { return &c.Operator.FilingSystemURL }))},
	{"operator.hours", "Mo-Fr 09:00-18:00", func(c *Config, v string) error {
		if _, err := hoursText(v); err != nil {
			return err
		}
		c.Operator.Hours = v
		return nil
	}},
	{"operator.time_zone", "Asia/Shanghai", required("write a time zone such as Asia/Shanghai", func(c *Config, v string) (err error) {
		if c.Operator.Zone, err = time.LoadLocation(v); err != nil {
			return errors.New("not a time zone such as Asia/Shanghai")
		}
		return nil
	})},
	{"telegram.token", "", text(func(c *Config) *string { return &c.Telegram.Token })},
	{"telegram.api_url", "https://api.telegram.org", webURL(func(c *Config) *string { return &c.Telegram.APIURL })},
	{"telegram.mode", "polling", oneOf(func(c *Config) *string { return &c.Telegram.Mode }, "polling", "webhook")},
	{"telegram.webhook_secret", "", webhookSecret},
	{"telegram.staff_chat", "0", func(c *Config, v string) (err error) {
		if c.Telegram.StaffChat, err = strconv.ParseInt(v, 10, 64); err != nil {
			return errors.New("not a whole number such as -1001234567890")
		}
		return nil
	}},
	{"wechat.app_id", "", text(func(c *Config) *string { return &c.WeChat.AppID })},
	{"wechat.app_secret", "", text(func(c *Config) *string { return &c.WeChat.AppSecret })},
	{"wechat.token", "", text(func(c *Config) *string { return &c.WeChat.Token })},
	{"wechat.encoding_aes_key", "", aesKey(func(c *Config) *string { return &c.WeChat.EncodingAESKey })},
	{"wechat.api_url", "https://api.weixin.qq.com", webURL(func(c *Config) *string { return &c.WeChat.APIURL })},
	{"wechat.customer_messages", "true", func(c *Config, v string) (err error) {
		if c.WeChat.CustomerMessages, err = strconv.ParseBool(v); err != nil {
			return errors.New("neither true nor false")
		}
		return nil
	}},
	{"wechat.menu", "", text(func(c *Config) *string { return &c.WeChat.Menu })},
	{"wecom.corp_id", "", text(func(c *Config) *string { return &c.WeCom.CorpID })},
	{"wecom.secret", "", text(func(c *Config) *string { return &c.WeCom.Secret })},
	{"wecom.token", "", text(func(c *Config) *string { return &c.WeCom.Token })},
	{"wecom.encoding_aes_key", "", aesKey(func(c *Config) *string { return &c.WeCom.EncodingAESKey })},
	{"wecom.open_kfid", "", text(func(c *Config) *string { return &c.WeCom.OpenKFID })},
	{"wecom.api_url", "https://qyapi.weixin.qq.com", webURL(func(c *Config) *string { return &c.WeCom.APIURL })},
	{"domain_check.timeout", "4s", duration(func(c *Config) *time.Duration { return &c.DomainCheck.Timeout }, 100*time.Millisecond, time.Minute)},
	{"domain_check.whois_server", "", hostPort(func(c *Config) *string { return &c.DomainCheck.WHOISServer })},
	{"domain_check.rdap_url", "", webURL(func(c *Config) *string { return &c.DomainCheck.RDAPURL })},
	{"domain_check.resolver", "", hostPort(func(c *Config) *string { return &c.DomainCheck.Resolver })},
	{"knowledge.dir", "", text(func(c *Config) *string { return &c.Knowledge.Dir })},
	{"report.keep", "90d", duration(func(c *Config) *time.Duration { return &c.Report.Keep }, day, 3650*day)},
	{"log.level", "info", oneOf(func(c *Config) *string { return &c.Log.Level }, "debug", "info", "warn", "error")},
}

func aesKey(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v != "" {
			if _, err := base64.StdEncoding.DecodeString(v + "="); err != nil || len(v) != 43 {
				return errors.New("not 43 letters and digits: copy EncodingAESKey whole") // the value is a secret and stays out of the message
			}
		}
		*to(c) = v
		return nil
	}
}

// webhookSecret takes what Telegram takes. Source: https://core.telegram.org/bots/api#setwebhook
func webhookSecret(c *Config, v string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`).MatchString(v) {
		return errors.New("Telegram takes letters, digits, _ and -, at most 256 of them; write another secret")
	}
	c.Telegram.WebhookSecret = v
	return nil
}

// variable is the environment variable of a key.
func (k key) variable() string {
	return "BEIANBOT_" + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// loadConfig reads the file (file "": config.toml when there is one, else the defaults) and the environment over it. Every fault is listed, with file, line and key or the variable.
func loadConfig(file string, environ []string) (*Config, error) {
	c := &Config{places: map[string]place{}}
	for _, k := range keys {
		if err := k.set(c, k.preset); err != nil {
			return nil, fmt.Errorf("default of %s: %w", k.name, err)
		}
	}
	if file == "" {
		if _, err := os.Stat("config.toml"); err == nil {
			file = "config.toml"
		}
	}
	var faults []string
	dir := ""
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return nil, fmt.Errorf("config %s cannot be read: %w", file, err)
		}
		c.File, dir = file, filepath.Dir(file)
		faults = c.read(file, b)
	}
	faults = append(faults, c.environment(environ)...)
	if len(faults) > 0 {
		return nil, fmt.Errorf("the configuration has faults:\n  %s", strings.Join(faults, "\n  "))
	}
	for _, p := range []*string{&c.Store.File, &c.Mirror.Path, &c.Knowledge.Dir, &c.WeChat.Menu} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	return c, nil
}

func (c *Config) environment(environ []string) (faults []string) {
	byVariable := map[string]key{}
	for _, k := range keys {
		byVariable[k.variable()] = k
	}
	for _, e := range environ {
		name, v, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "BEIANBOT_") {
			continue
		}
		k, ok := byVariable[name]
		if !ok {
			faults = append(faults, fmt.Sprintf("environment variable %s: no such key", name))
			continue
		}
		c.places[k.name] = place{variable: name}
		if err := k.set(c, v); err != nil {
			faults = append(faults, fmt.Sprintf("environment variable %s: %v", name, err))
		}
	}
	sort.Strings(faults)
	return faults
}

// read takes the file's values over. It goes through the file expression by expression, so that every fault has its line.
func (c *Config) read(file string, b []byte) (faults []string) {
	byName := map[string]key{}
	for _, k := range keys {
		byName[k.name] = k
	}
	var p unstable.Parser
	p.Reset(b)
	section := ""
	set := map[string]int{}
	lastLine := 1
	at := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
	}
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		line := lastLine
		for it := e.Key(); it.Next(); {
			n := it.Node()
			line = p.Shape(n.Raw).Start.Line
			parts = append(parts, string(n.Data))
		}
		lastLine = line
		switch e.Kind {
		case unstable.Table:
			section = strings.Join(parts, ".")
			known := false
			for _, k := range keys {
				known = known || strings.HasPrefix(k.name, section+".")
			}
			if !known {
				at(line, "unknown section [%s]", section)
			}
		case unstable.KeyValue:
			name := strings.Join(parts, ".")
			if section != "" {
				name = section + "." + name
			}
			k, ok := byName[name]
			if !ok {
				if !strings.Contains(name, ".") {
					at(line, "unknown key %q (keys stand in sections)", name)
				} else {
					at(line, "unknown key %s", name)
				}
				continue
			}
			if first := set[name]; first != 0 {
				at(line, "%s stands twice, first on line %d", name, first)
				continue
			}
			set[name] = line
			c.places[name] = place{file: file, line: line}
			v, err := value(e.Value(), k)
			if err == nil {
				err = k.set(c, v)
			}
			if err != nil {
				at(line, "%s: %v", name, err)
			}
		case unstable.ArrayTable:
			at(line, "unknown section [[%s]]", strings.Join(parts, "."))
		}
	}
	if err := p.Error(); err != nil {
		var pe *unstable.ParserError
		line := lastLine
		if errors.As(err, &pe) && len(pe.Highlight) > 0 {
			line = p.Shape(p.Range(pe.Highlight)).Start.Line
		}
		at(line, "not TOML: %v", err)
	}
	return faults
}

// value gives a TOML value as text, if it has the kind that the key's default shows.
func value(n *unstable.Node, k key) (string, error) {
	kind := unstable.String
	if _, err := strconv.ParseInt(k.preset, 10, 64); err == nil {
		kind = unstable.Integer
	} else if k.preset == "true" || k.preset == "false" {
		kind = unstable.Bool
	}
	if k.name == "server.trusted_proxies" && n.Kind == unstable.Array {
		var list []string
		for it := n.Children(); it.Next(); {
			if it.Node().Kind != unstable.String {
				return "", errors.New("must be a list of texts in quotes")
			}
			list = append(list, string(it.Node().Data))
		}
		return strings.Join(list, ","), nil
	}
	if n.Kind != kind {
		return "", fmt.Errorf("must be %s", map[unstable.Kind]string{unstable.String: "a text in quotes", unstable.Integer: "a whole number", unstable.Bool: "true or false"}[kind])
	}
	return string(n.Data), nil
}

var hoursPattern = regexp.MustCompile(`^(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su))? (\d\d:\d\d)-(\d\d:\d\d)$`)

// hoursText puts hours such as "Mo-Fr 09:00-18:00" (several ranges separated by "; ") into words.
func hoursText(v string) (knowledge.Text, error) {
	zh := map[string]string{"Mo": "周一", "Tu": "周二", "We": "周三", "Th": "周四", "Fr": "周五", "Sa": "周六", "Su": "周日"}
	en := map[string]string{"Mo": "Mon", "Tu": "Tue", "We": "Wed", "Th": "Thu", "Fr": "Fri", "Sa": "Sat", "Su": "Sun"}
	var a, b []string
	for _, part := range strings.Split(v, ";") {
		m := hoursPattern.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return knowledge.Text{}, errors.New(`write hours as "Mo-Fr 09:00-18:00", several separated by "; "`)
		}
		if err := checkRange(m[3], m[4]); err != nil {
			return knowledge.Text{}, err
		}
		z, e := zh[m[1]], en[m[1]]
		if m[2] != "" {
			z, e = z+"至"+zh[m[2]], e+"–"+en[m[2]]
		}
		a, b = append(a, z+" "+m[3]+"–"+m[4]), append(b, e+" "+m[3]+"–"+m[4])
	}
	return knowledge.Text{ZH: strings.Join(a, ","), EN: strings.Join(b, ", ")}, nil
}
