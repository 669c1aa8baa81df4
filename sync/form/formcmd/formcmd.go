// Package formcmd holds the bodies of the commands "form check", "form model",
// "form run" and "form eval", which both programs offer. Each takes bytes and
// gives a value to be printed as JSON; reading files, flags and exit codes are
// the caller's. Whoever calls sets the clock and the zone in [form.Env].
package formcmd

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/xpath"
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

// Ran is what "form run" says: how every node stands at the end.
type Ran struct {
	Nodes map[string]Node `json:"nodes"`
	// Refused lists the actions that were not taken, by their number from 1.
	Refused []string `json:"refused,omitempty"`
}

// Node is the state of one node.
type Node struct {
	Relevant bool     `json:"relevant"`
	Required bool     `json:"required"`
	ReadOnly bool     `json:"readonly"`
	Value    string   `json:"value"`
	Valid    bool     `json:"valid"`
	Label    string   `json:"label,omitempty"`
	Choices  []string `json:"choices,omitempty"`
}

// action is one step of an interview.
type action struct{ do, path, value string }

// Run plays actions on a form. answers is JSON: an object of answers by path,
// or a list of actions ["set", path, value], ["add", repeat], ["remove",
// instance], or an object with such a list under "actions" and such an object
// under "answers". Paths may begin with the form's root.
func Run(workbook, answers []byte, env form.Env) (Ran, error) {
	f, err := form.Load(workbook)
	if err != nil {
		return Ran{}, fmt.Errorf("loading the form: %w", err)
	}
	actions, err := readActions(answers)
	if err != nil {
		return Ran{}, err
	}
	if env.Rand == nil {
		env.Rand = rand.Reader
	}
	s := form.Start(f, env)
	out := Ran{Nodes: map[string]Node{}}
	for i, a := range actions {
		if err := s.Play(a.do, a.path, a.value); err != nil {
			out.Refused = append(out.Refused, fmt.Sprintf("%d: %s %s", i+1, a.do, a.path))
		}
	}
	for _, n := range s.Nodes() {
		out.Nodes[n.Path] = Node{n.Relevant, n.Required, n.ReadOnly, n.Value, n.Valid, n.Label, n.Choices}
	}
	return out, nil
}

func readActions(b []byte) ([]action, error) {
	bad := func(err error) ([]action, error) {
		return nil, civic.NewProblem(civic.AnswersMalformed, err)
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil, nil
	}
	if b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return bad(err)
		}
		return readList(list)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(b, &object); err != nil {
		return bad(err)
	}
	var out []action
	if raw, ok := object["actions"]; ok {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return bad(err)
		}
		var err error
		if out, err = readList(list); err != nil {
			return bad(err)
		}
		delete(object, "actions")
	}
	if raw, ok := object["answers"]; ok {
		object = nil
		if err := json.Unmarshal(raw, &object); err != nil {
			return bad(err)
		}
	}
	paths := make([]string, 0, len(object))
	for path := range object {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		out = append(out, action{"set", path, plain(object[path])})
	}
	return out, nil
}

// readList reads actions as lists, or as objects with do, path and value.
func readList(list []json.RawMessage) ([]action, error) {
	var out []action
	for _, raw := range list {
		var parts []json.RawMessage
		if err := json.Unmarshal(raw, &parts); err == nil && len(parts) >= 2 {
			a := action{do: plain(parts[0]), path: plain(parts[1])}
			if len(parts) > 2 {
				a.value = plain(parts[2])
			}
			out = append(out, a)
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, civic.NewProblem(civic.AnswersMalformed, err)
		}
		a := action{do: "set", path: plain(object["path"]), value: plain(object["value"])}
		for _, key := range []string{"do", "act", "action", "op"} {
			if v, ok := object[key]; ok {
				a.do = plain(v)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// plain gives a JSON string its text, and anything else as it stands.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.Trim(string(raw), " \n")
}

// Evaluated is what "form eval" says.
type Evaluated struct {
	Type  string `json:"type"` // number, string, boolean or nodeset
	Value any    `json:"value"`
	// The value turned into each of the others; JSON has no NaN or infinity,
	// so those are text.
	Text    string `json:"string"`
	Number  any    `json:"number"`
	Boolean bool   `json:"boolean"`
}

// Eval evaluates one expression in a document. context names the node it is
// evaluated at (see find), empty for the document itself; in an XForm, paths begin
// at its primary instance. lang chooses among the document's translations.
func Eval(document []byte, context, expression, lang string, env form.Env) (Evaluated, error) {
	doc, err := xpath.ReadXML(document)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.RequestMalformed, err)
	}
	if env.Rand == nil {
		env.Rand = rand.Reader
	}
	e := &xpath.Env{Now: env.Now, Zone: env.Zone, Rand: env.Rand}
	xpath.XForm(doc, lang).Lend(e)
	at := doc
	if context != "" && context != "/" {
		if at, err = find(doc, context, e); err != nil {
			return Evaluated{}, err
		}
	}
	x, err := xpath.Parse(expression)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.RequestMalformed, err)
	}
	v, err := x.Eval(at, e)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.RequestMalformed, err)
	}
	out := Evaluated{Text: v.Text(), Boolean: v.Bool(), Number: number(v.Number(env.Zone))}
	switch v.Type() {
	case xpath.Number:
		out.Type, out.Value = "number", out.Number
	case xpath.Boolean:
		out.Type, out.Value = "boolean", out.Boolean
	case xpath.NodeSet:
		out.Type, out.Value = "nodeset", out.Text
	default:
		out.Type, out.Value = "string", out.Text
	}
	return out, nil
}

// find looks for the context node: by a path, or by the places of elements from
// the document inwards, counted from 0, "[0,2,1]".
func find(doc *xpath.Node, context string, e *xpath.Env) (*xpath.Node, error) {
	var places []int
	if json.Unmarshal([]byte(context), &places) == nil {
		for _, i := range places {
			inner := doc.Elements()
			if i < 0 || i >= len(inner) {
				return nil, civic.NewProblem(civic.WrongUse, nil, "There is no node "+context+" in the document.")
			}
			doc = inner[i]
		}
		return doc, nil
	}
	x, err := xpath.Parse(context)
	if err != nil {
		return nil, civic.NewProblem(civic.RequestMalformed, err)
	}
	v, err := x.Eval(doc, e)
	if err == nil && len(v.Nodes()) == 0 {
		// Perhaps the path is meant from the document itself.
		whole := *e
		whole.Primary = nil
		v, err = x.Eval(doc, &whole)
	}
	if err != nil || len(v.Nodes()) == 0 {
		return nil, civic.NewProblem(civic.WrongUse, err, "There is no node "+context+" in the document.")
	}
	return v.Nodes()[0], nil
}

func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strings.TrimPrefix(strings.Replace(fmt.Sprint(f), "Inf", "Infinity", 1), "+")
	}
	return f
}
