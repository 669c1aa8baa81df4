package xpath

import (
	"math"
	"slices"
	"strings"
)

// function is one function of the language; most is -1 where arguments have no
// end.
type function struct {
	least, most int
	do          func(*Call) (Value, error)
}

// functions is the language's own list; it is filled once and never changed.
var functions = merge(coreFunctions(), textFunctions(), numberFunctions(), dateFunctions(), nodeFunctions(), geoFunctions())

func merge(maps ...map[string]*function) map[string]*function {
	out := map[string]*function{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// Functions lists the names of the language's own functions, sorted.
func Functions() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func coreFunctions() map[string]*function {
	return map[string]*function{
		"true":    {0, 0, func(*Call) (Value, error) { return Bool(true), nil }},
		"false":   {0, 0, func(*Call) (Value, error) { return Bool(false), nil }},
		"not":     {1, 1, func(c *Call) (Value, error) { v, err := c.Arg(0); return Bool(!v.Bool()), err }},
		"boolean": {1, 1, func(c *Call) (Value, error) { v, err := c.Arg(0); return Bool(v.Bool()), err }},
		"boolean-from-string": {1, 1, func(c *Call) (Value, error) {
			s, err := c.Text(0)
			return Bool(s == "1" || s == "true"), err
		}},
		"if": {3, 3, func(c *Call) (Value, error) {
			v, err := c.Arg(0)
			if err != nil {
				return v, err
			}
			if v.Bool() {
				return c.Arg(1)
			}
			return c.Arg(2)
		}},
		"coalesce": {1, -1, func(c *Call) (Value, error) {
			for i := range c.args {
				v, err := c.Arg(i)
				if err != nil || v.Text() != "" {
					return v, err
				}
			}
			return Str(""), nil
		}},
		"once": {1, 1, func(c *Call) (Value, error) {
			if now := c.Node.Text(); now != "" {
				return Str(now), nil
			}
			v, err := c.Arg(0)
			if v.kind == Number && math.IsNaN(v.num) {
				return Str(""), err
			}
			return v, err
		}},
		"selected": {2, 2, func(c *Call) (Value, error) {
			list, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			want, err := c.Text(1)
			if want = strings.TrimSpace(want); want == "" {
				return Bool(strings.TrimSpace(list) == ""), err
			}
			return Bool(slices.Contains(strings.Fields(list), want)), err
		}},
		"selected-at": {2, 2, func(c *Call) (Value, error) {
			list, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			at, err := c.Number(1)
			parts := strings.Fields(list)
			if math.IsNaN(at) || at < 0 || int(at) >= len(parts) {
				return Str(""), err
			}
			return Str(parts[int(at)]), err
		}},
		"count-selected": {1, 1, func(c *Call) (Value, error) {
			list, err := c.Text(0)
			return Num(float64(len(strings.Fields(list)))), err
		}},
		"checklist":          {2, -1, checklist},
		"weighted-checklist": {4, -1, weightedChecklist},
	}
}

// spread evaluates every stride-th argument from the i-th on: each node of a set counts for
// itself.
func (c *Call) spread(from, stride int) ([]Value, error) {
	var out []Value
	for i := from; i < len(c.args); i += stride {
		v, err := c.Arg(i)
		if err != nil {
			return nil, err
		}
		out = append(out, v.each()...)
	}
	return out, nil
}

func inRange(n, least, most float64) Value {
	return Bool((least < 0 || n >= least) && (most < 0 || n <= most))
}

// checklist(min, max, v…) tells whether the number of true v lies between min
// and max; -1 stands for no limit.
func checklist(c *Call) (Value, error) {
	least, err := c.Number(0)
	if err != nil {
		return Value{}, err
	}
	most, err := c.Number(1)
	if err != nil {
		return Value{}, err
	}
	values, err := c.spread(2, 1)
	var n float64
	for _, v := range values {
		if v.Bool() {
			n++
		}
	}
	return inRange(n, least, most), err
}

// weightedChecklist(min, max, v, w, …) does the same with a weight for each.
func weightedChecklist(c *Call) (Value, error) {
	least, err := c.Number(0)
	if err != nil {
		return Value{}, err
	}
	most, err := c.Number(1)
	if err != nil {
		return Value{}, err
	}
	values, err := c.spread(2, 2)
	if err != nil {
		return Value{}, err
	}
	weights, err := c.spread(3, 2)
	if err != nil {
		return Value{}, err
	}
	var sum float64
	for i, v := range values {
		if v.Bool() && i < len(weights) {
			sum += weights[i].number(c.at.run.zone)
		}
	}
	return inRange(sum, least, most), nil
}
