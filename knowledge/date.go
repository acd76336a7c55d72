package knowledge

import (
	"fmt"
	"time"
)

// Date is YYYY, YYYY-MM or YYYY-MM-DD.
type Date string

var dateLayouts = []string{"2006-01-02", "2006-01", "2006"}

// Time is the first moment of the date, UTC; the zero time when it is empty or wrong.
func (d Date) Time() time.Time {
	for _, l := range dateLayouts {
		if t, err := time.Parse(l, string(d)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Year is the first four characters.
func (d Date) Year() string {
	if len(d) < 4 {
		return ""
	}
	return string(d[:4])
}

func (d Date) check(*Knowledge) error {
	if d != "" && d.Time().IsZero() {
		return fmt.Errorf("%q is not a date: write 2026-11-24, 2026-11 or 2026, in quotes", string(d))
	}
	return nil
}
