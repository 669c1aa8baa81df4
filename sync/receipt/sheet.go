package receipt

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of what is printed, in millimetres.
const (
	pageWidth  = 105.0
	pageHeight = 148.0 // A6; a slip has half of it
	margin     = 8.0
	width      = pageWidth - 2*margin
)

// Line is one fact: what it is, and what it says.
type Line struct{ Label, Value string }

// sheet is the paper that receipts and slips are printed on.
type sheet struct{ *fpdf.Fpdf }

// newSheet begins a file of one page, height millimetres high. The file carries
// made as its date.
func newSheet(height float64, title string, regular, bold []byte, made time.Time) sheet {
	doc := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: pageWidth, Ht: height}})
	doc.SetCreationDate(made)
	doc.SetModificationDate(made)
	doc.SetCatalogSort(true) // the same sheet is the same file
	doc.AddUTF8FontFromBytes("plain", "", regular)
	doc.AddUTF8FontFromBytes("plain", "B", bold)
	doc.SetTitle(title, true)
	doc.SetMargins(margin, margin, margin)
	return sheet{doc}
}

// heading writes the title, size points high.
func (s sheet) heading(title string, size float64) {
	s.SetFont("plain", "B", size)
	s.MultiCell(width, 6, title, "", "L", false)
}

// mark writes words in white across a black bar; none where there are none.
func (s sheet) mark(words string, height float64) {
	if words == "" {
		return
	}
	s.SetFillColor(0, 0, 0)
	s.SetTextColor(255, 255, 255)
	s.SetFont("plain", "B", 12)
	s.MultiCell(width, height, words, "", "C", true)
	s.SetTextColor(0, 0, 0)
}

func (s sheet) facts(lines []Line) {
	for _, line := range lines {
		s.SetFont("plain", "", 8)
		s.CellFormat(30, 5, line.Label, "", 0, "L", false, 0, "")
		s.SetFont("plain", "B", 9)
		s.MultiCell(width-30, 5, line.Value, "", "L", false)
	}
}

// footer writes the small print, size points high, in rows of leading.
func (s sheet) footer(words string, size, leading float64) {
	s.SetFont("plain", "", size)
	s.Ln(1)
	s.MultiCell(width, leading, words, "", "L", false)
}

func (s sheet) bytes() ([]byte, error) {
	var out bytes.Buffer
	err := s.Output(&out)
	return out.Bytes(), err
}
