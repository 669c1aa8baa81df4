package widget

import (
	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/app/theme"
)

// keypad is the pad of keys below a field of digits, for thumbs. It is drawn by
// the field it belongs to, so that a tap on it does not take the keyboard away.
type keypad struct {
	field *Digits
	keys  []padKey
}

type padKey struct {
	face *face
	do   func()
	name string
}

const (
	padCols    = 4
	padKeyWide = 72
)

func newKeypad(d *Digits) *keypad {
	p := &keypad{field: d}
	digit := func(r rune) { p.key(string(r), string(r), "", func() { d.add(r) }) }
	blank := func() { p.key("", "", "", nil) }
	for _, r := range "123" {
		digit(r)
	}
	p.key("back", "", theme.IconBack, d.back)
	for _, r := range "456" {
		digit(r)
	}
	switch {
	case d.kind == DateDigits && d.partial:
		p.key("unknown", "?", "", func() { d.add('?') })
	case d.kind == DecimalDigits:
		p.key("point", ".", "", func() { d.add('.') })
	default:
		blank()
	}
	for _, r := range "789" {
		digit(r)
	}
	if d.kind == DateDigits && d.partial {
		p.key("about", "~", "", func() { d.add('a') })
	} else {
		blank()
	}
	blank()
	digit('0')
	blank()
	p.key("next", "", theme.IconForward, d.goOn)
	return p
}

func (p *keypad) key(name, words string, icon theme.IconName, do func()) {
	f := newFace()
	f.words, f.size = words, theme.SizeHeading
	if icon != "" {
		f.setIcon(theme.Icon(icon))
	}
	if name == "next" {
		f.ink, f.fill, f.frame = base.ColorNameForegroundOnPrimary, base.ColorNamePrimary, base.ColorNamePrimary
	}
	p.keys = append(p.keys, padKey{face: f, do: do, name: name})
}

func (p *keypad) objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for _, k := range p.keys {
		if k.do != nil {
			all = append(all, k.face.objects()...)
		}
	}
	return all
}

func (p *keypad) refresh(w fyne.Widget) {
	for _, k := range p.keys {
		k.face.refresh(w)
	}
}

func (p *keypad) high(w fyne.Widget) float32 {
	return p.keys[0].face.minSize(w).Height
}

func (p *keypad) size(w fyne.Widget) fyne.Size {
	rows := float32(len(p.keys) / padCols)
	return fyne.NewSize(padCols*theme.Target+(padCols-1)*theme.Gap, rows*p.high(w)+(rows-1)*theme.Gap)
}

func (p *keypad) layout(w fyne.Widget, at fyne.Position, width float32) {
	wide := min((width-(padCols-1)*theme.Gap)/padCols, padKeyWide*measure(w, theme.SizeText)/16)
	wide = max(wide, theme.Target)
	high := p.high(w)
	for i, k := range p.keys {
		col, row := float32(i%padCols), float32(i/padCols)
		k.face.layout(w, at.Add(fyne.NewPos(col*(wide+theme.Gap), row*(high+theme.Gap))), fyne.NewSize(wide, high))
	}
}

// tapped strikes the key under a position of the field.
func (p *keypad) tapped(at fyne.Position) {
	for _, k := range p.keys {
		pos, s := k.face.paper.Position(), k.face.paper.Size()
		if k.do != nil && at.X >= pos.X && at.Y >= pos.Y && at.X < pos.X+s.Width && at.Y < pos.Y+s.Height {
			k.do()
			return
		}
	}
}

// KeyAt gives the rectangle of a key of the open keypad within the field: "0"
// to "9", "back", "unknown", "about", "point" or "next".
func (d *Digits) KeyAt(name string) (fyne.Position, fyne.Size, bool) {
	for _, k := range d.pad.keys {
		if d.open && k.name == name && k.do != nil {
			return k.face.paper.Position(), k.face.paper.Size(), true
		}
	}
	return fyne.Position{}, fyne.Size{}, false
}
