package mirror

import (
	"time"

	"beianbot/knowledge"
)

// Samples are invented cases, one in each status, for a first look on the embedded defaults. Their times lie shortly before now.
func Samples(now time.Time) []Row {
	day := func(n int) time.Time { return now.Add(-time.Duration(n) * 24 * time.Hour).Truncate(time.Minute).UTC() }
	rows := []Row{
		{CaseNo: "BA20261101001", FilingType: knowledge.First, SubjectType: knowledge.Individual, SubjectName: "林小满", Province: "CN-ZJ", Domain: "xiaoman-notes.cn", Status: knowledge.Draft, StatusAt: day(1), PhoneLast4: "3317"},
		{CaseNo: "BA20261101002", FilingType: knowledge.First, SubjectType: knowledge.Enterprise, SubjectName: "杭州青禾茶业有限公司", Province: "CN-ZJ", Domain: "qinghe-tea.cn", Status: knowledge.Submitted, StatusAt: day(0), PhoneLast4: "8026"},
		{CaseNo: "BA20261101003", FilingType: knowledge.Access, SubjectType: knowledge.Enterprise, SubjectName: "苏州云帆软件有限公司", Province: "CN-JS", Domain: "yunfan-soft.com", Status: knowledge.ProviderReview, StatusAt: day(1), PhoneLast4: "5540"},
		{CaseNo: "BA20261101004", FilingType: knowledge.AddSiteHere, SubjectType: knowledge.SoleTrader, SubjectName: "南山区阿坚修理店", Province: "CN-GD", Domain: "ajian-fix.cn", Status: knowledge.ReturnedByProvider, StatusAt: day(2), Note: "身份证照片反光,请重拍原件四角完整的照片", PhoneLast4: "7190"},
		{CaseNo: "BA20261101005", FilingType: knowledge.First, SubjectType: knowledge.SocialOrganisation, SubjectName: "成都市青羊区围棋协会", Province: "CN-SC", Domain: "qingyang-weiqi.cn", Status: knowledge.SMSVerificationDue, StatusAt: now.Add(-3 * time.Hour).Truncate(time.Minute).UTC(), PhoneLast4: "2468"},
		{CaseNo: "BA20261101006", FilingType: knowledge.First, SubjectType: knowledge.Enterprise, SubjectName: "北京听澜文化有限公司", Province: "CN-BJ", Domain: "tinglan.cn tinglan.com", Status: knowledge.AuthorityReview, StatusAt: day(9), PhoneLast4: "6612", IDLast4: "019X"},
		{CaseNo: "BA20261101007", FilingType: knowledge.First, SubjectType: knowledge.Individual, SubjectName: "周延", Province: "CN-HB", Domain: "zhouyan-photo.com", Status: knowledge.RejectedByAuthority, StatusAt: day(3), Note: "网站名称与个人性质不符,请修改网站名称", PhoneLast4: "9034"},
		{CaseNo: "LT-2026-00391", FilingType: knowledge.AddSiteElsewhere, SubjectType: knowledge.LawFirm, SubjectName: "上海衡言律师事务所", Province: "CN-SH", Domain: "hengyan-law.cn", Status: knowledge.Approved, StatusAt: day(5), ICPNo: "沪ICP备99000391号-2", PhoneLast4: "1205"},
		{CaseNo: "LT-2026-00392", FilingType: knowledge.Cancel, SubjectType: knowledge.Enterprise, SubjectName: "青岛海棠旅行社有限公司", Province: "CN-SD", Domain: "haitang-trip.cn", Status: knowledge.Cancelled, StatusAt: day(12), PhoneLast4: "4477"},
	}
	for i := range rows {
		rows[i].UpdatedAt = rows[i].StatusAt
	}
	return rows
}
