package receipt

import (
	"bytes"
	"image"
	_ "image/jpeg" // beside PNG, what a tablet's camera and a scanner write
	"image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	qr "github.com/skip2/go-qrcode"
	"golang.org/x/image/draw"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a picture that ReadPicture opens.
const (
	maxPictureBytes  = 32 << 20
	maxPicturePixels = 64 << 20
)

// modulePixels is how many pixels a module of a printed code gets: 4 were
// always read in trials, 8 leave room for a bad printer.
const modulePixels = 8

// PNG draws the text of a receipt as a QR code with its quiet zone.
func PNG(text string) ([]byte, error) {
	code, err := qr.New(text, qr.Medium)
	if err != nil {
		return nil, err
	}
	// The library's own PNG packs as tightly as it can, which takes three times
	// as long and saves little on a picture of two colours.
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err = encoder.Encode(&out, code.Image(-modulePixels))
	return out.Bytes(), err
}

// ReadPicture finds a QR code in a PNG or JPEG picture and gives its text.
// A picture without one is the problem picture_no_code.
func ReadPicture(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPictureBytes+1))
	if err != nil {
		return "", civic.NewProblem(civic.FileUnreadable, err, "")
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || len(b) > maxPictureBytes || size.Width*size.Height > maxPicturePixels {
		return "", civic.NewProblem(civic.PictureNoCode, err)
	}
	picture, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return "", civic.NewProblem(civic.PictureNoCode, err)
	}
	return readImage(picture)
}

// ReadFrame looks for a QR code in one picture of a camera. It looks twice, where
// ReadPicture tries all it knows: the camera's next picture comes soon, and
// battery and processor are those of a cheap tablet. The second look is at two
// thirds of the size: of some pictures the first one misjudges the modules, of
// all that the camera gives while nobody moves. false when none is read.
func ReadFrame(picture image.Image) (string, bool) {
	b := picture.Bounds()
	if b.Empty() || b.Dx()*b.Dy() > maxPicturePixels {
		return "", false
	}
	if text, ok := readOnce(brightness(picture)); ok {
		return text, true
	}
	light, ok := grey(picture).(*image.Gray)
	if !ok || b.Dx() < 3 || b.Dy() < 3 {
		return "", false
	}
	return readOnce(brightness(twoThirds(light)))
}

// twoThirds makes two points of three, in both directions: the first is two
// parts of the first and one of the second, the other the same from behind.
func twoThirds(m *image.Gray) *image.Gray {
	w, h := m.Rect.Dx()/3, m.Rect.Dy()/3
	out := image.NewGray(image.Rect(0, 0, 2*w, 2*h))
	for y := range h {
		rows := m.Pix[3*y*m.Stride:]
		a, b, c := rows, rows[m.Stride:], rows[2*m.Stride:]
		above, below := out.Pix[2*y*out.Stride:], out.Pix[(2*y+1)*out.Stride:]
		for x := range w {
			i, o := 3*x, 2*x
			var left, mid, right [3]int
			for k, row := range [3][]byte{a, b, c} {
				left[k], mid[k], right[k] = int(row[i]), int(row[i+1]), int(row[i+2])
			}
			mix := func(near, far [3]int, first, second int) byte {
				return byte((2*(2*near[first]+far[first]) + 2*near[second] + far[second] + 4) / 9)
			}
			above[o], above[o+1] = mix(left, mid, 0, 1), mix(right, mid, 0, 1)
			below[o], below[o+1] = mix(left, mid, 2, 1), mix(right, mid, 2, 1)
		}
	}
	return out
}

func readOnce(source gozxing.LuminanceSource) (string, bool) {
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return "", false
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		return "", false
	}
	return result.GetText(), true
}

// grey is a picture without its colours, where that costs nothing.
func grey(picture image.Image) image.Image {
	if y, ok := picture.(*image.YCbCr); ok {
		return &image.Gray{Pix: y.Y, Stride: y.YStride, Rect: y.Rect}
	}
	return picture
}

// brightness of a picture; a JPEG has it beside its colours, to be taken as it is.
func brightness(picture image.Image) gozxing.LuminanceSource {
	b := picture.Bounds()
	var points []byte
	var stride int
	if p, ok := grey(picture).(*image.Gray); ok {
		points, stride = p.Pix[p.PixOffset(b.Min.X, b.Min.Y):], p.Stride
	}
	if points != nil {
		rows := make([]byte, 0, stride*b.Dy())
		rows = append(rows, points[:min(len(points), stride*b.Dy())]...)
		if s, err := gozxing.NewPlanarYUVLuminanceSource(rows[:cap(rows)], stride, b.Dy(), 0, 0, b.Dx(), b.Dy(), false); err == nil {
			return s
		}
	}
	return gozxing.NewLuminanceSourceFromImage(picture)
}

func readImage(picture image.Image) (string, error) {
	var last error
	for _, attempt := range []func(image.Image) (string, error){readPhoto, readDrawing, readSmaller} {
		text, err := attempt(picture)
		if err == nil {
			return text, nil
		}
		last = err
	}
	return "", civic.NewProblem(civic.PictureNoCode, last)
}

// readPhoto looks for a code anywhere in the picture.
func readPhoto(picture image.Image) (string, error) {
	return decode(picture, gozxing.DecodeHintType_TRY_HARDER)
}

// readDrawing takes the picture for a drawn code, such as PNG makes: the search
// in photos misjudges the size of the modules of one in forty of those.
func readDrawing(picture image.Image) (string, error) {
	return decode(picture, gozxing.DecodeHintType_PURE_BARCODE)
}

// readSmaller looks again in the picture at half its size, where a sharp photo
// of many points a module is read better.
func readSmaller(picture image.Image) (string, error) {
	b := picture.Bounds()
	half := image.NewGray(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	draw.ApproxBiLinear.Scale(half, half.Bounds(), picture, b, draw.Src, nil)
	return readPhoto(half)
}

func decode(picture image.Image, hint gozxing.DecodeHintType) (string, error) {
	source := gozxing.NewLuminanceSourceFromImage(picture)
	hints := map[gozxing.DecodeHintType]any{hint: true}
	var last error
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bitmap, err := gozxing.NewBinaryBitmap(binarizer)
		if err != nil {
			return "", err
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
		if err == nil {
			return result.GetText(), nil
		}
		last = err
	}
	return "", last
}
