package form

import (
	"regexp"
	"slices"
	"strings"
)

// mention is ${name} in a cell; last-saved is another form's affair.
var mention = regexp.MustCompile(`\$\{\s*(last-saved#)?([^}\s]*)\s*\}`)

// resolve writes the path of the question in the place of each ${name}.
func (b *builder) resolve(e *element, text string, at Finding) (string, bool) {
	return b.replace(text, at, func(target *element, w where) string {
		path := pathFrom(e, target)
		switch {
		case w.wholeRepeat:
			return target.xpath()
		case w.predicate && !strings.HasPrefix(path, "/"):
			return "current()/" + path // there "." is what is chosen from
		}
		return path
	})
}

// where tells in what part of an expression a question is mentioned.
type where struct {
	predicate   bool // within [ ] of an expression that looks into a secondary instance
	wholeRepeat bool // as a path argument of indexed-repeat(), which means every instance
}

// whereIn reads an expression up to a mention.
func whereIn(before string) (w where) {
	type call struct {
		name string
		arg  int
	}
	var calls []call
	brackets, quoted, word := 0, byte(0), 0
	for i := range len(before) {
		c := before[i]
		switch {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == '(':
			calls = append(calls, call{name: strings.TrimSpace(before[word:i])})
		case c == ')' && len(calls) > 0:
			calls = calls[:len(calls)-1]
		case c == ',' && len(calls) > 0:
			calls[len(calls)-1].arg++
		case c == '[':
			brackets++
		case c == ']' && brackets > 0:
			brackets--
		}
		if name := c == '-' || c == '_' || c == ' ' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'; !name {
			word = i + 1
		}
	}
	w.predicate = brackets > 0 && strings.Contains(before, "instance(")
	for _, c := range calls {
		if name := c.name[strings.LastIndexByte(c.name, ' ')+1:]; name == "indexed-repeat" {
			w.wholeRepeat = c.arg == 0 || c.arg%2 == 1
		}
	}
	return w
}

// resolveFilter does the same in a filter of choices, which is evaluated at
// each choice: a relative path starts at the question, current().
func (b *builder) resolveFilter(e *element, text string, at Finding) (string, bool) {
	return b.replace(text, at, func(target *element, _ where) string {
		if e.source != nil {
			r := e.source.repeat()
			if path, inside := strings.CutPrefix(target.xpath(), r.xpath()+"/"); inside {
				return "./" + path
			}
		}
		path := pathFrom(e, target)
		if strings.HasPrefix(path, "/") {
			return path
		}
		return "current()/" + path
	})
}

// replace writes what path gives in the place of each ${name}.
func (b *builder) replace(text string, at Finding, path func(*element, where) string) (string, bool) {
	ok := true
	if at.Column != "" && strings.Contains(mention.ReplaceAllString(text, ""), "${") {
		at.Code, at.Message = codeReference, "A question is named as ${name}, with nothing else between the braces."
		b.fault(at)
		return text, false
	}
	one := func(m string, w where) string {
		parts := mention.FindStringSubmatch(m)
		if parts[1] != "" && b.find(parts[2], at) == nil {
			ok = false
			return m
		}
		if parts[1] != "" {
			at.Code, at.Message = codeTypeScope, "Answers of the form saved last (last-saved) are not kept; they count as empty."
			b.warn(at)
			return " '' "
		}
		target := b.find(parts[2], at)
		if target == nil {
			ok = false
			return m
		}
		return " " + path(target, w) + " "
	}
	var out strings.Builder
	last := 0
	for _, m := range mention.FindAllStringIndex(text, -1) {
		out.WriteString(text[last:m[0]])
		out.WriteString(one(text[m[0]:m[1]], whereIn(text[:m[0]])))
		last = m[1]
	}
	out.WriteString(text[last:])
	return out.String(), ok
}

// find looks a question up by its name.
func (b *builder) find(name string, at Finding) *element {
	if name == "" {
		at.Code, at.Message = codeReference, "The name between ${ and } is missing."
		b.fault(at)
		return nil
	}
	switch found := b.byName[name]; len(found) {
	case 1:
		if name == b.root.name && !b.rootNamed {
			b.rootNamed = true
			at.Code, at.Words, at.Message = codeAmbiguous, []string{name}, "The question "+name+" has the name of the form's root."
			at.Repair = "took ${" + name + "} for the question"
			at.edits = b.nameRoot()
			b.warn(at)
		}
		if found[0].generated && !found[0].taken {
			found[0].taken = true
			at.Code, at.Words, at.Message = codeOrOther, []string{name}, "There is no question "+name+" in the sheet."
			at.Repair = "took it for the question that or_other adds"
			b.warn(at)
		}
		return found[0]
	case 0:
		at.Code, at.Words = codeReference, []string{name}
		at.Message = "There is no question named " + name + "." + b.near(name)
	default:
		at.Code, at.Words = codeAmbiguous, []string{name}
		at.Message = "Several questions are named " + name + "; give each its own name."
	}
	b.fault(at)
	return nil
}

// near proposes a name that is written almost like the wanted one.
func (b *builder) near(name string) string {
	var fold []string
	for have := range b.byName {
		if strings.EqualFold(have, name) || len(name) > 3 && distance(strings.ToLower(have), strings.ToLower(name)) == 1 {
			fold = append(fold, have)
		}
	}
	if len(fold) == 0 {
		return ""
	}
	slices.Sort(fold)
	return " Did you mean " + fold[0] + "?"
}

// distance is 0, 1 or 2 (for more): how many letters differ, are missing or
// stand too much.
func distance(a, b string) int {
	if a == b {
		return 0
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return 2
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) == len(y) {
		i++
		if slices.Equal(x[i:], y[i:]) {
			return 1
		}
		return 2
	}
	if slices.Equal(x[i:], y[i+1:]) {
		return 1
	}
	return 2
}

// pathFrom is how an expression at e reaches target: relative inside a shared
// repeat, absolute otherwise.
func pathFrom(e, target *element) string {
	line, goal := e.ancestors(), target.ancestors()
	shared, repeat := 0, -1
	for shared < len(line) && shared < len(goal) && line[shared] == goal[shared] {
		if line[shared].kind == Repeat && line[shared] != target {
			repeat = shared
		}
		shared++
	}
	if repeat < 0 {
		return target.xpath()
	}
	if shared == len(line) && shared == len(goal) && shared > 0 {
		shared-- // the question itself: up and down again, never "."
	} else if shared == len(line) {
		shared = len(line)
	}
	steps := slices.Repeat([]string{".."}, len(line)-shared)
	for _, g := range goal[shared:] {
		steps = append(steps, g.name)
	}
	if len(steps) == 0 {
		return "."
	}
	return strings.Join(steps, "/")
}
