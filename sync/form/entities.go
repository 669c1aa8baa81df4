package form

import (
	"fmt"
	"maps"
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
		if list := r.get("list_name"); list != "" {
			if b.entities[list] != nil {
				at.Row, at.Column, at.Words, at.Message = r.number, "list_name", []string{list}, "The entity list "+list+" stands twice."
				b.fault(at)
			}
			b.entities[list] = &entityList{name: list, row: r.number, saved: map[string]int{}}
		}
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
			e := b.find(m[2], at)
			if e != nil && column == "repeat" && e.kind != Repeat {
				fault(column, "%s is no repeat.", m[2])
			}
			if e != nil && b.entities[list] != nil {
				b.entities[list].mentions = append(b.entities[list].mentions, e)
			}
		}
	}
}

// checkSaveTo judges the name of a property; with several lists it is written
// "list#property".
func (b *builder) checkSaveTo(e *element, at Finding) {
	name := e.cells["save_to"]
	if name == "" {
		return
	}
	at.Code, at.Column = codeEntity, "save_to"
	list, property, prefixed := strings.Cut(name, "#")
	if !prefixed {
		property, list = name, ""
		for only := range b.entities {
			list = only
		}
	}
	switch {
	case e.container():
		at.Message = "A group or a repeat cannot be saved as one property."
	case strings.Contains(property, "#"):
		at.Message = "A property is written list#property, with one # at most."
	case !prefixed && len(b.entities) > 1:
		at.Message = "There are several entity lists; write list#property."
	case prefixed && b.entities[list] == nil:
		at.Message = "There is no entity list named " + list + "."
	case strings.EqualFold(property, "name") || strings.EqualFold(property, "label"):
		at.Message = "The property name " + property + " is reserved."
	case strings.HasPrefix(property, "__"):
		at.Message = "The name of a property must not begin with two underscores."
	case !tag.MatchString(property):
		at.Message = "The property name " + property + " must begin with a letter and hold only letters, digits, _, - and points."
	case list != "" && b.entities[list].saved[property] != 0:
		at.Message = fmt.Sprintf("The property %s is saved in row %d already.", property, b.entities[list].saved[property])
	default:
		if list != "" {
			b.entities[list].saved[property] = e.row
			b.entities[list].savers = append(b.entities[list].savers, e)
		}
		return
	}
	b.fault(at)
}

// entityList is one row of the entities sheet with the questions it hangs on.
type entityList struct {
	name     string
	row      int
	saved    map[string]int // property to the row that saves it
	savers   []*element
	mentions []*element // by the sheet's own expressions
}

// container is the line of groups and repeats around an element, the root
// first.
func container(e *element) []*element { return e.parent.ancestors() }

// scope is that line down to its innermost repeat, or the root alone.
func scope(line []*element) []*element {
	for i := len(line) - 1; i > 0; i-- {
		if line[i].kind == Repeat {
			return line[:i+1]
		}
	}
	return line[:1]
}

// depth counts the repeats on a line.
func depth(line []*element) int {
	n := 0
	for _, e := range line {
		if e.kind == Repeat {
			n++
		}
	}
	return n
}

// within tells whether line begins with start.
func within(line, start []*element) bool {
	return len(start) <= len(line) && slices.Equal(line[:len(start)], start)
}

// placeEntities finds a group or repeat for each entity: what saves to it must
// stand in one repeat, and each container holds one entity at most.
func (b *builder) placeEntities() {
	lists := slices.SortedFunc(maps.Values(b.entities), func(x, y *entityList) int { return x.row - y.row })
	taken := map[*element]*entityList{}
	for _, l := range lists {
		at := Finding{Code: codeEntity, Sheet: "entities", Row: l.row, Column: "list_name", Words: []string{l.name}}
		line, ok := b.entityPlace(l, at)
		if !ok || len(lists) == 1 {
			continue
		}
		lowest := len(scope(line))
		placed := false
		for n := len(line); n >= lowest && !placed; n-- {
			if taken[line[n-1]] != nil {
				if taken[line[n-1]].reserves(line[n-1], l) {
					break
				}
				continue
			}
			placed = true
			for _, s := range l.savers {
				for _, c := range container(s)[n-1:] {
					taken[c] = l
				}
			}
			taken[line[n-1]] = l
		}
		if !placed {
			at.Message = "There is no group or repeat left for the entity list " + l.name + "; each holds one."
			b.fault(at)
		}
	}
}

// reserves tells whether a container that l's questions stand in is kept by
// another list's questions.
func (l *entityList) reserves(c *element, other *entityList) bool {
	for _, s := range other.savers {
		if slices.Contains(container(s), c) {
			return true
		}
	}
	return false
}

// entityPlace is the innermost container that an entity may stand in.
func (b *builder) entityPlace(l *entityList, at Finding) ([]*element, bool) {
	root := []*element{b.root}
	deepest, saved := root, [][]*element{}
	for _, e := range slices.Concat(l.savers, l.mentions) {
		if s := scope(container(e)); depth(s) > depth(deepest) {
			deepest = s
		}
	}
	for _, e := range l.savers {
		saved = append(saved, container(e))
	}
	for _, e := range slices.Concat(l.savers, l.mentions) {
		if !within(deepest, scope(container(e))) {
			at.Message = fmt.Sprintf("The questions of the entity list %s stand in different repeats; see %s.", l.name, e.name)
			b.fault(at)
			return nil, false
		}
	}
	if len(saved) == 0 {
		line := root
		for _, e := range l.mentions {
			if c := container(e); depth(c) > depth(line) || depth(c) == depth(line) && len(c) > len(line) {
				line = c
			}
		}
		return line, true
	}
	common := saved[0]
	for _, s := range saved[1:] {
		n := 0
		for n < len(common) && n < len(s) && common[n] == s[n] {
			n++
		}
		common = common[:n]
	}
	for i, s := range saved {
		if !slices.Equal(scope(s), scope(common)) {
			at.Sheet, at.Row, at.Column = "survey", l.savers[i].row, "save_to"
			at.Message = fmt.Sprintf("What is saved to the entity list %s stands in different repeats.", l.name)
			b.fault(at)
			return nil, false
		}
	}
	return common, true
}
