package form

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Reference writes a compiled form as the reference converter would write it:
// everything the model keeps of the workbook, and nothing that it does not. It
// serves to ask the converter's own assertions of our model.
func Reference(f *Form) string {
	w := &referenceWriter{f: f, texts: map[string]map[string]string{}}
	w.collect()
	var b strings.Builder
	b.WriteString(`<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:ev="http://www.w3.org/2001/xml-events" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
		`xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms" xmlns:odk="http://www.opendatakit.org/xforms">`)
	fmt.Fprintf(&b, `<h:head><h:title>%s</h:title><model odk:xforms-version="1.0.0">`, quote(f.Title("")))
	w.itext(&b)
	id := string(f.ID)
	if id == f.root.name {
		id = "data" // the converter's name for a form without one
	}
	version := ""
	if f.Version != "" {
		version = fmt.Sprintf(` version="%s"`, quote(f.Version))
	}
	b.WriteString("<instance>")
	w.instance(&b, f.root, fmt.Sprintf(` id="%s"%s`, quote(id), version), false)
	b.WriteString("</instance>")
	w.instances(&b)
	f.root.each(func(e *element) { w.bind(&b, e) })
	b.WriteString(`</model></h:head><h:body>`)
	for _, c := range f.root.children {
		w.body(&b, c)
	}
	b.WriteString(`</h:body></h:html>`)
	return b.String()
}

type referenceWriter struct {
	f     *Form
	texts map[string]map[string]string // language, "id\x00form" → markup
}

// languages of the texts of some cells: the column's translations by language,
// the untranslated text under the default language's name.
func (w *referenceWriter) said(cells map[string]string, column string) (plain string, by map[string]string) {
	plain = cells[column]
	for key, v := range cells {
		if lang, ok := strings.CutPrefix(key, column+"::"); ok && v != "" {
			if by == nil {
				by = map[string]string{}
			}
			by[lang] = v
		}
	}
	if by != nil && plain != "" && by[w.unnamed()] == "" {
		by[w.unnamed()] = plain
	}
	return plain, by
}

var mediaColumns = []string{"image", "audio", "video", "big-image"}

func (w *referenceWriter) put(id, form, lang, markup string) {
	if w.texts[lang] == nil {
		w.texts[lang] = map[string]string{}
	}
	w.texts[lang][id+"\x00"+form] = markup
}

// markup writes a text with its mentions as outputs.
func markup(text string, paths map[string]string) string {
	last := 0
	var b strings.Builder
	for _, m := range mention.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(quote(text[last:m[0]]))
		name := text[m[4]:m[5]]
		fmt.Fprintf(&b, `<output value=" %s "/>`, quote(paths[name]))
		last = m[1]
	}
	b.WriteString(quote(text[last:]))
	return b.String()
}

// text notes one column's translations; it tells whether the text is referred
// to, else gives its markup.
func (w *referenceWriter) text(id, column, form, prefix string, cells map[string]string, paths map[string]string, force bool) (ref bool, plain string) {
	text, by := w.said(cells, column)
	if by == nil && !force {
		return false, markup(text, paths)
	}
	if by == nil && text != "" {
		by = map[string]string{w.unnamed(): text}
	}
	for lang, t := range by {
		w.put(id, form, lang, quote(prefix)+markup(t, paths))
	}
	return true, ""
}

func hasMedia(cells map[string]string) bool {
	for key, v := range cells {
		if head, _, _ := strings.Cut(key, "::"); v != "" && slices.Contains(mediaColumns, head) {
			return true
		}
	}
	return false
}

func (w *referenceWriter) media(id string, cells, paths map[string]string) {
	for _, m := range mediaColumns {
		folder := map[string]string{"image": "images", "big-image": "images"}[m]
		w.text(id, m, m, "jr://"+cmp.Or(folder, m)+"/", cells, paths, true)
	}
}

// collect notes every text that is referred to.
func (w *referenceWriter) collect() {
	w.f.root.each(func(e *element) {
		if e.parent == nil {
			return
		}
		id := e.xpath()
		w.text(id+":label", "label", "", "", e.cells, e.resolved, hasMedia(e.cells))
		w.media(id+":label", e.cells, e.resolved)
		guided := e.cells["guidance_hint"] != ""
		_, by := w.said(e.cells, "guidance_hint")
		guided = guided || by != nil
		w.text(id+":hint", "hint", "", "", e.cells, e.resolved, guided)
		if guided {
			w.text(id+":hint", "guidance_hint", "guidance", "", e.cells, e.resolved, true)
		}
		for column, what := range messageAttributes {
			text, _ := w.said(e.cells, column)
			w.text(id+":"+what, column, "", "", e.cells, e.resolved, mention.MatchString(text))
		}
	})
	for _, l := range w.f.lists {
		if w.translated(l) {
			for i, item := range l.items {
				if item.row == 0 { // of or_other: the same word in every language
					for _, lang := range w.f.languages {
						w.put(fmt.Sprintf("%s-%d", l.name, i), "", lang.Name, quote(item.label.plain("")))
					}
					continue
				}
				w.text(fmt.Sprintf("%s-%d", l.name, i), "label", "", "", item.cells, item.resolved, true)
				w.media(fmt.Sprintf("%s-%d", l.name, i), item.cells, item.resolved)
			}
		}
	}
}

