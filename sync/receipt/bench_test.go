package receipt_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/receipt"
)

func BenchmarkPNG(b *testing.B) {
	k := newKit(1)
	text, err := receipt.Sign(sample(k), k.id, k.key)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		picture, err := receipt.PNG(text)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(picture)), "B/picture")
	}
}
