package batch

import (
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// given codes the answers of a registration.
func (c *codec) given(sh *sheet, answers []civic.Answer) []civic.Answer {
	c.chose, c.after = 0, 0
	tidy := !c.decoding && match(sh.items, "", "", answers) == len(answers)
	if c.flag(&c.env.tidy, tidy) {
		w := walker{codec: c, sheet: sh, answers: answers}
		if c.decoding {
			w.answers = make([]civic.Answer, 0, min(len(c.previous.Answers)+4, 256))
		}
		w.walk(sh.items, "", "")
		return w.answers
	}
	n := int(c.number(c.key(60), 0, int64(len(answers))))
	if c.answers += n; n < 0 || n > MaxAnswers || c.answers > maxAnswers {
		c.fail()
		return nil
	}
	if c.decoding {
		answers = nil
	}
	for i := range n {
		var a civic.Answer
		if !c.decoding {
			a = answers[i]
		}
		a.Path = c.text(&c.env.path, 0, a.Path)
		q := sh.questionAt(a.Path)
		if q == nil {
			q = c.env.stray
		}
		c.answer(q, &a)
		if c.decoding {
			if c.failed || c.beyond() {
				return nil
			}
			answers = append(answers, a)
		}
	}
	return answers
}

// match counts the answers that stand in the order of the form from the first
// on. within is the path of the repeat as the form has it, prefix as the
// answers do.
func match(items []item, within, prefix string, answers []civic.Answer) int {
	k := 0
	for _, it := range items {
		if it.column != nil {
			if k < len(answers) && is(answers[k].Path, it.column.path, within, prefix) {
				k++
			}
			continue
		}
		repeat := prefix + it.repeat[len(within):]
		for i := 1; i <= maxInstances && k < len(answers) && instance(answers[k].Path, repeat) >= i; i++ {
			k += match(it.items, it.repeat, instancePath(repeat, i), answers[k:])
		}
	}
	return k
}

// maxInstances bounds a repeat.
const maxInstances = 1024

// is tells whether path is the question's, inside the instance.
func is(path, question, within, prefix string) bool {
	rest := question[len(within):]
	return len(path) == len(prefix)+len(rest) && strings.HasPrefix(path, prefix) && path[len(prefix):] == rest
}

// instance gives the number in "members[2]/name" for the repeat "members", 0 if
// the path is not in it.
func instance(path, repeat string) int {
	if len(path) < len(repeat)+3 || path[:len(repeat)] != repeat || path[len(repeat)] != '[' {
		return 0
	}
	number, _, ok := strings.Cut(path[len(repeat)+1:], "]")
	if !ok || number == "" || len(number) > 4 || number[0] == '0' || number[0] == '+' {
		return 0
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}

func instancePath(repeat string, i int) string { return repeat + "[" + strconv.Itoa(i) + "]" }

// walker goes through a form and the answers side by side.
type walker struct {
	*codec
	sheet   *sheet
	answers []civic.Answer
	k       int
}

func (w *walker) walk(items []item, within, prefix string) {
	for i := range items {
		if w.failed || w.beyond() {
			w.failed = true
			return
		}
		if it := &items[i]; it.column != nil {
			w.one(w.sheet.questions[it.column.number], within, prefix)
		} else {
			w.repeat(it, within, prefix)
		}
	}
}

// one codes whether a question was answered, and the answer.
func (w *walker) one(q *question, within, prefix string) {
	c := w.codec
	there := !c.decoding && w.k < len(w.answers) && is(w.answers[w.k].Path, q.path, within, prefix)
	bit := c.digit(famFlag, &q.there[c.after], hash(hash(q.text.key, 62), c.chose), 1, 1, nil, asBit(there))
	c.after = uint32(bit)
	if bit == 0 {
		return
	}
	if c.decoding {
		if c.answers++; c.answers > maxAnswers || len(w.answers) == MaxAnswers {
			c.failed = true
			return
		}
		w.answers = append(w.answers, civic.Answer{Path: c.pathOf(q, within, prefix)})
	}
	c.answer(q, &w.answers[w.k])
	w.k++
}

// maxAnswers bounds the answers of a batch together.
const maxAnswers = 1 << 20

func (c *codec) pathOf(q *question, within, prefix string) string {
	if prefix == "" {
		return q.path
	}
	at := place{q.text.key, prefix}
	path, ok := c.paths[at]
	if !ok {
		path = prefix + q.path[len(within):]
		c.paths[at] = path
	}
	return path
}

// repeat codes the instances of a repeat, each after the question whether there
// is one more.
func (w *walker) repeat(it *item, within, prefix string) {
	repeat := prefix + it.repeat[len(within):]
	slots := w.sheet.more[it.repeat]
	if slots == nil {
		slots = new([8]slot)
		for i := range slots {
			slots[i] = newSlot(1<<15, 0)
		}
		w.sheet.more[it.repeat] = slots
	}
	for i := 1; i <= maxInstances && !w.failed; i++ {
		more := !w.decoding && w.k < len(w.answers) && instance(w.answers[w.k].Path, repeat) >= i
		if !w.flag(&slots[min(i, 8)-1], more) {
			return
		}
		if w.instances++; w.instances > maxAnswers {
			w.failed = true
			return
		}
		w.walk(it.items, it.repeat, instancePath(repeat, i))
	}
}

// answer codes what was said to one question; its path is settled already.
func (c *codec) answer(q *question, a *civic.Answer) {
	regular := a.Absent == civic.Present && a.Value != "" && a.Stated == ""
	hasValue, hasStated := true, false
	if !c.flag(&q.regular, regular) {
		shape := int(a.Absent)<<2 | asBit(a.Value != "")<<1 | asBit(a.Stated != "")
		shape = c.digit(famChoice, c.at(hash(q.text.key, 64)), hash(hash(q.text.key, 65), q.parent.last), 4, 15, nil, shape)
		a.Absent = civic.Absence(shape >> 2)
		hasValue, hasStated = shape>>1&1 == 1, shape&1 == 1
	}
	if hasValue {
		a.Value = c.copied(q, a.Value)
	}
	if hasStated {
		a.Stated = c.text(&c.env.stated, q.text.key, a.Stated)
	}
	q.last = hash(hashText(a.Value), uint32(a.Absent))
	q.value = a.Value
	if q.kind == form.SelectOne || q.kind == form.Acknowledge {
		c.chose = q.last
	}
}

// copied codes a value that may be that of another question.
func (c *codec) copied(q *question, s string) string {
	if q.source != nil && q.source.value != "" {
		if c.flag(&q.copies, s == q.source.value) {
			c.spend(len(q.source.value))
			return q.source.value
		}
	}
	return c.value(q, s)
}
