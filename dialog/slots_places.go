package dialog

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"beianbot/knowledge"
)

// placeKind is what a word tells about places.
type placeKind uint8

const (
	kindProvince    placeKind = iota + 1 // names a province
	kindOverseas                         // a place or word for abroad, a server's only near a machine
	kindInland                           // a word for the mainland, likewise
	kindAbroadAlone                      // says that the server is abroad
	kindMainlandAlone
	kindMachine
	kindPlaced
	kindProvider
	kindNoPlace
)

type placeTag struct {
	kind     placeKind
	province knowledge.ProvinceID
	short    bool // a county's name without its suffix: see mentions
}

// gazetteer finds the subject's province and the server's side of the border.
type gazetteer struct {
	words  dictionary[placeTag]
	region *knowledge.Regions
	plates map[rune]knowledge.ProvinceID
}

func newGazetteer(k *knowledge.Knowledge, names []placeName) *gazetteer {
	g := &gazetteer{words: newDictionary[placeTag](len(names)), region: &k.Regions, plates: map[rune]knowledge.ProvinceID{}}
	for _, n := range names {
		if utf8.RuneCountInString(n.word) == 1 {
			r, _ := utf8.DecodeRuneInString(n.word)
			g.plates[r] = n.province
			continue
		}
		g.words.add(n.word, placeTag{kindProvince, n.province, n.rank == rankShort})
	}
	latin := spellings(names)
	for w, id := range k.Regions.Spelt {
		latin[w] = id
	}
	for _, w := range sortedKeys(latin) {
		g.words.add(w, placeTag{kind: kindProvince, province: latin[w]})
	}
	r := k.Regions
	for _, list := range []struct {
		kind  placeKind
		words []string
	}{{kindOverseas, r.Overseas}, {kindInland, r.Inland}, {kindAbroadAlone, r.Abroad}, {kindMainlandAlone, r.Mainland}, {kindMachine, r.Machine},
		{kindPlaced, r.Placed}, {kindProvider, r.Providers}, {kindNoPlace, r.NotPlaces}} {
		for _, w := range list.words {
			g.words.add(w, placeTag{kind: list.kind})
		}
	}
	return g
}

// inNames is how characters sound in names of places, where the dictionary's first reading is another one.
var inNames = map[rune]string{'都': "du", '长': "chang", '重': "chong", '佛': "fo", '厦': "xia", '番': "pan", '藏': "zang",
	'陕': "shaan"} // as the province is written in Latin letters, to tell it from 山西

// spell writes a Chinese name in Latin letters (深圳 → shenzhen), without 省 and 市; "" when it is not Chinese.
func spell(w string) string {
	w = strings.TrimRight(w, "省市区")
	snd := allSounds()
	var b strings.Builder
	for _, r := range w {
		sound := inNames[r]
		if sound == "" && isHan(r) {
			sound = snd.names[snd.exact[r-hanFirst]]
		}
		if sound == "" {
			return ""
		}
		b.WriteString(sound)
	}
	return b.String()
}

// mention is a word about places in a text; start and end are runes.
type mention struct {
	start, end int
	tags       []placeTag
}

func (m mention) has(k placeKind) bool {
	return slices.ContainsFunc(m.tags, func(t placeTag) bool { return t.kind == k })
}

func (m mention) province() knowledge.ProvinceID {
	for _, t := range m.tags {
		if t.kind == kindProvince {
			return t.province
		}
	}
	return ""
}

func (g *gazetteer) mentions(runes []rune) []mention {
	var out []mention
	for i := 0; i < len(runes); {
		if g.region.Cuts(runes, i) {
			i++
			continue
		}
		if tags, n := g.words.longest(runes, i); n > 0 {
			if tags[0].short && g.crossed(runes, i, n) {
				i++
				continue
			}
			if tags[0].kind != kindNoPlace {
				out = append(out, mention{i, i + n, tags})
			}
			i += n
			continue
		}
		if id, ok := g.plates[runes[i]]; ok && plateHere(runes, i) {
			out = append(out, mention{i, i + 1, []placeTag{{kind: kindProvince, province: id}}})
		}
		i++
	}
	return out
}

// named are the stretches of a text that name a place, but for single characters.
func (g *gazetteer) named(runes []rune) []span {
	var out []span
	for _, m := range g.mentions(runes) {
		if m.province() != "" && m.end-m.start > 1 {
			out = append(out, span{m.start, m.end})
		}
	}
	return out
}