var messageAttributes = map[string]string{"constraint_message": "jr:constraintMsg", "required_message": "jr:requiredMsg"}

// translated tells whether the choices of a list are referred to.
func (w *referenceWriter) translated(l *choiceList) bool {
	return slices.ContainsFunc(l.items, func(item *choiceItem) bool {
		text, by := w.said(item.cells, "label")
		return by != nil || hasMedia(item.cells) || mention.MatchString(text)
	})
}

func (w *referenceWriter) itext(b *strings.Builder) {
	if len(w.texts) == 0 {
		return
	}
	ids := map[string]bool{}
	for _, t := range w.texts {
		for key := range t {
			ids[key] = true
		}
	}
	b.WriteString("<itext>")
	for _, lang := range slices.Sorted(maps.Keys(w.texts)) {
		mark := ""
		if lang == w.unnamed() {
			mark = ` default="true()"`
		}
		fmt.Fprintf(b, `<translation%s lang="%s">`, mark, quote(lang))
		last := ""
		for _, key := range slices.Sorted(maps.Keys(ids)) {
			id, form, _ := strings.Cut(key, "\x00")
			text, ok := w.texts[lang][key]
			if !ok {
				if form != "" && form != "guidance" {
					continue
				}
				text = "-"
			}
			if id != last {
				if last != "" {
					b.WriteString("</text>")
				}
				fmt.Fprintf(b, `<text id="%s">`, quote(id))
				last = id
			}
			if form != "" {
				fmt.Fprintf(b, `<value form="%s">%s</value>`, form, text)
			} else {
				fmt.Fprintf(b, `<value>%s</value>`, text)
			}
		}
		if last != "" {
			b.WriteString("</text>")
		}
		b.WriteString("</translation>")
	}
	b.WriteString("</itext>")
}

// unnamed is the language of what stands in columns that name none.
func (w *referenceWriter) unnamed() string { return cmp.Or(w.f.languages[0].Name, "default") }

func (w *referenceWriter) instance(b *strings.Builder, e *element, attrs string, template bool) {
	fmt.Fprintf(b, "<%s%s>%s", e.name, attrs, quote(e.fixedDefault))
	for _, c := range e.children {
		if c.kind == Repeat {
			if !template && e.repeat() == nil || template {
				w.instance(b, c, ` jr:template=""`, true)
			}
			if template {
				continue
			}
		}
		w.instance(b, c, "", template)
	}
	fmt.Fprintf(b, "</%s>", e.name)
}

