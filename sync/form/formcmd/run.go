package formcmd

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Ran is what "form run" says: how every node stands at the end.
type Ran struct {
	Nodes map[string]Node `json:"nodes"`
	// Refused lists the actions that were not taken, by their number from 1.
	Refused []string `json:"refused,omitempty"`
}

// Node is the state of one node.
type Node struct {
	Relevant bool     `json:"relevant"`
	Required bool     `json:"required"`
	ReadOnly bool     `json:"readonly"`
	Value    string   `json:"value"`
	Valid    bool     `json:"valid"`
	Label    string   `json:"label,omitempty"`
	Choices  []string `json:"choices,omitempty"`
}

// action is one step of an interview.
type action struct{ do, path, value string }

// Run plays actions on a form. answers is JSON: an object of answers by path,
// or a list of actions ["set", path, value], ["add", repeat], ["remove",
// instance], or an object with such a list under "actions" and such an object
// under "answers". Paths may begin with the form's root.
func Run(workbook, answers []byte, env form.Env) (Ran, error) {
	f, err := form.Load(workbook)
	if err != nil {
		return Ran{}, fmt.Errorf("loading the form: %w", err)
	}
	actions, err := readActions(answers)
	if err != nil {
		return Ran{}, err
	}
	if env.Rand == nil {
		env.Rand = rand.Reader
	}
	s := form.Start(f, env)
	out := Ran{Nodes: map[string]Node{}}
	for i, a := range actions {
		if err := s.Play(a.do, a.path, a.value); err != nil {
			out.Refused = append(out.Refused, fmt.Sprintf("%d: %s %s", i+1, a.do, a.path))
		}
	}
	for _, n := range s.Nodes() {
		out.Nodes[n.Path] = Node{n.Relevant, n.Required, n.ReadOnly, n.Value, n.Valid, n.Label, n.Choices}
	}
	return out, nil
}

func readActions(b []byte) ([]action, error) {
	bad := func(err error) ([]action, error) {
		return nil, civic.NewProblem(civic.AnswersMalformed, err)
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil, nil
	}
	if b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return bad(err)
		}
		return readList(list)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(b, &object); err != nil {
		return bad(err)
	}
	var out []action
	if raw, ok := object["actions"]; ok {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return bad(err)
		}
		var err error
		if out, err = readList(list); err != nil {
			return bad(err)
		}
		delete(object, "actions")
	}
	if raw, ok := object["answers"]; ok {
		object = nil
		if err := json.Unmarshal(raw, &object); err != nil {
			return bad(err)
		}
	}
	paths := make([]string, 0, len(object))
	for path := range object {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		out = append(out, action{"set", path, plain(object[path])})
	}
	return out, nil
}

// readList reads actions as lists, or as objects with do, path and value.
func readList(list []json.RawMessage) ([]action, error) {
	var out []action
	for _, raw := range list {
		var parts []json.RawMessage
		if err := json.Unmarshal(raw, &parts); err == nil && len(parts) >= 2 {
			a := action{do: plain(parts[0]), path: plain(parts[1])}
			if len(parts) > 2 {
				a.value = plain(parts[2])
			}
			out = append(out, a)
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, civic.NewProblem(civic.AnswersMalformed, err)
		}
		a := action{do: "set", path: plain(object["path"]), value: plain(object["value"])}
		for _, key := range []string{"do", "act", "action", "op"} {
			if v, ok := object[key]; ok {
				a.do = plain(v)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// plain gives a JSON string its text, and anything else as it stands.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.Trim(string(raw), " \n")
}
