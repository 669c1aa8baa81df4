package batch

import (
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// What a running form answers stands in the order that costs nothing on the
// wire, repeats included.
func TestAnswersOfARunningFormAreInOrder(t *testing.T) {
	strange, err := batchtest.StrangeWorkbook()
	if err != nil {
		t.Fatal(err)
	}
	birth, err := assets.Forms.ReadFile("forms/birth.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_795_000_000, 0).UTC() }
	for _, workbook := range [][]byte{strange, birth} {
		f, err := form.Load(workbook)
		if err != nil {
			t.Fatal(err)
		}
		session := form.Start(f, form.Env{Now: now})
		for _, q := range f.Questions() {
			if q.Repeat != "" {
				for range 2 {
					// A repeat may be full, or begin with an instance of its own.
					_, _ = session.AddInstance(q.Repeat)
				}
			}
		}
		for _, section := range session.Sections("") {
			for _, item := range section.Items {
				value := "2"
				if len(item.Choices) > 0 {
					value = item.Choices[0].Name
				}
				// Some kinds take no such answer; others will.
				_ = session.Set(item.Path, civic.Answer{Value: value})
			}
		}
		answers := session.Answers()
		if len(answers) < 8 {
			t.Fatalf("only %d answers", len(answers))
		}
		s := newSchema(f)
		if n := match(s.items, "", "", answers); n != len(answers) {
			t.Errorf("%s: answer %d (%s) is out of order", f.ID, n, answers[n].Path)
		}
	}
}

// One Remember serves several goroutines at once, packing and opening.
func TestRememberedFormsAreShared(t *testing.T) {
	s := testSetting(t, 20)
	regs, _ := batchtest.New(batchtest.Options{Seed: 5}).Births(20)
	numberRegistrations(s, regs)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			body, ok := encodeDense(s, regs, []uint32{0})
			if !ok || !brings(s, append([]byte{bodyWhole}, body...), regs, []uint32{0}) {
				t.Error("the registrations changed")
			}
		})
	}
	wait.Wait()
}

var _ Forms = (*form.Catalogue)(nil)
