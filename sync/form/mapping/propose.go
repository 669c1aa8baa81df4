package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Proposal is what one question seems to mean.
type Proposal struct {
	Row   int    `json:"row"`
	Path  string `json:"path"`
	Label string `json:"label"`
	Kind  string `json:"kind"`
	// Have is what the workbook says already, as x_attr would write it.
	Have string `json:"have,omitempty"`
	// Attr is what is proposed, "birth_date" or "mother.birth_date"; empty for
	// nothing. Days is how long an answer stays fresh, 0 when it lasts or when
	// nothing is proposed.
	Attr string `json:"attr,omitempty"`
	Days int    `json:"days,omitempty"`
	// Score is how sure that is, from 0 to 1; Why names the words it rests on.
	Score float64 `json:"score,omitempty"`
	Why   string  `json:"why,omitempty"`
}

// Least is the score below which nothing is proposed; Sure that from which a
// proposal is offered as chosen.
const (
	Least = 0.5
	Sure  = 0.7
)

// Propose says of every question that is asked what it seems to mean. What the
// workbook says already is not doubted.
func Propose(f *form.Form, dictionary *attributes.Dictionary) ([]Proposal, error) {
	phrases, err := readPhrases()
	if err != nil {
		return nil, err
	}
	var out []Proposal
	for _, q := range f.Questions() {
		if !q.Kind.Asked() {
			continue
		}
		p := Proposal{Row: q.Row(), Path: q.Path, Label: q.Label(""), Kind: q.Kind.String()}
		if q.Attribute != "" {
			p.Have = string(q.Attribute)
			if q.Subject != "" && q.Repeat == "" {
				p.Have = q.Subject + "." + p.Have
			}
		} else {
			p.guess(f, q, phrases, dictionary)
		}
		out = append(out, p)
	}
	keepBest(out)
	return out, nil
}

// guess looks for the phrase that fits best.
func (p *Proposal) guess(f *form.Form, q *form.Question, phrases []phrase, dictionary *attributes.Dictionary) {
	texts := [][]string{wordsOf(q.Name)}
	for _, lang := range f.Languages() {
		if l := q.Label(lang); l != "" {
			texts = append(texts, wordsOf(l))
		}
	}
	subject := subjectOf(texts, q.Path)
	for i, words := range texts {
		all := without(words, fillers)
		// "Mother's name" may mean the mother, or the name kept with the child:
		// both are looked at, the words with and without the subject's.
		bare := all
		if subject != "" {
			bare = without(all, subjects[subject])
		}
		for _, ph := range phrases {
			a, ok := dictionary.Get(ph.attribute)
			if !ok {
				continue
			}
			prefix := subject
			at := find(words, ph.words)
			rest := len(bare) - len(without(ph.words, fillers))
			if ownSubject(ph.words, subject) {
				prefix, rest = "", len(all)-len(without(ph.words, fillers))
			}
			if at < 0 {
				if at = find(bare, without(ph.words, fillers)); at < 0 || len(without(ph.words, fillers)) == 0 {
					continue
				}
			}
			if !worldly[string(ph.attribute)] && strange(texts, ph.words) {
				continue
			}
			score := 0.95 - 0.12*float64(max(0, rest))
			if i == 0 {
				score -= 0.05 // names are shorter and mean less than labels
			}
			score -= misfit(q, a)
			// A longer phrase says more than a short one within it.
			score += 0.01 * float64(len(ph.words))
			if score > p.Score {
				p.Score, p.Attr = score, string(ph.attribute)
				if prefix != "" && q.Repeat == "" {
					p.Attr = prefix + "." + p.Attr
				}
				p.Days = a.FreshDays
				p.Why = fmt.Sprintf("%s: %s", []string{"name", "label"}[min(i, 1)], strings.Join(ph.words, " "))
			}
		}
	}
	p.Score = min(p.Score, 1)
	if p.Score < Least {
		p.Attr, p.Days, p.Score, p.Why = "", 0, 0, ""
	}
}

