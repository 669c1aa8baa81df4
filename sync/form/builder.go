package form

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/workbook"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Limits of a form, beside those of its workbook.
const (
	MaxQuestions = 5_000
	MaxNesting   = 32
)

// builder compiles one workbook.
type builder struct {
	faults, warnings []Finding
	settings         map[string]string
	survey, choices  *table
	settingsTable    *table
	added            map[*choiceList]bool // lists that got the choice "other" in the repaired workbook
	lists            map[string]*choiceList
	external         map[string]*choiceList
	files            map[string]string // ids of csv-external and xml-external instances
	root             *element
	byName           map[string][]*element
	languages        []string // names, in the order of their first header
	usedLists        map[string]bool
	instances        map[string]string // id of a secondary instance to where it comes from
	settingsRow      int
	audits           []*element
	entities         map[string]*entityList
	repeats          map[string]bool // names of repeats
	rootNamed        bool            // the warning about a question named like the root was given
	words            map[string][]string
}

func (b *builder) fault(f Finding) { b.faults = append(b.faults, f) }

func (b *builder) warn(f Finding) {
	f.Warning = true
	b.warnings = append(b.warnings, f)
}

// Load reads a workbook (.xlsx), or a packed form (see [Pack]), and compiles it.
// What the kit cannot run comes back as a *[Refusal].
func Load(data []byte) (*Form, error) {
	f, _, err := load(data)
	return f, err
}

// load is Load that also gives the sum of what the form says.
func load(data []byte) (f *Form, sum [sha256.Size]byte, err error) {
	// Workbooks come from strangers; a mistake of ours in reading one must not
	// take the kit or the centre with it.
	defer func() {
		if recover() != nil {
			f, err = nil, unreadable(workbook.ErrNotXLSX)
		}
	}()
	w, files, err := contents(data)
	if err != nil {
		return nil, sum, unreadable(err)
	}
	if f, err = compile(w); err != nil {
		return nil, sum, err
	}
	f.brought = files
	return f, sumOf(w, files), nil
}

func unreadable(err error) error {
	f := Finding{Code: codeUnreadable, Message: "The file is no workbook that can be read."}
	for _, known := range []error{workbook.ErrNotXLSX, workbook.ErrOldXLS, workbook.ErrLocked, workbook.ErrTooLarge} {
		if errors.Is(err, known) {
			f.Message = strings.ToUpper(known.Error()[:1]) + known.Error()[1:] + "."
		}
	}
	return &Refusal{Dialect: Unknown, Findings: []Finding{f}}
}

// wanted tells which sheets are read.
func wanted(sheet string) bool {
	switch strings.ToLower(strings.TrimSpace(sheet)) {
	case "survey", "choices", "settings", "entities", "external_choices", "osm", "x_words":
		return true
	}
	return false
}

// compile turns the sheets into a form.
func compile(w *workbook.Workbook) (*Form, error) {
	if f, ok := findODKX(w); ok {
		return nil, &Refusal{Dialect: ODKX, Findings: []Finding{f}}
	}
	b := build(w)
	if len(b.faults) > 0 {
		return nil, b.refusal()
	}
	f := b.form()
	f.plan = newPlan(f.root)
	return f, nil
}

// build reads the sheets and collects what is wrong with them.
func build(w *workbook.Workbook) *builder {
	b := &builder{
		settings: map[string]string{}, lists: map[string]*choiceList{}, external: map[string]*choiceList{},
		files: map[string]string{}, byName: map[string][]*element{}, words: map[string][]string{},
		added: map[*choiceList]bool{}, repeats: map[string]bool{}, entities: map[string]*entityList{}, usedLists: map[string]bool{}, instances: map[string]string{},
	}
	survey := w.Sheet("survey")
	if survey == nil {
		b.fault(Finding{Code: codeSheetMissing, Sheet: "survey", Message: "The workbook has no sheet named survey; it has " + strings.Join(w.Names, ", ") + "."})
		return b
	}
	if s := w.Sheet("settings"); s != nil {
		b.readSettings(b.readTable(s))
	}
	b.survey = b.readTable(survey)
	var external *table
	if s := w.Sheet("choices"); s != nil {
		b.choices = b.readTable(s)
	}
	if s := w.Sheet("external_choices"); s != nil {
		external = b.readTable(s)
	}
	b.readLanguages(b.survey, b.choices)
	if b.choices != nil {
		b.readChoices(b.choices, b.lists)
	}
	if external != nil {
		b.readChoices(external, b.external)
	}
	b.readSurvey(b.survey)
	if len(b.root.children) > 0 {
		b.meta()
		entities := false
		if s := w.Sheet("entities"); s != nil {
			t := b.readTable(s)
			entities = len(t.rows) > 0
			b.readEntities(t)
		}
		b.compileExpressions()
		b.wordChoices("choices", b.lists)
		b.wordChoices("external_choices", b.external)
		b.sources()
		b.lint(entities)
		b.placeEntities()
	} else if len(b.faults) == 0 {
		b.fault(Finding{Code: codeSheetMissing, Sheet: "survey", Message: "The survey sheet holds no questions."})
	}
	if s := w.Sheet("x_words"); s != nil {
		b.readWords(b.readTable(s))
	}
	return b
}

