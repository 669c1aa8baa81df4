package form

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// readChoices reads a sheet of choices into lists.
func (b *builder) readChoices(t *table, into map[string]*choiceList) {
	if !t.has("name") && len(t.columns) > 0 && t.name == "choices" {
		b.fault(Finding{Code: codeColumnMissing, Sheet: t.name, Row: t.head, Column: "name", Message: "The choices sheet has no column named name."})
		return
	}
	for _, c := range t.columns {
		if strings.Contains(c.key, " ") {
			b.warn(Finding{Code: codeColumnMissing, Sheet: t.name, Row: t.head, Column: c.header,
				Message: "The column \"" + c.header + "\" has a space in its name, so filters cannot use it."})
		}
	}
	for _, r := range t.rows {
		list, name := r.get("list_name"), r.get("name")
		if list == "" {
			continue
		}
		at := Finding{Sheet: t.name, Row: r.number}
		if name == "" {
			at.Code, at.Column, at.Message = codeChoiceName, "name", "A choice of the list "+list+" has no name."
			b.fault(at)
			continue
		}
		l := into[list]
		if l == nil {
			l = &choiceList{name: list}
			into[list] = l
		}
		l.items = append(l.items, &choiceItem{name: name, cells: r.cells, row: r.number})
	}
	for _, l := range into {
		b.checkTwice(t, l)
	}
}

// wordChoices words the choices, once the questions they may mention are
// known.
func (b *builder) wordChoices(sheet string, lists map[string]*choiceList) {
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		l := lists[name]
		for _, item := range l.items {
			at := Finding{Sheet: sheet, Row: item.row}
			item.resolved = map[string]string{}
			if item.label == nil {
				item.label = b.wordingOf(b.root, "label", item.cells, at, item.resolved)
			}
			item.media = b.mediaOf(b.root, item.cells, at, item.resolved)
			if len(item.label) == 0 && len(item.media) == 0 {
				at.Code, at.Column, at.Message = codeChoiceLabel, "label", fmt.Sprintf("The choice %s of the list %s has no label.", item.name, name)
				b.warn(at)
			}
		}
		l.root = l.instance()
	}
}

// checkTwice finds choices of one name: a fault unless the settings allow it,
// because one of them could never be told from the other.
func (b *builder) checkTwice(t *table, l *choiceList) {
	if yes(b.settings["allow_choice_duplicates"]) || t.name == "external_choices" {
		return
	}
	first := map[string]*choiceItem{}
	l.items = slices.DeleteFunc(l.items, func(item *choiceItem) bool {
		same, ok := first[item.name]
		if !ok {
			first[item.name] = item
			return false
		}
		f := Finding{Code: codeChoiceTwice, Sheet: t.name, Row: item.row, Column: "name", Words: []string{item.name, l.name},
			Message: fmt.Sprintf("The list %s has the choice %s twice, first in row %d.", l.name, item.name, same.row)}
		if maps.Equal(item.cells, same.cells) {
			f.Repair = "kept the first; both rows say the same"
			f.edits = append(t.cell(item.row, "list_name", ""), t.cell(item.row, "name", "")...)
			b.warn(f)
			return true
		}
		b.fault(f)
		return false
	})
}

// instance lays the list out as choice filters see it.
func (l *choiceList) instance() *xpath.Node {
	doc := &xpath.Node{Kind: xpath.Document}
	root := xpath.NewElement("root", "")
	doc.Append(root)
	for i, item := range l.items {
		n := xpath.NewElement("item", "")
		n.Data = item
		n.Append(xpath.NewElement("name", item.name), xpath.NewElement("label", item.label.plain("")))
		n.Append(xpath.NewElement("itextId", fmt.Sprintf("%s-%d", l.name, i)))
		keys := make([]string, 0, len(item.cells))
		for k := range item.cells {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if k != "name" && k != "list_name" && !strings.Contains(k, "::") && !strings.Contains(k, " ") && !translatable[k] {
				n.Append(xpath.NewElement(k, item.cells[k]))
			}
		}
		item.node = n
		root.Append(n)
	}
	return doc
}

// yes reads a cell that means yes.
func yes(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "true", "true()", "1", "y":
		return true
	}
	return false
}

// no reads a cell that means no.
func no(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "no", "false", "false()", "0", "n":
		return true
	}
	return false
}

// wordingOf collects the translations of one column. e gives ${x} its place;
// into keeps the paths of what is mentioned.
func (b *builder) wordingOf(e *element, key string, cells map[string]string, at Finding, into map[string]string) wording {
	var w wording
	add := func(code, text string) {
		if w == nil {
			w = wording{}
		}
		at.Column = key
		pieces := b.pieces(e, text, at, into)
		w[code] = wordings{pieces, plainly(pieces)}
	}
	plain := cells[key]
	for i, l := range b.languages {
		text := cells[key+"::"+l]
		if text == "" && plain == "" {
			continue
		}
		if text == "" {
			text = plain
		}
		add(codeOf(l), text)
		if _, ok := w[""]; i == 0 || !ok {
			w[""] = w[codeOf(l)]
		}
	}
	if _, ok := w[""]; plain != "" && !ok {
		add("", plain)
	}
	return w
}

func (b *builder) mediaOf(e *element, cells map[string]string, at Finding, into map[string]string) map[string]wording {
	var out map[string]wording
	for _, m := range []string{"image", "audio", "video", "big-image"} {
		if w := b.wordingOf(e, m, cells, at, into); w != nil {
			if out == nil {
				out = map[string]wording{}
			}
			out[m] = w
		}
	}
	return out
}

// pieces cuts a text at its ${x}.
func (b *builder) pieces(e *element, text string, at Finding, into map[string]string) []piece {
	if !strings.Contains(text, "${") {
		return []piece{{text: text}}
	}
	if strings.Contains(mention.ReplaceAllString(text, ""), "${") {
		b.resolve(e, text, at) // says what is wrong
		return nil
	}
	var out []piece
	last := 0
	for _, m := range mention.FindAllStringIndex(text, -1) {
		if m[0] > last {
			out = append(out, piece{text: text[last:m[0]]})
		}
		if path, ok := b.resolve(e, text[m[0]:m[1]], at); ok {
			if x, err := xpath.Parse(path); err == nil {
				out = append(out, piece{value: x})
				into[mention.FindStringSubmatch(text[m[0]:m[1]])[2]] = strings.TrimSpace(path)
			}
		}
		last = m[1]
	}
	if last < len(text) {
		out = append(out, piece{text: text[last:]})
	}
	return out
}
