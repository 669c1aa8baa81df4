package form

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// XForm writes a form as an XForm, so that the reference engine can run it: as
// much of the standard as the guided interviews use, in one language.
func XForm(f *Form) string {
	var b strings.Builder
	b.WriteString(`<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms"><h:head><h:title>x</h:title><model odk:xforms-version="1.0.0"><instance>`)
	writeInstance(&b, f.root, fmt.Sprintf(` id="%s"`, f.ID))
	b.WriteString(`</instance>`)
	lists := map[string]bool{}
	f.root.each(func(e *element) {
		if e.list != nil && !lists[e.list.name] {
			lists[e.list.name] = true
			b.WriteString(`<instance id="` + e.list.name + `">` + e.list.root.Children[0].WriteXML() + `</instance>`)
		}
	})
	f.root.each(func(e *element) { writeBind(&b, e) })
	f.root.each(func(e *element) {
		if e.dynamicDefault != nil {
			fmt.Fprintf(&b, `<setvalue ref="%s" event="odk-instance-first-load" value="%s"/>`, e.xpath(), quote(e.dynamicDefault.String()))
		}
	})
	b.WriteString(`</model></h:head><h:body>`)
	for _, c := range f.root.children {
		writeBody(&b, f.root, c)
	}
	b.WriteString(`</h:body></h:html>`)
	return b.String()
}

func quote(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// writeInstance writes the primary instance: a repeat as its template and a
// first instance, inside another one only as an instance.
func writeInstance(b *strings.Builder, e *element, attrs string) {
	b.WriteString("<" + e.name + attrs + ">" + quote(e.fixedDefault))
	for _, c := range e.children {
		if c.kind != Repeat {
			writeInstance(b, c, "")
			continue
		}
		if e.repeat() == nil {
			writeInstance(b, c, ` jr:template=""`)
		}
		if c.count == nil {
			writeInstance(b, c, "")
		}
	}
	b.WriteString("</" + e.name + ">")
}

func writeBind(b *strings.Builder, e *element) {
	if e.parent == nil {
		return
	}
	m := e.bind()
	fmt.Fprintf(b, `<bind nodeset="%s"`, m.Path)
	for _, a := range [][2]string{
		{"type", m.Type}, {"relevant", m.Relevant}, {"required", m.Required}, {"readonly", m.ReadOnly}, {"constraint", m.Constraint}, {"calculate", m.Calculate},
	} {
		if a[1] != "" {
			fmt.Fprintf(b, ` %s="%s"`, a[0], quote(a[1]))
		}
	}
	if kind, params, _ := strings.Cut(m.Preload, " "); kind != "" {
		fmt.Fprintf(b, ` jr:preload="%s" jr:preloadParams="%s"`, kind, params)
	}
	b.WriteString("/>")
}

func writeLabel(b *strings.Builder, e *element) {
	b.WriteString("<label>")
	for _, p := range e.label[""].raw {
		if p.value != nil {
			fmt.Fprintf(b, `<output value="%s"/>`, quote(p.value.String()))
		} else {
			b.WriteString(quote(p.text))
		}
	}
	b.WriteString("</label>")
}

func writeBody(b *strings.Builder, root, e *element) {
	ref := e.xpath()
	switch {
	case e.internal, e.kind == Calculate, e.kind == Hidden, e.kind == Meta, e.typed:
	case e.kind == Group:
		fmt.Fprintf(b, `<group ref="%s">`, ref)
		writeLabel(b, e)
		for _, c := range e.children {
			writeBody(b, root, c)
		}
		b.WriteString(`</group>`)
	case e.kind == Repeat:
		count := ""
		if e.count != nil {
			count = fmt.Sprintf(` jr:count="%s"`, quote(e.count.String()))
		}
		fmt.Fprintf(b, `<group ref="%s">`, ref)
		writeLabel(b, e)
		fmt.Fprintf(b, `<repeat nodeset="%s"%s>`, ref, count)
		for _, c := range e.children {
			writeBody(b, root, c)
			if c.dynamicDefault != nil {
				fmt.Fprintf(b, `<setvalue ref="%s" event="odk-new-repeat" value="%s"/>`, c.xpath(), quote(c.dynamicDefault.String()))
			}
		}
		b.WriteString(`</repeat></group>`)
	default:
		tag := map[Kind]string{SelectOne: "select1", SelectMany: "select", Acknowledge: "trigger"}[e.kind]
		if tag == "" {
			tag = "input"
		}
		fmt.Fprintf(b, `<%s ref="%s">`, tag, ref)
		writeLabel(b, e)
		writeItems(b, e)
		root.each(func(x *element) {
			for _, t := range x.triggers {
				if t == e {
					fmt.Fprintf(b, `<setvalue ref="%s" event="xforms-value-changed" value="%s"/>`, x.xpath(), quote(x.calculate.String()))
				}
			}
		})
		fmt.Fprintf(b, `</%s>`, tag)
	}
}

func writeItems(b *strings.Builder, e *element) {
	filter := func(x *xpath.Expr) string {
		if x == nil {
			return ""
		}
		return "[" + x.String() + "]"
	}
	switch {
	case e.source != nil:
		r := e.source.repeat()
		inner := strings.TrimPrefix(e.source.xpath(), r.xpath()+"/")
		fmt.Fprintf(b, `<itemset nodeset="%s%s[./%s != '']"><value ref="%s"/><label ref="%s"/></itemset>`, r.xpath(), quote(filter(e.filter)), inner, inner, inner)
	case e.list != nil:
		fmt.Fprintf(b, `<itemset nodeset="instance('%s')/root/item%s"><value ref="name"/><label ref="label"/></itemset>`, e.list.name, quote(filter(e.filter)))
	}
}