// instances writes the lists of choices that questions use, and the files.
func (w *referenceWriter) instances(b *strings.Builder) {
	seen := map[string]bool{}
	lists := map[string]bool{}
	w.f.root.each(func(e *element) {
		if e.list != nil && !e.external && !strings.Contains(e.appearance, "search(") {
			lists[e.list.name] = true
		}
		if l := e.parameters["tick_labelset"]; l != "" {
			lists[l] = true
		}
	})
	searched := map[string]bool{}
	w.f.root.each(func(e *element) {
		if e.list != nil && strings.Contains(e.appearance, "search(") {
			searched[e.list.name] = true
		}
	})
	for name := range w.f.lists { // also those that no question uses
		if !searched[name] {
			lists[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		l := w.f.lists[name]
		if l == nil {
			continue
		}
		seen[name] = true
		fmt.Fprintf(b, `<instance id="%s"><root>`, quote(name))
		translated := w.translated(l)
		for i, item := range l.items {
			b.WriteString("<item>")
			if translated {
				fmt.Fprintf(b, "<itextId>%s-%d</itextId>", quote(name), i)
			}
			for _, key := range slices.Sorted(maps.Keys(item.cells)) {
				head, _, _ := strings.Cut(key, "::")
				if v := item.cells[key]; v != "" && key != "list_name" && !strings.Contains(key, " ") && (key == "label" && !translated || !translatable[head]) && (head == key) {
					fmt.Fprintf(b, "<%s>%s</%s>", key, quote(v), key)
				}
			}
			b.WriteString("</item>")
		}
		b.WriteString("</root></instance>")
	}
	for _, id := range slices.Sorted(maps.Keys(w.f.files)) {
		if seen[id] {
			continue
		}
		folder := "file"
		if path.Ext(w.f.files[id]) == ".csv" {
			folder = "file-csv"
		}
		fmt.Fprintf(b, `<instance id="%s" src="jr://%s/%s"/>`, quote(id), folder, quote(w.f.files[id]))
	}
}

func (w *referenceWriter) bind(b *strings.Builder, e *element) {
	if e.parent == nil {
		return
	}
	m := e.bind()
	var attrs strings.Builder
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&attrs, ` %s="%s"`, name, quote(value))
		}
	}
	raw := func(text string, x *xpath.Expr) string { // with the blanks that mentions leave
		if x != nil && strings.TrimSpace(x.String()) == text {
			return x.String()
		}
		return text
	}
	add("type", m.Type)
	add("relevant", raw(m.Relevant, e.relevant))
	add("required", raw(m.Required, e.required))
	add("readonly", raw(m.ReadOnly, e.readOnly))
	add("constraint", raw(m.Constraint, e.constraint))
	add("calculate", raw(m.Calculate, e.calculate))
	if kind, params, _ := strings.Cut(m.Preload, " "); kind != "" {
		add("jr:preload", kind)
		add("jr:preloadParams", params)
	}
	for column, what := range messageAttributes {
		text, by := w.said(e.cells, column)
		if by != nil || mention.MatchString(text) {
			add(what, "jr:itext('"+e.xpath()+":"+what+"')")
		} else {
			add(what, text)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e.cells)) {
		if name, ok := strings.CutPrefix(key, "bind::"); ok && name != "type" {
			add(name, e.cells[key])
		}
	}
	add("odk:allow-mock-accuracy", e.parameters["allow-mock-accuracy"])
	add("orx:max-pixels", e.parameters["max-pixels"])
	if strings.ToLower(e.typ) == "audio" {
		add("odk:quality", e.parameters["quality"])
	}
	if attrs.Len() > 0 {
		fmt.Fprintf(b, `<bind nodeset="%s"%s/>`, m.Path, attrs.String())
	}
	ref := quote(e.xpath())
	switch e.typ {
	case "start-geopoint":
		fmt.Fprintf(b, `<odk:setgeopoint ref="%s" event="odk-instance-first-load"/>`, ref)
	case "background-audio":
		quality := ""
		if q := e.parameters["quality"]; q != "" {
			quality = ` odk:quality="` + q + `"`
		}
		fmt.Fprintf(b, `<odk:recordaudio event="odk-instance-load" ref="%s"%s/>`, ref, quality)
	}
	if e.dynamicDefault != nil {
		fmt.Fprintf(b, `<setvalue ref="%s" event="odk-instance-first-load" value="%s"/>`, ref, quote(e.dynamicDefault.String()))
	}
}

func (w *referenceWriter) labels(b *strings.Builder, e *element, columns ...string) {
	for _, what := range columns {
		text, by := w.said(e.cells, what)
		ref := by != nil
		if what == "label" {
			ref = ref || hasMedia(e.cells)
		} else {
			_, guided := w.said(e.cells, "guidance_hint")
			ref = ref || guided != nil || e.cells["guidance_hint"] != ""
		}
		switch {
		case ref:
			fmt.Fprintf(b, `<%s ref="jr:itext('%s:%s')"/>`, what, e.xpath(), what)
		case text != "":
			fmt.Fprintf(b, `<%s>%s</%s>`, what, markup(text, e.resolved), what)
		}
	}
}

// bodyTags name a question's element in the body.
var bodyTags = map[Kind]string{SelectOne: "select1", SelectMany: "select", Rank: "odk:rank", Acknowledge: "trigger", Range: "range", Image: "upload", Audio: "upload", Video: "upload", File: "upload"}

var mediaTypes = map[Kind]string{Image: "image/*", Audio: "audio/*", Video: "video/*", File: "application/*"}

func (w *referenceWriter) body(b *strings.Builder, e *element) {
	appearance := ""
	if a := e.appearance; a != "" {
		appearance = fmt.Sprintf(` appearance="%s"`, quote(a))
	}
	switch {
	case e.internal && !e.generated && e.kind != Note, !e.container() && !e.visible(), e.kind == Hidden && !strings.HasPrefix(e.typ, "osm"):
		return
	case e.kind == Group:
		fmt.Fprintf(b, `<group ref="%s"%s>`, e.xpath(), appearance)
		w.labels(b, e, "label")
		for _, c := range e.children {
			w.body(b, c)
		}
		b.WriteString("</group>")
		return
	case e.kind == Repeat:
		fmt.Fprintf(b, `<group ref="%s">`, e.xpath())
		w.labels(b, e, "label")
		count := ""
		if e.count != nil {
			count = fmt.Sprintf(` jr:count="%s"`, quote(e.count.String()))
		}
		fmt.Fprintf(b, `<repeat nodeset="%s"%s%s>`, e.xpath(), count, appearance)
		for _, c := range e.children {
			w.body(b, c)
		}
		w.defaults(b, e)
		b.WriteString("</repeat></group>")
		return
	}
	w.question(b, e, appearance)
}

