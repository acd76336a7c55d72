package mirror

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"beianbot/knowledge"
)

var now = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

var reading = ReadOptions{Now: now, Zone: time.FixedZone("CST", 8*60*60)}

const csvText = "case_no,status,status_at,phone_last4,id_last4,subject_name,colour\nBA1,approved,2026-11-01T09:00:00+08:00,1234,,甲公司,red\nba2,draft,2026-11-02T09:00:00+08:00,,123x,乙,blue\n"

func write(t *testing.T, name, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSamplesAreOneInEachStatus(t *testing.T) {
	m, err := Open(context.Background(), t.TempDir(), true, now)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[knowledge.Status]bool{}
	for _, r := range Samples(now) {
		seen[r.Status] = true
		c, _, err := m.Find(context.Background(), strings.ToLower(r.CaseNo), r.PhoneLast4, false)
		if err != nil || c == nil || c.Status != r.Status {
			t.Errorf("%s: %+v, %v", r.CaseNo, c, err)
		}
	}
	if len(seen) != len(knowledge.Statuses) || !m.Meta().Sample {
		t.Errorf("statuses %d, meta %+v", len(seen), m.Meta())
	}
}

func TestProofDecides(t *testing.T) {
	ctx := context.Background()
	m, err := Open(ctx, t.TempDir(), true, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		no, proof string
		proven    bool
		found     bool
	}{{"BA20261101006", "6612", false, true}, {"BA20261101006", "019x", false, true}, {"BA20261101006", "0000", false, false}, {"BA20261101006", "", false, false},
		{"BA20261101006", "", true, true}, {"BA99999999999", "6612", false, false}, {"BA20261101001", "", false, false}} {
		c, _, err := m.Find(ctx, tt.no, tt.proof, tt.proven)
		if err != nil || (c != nil) != tt.found {
			t.Errorf("%+v: %+v, %v", tt, c, err)
		}
	}
}

func TestFindLooksPastHowANumberIsJoined(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	rows, _, err := Read([]string{write(t, "c.csv", "case_no,status,status_at,phone_last4\nLT-2024-00391,draft,2026-11-01T09:00:00+08:00,1234\nAB-12,draft,2026-11-01T09:00:00+08:00,1234\n"+
		"AB12,approved,2026-11-01T09:00:00+08:00,1234\nCD-1-2,draft,2026-11-01T09:00:00+08:00,1234\nCD-12,draft,2026-11-01T09:00:00+08:00,1234\nEF 12,draft,2026-11-01T09:00:00+08:00,1234\n")}, reading)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(ctx, dir, rows, "c.csv", false, false, now); err != nil {
		t.Fatal(err)
	}
	m, err := Open(ctx, dir, false, now)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for said, want := range map[string]string{"LT-2024-00391": "LT-2024-00391", "LT202400391": "LT-2024-00391", "lt 2024 00391": "LT-2024-00391", "AB12": "AB12", "AB-12": "AB-12", "CD-1-2": "CD-1-2",
		"CD12": "", "EF12": "EF 12", "LT20240039": "", "": ""} {
		c, _, err := m.Find(ctx, said, "1234", false)
		if err != nil || (c == nil) != (want == "") || c != nil && c.CaseNo != want {
			t.Errorf("%q: %+v, %v", said, c, err)
		}
		if c, _, err := m.Find(ctx, said, "4321", false); c != nil || err != nil {
			t.Errorf("%q with a wrong proof: %+v, %v", said, c, err)
		}
	}
	var detail string
	if err := m.current.Load().db.QueryRow("EXPLAIN QUERY PLAN SELECT case_no FROM cases WHERE "+joined("case_no")+" = 'X'").Scan(new(int), new(int), new(int), &detail); err != nil || !strings.Contains(detail, "cases_joined") {
		t.Errorf("a wrong number is looked for one by one: %s, %v", detail, err)
	}
}

func TestImportReplacesTheSampleAndIsTakenUp(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	m, err := Open(ctx, dir, true, now)
	if err != nil {
		t.Fatal(err)
	}
	rows, warnings, err := Read([]string{write(t, "cases.csv", csvText)}, reading)
	if err != nil || len(rows) != 2 || len(warnings) != 1 || !strings.Contains(warnings[0], "colour") {
		t.Fatalf("%+v %v %v", rows, warnings, err)
	}
	if _, err := Import(ctx, dir, rows, "cases.csv", false, false, now); err != nil {
		t.Fatal(err)
	}
	if err := m.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if meta := m.Meta(); meta.Sample || meta.Rows != 2 || meta.Source != "cases.csv" {
		t.Errorf("meta = %+v", meta)
	}
	if c, _, _ := m.Find(ctx, "BA2", "123X", false); c == nil {
		t.Error("imported case not found")
	}
	if c, _, _ := m.Find(ctx, "BA20261101006", "6612", false); c != nil {
		t.Error("a sample case is left")
	}
}

// countdown is a context that ends when it has been asked n times whether it has.
type countdown struct {
	context.Context
	left atomic.Int64
	done chan struct{}
}

func (c *countdown) Done() <-chan struct{} {
	if c.left.Add(-1) == 0 {
		close(c.done)
	}
	return c.done
}

func (c *countdown) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

// TestInterruptedImportChangesNothing stops an import at every step of it that can be stopped.
func TestInterruptedImportChangesNothing(t *testing.T) {
	dir := t.TempDir()
	rows := []Row{{CaseNo: "A1", Status: knowledge.Draft, StatusAt: now, PhoneLast4: "1234"}, {CaseNo: "A2", Status: knowledge.Draft, StatusAt: now, PhoneLast4: "1234"}}
	if _, err := Import(context.Background(), dir, rows, "first", false, false, now); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadDir(dir)
	stopped := 0
	for n := int64(1); ; n++ {
		ctx := &countdown{Context: context.Background(), done: make(chan struct{})}
		ctx.left.Store(n)
		_, err := Import(ctx, dir, rows, "second", true, false, now.Add(time.Hour))
		if err == nil {
			break
		}
		stopped++
		after, _ := os.ReadDir(dir)
		if !errors.Is(err, ErrInterrupted) || strings.Contains(err.Error(), "import again") || len(after) != len(before) {
			t.Fatalf("stopped at %d: %v, %v", n, err, after)
		}
		m, err := Open(context.Background(), dir, false, now)
		if err != nil || m.Meta().Source != "first" || m.Meta().Rows != 2 {
			t.Fatalf("stopped at %d: %v", n, err)
		}
		m.Close()
	}
	if stopped < 5 {
		t.Errorf("could be stopped at %d steps only", stopped)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ended, dir, false, now); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "readable") {
		t.Errorf("opened when told to stop: %v", err)
	}
}

