package knowledge

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is one difference between two versions of the knowledge.
type Difference struct {
	Kind string // of thing: rule, answer, source, documentkind, examples …
	ID   string
	Op   string // + added, - removed, ~ changed
	// Field is what changed; empty where the whole thing came or went.
	Field    string
	Old, New string
	// Added and Removed are entries of a list: words, phrases, sources.
	Added, Removed []string
}

// thing is what has an id of its own, as fields and lists of text.
type thing struct {
	fields map[string]string
	lists  map[string][]string
}

type thingID struct{ kind, id string }

// Diff lists what changed from a to b, by kind and id. Both should be loaded for the same operator, whose name stands in the texts.
func Diff(a, b *Knowledge) []Difference {
	from, to := things(a), things(b)
	ids := map[thingID]bool{}
	for id := range from {
		ids[id] = true
	}
	for id := range to {
		ids[id] = true
	}
	var out []Difference
	for _, id := range slices.SortedFunc(maps.Keys(ids), func(x, y thingID) int {
		return cmp.Or(cmp.Compare(kindOrder(x.kind), kindOrder(y.kind)), cmp.Compare(x.kind, y.kind), cmp.Compare(x.id, y.id))
	}) {
		out = append(out, compare(id, from[id], to[id])...)
	}
	return out
}

func compare(id thingID, old, new *thing) (out []Difference) {
	switch {
	case old == nil:
		return []Difference{{Kind: id.kind, ID: id.id, Op: "+", New: new.gist()}}
	case new == nil:
		return []Difference{{Kind: id.kind, ID: id.id, Op: "-", Old: old.gist()}}
	}
	for _, field := range keysOf(old.fields, new.fields) {
		if o, n := old.fields[field], new.fields[field]; o != n {
			out = append(out, Difference{Kind: id.kind, ID: id.id, Op: "~", Field: field, Old: o, New: n})
		}
	}
	for _, field := range keysOf(old.lists, new.lists) {
		added, removed := without(new.lists[field], old.lists[field]), without(old.lists[field], new.lists[field])
		if len(added)+len(removed) > 0 {
			out = append(out, Difference{Kind: id.kind, ID: id.id, Op: "~", Field: field, Added: added, Removed: removed})
		}
	}
	return out
}

func keysOf[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func without(list, other []string) []string {
	in := map[string]bool{}
	for _, s := range other {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return in[s] })
}

// gist is the text that tells a thing best.
func (t *thing) gist() string {
	for _, field := range []string{"short.zh", "text.zh", "name.zh", "title.zh", "reason.zh", "addon.zh", "document", "name"} {
		if s := t.fields[field]; s != "" {
			return s
		}
	}
	return ""
}

// kinds are the things in the order in which an operator reads of them, in Chinese and English.
var kinds = [][3]string{{"source", "来源", "source"}, {"rule", "规则", "rule"}, {"documentkind", "材料", "document"}, {"topicfile", "话题", "topic"},
	{"answer", "回答", "answer"}, {"province", "省份", "province"}, {"filingtype", "备案类型", "filing type"}, {"subjecttype", "主体类型", "subject type"},
	{"statustext", "进度状态", "status"}, {"row", "判定行", "decision row"}, {"verdicttext", "结论", "verdict"}, {"fact", "判定事实", "decision fact"}, {"factvalue", "事实取值", "fact value"},
	{"factquestion", "追问", "question"}, {"suffix", "域名后缀", "suffix"}, {"registrar", "注册商", "registrar"}, {"cdn", "CDN", "CDN"}, {"conditiontext", "域名条件", "domain condition"},
	{"examplesfile", "问法", "example phrases"}, {"storiesfile", "说法", "stories"}, {"labelledfile", "标注", "labelled messages"}, {"wordclass", "同义词", "word class"}}

func kindOrder(kind string) int {
	return (slices.IndexFunc(kinds, func(k [3]string) bool { return k[0] == kind }) + len(kinds)) % len(kinds) // others last
}

// In says the change in words.
func (c Difference) In(lang Lang) string {
	say := func(zh, en string) string { return Text{ZH: zh, EN: en}.In(lang) }
	kind := c.Kind
	for _, k := range kinds {
		if k[0] == c.Kind {
			kind = say(k[1], k[2])
		}
	}
	name := kind + " " + c.ID
	switch {
	case c.Op == "+":
		return "+ " + name + say(":新增。", ": added. ") + c.New
	case c.Op == "-":
		return "- " + name + say(":删除。", ": removed. ") + c.Old
	case c.Added != nil || c.Removed != nil:
		s := "~ " + name + " " + c.Field + say(":", ":")
		if len(c.Added) > 0 {
			s += say(" 加了 ", " added ") + some(c.Added, lang)
		}
		if len(c.Removed) > 0 {
			s += say(" 去掉 ", " removed ") + some(c.Removed, lang)
		}
		return s
	}
	none := say("(空)", "(none)")
	return fmt.Sprintf("~ %s %s:\n    %s %s\n    %s %s", name, c.Field, say("原来:", "before:"), cmp.Or(c.Old, none), say("现在:", "now:"), cmp.Or(c.New, none))
}

