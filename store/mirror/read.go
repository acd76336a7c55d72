package mirror

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"beianbot/knowledge"
)

// Columns are the mirror's columns, the contract's names.
var Columns = []string{"case_no", "filing_type", "subject_type", "subject_name", "province", "domain", "status", "status_at", "note", "phone_last4", "id_last4", "icp_no", "updated_at"}

// maxFaults is how many faults of a file are listed; a file with more has one cause, not many.
const maxFaults = 20

// ReadOptions say how files are read.
type ReadOptions struct {
	Now      time.Time      // a status that lies more than a day after it is a fault
	Zone     *time.Location // of the date cells of a spreadsheet, which name none; nil is UTC
	Progress func(rows int) // is called with the number of rows read so far; may be nil
}

// Read reads export files (.csv, .jsonl or .ndjson, .xlsx). Any fault refuses them all; the error lists the faults with file and line, without the cell's personal
// data. Warnings tell of columns left out.
func Read(files []string, o ReadOptions) (rows []Row, warnings []string, err error) {
	o.Zone = cmp.Or(o.Zone, time.UTC)
	r := reader{ReadOptions: o, seen: map[string]string{}}
	for _, file := range files {
		r.base = filepath.Base(file)
		if err := r.file(file); err != nil {
			return nil, r.warnings, err
		}
	}
	if n := len(r.faults); n > 0 {
		if n > maxFaults {
			r.faults = append(r.faults[:maxFaults], fmt.Sprintf("… and %d more", n-maxFaults))
		}
		return nil, r.warnings, fmt.Errorf("%d faults, nothing was imported:\n  %s", n, strings.Join(r.faults, "\n  "))
	}
	return r.rows, r.warnings, nil
}

// record is a line of a file: its cells by column, without those of columns that the file does not have, and what is wrong with it already.
type record struct {
	line   int
	cells  map[string]string
	faults []string
}

// reader gathers what files hold; its readCSV, readJSONLines and readXLSX give every line to take.
type reader struct {
	ReadOptions
	base             string // the file at hand
	rows             []Row
	warnings, faults []string
	seen             map[string]string // where each case number stands
}

func (r *reader) file(file string) error {
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".csv":
		return r.readCSV(file)
	case ".jsonl", ".ndjson", ".json":
		return r.readJSONLines(file)
	case ".xlsx":
		return r.readXLSX(file)
	default:
		return fmt.Errorf("%s: unknown kind of file %q; give .csv, .jsonl or .xlsx", r.base, ext)
	}
}

// take checks a line and keeps it.
func (r *reader) take(rec record) {
	where := fmt.Sprintf("%s line %d", r.base, rec.line)
	row, bad := parse(rec.cells, r.Now)
	for _, b := range append(rec.faults, bad...) {
		r.faults = append(r.faults, where+": "+b)
	}
	if first, twice := r.seen[row.CaseNo]; twice && row.CaseNo != "" {
		r.faults = append(r.faults, fmt.Sprintf("%s: case_no stands already at %s", where, first))
	}
	r.seen[row.CaseNo] = where
	r.rows = append(r.rows, row)
	if r.Progress != nil {
		r.Progress(len(r.rows))
	}
}

// leaveOut warns, once a file, of a column or key that is none of ours.
func (r *reader) leaveOut(kind, name string) {
	if w := fmt.Sprintf("%s: %s %q is unknown and left out", r.base, kind, name); !slices.Contains(r.warnings, w) {
		r.warnings = append(r.warnings, w)
	}
}

// header checks the names of a table's columns.
func (r *reader) header(names []string) error {
	for _, n := range names {
		if n != "" && !slices.Contains(Columns, n) {
			r.leaveOut("column", n)
		}
	}
	for _, need := range []string{"case_no", "status", "status_at"} {
		if !slices.Contains(names, need) {
			return fmt.Errorf("%s: column %q is missing", r.base, need)
		}
	}
	if !slices.Contains(names, "phone_last4") && !slices.Contains(names, "id_last4") {
		return fmt.Errorf("%s: one of the columns phone_last4 and id_last4 is needed", r.base)
	}
	return r.doubled(names)
}

