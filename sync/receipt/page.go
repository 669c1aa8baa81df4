package receipt

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Page is a receipt as it is printed: the code with what it says in words of
// the citizen's language.
type Page struct {
	Title  string
	Lines  []Line
	Footer string // how to check it, how to see who looks
	Text   string // of the code
	// Mark stands across the page when it is not empty: practice.
	Mark string
	// Regular and Bold are TrueType fonts that have every letter used.
	Regular, Bold []byte
	// Made is the date the file carries; the zero time leaves it out.
	Made time.Time
}

// codeSize is the side of the code in millimetres: A6 holds it at more than
// 0.5 mm a module, which a 203 dpi printer and a cheap camera can carry.
const codeSize = 58.0

// PDF prints the page on A6.
func PDF(p Page) ([]byte, error) {
	code, err := PNG(p.Text)
	if err != nil {
		return nil, err
	}
	doc := newSheet(pageHeight, p.Title, p.Regular, p.Bold, p.Made)
	doc.SetAutoPageBreak(true, margin)
	doc.AddPage()
	doc.heading(p.Title, 13)
	doc.mark(p.Mark, 7)
	doc.RegisterImageOptionsReader("code", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(code))
	doc.ImageOptions("code", (pageWidth-codeSize)/2, doc.GetY()+1, codeSize, codeSize, true, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	doc.Ln(1)
	doc.facts(p.Lines)
	doc.footer(p.Footer, 7, 3.4)
	return doc.bytes()
}
