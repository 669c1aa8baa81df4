package form

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// repeats tells whether a word for groups means a repeat.
func repeats(word string) bool { return word == "repeat" || word == "lgroup" || word == "looped group" }

// begin opens a group or a repeat.
func (b *builder) begin(top *element, r row, typ string, at Finding) *element {
	e := b.element(top, r, typ, at)
	at.Path = e.path
	e.kind = Group
	switch m := beginForm.FindStringSubmatch(typ); {
	case repeats(m[1]):
		e.kind = Repeat
		b.checkRepeat(e, at)
		b.counted(top, e, at)
	case m[1] == "loop":
		b.loop(e, m[2], at)
	}
	if slices.Contains(strings.Fields(e.appearance), "table-list") {
		e.table = &tableList{}
	}
	b.attach(top, e, at)
	b.tableHead(e, at)
	return e
}

// loop reads "begin loop over list", an old way to ask the same of each choice.
// The kit keeps the questions in the model and asks none of them.
func (b *builder) loop(e *element, over string, at Finding) {
	list := strings.TrimSpace(strings.TrimPrefix(over, "over "))
	at.Column = "type"
	if b.lists[list] == nil {
		at.Code, at.Words, at.Message = codeListMissing, []string{list}, "A loop names the list of choices it goes over; there is no list "+list+"."
		b.fault(at)
		return
	}
	e.beyond = true
	at.Code, at.Message = codeTypeScope, "The kit cannot ask in loops over choices; the questions are left out. Write them out instead."
	b.warn(at)
}

// checkRepeat wants repeats to have names of their own: other programs keep one
// table a name.
func (b *builder) checkRepeat(e *element, at Finding) {
	at.Code, at.Column, at.Words = codeNameTwice, "name", []string{e.name}
	if e.name == b.root.name {
		at.Message, at.Repair = "The repeat "+e.name+" has the name of the form's root.", "kept both; here they are told apart by their place"
		at.edits = b.nameRoot()
		b.warn(at)
	}
	if b.repeats[e.name] {
		at.Message, at.Repair, at.edits = "Two repeats are named "+e.name+".", "kept both; here they are told apart by their place", nil
		b.warn(at)
	}
	b.repeats[e.name] = true
}

// counted gives a repeat_count that is an expression a node of its own, as the
// reference converter does, so that other expressions can mention it.
func (b *builder) counted(top, e *element, at Finding) {
	count := e.cells["repeat_count"]
	if count == "" || mentions.MatchString(count) {
		return
	}
	n := &element{
		kind: Calculate, typ: "calculate", name: e.name + "_count", parent: top, row: e.row, internal: true,
		cells: map[string]string{"calculation": count, "read_only": "true()"},
	}
	n.path = strings.TrimPrefix(top.path+"/"+n.name, "/")
	b.attach(top, n, at)
	e.cells = maps.Clone(e.cells)
	e.cells["repeat_count"] = "${" + n.name + "}"
}

// tableList is a group whose choices stand in one table: every question in it
// has the same list.
type tableList struct{ list string }

// tableHead adds the line that words such a group in other programs.
func (b *builder) tableHead(e *element, at Finding) {
	if e.table == nil {
		return
	}
	cells := map[string]string{}
	for key, v := range e.cells {
		if head, _, _ := strings.Cut(key, "::"); head == "label" || head == "hint" {
			cells[key] = v
		}
	}
	if len(cells) == 0 {
		return
	}
	n := &element{
		kind: Note, typ: "note", name: fmt.Sprintf("generated_table_list_label_%d", e.row), parent: e, row: e.row, cells: cells,
		internal: true, beyond: true,
	}
	n.path = e.path + "/" + n.name
	b.attach(e, n, at)
}

// tableList checks a question in such a group, and puts the table's head before
// the first.
func (b *builder) tableList(parent, e *element, at Finding) {
	if parent.table == nil || e.list == nil && e.file == "" {
		return
	}
	name := e.file
	if e.list != nil {
		name = e.list.name
	}
	at.Code, at.Column, at.Path = codeListMissing, "type", e.path
	if parent.table.list == "" {
		parent.table.list = name
		if e.cells["choice_filter"] != "" {
			at.Message = "The choices of a table (table-list) cannot be filtered."
			b.fault(at)
		}
		head := &element{
			kind: e.kind, typ: e.typ, name: fmt.Sprintf("reserved_name_for_field_list_labels_%d", e.row), parent: parent, row: e.row,
			cells: map[string]string{}, list: e.list, file: e.file, internal: true, beyond: true, appearance: "label", generated: true,
		}
		head.path = parent.path + "/" + head.name
		b.attach(parent, head, at)
	}
	if parent.table.list != name {
		at.Message = fmt.Sprintf("All questions of a table (table-list) have the same choices; this has %s, the first %s.", name, parent.table.list)
		b.fault(at)
	}
}

func (b *builder) end(open []*element, typ string, at Finding) []*element {
	top := open[len(open)-1]
	word := "group"
	if m := endForm.FindStringSubmatch(typ); repeats(m[1]) {
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
