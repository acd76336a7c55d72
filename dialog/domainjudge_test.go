package dialog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"beianbot/knowledge"
)

// TestJudge goes through the table of what public data can decide.
func TestJudge(t *testing.T) {
	k := loadKnowledge(t)
	now := time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)
	later, sooner := now.AddDate(1, 0, 0), now.AddDate(0, 0, 30)
	const aliyun = "阿里云计算有限公司（万网）"
	found := func(change func(*Evidence)) Evidence {
		ev := Evidence{Registration: RegistrationFound, Source: "whois", Registrar: aliyun, Expiries: []time.Time{later}, Holder: "示例（广州）科技有限公司", Statuses: []string{"ok"}, NoAddress: true}
		change(&ev)
		return ev
	}
	same := func(*Evidence) {}
	status := func(s ...string) func(*Evidence) { return func(e *Evidence) { e.Statuses = s } }
	dates := func(d ...time.Time) func(*Evidence) { return func(e *Evidence) { e.Expiries = d } }
	registrar := func(iana int, name string) func(*Evidence) {
		return func(e *Evidence) { e.IANA, e.Registrar = iana, name }
	}
	holder := func(s string) func(*Evidence) { return func(e *Evidence) { e.Holder = s } }
	unknown := func(tr Trouble) Evidence { return Evidence{Source: "whois", Trouble: tr, DNSFailed: true} }
	for name, tt := range map[string]struct {
		domain string
		ev     Evidence
		opt    JudgeOptions
		want   string // tld, registrar, valid, real name, holder: + pass, - fail, ? unknown
		says   string // somewhere in the text
	}{
		"all in order":                    {"a.cn", found(same), JudgeOptions{Subject: "示例(广州)科技有限公司"}, "+++?+", "有效期到 2027-11-26"},
		"subject in traditional":          {"a.cn", found(same), JudgeOptions{Subject: "示例（廣州）科技有限公司"}, "+++?+", ""},
		"another holder":                  {"a.cn", found(same), JudgeOptions{Subject: "别家科技有限公司"}, "+++?-", "过户"},
		"part of the name":                {"a.cn", found(same), JudgeOptions{Subject: "示例"}, "+++?-", ""},
		"no subject":                      {"a.cn", found(same), JudgeOptions{}, "+++??", "您还没告诉我"},
		"holder hidden":                   {"a.cn", found(holder("REDACTED FOR PRIVACY")), JudgeOptions{Subject: "示例"}, "+++??", "不显示持有者"},
		"holder unreadable":               {"a.cn", found(holder("\ufffd\ufffd科技")), JudgeOptions{Subject: "示例"}, "+++??", "不能采信"},
		"registrar unreadable":            {"a.cn", found(registrar(0, "\ufffd\ufffd")), JudgeOptions{}, "+?+??", "不能采信"},
		"registrar known by its number":   {"a.com", found(registrar(420, "\ufffd\ufffd")), JudgeOptions{}, "+++??", ""},
		"holder of a .com":                {"a.com", found(same), JudgeOptions{Subject: "示例（广州）科技有限公司"}, "+++??", "不显示持有者"},
		"Chinese suffix":                  {"例子.中国", found(same), JudgeOptions{Subject: "示例（广州）科技有限公司"}, "+++?+", "例子.中国"},
		"not approved":                    {"a.io", found(same), JudgeOptions{}, "-++??", "换一个获批后缀"},
		"disputed":                        {"a.tech", found(same), JudgeOptions{}, "?++??", "说法不一"},
		"IANA id before the name":         {"a.com", found(registrar(420, "HICHINA under another name")), JudgeOptions{}, "+++??", ""},
		"spelling of Limited":             {"a.com", found(registrar(0, "ALIBABA CLOUD COMPUTING (BEIJING) CO LTD")), JudgeOptions{}, "+++??", ""},
		"namesake in Singapore":           {"a.com", found(registrar(3775, "ALIBABA.COM SINGAPORE E-COMMERCE PRIVATE LIMITED")), JudgeOptions{}, "+-+??", "转入国内批复的注册商"},
		"namesake in Hong Kong":           {"a.com", found(registrar(0, "West263 International Limited")), JudgeOptions{}, "+-+??", ""},
		"approved name with a foreign id": {"a.com", found(registrar(99999, "DNSPod, Inc.")), JudgeOptions{}, "+?+??", ""},
		"GoDaddy":                         {"a.com", found(registrar(146, "GoDaddy.com, LLC")), JudgeOptions{}, "+-+??", ""},
		"foreign, at .cn":                 {"a.cn", found(registrar(0, "Corporation Service Company")), JudgeOptions{}, "+-+??", ""},
		"nobody knows":                    {"a.com", found(registrar(0, "Some Registrar Ltd")), JudgeOptions{}, "+?+??", "不能确定是否获批"},
		"no registrar":                    {"a.com", found(registrar(0, "")), JudgeOptions{}, "+?+??", "没有显示注册商"},
		"earlier date counts":             {"a.com", found(dates(later, now.AddDate(0, 0, -1))), JudgeOptions{}, "++-??", "已于 2026-11-25 到期"},
		"expires now":                     {"a.com", found(dates(now)), JudgeOptions{}, "++-??", ""},
		"soon":                            {"a.com", found(dates(sooner)), JudgeOptions{}, "+++??", "不到 90 天(2026-12-26)"},
		"Beijing's day":                   {"a.cn", found(dates(time.Date(2027, 3, 16, 20, 0, 0, 0, time.UTC))), JudgeOptions{}, "+++??", "有效期到 2027-03-17"},
		"no date":                         {"a.com", found(dates()), JudgeOptions{}, "++???", "没有显示到期日"},
		"auto renewed":                    {"a.com", found(status("auto renew period")), JudgeOptions{}, "++???", "钱交没交"},
		"redemption":                      {"a.com", found(status("redemptionPeriod")), JudgeOptions{}, "++-??", "赎回"},
		"pending delete":                  {"a.com", found(status("pending delete")), JudgeOptions{}, "++-??", "赎回"},
		"locks are ordinary":              {"a.com", found(status("clientTransferProhibited", "server delete prohibited")), JudgeOptions{}, "+++??", "公开数据看不出实名 ("},
		"server hold":                     {"a.cn", found(status("serverHold")), JudgeOptions{}, "+++??", "很可能还没实名"},
		"client hold":                     {"a.com", found(status("client hold")), JudgeOptions{}, "+++??", "很可能还没实名"},
		"under review":                    {"a.cn", found(status("pendingVerification")), JudgeOptions{}, "+++??", "审核期"},
		"moving":                          {"a.com", found(status("pendingTransfer")), JudgeOptions{}, "+++??", "可能在转移"},
		"absent":                          {"a.cn", Evidence{Source: "whois", Registration: RegistrationAbsent}, JudgeOptions{Subject: "示例"}, "+?-??", "还没有人注册"},
		"reserved":                        {"a.cn", Evidence{Source: "whois", Registration: RegistrationReserved}, JudgeOptions{}, "+?-??", "换一个域名"},
		"throttled":                       {"a.cn", unknown(TroubleThrottled), JudgeOptions{Subject: "示例"}, "+????", "限制查询"},
		"offline":                         {"a.cn", unknown(TroubleNoAnswer), JudgeOptions{}, "+????", "没有回应"},
		"lying":                           {"a.cn", unknown(TroubleUnreadable), JudgeOptions{}, "+????", "不能采信"},
		"Beijing, not in its list":        {"a.asia", found(same), JudgeOptions{Province: "CN-BJ"}, "+++??", "北京 2019 年的后缀清单不收 .asia"},
		"Beijing, not known":              {"a.art", found(same), JudgeOptions{Province: "CN-BJ"}, "+++??", "没有核到"},
		"institution with .com":           {"a.com", found(same), JudgeOptions{SubjectType: knowledge.Institution}, "+++??", ".公益"},
		"government with .cn":             {"a.cn", found(same), JudgeOptions{SubjectType: knowledge.Government}, "+++??", "要用 .gov.cn"},
		"gov.cn of a company":             {"a.gov.cn", found(same), JudgeOptions{SubjectType: knowledge.Enterprise}, "+++??", "给党政机关用"},
		"政务":                              {"a.政务", found(same), JudgeOptions{}, "+++??", "给党政机关用"},
		"platform's name":                 {"me.github.io", found(same), JudgeOptions{}, "-++??", "平台自己的域名"},
	} {
		t.Run(name, func(t *testing.T) {
			n, refusal := ParseDomain(tt.domain)
			if refusal != nil {
				t.Fatal(*refusal)
			}
			tt.opt.Now, tt.opt.Lang = now, knowledge.ZH
			r := Judge(k, n, tt.ev, tt.opt)
			got := ""
			for i, c := range r.Conditions {
				got += map[Result]string{Pass: "+", Fail: "-", Unknown: "?"}[c.Result]
				if c.ID != knowledge.ConditionIDs[i] || c.Evidence == "" || c.Result != Pass && c.Advice == "" {
					t.Errorf("condition %d: %+v", i, c)
				}
			}
			text := r.Text(k, knowledge.ZH)
			if got != tt.want || !strings.Contains(text, tt.says) {
				t.Errorf("%s, want %s with %q:\n%s", got, tt.want, tt.says, text)
			}
			out, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			en := tt.opt
			en.Lang = knowledge.EN
			english := Judge(k, n, tt.ev, en).Text(k, knowledge.EN)
			for _, s := range []string{text, english, string(out)} {
				if tt.ev.Holder != "" && strings.Contains(s, tt.ev.Holder) {
					t.Errorf("a holder's name is told: %s", s)
				}
				if strings.Contains(s, "{") && s != string(out) {
					t.Errorf("a placeholder is left: %s", s)
				}
			}
		})
	}
	for _, quiet := range []struct {
		domain string
		opt    JudgeOptions
	}{{"a.com", JudgeOptions{Province: "CN-BJ"}}, {"a.asia", JudgeOptions{Province: "CN-SH"}}, {"a.io", JudgeOptions{Province: "CN-BJ"}}, {"a.gov.cn", JudgeOptions{SubjectType: knowledge.Government}}, {"a.公益", JudgeOptions{SubjectType: knowledge.Institution}}} {
		n, refusal := ParseDomain(quiet.domain)
		if refusal != nil {
			t.Fatal(*refusal)
		}
		quiet.opt.Now = now
		if r := Judge(k, n, found(same), quiet.opt); len(r.Warnings) > 0 {
			t.Errorf("%s: warnings %q", quiet.domain, r.Warnings)
		}
	}
}