func TestShrinkIsRefusedAndMergeKeeps(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	var rows []Row
	for i := range 10 {
		rows = append(rows, Row{CaseNo: fmt.Sprintf("BA%d", i), Status: knowledge.Draft, StatusAt: now, PhoneLast4: "1234"})
	}
	if _, err := Import(ctx, dir, rows, "a", false, false, now); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(ctx, dir, rows[:7], "b", false, false, now); !errors.Is(err, ErrShrink) {
		t.Errorf("three of ten dropped: %v", err)
	}
	var others []Row
	for _, r := range rows {
		r.CaseNo += "0"
		others = append(others, r)
	}
	// As many as there were, but none of those: it is what they leave out that counts.
	if _, err := Import(ctx, dir, others, "b", false, false, now); !errors.Is(err, ErrShrink) || !strings.Contains(err.Error(), "leave out 10 of the 10 cases in the mirror, more than a fifth; if that is right, repeat with --allow-shrink") {
		t.Errorf("ten others: %v", err)
	}
	if out, err := Import(ctx, dir, rows[:8], "b", false, false, now.Add(time.Second)); err != nil || out.Removed != 2 {
		t.Errorf("two of ten dropped: %+v %v", out, err)
	}
	if out, err := Import(ctx, dir, rows[9:], "c", true, false, now.Add(2*time.Second)); err != nil || out.Rows != 9 || out.Added != 1 {
		t.Errorf("merge: %+v %v", out, err)
	}
	if out, err := Import(ctx, dir, rows[:1], "d", false, true, now.Add(3*time.Second)); err != nil || out.Rows != 1 {
		t.Errorf("allowed: %+v %v", out, err)
	}
}

