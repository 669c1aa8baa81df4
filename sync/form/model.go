package form

import (
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Kind says what sort of answer a question takes.
type Kind uint8

// The kinds of questions, and of the lines between them.
const (
	Text Kind = iota + 1
	Integer
	Decimal
	Date
	Time
	DateTime
	SelectOne
	SelectMany
	Rank
	Range
	Acknowledge // value "OK" once acknowledged
	Image       // Image, Audio, Video and File hold the name of an attachment
	Audio
	Video
	File
	Barcode
	Geopoint // "latitude longitude altitude accuracy"
	Geotrace
	Geoshape
	Note      // read, not answered
	Calculate // computed, never shown
	Hidden
	Meta // start, end, today, device and the like; filled by the kit

	// Group heads the questions of a nested group, or of one instance of a
	// repeat; Repeat is the place where one more instance may be added. Both
	// appear only as the kind of an [Item].
	Group
	Repeat
)

var kindNames = [...]string{"", "text", "integer", "decimal", "date", "time", "datetime", "select_one", "select_many",
	"rank", "range", "acknowledge", "image", "audio", "video", "file", "barcode", "geopoint", "geotrace", "geoshape",
	"note", "calculate", "hidden", "meta", "group", "repeat"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Attachment tells whether the answer is the name of an attachment.
func (k Kind) Attachment() bool { return k == Image || k == Audio || k == Video || k == File }

// Asked tells whether a person answers such a question.
func (k Kind) Asked() bool { return k >= Text && k < Note }

// Form is one version of a form, ready to be run. It never changes after Load
// and may be shared between goroutines.
type Form struct {
	ID      civic.FormID
	Version string
	// Warnings are the findings of loading that did not stand in the way.
	Warnings []Finding

	service   civic.ServiceID
	titles    map[string]string // by language code; "" is the default
	languages []language
	questions []*Question
	byPath    map[string]*Question
	words     map[string][]string

	root  *element
	plan  *plan
	lists map[string]*choiceList
	files map[string]string // id of an external instance to the file's name
	// brought are the files that came with the form, by name.
	brought map[string][]byte
}

// language is one language of a workbook: Name as its headers write it,
// "Español (es)", and Code as BCP 47 wants it, "es".
type language struct{ Name, Code string }

// Ref names the form with its version.
func (f *Form) Ref() civic.FormRef { return civic.FormRef{ID: f.ID, Version: f.Version} }

// Title is the form's title; lang is a code of Languages, the default language
// stands in for one that the form does not have.
func (f *Form) Title(lang string) string {
	if t := f.titles[f.lang(lang)]; t != "" {
		return t
	}
	if t := f.titles[""]; t != "" {
		return t
	}
	return string(f.ID)
}

// Languages lists the form's languages by BCP 47 code where the header names
// one, as "Español (es)" does, else by the name; the default comes first. A
// form without translations has the one language "".
func (f *Form) Languages() []string {
	codes := make([]string, len(f.languages))
	for i, l := range f.languages {
		codes[i] = l.Code
	}
	return codes
}

// Service is what the citizen comes for when this form is asked: x_service of
// the settings sheet, else the form's id.
func (f *Form) Service() civic.ServiceID { return f.service }

// Questions lists every question in the order of the form, calculations and
// metadata included; Kind tells them apart.
func (f *Form) Questions() []*Question { return slices.Clone(f.questions) }

// Question finds one by its path; the numbers of instances are ignored, so
// "members[2]/name" finds "members/name".
func (f *Form) Question(path string) (*Question, bool) {
	q, ok := f.byPath[schemaPath(path)]
	return q, ok
}

// Words is the form's own vocabulary for one question, for the wire: it
// travels with the version, so both ends have the same list in the same order.
func (f *Form) Words(path string) []string {
	path = schemaPath(path)
	if w, ok := f.words[path]; ok {
		return slices.Clone(w)
	}
	q, ok := f.byPath[path]
	if !ok {
		return nil
	}
	if w, ok := f.words[q.Name]; ok {
		return slices.Clone(w)
	}
	return slices.Clone(f.words[string(q.Attribute)])
}

// Language is the one of the form's languages that labels come in when a
// language is wanted: the nearest, else the default.
func (f *Form) Language(want string) string { return f.lang(want) }

// lang finds the code of the form's language that serves best for a wanted
// one: the same, the same without region, else the default.
func (f *Form) lang(want string) string {
	base, _, _ := strings.Cut(want, "-")
	for _, try := range []string{want, base} {
		for _, l := range f.languages {
			if strings.EqualFold(l.Code, try) || strings.EqualFold(l.Name, try) {
				return l.Code
			}
		}
	}
	for _, l := range f.languages {
		if b, _, _ := strings.Cut(l.Code, "-"); b != "" && strings.EqualFold(b, base) {
			return l.Code
		}
	}
	if len(f.languages) == 0 {
		return ""
	}
	return f.languages[0].Code
}

// Question is one question as the workbook defines it.
type Question struct {
	Path, Name string // Path without the root: "mother/given_name"
	Kind       Kind
	Choices    []Choice // of a fixed list, labels in the default language
	// Attribute is what the answer says, empty if nothing lasting; Subject of
	// whom: empty for the one the form is about, "mother", or "members" inside
	// a repeat, where a claim's subject has the number too.
	Attribute civic.Attribute
	Subject   string
	Partial   bool   // a date that may be a month, a year or an estimate
	Repeat    string // path of the innermost repeat around it, empty if none
	Required  bool   // required at least in some cases
	External  bool   // choices on the sheet external_choices
	Absences  []civic.Absence
	// FreshDays is how old an answer said elsewhere may be for this form, when it
	// wants fresher ones than the dictionary (x_ttl); 0 for no wish of its own.
	FreshDays int

	element *element
}

// Row is the question's row on the survey sheet, from 1.
func (q *Question) Row() int { return q.element.row }

// Label is the question's wording without the answers that a running form
// fills in; lang is a code of [Form.Languages].
func (q *Question) Label(lang string) string { return q.element.label.plain(lang) }

// Choice is one of the answers to choose from.
type Choice struct {
	Name, Label         string
	Image, Audio, Video string // names of files that go with it, empty if none
}

// schemaPath drops the numbers of instances from a path.
func schemaPath(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
