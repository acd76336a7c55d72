package mirror

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

func (r *reader) readXLSX(file string) error {
	// A spreadsheet is a zip; the limit keeps a small file from unpacking without end.
	f, err := excelize.OpenFile(file, excelize.Options{UnzipSizeLimit: 1 << 30, UnzipXMLSizeLimit: 64 << 20})
	if err != nil {
		return fmt.Errorf("%s: not a readable spreadsheet: %w", r.base, err)
	}
	defer f.Close()
	plain(f)
	props, err := f.GetWorkbookProps()
	if err != nil {
		return fmt.Errorf("%s: %w", r.base, err)
	}
	from1904 := props.Date1904 != nil && *props.Date1904
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return fmt.Errorf("%s: %w", r.base, err)
	}
	defer rows.Close()
	var names []string
	for line := 1; rows.Next(); line++ {
		cols, err := rows.Columns()
		if err != nil {
			return fmt.Errorf("%s line %d: %w", r.base, line, err)
		}
		if names == nil {
			for _, c := range cols {
				names = append(names, strings.ToLower(strings.TrimSpace(c)))
			}
			if err := r.header(names); err != nil {
				return err
			}
			continue
		}
		if strings.TrimSpace(strings.Join(cols, "")) != "" {
			for i := range cols {
				cols[i] = r.dated(cols[i], from1904)
			}
			r.take(record{line: line, cells: zip(names, cols)})
		}
	}
	if names == nil {
		return fmt.Errorf("%s: the first sheet is empty", r.base)
	}
	return rows.Error()
}

// dateFormat is the number format in which date cells are read: the days since the sheet's first, as the file has them, which takes a tenth of the time of spelling the
// date out. The mark keeps them apart from what somebody typed.
const (
	dateMark   = "beianbot-date "
	dateFormat = `"` + dateMark + `"0.0000000000`
)

// dated gives a date cell as the time that it shows, in the operator's time zone: a spreadsheet names none. Any other cell stays as it is.
func (r *reader) dated(cell string, from1904 bool) string {
	days, is := strings.CutPrefix(cell, dateMark)
	if !is {
		return cell
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || n < 1 { // a time of day without a day
		return days
	}
	t, err := excelize.ExcelDateToTime(n, from1904)
	if err != nil {
		return days
	}
	t = t.Round(time.Second)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, r.Zone).Format(time.RFC3339)
}

// plain changes the formats of a workbook in memory, so that a cell is read as what it is, whatever people like to see: dates in dateFormat, digits with the zeros in front
// that they are shown with (0012), and every other number in full, without separators and exponents.
func plain(f *excelize.File) {
	st := f.Styles
	if st == nil || st.CellXfs == nil {
		return
	}
	if st.NumFmts == nil {
		st.NumFmts = zero(st.NumFmts)
	}
	own := map[string]*int{"": new(int)} // 0 is the general format
	formats := map[int]string{}
	id := 1000 // Excel's own formats lie below 164
	for _, n := range st.NumFmts.NumFmt {
		formats[n.NumFmtID] = n.FormatCode
		id = max(id, n.NumFmtID)
	}
	for i := range st.CellXfs.Xf {
		xf := &st.CellXfs.Xf[i]
		if xf.NumFmtID == nil {
			continue
		}
		code := plainFormat(*xf.NumFmtID, formats[*xf.NumFmtID])
		if own[code] == nil {
			id++
			own[code] = new(id)
			st.NumFmts.NumFmt = append(st.NumFmts.NumFmt, nil)
			n := &st.NumFmts.NumFmt[len(st.NumFmts.NumFmt)-1]
			*n = zero(*n)
			(*n).NumFmtID, (*n).FormatCode = id, code
		}
		xf.NumFmtID = own[code]
	}
}

// zero makes a value of a type that the library does not name.
func zero[T any](*T) *T { return new(T) }

// builtInDates are the ranges of Excel's own numbers of formats for dates and times; those of Chinese, Japanese and Korean among them. Source: ECMA-376, part 1, 18.8.30.
var builtInDates = [][2]int{{14, 22}, {27, 36}, {45, 47}, {50, 58}}

var (
	// unshown is what stands in a format and is no placeholder: quoted text, [colour], [language] or [condition] (but not [h], hours beyond a day), \x, _x and *x.
	unshown = regexp.MustCompile(`"[^"]*"|\[[^\]hHmMsS][^\]]*\]|[\\_*].`)
	digits  = regexp.MustCompile(`^0+$`)
)

// plainFormat is the format to read the cells of a format in: dateFormat, as many 0 as it shows digits at least, or "" for the general one.
func plainFormat(id int, code string) string {
	if code == "" {
		if slices.ContainsFunc(builtInDates, func(r [2]int) bool { return r[0] <= id && id <= r[1] }) {
			return dateFormat
		}
		return ""
	}
	first, _, _ := strings.Cut(unshown.ReplaceAllString(code, ""), ";")
	first = strings.TrimSpace(first)
	switch {
	case digits.MatchString(first):
		return first
	case !strings.EqualFold(first, "general") && strings.ContainsAny(strings.ToLower(first), "ymdhs"):
		return dateFormat
	}
	return ""
}
