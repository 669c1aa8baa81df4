package kit

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // beside JPEG, what may be chosen
	"slices"
	"strconv"

	"golang.org/x/image/draw"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a photo before it is made smaller: a film or a picture that claims
// to be huge must not take a small tablet's memory.
const maxPhotoPixels = 32 << 20

// photoBytes is what a photo should cost on the wire at most, and photoSteps
// how it gets there: a face at arm's length is some 30 kB at the first step. The
// last one holds whatever comes out, so that a page full of writing can still be
// read: such a page is about 100 kB.
const photoBytes = 40 << 10

var photoSteps = []struct{ longest, quality int }{{1280, 50}, {1024, 45}, {1024, 30}}

// leanPhoto makes of a chosen or taken picture what is kept and sent: upright, no
// larger than a photo has to be, and nothing beside the picture itself: where
// it was taken, with what and when stays out. A picture that is small enough
// keeps its points as they are.
func leanPhoto(b []byte, media string) (content []byte, kind string, err error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || size.Width <= 0 || size.Height <= 0 {
		return nil, "", civic.NewProblem(civic.PictureUnknown, err)
	}
	most := maxPhotoPixels
	switch size.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		most /= 2 // a point takes twice the memory
	}
	if size.Width > most/size.Height {
		return nil, "", civic.NewProblem(civic.UploadTooLarge, nil, strconv.Itoa(most>>20)+" MP")
	}
	bare, turn, ok := bareJPEG(b)
	if media == "image/png" {
		bare, ok = barePNG(b)
		turn = 1
	}
	if ok && turn == 1 && len(bare) <= photoBytes && max(size.Width, size.Height) <= photoSteps[0].longest {
		if _, _, err := image.Decode(bytes.NewReader(bare)); err == nil {
			return bare, media, nil
		}
	}
	picture, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, "", civic.NewProblem(civic.PictureUnknown, err)
	}
	picture = upright(scaled(picture, photoSteps[0].longest), turn)
	for _, step := range photoSteps {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, scaled(picture, step.longest), &jpeg.Options{Quality: step.quality}); err != nil {
			return nil, "", civic.NewProblem(civic.PictureUnknown, err)
		}
		if content = out.Bytes(); len(content) <= photoBytes {
			break
		}
	}
	return content, "image/jpeg", nil
}

// scaled is a picture no longer than so many points, on white where it has holes.
func scaled(picture image.Image, longest int) image.Image {
	b := picture.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > longest {
		w, h = max(1, w*longest/long), max(1, h*longest/long)
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(m, m.Rect, picture, b, draw.Over, nil)
	return m
}

// upright turns a picture as EXIF's orientation says, 1 to 8.
func upright(picture image.Image, turn int) image.Image {
	if turn < 2 || turn > 8 {
		return picture
	}
	b := picture.Bounds()
	w, h := b.Dx(), b.Dy()
	if turn > 4 {
		w, h = h, w
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range b.Dy() {
		for x := range b.Dx() {
			u, v := x, y
			switch turn {
			case 2:
				u = b.Dx() - 1 - x
			case 3:
				u, v = b.Dx()-1-x, b.Dy()-1-y
			case 4:
				v = b.Dy() - 1 - y
			case 5:
				u, v = y, x
			case 6:
				u, v = b.Dy()-1-y, x
			case 7:
				u, v = b.Dy()-1-y, b.Dx()-1-x
			case 8:
				u, v = y, b.Dx()-1-x
			}
			m.Set(u, v, picture.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return m
}

// bareJPEG leaves out of a JPEG what is no part of the picture: the segments of
// applications, except those that say how its colours are meant, and comments.
// turn is EXIF's orientation. ok is false where the segments cannot be followed.
func bareJPEG(b []byte) (bare []byte, turn int, ok bool) {
	turn = 1
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return nil, turn, false
	}
	bare = append(bare, b[:2]...)
	for at := 2; at+4 <= len(b); {
		mark := b[at+1]
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		if b[at] != 0xff || mark == 0xff || mark >= 0xd0 && mark <= 0xd9 || n < 2 || at+2+n > len(b) {
			return nil, turn, false
		}
		segment := b[at : at+2+n]
		switch {
		case mark == 0xda: // the points, to the end of the picture and not past it
			end := bytes.LastIndex(b, []byte{0xff, 0xd9})
			if end < at {
				return nil, turn, false
			}
			if first := bytes.Index(b[at:], []byte{0xff, 0xd9}); at+first != end || !onlyPoints(b[at+2+n:end]) {
				return nil, turn, false // something hangs on behind, or stands between
			}
			return append(bare, b[at:end+2]...), turn, true
		case mark == 0xe1:
			turn = max(turn, orientation(segment[4:]))
		case mark == 0xe0 && bytes.HasPrefix(segment[4:], []byte("JFIF\x00")) && n == 16, mark == 0xee && n == 14, mark < 0xe0:
			bare = append(bare, segment...)
		}
		at += len(segment)
	}
	return nil, turn, false
}

// onlyPoints tells whether nothing but points stands between the first scan of a
// JPEG and its end: further scans of a picture that comes in several, their
// tables, marks to begin anew. A comment or an application's segment is told of.
func onlyPoints(b []byte) bool {
	for at := 0; at+1 < len(b); at++ {
		if b[at] != 0xff {
			continue
		}
		switch mark := b[at+1]; {
		case mark == 0 || mark == 0xff || mark >= 0xd0 && mark <= 0xd7: // a point, a filler, begin anew
		case (mark == 0xc4 || mark == 0xda || mark == 0xdd) && at+4 <= len(b):
			at += 1 + int(binary.BigEndian.Uint16(b[at+2:]))
		default:
			return false
		}
	}
	return true
}

// orientation reads EXIF's, 1 where none is said.
func orientation(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := int64(order.Uint16(tiff[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[e:]) == 0x112 {
			if v := int(order.Uint16(tiff[e+8:])); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// The chunks of a PNG that make the picture.
var pngChunks = []string{"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}

// barePNG leaves out of a PNG all other chunks, and what hangs on behind.
func barePNG(b []byte) (bare []byte, ok bool) {
	const head = 8
	if len(b) < head {
		return nil, false
	}
	bare = append(bare, b[:head]...)
	for at := head; at+12 <= len(b); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		end := int64(at) + 12 + n
		if end > int64(len(b)) {
			return nil, false
		}
		kind := string(b[at+4 : at+8])
		if slices.Contains(pngChunks, kind) {
			bare = append(bare, b[at:end]...)
		}
		if at = int(end); kind == "IEND" {
			return bare, true
		}
	}
	return nil, false
}