func (b *builder) refusal() *Refusal {
	r := &Refusal{Dialect: XLSForm, Findings: append(slices.Clone(b.faults), b.warnings...)}
	if f, ok := findCHT(b.faults); ok {
		r.Dialect = CHT
		r.Findings = slices.Insert(r.Findings, 0, f)
	}
	return r
}

// readLanguages collects the languages of both sheets; the default comes first.
func (b *builder) readLanguages(tables ...*table) {
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, c := range t.columns {
			if c.language != "" && !slices.Contains(b.languages, c.language) {
				b.languages = append(b.languages, c.language)
			}
		}
	}
	if b.mixed(tables) {
		// What stands in columns without a language is in the default one.
		d := cmp.Or(b.settings["default_language"], "default")
		if !slices.ContainsFunc(b.languages, func(l string) bool { return l == d || codeOf(l) == d }) {
			b.languages = slices.Insert(b.languages, 0, d)
			return
		}
	}
	if d := b.settings["default_language"]; d != "" {
		if i := slices.IndexFunc(b.languages, func(l string) bool { return l == d || codeOf(l) == d }); i > 0 {
			d = b.languages[i]
			b.languages = slices.Insert(slices.Delete(b.languages, i, i+1), 0, d)
		}
	}
}

// mixed tells whether some row says the same with a language and without: then
// the form has a language that no header names.
func (b *builder) mixed(tables []*table) bool {
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, r := range t.rows {
			for key, v := range r.cells {
				if head, _, ok := strings.Cut(key, "::"); ok && v != "" && (head == "label" || head == "hint") && r.cells[head] != "" {
					return true
				}
			}
		}
	}
	return false
}

func (b *builder) readSettings(t *table) {
	if len(t.rows) == 0 {
		return
	}
	b.settingsTable = t
	b.settingsRow = t.rows[0].number
	for k, v := range t.rows[0].cells {
		b.settings[k] = v
	}
}

func (b *builder) readWords(t *table) {
	for _, r := range t.rows {
		q, word := r.get("question"), r.get("word")
		if q == "" || word == "" {
			continue
		}
		if len(b.words[q]) >= 4096 {
			b.warn(Finding{Code: codeWord, Sheet: t.name, Row: r.number, Message: "A question has at most 4096 words."})
			return
		}
		if !slices.Contains(b.words[q], word) {
			b.words[q] = append(b.words[q], word)
		}
	}
}

// form puts the compiled pieces together.
func (b *builder) form() *Form {
	f := &Form{
		ID: civic.FormID(b.root.name), Version: b.settings["version"], Warnings: b.warnings,
		titles: map[string]string{}, byPath: map[string]*Question{}, words: b.words, root: b.root,
		lists: b.lists, files: b.files,
	}
	if id := b.settings["form_id"]; id != "" {
		f.ID = civic.FormID(id)
	}
	f.service = civic.ServiceID(b.settings["x_service"])
	if f.service == "" {
		f.service = civic.ServiceID(f.ID)
	}
	for k, v := range b.settings {
		if k == "form_title" {
			f.titles[""] = v
		} else if lang, ok := strings.CutPrefix(k, "form_title::"); ok {
			f.titles[codeOf(lang)] = v
		}
	}
	for _, l := range b.languages {
		f.languages = append(f.languages, language{l, codeOf(l)})
	}
	if len(f.languages) == 0 {
		f.languages = []language{{"", ""}}
	}
	f.root.each(func(e *element) {
		if e.container() || e.internal {
			return
		}
		q := &Question{
			Path: e.path, Name: e.name, Kind: e.kind, Attribute: e.attribute, Subject: e.subject, Partial: e.partial, FreshDays: e.freshDays,
			Required: e.required != nil, External: e.external, Absences: e.absences, element: e,
		}
		if r := e.repeat(); r != nil {
			q.Repeat = r.path
		}
		if e.list != nil {
			q.Choices = e.list.choices(f.languages[0].Code)
		}
		e.question = q
		f.questions = append(f.questions, q)
		f.byPath[q.Path] = q
	})
	return f
}

// expression parses a cell; faults name its place.
func (b *builder) expression(e *element, column string) *xpath.Expr {
	text := e.cells[column]
	if text == "" {
		return nil
	}
	return b.parse(e, column, text)
}

func (b *builder) parse(e *element, column, text string) *xpath.Expr {
	at := Finding{Path: e.path, Sheet: "survey", Row: e.row, Column: column}
	resolve := b.resolve
	if column == "choice_filter" {
		resolve = b.resolveFilter
	}
	resolved, ok := resolve(e, text, at)
	if !ok {
		return nil
	}
	x, err := xpath.Parse(resolved)
	if err != nil {
		// The reference converter takes such a form too. Without the
		// expression the question is asked and its answer taken, so that
		// nothing is lost.
		at.Code, at.Message = codeExpression, fmt.Sprintf("The expression cannot be read: %v.", err)
		at.Repair = "left the expression out"
		at.edits = b.survey.cell(e.row, column, "")
		b.warn(at)
		if e.unread == nil {
			e.unread = map[string]string{}
		}
		e.unread[column] = resolved
		return nil
	}
	return x
}

// LoadSheets compiles sheets that were read already.
func LoadSheets(w *workbook.Workbook) (*Form, error) { return compile(w) }
