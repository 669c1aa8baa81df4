package receipt

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Report is a list of figures to print on A4, such as a day's work of an office.
type Report struct {
	Title    string
	Lines    []Line // what the figures are of
	Sections []Section
	Footer   string
	// Regular and Bold are TrueType fonts that have every letter used.
	Regular, Bold []byte
	Made          time.Time
}

// Section is a part of a report under a heading of its own.
type Section struct {
	Title string
	Lines []Line
}

// Measures of a report, in millimetres.
const (
	reportMargin = 18.0
	reportWidth  = 210.0 - 2*reportMargin
	reportLabel  = 130.0
	reportBottom = 297 - reportMargin - 20 // below it a line with a long label begins on the next page
)

// ReportPDF prints a report on as many pages as it takes.
func ReportPDF(r Report) ([]byte, error) {
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetCreationDate(r.Made)
	doc.SetModificationDate(r.Made)
	doc.SetCatalogSort(true) // the same report is the same file
	doc.AddUTF8FontFromBytes("plain", "", r.Regular)
	doc.AddUTF8FontFromBytes("plain", "B", r.Bold)
	doc.SetTitle(r.Title, true)
	doc.SetMargins(reportMargin, reportMargin, reportMargin)
	doc.SetAutoPageBreak(true, reportMargin)
	doc.AddPage()
	lines := func(all []Line) {
		for _, line := range all {
			if doc.GetY() > reportBottom {
				doc.AddPage()
			}
			top := doc.GetY()
			doc.SetFont("plain", "", 10)
			doc.MultiCell(reportLabel, 6, line.Label, "", "L", false) // wraps where it is long
			end := doc.GetY()
			doc.SetFont("plain", "B", 10)
			doc.SetXY(reportMargin+reportLabel, top)
			doc.CellFormat(reportWidth-reportLabel, 6, line.Value, "", 0, "R", false, 0, "")
			doc.SetXY(reportMargin, end)
		}
	}
	doc.SetFont("plain", "B", 17)
	doc.MultiCell(reportWidth, 9, r.Title, "", "L", false)
	doc.Ln(2)
	lines(r.Lines)
	for _, s := range r.Sections {
		doc.Ln(4)
		doc.SetFont("plain", "B", 12)
		doc.MultiCell(reportWidth, 7, s.Title, "B", "L", false)
		doc.Ln(1)
		lines(s.Lines)
	}
	doc.Ln(5)
	doc.SetFont("plain", "", 8)
	doc.MultiCell(reportWidth, 4, r.Footer, "", "L", false)
	var out bytes.Buffer
	err := doc.Output(&out)
	return out.Bytes(), err
}
