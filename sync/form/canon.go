package form

import (
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Model is a form as data, in one canonical writing: what other tools can
// compare. Paths are absolute.
type Model struct {
	ID        string      `json:"id"`
	Version   string      `json:"version"`
	Title     string      `json:"title"`
	Languages []string    `json:"languages"` // as the workbook names them, default first
	Binds     []Bind      `json:"binds"`
	Lists     []ModelList `json:"choices"`
	Texts     []ModelText `json:"translations"`
}

// Bind says how one node of the form behaves; expressions have the paths of
// questions in the place of their names.
type Bind struct {
	Path       string `json:"path"`
	Type       string `json:"type,omitempty"` // as XForms names it; empty for groups
	Relevant   string `json:"relevant,omitempty"`
	Required   string `json:"required,omitempty"`
	ReadOnly   string `json:"readonly,omitempty"`
	Constraint string `json:"constraint,omitempty"`
	Calculate  string `json:"calculate,omitempty"`
	Preload    string `json:"preload,omitempty"` // "timestamp start"
	SaveTo     string `json:"save_to,omitempty"`
}

// ModelList is one list of choices.
type ModelList struct {
	Name  string        `json:"name"`
	Items []ModelChoice `json:"items"`
}

// ModelChoice is one choice: labels by language ("" for untranslated), and the
// further columns.
type ModelChoice struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	More   map[string]string `json:"more,omitempty"`
}

// ModelText is one wording: What is the column it came from.
type ModelText struct {
	Path     string `json:"path"`
	What     string `json:"what"`
	Language string `json:"language,omitempty"`
	Text     string `json:"text"` // mentions as ${/data/path}
}

// bindTypes names each kind as XForms does.
var bindTypes = map[Kind]string{
	Text: "string", Integer: "int", Decimal: "decimal", Date: "date", Time: "time", DateTime: "dateTime",
	SelectOne: "string", SelectMany: "string", Rank: "odk:rank", Range: "int", Acknowledge: "string",
	Image: "binary", Audio: "binary", Video: "binary", File: "binary", Barcode: "barcode",
	Geopoint: "geopoint", Geotrace: "geotrace", Geoshape: "geoshape", Note: "string", Calculate: "string", Hidden: "string",
}

// metaBinds gives type and preload of metadata.
var metaBinds = map[string][2]string{
	"start": {"dateTime", "timestamp start"}, "end": {"dateTime", "timestamp end"}, "today": {"date", "date today"},
	"deviceid": {"string", "property deviceid"}, "imei": {"string", "property deviceid"}, "username": {"string", "property username"},
	"phonenumber": {"string", "property phonenumber"}, "email": {"string", "property email"},
	"simserial": {"string", "property simserial"}, "subscriberid": {"string", "property subscriberid"},
	"audit": {"binary", ""}, "start-geopoint": {"geopoint", ""}, "background-audio": {"binary", ""}, "background-geopoint": {"geopoint", ""},
}

