package mirror

import (
	"bytes"
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

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"beianbot/knowledge"
)

// Columns are the mirror's columns, the contract's names.
var Columns = []string{"case_no", "filing_type", "subject_type", "subject_name", "province", "domain", "status", "status_at", "note", "phone_last4", "id_last4", "icp_no", "updated_at"}

// maxFaults is how many faults of a file are listed; a file with more has one cause, not many.
const maxFaults = 20

// Read reads export files (.csv, .jsonl or .ndjson, .xlsx). Any fault refuses them all; the error lists the faults with file and line, without the cell's personal
// data. Warnings tell of columns left out. progress is called with the number of rows read so far.
func Read(files []string, progress func(rows int)) (rows []Row, warnings []string, err error) {
	var faults []string
	seen := map[string]string{}
	for _, file := range files {
		base := filepath.Base(file)
		each := func(line int, cells map[string]string) {
			where := fmt.Sprintf("%s line %d", base, line)
			r, bad := parse(cells)
			for _, b := range bad {
				faults = append(faults, where+": "+b)
			}
			if first, twice := seen[r.CaseNo]; twice && r.CaseNo != "" {
				faults = append(faults, fmt.Sprintf("%s: case_no stands already at %s", where, first))
			}
			seen[r.CaseNo] = where
			rows = append(rows, r)
			if progress != nil {
				progress(len(rows))
			}
		}
		header := func(names []string) error {
			for _, n := range names {
				if n != "" && !slices.Contains(Columns, n) {
					warnings = append(warnings, fmt.Sprintf("%s: column %q is unknown and left out", base, n))
				}
			}
			for _, need := range []string{"case_no", "status", "status_at"} {
				if !slices.Contains(names, need) {
					return fmt.Errorf("%s: column %q is missing", base, need)
				}
			}
			if !slices.Contains(names, "phone_last4") && !slices.Contains(names, "id_last4") {
				return fmt.Errorf("%s: one of the columns phone_last4 and id_last4 is needed", base)
			}
			return nil
		}
		switch ext := strings.ToLower(filepath.Ext(file)); ext {
		case ".csv":
			err = readCSV(file, header, each)
		case ".jsonl", ".ndjson", ".json":
			err = readJSONLines(file, each, func(w string) {
				if w = base + ": " + w; !slices.Contains(warnings, w) {
					warnings = append(warnings, w)
				}
			})
		case ".xlsx":
			err = readXLSX(file, header, each)
		default:
			err = fmt.Errorf("%s: unknown kind of file %q; give .csv, .jsonl or .xlsx", base, ext)
		}
		if err != nil {
			return nil, warnings, err
		}
	}
	if len(faults) > 0 {
		n := len(faults)
		if n > maxFaults {
			faults = append(faults[:maxFaults], fmt.Sprintf("… and %d more", n-maxFaults))
		}
		return nil, warnings, fmt.Errorf("%d faults, nothing was imported:\n  %s", n, strings.Join(faults, "\n  "))
	}
	return rows, warnings, nil
}

var last4 = regexp.MustCompile(`^\d{3}[\dXx]$`)

// parse checks one row; the faults name the column, and its value only where it is no personal data.
func parse(c map[string]string) (r Row, faults []string) {
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
	var err error
	if r.StatusAt, err = time.Parse(time.RFC3339, c["status_at"]); err != nil {
		bad("status_at %q: not a time such as 2026-11-24T09:30:00+08:00", c["status_at"])
	}
	if c["updated_at"] != "" {
		if r.UpdatedAt, err = time.Parse(time.RFC3339, c["updated_at"]); err != nil {
			bad("updated_at %q: not a time such as 2026-11-24T09:30:00+08:00", c["updated_at"])
		}
	} else {
		r.UpdatedAt = r.StatusAt
	}
	r.StatusAt, r.UpdatedAt = r.StatusAt.UTC(), r.UpdatedAt.UTC()
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

func readCSV(file string, header func([]string) error, each func(int, map[string]string)) error {
	b, err := text(file)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(b))
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty", filepath.Base(file))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	names = slices.Clone(names)
	for i := range names {
		names[i] = strings.ToLower(strings.TrimSpace(names[i]))
	}
	if err := header(names); err != nil {
		return err
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w (nothing was imported)", filepath.Base(file), err)
		}
		line, _ := r.FieldPos(0)
		each(line, zip(names, rec))
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

func readXLSX(file string, header func([]string) error, each func(int, map[string]string)) error {
	// A spreadsheet is a zip; the limit keeps a small file from unpacking without end.
	f, err := excelize.OpenFile(file, excelize.Options{UnzipSizeLimit: 1 << 30, UnzipXMLSizeLimit: 64 << 20, RawCellValue: true})
	if err != nil {
		return fmt.Errorf("%s: not a readable spreadsheet: %w", filepath.Base(file), err)
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	defer rows.Close()
	var names []string
	for line := 1; rows.Next(); line++ {
		cols, err := rows.Columns()
		if err != nil {
			return fmt.Errorf("%s line %d: %w", filepath.Base(file), line, err)
		}
		if names == nil {
			for _, c := range cols {
				names = append(names, strings.ToLower(strings.TrimSpace(c)))
			}
			if err := header(names); err != nil {
				return err
			}
			continue
		}
		if strings.TrimSpace(strings.Join(cols, "")) != "" {
			each(line, zip(names, cols))
		}
	}
	if names == nil {
		return fmt.Errorf("%s: the first sheet is empty", filepath.Base(file))
	}
	return rows.Error()
}
