package form

import (
	"regexp"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form/workbook"
)

// Dialects of workbooks that look alike.
const (
	XLSForm = "xlsform" // what the kit runs
	ODKX    = "odkx"    // ODK-X, another standard
	CHT     = "cht"     // the Community Health Toolkit's own additions
	Unknown = "unknown"
)

// odkxColumn knows the columns that only ODK-X has.
func odkxColumn(header string) bool {
	h := strings.ToLower(strings.TrimSpace(header))
	return h == "clause" || h == "values_list" || strings.HasPrefix(h, "display.") || strings.HasPrefix(h, "inputattributes.")
}

// findODKX tells whether a workbook is of ODK-X, with the place that shows it.
func findODKX(w *workbook.Workbook) (Finding, bool) {
	s := w.Sheet("survey")
	if s == nil || len(s.Rows) == 0 {
		return Finding{}, false
	}
	for _, h := range s.Rows[0].Cells {
		if odkxColumn(h) {
			return Finding{Code: codeDialect, Sheet: "survey", Row: s.Rows[0].Number, Column: h, Words: []string{ODKX},
				Message: "This is a form for ODK-X, which is another standard; write it as an XLSForm."}, true
		}
	}
	return Finding{}, false
}

// chtOnly are functions and types that only the Community Health Toolkit has.
var (
	chtFunction = regexp.MustCompile(`^(cht:|z-score$|difference-in-months$|to-bikram-sambat$|add-date$|parse-timestamp-to-date$)`)
	chtType     = regexp.MustCompile(`^(db:|tel$|contact:|select-contact)`)
)

// findCHT looks for that dialect among what was found wrong.
func findCHT(findings []Finding) (Finding, bool) {
	i := slices.IndexFunc(findings, func(f Finding) bool {
		return len(f.Words) > 0 && (f.Code == codeTypeUnknown && chtType.MatchString(f.Words[0]) || f.Code == codeFunction && chtFunction.MatchString(f.Words[0]))
	})
	if i < 0 {
		return Finding{}, false
	}
	f := findings[i]
	return Finding{Code: codeDialect, Sheet: f.Sheet, Row: f.Row, Column: f.Column, Words: []string{CHT, f.Words[0]},
		Message: "This form uses " + f.Words[0] + " of the Community Health Toolkit, which only its own programs know."}, true
}
