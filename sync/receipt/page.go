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

// Line is one fact: what it is, and what it says.
type Line struct{ Label, Value string }

// Measures of the printed page in millimetres: A6 holds the code at more than
// 0.5 mm a module, which a 203 dpi printer and a cheap camera can carry.
const (
	pageWidth  = 105.0
	pageHeight = 148.0
	margin     = 8.0
	codeSize   = 58.0
)

// PDF prints the page on A6.
func PDF(p Page) ([]byte, error) {
	code, err := PNG(p.Text)
	if err != nil {
		return nil, err
	}
	doc := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight}})
	doc.SetCreationDate(p.Made)
	doc.SetModificationDate(p.Made)
	doc.AddUTF8FontFromBytes("plain", "", p.Regular)
	doc.AddUTF8FontFromBytes("plain", "B", p.Bold)
	doc.SetTitle(p.Title, true)
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(true, margin)
	doc.AddPage()

	width := pageWidth - 2*margin
	doc.SetFont("plain", "B", 13)
	doc.MultiCell(width, 6, p.Title, "", "L", false)
	if p.Mark != "" {
		doc.SetFillColor(0, 0, 0)
		doc.SetTextColor(255, 255, 255)
		doc.SetFont("plain", "B", 12)
		doc.MultiCell(width, 7, p.Mark, "", "C", true)
		doc.SetTextColor(0, 0, 0)
	}
	doc.RegisterImageOptionsReader("code", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(code))
	doc.ImageOptions("code", (pageWidth-codeSize)/2, doc.GetY()+1, codeSize, codeSize, true, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	doc.Ln(1)
	for _, line := range p.Lines {
		doc.SetFont("plain", "", 8)
		doc.CellFormat(30, 5, line.Label, "", 0, "L", false, 0, "")
		doc.SetFont("plain", "B", 9)
		doc.MultiCell(width-30, 5, line.Value, "", "L", false)
	}
	doc.SetFont("plain", "", 7)
	doc.Ln(1)
	doc.MultiCell(width, 3.4, p.Footer, "", "L", false)

	var out bytes.Buffer
	err = doc.Output(&out)
	return out.Bytes(), err
}
