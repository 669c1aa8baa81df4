package capture

import (
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// ReviewSection is one page folded to its answers.
type ReviewSection struct {
	Path  string // where "change" leads
	Title string
	Lines []ReviewLine
}

// ReviewLine is one question with what was answered.
type ReviewLine struct {
	Path     string
	Label    string
	Value    string        // as people read it: labels of choices, not their names
	Stated   string        // the citizen's own words, when kept
	Absent   civic.Absence // Value is empty then
	Answered bool
	Picture  bool // Value names an attachment
	// Drawn: what the attachment shows was drawn on the kit; Signature: it is,
	// or should be, somebody's signature.
	Drawn, Signature bool
	Heading          bool // heads the lines after it, such as one member of a household
	Finding          *form.Finding
}

// Review folds every page to its answers for the last look before sealing;
// what is still wrong stands beside its line.
func (iv *Interview) Review(lang string) []ReviewSection {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return review(iv.session, lang)
}

// ReviewOf folds a sealed registration the same way.
func ReviewOf(f *form.Form, env form.Env, answers []civic.Answer, lang string) []ReviewSection {
	return review(form.Resume(f, env, answers), lang)
}

func review(s *form.Session, lang string) []ReviewSection {
	wrong := map[string]form.Finding{}
	for _, f := range s.CheckAll() {
		if _, twice := wrong[f.Path]; !twice {
			wrong[f.Path] = f
		}
	}
	var out []ReviewSection
	for _, sec := range s.Sections(lang) {
		rs := ReviewSection{Path: sec.Path, Title: sec.Title}
		for _, it := range sec.Items {
			switch {
			case it.Kind == form.Group:
				rs.Lines = append(rs.Lines, ReviewLine{Path: it.Path, Label: it.Label, Heading: true})
				continue
			case !it.Kind.Asked():
				continue
			}
			line := ReviewLine{
				Path: it.Path, Label: it.Label, Value: readable(it),
				Stated: it.Answer.Stated, Absent: it.Answer.Absent,
				Answered: it.Answer.Value != "" || it.Answer.Absent != civic.Present || it.Answer.Stated != "",
				Picture:  it.Kind == form.Image && it.Answer.Value != "",
				Drawn:    it.Drawn(), Signature: it.Signature(),
			}
			if f, bad := wrong[it.Path]; bad {
				line.Finding = &f
			}
			rs.Lines = append(rs.Lines, line)
		}
		if len(rs.Lines) > 0 {
			out = append(out, rs)
		}
	}
	return out
}

// readable turns the names of choices into their labels.
func readable(it form.Item) string {
	if !it.Offers() {
		return it.Answer.Value
	}
	label := func(name string) string {
		if c, ok := it.Choice(name); ok && c.Label != "" {
			return c.Label
		}
		return name
	}
	if it.Kind != form.SelectMany {
		return label(it.Answer.Value)
	}
	names := strings.Fields(it.Answer.Value)
	for i, n := range names {
		names[i] = label(n)
	}
	return strings.Join(names, ", ")
}
