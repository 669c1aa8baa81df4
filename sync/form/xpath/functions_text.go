package xpath

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// bytesAStep is how much text counts as one step of an evaluation.
const bytesAStep = 32

func textFunctions() map[string]*function {
	two := func(do func(a, b string) Value) *function {
		return &function{2, 2, func(c *Call) (Value, error) {
			a, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			b, err := c.Text(1)
			return do(a, b), err
		}}
	}
	// own takes the text of the context node when there is no argument.
	own := func(do func(string) Value) *function {
		return &function{0, 1, func(c *Call) (Value, error) {
			if c.Len() == 0 {
				return do(c.Node.Text()), nil
			}
			s, err := c.Text(0)
			return do(s), err
		}}
	}
	return map[string]*function{
		"string":          own(Str),
		"string-length":   own(func(s string) Value { return Num(float64(utf8.RuneCountInString(s))) }),
		"normalize-space": own(func(s string) Value { return Str(strings.Join(strings.Fields(s), " ")) }),
		"concat": {0, -1, func(c *Call) (Value, error) {
			values, err := c.spread(0, 1)
			var b strings.Builder
			for _, v := range values {
				if b.WriteString(v.Text()); b.Len() > MaxValue {
					return Value{}, ErrTooLong
				}
			}
			return Str(b.String()), err
		}},
		"join": {1, -1, func(c *Call) (Value, error) {
			between, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			values, err := c.spread(1, 1)
			texts := make([]string, len(values))
			room := MaxValue
			for i, v := range values {
				texts[i] = v.Text()
				if room -= len(texts[i]) + len(between); room < 0 {
					return Value{}, ErrTooLong
				}
			}
			return Str(strings.Join(texts, between)), err
		}},
		"starts-with": two(func(a, b string) Value { return Bool(strings.HasPrefix(a, b)) }),
		"ends-with":   two(func(a, b string) Value { return Bool(strings.HasSuffix(a, b)) }),
		"contains":    two(func(a, b string) Value { return Bool(strings.Contains(a, b)) }),
		"substring-before": two(func(a, b string) Value {
			before, _, ok := strings.Cut(a, b)
			if !ok {
				return Str("")
			}
			return Str(before)
		}),
		"substring-after": two(func(a, b string) Value { _, after, _ := strings.Cut(a, b); return Str(after) }),
		"substring":       {2, 3, substring},
		"substr":          {2, 3, substr},
		"translate": {3, 3, func(c *Call) (Value, error) {
			var t [3]string
			for i := range t {
				var err error
				if t[i], err = c.Text(i); err != nil {
					return Value{}, err
				}
			}
			from, to := []rune(t[1]), []rune(t[2])
			return Str(strings.Map(func(r rune) rune {
				i := slices.Index(from, r)
				switch {
				case i < 0:
					return r
				case i >= len(to):
					return -1
				}
				return to[i]
			}, t[0])), nil
		}},
		"regex": {2, 2, regex},
		"base64-decode": {1, 1, func(c *Call) (Value, error) {
			s, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
			if err != nil || !utf8.Valid(b) {
				return Str(""), nil //nolint:nilerr // what is not base64 decodes to nothing
			}
			return Str(string(b)), nil
		}},
		"digest": {2, 3, digest},
	}
}

// MaxPattern limits the text of a regular expression, in bytes.
const MaxPattern = 1000

// regex tells whether the whole text fits the pattern, as the ODK documentation
// has it.
func regex(c *Call) (Value, error) {
	s, err := c.Text(0)
	if err != nil {
		return Value{}, err
	}
	pattern, err := c.Text(1)
	if err != nil {
		return Value{}, err
	}
	if len(pattern) > MaxPattern {
		return Value{}, fmt.Errorf("a pattern has at most %d signs", MaxPattern)
	}
	if err := c.at.run.spend(100 + len(s) + 10*len(pattern)); err != nil {
		return Value{}, err
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return Value{}, fmt.Errorf("the pattern of regex() cannot be read: %w", err)
	}
	return Bool(re.MatchString(s)), nil
}

// substring counts from 1 and rounds, as XPath 1.0 section 4.2 has it.
func substring(c *Call) (Value, error) {
	s, err := c.Text(0)
	if err != nil {
		return Value{}, err
	}
	start, err := c.Number(1)
	if err != nil {
		return Value{}, err
	}
	start = math.Floor(start + 0.5)
	end := math.Inf(1)
	if c.Len() == 3 {
		n, err := c.Number(2)
		if err != nil {
			return Value{}, err
		}
		end = start + math.Floor(n+0.5)
	}
	var b strings.Builder
	at := 1.0
	for _, r := range s {
		if at >= start && at < end {
			b.WriteRune(r)
		}
		at++
	}
	return Str(b.String()), nil
}

// substr(text, start, end) counts from 0, the end left out; what is below 0
// counts from the end.
func substr(c *Call) (Value, error) {
	text, err := c.Text(0)
	if err != nil {
		return Value{}, err
	}
	s := []rune(text)
	bound := func(i int, otherwise int) (int, error) {
		if i >= c.Len() {
			return otherwise, nil
		}
		f, err := c.Number(i)
		if err != nil || math.IsNaN(f) {
			return 0, err
		}
		if f < 0 {
			f += float64(len(s))
		}
		return int(max(0, min(f, float64(len(s))))), nil
	}
	from, err := bound(1, 0)
	if err != nil {
		return Value{}, err
	}
	to, err := bound(2, len(s))
	if err != nil || from >= to {
		return Str(""), err
	}
	return Str(string(s[from:to])), nil
}
