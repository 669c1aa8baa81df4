package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// Explain fills a window with why the kit could not be opened: what happened,
// what is safe, what to do.
func Explain(a fyne.App, w fyne.Window, words *text.Teller, err error) {
	a.Settings().SetTheme(theme.New(theme.Look{}))
	h := &widget.Hands{Words: words}
	message, hint := words.Error(err)
	end := widget.NewButton(h, widget.Main, theme.IconCheck, words.Say("receipt.done"), "Enter", w.Close)
	w.SetContent(container.New(&widget.Column{Width: readable, Edge: 24, Gap: 24},
		widget.NewPanel(theme.Attention, theme.IconAttention, widget.NewHeading(message), widget.NewText(hint)), end))
	w.Canvas().Focus(end)
}
