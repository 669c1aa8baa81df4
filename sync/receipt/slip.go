package receipt

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Slip is the paper handed out apart from a receipt, with the code that opens
// the citizen's own pages together with it.
type Slip struct {
	Title  string
	Code   string // what is typed
	Lines  []Line // which receipt it belongs to; nothing about the person
	Footer string // keep it apart from the receipt
	Mark   string // as on the receipt
	// Regular and Bold are TrueType fonts that have every letter used.
	Regular, Bold []byte
	Made          time.Time
}

// SlipPDF prints a slip, half as high as a receipt.
func SlipPDF(s Slip) ([]byte, error) {
	doc := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight / 2}})
	doc.SetCreationDate(s.Made)
	doc.SetModificationDate(s.Made)
	doc.AddUTF8FontFromBytes("plain", "", s.Regular)
	doc.AddUTF8FontFromBytes("plain", "B", s.Bold)
	doc.SetTitle(s.Title, true)
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(false, margin)
	doc.AddPage()
	width := pageWidth - 2*margin
	doc.SetFont("plain", "B", 12)
	doc.MultiCell(width, 6, s.Title, "", "L", false)
	if s.Mark != "" {
		doc.SetFillColor(0, 0, 0)
		doc.SetTextColor(255, 255, 255)
		doc.MultiCell(width, 6, s.Mark, "", "C", true)
		doc.SetTextColor(0, 0, 0)
	}
	doc.SetFont("plain", "B", 26)
	doc.MultiCell(width, 15, s.Code, "", "C", false)
	for _, line := range s.Lines {
		doc.SetFont("plain", "", 8)
		doc.CellFormat(30, 5, line.Label, "", 0, "L", false, 0, "")
		doc.SetFont("plain", "B", 9)
		doc.MultiCell(width-30, 5, line.Value, "", "L", false)
	}
	doc.SetFont("plain", "", 7.5)
	doc.Ln(1)
	doc.MultiCell(width, 3.6, s.Footer, "", "L", false)
	var out bytes.Buffer
	err := doc.Output(&out)
	return out.Bytes(), err
}
