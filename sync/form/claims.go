package form

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Claims says what the registration's answers mean, each with its subject.
// Answers to questions without an attribute say nothing lasting.
func (f *Form) Claims(r *civic.Registration) []civic.Claim {
	var out []civic.Claim
	for _, a := range r.Answers {
		q, ok := f.Question(a.Path)
		if !ok || q.Attribute == "" {
			continue
		}
		c := civic.Claim{
			Subject: q.subjectAt(a.Path), Attribute: q.Attribute, Value: a.Value, Stated: a.Stated, Absent: a.Absent,
			Registration: r.ID, Area: r.Area, At: r.Sealed,
		}
		if q.Kind == Date {
			if d, err := civic.ParseDate(a.Value); err == nil {
				c.Precision = d.Precision()
			}
		}
		out = append(out, c)
	}
	civic.RankEvidence(out)
	return out
}

// subjectAt gives the subject its number inside a repeat: "members[2]".
func (q *Question) subjectAt(path string) string {
	if q.Repeat == "" || q.Subject != repeatNames(q.element) {
		return q.Subject
	}
	steps := strings.Split(path, "/")
	var out []string
	for i, e := range q.element.ancestors()[1:] {
		if e.kind == Repeat && i < len(steps) {
			name, n := cutIndex(steps[i])
			out = append(out, fmt.Sprintf("%s[%d]", name, n))
		}
	}
	return strings.Join(out, "/")
}

// Validate judges a sealed registration by the form's rules as they stood when
// it was sealed: env.Now is not asked.
func (f *Form) Validate(r *civic.Registration, env Env) []Finding {
	sealed := r.Sealed.Time()
	env.Now = nowIs(sealed)
	s := resume(f, env, r.Answers, true)
	s.SetLanguage(r.Language)
	out := s.CheckAll()
	for _, a := range r.Answers {
		if _, ok := f.Question(a.Path); !ok {
			out = append(out, Finding{Path: a.Path, Code: civic.AnswersInvalid, Words: []string{a.Path},
				Message: "The form has no question " + a.Path + "."})
		}
	}
	return out
}