// strange tells whether a question is about somebody or something nothing is
// kept of, by words beside the phrase.
func strange(texts [][]string, phrase []string) bool {
	for _, words := range texts {
		if slices.ContainsFunc(words, func(w string) bool { return strangers[w] && !slices.Contains(phrase, w) }) {
			return true
		}
	}
	return false
}

// subjectOf tells of whom a question asks, from its words, else from the groups
// around it.
func subjectOf(texts [][]string, path string) string {
	steps := strings.Split(path, "/")
	for _, words := range append(slices.Clone(texts), wordsOf(strings.Join(steps[:len(steps)-1], " "))) {
		for _, name := range []string{"mother", "father", "spouse", "head", "informant", "guardian"} {
			if slices.ContainsFunc(words, func(w string) bool { return subjects[name][w] }) {
				return name
			}
		}
	}
	return ""
}

// ownSubject tells whether a phrase names the subject itself, as in "name of the
// mother", which is kept with the child.
func ownSubject(words []string, subject string) bool {
	return subject != "" && slices.ContainsFunc(words, func(w string) bool { return subjects[subject][w] })
}

// misfit is how badly an answer of the question's kind suits an attribute.
func misfit(q *form.Question, a attributes.Attribute) float64 {
	const never = 1.0
	kind := q.Kind
	switch a.Type {
	case "text":
		if kind == form.Text || kind == form.Barcode {
			return 0
		}
		if kind == form.Integer && (a.Name == "phone" || strings.HasSuffix(string(a.Name), "_id") || a.Name == "account_number" || a.Name == "postcode") {
			return 0
		}
		if kind == form.SelectOne && a.About != attributes.Person {
			return 0 // a place chosen from a list
		}
	case "date":
		if kind == form.Date || kind == form.DateTime {
			return 0
		}
		if kind == form.Text {
			return 0.3
		}
	case "time":
		if kind == form.Time {
			return 0
		}
	case "number":
		if kind == form.Integer || kind == form.Decimal || kind == form.Range {
			return 0
		}
	case "choice":
		if kind == form.SelectOne {
			return sexOf(q, a.Name)
		}
		if kind == form.Text {
			return 0.2
		}
		if kind == form.Acknowledge && a.Name == "consent" {
			return 0
		}
	case "choices":
		if kind == form.SelectMany {
			return 0
		}
		if kind == form.SelectOne || kind == form.Text {
			return 0.15
		}
	default: // pictures and the like
		if kind.Attachment() {
			return 0
		}
	}
	return never
}

// sexOf looks whether the choices are those of sex: a question that offers man
// and woman means it, one that does not, does not.
func sexOf(q *form.Question, name civic.Attribute) float64 {
	if name != "sex" || len(q.Choices) == 0 {
		return 0
	}
	known := set("male female man woman boy girl m f h hombre mujer masculino femenino nino nina masc fem")
	for _, c := range q.Choices {
		for _, w := range append(wordsOf(c.Name), wordsOf(c.Label)...) {
			if known[w] {
				return 0
			}
		}
	}
	return 0.5
}

// keepBest leaves one question for each attribute of a subject: what the
// workbook says, else the surest, else the first. Inside a repeat each repeat has
// its own.
func keepBest(all []Proposal) {
	best := map[string]int{}
	key := func(p Proposal, attr string) string {
		return attr + "\x00" + repeatOf(p.Path)
	}
	for i, p := range all {
		if p.Have != "" {
			best[key(p, p.Have)] = -1
			continue
		}
		if p.Attr == "" {
			continue
		}
		j, taken := best[key(p, p.Attr)]
		if !taken || j >= 0 && p.Score > all[j].Score {
			best[key(p, p.Attr)] = i
		}
	}
	for i := range all {
		if p := &all[i]; p.Attr != "" && best[key(*p, p.Attr)] != i {
			p.Attr, p.Days, p.Score, p.Why = "", 0, 0, ""
		}
	}
}

// repeatOf is the group a path lies in, which stands for its repeat.
func repeatOf(path string) string {
	if i := strings.LastIndex(path, "/"); i >= 0 {
		return path[:i]
	}
	return ""
}
