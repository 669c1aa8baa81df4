package widget

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/sync/civic"
)

// What the widgets draw is kept as markup, which says more than a picture when
// it changes and does not hang on a font's last pixel.
func TestMarkup(t *testing.T) {
	for name, build := range map[string]func(b *bench) fyne.CanvasObject{
		"choice": func(b *bench) fyne.CanvasObject { return NewChoice(b.hands, sexes, "m") },
		"chips": func(b *bench) fyne.CanvasObject {
			return NewChips(b.hands, []Option{{"a", "Constancia de nacimiento"}, {"b", "Identificación de la madre"}, {"c", "Ninguno"}}, []string{"a"})
		},
		"date": func(b *bench) fyne.CanvasObject {
			d := NewDigits(b.hands, DateDigits, true)
			d.Reading = b.hands.Words.DateValue
			d.SetValue("1956-04~")
			return d
		},
		"row": func(b *bench) fyne.CanvasObject {
			f := NewField(b.hands)
			r := NewRow(b.hands, "Surname", "as in the paper", f, f, []Option{{"unknown", "not known"}})
			r.SetMessage("Needs an answer.")
			return r
		},
		"badge": func(*bench) fyne.CanvasObject { return NewStatus(civic.Received, "at the centre") },
		"line": func(b *bench) fyne.CanvasObject {
			return NewLine(b.hands, "Pedro Páramo", "Birth · today 09:12", NewStatus(civic.Held, "being looked at"), nil)
		},
		"tile": func(b *bench) fyne.CanvasObject {
			return NewTile(b.hands, theme.Waiting, theme.IconWaiting, "23", "waiting", "", nil)
		},
		"main button": func(b *bench) fyne.CanvasObject {
			return NewButton(b.hands, Main, theme.IconForward, "Go on", "F2", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			o := build(b)
			b.show(container.New(&Column{Width: 560, Edge: 8}, o), nil)
			b.win.Resize(fyne.NewSize(576, 300))
			test.AssertRendersToMarkup(t, strings.ReplaceAll(name, " ", "_")+".xml", b.win.Canvas())
		})
	}
}

// At every size of text nothing stands outside what it stands in, from the
// narrowest page on.
func TestNothingIsCut(t *testing.T) {
	long := []Option{{"a", "Una autoridad del lugar que no es de la familia ni de la vecindad"}, {"b", "Otra persona"}}
	for _, scale := range theme.Scales() {
		b := newBench(t, scale)
		d := NewDigits(b.hands, DateDigits, true)
		d.Reading = b.hands.Words.DateValue
		d.SetValue("1956-11-30")
		d.open = true
		whole := container.New(&Column{Gap: 8},
			NewChoice(b.hands, long, "a"), NewChips(b.hands, long, nil), d,
			NewLine(b.hands, "María Guadalupe Hernández de la Cruz Villavicencio", "Registro de nacimiento · hace 10 minutos · mx-20-067/a1b2/1234", NewStatus(civic.Held, "en revisión"), nil),
			NewPanel(theme.Attention, theme.IconAttention, NewStrong("El reloj de este equipo difiere del de la central en 2 días."), NewText("Ponga la fecha y la hora en los ajustes.")),
			NewText("unapalabralarguisima que no cabe"),
		)
		for _, width := range []float32{360, 560, 768} {
			b.win.SetContent(container.NewVScroll(whole))
			b.win.Resize(fyne.NewSize(width, 900))
			for range 3 {
				whole.Resize(fyne.NewSize(width, whole.MinSize().Height))
				whole.Refresh()
			}
			for _, o := range test.LaidOutObjects(whole) {
				at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
				if right := at.X + o.Size().Width; right > width+1 && o.Visible() {
					t.Errorf("scale %v, width %v: %T reaches to %v", scale, width, o, right)
				}
				if o.Size().Height+0.5 < o.MinSize().Height && o.Visible() {
					t.Errorf("scale %v, width %v: %T is %v high and needs %v", scale, width, o, o.Size().Height, o.MinSize().Height)
				}
			}
		}
	}
}
