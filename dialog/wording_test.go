package dialog

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"beianbot/knowledge"
)

func TestMaskTakesOutWhoAsks(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"备案要收费吗", "备案要收费吗"},
		{"个体户能不能做论坛", "个体户能不能做论坛"},
		{"我是广东的个人,能备案吗", "我是广东的个人,能备案吗"},
		{"我的电话13912345678,什么时候打给我", "我的电话#,什么时候打给我"},
		{"电话 139-1234-5678 转 8093", "电话 # 转 #"},
		{"１３９１２３４５６７８", "#"},
		{"手机一三九一二三四五六七八", "手机#"},
		{"身份证44010119900101123X还能用吗", "身份证#还能用吗"},
		{"统一社会信用代码91440101MA5CQ0000X", "统一社会信用代码#"},
		{"BA20261101006 退回了", "# 退回了"},
		{"LT-2024-00391到哪了", "#到哪了"},
		{"发到 lao.wang+a@example.com.cn 行吗", "发到 [e-mail] 行吗"},
		{"laoli-shop.cn和例子.中国能备吗", "[domain]和[domain]能备吗"},
		{"微信号 wxid_kunming88 加我", "微信号 # 加我"},
		{"加我微信laowang", "加我微信#"},
		{"找 @laowang_kf", "找 #"},
		{"我叫欧阳建国,想换备案", "我叫[name],想换备案"},
		{"负责人是李晓明,能换吗", "负责人是[name],能换吗"},
		{"我是张伟", "我是[name]"},
		{"李先生让我来问的", "[name]先生让我来问的"},
		{"王小二", "[name]"},
		{"深圳市小鱼科技有限公司要备案", "[company]要备案"},
		{"在昆明市人民东路88号怎么填", "[address]怎么填"},
		{"my name is John Smith, can I file", "[name], can I file"},
		{"we are Blue Fish Trading Co., Ltd. in Hong Kong", "we are [company] in Hong Kong"},
		{"\x1b[2J备案\u202e吗\n\r", "[#备案吗"},
		{"", ""},
	} {
		if got := Mask(c.text); got != c.want {
			t.Errorf("Mask(%q) = %q, want %q", c.text, got, c.want)
		}
	}
	if n := utf8.RuneCountInString(Mask(strings.Repeat("备案", 100000))); n > maxWording {
		t.Errorf("%d characters kept", n)
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"我叫李雷,电话13912345678", "a@b.cn 例子.中国", "\xff\x00#", "李先生"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Mask(s)
		if strings.ContainsAny(got, "0123456789\n\x1b") || utf8.RuneCountInString(got) > maxWording || !utf8.ValidString(got) {
			t.Errorf("Mask(%q) = %q", s, got)
		}
	})
}

func TestAlikeGroupsTheSameQuestion(t *testing.T) {
	got := Alike([]string{"备案期间能不能开网站", "如何做网站备份", "备案期间网站能不能开", "備案期間能不能開網站", "怎么做网站备份", "?", "can I change the photo", "can i change photo"})
	if want := []int{0, 1, 0, 0, 1, 2, 3, 3}; !slices.Equal(got, want) {
		t.Errorf("groups %v, want %v", got, want)
	}
}

func TestClarity(t *testing.T) {
	lost := Conversation{Lost: 1}
	for _, c := range []struct {
		before, after Conversation
		reply         Reply
		want          Clarity
	}{
		{Conversation{}, Conversation{}, Reply{Topic: knowledge.Fees, Confidence: 0.97}, Understood},
		{Conversation{}, Conversation{}, Reply{Topic: knowledge.Fees, Confidence: 0.45}, Doubtful},
		{Conversation{}, lost, Reply{Topic: knowledge.Fees, Confidence: 0.9}, Unanswered},
		{Conversation{}, Conversation{}, Reply{Topic: knowledge.OutOfScope, Confidence: 0.99}, Unanswered},
		{Conversation{}, Conversation{}, Reply{}, Understood},
	} {
		if got := ClarityOf(c.before, c.after, c.reply); got != c.want {
			t.Errorf("%+v: %q, want %q", c.reply, got, c.want)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for b.Loop() {
		Mask("我叫欧阳建国,电话13912345678,请问个体户能不能在你们这里做论坛,laoli-shop.cn 已经在别处备过了")
	}
}
