package screen

import (
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/form"
)

// moment is a date and a time of it, in two fields: the first goes on to the
// second.
func (r *row) moment() fyne.CanvasObject {
	h := r.p.s.hands
	day := widget.NewDigits(h, widget.DateDigits, false)
	day.Reading = func(v string) string { return r.p.s.c.Words.DateValue(v) }
	clock := widget.NewDigits(h, widget.TimeDigits, false)
	put := func(v string) {
		date, at, _ := strings.Cut(v, "T")
		day.SetValue(date)
		clock.SetValue(at[:min(len(at), 5)])
	}
	put(r.item.Answer.Value)
	value := func() string {
		date, _ := day.Value()
		at, _ := clock.Value()
		if date == "" && at == "" {
			return ""
		}
		return date + "T" + at
	}
	day.Next = func() { r.p.s.c.Window.Canvas().Focus(clock) }
	day.Leave = r.take // what the time will be said of; no fault yet
	clock.Next, clock.Leave = r.next, r.leave
	r.p.s.mark("q:"+r.item.Path+":time", clock)
	r.value, r.put, r.focus = value, put, day
	return part(day, clock)
}

// steps are the numbers of a range that is short enough to stand on the page,
// nil for a longer one.
func steps(item form.Item) []widget.Option {
	start, end, step := bound(item, "start", 1), bound(item, "end", 10), math.Abs(bound(item, "step", 1))
	n := int(math.Abs(end-start)/step + 1e-9)
	if step == 0 || n < 1 || n >= mostCells+2 {
		return nil
	}
	if end < start {
		step = -step
	}
	var out []widget.Option
	for i := range n + 1 {
		v := strconv.FormatFloat(math.Round((start+float64(i)*step)*1e9)/1e9, 'f', -1, 64)
		out = append(out, widget.Option{Name: v, Label: v})
	}
	return out
}

func bound(item form.Item, key string, otherwise float64) float64 {
	if v, err := strconv.ParseFloat(item.Parameters[key], 64); err == nil {
		return v
	}
	return otherwise
}

// ranged is a number between two others: one press where there are few.
func (r *row) ranged() fyne.CanvasObject {
	if few := steps(r.item); few != nil {
		return r.choice(few, false)
	}
	return r.digits(widget.DecimalDigits)
}

// kindHint says how an answer of the question's kind is written, where the field
// does not show it.
func (r *row) kindHint() string {
	say := r.p.s.c.Words.Say
	choice := r.item.Kind == form.SelectOne || r.item.Kind == form.SelectMany
	switch {
	case choice && r.item.Absent == "" && (r.item.Listed == nil && len(r.item.Choices) == 0 || r.item.Listed != nil && r.item.Listed.Len() == 0):
		return say("answer.nochoice")
	case r.item.Kind == form.Geopoint:
		return say("answer.position")
	case r.item.Signature():
		return say("sign.hint")
	case r.item.Kind == form.Range && steps(r.item) == nil:
		number := func(key string, otherwise float64) string {
			return strconv.FormatFloat(bound(r.item, key, otherwise), 'f', -1, 64)
		}
		return say("answer.range", number("start", 1), number("end", 10))
	}
	return ""
}