// doubled refuses a table with a column twice: nobody can say which of the two counts.
func (r *reader) doubled(names []string) error {
	var twice []string
	for i, n := range names {
		if first := slices.Index(names, n); first < i && slices.Contains(Columns, n) {
			twice = append(twice, fmt.Sprintf("%q as %d and %d", n, first+1, i+1))
		}
	}
	if twice == nil {
		return nil
	}
	return fmt.Errorf("%s: columns stand twice: %s; keep one of each (nothing was imported)", r.base, strings.Join(twice, ", "))
}

var last4 = regexp.MustCompile(`^\d{3}[\dXx]$`)

// parse checks one row; the faults name the column, and its value only where it is no personal data.
func parse(c map[string]string, now time.Time) (r Row, faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	r = Row{CaseNo: strings.ToUpper(c["case_no"]), FilingType: knowledge.FilingTypeID(c["filing_type"]), SubjectType: knowledge.SubjectTypeID(c["subject_type"]), SubjectName: c["subject_name"],
		Province: knowledge.ProvinceID(c["province"]), Domain: c["domain"], Status: knowledge.Status(c["status"]), Note: c["note"], PhoneLast4: c["phone_last4"], IDLast4: strings.ToUpper(c["id_last4"]), ICPNo: c["icp_no"]}
	if r.CaseNo == "" {
		bad("case_no is empty")
	}
	if !slices.Contains(knowledge.Statuses, r.Status) {
		bad("status %q: not one of %v", r.Status, knowledge.Statuses)
	}
	if r.FilingType != "" && !slices.Contains(knowledge.FilingTypes, r.FilingType) {
		bad("filing_type %q: not one of %v", r.FilingType, knowledge.FilingTypes)
	}
	if r.SubjectType != "" && !slices.Contains(knowledge.SubjectTypes, r.SubjectType) {
		bad("subject_type %q: not one of %v", r.SubjectType, knowledge.SubjectTypes)
	}
	if r.PhoneLast4 == "" && r.IDLast4 == "" {
		bad("phone_last4 and id_last4 are both empty; one is needed")
	}
	if r.PhoneLast4 != "" && (!last4.MatchString(r.PhoneLast4) || strings.HasSuffix(strings.ToUpper(r.PhoneLast4), "X")) {
		bad("phone_last4 is not four digits")
	}
	if r.IDLast4 != "" && !last4.MatchString(r.IDLast4) {
		bad("id_last4 is not four digits, the last of which may be X")
	}
	at := func(column string) time.Time {
		t, err := time.Parse(time.RFC3339, c[column])
		if err != nil {
			bad("%s %q: not a time such as 2026-11-24T09:30:00+08:00", column, c[column])
		} else if t.Sub(now) > 24*time.Hour { // a day, for clocks and time zones that are a little wrong
			bad("%s %s lies more than a day ahead; check it, and the clock of this machine", column, c[column])
		}
		return t.UTC()
	}
	r.StatusAt = at("status_at")
	if r.UpdatedAt = r.StatusAt; c["updated_at"] != "" {
		r.UpdatedAt = at("updated_at")
	}
	for _, column := range Columns {
		if _, has := c[column]; !has {
			r.lacks = append(r.lacks, column)
		}
	}
	return r, faults
}

// text reads a file as UTF-8; Excel in China writes CSV as GB18030, often with no mark.
func text(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if utf8.Valid(b) {
		return b, nil
	}
	return simplifiedchinese.GB18030.NewDecoder().Bytes(b)
}

func (r *reader) readCSV(file string) error {
	b, err := text(file)
	if err != nil {
		return err
	}
	lines := csv.NewReader(bytes.NewReader(b))
	names, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty", r.base)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.base, err)
	}
	names = slices.Clone(names)
	for i := range names {
		names[i] = strings.ToLower(strings.TrimSpace(names[i]))
	}
	if err := r.header(names); err != nil {
		return err
	}
	for {
		rec, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w (nothing was imported)", r.base, err)
		}
		line, _ := lines.FieldPos(0)
		r.take(record{line: line, cells: zip(names, rec)})
	}
}

// zip gives the cells of a line by column. A spreadsheet leaves empty cells at the end of a line out; they are there and empty all the same.
func zip(names, values []string) map[string]string {
	cells := map[string]string{}
	for i, n := range names {
		cells[n] = ""
		if i < len(values) {
			cells[n] = strings.TrimSpace(values[i])
		}
	}
	return cells
}