func TestHosting(t *testing.T) {
	k := loadKnowledge(t)
	n, _ := ParseDomain("www.a.cn")
	at := func(countries ...string) (out []Address) {
		for _, c := range countries {
			out = append(out, Address{IP: "192.0.2.1", Country: c})
		}
		return out
	}
	for name, tt := range map[string]struct {
		ev             Evidence
		filed          bool
		location, text string
		warnings       int
		cdn            string
	}{
		"mainland":             {Evidence{Addresses: at("CN", "CN")}, false, "mainland", "要备案", 1, ""},
		"mainland and filed":   {Evidence{Addresses: at("CN")}, true, "mainland", "要备案", 0, ""},
		"Hong Kong":            {Evidence{Addresses: at("HK")}, false, "overseas", "大陆以外", 0, ""},
		"Macao, Taiwan":        {Evidence{Addresses: at("MO", "TW")}, false, "overseas", "大陆以外", 0, ""},
		"mixed":                {Evidence{Addresses: at("CN", "US")}, false, "mixed", "大陆和大陆以外都有", 1, ""},
		"private":              {Evidence{Addresses: at("ZZ", "")}, false, "unknown", "查不到", 0, ""},
		"nothing":              {Evidence{NoAddress: true}, false, "unknown", "还没有解析", 0, ""},
		"DNS down":             {Evidence{DNSFailed: true}, false, "unknown", "查不到", 0, ""},
		"CDN inside":           {Evidence{Addresses: at("CN"), CNAMEs: []string{"x.w.kunlunca.com"}}, false, "mainland", "经由 阿里云 CDN", 1, "阿里云 CDN"},
		"CDN inside, seen out": {Evidence{Addresses: at("SG"), CNAMEs: []string{"x.w.kunlunca.com."}}, false, "overseas", "经由 阿里云 CDN", 1, "阿里云 CDN"},
		"not that CDN":         {Evidence{Addresses: at("US"), CNAMEs: []string{"x.notkunlunca.com"}}, false, "overseas", "大陆以外", 0, ""},
		"by its addresses":     {Evidence{Addresses: []Address{{IP: "104.16.1.1", Country: "US"}}}, false, "overseas", "经由 Cloudflare", 0, "Cloudflare"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Judge(k, n, tt.ev, JudgeOptions{Now: testNow, Lang: knowledge.ZH, Filed: tt.filed})
			if h := r.Hosting; h.Location != tt.location || !strings.Contains(h.Text, tt.text) || h.CDN != tt.cdn || len(r.Warnings) != tt.warnings || h.Addresses == nil {
				t.Errorf("%+v, warnings %q", h, r.Warnings)
			}
		})
	}
}