func TestFaultsAreAllListedWithoutPersonalData(t *testing.T) {
	text := "case_no,status,status_at,phone_last4\n,approved,2026-11-01T09:00:00+08:00,1234\nBA2,lost,yesterday,98765\nBA3,draft,2026-11-01T09:00:00+08:00,1234\nBA3,draft,2026-11-01T09:00:00+08:00,1234\n"
	_, _, err := Read([]string{write(t, "bad.csv", text)}, reading)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"line 2: case_no is empty", `line 3: status "lost"`, "line 3: phone_last4", `line 3: status_at "yesterday"`, "line 5: case_no stands already"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "98765") {
		t.Error("the digits are in the error")
	}
}

func TestReadsJSONLinesGB18030AndXLSX(t *testing.T) {
	jsonl := write(t, "a.jsonl", `{"case_no":"BA1","status":"draft","status_at":"2026-11-01T09:00:00+08:00","phone_last4":"1234","domain":["a.cn","b.cn"],"note":null}`+"\n\n")
	rows, _, err := Read([]string{jsonl}, reading)
	if err != nil || len(rows) != 1 || rows[0].Domain != "a.cn b.cn" {
		t.Errorf("jsonl: %+v %v", rows, err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(csvText)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err = Read([]string{write(t, "gb.csv", gb)}, reading)
	if err != nil || rows[0].SubjectName != "甲公司" {
		t.Errorf("gb18030: %+v %v", rows, err)
	}
	name := workbook(t, [][]any{{"case_no", "status", "status_at", "id_last4"}, {"BA7", "approved", "2026-11-01T09:00:00+08:00", "001X"}})
	rows, _, err = Read([]string{name}, reading)
	if err != nil || len(rows) != 1 || rows[0].IDLast4 != "001X" {
		t.Errorf("xlsx: %+v %v", rows, err)
	}
}

func mustRead(t *testing.T, name, text string) []Row {
	t.Helper()
	rows, _, err := Read([]string{write(t, name, text)}, reading)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// held is what the mirror in a folder says of every case.
func held(t *testing.T, dir string) map[string]Row {
	t.Helper()
	name, err := currentName(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context(), filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer s.db.Close()
	rows, err := s.rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

const everyColumn = `case_no,filing_type,subject_type,subject_name,province,domain,status,status_at,note,phone_last4,id_last4,icp_no,updated_at
BA1,first,enterprise,甲公司,CN-ZJ,a.cn b.cn,draft,2026-11-01T09:00:00+08:00,请重拍,1234,001X,浙ICP备1号,2026-11-02T09:00:00+08:00
`

func TestMergeKeepsWhatTheFileHasNoColumnFor(t *testing.T) {
	for name, text := range map[string]string{
		"a.csv":   "case_no,status,status_at,phone_last4\nBA1,approved,2026-11-20T09:00:00+08:00,1234\n",
		"a.jsonl": `{"case_no":"BA1","status":"approved","status_at":"2026-11-20T09:00:00+08:00","phone_last4":"1234"}`,
	} {
		dir := t.TempDir()
		if _, err := Import(t.Context(), dir, mustRead(t, "full.csv", everyColumn), "full.csv", false, false, now); err != nil {
			t.Fatal(err)
		}
		want := held(t, dir)["BA1"]
		want.Status, want.StatusAt = knowledge.Approved, time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
		out, err := Import(t.Context(), dir, mustRead(t, name, text), name, true, false, now.Add(time.Second))
		if err != nil || out.Changed != 1 {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		if got := held(t, dir)["BA1"]; digest(got) != digest(want) {
			t.Errorf("%s: %s\nwant %s", name, digest(got), digest(want))
		}
		if out, err = Import(t.Context(), dir, mustRead(t, name, text), name, true, false, now.Add(2*time.Second)); err != nil || out.Changed != 0 {
			t.Errorf("%s once more: %+v, %v", name, out, err)
		}
		if _, err = Import(t.Context(), dir, mustRead(t, name, text), name, false, false, now.Add(3*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := held(t, dir)["BA1"]; got.Note != "" || got.Domain != "" || !got.UpdatedAt.Equal(got.StatusAt) {
			t.Errorf("%s in full: %+v", name, got)
		}
	}
}

func TestMergeClearsWhatTheFileHasEmpty(t *testing.T) {
	sheet := workbook(t, [][]any{{"case_no", "status", "status_at", "phone_last4", "note"}, {"BA1", "draft", "2026-11-01T09:00:00+08:00", "1234"}})
	for name, read := range map[string]func() []Row{
		"csv": func() []Row {
			return mustRead(t, "a.csv", "case_no,status,status_at,phone_last4,note\nBA1,draft,2026-11-01T09:00:00+08:00,1234,\n")
		},
		"jsonl": func() []Row { return mustRead(t, "a.jsonl", oneCase("BA1", `,"note":null`)) },
		"xlsx": func() []Row {
			rows, _, err := Read([]string{sheet}, reading)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		},
	} {
		dir := t.TempDir()
		if _, err := Import(t.Context(), dir, mustRead(t, "full.csv", everyColumn), "full.csv", false, false, now); err != nil {
			t.Fatal(err)
		}
		if _, err := Import(t.Context(), dir, read(), name, true, false, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := held(t, dir)["BA1"]; got.Note != "" || got.Domain != "a.cn b.cn" || got.IDLast4 != "001X" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// workbook writes a spreadsheet.
func workbook(t *testing.T, rows [][]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", cell, &r); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "a.xlsx")
	if err := f.SaveAs(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// oneCase is a line of JSON with what every case needs, and what is added to it.
func oneCase(no, more string) string {
	return `{"case_no":"` + no + `","status":"draft","status_at":"2026-11-01T09:00:00+08:00","phone_last4":"1234"` + more + `}`
}

func TestALineOfJSONIsOneCase(t *testing.T) {
	good := oneCase("BA1", "") + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"two objects":   {good + "\n" + oneCase("BA2", "") + oneCase("BA3", "") + "\n", "a.jsonl line 3: something stands after the JSON object"},
		"garbage after": {good + oneCase("BA2", "") + " xyz", "a.jsonl line 2: something stands after the JSON object"},
		"no object":     {good + `["BA2"]`, "a.jsonl line 2: not a JSON object"},
		"null":          {good + `null`, "a.jsonl line 2: not a JSON object"},
		"cut off":       {good + `{"case_no":"BA2"`, "a.jsonl line 2: not a JSON object"},
		"a key twice":   {good + oneCase("BA2", `,"status":"approved"`), `a.jsonl line 2: key "status" stands twice`},
		"too long":      {good + oneCase("BA2", `,"note":"`+strings.Repeat("长", maxLine/3)+`"`), "a.jsonl line 2: longer than 1 MB"},
	} {
		rows, _, err := Read([]string{write(t, "a.jsonl", tt.text)}, reading)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "nothing was imported") {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
	rows, _, err := Read([]string{write(t, "a.jsonl", oneCase("BA1", "")+" \r\n\t\n"+oneCase("BA2", `,"note":"`+strings.Repeat("长", 100000)+`"`))}, reading)
	if err != nil || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestSpreadsheetCells has numbers as spreadsheets keep them, in formats as people choose them.
func TestSpreadsheetCells(t *testing.T) {
	serial := 46346 + 35424.0/86400 // 2026-11-20 09:50:24
	for name, tt := range map[string]struct {
		value   any
		format  string // of the cell, or
		builtIn int
		column  string
		want    string // of the row, or of the fault
	}{
		"date and time":           {serial, "yyyy-mm-dd hh:mm:ss", 0, "status_at", "2026-11-20T01:50:24Z"},
		"date, time cut off":      {serial, "yyyy/m/d", 0, "status_at", "2026-11-20T01:50:24Z"},
		"Chinese date":            {46346, `[$-804]yyyy"年"m"月"d"日";@`, 0, "status_at", "2026-11-19T16:00:00Z"},
		"built-in date":           {serial, "", 22, "status_at", "2026-11-20T01:50:24Z"},
		"built-in Chinese date":   {serial, "", 31, "updated_at", "2026-11-20T01:50:24Z"},
		"half a second":           {serial + 0.4/86400, `d-mmm-yy h:mm AM/PM`, 0, "status_at", "2026-11-20T01:50:24Z"},
		"hours beyond a day":      {serial, "[h]:mm", 0, "status_at", "2026-11-20T01:50:24Z"},
		"a text in a date format": {"2026-11-20T09:50:24+08:00", "yyyy-mm-dd", 0, "status_at", "2026-11-20T01:50:24Z"},
		"a time of day":           {0.41, "hh:mm", 0, "status_at", `line 2: status_at "0.4100000000": not a time`},
		"no date format":          {serial, "", 0, "status_at", `line 2: status_at "46346.41": not a time`},
		"a date to come":          {serial + 30, "", 14, "status_at", "line 2: status_at 2026-12-20T09:50:24+08:00 lies more than a day ahead"},
		"typed without a zone":    {"2026-11-20 09:50:24", "", 0, "status_at", `line 2: status_at "2026-11-20 09:50:24": not a time`},
		"four digits":             {12, "0000", 0, "phone_last4", "0012"},
		"four digits, decorated":  {12, `[Red]0000_);\-0000;"-";@`, 0, "phone_last4", "0012"},
		"digits without zeros":    {12, "", 0, "phone_last4", "line 2: phone_last4 is not four digits"},
		"a separator":             {1234, "#,##0", 0, "phone_last4", "1234"},
		"a text of digits":        {"0012", "0000", 0, "phone_last4", "0012"},
		"the last may be X":       {"001X", "0000", 0, "id_last4", "001X"},
		"a long number":           {20240617003, "", 11, "case_no", "20240617003"},
		"a long number, general":  {20240617003, "General", 0, "case_no", "20240617003"},
		"a date elsewhere":        {46346, "yyyy-mm-dd", 0, "note", "2026-11-20T00:00:00+08:00"},
		"a percentage":            {0.5, "0%", 0, "note", "0.5"},
	} {
		columns := []string{"case_no", "status", "status_at", "phone_last4", "id_last4", "note", "updated_at"}
		cells := []any{"BA1", "draft", "2026-11-01T09:00:00+08:00", "1234", "", "", ""}
		at := slices.Index(columns, tt.column)
		cells[at] = tt.value
		f := excelize.NewFile()
		style := excelize.Style{NumFmt: tt.builtIn}
		if tt.format != "" {
			style.CustomNumFmt = &tt.format
		}
		id, err := f.NewStyle(&style)
		if err != nil {
			t.Fatal(err)
		}
		cell, _ := excelize.CoordinatesToCellName(at+1, 2)
		if err := errors.Join(f.SetSheetRow("Sheet1", "A1", &columns), f.SetSheetRow("Sheet1", "A2", &cells), f.SetCellStyle("Sheet1", cell, cell, id)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "a.xlsx")
		if err := f.SaveAs(file); err != nil {
			t.Fatal(err)
		}
		rows, _, err := Read([]string{file}, reading)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = digest(rows[0])
		}
		if !strings.Contains(got, tt.want) || (err != nil) != strings.HasPrefix(tt.want, "line ") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSpreadsheetThatCountsFrom1904(t *testing.T) {
	f := excelize.NewFile()
	yes := true
	id, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	err = errors.Join(err, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}), f.SetSheetRow("Sheet1", "A1", &[]any{"case_no", "status", "status_at", "phone_last4"}),
		f.SetSheetRow("Sheet1", "A2", &[]any{"BA1", "draft", 46346 - 1462, "1234"}), f.SetCellStyle("Sheet1", "C2", "C2", id))
	file := filepath.Join(t.TempDir(), "a.xlsx")
	if err := errors.Join(err, f.SaveAs(file)); err != nil {
		t.Fatal(err)
	}
	rows, _, err := Read([]string{file}, reading)
	if err != nil || !rows[0].StatusAt.Equal(time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", rows, err)
	}
}

// TestFaultsThatWereImported are files of which something else than they say came into the mirror.
func TestFaultsThatWereImported(t *testing.T) {
	for name, tt := range map[string]struct{ file, text, want string }{
		"a column twice":        {"a.csv", "case_no,Status,status_at,phone_last4,note,status,note\nBA1,draft,2026-11-01T09:00:00+08:00,1234,a,approved,b\n", `a.csv: columns stand twice: "status" as 2 and 6, "note" as 5 and 7; keep one of each (nothing was imported)`},
		"an object":             {"a.jsonl", oneCase("BA1", "") + "\n" + oneCase("BA2", `,"note":{"a":1}`), "a.jsonl line 2: note is a JSON object; give a text"},
		"a list":                {"a.jsonl", oneCase("BA1", `,"note":["a","b"]`), "a.jsonl line 1: note is a JSON list; give a text"},
		"a domain with a field": {"a.jsonl", oneCase("BA1", `,"domain":["a.cn",{"name":"b.cn"}]`), "a.jsonl line 1: domain is a list of something else than texts"},
		"a domain's object":     {"a.jsonl", oneCase("BA1", `,"domain":{"name":"b.cn"}`), "a.jsonl line 1: domain is a JSON object; give a text"},
		"a status to come":      {"a.csv", "case_no,status,status_at,phone_last4\nBA1,draft,2026-11-25T10:00:01+08:00,1234\n", "a.csv line 2: status_at 2026-11-25T10:00:01+08:00 lies more than a day ahead"},
		"an update to come":     {"a.jsonl", oneCase("BA1", `,"updated_at":"2062-11-01T09:00:00+08:00"`), "a.jsonl line 1: updated_at 2062-11-01T09:00:00+08:00 lies more than a day ahead"},
	} {
		rows, _, err := Read([]string{write(t, tt.file, tt.text)}, reading)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "nothing was imported") {
			t.Errorf("%s: %+v, %v", name, rows, err)
		}
	}
	text := "case_no,status,status_at,phone_last4,colour,colour,,\nBA1,draft,2026-11-25T10:00:00+08:00,1234,a,b,,\n"
	if rows, warnings, err := Read([]string{write(t, "a.csv", text)}, reading); err != nil || len(rows) != 1 || len(warnings) != 1 {
		t.Errorf("columns twice that are left out, and a clock a day late: %+v, %v, %v", rows, warnings, err)
	}
	if _, warnings, err := Read([]string{write(t, "a.jsonl", oneCase("BA1", `,"extra":{"a":1}`))}, reading); err != nil || len(warnings) != 1 {
		t.Errorf("an object that is left out: %v, %v", warnings, err)
	}
}

// damages are what can become of a mirror on disk; each is done to a mirror of 300 cases, whose file has 20 pages or more.
var damages = map[string]func(t *testing.T, dir, file string){
	"cut off in a page":   func(t *testing.T, _, file string) { cut(t, file, 5000) },
	"cut off at a page":   func(t *testing.T, _, file string) { cut(t, file, 8192) },
	"emptied":             func(t *testing.T, _, file string) { cut(t, file, 0) },
	"overwritten":         func(t *testing.T, _, file string) { overwrite(t, file, 0) },
	"overwritten further": func(t *testing.T, _, file string) { overwrite(t, file, 3*4096) },
	"missing": func(t *testing.T, _, file string) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	},
	"CURRENT empty":            func(t *testing.T, dir, _ string) { point(t, dir, "") },
	"CURRENT names nothing":    func(t *testing.T, dir, _ string) { point(t, dir, "mirror-0123456789abcdef.db\n") },
	"CURRENT is no name":       func(t *testing.T, dir, _ string) { point(t, dir, "../s.db\n") },
	"of another program":       func(t *testing.T, _, file string) { alter(t, file, "PRAGMA user_version = 900") },
	"cases are gone":           func(t *testing.T, _, file string) { alter(t, file, "DROP TABLE cases") },
	"fewer cases than it says": func(t *testing.T, _, file string) { alter(t, file, "DELETE FROM cases WHERE case_no > 'BA100'") },
}

func cut(t *testing.T, file string, size int64) {
	t.Helper()
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
}

// overwrite puts garbage from an offset to the end.
func overwrite(t *testing.T, file string, from int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < len(b); i++ {
		b[i] = byte(i*i + 7*i + 171)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func point(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "CURRENT"), []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
}

func alter(t *testing.T, file, query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(query)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// many are cases with notes, BA000 and so on.
func many(n int) (rows []Row) {
	for i := range n {
		rows = append(rows, Row{CaseNo: fmt.Sprintf("BA%03d", i), Status: knowledge.Draft, StatusAt: now, UpdatedAt: now, PhoneLast4: "1234", Note: strings.Repeat("请重拍身份证", 20)})
	}
	return rows
}

// filled makes a mirror of 300 cases and gives its file.
func filled(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	if _, err := Import(t.Context(), dir, many(300), "a", false, false, now); err != nil {
		t.Fatal(err)
	}
	name, err := currentName(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, name)
}

func TestAnImportReplacesADamagedMirror(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir, file := filled(t)
			damage(t, dir, file)
			before, _ := os.ReadFile(filepath.Join(dir, "CURRENT"))
			var d *Damage
			_, err := Import(t.Context(), dir, many(1), "b", true, true, now.Add(time.Second))
			if err == nil || errors.As(err, &d) || !strings.Contains(err.Error(), "import in full, without --merge (nothing was changed)") {
				t.Errorf("merge: %v", err)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, "CURRENT")); string(after) != string(before) {
				t.Errorf("the refused merge changed CURRENT to %q", after)
			}
			out, err := Import(t.Context(), dir, many(10), "b", false, false, now.Add(2*time.Second))
			if err != nil || out.Rows != 10 || out.Added != 10 || out.Removed != 0 || out.Former == nil {
				t.Fatalf("%+v, %v", out, err)
			}
			if got := held(t, dir); len(got) != 10 {
				t.Errorf("holds %d cases", len(got))
			}
			if _, err := os.Stat(file); !strings.HasPrefix(name, "CURRENT") && err == nil {
				t.Error("the damaged file is left")
			}
			if out, err := Import(t.Context(), dir, many(5), "c", false, false, now.Add(3*time.Second)); !errors.Is(err, ErrShrink) || out.Former != nil {
				t.Errorf("afterwards: %+v, %v", out, err)
			}
		})
	}
}

// TestPingSeesDamageUnderARunningMirror: what was read before the damage stays in memory and answers on.
func TestPingSeesDamageUnderARunningMirror(t *testing.T) {
	for name, damage := range damages {
		if strings.HasPrefix(name, "CURRENT") || name == "fewer cases than it says" { // what is served is whole then, as far as it tells
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir, file := filled(t)
			m, err := Open(t.Context(), dir, false, now)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if c, _, err := m.Find(t.Context(), "BA000", "1234", false); err != nil || c == nil || m.Ping(t.Context()) != nil {
				t.Fatal(c, err, m.Ping(t.Context()))
			}
			damage(t, dir, file)
			var d *Damage
			if err := m.Ping(t.Context()); !errors.As(err, &d) || d.Place != file {
				t.Errorf("ping: %v", err)
			}
		})
	}
}

// TestPingRemembersTheLookUpThatFailed damages one page of many, which Ping by itself does not read, and mends it again.
func TestPingRemembersTheLookUpThatFailed(t *testing.T) {
	dir, file := filled(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(t.Context(), dir, false, now)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	at := bytes.Index(whole, []byte("BA150")) &^ 4095
	broken := slices.Clone(whole)
	for i := range 4096 {
		broken[at+i] = 0xa5
	}
	inPlace(t, file, broken)
	if err := m.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	var d *Damage
	_, _, err = m.Find(t.Context(), "BA150", "1234", false)
	if !errors.As(err, &d) || strings.Contains(err.Error(), "BA150") {
		t.Errorf("find: %v", err)
	}
	if c, _, err := m.Find(t.Context(), "BA000", "1234", false); c == nil || err != nil {
		t.Errorf("another: %v, %v", c, err)
	}
	if err := m.Ping(t.Context()); !errors.As(err, &d) || strings.Contains(err.Error(), "BA150") {
		t.Errorf("ping: %v", err)
	}
	inPlace(t, file, whole)
	if err := m.Ping(t.Context()); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func inPlace(t *testing.T, file string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(b, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestAnImportIsNoDamage asks between an import, which takes the old file away, and its being taken up.
func TestAnImportIsNoDamage(t *testing.T) {
	dir, file := filled(t)
	m, err := Open(t.Context(), dir, false, now)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	old := m.current.Load()
	for i, ask := range []func() error{
		func() error { return m.Ping(t.Context()) },
		func() error {
			c, _, err := m.Find(t.Context(), "BA150", "1234", false)
			if err == nil && c == nil {
				err = errors.New("not found")
			}
			return err
		},
	} {
		old.db.Close() // as if a connection more were needed
		if _, err := Import(t.Context(), dir, many(301+i), "b", false, false, now.Add(time.Duration(i+1)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := ask(); err != nil {
			t.Error(err)
		}
		if m.Meta().Rows != 301+i {
			t.Errorf("%d cases", m.Meta().Rows)
		}
		old = m.current.Load()
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the old file is left")
	}
}

// TestOnlyDamageIsPassedOver: what could not be read for another reason may be whole.
func TestOnlyDamageIsPassedOver(t *testing.T) {
	dir, file := filled(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Import(ctx, dir, many(1), "b", false, true, now.Add(time.Second)); !errors.Is(err, ErrInterrupted) {
		t.Errorf("cancelled: %v", err)
	}
	if got := held(t, dir); len(got) != 300 {
		t.Errorf("holds %d cases", len(got))
	}
	if err := errors.Join(os.Remove(file), os.Symlink(file, file)); err != nil { // stands for what may not be opened, which the superuser may
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), dir, many(1), "b", false, true, now.Add(2*time.Second)); err == nil || !strings.Contains(err.Error(), "check mirror.path and its rights") {
		t.Errorf("a link to itself: %v", err)
	}
}

func BenchmarkPing(b *testing.B) {
	dir := b.TempDir()
	if _, err := Import(b.Context(), dir, many(1000), "a", false, false, now); err != nil {
		b.Fatal(err)
	}
	m, err := Open(b.Context(), dir, false, now)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := m.Ping(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	ctx, dir := context.Background(), b.TempDir()
	var rows []Row
	for i := range 10000 {
		rows = append(rows, Row{CaseNo: fmt.Sprintf("BA%05d", i), Status: knowledge.Draft, StatusAt: now, PhoneLast4: "1234"})
	}
	if _, err := Import(ctx, dir, rows, "a", false, false, now); err != nil {
		b.Fatal(err)
	}
	m, err := Open(ctx, dir, false, now)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if c, _, err := m.Find(ctx, "BA05000", "1234", false); err != nil || c == nil {
			b.Fatal(err)
		}
	}
}