// defaults writes the computed defaults of a new instance.
func (w *referenceWriter) defaults(b *strings.Builder, repeat *element) {
	repeat.each(func(e *element) {
		if e.dynamicDefault != nil && e.repeat() == repeat {
			fmt.Fprintf(b, `<setvalue ref="%s" event="odk-new-repeat" value="%s"/>`, e.xpath(), quote(e.dynamicDefault.String()))
		}
	})
}

func (w *referenceWriter) question(b *strings.Builder, e *element, appearance string) {
	name := cmp.Or(bodyTags[e.kind], "input")
	if e.external {
		name = "input"
	}
	attrs := appearance
	add := func(key, value string) {
		if value != "" {
			attrs += fmt.Sprintf(` %s="%s"`, key, quote(value))
		}
	}
	add("mediatype", mediaTypes[e.kind])
	for _, key := range slices.Sorted(maps.Keys(e.cells)) {
		if name, ok := strings.CutPrefix(key, "body::"); ok && tag.MatchString(name) {
			add(name, e.cells[key])
		}
	}
	add("rows", e.parameters["rows"])
	add("accuracyThreshold", e.parameters["capture-accuracy"])
	add("unacceptableAccuracyThreshold", e.parameters["warning-accuracy"])
	add("incremental", e.parameters["incremental"])
	if a := e.appearance; e.kind == Image && (a == "" || a == "annotate") {
		add("intent", e.parameters["app"])
	}
	if e.kind == Range {
		add("start", cmp.Or(e.parameters["start"], "1"))
		add("end", cmp.Or(e.parameters["end"], "10"))
		add("step", cmp.Or(e.parameters["step"], "1"))
	}
	if e.external && e.list != nil {
		add("query", fmt.Sprintf("instance('%s')/root/item%s", e.list.name, bracket(e.filter)))
	}
	fmt.Fprintf(b, `<%s ref="%s"%s>`, name, e.xpath(), attrs)
	w.labels(b, e, "label", "hint")
	w.items(b, e)
	w.f.root.each(func(x *element) {
		for _, t := range x.triggers {
			if t != e {
				continue
			}
			if x.typ == "background-geopoint" {
				fmt.Fprintf(b, `<odk:setgeopoint ref="%s" event="xforms-value-changed"/>`, x.xpath())
				continue
			}
			value := ""
			if x.calculate != nil {
				value = fmt.Sprintf(` value="%s"`, quote(x.calculate.String()))
			}
			fmt.Fprintf(b, `<setvalue ref="%s" event="xforms-value-changed"%s/>`, x.xpath(), value)
		}
	})
	fmt.Fprintf(b, `</%s>`, name)
}

func bracket(x *xpath.Expr) string {
	if x == nil {
		return ""
	}
	return "[" + x.String() + "]"
}

func (w *referenceWriter) items(b *strings.Builder, e *element) {
	set := func(nodeset, value, label string) {
		if e.parameters["randomize"] == "true" {
			seed := ""
			if s := e.parameters["seed"]; s != "" {
				seed = ", " + s
			}
			nodeset = "randomize(" + nodeset + seed + ")"
		}
		fmt.Fprintf(b, `<itemset nodeset="%s"><value ref="%s"/><label ref="%s"/></itemset>`, quote(nodeset), value, label)
	}
	switch {
	case e.external:
	case e.source != nil:
		r := e.source.repeat()
		inner := strings.TrimPrefix(e.source.xpath(), r.xpath()+"/")
		filter := cmp.Or(bracket(e.filter), "[./"+inner+" != '']")
		set(pathFrom(e, r)+filter, inner, inner)
	case e.file != "":
		base, ext, _ := cutLast(e.file, ".")
		value, label := "name", "label"
		if ext == "geojson" {
			value, label = "id", "title"
		}
		set(fmt.Sprintf("instance('%s')/root/item%s", base, bracket(e.filter)), cmp.Or(e.parameters["value"], value), cmp.Or(e.parameters["label"], label))
	case e.list != nil && strings.Contains(e.appearance, "search("):
		for i, item := range e.list.items {
			label := fmt.Sprintf(`<label>%s</label>`, markup(item.cells["label"], item.resolved))
			if w.translated(e.list) {
				label = fmt.Sprintf(`<label ref="jr:itext('%s-%d')"/>`, e.list.name, i)
			}
			fmt.Fprintf(b, `<item>%s<value>%s</value></item>`, label, quote(item.name))
		}
	case e.list != nil:
		label := "label"
		if w.translated(e.list) {
			label = "jr:itext(itextId)"
		}
		set(fmt.Sprintf("instance('%s')/root/item%s", e.list.name, bracket(e.filter)), "name", label)
	}
}
