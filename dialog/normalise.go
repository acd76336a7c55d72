package dialog

import (
	"strings"
	"unicode"

	"github.com/longbridgeapp/opencc"
	"golang.org/x/text/width"
)

var simplify = func() *opencc.OpenCC {
	c, err := opencc.New("t2s")
	if err != nil {
		panic(err) // the dictionaries are part of the program
	}
	return c
}()

// slips are homophones and near misses of the words that this bot hears most. None of them is a word that a customer would use otherwise.
var slips = strings.NewReplacer("背案", "备案", "备桉", "备案", "被案", "备案", "备按", "备案", "倍案", "备案", "贝案", "备案", "备暗", "备案", "备岸", "备案", "备an", "备案", "bei案", "备案", "beian", "备案", "bei an", "备案",
	"域明", "域名", "玉名", "域名", "预名", "域名", "遇名", "域名", "yuming", "域名", "yu ming", "域名", "资枓", "资料", "姿料", "资料", "材科", "材料", "才料", "材料", "cailiao", "材料", "cai liao", "材料", "服务气", "服务器", "服务期", "服务器", "服物器", "服务器",
	"fuwuqi", "服务器", "许可正", "许可证", "徐可证", "许可证", "身分证", "身份证", "身份正", "身份证", "营业执找", "营业执照", "营业直照", "营业执照", "注消", "注销", "主销", "注销", "住销", "注销", "变跟", "变更", "变庚", "变更", "接如", "接入", "结入", "接入",
	"幕步", "幕布", "募布", "幕布", "目布", "幕布", "核验但", "核验单", "核验丹", "核验单", "何验", "核验", "核研", "核验", "驳会", "驳回", "波回", "驳回", "博回", "驳回", "管句", "管局", "馆局", "管局", "公按", "公安", "gongan", "公安", "工按", "公安", "短性", "短信", "duanxin", "短信",
	"duojiu", "多久", "duo jiu", "多久", "duoshao qian", "多少钱", "duoshaoqian", "多少钱", "jindu", "进度", "zhuxiao", "注销", "biangeng", "变更", "wangzhan", "网站", "wang zhan", "网站", "gongsi", "公司", "geren", "个人", "zenme", "怎么", "shenme", "什么", "xuyao", "需要", "rengong", "人工", "xiaochengxu", "小程序", "liucheng", "流程", "shenhe", "审核", "dianhua", "电话")

// Normalise makes text comparable: half width, Simplified, lower case, spaces folded, common slips of the field's words mended.
func Normalise(s string) string {
	s = width.Fold.String(s)
	if t, err := simplify.Convert(s); err == nil {
		s = t
	}
	s = strings.ToLower(s)
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case r == '’' || r == '‘':
			r = '\''
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return slips.Replace(b.String())
}
