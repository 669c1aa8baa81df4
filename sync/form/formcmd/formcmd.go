// Package formcmd holds the bodies of the commands "form check", "form model",
// "form run" and "form eval", which both programs offer. Each takes bytes and
// gives a value to be printed as JSON; reading files, flags and exit codes are
// the caller's. Whoever calls sets the clock and the zone in [form.Env].
package formcmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Checked is what "form check" says.
type Checked struct {
	OK        bool      `json:"ok"`
	Dialect   string    `json:"dialect"`
	Form      string    `json:"form,omitempty"`
	Version   string    `json:"version,omitempty"`
	Questions int       `json:"questions"`
	Languages []string  `json:"languages,omitempty"`
	Errors    []Finding `json:"errors"`
	Warnings  []Finding `json:"warnings"`
	Repaired  []Finding `json:"repaired,omitempty"` // what Fix changed
}

// Finding is one fault or warning with its place in the workbook.
type Finding struct {
	Sheet   string `json:"sheet"`
	Row     int    `json:"row"`
	Column  string `json:"column"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Repair  string `json:"repair,omitempty"`
}

// String tells a finding to people: where, what, and its code.
func (f Finding) String() string {
	said := fmt.Sprintf("%s (%s)", f.Message, f.Code)
	if at := (form.Finding{Sheet: f.Sheet, Row: f.Row, Column: f.Column}).At(); at != "" {
		return at + ": " + said
	}
	return said
}

// Lines tells the check to people, a line a finding and a line that sums up.
func (c Checked) Lines() []string {
	var lines []string
	for _, list := range []struct {
		name     string
		findings []Finding
	}{{"error", c.Errors}, {"warning", c.Warnings}, {"repaired", c.Repaired}} {
		for _, f := range list.findings {
			lines = append(lines, list.name+": "+f.String())
		}
	}
	return append(lines, fmt.Sprintf("%s: %d questions, %d errors, %d warnings", c.Dialect, c.Questions, len(c.Errors), len(c.Warnings)))
}

// Refused gives the refusal of a form that is not OK, nil of one that is.
func (c Checked) Refused() error {
	if c.OK {
		return nil
	}
	why := "it cannot be read"
	if len(c.Errors) > 0 {
		why = strings.TrimSuffix(c.Errors[0].Message, ".")
	}
	return civic.NewProblem(civic.FormRefused, nil, why)
}

func findings(in []form.Finding, warnings bool) []Finding {
	out := []Finding{}
	for _, f := range in {
		if f.Warning == warnings {
			out = append(out, Finding{f.Sheet, f.Row, f.Column, string(f.Code), f.Message, f.Repair})
		}
	}
	return out
}

// Check loads a workbook and lints it. A refused workbook is no error: OK is
// false and Errors say why.
func Check(workbook []byte) Checked {
	f, err := form.Load(workbook)
	var r *form.Refusal
	if errors.As(err, &r) {
		return Checked{Dialect: r.Dialect, Errors: findings(r.Findings, false), Warnings: findings(r.Findings, true)}
	}
	if err != nil {
		return Checked{Dialect: form.Unknown, Errors: []Finding{{Code: string(civic.CodeOf(err)), Message: err.Error()}}, Warnings: []Finding{}}
	}
	c := Checked{
		OK: true, Dialect: form.XLSForm, Form: string(f.ID), Version: f.Version, Errors: []Finding{},
		Warnings: findings(f.Warnings, true), Languages: slices.DeleteFunc(f.Languages(), func(l string) bool { return l == "" }),
	}
	for _, q := range f.Questions() {
		if q.Kind.Asked() || q.Kind == form.Note {
			c.Questions++
		}
	}
	return c
}

// Fix repairs what can be repaired safely. It gives the new workbook, nil when
// there was nothing to repair, and the check of the result with what was done.
func Fix(workbook []byte) ([]byte, Checked, error) {
	repaired, done, err := form.Fix(workbook)
	if err != nil {
		return nil, Check(workbook), fmt.Errorf("repairing the workbook: %w", err)
	}
	if repaired == nil {
		return nil, Check(workbook), nil
	}
	c := Check(repaired)
	c.Repaired = findings(done, true)
	return repaired, c, nil
}

// Model gives the form as canonical data.
func Model(workbook []byte) (form.Model, error) {
	f, err := form.Load(workbook)
	if err != nil {
		return form.Model{}, fmt.Errorf("loading the form: %w", err)
	}
	return f.Model(), nil
}
