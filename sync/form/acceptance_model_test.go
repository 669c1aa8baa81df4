//go:build acceptance

package form_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// reference is an XForm as the reference converter made it.
type reference struct {
	doc       *xpath.Node
	itext     map[string]map[string]map[string]*xpath.Node // language, id, form
	languages []string
}

func readReference(t testing.TB, name string) *reference {
	t.Helper()
	f, err := os.Open(shared(t, "xform", name+".xml.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := xpath.ReadXML(b)
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{doc: doc, itext: map[string]map[string]map[string]*xpath.Node{}}
	if it := doc.Find("html", "head", "model", "itext"); it != nil {
		for _, tr := range it.Elements() {
			lang := tr.Attr("lang")
			r.languages = append(r.languages, lang)
			r.itext[lang] = map[string]map[string]*xpath.Node{}
			for _, text := range tr.Elements() {
				forms := map[string]*xpath.Node{}
				for _, v := range text.Elements() {
					forms[v.Attr("form")] = v
				}
				r.itext[lang][text.Attr("id")] = forms
			}
		}
	}
	return r
}

// plainText writes a label's text with its outputs as ${path}.
func plainText(n *xpath.Node) string {
	var b strings.Builder
	if len(n.Children) == 0 {
		return n.Value
	}
	for _, c := range n.Children {
		if c.Kind == xpath.TextNode {
			b.WriteString(c.Value)
		} else if c.Name == "output" {
			b.WriteString("${" + strings.TrimSpace(c.Attr("value")) + "}")
		}
	}
	return b.String()
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// words is a text as both sides would print it.
func wordsOf(s string) string { return strings.Join(strings.Fields(s), " ") }

// binds reads the reference's binds in the model's terms.
func (r *reference) binds() map[string]form.Bind {
	out := map[string]form.Bind{}
	for _, n := range r.doc.Find("html", "head", "model").Elements() {
		if n.Name != "bind" {
			continue
		}
		b := form.Bind{
			Path: n.Attr("nodeset"), Type: n.Attr("type"), Relevant: n.Attr("relevant"), Required: n.Attr("required"), ReadOnly: n.Attr("readonly"),
			Constraint: n.Attr("constraint"), Calculate: n.Attr("calculate"), SaveTo: n.Attr("saveto"),
		}
		if p := n.Attr("preload"); p != "" {
			b.Preload = strings.TrimSpace(p + " " + n.Attr("preloadParams"))
		}
		for _, p := range []*string{&b.Relevant, &b.Required, &b.ReadOnly} {
			switch *p {
			case "1":
				*p = "true()"
			case "0":
				*p = "false()"
			}
		}
		out[b.Path] = b
	}
	return out
}

type textKey struct{ path, what, lang string }

var itextForms = map[string]string{"image": "jr://images/", "big-image": "jr://images/", "audio": "jr://audio/", "video": "jr://video/"}

// texts reads the reference's texts; the language "" is of texts that stand in
// the form untranslated.
func (r *reference) texts() map[textKey]string {
	out := map[textKey]string{}
	put := func(path, what, ref string) {
		id := strings.TrimSuffix(strings.TrimPrefix(ref, "jr:itext('"), "')")
		for _, lang := range r.languages {
			for kind, n := range r.itext[lang][id] {
				key := textKey{path, what, lang}
				text := plainText(n)
				switch kind {
				case "":
				case "guidance":
					key.what = "guidance_hint"
				default:
					key.what = kind
					text = strings.TrimPrefix(text, itextForms[kind])
				}
				if text != "-" {
					out[key] = text
				}
			}
		}
	}
	var walk func(*xpath.Node)
	walk = func(n *xpath.Node) {
		for _, c := range n.Elements() {
			if c.Name == "label" || c.Name == "hint" {
				path := n.Attr("ref")
				if path == "" && n.Name == "group" {
					if rep := n.Child("repeat"); rep != nil {
						path = rep.Attr("nodeset")
					}
				}
				if path == "" {
					continue
				}
				if ref := c.Attr("ref"); strings.HasPrefix(ref, "jr:itext('") {
					put(path, c.Name, ref)
				} else if text := plainText(c); text != "" {
					out[textKey{path, c.Name, ""}] = text
				}
			}
			walk(c)
		}
	}
	walk(r.doc.Find("html", "body"))
	for _, n := range r.doc.Find("html", "head", "model").Elements() {
		for attr, what := range map[string]string{"constraintMsg": "constraint_message", "requiredMsg": "required_message"} {
			v := n.Attr(attr)
			if n.Name != "bind" || v == "" {
				continue
			}
			if strings.HasPrefix(v, "jr:itext('") {
				put(n.Attr("nodeset"), what, v)
			} else {
				out[textKey{n.Attr("nodeset"), what, ""}] = v
			}
		}
	}
	return out
}

// compareModel lists how a form differs from its reference.
func compareModel(f *form.Form, r *reference) (binds, choices, texts []string) {
	m := f.Model()
	want := r.binds()
	root := r.doc.Find("html", "head", "model", "instance").Elements()[0].Name
	seen := map[string]bool{}
	for _, b := range m.Binds {
		seen[b.Path] = true
		w, ok := want[b.Path]
		if !ok {
			binds = append(binds, fmt.Sprintf("%s: not there", b.Path))
			continue
		}
		for _, p := range []struct{ what, have, want string }{
			{"type", b.Type, w.Type}, {"relevant", b.Relevant, w.Relevant}, {"required", b.Required, w.Required}, {"readonly", b.ReadOnly, w.ReadOnly},
			{"constraint", b.Constraint, w.Constraint}, {"calculate", b.Calculate, w.Calculate}, {"preload", b.Preload, w.Preload}, {"saveto", b.SaveTo, w.SaveTo},
		} {
			if squeeze(p.have) != squeeze(p.want) {
				binds = append(binds, fmt.Sprintf("%s %s: %q, the reference has %q", b.Path, p.what, p.have, p.want))
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if !seen[path] && path != "/"+root+"/meta/entity" {
			binds = append(binds, fmt.Sprintf("%s: missing here", path))
		}
	}
	texts = compareTexts(m, r)
	choices = compareChoices(m, r)
	return binds, choices, texts
}

func compareTexts(m form.Model, r *reference) (out []string) {
	have := map[textKey]string{}
	translated := map[[2]string]bool{}
	for _, x := range m.Texts {
		have[textKey{x.Path, x.What, x.Language}] = x.Text
		if x.Language != "" {
			translated[[2]string{x.Path, x.What}] = true
		}
	}
	used := map[textKey]bool{}
	want := r.texts()
	for _, key := range slices.SortedFunc(maps.Keys(want), func(a, b textKey) int {
		return strings.Compare(a.path+a.what+a.lang, b.path+b.what+b.lang)
	}) {
		text, ok := have[key]
		mine := key
		if !ok {
			// What is not translated stands for the default language.
			mine.lang = ""
			text = have[mine]
		}
		used[mine] = true
		if wordsOf(text) != wordsOf(want[key]) {
			out = append(out, fmt.Sprintf("%s %s %s: %.80q, the reference has %.80q", key.path, key.what, key.lang, text, want[key]))
		}
	}
	for key, text := range have {
		if !used[key] && (key.lang != "" || !translated[[2]string{key.path, key.what}]) {
			out = append(out, fmt.Sprintf("%s %s %s: %.80q is not in the reference", key.path, key.what, key.lang, text))
		}
	}
	return out
}

func compareChoices(m form.Model, r *reference) (out []string) {
	lists := map[string]form.ModelList{}
	for _, l := range m.Lists {
		lists[l.Name] = l
	}
	for _, n := range r.doc.Find("html", "head", "model").Elements() {
		if n.Name != "instance" || n.Attr("id") == "" || n.Attr("src") != "" || n.Child("root") == nil {
			continue
		}
		id := n.Attr("id")
		l, ok := lists[id]
		items := n.Child("root").Elements()
		if !ok || len(items) != len(l.Items) {
			out = append(out, fmt.Sprintf("list %s: %d choices, the reference has %d", id, len(l.Items), len(items)))
			continue
		}
		for i, item := range items {
			c := l.Items[i]
			if name := item.Child("name"); name == nil || name.Text() != c.Name {
				out = append(out, fmt.Sprintf("list %s choice %d: %q", id, i+1, c.Name))
				continue
			}
			if ref := item.Child("itextId"); ref != nil {
				for _, lang := range r.languages {
					forms := r.itext[lang][ref.Text()]
					if forms[""] == nil || plainText(forms[""]) == "-" {
						continue
					}
					text, ok := c.Labels[lang]
					if !ok {
						text = c.Labels[""]
					}
					if wordsOf(text) != wordsOf(plainText(forms[""])) {
						out = append(out, fmt.Sprintf("list %s choice %s label %s: %q, the reference has %q", id, c.Name, lang, text, plainText(forms[""])))
					}
				}
			} else if label := item.Child("label"); label != nil && wordsOf(plainText(label)) != wordsOf(c.Labels[""]) {
				out = append(out, fmt.Sprintf("list %s choice %s: %q, the reference has %q", id, c.Name, c.Labels[""], plainText(label)))
			}
			for _, x := range item.Elements() {
				if x.Name != "name" && x.Name != "label" && x.Name != "itextId" && wordsOf(c.More[strings.ToLower(x.Name)]) != wordsOf(x.Text()) && wordsOf(c.More[x.Name]) != wordsOf(x.Text()) {
					out = append(out, fmt.Sprintf("list %s choice %s %s: %q, the reference has %q", id, c.Name, x.Name, c.More[x.Name], x.Text()))
				}
			}
		}
	}
	return out
}

// TestAcceptanceModels compares binds, choices and translations of each workbook
// the reference accepts.
func TestAcceptanceModels(t *testing.T) {
	var all, equal, binds, choices, texts int
	for _, l := range corpus(t) {
		if l.format != "xlsx" || !l.accepted() || l.dialect == "odkx" {
			continue
		}
		b, err := os.ReadFile(shared(t, "workbooks", l.file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := form.Load(b)
		if err != nil {
			t.Logf("%s %s: refused", l.dialect, l.file)
			continue
		}
		if l.dialect == "std" {
			all++
		}
		db, dc, dt := compareModel(f, readReference(t, l.file))
		if len(db)+len(dc)+len(dt) == 0 {
			if l.dialect == "std" {
				equal++
			}
			continue
		}
		if l.dialect == "std" {
			binds, choices, texts = binds+min(1, len(db)), choices+min(1, len(dc)), texts+min(1, len(dt))
		}
		diff := slices.Concat(db, dc, dt)
		t.Logf("%s %s: %d differences\n    %s", l.dialect, l.file, len(diff), strings.Join(diff[:min(len(diff), 8)], "\n    "))
	}
	fmt.Printf("models of std workbooks: %d, equal %d (%.1f %%); differ in binds %d, choices %d, translations %d\n", all, equal, 100*float64(equal)/float64(all), binds, choices, texts)
	figures(t, "models", map[string]any{"all": all, "equal": equal, "differ_binds": binds, "differ_choices": choices, "differ_translations": texts})
	if 100*equal < 98*all {
		t.Error("fewer than 98 % are equal")
	}
}
