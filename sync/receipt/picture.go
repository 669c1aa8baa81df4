package receipt

import (
	"bytes"
	"image"
	_ "image/jpeg" // the formats a tablet's camera and a scanner write
	_ "image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	qr "github.com/skip2/go-qrcode"

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
	return code.PNG(-modulePixels)
}

// Modules gives the code as dark (true) and light modules, quiet zone included,
// for a screen that draws it itself.
func Modules(text string) ([][]bool, error) {
	code, err := qr.New(text, qr.Medium)
	if err != nil {
		return nil, err
	}
	return code.Bitmap(), nil
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

func readImage(picture image.Image) (string, error) {
	source := gozxing.NewLuminanceSourceFromImage(picture)
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	var last error
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bitmap, err := gozxing.NewBinaryBitmap(binarizer)
		if err != nil {
			return "", civic.NewProblem(civic.PictureNoCode, err)
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
		if err == nil {
			return result.GetText(), nil
		}
		last = err
	}
	return "", civic.NewProblem(civic.PictureNoCode, last)
}
