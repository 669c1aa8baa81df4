package form

import (
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// compileExpressions parses every expression, once all names are known.
func (b *builder) compileExpressions() {
	if b.root == nil {
		return
	}
	b.root.each(func(e *element) {
		if e.parent == nil {
			return
		}
		at := Finding{Path: e.path, Sheet: "survey", Row: e.row}
		e.resolved = map[string]string{}
		e.label = b.wordingOf(e, "label", e.cells, at, e.resolved)
		e.hint = b.wordingOf(e, "hint", e.cells, at, e.resolved)
		e.guidance = b.wordingOf(e, "guidance_hint", e.cells, at, e.resolved)
		e.constraintMessage = b.wordingOf(e, "constraint_message", e.cells, at, e.resolved)
		e.requiredMessage = b.wordingOf(e, "required_message", e.cells, at, e.resolved)
		e.media = b.mediaOf(e, e.cells, at, e.resolved)
		e.relevant = b.expression(e, "relevant")
		e.constraint = b.expression(e, "constraint")
		e.calculate = b.expression(e, "calculation")
		e.count = b.expression(e, "repeat_count")
		if from := e.cells["\x00from"]; from != "" {
			at := at
			at.Column = "type"
			if e.source = b.find(mention.FindStringSubmatch(from)[2], at); e.source != nil && e.source.repeat() == nil {
				at.Code, at.Message = codeListMissing, "Choices can come from a question only when it stands in a repeat."
				b.fault(at)
				e.source = nil
			}
		}
		e.filter = b.expression(e, "choice_filter")
		if e.filter != nil && !e.filter.Positional() { // an index leaves rows out, and positions with them
			e.equal, e.filterParts = e.filter.Equalities(), e.filter.Parts()
			if begins, whole, ok := e.filter.Beginning(); ok {
				e.begins, e.beginsWhole = &begins, whole
			}
		}
		if call := searchCall(e.appearance); call != "" {
			e.search = b.parse(e, "appearance", call)
		}
		e.required = b.condition(e, "required")
		e.readOnly = b.condition(e, "read_only")
		b.defaults(e)
		b.triggers(e)
		for _, x := range []*xpath.Expr{e.relevant, e.constraint, e.calculate, e.count, e.filter, e.required, e.readOnly, e.dynamicDefault} {
			b.checkFunctions(e, x)
		}
	})
}

// condition reads a cell that says yes, no, or when.
func (b *builder) condition(e *element, column string) *xpath.Expr {
	switch v := e.cells[column]; {
	case v == "" || no(v):
		return nil
	case yes(v):
		return always
	default:
		return b.parse(e, column, v)
	}
}

// always is the condition that holds.
var always, _ = xpath.Parse("true()")

// defaults tells a fixed default from one that is computed: the latter calls a
// function or looks at an answer.
func (b *builder) defaults(e *element) {
	text := e.cells["default"]
	if text == "" || e.container() {
		return
	}
	if e.computedDefault() {
		e.dynamicDefault = b.parse(e, "default", text)
		return
	}
	e.fixedDefault = text
}

// computedDefault tells whether a default is an expression: it mentions a
// question, calls a function or computes. The hyphens of dates, places and
// choices are no subtraction.
func (e *element) computedDefault() bool {
	text := e.cells["default"]
	if text == "" {
		return false
	}
	hyphens := e.kind == SelectOne || e.kind == SelectMany || e.kind == Date || e.kind == Time || e.kind == DateTime || e.kind >= Geopoint && e.kind <= Geoshape
	return mention.MatchString(text) || xpath.Computes(text, !hyphens)
}

// triggers reads "${a}, ${b}": the calculation runs when one of them changes.
func (b *builder) triggers(e *element) {
	text := e.cells["trigger"]
	if text == "" {
		return
	}
	at := Finding{Path: e.path, Sheet: "survey", Row: e.row, Column: "trigger"}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if target := b.find(m[2], at); target != nil {
			e.triggers = append(e.triggers, target)
		}
	}
}

// checkFunctions refuses an expression that calls what the kit cannot compute:
// it would fail in the middle of an interview.
func (b *builder) checkFunctions(e *element, x *xpath.Expr) {
	if x == nil {
		return
	}
	for _, name := range x.Calls() {
		if !knownFunction(name) {
			b.fault(Finding{Code: codeFunction, Path: e.path, Sheet: "survey", Row: e.row, Words: []string{name},
				Message: "There is no function named " + name + "."})
		}
	}
}
