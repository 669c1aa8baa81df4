package formcmd

import (
	"fmt"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/mapping"
)

// Mapped is what "form map" says.
type Mapped struct {
	Form      string             `json:"form"`
	Version   string             `json:"version"`
	Questions int                `json:"questions"`
	Had       int                `json:"had"`      // said by the workbook already
	Proposed  int                `json:"proposed"` // sure enough to be written
	Doubtful  int                `json:"doubtful"` // named, and left to a person
	Map       []mapping.Proposal `json:"map"`
}

// Map proposes what the questions of a form mean. With write it gives the
// workbook with what is sure written into it, nil without.
func Map(workbook []byte, dictionary *attributes.Dictionary, write bool) ([]byte, Mapped, error) {
	f, err := form.Load(workbook)
	if err != nil {
		return nil, Mapped{}, err
	}
	list, err := mapping.Propose(f, dictionary)
	if err != nil {
		return nil, Mapped{}, err
	}
	m := Mapped{Form: string(f.ID), Version: f.Version, Questions: len(list), Map: list}
	var sure []mapping.Choice
	for _, p := range list {
		switch {
		case p.Have != "":
			m.Had++
		case p.Attr != "" && p.Score >= mapping.Sure:
			m.Proposed++
			sure = append(sure, mapping.Choice{Row: p.Row, Attr: p.Attr, Days: p.Days})
		case p.Attr != "":
			m.Doubtful++
		}
	}
	if !write {
		return nil, m, nil
	}
	out, err := mapping.Write(workbook, sure, dictionary)
	return out, m, err
}

// Lines tells the proposals to people, a line a question.
func (m Mapped) Lines() []string {
	var lines []string
	for _, p := range m.Map {
		switch {
		case p.Have != "":
			lines = append(lines, fmt.Sprintf("row %d  %s  %s (in the workbook)", p.Row, p.Path, p.Have))
		case p.Attr != "" && p.Score >= mapping.Sure:
			lines = append(lines, fmt.Sprintf("row %d  %s  %s  %.0f %%  %s", p.Row, p.Path, p.Attr, p.Score*100, p.Why))
		case p.Attr != "":
			lines = append(lines, fmt.Sprintf("row %d  %s  perhaps %s  %.0f %%  %s", p.Row, p.Path, p.Attr, p.Score*100, p.Why))
		default:
			lines = append(lines, fmt.Sprintf("row %d  %s  -", p.Row, p.Path))
		}
	}
	return append(lines, fmt.Sprintf("%d questions: %d in the workbook, %d proposed, %d in doubt", m.Questions, m.Had, m.Proposed, m.Doubtful))
}
