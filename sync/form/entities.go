package form

import (
	"fmt"
	"slices"
	"strings"
)

// entityColumns are the columns of the entities sheet.
var entityColumns = []string{"list_name", "entity_id", "create_if", "update_if", "label", "repeat"}

// readEntities judges the entities sheet: lists of things that several forms
// share. The kit keeps what they say of a person by save_to; the lists
// themselves are the centre's affair.
func (b *builder) readEntities(t *table) {
	at := Finding{Sheet: t.name, Row: t.head, Code: codeEntity}
	for _, c := range t.columns {
		if c.key != "" && !slices.Contains(entityColumns, c.key) && !strings.HasPrefix(c.key, "x_") {
			at.Column, at.Message = c.header, "The entities sheet has no column "+c.header+"; it has "+strings.Join(entityColumns, ", ")+"."
			b.fault(at)
		}
	}
	for _, r := range t.rows {
		b.entity(r, Finding{Sheet: t.name, Row: r.number, Code: codeEntity})
	}
}

func (b *builder) entity(r row, at Finding) {
	list := r.get("list_name")
	fault := func(column, what string, args ...any) {
		at.Column, at.Message = column, fmt.Sprintf(what, args...)
		b.fault(at)
	}
	switch {
	case list == "":
		fault("list_name", "The entity has no list_name.")
	case strings.HasPrefix(list, "__"):
		fault("list_name", "The name %s must not begin with two underscores.", list)
	case strings.Contains(list, "."):
		fault("list_name", "The name %s must not hold a point.", list)
	case !tag.MatchString(list):
		fault("list_name", "The name %s must begin with a letter and hold only letters, digits, _ and -.", list)
	default:
		b.settings["entity "+list] = "yes"
	}
	id, create, update := r.get("entity_id"), r.get("create_if"), r.get("update_if")
	switch {
	case id == "" && update != "":
		fault("entity_id", "To update an entity the sheet needs its entity_id.")
	case id != "" && create != "" && update == "":
		fault("update_if", "With entity_id and create_if the sheet needs update_if too.")
	case id == "" && r.get("label") == "":
		fault("label", "To create an entity the sheet needs its label.")
	}
	for _, column := range []string{"entity_id", "create_if", "update_if", "label", "repeat"} {
		at.Column = column
		for _, m := range mention.FindAllStringSubmatch(r.get(column), -1) {
			if e := b.find(m[2], at); e != nil && column == "repeat" && e.kind != Repeat {
				fault(column, "%s is no repeat.", m[2])
			}
		}
	}
}

// checkSaveTo judges the name of a property.
func (b *builder) checkSaveTo(e *element, at Finding) {
	name := e.cells["save_to"]
	if name == "" {
		return
	}
	at.Code, at.Column = codeEntity, "save_to"
	switch {
	case e.container():
		at.Message = "A group or a repeat cannot be saved as one property."
	case strings.EqualFold(name, "name") || strings.EqualFold(name, "label"):
		at.Message = "The property name " + name + " is reserved."
	case strings.HasPrefix(name, "__"):
		at.Message = "The name of a property must not begin with two underscores."
	case !tag.MatchString(name):
		at.Message = "The property name " + name + " must begin with a letter and hold only letters, digits, _, - and points."
	default:
		return
	}
	b.fault(at)
}