// Model gives the form as data.
func (f *Form) Model() Model {
	m := Model{ID: string(f.ID), Version: f.Version, Title: f.Title("")}
	for _, l := range f.languages {
		if l.Name != "" {
			m.Languages = append(m.Languages, l.Name)
		}
	}
	f.root.each(func(e *element) {
		if e.parent == nil {
			return
		}
		if b := e.bind(); b != (Bind{Path: b.Path}) {
			m.Binds = append(m.Binds, b)
		}
		for _, what := range textColumns {
			if e.table != nil || e.container() && what != "label" || !e.container() && !e.visible() && !strings.HasSuffix(what, "_message") {
				continue // nobody reads it
			}
			m.texts(e, what, f)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(f.lists)) {
		m.Lists = append(m.Lists, f.lists[name].model(f))
	}
	return m
}

var textColumns = []string{"label", "hint", "guidance_hint", "constraint_message", "required_message", "image", "audio", "video", "big-image"}

// visible tells whether the question ever stands on a page.
func (e *element) visible() bool {
	return e.kind != Calculate && (e.kind != Hidden || strings.HasPrefix(e.typ, "osm")) && e.kind != Meta && !e.typed
}

// texts adds one column's wordings of an element.
func (m *Model) texts(e *element, what string, f *Form) {
	plain := e.cells[what]
	translated := false
	for _, l := range f.languages {
		translated = translated || l.Name != "" && e.cells[what+"::"+l.Name] != ""
	}
	add := func(lang, text string) {
		if text != "" {
			m.Texts = append(m.Texts, ModelText{e.xpath(), what, lang, mentioned(text, e.resolved)})
		}
	}
	add("", plain)
	if !translated {
		return
	}
	for _, l := range f.languages {
		if l.Name != "" {
			add(l.Name, e.cells[what+"::"+l.Name])
		}
	}
}

// mentioned writes the paths of mentioned questions.
func mentioned(text string, paths map[string]string) string {
	return mention.ReplaceAllStringFunc(text, func(s string) string {
		if path, ok := paths[strings.TrimSpace(s[2:len(s)-1])]; ok {
			return "${" + path + "}"
		}
		return s
	})
}

// bind says how an element behaves.
func (e *element) bind() Bind {
	b := Bind{Path: e.xpath(), SaveTo: e.cells["save_to"]}
	text := func(column string, x *xpath.Expr) string {
		if x == nil {
			if e.cells[column] != "" && no(e.cells[column]) && (column == "required" || column == "read_only") {
				return "false()"
			}
			return strings.TrimSpace(e.unread[column])
		}
		switch v := strings.TrimSpace(x.String()); {
		case column == "constraint" || column == "calculation":
			return v
		case v == "1": // how a spreadsheet keeps TRUE
			return "true()"
		case v == "0":
			return "false()"
		default:
			return v
		}
	}
	b.Relevant, b.Constraint = text("relevant", e.relevant), text("constraint", e.constraint)
	b.Required, b.ReadOnly = text("required", e.required), text("read_only", e.readOnly)
	if len(e.triggers) == 0 {
		b.Calculate = text("calculation", e.calculate)
	}
	if e.container() {
		return b
	}
	b.Type = bindTypes[e.kind]
	switch typ := metaType(e.typ); {
	case e.typ == "trigger":
		b.Type = ""
	case e.kind == Note:
		b.ReadOnly = "true()"
	case e.kind == Meta && e.meta == "uid":
		b.Type, b.Preload, b.ReadOnly = "string", "uid", "true()"
	case e.kind == Meta:
		b.Type, b.Preload = metaBinds[typ][0], metaBinds[typ][1]
		if strings.HasPrefix(typ, "uri:") {
			b.Type, b.Preload = "string", "property "+typ
		}
	case e.kind == Range && e.fractional():
		b.Type = "decimal"
	case strings.HasPrefix(e.typ, "osm"):
		b.Type = "binary"
	}
	if t := e.cells["bind::type"]; t != "" {
		b.Type = t
	}
	return b
}

// metaType gives the short name of metadata that may be written in several
// ways.
func metaType(typ string) string {
	typ = strings.TrimPrefix(strings.ToLower(typ), "get ")
	switch typ {
	case "start time", "end time":
		return strings.TrimSuffix(typ, " time")
	case "device id":
		return "deviceid"
	case "sim id":
		return "simserial"
	case "subscriber id":
		return "subscriberid"
	case "phone number":
		return "phonenumber"
	}
	return typ
}

// fractional tells whether a range has steps that are no whole numbers.
func (e *element) fractional() bool {
	for _, key := range []string{"start", "end", "step"} {
		if v := e.parameters[key]; strings.Contains(v, ".") {
			return true
		}
	}
	return false
}

// model gives a list of choices as data.
func (l *choiceList) model(f *Form) ModelList {
	out := ModelList{Name: l.name}
	for _, item := range l.items {
		m := ModelChoice{Name: item.name, Labels: map[string]string{}, More: map[string]string{}}
		for key, v := range item.cells {
			head, lang, _ := strings.Cut(key, "::")
			switch {
			case head == "label":
				m.Labels[lang] = mentioned(v, item.resolved)
			case head != "name" && head != "list_name" && !translatable[head] && !strings.Contains(key, " "):
				m.More[key] = v
			}
		}
		out.Items = append(out.Items, m)
	}
	return out
}
