package form

import (
	"errors"

	"github.com/askonce/fieldkit/sync/form/workbook"
)

// Fix repairs in the workbook itself what loading repairs on the way, so that
// other programs take it too. It gives the new bytes and what was done; the
// bytes are nil when there was nothing to repair. Faults that cannot be
// repaired safely stay: load the result to see them.
func Fix(data []byte) (repaired []byte, done []Finding, err error) {
	w, err := workbook.Read(data, wanted)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	if f, ok := findODKX(w); ok {
		return nil, nil, &Refusal{Dialect: ODKX, Findings: []Finding{f}}
	}
	b := build(w)
	var edits []workbook.Edit
	for _, f := range b.warnings {
		if len(f.edits) > 0 {
			edits = append(edits, f.edits...)
			done = append(done, f)
		}
	}
	quotes := b.straighten(w)
	if len(quotes) > 0 {
		edits = append(edits, quotes...)
		done = append(done, Finding{Code: codeQuotes, Sheet: quotes[0].Sheet, Row: quotes[0].Row, Warning: true,
			Message: "Some cells hold curly quotation marks.", Repair: "made them straight"})
	}
	if len(edits) == 0 {
		return nil, nil, nil
	}
	if repaired, err = workbook.Apply(data, edits); err != nil {
		return nil, nil, unreadable(errors.Join(workbook.ErrNotXLSX, err))
	}
	return repaired, done, nil
}

// straighten finds the cells with curly quotation marks where expressions
// stand; in labels they are right.
func (b *builder) straighten(w *workbook.Workbook) []workbook.Edit {
	var out []workbook.Edit
	s := w.Sheet("survey")
	if s == nil || b.survey == nil {
		return nil
	}
	for i, c := range b.survey.columns {
		switch c.key {
		case "relevant", "constraint", "calculation", "choice_filter", "required", "read_only", "repeat_count", "default", "trigger":
		default:
			continue
		}
		for _, r := range s.Rows[1:] {
			if v := r.Cell(i); smart.Replace(v) != v {
				out = append(out, workbook.Edit{Sheet: s.Name, Row: r.Number, Column: i, Value: smart.Replace(v)})
			}
		}
	}
	return out
}

// insert puts a row behind another, by canonical names of columns.
func (t *table) insert(row int, cells map[string]string) []workbook.Edit {
	e := workbook.Edit{Sheet: t.sheet, Row: row, Insert: map[int]string{}}
	for key, v := range cells {
		if i := t.index(key); i >= 0 {
			e.Insert[i] = v
		}
	}
	return []workbook.Edit{e}
}

// addOther writes the choice "other" behind the last of a list.
func (b *builder) addOther(l *choiceList) []workbook.Edit {
	if l == nil || b.choices == nil || b.added[l] {
		return nil
	}
	last := 0
	for _, item := range l.items {
		if item.name == "other" && item.row > 0 {
			return nil
		}
		last = max(last, item.row)
	}
	b.added[l] = true
	return b.choices.insert(last, map[string]string{"list_name": l.name, "name": "other", "label": "Other"})
}

// nameRoot gives the form's root a name of its own in the settings.
func (b *builder) nameRoot() []workbook.Edit {
	if b.settingsTable == nil || b.settingsRow == 0 {
		return nil
	}
	t := b.settingsTable
	if t.index("name") >= 0 {
		return t.cell(b.settingsRow, "name", "form_root")
	}
	return []workbook.Edit{
		{Sheet: t.sheet, Row: t.head, Column: len(t.columns), Value: "name"},
		{Sheet: t.sheet, Row: b.settingsRow, Column: len(t.columns), Value: "form_root"},
	}
}
