package form

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bindList finds the choices of a question.
func (b *builder) bindList(e *element, s selectType, at Finding) {
	at.Column = "type"
	e.other, e.external = s.other, s.external
	switch {
	case s.file:
		e.file = s.list
		if !slices.ContainsFunc(fileNames, func(ext string) bool { return strings.HasSuffix(strings.ToLower(s.list), ext) }) {
			at.Code, at.Words = codeListMissing, []string{s.list}
			at.Message = "The file " + s.list + " must end with .csv, .xml or .geojson."
			b.fault(at)
		}
		return
	case s.external:
		e.list = b.external[s.list]
	case mention.MatchString(s.list):
		e.cells = maps.Clone(e.cells)
		e.cells["\x00from"] = s.list
		return
	default:
		e.list = b.lists[s.list]
		b.usedLists[s.list] = !strings.Contains(e.appearance, "search(")
	}
	if e.list == nil {
		at.Code, at.Words = codeListMissing, []string{s.list}
		at.Message = "There is no list of choices named " + s.list + "."
		b.fault(at)
		return
	}
	if s.kind != SelectMany {
		return
	}
	for _, item := range e.list.items {
		if strings.Contains(item.name, " ") {
			at.Code, at.Words, at.Path = codeChoiceName, []string{item.name}, e.path
			at.Message = fmt.Sprintf("The choice %q of the list %s has a space in its name; where several can be chosen, spaces part the answers.", item.name, s.list)
			b.fault(at)
			return
		}
	}
}

// specify adds what or_other stands for: a choice "other", and a question that
// asks which.
func (b *builder) specify(parent, e *element, at Finding) {
	label, condition := "Specify other.", "selected(../"+e.name+", 'other')"
	if e.list == nil {
		at.Code, at.Column, at.Message = codeOrOther, "type", "or_other needs a list of choices on the choices sheet."
		b.fault(at)
		return
	}
	if !e.list.has("other") {
		e.list.items = append(e.list.items, &choiceItem{name: "other", label: said("Other"), cells: map[string]string{"name": "other", "label": "Other"}})
	}
	filter := e.cells["choice_filter"]
	if len(b.languages) > 0 && filter == "" {
		at.Code, at.Column, at.Message = codeOrOther, "type", "The words of or_other are not translated; write the choice and its question out."
		b.warn(at)
	}
	if filter != "" {
		shown := "(" + filter + ") or name = 'other'"
		at.Code, at.Column, at.Message = codeOrOther, "choice_filter", "A filter of choices and or_other do not go together."
		at.Repair = "kept the filter and let it always show \"other\""
		at.edits = slices.Concat(b.survey.cell(e.row, "choice_filter", shown), b.survey.cell(e.row, "type", strings.TrimSpace(orOther.ReplaceAllString(e.typ, ""))),
			b.survey.insert(e.row, map[string]string{"type": "text", "name": e.name + "_other", "label": label, "relevant": condition}), b.addOther(e.list))
		b.warn(at)
		e.cells = maps.Clone(e.cells)
		e.cells["choice_filter"] = shown
	}
	more := &element{
		kind: Text, typ: "text", generated: true, name: e.name + "_other", parent: parent, row: e.row, absences: e.absences,
		cells: map[string]string{"label": label, "relevant": condition},
	}
	more.path = strings.TrimSuffix(e.path, e.name) + more.name
	b.attach(parent, more, at)
}

func (l *choiceList) has(name string) bool {
	for _, item := range l.items {
		if item.name == name {
			return true
		}
	}
	return false
}
