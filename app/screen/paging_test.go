package screen

import (
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/sync/form"
)

// A section of hundreds of questions is spread over pages, nothing lost and
// nothing twice, begun at a heading where there is one.
func TestLongSectionsAreSpread(t *testing.T) {
	var items []form.Item
	for i := range 100 {
		kind := form.Text
		if i%20 == 0 {
			kind = form.Group
		}
		items = append(items, form.Item{Path: fmt.Sprintf("a/q%d", i), Kind: kind})
	}
	pages := cutLong([]form.Section{{Path: "a", Items: items}, {Path: "b", Items: items[:3]}, {Path: "c", Repeat: true, Items: items}})
	n := 0
	for _, page := range pages {
		if sectionOf(page.Path) != "a" {
			continue
		}
		if len(page.Items) > mostOnPage {
			t.Errorf("the page %s has %d lines", page.Path, len(page.Items))
		}
		for _, item := range page.Items {
			if item.Path != items[n].Path {
				t.Fatalf("line %d is %s, want %s", n, item.Path, items[n].Path)
			}
			n++
		}
	}
	if n != len(items) {
		t.Errorf("%d lines are shown, want %d", n, len(items))
	}
	if pages[1].Items[0].Kind != form.Group {
		t.Errorf("the second page begins with %v", pages[1].Items[0])
	}
	if last := pages[len(pages)-1]; last.Path != "c" || len(last.Items) != len(items) {
		t.Errorf("the repeat is cut: %s with %d", last.Path, len(last.Items))
	}
}
