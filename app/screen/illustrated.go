package screen

import (
	"bytes"
	"image"
	_ "image/jpeg" // pictures of labels come as JPEG
	_ "image/png"  // or PNG

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/form"
)

const (
	// maxPixels is the largest side of a picture that came with a form.
	maxPixels = 4096
	// pictureSide is how large it is shown, choicePicture beside a choice.
	pictureSide, choicePicture = 200, 96
)

// illustrate puts the pictures of a question's label and of its choices around
// what is shown of it. A file that did not come with the form is passed over: the
// words stand for themselves.
func (r *row) illustrate(o fyne.CanvasObject) fyne.CanvasObject {
	label := r.p.picture(r.item.Media["image"], pictureSide)
	var choices []fyne.CanvasObject
	if len(r.item.Choices) <= mostCells {
		for _, c := range r.item.Choices {
			if img := r.p.picture(c.Image, choicePicture); img != nil {
				choices = append(choices, part(img, widget.NewQuiet(plain(c.Label))))
			}
		}
	}
	switch {
	case label == nil && len(choices) == 0:
		return o
	case label == nil:
		return part(o, container.New(&widget.Flow{}, choices...))
	case len(choices) == 0:
		return part(label, o)
	}
	return part(label, o, container.New(&widget.Flow{}, choices...))
}

// picture is a file that came with the form, nil if there is none or it is no
// picture that can be shown.
func (p *interviewPage) picture(name string, side float32) fyne.CanvasObject {
	if name == "" {
		return nil
	}
	content, ok := p.iv.Form().File(form.MediaName(name))
	if !ok {
		return nil
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || c.Width > maxPixels || c.Height > maxPixels {
		return nil
	}
	return widget.NewPicture(content, side)
}
