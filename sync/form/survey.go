package form

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
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
		switch key := headerNames[typ]; {
		case yes(r.get("disabled")):
			continue
		case typ == "":
			if r.get("name") != "" || r.worded("label") {
				at.Code, at.Column, at.Message = codeTypeUnknown, "type", "The question "+r.get("name")+" has no type."
				b.fault(at)
			}
			continue
		case typ == "form_id" || typ == "form_title" || key == "form_id" || key == "form_title":
			if key == "" {
				key = typ
			}
			b.settings[key] = r.get("name") // a setting among the questions
			continue
		}
		top := open[len(open)-1]
		switch {
		case endForm.MatchString(typ):
			open = b.end(open, typ, at)
		case beginForm.MatchString(typ):
			if open = append(open, b.begin(top, r, typ, at)); len(open) > MaxNesting {
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
	for _, e := range open[1:] {
		b.fault(Finding{Code: codeNesting, Sheet: t.name, Row: e.row, Path: e.path, Column: "type", Words: []string{e.name},
			Message: fmt.Sprintf("The %s %s is never ended.", e.kind, e.name)})
	}
}

// worded tells whether the row has a column, translated or not.
func (r row) worded(column string) bool {
	for key := range r.cells {
		if head, _, _ := strings.Cut(key, "::"); head == column {
			return true
		}
	}
	return false
}

func (t *table) has(key string) bool {
	for _, c := range t.columns {
		if c.key == key {
			return true
		}
	}
	return false
}

// element reads what questions, groups and repeats have in common.
func (b *builder) element(parent *element, r row, typ string, at Finding) *element {
	e := &element{typ: typ, name: r.get("name"), parent: parent, row: r.number, cells: r.cells, appearance: r.get("appearance")}
	e.beyond = parent.beyond
	e.path = e.name
	if parent.path != "" {
		e.path = parent.path + "/" + e.name
	}
	var ok bool
	if e.parameters, ok = parameters(r.get("parameters")); !ok {
		at := at
		at.Code, at.Column, at.Message = codeParameter, "parameters", "Parameters are written key=value, with spaces between them."
		b.fault(at)
	}
	switch {
	case typ == "audit":
		if e.name != "" && e.name != "audit" {
			at.Code, at.Column, at.Message = codeNameInvalid, "name", "An audit log is always named audit; leave the name out."
			b.fault(at)
		}
		e.name, e.path = "audit", "meta/audit"
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
	if e.name == "meta" && !e.internal {
		at.Code, at.Column, at.Words, at.Path = codeNameTwice, "name", []string{e.name}, e.path
		at.Message = "The name meta is kept for what identifies a filled-in form."
		b.fault(at)
	}
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
		if typ != strings.ToLower(typ) && !strings.Contains(typ, "dateTime") {
			at.Code, at.Column, at.Words = codeTypeUnknown, "type", []string{typ}
			at.Message, at.Repair = "Types are written in small letters.", "read it as "+strings.ToLower(typ)
			at.edits = b.survey.cell(r.number, "type", strings.ToLower(typ))
			b.warn(at)
			at.Code, at.Column, at.Words, at.Message, at.Repair, at.edits = "", "", nil, "", "", nil
		}
		if bound := impliedConstraint[typ]; bound != "" && e.cells["constraint"] == "" {
			e.cells = maps.Clone(e.cells)
			e.cells["constraint"] = bound
		}
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
	if typ == "audit" {
		e.parent = nil
		b.audits = append(b.audits, e) // it belongs to meta
		return
	}
	b.tableList(parent, e, at)
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
	for _, a := range b.audits {
		a.parent, a.internal = m, true
		b.checkParameters(a)
		b.warn(Finding{Code: codeTypeScope, Path: a.path, Sheet: "survey", Row: a.row, Column: "type",
			Message: "The kit cannot ask for the audit log; it is left out."})
		m.children = append(m.children, a)
	}
	b.root.children = append(b.root.children, m)
	if len(b.byName["instanceID"]) == 0 && !yes(b.settings["omit_instanceid"]) {
		b.byName["instanceID"] = []*element{id}
	}
}

// maxFreshDays is the longest x_ttl: a hundred years.
const maxFreshDays = 36_500

// meaning reads what the answer says of whom, and what may stand for it.
func (b *builder) meaning(e *element) {
	attr := e.cells["x_attr"]
	if attr == "" {
		attr = e.cells["save_to"]
		if _, property, ok := strings.Cut(attr, "#"); ok {
			attr = property
		}
	}
	if subject, name, ok := cutLast(attr, "."); ok {
		e.subject, attr = subject, name
	} else if r := e.repeat(); r != nil && attr != "" {
		e.subject = repeatNames(e)
	}
	e.attribute = civic.Attribute(attr)
	e.partial = e.kind == Date && yes(e.cells["x_partial"])
	if ttl := e.cells["x_ttl"]; ttl != "" {
		days, err := strconv.Atoi(ttl)
		if err != nil || days < 1 || days > maxFreshDays {
			b.warn(Finding{Code: codeParameter, Path: e.path, Sheet: "survey", Row: e.row, Column: "x_ttl", Words: []string{ttl},
				Message: "x_ttl is a number of days, not " + ttl + ".", Repair: "the dictionary's limit counts"})
		} else {
			e.freshDays = days
		}
	}
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

// parameterPair is one "key=value"; commas and semicolons part pairs too.
var parameterPair = regexp.MustCompile(`^[\s,;]*([^\s=,;]+)[\s,;]*=[\s,;]*([^\s=,;]+)`)

// parameters reads "start=1 end=10 step=1"; ok is false when something else
// stands there. Values are in small letters but for names of columns.
func parameters(s string) (out map[string]string, ok bool) {
	for strings.Trim(s, " \t\n\r,;") != "" {
		m := parameterPair.FindStringSubmatch(s)
		if m == nil {
			return out, false
		}
		if out == nil {
			out = map[string]string{}
		}
		key, value := strings.ToLower(m[1]), m[2]
		if key != "value" && key != "label" && !mention.MatchString(value) {
			value = strings.ToLower(value)
		}
		out[key] = value
		s = s[len(m[0]):]
	}
	return out, true
}