// crossed reports that a greater place begins inside a name and ends after it: 山西 in 对方山西的.
func (g *gazetteer) crossed(runes []rune, at, n int) bool {
	for i := at + 1; i < at+n; i++ {
		if tags, m := g.words.longest(runes, i); i+m > at+n && !tags[0].short {
			return true
		}
	}
	return false
}

var (
	plateAfter  = regexp.MustCompile(`^(?:icp|[a-z](?:$|[^a-z])|籍|牌照?|户口|省|a[0-9])`)
	plateBefore = regexp.MustCompile(`(?:^|[,. ]|那|在|驻|赴|来|我们|我是|非)$`)
	plateEnd    = regexp.MustCompile(`^(?:呢|企|这边|那边|管局|注册|的?(?:要求|规定|规则|政策|备案|公司|企业|个人|特殊)|[的]?[?!.]*$)`)
)

// plateHere reports whether the single character that a licence plate begins with stands for its province: 粤B, 鲁ICP备, 闽的要求, 那粤呢.
func plateHere(runes []rune, i int) bool {
	before, after := string(runes[max(0, i-4):i]), string(runes[i+1:min(len(runes), i+6)])
	if plateAfter.MatchString(after) {
		return !strings.HasSuffix(before, "东") && (len(runes) < i+2 || runes[i+1] < 'a' || plateBefore.MatchString(before) || strings.HasPrefix(after, "icp") || !isHan(runes[max(0, i-1)]))
	}
	return runes[i] != '新' && plateBefore.MatchString(before) && plateEnd.MatchString(after) // 新公司 is a new one
}

// places are what a text tells about places.
type places struct {
	province, denied knowledge.ProvinceID
	rival            knowledge.ProvinceID // named in one breath with province: 北京或者上海
	card             knowledge.ProvinceID // where an identity card is from
	notCard          knowledge.ProvinceID // where it is not from: 身份证不是重庆的
	server           knowledge.ServerLocation
	deniedServer     knowledge.ServerLocation
	spans            []span
}

