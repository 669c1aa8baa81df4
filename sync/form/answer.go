package form

import (
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Set takes the answer to one question and recomputes what hangs on it. The
// answer's own Path is ignored. A value that does not fit is kept as it was
// typed and Check tells; an error means that there is no such question, or that
// it takes no answer.
func (s *Session) Set(path string, a civic.Answer) error {
	f := s.at(path)
	if f == nil || f.element.container() || f.element.kind == Note || f.element.kind == Calculate {
		return civic.NewProblem(civic.AnswersInvalid, nil, path)
	}
	if f.locked() {
		return civic.NewProblem(civic.AnswersInvalid, nil, path)
	}
	a.Value = s.tidy(f, a.Value)
	if a.Absent != civic.Present {
		a.Value = ""
	}
	s.assign(f, a)
	s.settle()
	return nil
}

// tidy writes a value the way the form does: several choices once each in the
// order of the list, with one space between.
func (s *Session) tidy(f *field, v string) string {
	switch f.element.kind {
	case SelectMany, Rank:
		chosen := strings.Fields(v)
		var out []string
		if f.element.kind == SelectMany {
			for _, o := range s.options(f) {
				if slices.Contains(chosen, o.name) && !slices.Contains(out, o.name) {
					out = append(out, o.name)
				}
			}
		}
		for _, c := range chosen {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
		return strings.Join(out, " ")
	case Geopoint:
		return atPosition(v)
	case Text, Note, Hidden, Calculate:
		return v
	}
	return strings.TrimSpace(v)
}

// atPosition writes a typed position as XForms does: commas become blanks, and
// altitude and accuracy stand behind as 0 when nobody knows them.
func atPosition(v string) string {
	parts := strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(v))
	if len(parts) == 2 && position(strings.Join(parts, " ")) {
		parts = append(parts, "0", "0")
	}
	return strings.Join(parts, " ")
}

// State tells how one question stands; the zero State when there is none.
func (s *Session) State(path string) State {
	f := s.at(path)
	if f == nil {
		return State{}
	}
	st := State{Relevant: f.relevant, Required: f.required, ReadOnly: f.locked(), Answer: f.answer, Valid: true}
	st.Answer.Path = f.path()
	if !f.element.container() {
		_, bad := s.judge(f)
		st.Valid = !bad
	}
	return st
}

// AddInstance adds one more instance of a repeat and gives its path,
// "members[3]".
func (s *Session) AddInstance(repeatPath string) (string, error) {
	up, e := s.repeatAt(repeatPath)
	if e == nil || e.count != nil || len(up.instances(e)) >= MaxInstances || s.fields >= MaxFields {
		return "", civic.NewProblem(civic.AnswersInvalid, nil, repeatPath)
	}
	f := s.added(up, e)
	s.settle()
	return f.path(), nil
}

// repeatAt finds the place of a repeat: the field it stands in and itself. A
// number on its own last step is ignored.
func (s *Session) repeatAt(path string) (*field, *element) {
	up, last := "", path
	if i := strings.LastIndex(path, "/"); i >= 0 {
		up, last = path[:i], path[i+1:]
	}
	name, _ := cutIndex(last)
	f := s.at(up)
	if f == nil {
		return nil, nil
	}
	e := f.element.child(name)
	if e == nil || e.kind != Repeat {
		return nil, nil
	}
	return f, e
}

// RemoveInstance takes one instance away; those behind it move up.
func (s *Session) RemoveInstance(path string) error {
	f := s.at(path)
	if f == nil || f.element.kind != Repeat || f.element.count != nil {
		return civic.NewProblem(civic.AnswersInvalid, nil, path)
	}
	s.removed(f)
	s.settle()
	return nil
}

// Answers gives what was answered in any way to relevant questions, in the
// order of the form.
func (s *Session) Answers() []civic.Answer {
	var out []civic.Answer
	s.root.each(func(f *field) {
		e := f.element
		if e.container() || e.internal || e.kind == Note || !f.relevant {
			return
		}
		a := f.answer
		if e.meta == "end" && a.Value == "" {
			a.Value = xpath.FullMoment(s.env.Now().In(s.env.Zone))
		} else if !f.answered() {
			return
		}
		a.Path = f.path()
		out = append(out, a)
	})
	return out
}
