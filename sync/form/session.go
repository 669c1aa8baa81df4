package form

import (
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

const (
	// MaxInstances limits the instances of one repeat.
	MaxInstances = 500
	// MaxFields limits the questions of all instances together: repeats within
	// repeats multiply.
	MaxFields = 50_000
)

// Session is a running form. It is not safe for several goroutines at once.
type Session struct {
	form    *Form
	env     Env
	lang    string
	doc     *xpath.Node
	root    *field
	xenv    *xpath.Env
	files   map[string]*data
	indexed map[indexKey]map[string][]*choiceItem // choices of long lists by the value of a column
	dirty   map[*task]bool
	fired   map[*task]bool // calculations whose trigger was pulled
	asked   searched       // by the search() evaluated last
	work    int            // steps left until the next change
	fields  int            // of all instances
	sorted  map[indexKey]*sortedColumn
	fresh   bool // a new interview: metadata and defaults are filled
	sealed  bool // judging what was sealed: no instances of repeats but those with answers
}

// Start begins an interview with the form's defaults.
func Start(f *Form, e Env) *Session {
	s := newSession(f, e)
	s.fresh = true
	s.root = s.grow(nil, f.root, 0)
	s.compute(s.root)
	s.markAll()
	s.settle()
	return s
}

// Resume goes on with answers given before; answers to questions the form does
// not have are dropped.
//
// Answers tell only of instances of repeats that hold one: an empty last
// instance is gone, and a repeat without any answer stands as at the start.
func Resume(f *Form, e Env, answers []civic.Answer) *Session { return resume(f, e, answers, false) }

// resume goes on from answers; sealed tells that there are no instances but
// those that the answers name.
func resume(f *Form, e Env, answers []civic.Answer, sealed bool) *Session {
	s := newSession(f, e)
	s.sealed = sealed
	s.root = s.grow(nil, f.root, 0)
	for _, a := range answers {
		s.makeRoom(a.Path)
		if at := s.at(a.Path); at != nil && !at.element.container() {
			s.assign(at, a)
		}
	}
	s.fresh = true
	s.markAll()
	s.settle()
	return s
}

func newSession(f *Form, e Env) *Session {
	s := &Session{form: f, env: e, files: map[string]*data{}, indexed: map[indexKey]map[string][]*choiceItem{}, dirty: map[*task]bool{}, fired: map[*task]bool{}}
	if s.env.Now == nil {
		s.env.Now = func() time.Time { return time.Time{} }
	}
	if s.env.Zone == nil {
		s.env.Zone = time.UTC
	}
	s.lang = f.lang("")
	s.doc = &xpath.Node{Kind: xpath.Document}
	s.work = maxWork
	s.xenv = &xpath.Env{Budget: &s.work, Now: s.env.Now, Zone: s.env.Zone, Instance: s.instance, Functions: s.functions(), Bound: true, Rand: s.env.Rand}
	return s
}

// Form is the form that is running.
func (s *Session) Form() *Form { return s.form }

// SetLanguage chooses the language of messages and labels; Sections does too.
func (s *Session) SetLanguage(lang string) {
	if lang = s.form.lang(lang); lang == s.lang {
		return
	}
	s.lang = lang
	if s.root != nil && len(s.form.plan.onLanguage) > 0 {
		s.mark(s.form.plan.onLanguage)
		s.settle()
	}
}

// instance gives a secondary instance: a list of choices or a file.
func (s *Session) instance(id string) *xpath.Node {
	if l, ok := s.form.lists[id]; ok {
		return l.root
	}
	name, ok := s.form.files[id]
	if !ok {
		name = id
	}
	if d := s.csv(name); d != nil {
		return d.instance()
	}
	return nil
}

// grow makes an instance of an element under parent at position i, with
// everything in it.
func (s *Session) grow(parent *field, e *element, i int) *field {
	s.fields++
	f := &field{element: e, parent: parent, own: true, relevant: parent == nil || parent.relevant, fits: true}
	f.node = xpath.NewElement(e.name, "")
	f.node.Data = f
	if parent == nil {
		s.doc.Append(f.node)
	} else {
		parent.node.Insert(i, f.node)
		parent.children = append(parent.children[:i:i], append([]*field{f}, parent.children[i:]...)...)
	}
	for _, c := range e.children {
		if c.kind == Repeat && (c.count != nil || c.cells["x_start"] == "0" || s.sealed) {
			continue // its instances come with the count, or by hand
		}
		s.grow(f, c, len(f.children))
	}
	if !e.container() {
		s.begin(f)
	}
	return f
}

// begin gives a new question its fixed value, or the one the kit fills in.
func (s *Session) begin(f *field) {
	e := f.element
	value := e.fixedDefault
	if s.fresh {
		now := s.env.Now().In(s.env.Zone)
		switch e.meta {
		case "uid":
			if e.name == "instanceID" {
				value = s.newID()
			}
		case "start":
			value = xpath.FullMoment(now)
		case "today":
			value = now.Format("2006-01-02")
		case "device":
			value = s.env.Device
		case "officer":
			value = s.env.Officer
		}
	} else if e.kind.Asked() {
		// What stood here by default is among the answers, or was taken away.
		value = ""
	}
	f.answer = civic.Answer{Value: value}
	if e.fixedDefault != "" && e.kind.Asked() && !s.offers(f) && s.fitsKind(f) != "" {
		f.answer.Value = "" // no answer to such a question
	}
	f.chosen = f.answer.Value
	f.show()
}

// offers tells whether what the question offers hangs on other answers.
func (s *Session) offers(f *field) bool {
	return f.element.filter != nil || f.element.source != nil
}

// newID makes the identifier of a filled-in copy.
func (s *Session) newID() string {
	x, err := xpath.Parse("concat('uuid:', uuid())")
	if err != nil {
		return ""
	}
	v, err := x.Eval(s.doc, s.xenv)
	if err != nil {
		return ""
	}
	return v.Text()
}

// compute gives the new questions below f the defaults that are computed.
func (s *Session) compute(f *field) {
	f.each(func(x *field) {
		if d := x.element.dynamicDefault; d != nil {
			if v, err := d.Eval(x.node, s.xenv); err == nil && len(plainValue(v)) <= MaxText {
				x.answer.Value = plainValue(v)
				x.show()
			}
		}
	})
}

// at finds a field by path; an instance without a number is the first.
func (s *Session) at(path string) *field {
	f := s.root
	if path == "" {
		return f
	}
	for _, step := range strings.Split(path, "/") {
		name, i := cutIndex(step)
		var next *field
		for _, c := range f.children {
			if c.element.name == name {
				if i--; i == 0 {
					next = c
					break
				}
			}
		}
		if next == nil {
			return nil
		}
		f = next
	}
	return f
}

// makeRoom adds the instances that a path of an earlier answer needs.
func (s *Session) makeRoom(path string) {
	f := s.root
	for _, step := range strings.Split(path, "/") {
		name, i := cutIndex(step)
		e := f.element.child(name)
		if e == nil || i < 1 || i > MaxInstances {
			return
		}
		if e.kind == Repeat {
			for n := len(f.instances(e)); n < i && s.fields < MaxFields; n++ {
				s.grow(f, e, f.end(e))
			}
		}
		list := f.instances(e)
		if i > len(list) {
			return
		}
		f = list[i-1]
	}
}

// instances lists every instance of an element in the whole form.
func (s *Session) instances(e *element) []*field {
	if e.parent == nil {
		return []*field{s.root}
	}
	var out []*field
	for _, up := range s.instances(e.parent) {
		out = append(out, up.instances(e)...)
	}
	return out
}