var (
	machineAfter = regexp.MustCompile(`^(?:的|云|这边的|那边的|这边|那边|本地|那台|地区|区|当地|市|省|线路|海外|境外|国内|高防|cn2|bgp|普通|那种|两边|和.{2,4}都|电信|联通|移动|轻量|应用|独立|虚拟|物理| |cloud|based|-)*(?:服务器|机房|主机|节点|机器|vps|云主机|ecs|机子|空间|可用区|数据中心|独服|服务商|server|nodes?(?:$|[^a-z])|hosting|host(?:$|[^a-z])|data ?cent|region|instance|idc|vm(?:$|[^a-z])|droplet|cdn|云服务|ip(?:$|[^a-z]))`)
	machineWords = regexp.MustCompile(`服务器|主机|机房|机器|节点|云|vps|server|host|machine|cloud`)
	machineHere  = regexp.MustCompile(`(?:服务器|主机|机房|机器|机子|vps|ecs|节点|空间|server|instance|droplet|hosting|machine|cdn|idc|数据中心|vm|后台|后端|backend|[一两二三四五六几这那每租买了0-9]台|ip)s?[^,.;!?]{0,10}$|(?:server|node|instance|machine|hosting|box|vps|rack|droplet|website|site|everything)(?:'?s)? (?:with you |of yours |from you )?(?:now |currently |still |all |already )*(?:is |are |stands? |sits? |lives? |runs? |stays? |located |hosted |placed |kept )*(?:on [a-z]+ )?(?:in|at) (?:a |the |your )?(?:rack |data ?cent(?:er|re) )?(?:in )?$`)
	siteHere     = regexp.MustCompile(`(?:网站|站|程序|数据|业务|项目|系统|博客|商城|代码|\b(?:site|website|blog|shop|app|it|everything)\b)`)
	hostedHere   = regexp.MustCompile(`(?:放在?到?|部署在?到?|托管在?到?|架设?在|跑在|搭建?在|挂在|host(?:ed|ing)? (?:it |my site |our site |the site |them )?(?:in|on|at|by|with)|deployed? (?:in|on|to|at)|run(?:s|ning)? (?:in|on))[^,.;!?]{0,4}$`)
	movedHere    = regexp.MustCompile(`(?:搬到|搬去|搬回|搬来|迁到|迁回|迁移到|转到|挪到|租在|租的是?|租了|买在|买的是?|买了|用的是?|用|换到|换成|落在|moved?(?:ing)? (?:it |my site |our site |everything )?(?:back )?to|migrated? to|located in|sits in|using|use|on)[^,.;!?]{0,6}$`)
	// machineSaid is a clause about a machine, and andThere goes on from it with the place alone: 机器也是你们的,在北京.
	machineSaid = regexp.MustCompile(`(?:服务器|主机|机房|机器|机子|云主机|vps|ecs|server|machine|hosting|box|instance)[^,.;!?]*[,.;] ?$`)
	andThere    = regexp.MustCompile(`^ ?(?:(?:它|就|都|也|是|放|摆|托管|架)*(?:在|位于|是)|(?:and |it'?s |it is |they'?re |they are |which is |that is |located |hosted |based |all |over )*(?:in|at|near) (?:the )?(?:your )?)$`)
	// subjectCut ends the words about a machine: what follows it is about somebody.
	subjectCut = regexp.MustCompile(`公司|企业|个人|我们是|我们|我是|我在|人在|单位|注册在|注册|户口|户籍|身份证|company|based in|based|registered in|registered|individual|i am|i'm|we are|客户|用户|访客|visitors|customers|备案`)

	idHere     = regexp.MustCompile(`(?:户口是?在?|户籍是?在?|身份证是?在?|籍贯是?|老家是?在?|hukou (?:is )?(?:in|from)|id (?:card )?(?:is )?from)[^,.;!?]{0,2}$`)
	idAfter    = regexp.MustCompile(`^(?:的|省|市|本地|那边的)*(?:户口|户籍|身份证|籍|老家|人$|人(?:在|来|现|目前)|hukou|id card|id )`)
	otherHere  = regexp.MustCompile(`(?:不像|比起|比|跟|和|与|问了|人家|听说|朋友|同行|别人|从|原来在|原先在|以前在|之前在|than|unlike|from)[^,.;!?]{0,1}$`)
	otherAfter = regexp.MustCompile(`^(?:那边)?(?:的)?(?:朋友|同行|别人|同事|客服|搬|迁|转)`)
	ownHere    = regexp.MustCompile(`(?:我们是?在?|我是|我在|我人在|人在|公司在|公司是|单位在|单位是|注册在|开在|位于|我司在|咱|based in|we are in|we are the|we're the|i am in|i'm in|i live in|registered in|located in)[^,.;!?]{0,2}$`)
	ownAfter   = regexp.MustCompile(`^(?:省|市|这边|这里|本地|当地|那边|地区)*(?:的|一家|某|一个|有家)*(?:公司|企业|个人|个体|子公司|律所|律师|事业单位|协会|商会|基金会|学校|医院|单位|小公司|有限|管局|通信管理|工厂|街道|代表处|company|enterprise|firm|individual|resident|llc)`)
	// registeredHere says outright where the subject is; a subsidiary is the subject, whoever owns it, and somebody's parent, owner or office is not.
	registeredHere  = regexp.MustCompile(`(?:注册地?址?(?:是|在|于)|登记(?:地|是|在|于)+|执照(?:其实|实际|实际上|真正|上)*(?:是|在|上|办的|注册)+|主体(?:公司|单位)?(?:是|在|为)+|registered (?:in|at)|incorporated in)[^,.;!?、]{0,3}$`)
	subsidiaryAfter = regexp.MustCompile(`^(?:这边|那边)?的?(?:全资|控股|外资|合资)?子公司|^ (?:subsidiary|entity)`)
	parentHere      = regexp.MustCompile(`(?:母公司|总公司|总部|集团|老板|股东|投资方|法人|head ?(?:quarters?|office)|parent(?: company)?|hq)(?: ?is| ?are|也|都|设|在|是| in| based)*[^,.;!?、]{0,1}$`)
	parentAfter     = regexp.MustCompile(`^ ?(?:那边)?的?(?:母公司|总公司|总部|集团|老板|股东|投资|hq|parent|head ?office|headquarters)`)
	officeHere      = regexp.MustCompile(`(?:办公室|办事处|办公(?:地点|地址)?|门店|分店|分公司|仓库|工厂|office|branch|warehouse)(?: ?is| ?are|也|都|设|在|是| in)+ ?$`)
	officeAfter     = regexp.MustCompile(`^ ?的?(?:办公|办事处|门店|分店|仓库|分公司|分部|office|branch)`)
	// headsOrigin is where a person in charge is from, which is not where the subject is: 负责人是台湾人.
	headsOrigin   = regexp.MustCompile(`(?:负责人|法人|法定代表人|代表人?|老板|股东|站长)(?:是|为|系|也是)$`)
	usesPass      = regexp.MustCompile(`^(?:证|通行证)`)
	originWord    = regexp.MustCompile(`^(?:台商|台企|台胞|台籍|港人|港籍|香港籍|澳门籍)$`)
	movedTo       = regexp.MustCompile(`(?:搬|迁|迁移|转移|挪)(?:到|至|去|来|回)了?$|(?:moved|relocated|moving) (?:it |us |our company )?to $`)
	customersHere = regexp.MustCompile(`(?:客户|用户|访客|合伙人|customers?|clients?|users|visitors)[^,.;!?]{0,8}$`)
	// othersHere is about somebody else's case altogether: 人家广州那家公司.
	othersHere   = regexp.MustCompile(`(?:人家|别人家?|同行|隔壁)(?:的|家|是|在|那边)*$`)
	subjectNear  = regexp.MustCompile(`公司|企业|居民|同胞|身份|个人|注册|户口|户籍|护照|回乡证|通行证|人士|法人|主体|人$|人,|人来|人在|是.{0,2}人|籍|要求|规定|规则|材料|资料|政策|company|resident|citizen|enterprise|national|passport|rules|requirement|document|registered|based`)
	notThere     = regexp.MustCompile(`(?:不在|不是|没有?放?在?|没用|不用|不放在?|未在|并非|不算|非|not in|not on|not hosted in|isn't in|not|no longer in|outside|outside of)[^,.;!?a-z]{0,2}(?:the )?$`)
	notWords     = regexp.MustCompile(`^不在|^not in`)
	moveAway     = regexp.MustCompile(`(?:从|原来|原先|之前|以前|本来|from)[^,.;!?]{0,8}$`)
	notAsked     = regexp.MustCompile(`^(?:的)?(?:总部|分部|分公司|办公室|办事处|客服|电话|门店|域名|注册商|注册的|买的域名|手机|号码|身份|客户|用户|访客|访问|漫游|出差|旅游|支付|牌照|商标|网站买|公司|企业|人|国籍|domain|registrar|customers|users|company|citizen|national|phone|number)`)
	somebodyHere = regexp.MustCompile(`(?:人|我|法人|负责人|客户|用户|访客|公司|总部|老板|域名|注册|买|customers|users|visitors|company|live|i am|i'm)[^,.;!?]{0,3}在?$`)
)