// shownEntries is how many entries of a long list are told; the rest is counted.
const shownEntries = 8

func some(list []string, lang Lang) string {
	rest := len(list) - shownEntries
	if rest <= 0 {
		return strings.Join(list, " | ")
	}
	return strings.Join(list[:shownEntries], " | ") + Text{ZH: fmt.Sprintf(" … 还有 %d 个", rest), EN: fmt.Sprintf(" … and %d more", rest)}.In(lang)
}

// things takes all files apart.
func things(k *Knowledge) map[thingID]*thing {
	out := map[thingID]*thing{}
	for _, f := range k.files {
		if _, ok := f.value.(*labelledFile); ok {
			lines := strings.Split(strings.TrimSpace(string(f.raw)), "\n")
			open(out, thingID{"labelledfile", strings.TrimSuffix(f.name, ".jsonl")}).lists["messages"] = lines
			continue
		}
		v := reflect.ValueOf(f.value).Elem()
		id := strings.TrimSuffix(f.name, ".yaml")
		if x := v.FieldByName("ID"); x.IsValid() {
			id = x.String()
		} else if e, ok := f.value.(*examplesFile); ok {
			id = string(e.Topic)
		}
		take(out, open(out, thingID{strings.ToLower(v.Type().Name()), id}), "", id, v)
	}
	for id, t := range out { // a file that only holds other things is none itself
		if len(t.fields)+len(t.lists) == 0 {
			delete(out, id)
		}
	}
	return out
}

func open(out map[thingID]*thing, id thingID) *thing {
	t := &thing{fields: map[string]string{}, lists: map[string][]string{}}
	out[id] = t
	return t
}

// take puts a value into its thing; a part with an id or a name of its own becomes a thing.
func take(out map[thingID]*thing, t *thing, field, owner string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			take(out, t, field, owner, v.Elem())
		}
	case reflect.Struct:
		if p, ok := v.Interface().(Pattern); ok {
			t.fields[field] = p.String()
			return
		}
		for i := range v.NumField() {
			sf := v.Type().Field(i)
			if !sf.IsExported() {
				continue
			}
			name, flags, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
			if flags == "inline" {
				name = ""
			}
			take(out, t, join(field, name), owner, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			e := reflect.Indirect(v.Index(i))
			if id := nameOf(e); id != "" {
				kind := strings.ToLower(e.Type().Name())
				if kind == "factvalue" {
					id = owner + "." + id // values of different facts share their names
				}
				take(out, open(out, thingID{kind, id}), "", id, e)
				continue
			}
			flat := &thing{fields: map[string]string{}, lists: map[string][]string{}}
			take(out, flat, "", owner, e)
			t.lists[field] = append(t.lists[field], flat.String())
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			take(out, t, join(field, fmt.Sprint(key.Interface())), owner, v.MapIndex(key))
		}
	default:
		if !v.IsZero() {
			t.fields[field] = fmt.Sprint(v.Interface())
		}
	}
}

// nameOf is by what an entry of a list is known; "" for an entry that is only its content.
func nameOf(e reflect.Value) string {
	if e.Kind() != reflect.Struct {
		return ""
	}
	switch v := e.Interface().(type) {
	case Suffix:
		return v.Name
	case Registrar:
		if len(v.Names) > 0 {
			return v.Names[0]
		}
	case CDN:
		return v.Name.ZH
	default:
		if id := e.FieldByName("ID"); id.IsValid() {
			return id.String()
		}
	}
	return ""
}

func join(field, name string) string {
	if field == "" || name == "" {
		return field + name
	}
	return field + "." + name
}

// String is a part in one line, the same for the same content.
func (t *thing) String() string {
	if s, ok := t.fields[""]; ok {
		return s
	}
	var parts []string
	for _, f := range slices.Sorted(maps.Keys(t.fields)) {
		parts = append(parts, f+"="+t.fields[f])
	}
	for _, f := range slices.Sorted(maps.Keys(t.lists)) {
		parts = append(parts, f+"="+strings.Join(t.lists[f], "|"))
	}
	return strings.Join(parts, " ")
}
