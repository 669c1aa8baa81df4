package form

import (
	"github.com/askonce/fieldkit/sync/civic"
)

// Outlined is one line of a form as it stands in the workbook: what may be
// asked, whatever is answered. A running form ([Session.Sections]) shows those
// that are relevant, with answers filled into their words.
type Outlined struct {
	Path, Name string
	Row        int
	Kind       Kind
	Level      int // depth of nesting, 0 for what begins a page
	Label      string
	Hint       string
	// When, Required, Constraint and Count are expressions as the workbook writes
	// them, empty for none; Required is "yes" for always.
	When, Required, Constraint, Count string
	Choices                           []Choice
	Filtered                          bool // a filter narrows the choices down
	File                              string
	Media                             map[string]string
	Appearance                        string
	// Attribute is what the answer says, with its subject before a point.
	Attribute civic.Attribute
	FreshDays int
}

// Outline lists groups, repeats, questions and notes in the order of the form,
// worded in a language; what the kit never shows is left out.
func (f *Form) Outline(lang string) []Outlined {
	lang = f.lang(lang)
	var out []Outlined
	var walk func(e *element, level int)
	walk = func(e *element, level int) {
		for _, c := range e.children {
			if !shown(c) || c.internal {
				continue
			}
			o := Outlined{
				Path: c.path, Name: c.name, Row: c.row, Kind: c.kind, Level: level, Label: c.label.plain(lang), Hint: c.hint.plain(lang),
				When: c.cells["relevant"], Constraint: c.cells["constraint"], Count: c.cells["repeat_count"],
				Filtered: c.filter != nil, File: c.file, Appearance: c.appearance, Attribute: c.attribute, FreshDays: c.freshDays,
			}
			if v := c.cells["required"]; v != "" && !no(v) {
				if o.Required = v; yes(v) {
					o.Required = "yes"
				}
			}
			if c.subject != "" && c.attribute != "" {
				o.Attribute = civic.Attribute(c.subject) + "." + c.attribute
			}
			if c.list != nil {
				o.Choices = c.list.choices(lang)
			}
			for name, w := range c.media {
				if v := w.plain(lang); v != "" {
					if o.Media == nil {
						o.Media = map[string]string{}
					}
					o.Media[name] = v
				}
			}
			out = append(out, o)
			if c.container() {
				walk(c, level+1)
			}
		}
	}
	if f.root != nil {
		walk(f.root, 0)
	}
	return out
}
