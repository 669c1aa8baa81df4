package form

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

// Finding is one thing wrong with a workbook or with an answer.
type Finding struct {
	// Path is the question's place in the form; empty for a fault of the
	// workbook as a whole.
	Path string
	Code civic.Code
	// Words fill the places of the catalogue's sentence for Code: labels and
	// cells of the workbook, never an answer.
	Words []string
	// Message says it in words: the form's own message in the language of the
	// session where it has one, else plain English.
	Message string

	// Where in the workbook, for findings of loading; Row counts from 1.
	Sheet  string
	Row    int
	Column string

	Warning bool   // the form can be used all the same
	Repair  string // what was done, or can be done by Fix, about it; empty if nothing

	edits []workbook.Edit // how the workbook itself is repaired
}

// At tells where in the workbook the fault is: "survey, row 12, column label".
func (f Finding) At() string {
	var parts []string
	if f.Sheet != "" {
		parts = append(parts, f.Sheet)
	}
	if f.Row > 0 {
		parts = append(parts, fmt.Sprintf("row %d", f.Row))
	}
	if f.Column != "" {
		parts = append(parts, "column "+f.Column)
	}
	return strings.Join(parts, ", ")
}

// Refusal says why a workbook is no form this kit can run. It unwraps to a
// civic.Problem with the code form_refused.
type Refusal struct {
	// Dialect is XLSForm, or what the workbook seems to be instead.
	Dialect string
	// Findings holds the faults first, then the warnings.
	Findings []Finding
}

func (r *Refusal) Error() string { return r.problem().Error() }

func (r *Refusal) Unwrap() error { return r.problem() }

func (r *Refusal) problem() *civic.Problem {
	what := "it holds no questions"
	if len(r.Findings) > 0 {
		what = r.Findings[0].Message
		if at := r.Findings[0].At(); at != "" {
			what = at + ": " + what
		}
	}
	return civic.NewProblem(civic.FormRefused, nil, strings.TrimSuffix(what, "."))
}