// clauseAround gives the text of the clause before start and after end.
func clauseAround(runes []rune, start, end int) (before, after string) {
	from, to := start, end
	for from > 0 && start-from < 40 && !strings.ContainsRune(",.;!?", runes[from-1]) {
		from--
	}
	for to < len(runes) && to-end < 24 && !strings.ContainsRune(",;!?", runes[to]) {
		to++
	}
	return string(runes[from:start]), string(runes[end:to])
}

// atServer reports whether a place is where a machine stands: a provider right before it, a machine right after it, or a machine or site that is said
// to be there. A person or body between the two makes it the subject's place.
func atServer(m mention, all []mention, runes []rune, before, after string) bool {
	for _, p := range all {
		if p.end <= m.start && m.start-p.end <= 2 && (p.has(kindProvider) && strings.Trim(string(runes[p.end:m.start]), "的云在 用") == "") {
			return true
		}
	}
	if machineAfter.MatchString(after) && !(strings.HasPrefix(after, " ") && ownHere.MatchString(before)) { // 公司在深圳 服务器在香港: the space is a pause
		return true
	}
	if andThere.MatchString(before) {
		if said := machineSaid.FindString(string(runes[:m.start-utf8.RuneCountInString(before)])); said != "" && !subjectCut.MatchString(said) {
			return true
		}
	}
	if cut := subjectCut.FindAllStringIndex(before, -1); cut != nil {
		before = before[cut[len(cut)-1][1]:]
	}
	if machineHere.MatchString(before) && !strings.Contains(before, "域名") {
		return true
	}
	if hostedHere.MatchString(before) {
		return true
	}
	whole, _ := clauseAround(runes, m.start, m.end)
	return movedHere.MatchString(before) && siteHere.MatchString(whole)
}

