package civic

import (
	"errors"
	"strings"
)

// Code names a problem for programs. Codes travel; words do not.
type Code string

// Problem is a refusal that a person can act on. Error gives one line of plain
// English; the app shows the words of its own language by Code. Neither ever
// holds a name, an answer or a key.
type Problem struct {
	Code Code
	// Words fill the places {1}, {2} … of the catalogue's sentence: paths,
	// counts, dates, file names.
	Words []string
	// Err is what lay beneath, for the log; it may be nil.
	Err error
}

// NewProblem makes a problem of the catalogue; err may be nil.
func NewProblem(code Code, err error, words ...string) *Problem {
	return &Problem{Code: code, Words: words, Err: err}
}

func (p *Problem) Error() string { return fill(p.entry().Message, p.Words) }

// Hint says what to do next, in English; it may be empty.
func (p *Problem) Hint() string { return fill(p.entry().Hint, p.Words) }

// HTTPStatus is the status a server answers with.
func (p *Problem) HTTPStatus() int { return p.entry().HTTP }

func (p *Problem) Unwrap() error { return p.Err }

func (p *Problem) entry() Sentence {
	if s, ok := catalogue[p.Code]; ok {
		return s
	}
	return Sentence{Message: "Something went wrong (" + string(p.Code) + ").", Hint: "Nothing was lost. Try again, and tell your supervisor this code if it stays.", HTTP: 500}
}

// Is lets errors.Is compare problems by their code.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Code == p.Code
}

// CodeOf finds the code of the problem in an error's chain, empty if none.
func CodeOf(err error) Code {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func fill(sentence string, words []string) string {
	for i, w := range words {
		sentence = strings.ReplaceAll(sentence, "{"+string(rune('1'+i))+"}", w)
	}
	return sentence
}

// Sentence is what the catalogue says of one code.
type Sentence struct {
	Message string // what happened and what is safe
	Hint    string // what to do
	HTTP    int
}

// Catalogue gives every sentence by its code, a copy.
func Catalogue() map[Code]Sentence {
	c := make(map[Code]Sentence, len(catalogue))
	for k, v := range catalogue {
		c[k] = v
	}
	return c
}
