package knowledge

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed data
var embedded embed.FS

// Embedded is the knowledge built into the program.
func Embedded() fs.FS {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Operator is what the texts' placeholders {operator}, {phone}, {filing_system} and {hours} are filled with.
type Operator struct {
	Name            string
	Phone           string
	FilingSystemURL string
	Hours           Text // in words, as a customer reads them
}

// Options say how to load a folder.
type Options struct {
	Operator Operator
	// Today decides which review dates have passed; zero means that none has.
	Today time.Time
}

// Knowledge is all that the bot knows: one immutable value, loaded whole or not at all. A turn sees one Knowledge from start to end.
type Knowledge struct {
	Sources      map[SourceID]*Source
	Topics       map[Topic]*TopicFile
	Examples     map[Topic][]string
	Stories      map[FilingTypeID][]string // messages that mean a filing type without its words; under "" those that mean none
	Labelled     []LabelledMessage         // by no order that matters
	Provinces    []*Province               // by id
	FilingTypes  map[FilingTypeID]*FilingType
	SubjectTypes map[SubjectTypeID]*SubjectType
	National     []Rule // rules of no one province, type or subject
	Documents    map[DocumentID]*DocumentKind
	// DocumentOrder is the order in which checklists show documents: that of the catalogue.
	DocumentOrder map[DocumentID]int
	Statuses      map[Status]*StatusText
	Sentences     *Sentences
	Acts          Acts
	Asking        Asking
	Regions       Regions
	Counties      Counties
	Slips         Slips
	Synonyms      Synonyms
	Cues          []Cue
	Decision      Decision
	Domain        Domain

	provinces map[ProvinceID]*Province
	rules     map[RuleID]*Rule
	ruleFacts []FactID
	operator  Operator
	files     []*file
}

// Version is twelve hexadecimal digits that change with any of the files: for /readyz and metrics, to see what a program answers from.
func (k *Knowledge) Version() string {
	files := slices.SortedFunc(slices.Values(k.files), func(a, b *file) int { return strings.Compare(a.name, b.name) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%d\x00%s", f.name, len(f.raw), f.raw)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Files gives every file by its name, as it is written; the bytes are not to be changed.
func (k *Knowledge) Files() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, f := range k.files {
			if !yield(f.name, f.raw) {
				return
			}
		}
	}
}

// RuleFacts are the facts that limit any rule: what a document list depends on beyond filing type, subject type and province.
func (k *Knowledge) RuleFacts() []FactID { return k.ruleFacts }

// Line is where the value at a path of keys and indexes stands in a knowledge file: Line("examples/fees.yaml", "phrases", 3). 0 when there is no such file.
func (k *Knowledge) Line(name string, at ...any) int {
	for _, f := range k.files {
		if f.name == name {
			return f.line(at)
		}
	}
	return 0
}

// Province finds a province by id; nil when there is none.
func (k *Knowledge) Province(id ProvinceID) *Province { return k.provinces[id] }

// Rule finds a rule by id; nil when there is none.
func (k *Knowledge) Rule(id RuleID) *Rule { return k.rules[id] }

// Operator is who runs this bot.
func (k *Knowledge) Operator() Operator { return k.operator }

// file is one decoded knowledge file; its nodes are parsed only when a finding needs a line.
type file struct {
	name  string
	raw   []byte
	value any // pointer to the decoded struct
	// partial says that a key or value could not be read: what is missing may only be misspelt.
	partial bool

	once sync.Once
	root *yaml.Node
}

// line is where the value at a path of keys (string) and indexes (int) stands; the nearest line known when the path is not in the file.
func (f *file) line(at []any) int {
	line, _ := f.find(at)
	return line
}

// find gives the line of a path and its value; nil when the path is not in the file.
func (f *file) find(at []any) (int, *yaml.Node) {
	f.once.Do(func() {
		var doc yaml.Node
		if yaml.Unmarshal(f.raw, &doc) == nil && len(doc.Content) == 1 {
			f.root = doc.Content[0]
		}
	})
	n := f.root
	if n == nil {
		return 0, nil
	}
	line := n.Line
	for _, step := range at {
		var next *yaml.Node
		switch s := step.(type) {
		case string:
			for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
				if n.Content[i].Value == s {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && s < len(n.Content) {
				next = n.Content[s]
				line = next.Line
			}
		}
		if next == nil {
			return line, nil
		}
		n = next
	}
	return line, n
}

type loader struct {
	fsys     fs.FS
	mu       sync.Mutex
	findings Findings
	files    []*file
	broken   map[string]bool // files that could not be read
}

func (l *loader) report(f Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.findings = append(l.findings, f)
}

func (l *loader) unreadable(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken[name] = true
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// decode reads one file strictly: an unknown or repeated key is an error with its line.
func decode[T any](l *loader, name string) *T {
	v := new(T)
	raw, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.unreadable(name)
		l.report(Finding{File: name, Severity: Error, Message: "cannot be read: " + reason(err)})
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	err = dec.Decode(v)
	if err != nil && !l.misread(name, err) || !l.ended(name, dec) {
		l.unreadable(name)
		return nil
	}
	f := &file{name: name, raw: raw, value: v, partial: err != nil}
	l.mu.Lock()
	l.files = append(l.files, f)
	l.mu.Unlock()
	return v
}

// misread reports why a file is not as it should be, and whether the rest of it can still be checked: with a wrong key or value it can; not where it is no YAML at
// all, or the decoder left a part out.
func (l *loader) misread(name string, err error) bool {
	messages := []string{err.Error()}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		messages = te.Errors
	}
	for _, m := range messages {
		f := Finding{File: name, Severity: Error, Message: m}
		if p := yamlLine.FindStringSubmatch(m); p != nil {
			f.Line, _ = strconv.Atoi(p[1])
			f.Message = p[2]
		}
		f.Message = plainYAML(f.Message)
		if te == nil && m != "EOF" {
			f.Message += ": look at quotes, brackets and the spaces before the words, here and in the lines above"
		}
		l.report(f)
	}
	return te != nil && !slices.ContainsFunc(te.Errors, repeatedKey.MatchString)
}

// ended holds that nothing stands behind the document: the decoder would pass a second one over in silence.
func (l *loader) ended(name string, dec *yaml.Decoder) bool {
	var next yaml.Node
	switch err := dec.Decode(&next); {
	case errors.Is(err, io.EOF):
		return true
	case err != nil:
		l.misread(name, err)
	default:
		l.report(Finding{File: name, Line: next.Line, Severity: Error, Message: "a second document begins here (---), and nothing from here on is read: take the line away"})
	}
	return false
}

var (
	unknownField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	repeatedKey  = regexp.MustCompile(`mapping key "(\S+)" already defined at line (\d+)$`)
	wrongKind    = regexp.MustCompile("^cannot unmarshal !!\\w+(?: `(.*)`)? into (\\S+)$")
)

// plainYAML turns the decoder's words into an operator's.
func plainYAML(m string) string {
	if p := unknownField.FindStringSubmatch(m); p != nil {
		return fmt.Sprintf("unknown key %q", p[1])
	}
	if p := repeatedKey.FindStringSubmatch(m); p != nil {
		return fmt.Sprintf("key %q stands twice; the first is in line %s", p[1], p[2])
	}
	if p := wrongKind.FindStringSubmatch(m); p != nil {
		want := "another kind of value"
		switch {
		case p[2] == "knowledge.Text":
			want = "{zh: …, en: …}"
		case strings.HasPrefix(p[2], "[]"):
			want = "a list, [a, b] or lines that begin with -,"
		case p[2] == "bool":
			want = "true or false"
		case p[2] == "int":
			want = "a number"
		case strings.HasPrefix(p[2], "map["), strings.HasPrefix(p[2], "knowledge."):
			want = "keys with values, as in the files beside it,"
		}
		return strings.Replace(fmt.Sprintf("%q stands where %s belongs", p[1], want), `"" stands`, "something stands", 1)
	}
	if m == "EOF" {
		return "the file is empty"
	}
	return m
}

func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// section is one kind of file: where it lies and what to do with it.
type section struct {
	pattern string // path.Match pattern
	need    bool   // at least one file must be there
	read    func(l *loader, name string, k *Knowledge)
}

// one makes a section of a type of file and of what to keep of it. keep runs under the loader's lock.
func one[T any](pattern string, need bool, keep func(k *Knowledge, v *T)) section {
	return section{pattern: pattern, need: need, read: func(l *loader, name string, k *Knowledge) {
		if v := decode[T](l, name); v != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			keep(k, v)
		}
	}}
}

type (
	sourcesFile struct {
		Sources []Source `yaml:"sources" lint:"required"`
	}
	documentsFile struct {
		ReviewBy  Date           `yaml:"review_by" lint:"required"`
		Documents []DocumentKind `yaml:"documents" lint:"required"`
	}
	statusesFile struct {
		ReviewBy Date         `yaml:"review_by" lint:"required"`
		Statuses []StatusText `yaml:"statuses" lint:"required"`
	}
	nationalFile struct {
		ReviewBy Date   `yaml:"review_by" lint:"required"`
		Rules    []Rule `yaml:"rules" lint:"required"`
	}
	examplesFile struct {
		Topic   Topic    `yaml:"topic" lint:"required"`
		Phrases []string `yaml:"phrases" lint:"required"`
	}
	storiesFile struct {
		FilingType FilingTypeID `yaml:"filing_type"` // not given in none.yaml
		Phrases    []string     `yaml:"phrases" lint:"required"`
	}
)

var sections = append([]section{
	one("sources.yaml", true, func(k *Knowledge, v *sourcesFile) {
		for i := range v.Sources {
			k.Sources[v.Sources[i].ID] = &v.Sources[i]
		}
	}),
	one("national.yaml", true, func(k *Knowledge, v *nationalFile) { k.National = v.Rules }),
	one("statuses.yaml", true, func(k *Knowledge, v *statusesFile) {
		for i := range v.Statuses {
			k.Statuses[v.Statuses[i].ID] = &v.Statuses[i]
		}
	}),
	one("sentences.yaml", true, func(k *Knowledge, v *Sentences) { k.Sentences = v }),
	one("documents.yaml", true, func(k *Knowledge, v *documentsFile) {
		for i := range v.Documents {
			d := &v.Documents[i]
			k.DocumentOrder[d.ID] = i
			k.Documents[d.ID] = d
		}
	}),
	one("topics/*.yaml", true, func(k *Knowledge, v *TopicFile) { k.Topics[v.ID] = v }),
	one("examples/*.yaml", true, func(k *Knowledge, v *examplesFile) { k.Examples[v.Topic] = append(k.Examples[v.Topic], v.Phrases...) }),
	one("stories/*.yaml", false, func(k *Knowledge, v *storiesFile) {
		k.Stories[v.FilingType] = append(k.Stories[v.FilingType], v.Phrases...)
	}),
	{pattern: "labelled/*.jsonl", read: readLabelled},
	one("provinces/*.yaml", true, func(k *Knowledge, v *Province) { k.Provinces = append(k.Provinces, v) }),
	one("filing_types/*.yaml", true, func(k *Knowledge, v *FilingType) { k.FilingTypes[v.ID] = v }),
	one("subject_types/*.yaml", true, func(k *Knowledge, v *SubjectType) { k.SubjectTypes[v.ID] = v }),
	one("vocabulary/acts.yaml", true, func(k *Knowledge, v *Acts) { k.Acts = *v }),
	one("vocabulary/asking.yaml", true, func(k *Knowledge, v *Asking) { k.Asking = *v }),
	one("vocabulary/regions.yaml", true, func(k *Knowledge, v *Regions) { k.Regions = *v }),
	one("vocabulary/counties.yaml", true, func(k *Knowledge, v *Counties) { k.Counties = *v }),
	one("vocabulary/slips.yaml", true, func(k *Knowledge, v *Slips) { k.Slips = *v }),
	one("vocabulary/synonyms.yaml", true, func(k *Knowledge, v *Synonyms) { k.Synonyms = *v }),
	one("vocabulary/cues.yaml", true, func(k *Knowledge, v *cuesFile) { k.Cues = v.Cues }),
}, append(decisionSections, domainSections...)...)

// Load reads and checks a folder. With any error it returns no knowledge and a *LintError that lists every one; warnings come beside the knowledge.
func Load(fsys fs.FS, opt Options) (*Knowledge, Findings, error) {
	k := &Knowledge{
		Sources: map[SourceID]*Source{}, Topics: map[Topic]*TopicFile{}, Examples: map[Topic][]string{}, Stories: map[FilingTypeID][]string{},
		FilingTypes: map[FilingTypeID]*FilingType{}, SubjectTypes: map[SubjectTypeID]*SubjectType{},
		Documents: map[DocumentID]*DocumentKind{}, DocumentOrder: map[DocumentID]int{}, Statuses: map[Status]*StatusText{},
		provinces: map[ProvinceID]*Province{}, rules: map[RuleID]*Rule{}, operator: opt.Operator,
		Sentences: &Sentences{}, Domain: Domain{Texts: &DomainTexts{}}, // filled in place: lint puts the operator into their texts
	}
	l := &loader{fsys: fsys, broken: map[string]bool{}}
	l.readAll(k)
	sort.Slice(k.Provinces, func(i, j int) bool { return k.Provinces[i].ID < k.Provinces[j].ID })
	sort.Slice(l.files, func(i, j int) bool { return l.files[i].name < l.files[j].name })
	for name := range l.broken { // what names a province is not wrong because the province's file is
		if path.Dir(name) == "provinces" {
			k.provinces[ProvinceID(strings.TrimSuffix(path.Base(name), ".yaml"))] = nil
		}
	}
	for _, p := range k.Provinces {
		k.provinces[p.ID] = p
	}
	slices.SortFunc(k.Labelled, func(a, b LabelledMessage) int { return strings.Compare(a.Text, b.Text) }) // whichever file was read first
	k.files = l.files
	l.lint(k, opt)
	l.findings = l.findings.Sorted()
	if l.findings.Errors() {
		return nil, l.findings, &LintError{l.findings}
	}
	return k, l.findings, nil
}

func (l *loader) readAll(k *Knowledge) {
	var names []string
	err := fs.WalkDir(l.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(path.Base(name), ".") {
				return fs.SkipDir
			}
			return nil
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		l.report(Finding{File: ".", Severity: Error, Message: "the knowledge folder cannot be read: " + reason(err)})
		return
	}
	type job struct {
		name string
		s    section
	}
	var jobs []job
	found := make([]bool, len(sections))
	for _, name := range names {
		known := false
		for i, s := range sections {
			if ok, _ := path.Match(s.pattern, name); ok {
				jobs = append(jobs, job{name, s})
				found[i], known = true, true
				break
			}
		}
		base, ext := path.Base(name), path.Ext(name)
		switch {
		case known, ext == ".md", strings.HasPrefix(base, "."), strings.HasSuffix(base, "~"):
		case ext == ".yaml" || ext == ".yml":
			l.report(Finding{File: name, Severity: Error, Message: "no such kind of knowledge file; see README.md for the names"})
		default: // what editors, copies and desktops leave behind must not keep a mended folder from being taken up
			l.report(Finding{File: name, Severity: Warning, Message: "not read: knowledge files end in .yaml"})
		}
	}
	for i, s := range sections {
		if s.need && !found[i] {
			l.report(Finding{File: s.pattern, Severity: Error, Message: "missing: copy it from a folder that \"beianbot knowledge export\" writes"})
		}
	}
	// Files are independent until they are checked against each other, so they are decoded on all cores.
	queue := make(chan job)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range queue {
				j.s.read(l, j.name, k)
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()
}
