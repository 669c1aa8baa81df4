package kit

import (
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// answerOf writes a cell of a list the way the form writes answers. What is no
// date of the calendar is kept as it was stated, with the value unknown.
func answerOf(q *form.Question, text string) civic.Answer {
	a := civic.Answer{Path: q.Path, Value: text}
	switch q.Kind {
	case form.Date:
		d, ok := readDate(text)
		if !ok || (!q.Partial && d.Precision() != civic.Exact) {
			return civic.Answer{Path: q.Path, Stated: text, Absent: civic.Unknown}
		}
		a.Value = d.String()
	case form.SelectOne:
		a.Value = choiceOf(q, text)
	case form.SelectMany:
		parts := strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == '|' })
		if len(parts) == 1 {
			parts = strings.Fields(text)
		}
		for i := range parts {
			parts[i] = choiceOf(q, strings.TrimSpace(parts[i]))
		}
		a.Value = strings.Join(parts, " ")
	case form.Acknowledge:
		switch strings.ToLower(text) {
		case "1", "ok", "yes", "sí", "si", "true", "x":
			a.Value = "OK"
		}
	}
	return a
}

// choiceOf finds a choice by its name, else by its label in any case.
func choiceOf(q *form.Question, text string) string {
	for _, c := range q.Choices {
		if c.Name == text {
			return text
		}
	}
	for _, c := range q.Choices {
		if strings.EqualFold(c.Name, text) || strings.EqualFold(c.Label, text) {
			return c.Name
		}
	}
	return text
}

// listDates are the ways lists write a whole date besides the kit's own.
var listDates = [...]string{"20060102", "2006/01/02", "2006.01.02", "02/01/2006", "2/1/2006", "02.01.2006", "2.1.2006", "02-01-2006", "2006-1-2"}

// readDate reads a date as lists write it: year first, or day first with
// dashes, dots or strokes; a time of day behind it is dropped.
func readDate(text string) (civic.Date, bool) {
	if d, err := civic.ParseDate(text); err == nil {
		return d, true
	}
	day, _, _ := strings.Cut(strings.Replace(text, "T", " ", 1), " ")
	for _, layout := range listDates {
		if t, err := time.Parse(layout, day); err == nil && t.Year() > 0 {
			return civic.Date{Year: t.Year(), Month: int(t.Month()), Day: t.Day()}, true
		}
	}
	if d, err := civic.ParseDate(day); err == nil {
		return d, true
	}
	return civic.Date{}, false
}
