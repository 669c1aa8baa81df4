package xpath

// Surroundings of an expression in an XForm document: its primary instance,
// the secondary ones and the translations.
type Surroundings struct {
	Primary   *Node // a document that holds the primary instance; nil if there is none
	instances map[string]*Node
	texts     map[string]string
	spaces    map[string]string // prefixes declared anywhere in the document
	isForm    bool
}

// XForm finds the surroundings in a document that is an XForm; in another
// document there are none. lang is the translation wanted, the default one
// when empty.
func XForm(doc *Node, lang string) *Surroundings {
	s := &Surroundings{instances: map[string]*Node{}, texts: map[string]string{}, spaces: map[string]string{}}
	s.declared(doc)
	model := doc.Find("html", "head", "model")
	if model == nil {
		return s
	}
	s.isForm = true
	for _, c := range model.Elements() {
		switch c.Name {
		case "instance":
			if id := c.Attr("id"); id != "" {
				s.instances[id] = c
			} else if kids := c.Elements(); len(kids) > 0 && s.Primary == nil {
				s.Primary = kids[0]
			}
		case "itext":
			s.itext(c, lang)
		}
	}
	return s
}

func (s *Surroundings) declared(n *Node) {
	for _, d := range n.spaces {
		if _, ok := s.spaces[d.Name]; !ok && d.Name != "" {
			s.spaces[d.Name] = d.Value
		}
	}
	for _, c := range n.Children {
		s.declared(c)
	}
}

// AnySpace stands for every namespace where a prefix is looked up.
const AnySpace = "*"

// Space gives the namespace of a prefix: as the document declares it, else as
// forms usually do. In a form, names without a prefix match whatever the
// namespace; in another document they mean no namespace.
func (s *Surroundings) Space(prefix string) string {
	if space, ok := s.spaces[prefix]; ok {
		return space
	}
	switch prefix {
	case "":
		if s.isForm {
			return AnySpace
		}
		return ""
	case "h", "xhtml":
		return "http://www.w3.org/1999/xhtml"
	case "jr":
		return "http://openrosa.org/javarosa"
	case "xml":
		return xmlSpace
	}
	return prefix
}

func (s *Surroundings) itext(itext *Node, lang string) {
	var chosen, first *Node
	for _, t := range itext.Elements() {
		if first == nil || t.Attr("default") != "" {
			first = t
		}
		if t.Attr("lang") == lang {
			chosen = t
		}
	}
	if chosen == nil {
		chosen = first
	}
	if chosen == nil {
		return
	}
	for _, text := range chosen.Elements() {
		for _, v := range text.Elements() {
			if v.Attr("form") == "" {
				s.texts[text.Attr("id")] = v.Text()
			}
		}
	}
}

// Lend gives the surroundings to an evaluation.
func (s *Surroundings) Lend(env *Env) {
	env.Instance = func(id string) *Node { return s.instances[id] }
	env.Functions = map[string]func(*Call) (Value, error){
		"jr:itext": func(c *Call) (Value, error) { id, err := c.Text(0); return Str(s.texts[id]), err },
	}
	env.Primary = s.Primary
	env.Space = s.Space
}
