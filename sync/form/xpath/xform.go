package xpath

// Surroundings of an expression in an XForm document: its primary instance,
// the secondary ones and the translations.
type Surroundings struct {
	Primary   *Node // a document that holds the primary instance; nil if there is none
	instances map[string]*Node
	texts     map[string]string
}

// XForm finds the surroundings in a document that is an XForm; in another
// document there are none. lang is the translation wanted, the default one
// when empty.
func XForm(doc *Node, lang string) *Surroundings {
	s := &Surroundings{instances: map[string]*Node{}, texts: map[string]string{}}
	model := doc.Find("html", "head", "model")
	if model == nil {
		return s
	}
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
}
