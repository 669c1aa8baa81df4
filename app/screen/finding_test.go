package screen

import (
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/widget"
)

func TestOffersOfALongList(t *testing.T) {
	var all []widget.Option
	for i := range 3000 {
		all = append(all, widget.Option{Name: fmt.Sprint(i), Label: fmt.Sprintf("Place %d", i)})
	}
	all = append(all, widget.Option{Name: "e", Label: "Édzná"}, widget.Option{Name: "s", Label: "San Édzná"})
	l := &offerList{all: all}
	if got := l.matching("edz"); len(got) != 2 || got[0].Name != "e" || got[1].Name != "s" {
		t.Errorf("%v", got)
	}
	if got := l.matching("pla"); len(got) != mostOffered || got[0].Name != "0" {
		t.Errorf("%d offers", len(got))
	}
	if got := l.matching("17"); len(got) == 0 || got[0].Label != "Place 17" {
		t.Errorf("%v", got)
	}
	if got := l.matching("nowhere"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if l.nameOf("edzna ") != "e" || l.nameOf("elsewhere") != "elsewhere" {
		t.Error("names")
	}
}

// TestFormsOfListsAreNoService: what lists are imported with is offered to nobody
// who comes to the counter.
func TestFormsOfListsAreNoService(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	for _, s := range d.offered() {
		if s.ID == kit.ListService {
			t.Errorf("%v is offered", s.Titles)
		}
	}
	if len(d.offered()) != 1 {
		t.Errorf("%d services are offered, want the one", len(d.offered()))
	}
}

// BenchmarkKeystroke finds among as many places as a large country's deployment
// has, with what the first letters leave.
func BenchmarkKeystroke(b *testing.B) {
	var all []widget.Option
	for i := range 41_000 {
		all = append(all, widget.Option{Name: fmt.Sprint(i), Label: fmt.Sprintf("Lugar número %d del municipio", i)})
	}
	l := &offerList{all: all}
	l.ready()
	typed := []string{"l", "lu", "lugar 4", "numero 40", "zz"}
	i := 0
	for b.Loop() {
		l.matching(typed[i%len(typed)])
		i++
	}
}
