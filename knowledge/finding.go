package knowledge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity of a finding: an error refuses the whole folder, a warning only reports.
type Severity string

// The two severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one fault in a knowledge folder, with the place to mend.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"` // 1-based; 0 when it concerns the whole file or folder
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, f.Severity, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Severity, f.Message)
}

// Findings are all faults of a folder, never just the first.
type Findings []Finding

// Errors reports whether any finding is an error.
func (fs Findings) Errors() bool {
	for _, f := range fs {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

// Sorted are the findings by file and line, each once.
func (fs Findings) Sorted() Findings {
	slices.SortFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(fs)
}

// LintError is what Load returns for a folder with errors. Its text lists every one.
type LintError struct{ Findings Findings }

func (e *LintError) Error() string {
	var b strings.Builder
	n := 0
	for _, f := range e.Findings {
		if f.Severity == Error {
			n++
			b.WriteString("\n  " + f.String())
		}
	}
	return fmt.Sprintf("the knowledge files have %d errors; nothing was loaded:%s", n, b.String())
}