// placed is a mention with what it is taken for.
type placed struct {
	mention
	id      knowledge.ProvinceID
	role    role
	score   int // what speaks for the subject's place
	side    knowledge.ServerLocation
	denied  bool // the machine is not there, or the subject (with roleSettled)
	left    bool // the machine is moved away from there
	card    bool // an identity card is from there
	notCard bool // an identity card is not from there
	counts  bool // a word about places, whatever its role
}

// read finds the places of a normalised text.
func (g *gazetteer) read(runes []rune, stated *roles) places {
	found := g.found(runes)
	if stated != nil && len(found) > 0 {
		s := surround(runes)
		for i := range found {
			p := &found[i]
			if !alone(runes, p.mention) {
				p.become(stated.of(s, p.noticed()), runes)
			}
		}
	}
	return g.sum(found, runes)
}

// saidOfMachine is how much speaks for a place that a machine is said to be at; where only no subject is near, nothing does.
const saidOfMachine = 3

// found are the places of a text with what the expressions take them for.
func (g *gazetteer) found(runes []rune) []placed {
	all := g.mentions(runes)
	var out []placed
	for _, m := range all {
		if p, ok := g.take(m, all, runes); ok {
			out = append(out, p)
		}
	}
	return out
}

// noticed is a place as the model sees it.
func (p placed) noticed() noticed {
	m := noticed{start: p.start, end: p.end, said: p.role, score: p.score}
	switch {
	case p.id.NoFiling():
		m.what = 1
	case p.id != "":
		m.what = 2
	case p.has(kindOverseas):
		m.what = 3
	case p.has(kindAbroadAlone):
		m.what = 4
	}
	return m
}

// become gives a mention another role; only a province can be the subject's.
func (p *placed) become(r role, runes []rune) {
	if r == p.role || r == roleSubject && p.id == "" {
		return
	}
	p.role, p.counts = r, true
	if r == roleServer {
		before, _ := clauseAround(runes, p.start, p.end)
		p.left = moveAway.MatchString(before) && !movedTo.MatchString(before)
	}
}

// take says by expressions what a mention is; false for one that is none of a place.
func (g *gazetteer) take(m mention, all []mention, runes []rune) (placed, bool) {
	before, after := clauseAround(runes, m.start, m.end)
	p := placed{mention: m, id: m.province(), side: knowledge.Mainland, counts: true}
	abroad := m.has(kindOverseas) || p.id.NoFiling()
	if abroad || m.has(kindAbroadAlone) {
		p.side = knowledge.Overseas
	}
	server := func(denies bool) (placed, bool) {
		p.role, p.denied = roleServer, denies && notThere.MatchString(before)
		p.left = moveAway.MatchString(before) && !movedTo.MatchString(before)
		return p, true
	}
	switch {
	case m.has(kindAbroadAlone) && somebodyHere.MatchString(before) && !machineWords.MatchString(before) && notWords.MatchString(string(runes[m.start:m.end])):
		p.counts = false
		return p, true // 负责人不在大陆: a person is not there
	case m.has(kindAbroadAlone) || m.has(kindMainlandAlone):
		return server(true)
	case p.id == "" && !abroad && !m.has(kindInland):
		return p, false
	case headsOrigin.MatchString(before) && strings.HasPrefix(after, "人") || originWord.MatchString(string(runes[m.start:m.end])) && usesPass.MatchString(after):
		return p, true
	case atServer(m, all, runes, before, after) && !notAsked.MatchString(after):
		p.score = saidOfMachine
		return server(m.has(kindInland) || abroad)
	case p.id == "":
		if abroad && alone(runes, m) {
			return server(false)
		}
		p.counts = false
		return p, true
	case abroad && !subjectNear.MatchString(before+"·"+after) && !alone(runes, m) && !somebodyHere.MatchString(before):
		if notAsked.MatchString(after) {
			p.counts = false
			return p, true
		}
		return server(false)
	case cardNotHere.MatchString(before):
		p.role, p.notCard = roleSettled, true
	case negatedBefore.MatchString(before):
		p.role, p.denied = roleSettled, true
	case othersHere.MatchString(before):
	default:
		p.role = roleSubject
	}
	if p.id != "" {
		p.score, p.card = subjectPlace(string(runes[m.start:m.end]), before, after)
		p.card = p.card && p.role == roleSubject
	}
	return p, true
}

