package form_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/form"
)

// trace is one interview recorded on the reference engine.
type trace struct {
	Form  string           `json:"form"`
	Init  map[string][]any `json:"init"`
	Fail  string           `json:"fail"`
	Crash string           `json:"crash"`
	Steps []struct {
		Act  []string         `json:"act"`
		Diff map[string][]any `json:"diff"`
	} `json:"steps"`
}

// recordedState is one node as the trace tells it.
func recordedState(v []any) form.Node {
	text := func(i int) string {
		if i < len(v) {
			s, _ := v[i].(string)
			return s
		}
		return ""
	}
	flag := func(i int) bool { f, _ := v[i].(float64); return f == 1 }
	n := form.Node{Relevant: flag(0), Required: flag(1), ReadOnly: flag(2)}
	if len(v) == 4 {
		n.Kind, n.Label = form.Group, text(3)
		return n
	}
	n.Value, n.Fits, n.Valid = text(3), text(4) != "C", text(5) != "R"
	n.Label = text(len(v) - 1)
	if len(v) == 8 {
		n.Choices = strings.Split(text(6), "|")
	}
	return n
}

// moving are values that cannot be the same twice.
var moving = regexp.MustCompile(`uuid:[0-9a-f-]{36}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`)

var stepped = regexp.MustCompile(`(init|step \d+ \[[^\]]*\])`)

var number = regexp.MustCompile(`\[\d+\]`)

// still writes the same for what only differs by the moment or by chance.
func still(s string) string {
	s = moving.ReplaceAllString(s, "…")
	return strings.Join(strings.Fields(s), " ")
}

func clip(s string) string {
	r := []rune(s)
	if len(r) > 120 {
		r = r[:120]
	}
	return string(r)
}

// differ says in what two states of a node differ, empty if in nothing.
func differ(have, want form.Node, external bool) string {
	switch {
	case have.Relevant != want.Relevant:
		return "relevant"
	case have.Required != want.Required:
		return "required"
	case have.ReadOnly != want.ReadOnly:
		return "readonly"
	case want.Kind == form.Group:
		if !strings.HasPrefix(still(have.Label), still(want.Label)) {
			return "label"
		}
		return ""
	case have.Value == "0" && want.Value == "" && have.Kind == form.Calculate:
		return "sum of nothing"
	case still(have.Value) != still(want.Value) && still(have.Value)+".0" != still(want.Value): // the reference writes the decimal 12 as 12.0
		return "value"
	case have.Fits != want.Fits:
		return "constraint"
	case (have.Required && have.Relevant && have.Value == "") == want.Valid:
		return "missing answer"
	case !external && !slices.Equal(have.Choices, want.Choices) && strings.Join(have.Choices, "|") != strings.Join(want.Choices, "|") &&
		clip(strings.Join(have.Choices, "|")) != clip(strings.Join(want.Choices, "|")):
		return "choices"
	case want.Relevant && !strings.HasPrefix(still(have.Label), still(want.Label)):
		return "label"
	}
	return ""
}

func replayTrace(f *form.Form, tr trace, states, same *int) (bad []string) {
	now := time.Date(2026, 11, 22, 16, 18, 30, 0, time.UTC)
	s := form.Start(f, form.Env{Now: func() time.Time { return now }, Zone: time.UTC})
	believed := map[string]form.Node{}
	chance := regexp.MustCompile(`(?:uuid|random|now)\(`)
	moves, outside := map[string]bool{}, map[string]bool{}
	for _, q := range f.Questions() {
		// The reference shows such questions as text, without choices.
		outside["/data/"+q.Path] = q.External
	}
	for _, b := range f.Model().Binds {
		moves[b.Path] = chance.MatchString(b.Calculate)
	}
	compare := func(step string, diff map[string][]any) {
		have := map[string]form.Node{}
		for _, n := range s.Nodes() {
			have[n.Path] = n
		}
		for _, path := range slices.Sorted(maps.Keys(diff)) {
			if diff[path] == nil {
				delete(believed, path)
				continue
			}
			believed[path] = recordedState(diff[path])
		}
		for _, path := range slices.Sorted(maps.Keys(believed)) {
			*states++
			n, ok := have[path]
			if !ok {
				bad = append(bad, fmt.Sprintf("no node: %s %s", step, path))
				continue
			}
			if what := differ(n, believed[path], outside[number.ReplaceAllString(path, "")]); what != "" && (what != "value" || !moves[number.ReplaceAllString(path, "")]) {
				if len(bad) < 400 {
					bad = append(bad, fmt.Sprintf("%s: %s %s: have %+v, want %+v", what, step, path, n, believed[path]))
				}
				continue
			}
			*same++
		}
	}
	compare("init", tr.Init)
	for i, step := range tr.Steps {
		value := ""
		if len(step.Act) > 2 {
			value = step.Act[2]
		}
		if err := s.Play(step.Act[0], step.Act[1], value); err != nil {
			bad = append(bad, fmt.Sprintf("refused: step %d %v", i+1, step.Act))
		}
		compare(fmt.Sprintf("step %d %v", i+1, step.Act), step.Diff)
	}
	return bad
}
