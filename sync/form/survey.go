package form

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// nodeName is what the name of a question may be: it becomes a tag of XML.
var nodeName = regexp.MustCompile(`^[\pL_:][\pL\pN\pM_:.\-]*$`)

// readSurvey reads the rows of the survey sheet into the form's tree.
func (b *builder) readSurvey(t *table) {
	b.root = &element{kind: Group, name: "data"}
	if name := b.settings["name"]; name != "" && tag.MatchString(name) {
		b.root.name = name
	}
	if !t.has("type") {
		b.fault(Finding{Code: codeColumnMissing, Sheet: t.name, Row: 1, Column: "type", Message: "The survey sheet has no column named type."})
		return
	}
	open := []*element{b.root}
	count := 0
	for _, r := range t.rows {
		typ := strings.TrimSpace(r.get("type"))
		at := Finding{Sheet: t.name, Row: r.number}
		if typ == "" {
			if r.get("name") != "" && r.get("label") != "" {
				at.Code, at.Column, at.Message = codeTypeUnknown, "type", "The question "+r.get("name")+" has no type."
				b.fault(at)
			}
			continue
		}
		if no(r.get("disabled")) || r.get("disabled") == "" {
			top := open[len(open)-1]
			switch {
			case endForm.MatchString(typ):
				open = b.end(open, typ, at)
			case beginForm.MatchString(typ):
				e := b.element(top, r, typ, at)
				e.kind = Group
				if m := beginForm.FindStringSubmatch(typ); m[1] == "repeat" {
					e.kind = Repeat
				} else if m[1] != "group" {
					at.Code, at.Column, at.Message = codeTypeScope, "type", "Loops over choices cannot be used; write the questions out."
					b.fault(at)
				}
				b.attach(top, e, at)
				if open = append(open, e); len(open) > MaxNesting {
					at.Code, at.Message = codeNesting, fmt.Sprintf("Groups are nested more than %d deep.", MaxNesting)
					b.fault(at)
					return
				}
			default:
				if count++; count > MaxQuestions {
					at.Code, at.Message = codeSize, fmt.Sprintf("A form has at most %d questions.", MaxQuestions)
					b.fault(at)
					return
				}
				b.question(top, r, typ, at)
			}
		}
	}
	for _, e := range open[1:] {
		b.fault(Finding{Code: codeNesting, Sheet: t.name, Row: e.row, Path: e.path, Column: "type", Words: []string{e.name},
			Message: fmt.Sprintf("The %s %s is never ended.", e.kind, e.name)})
	}
}

func (t *table) has(key string) bool {
	for _, c := range t.columns {
		if c.key == key {
			return true
		}
	}
	return false
}

func (b *builder) end(open []*element, typ string, at Finding) []*element {
	top := open[len(open)-1]
	word := "group"
	if strings.Contains(typ, "repeat") {
		word = "repeat"
	}
	if len(open) == 1 || (top.kind == Repeat) != (word == "repeat") {
		at.Code, at.Column = codeNesting, "type"
		at.Message = fmt.Sprintf("This ends a %s, but none is open here.", word)
		b.fault(at)
		if len(open) == 1 {
			return open
		}
	}
	return open[:len(open)-1]
}

// element reads what questions, groups and repeats have in common.
func (b *builder) element(parent *element, r row, typ string, at Finding) *element {
	e := &element{typ: typ, name: r.get("name"), parent: parent, row: r.number, cells: r.cells, appearance: r.get("appearance")}
	e.path = e.name
	if parent.path != "" {
		e.path = parent.path + "/" + e.name
	}
	e.parameters = parameters(r.get("parameters"))
	switch {
	case e.name == "" && typ == "note":
		e.name = fmt.Sprintf("generated_note_name_%d", r.number)
		e.path += e.name
	case e.name == "0" || e.name == "1":
		// The spreadsheet took the name for a truth.
		was := e.name
		e.name = map[string]string{"0": "FALSE", "1": "TRUE"}[was]
		e.path = strings.TrimSuffix(e.path, was) + e.name
		at.Code, at.Column, at.Words = codeNameInvalid, "name", []string{e.name}
		at.Message, at.Repair = "The spreadsheet keeps this name as a truth, not as text.", "named it "+e.name
		at.edits = b.survey.cell(r.number, "name", e.name)
		b.warn(at)
	case e.name == "":
		at.Code, at.Column, at.Message = codeNameMissing, "name", "This "+typ+" has no name."
		b.fault(at)
	case !nodeName.MatchString(e.name):
		at.Code, at.Column, at.Words = codeNameInvalid, "name", []string{e.name}
		at.Message = "The name " + e.name + " must begin with a letter and hold only letters, digits, _, - and dots."
		b.fault(at)
	}
	return e
}

