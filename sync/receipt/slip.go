package receipt

import "time"

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
	doc := newSheet(pageHeight/2, s.Title, s.Regular, s.Bold, s.Made)
	doc.SetAutoPageBreak(false, margin)
	doc.AddPage()
	doc.heading(s.Title, 12)
	doc.mark(s.Mark, 6)
	doc.SetFont("plain", "B", 26)
	doc.MultiCell(width, 15, s.Code, "", "C", false)
	doc.facts(s.Lines)
	doc.footer(s.Footer, 7.5, 3.6)
	return doc.bytes()
}