// sum makes one reading of the mentions of a text.
func (g *gazetteer) sum(found []placed, runes []rune) places {
	var out places
	best, bestEnd := -100, 0
	var servers []placed
	for _, p := range found {
		if p.counts {
			out.spans = append(out.spans, span{p.start, p.end})
		}
		if p.card && p.role != roleServer {
			out.card = p.id
		}
		switch {
		case p.role == roleServer:
			if p.denied {
				out.deniedServer = p.side
				p.side = otherSide(p.side)
			}
			servers = append(servers, p)
		case p.notCard:
			out.notCard = p.id
			if best < -4 {
				best, bestEnd, out.province = -4, p.end, p.id
			}
		case p.role == roleSettled:
			out.denied = p.id
		case p.role == roleSubject:
			if out.province != "" && out.province != p.id && bestEnd <= p.start && oneBreath.MatchString(string(runes[bestEnd:p.start])) {
				out.rival, out.spans = p.id, append(out.spans, span{bestEnd, p.start})
				continue
			}
			if p.score > best {
				best, bestEnd, out.province, out.rival = p.score, p.end, p.id, ""
			}
		}
	}
	for i, s := range servers {
		if s.left && len(servers) > 1 {
			continue
		}
		// Where machines stand on both sides, the mainland one decides; of a statement and a later one, the later.
		if out.server == "" || out.server == knowledge.Overseas && s.side == knowledge.Mainland || i > 0 && servers[i-1].left {
			out.server = s.side
		}
	}
	if out.province == out.denied {
		out.province = ""
	}
	return out
}

// subjectPlace says how likely a place is the subject's, to choose among several, and whether somebody's card is from there.
func subjectPlace(word, before, after string) (score int, card bool) {
	if registeredHere.MatchString(before) {
		score += 4
	}
	if subsidiaryAfter.MatchString(after) {
		score += 4
	}
	parent, office := parentHere.MatchString(before), officeHere.MatchString(before)
	if parent || parentAfter.MatchString(after) || originWord.MatchString(word) {
		score -= 3
	}
	if office || officeAfter.MatchString(after) {
		score -= 4
	}
	if ownHere.MatchString(before) && !parent && !office { // 总公司在 ends in 公司在
		score += 3
	}
	if movedTo.MatchString(before) {
		score += 2
	}
	if customersHere.MatchString(before) {
		score -= 2
	}
	if ownAfter.MatchString(after) {
		score += 2
	}
	if idHere.MatchString(before) || idAfter.MatchString(after) {
		score -= 4
		card = true
	}
	if otherHere.MatchString(before) || otherAfter.MatchString(after) {
		score -= 3
	}
	return score, card
}

// cardNotHere is about somebody's card or home, not about where the filing is.
var cardNotHere = regexp.MustCompile(`(?:身份证|户口|户籍|籍贯|证件|id card|id)[^,.;!?]{0,3}(?:不是在?|并非|不在|非| is not from| isn't from| not from)\s*(?:the )?$`)

// oneBreath is what stands between two provinces of which neither is put first.
var oneBreath = regexp.MustCompile(`^(?:省|市)?(?: ?(?:或者?|还是|和|跟|与|以及|/|or|and|,) ?)?$`)

var negatedBefore = regexp.MustCompile(`(?:不是在?|并非|不在|not in|not from|isn't in|not)\s*(?:the )?$`)

func otherSide(s knowledge.ServerLocation) knowledge.ServerLocation {
	if s == knowledge.Mainland {
		return knowledge.Overseas
	}
	return knowledge.Mainland
}

var aloneRest = regexp.MustCompile(`^(?:[,.!?~ ]|那|在|的|呢|是|放|就|啊|吧|要是|如果|换成|换|改成|改|不对|应该是|我说错了|不是|what about|how about|and|in|it's|its|the|for|then|if|a|from)*$`)

// alone reports whether a text is little more than the place.
func alone(runes []rune, m mention) bool {
	return aloneRest.MatchString(string(runes[:m.start])) && aloneRest.MatchString(string(runes[m.end:]))
}