// attach hangs an element into its group; two of one name would be one answer.
func (b *builder) attach(parent, e *element, at Finding) {
	if other := parent.child(e.name); other != nil {
		at.Code, at.Column, at.Words, at.Path = codeNameTwice, "name", []string{e.name}, e.path
		at.Message = fmt.Sprintf("The name %s stands twice in the same group, first in row %d.", e.name, other.row)
		b.fault(at)
	}
	parent.children = append(parent.children, e)
	b.byName[e.name] = append(b.byName[e.name], e)
}

func (b *builder) question(parent *element, r row, typ string, at Finding) {
	e := b.element(parent, r, typ, at)
	at.Path = e.path
	if s, ok := parseSelect(typ); ok {
		e.kind = s.kind
		b.bindList(e, s, at)
	} else if kind, ok := typeNames[strings.ToLower(typ)]; ok {
		e.kind, e.meta = kind, metaSource[strings.ToLower(typ)]
	} else if strings.HasPrefix(typ, "osm ") || typ == "osm" {
		e.kind = Hidden
	} else {
		at.Code, at.Column, at.Words = codeTypeUnknown, "type", []string{typ}
		at.Message = "There is no type of question named \"" + typ + "\"."
		b.fault(at)
		return
	}
	e.typed = e.kind != Calculate && (e.cells["calculation"] != "" || e.cells["trigger"] != "") && !e.worded()
	b.meaning(e)
	if e.kind == Calculate && e.cells["calculation"] == "" && !e.computedDefault() {
		at.Code, at.Column, at.Message = codeCalculation, "calculation", "The calculation "+e.name+" says not what to compute."
		b.fault(at)
	}
	b.attach(parent, e, at)
	if e.other {
		b.specify(parent, e, at)
	}
}

// worded tells whether the row has any label or hint.
func (e *element) worded() bool {
	for key := range e.cells {
		switch name, _, _ := strings.Cut(key, "::"); name {
		case "label", "hint", "image", "audio", "video":
			return true
		}
	}
	return false
}

// meta adds the part of the form that identifies a filled-in copy.
func (b *builder) meta() {
	if b.root.child("meta") != nil {
		return
	}
	m := &element{kind: Group, name: "meta", path: "meta", parent: b.root, internal: true}
	id := &element{kind: Meta, name: "instanceID", path: "meta/instanceID", parent: m, internal: true, meta: "uid"}
	m.children = append(m.children, id)
	if v := b.settings["instance_name"]; v != "" {
		m.children = append(m.children, &element{
			kind: Calculate, name: "instanceName", path: "meta/instanceName", parent: m, internal: true,
			cells: map[string]string{"calculation": v},
		})
	}
	b.root.children = append(b.root.children, m)
	if len(b.byName["instanceID"]) == 0 && !yes(b.settings["omit_instanceid"]) {
		b.byName["instanceID"] = []*element{id}
	}
}

// meaning reads what the answer says of whom, and what may stand for it.
func (b *builder) meaning(e *element) {
	attr := e.cells["x_attr"]
	if attr == "" {
		attr = e.cells["save_to"]
	}
	if subject, name, ok := cutLast(attr, "."); ok {
		e.subject, attr = subject, name
	} else if r := e.repeat(); r != nil && attr != "" {
		e.subject = repeatNames(e)
	}
	e.attribute = civic.Attribute(attr)
	e.partial = e.kind == Date && yes(e.cells["x_partial"])
	if !e.kind.Asked() || e.kind == Acknowledge || no(e.cells["x_absent"]) {
		return
	}
	allowed := strings.Fields(e.cells["x_absent"])
	if len(allowed) == 0 || yes(e.cells["x_absent"]) {
		allowed = []string{"unknown", "refused", "none"}
	}
	for _, a := range allowed {
		switch a {
		case "unknown":
			e.absences = append(e.absences, civic.Unknown)
		case "refused":
			e.absences = append(e.absences, civic.Refused)
		case "none":
			e.absences = append(e.absences, civic.None)
		}
	}
}

// repeatNames names the repeats around an element: "members", or
// "households/members" when one lies in the other.
func repeatNames(e *element) string {
	name := ""
	for _, x := range e.ancestors() {
		if x.kind == Repeat {
			name = strings.TrimPrefix(name+"/"+x.name, "/")
		}
	}
	return name
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// parameters reads "start=1 end=10 step=1"; commas and semicolons part them
// too.
func parameters(s string) map[string]string {
	if s == "" {
		return nil
	}
	out := map[string]string{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[strings.ToLower(k)] = v
		}
	}
	return out
}
