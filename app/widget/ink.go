package widget

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// dot is a point of a drawing in eighths of a unit. Everything about a drawing
// is reckoned in whole numbers, so that the same strokes give the same picture
// on every processor.
type dot struct{ x, y int }

// fine is how many steps a dot has in a unit, and in a pixel.
const fine = 8

func (d dot) distance(e dot) int { return max(abs(d.x-e.x), abs(d.y-e.y)) }

func abs(n int) int { return max(n, -n) }

// curve gives the dots of a smooth line from a to b that c pulls.
func curve(a, c, b dot) []dot {
	const n = 6
	out := make([]dot, 0, n)
	for k := 1; k <= n; k++ {
		p, q, r := (n-k)*(n-k), 2*k*(n-k), k*k
		out = append(out, dot{(p*a.x + q*c.x + r*b.x) / (n * n), (p*a.y + q*c.y + r*b.y) / (n * n)})
	}
	return out
}

func middle(a, b dot) dot { return dot{(a.x + b.x) / 2, (a.y + b.y) / 2} }

// smooth rounds the corners of a stroke: hands move in curves, screens tell of
// points.
func smooth(s []dot) []dot {
	if len(s) < 3 {
		return s
	}
	out := []dot{s[0]}
	for i := 1; i < len(s)-1; i++ {
		out = append(out, curve(out[len(out)-1], s[i], middle(s[i], s[i+1]))...)
	}
	return append(out, s[len(s)-1])
}

// ink draws a line with a round pen. Dots and the pen's half width are in
// eighths of a pixel; put is told how much of each pixel is covered, 1 to 16.
func ink(a, b dot, half int, within image.Rectangle, put func(x, y, sixteenths int)) {
	x0, x1 := max((min(a.x, b.x)-half)/fine-1, within.Min.X), min((max(a.x, b.x)+half)/fine+2, within.Max.X)
	y0, y1 := max((min(a.y, b.y)-half)/fine-1, within.Min.Y), min((max(a.y, b.y)+half)/fine+2, within.Max.Y)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			n := 0
			for i := range 16 {
				if near(a, b, dot{x*fine + 1 + i%4*2, y*fine + 1 + i/4*2}, half) {
					n++
				}
			}
			if n > 0 {
				put(x, y, n)
			}
		}
	}
}

// near tells whether p lies within half of the line from a to b.
func near(a, b, p dot, half int) bool {
	dx, dy, ex, ey := b.x-a.x, b.y-a.y, p.x-a.x, p.y-a.y
	length, along := dx*dx+dy*dy, dx*ex+dy*ey
	switch {
	case along <= 0:
		return ex*ex+ey*ey <= half*half
	case along >= length:
		fx, fy := p.x-b.x, p.y-b.y
		return fx*fx+fy*fy <= half*half
	}
	cross := dx*ey - dy*ex
	return cross*cross <= half*half*length
}

// Sizes of the picture of a drawing: a fixed height, as wide as the ink, at most
// five times as wide as high. A drawing that does not come out within mostMark
// bytes, which takes a page of scribble, is drawn again smaller; the last height
// cannot exceed it: 80 lines of 50 bytes.
const (
	mostMark  = 10_000
	markEdge  = 6
	markHalf  = 14 // half the pen's width, in eighths of a pixel
	markWider = 5
)

var markHeights = [...]int{180, 120, 80}

// mark is the picture of strokes: black on white, PNG of one bit a pixel, without
// a date or any other word in it. nil for no strokes.
func mark(strokes [][]dot) []byte {
	if len(strokes) == 0 {
		return nil
	}
	lines := make([][]dot, len(strokes))
	least, most := strokes[0][0], strokes[0][0]
	for i, s := range strokes {
		lines[i] = smooth(s)
		for _, d := range lines[i] {
			least = dot{min(least.x, d.x), min(least.y, d.y)}
			most = dot{max(most.x, d.x), max(most.y, d.y)}
		}
	}
	var out []byte
	for _, high := range markHeights {
		var b bytes.Buffer
		e := png.Encoder{CompressionLevel: png.BestCompression}
		if err := e.Encode(&b, markOf(lines, least, most, high)); err != nil {
			return nil // a buffer takes everything
		}
		if out = b.Bytes(); len(out) <= mostMark {
			break
		}
	}
	return out
}

func markOf(lines [][]dot, least, most dot, high int) *image.Paletted {
	wide, tall := max(most.x-least.x, 1), max(most.y-least.y, 1)
	room := (high - 2*markEdge) * fine
	num, den := 2, 1 // a small mark is not blown up beyond twice its size
	if room*den < num*tall {
		num, den = room, tall
	}
	if broad := (high*markWider - 2*markEdge) * fine; broad*den < num*wide {
		num, den = broad, wide
	}
	width := wide*num/den/fine + 1 + 2*markEdge
	m := image.NewPaletted(image.Rect(0, 0, min(width, high*markWider), high), color.Palette{color.White, color.Black})
	top := (high*fine - tall*num/den) / 2
	at := func(d dot) dot {
		return dot{(d.x-least.x)*num/den + markEdge*fine, (d.y-least.y)*num/den + top}
	}
	half := max(markHalf*high/markHeights[0], fine)
	for _, line := range lines {
		last := at(line[0])
		for _, d := range line {
			next := at(d)
			ink(last, next, half, m.Rect, func(x, y, covered int) {
				if covered >= 8 {
					m.Pix[y*m.Stride+x] = 1
				}
			})
			last = next
		}
	}
	return m
}
