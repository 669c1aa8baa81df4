package kit

import "testing"

// TestPracticeDraftsStayApart: an interview about an invented person that was
// left for later is found again by whoever practises, and by nobody else.
func TestPracticeDraftsStayApart(t *testing.T) {
	ctx, w := t.Context(), enrolled(t)
	begin := func(practice bool) {
		t.Helper()
		if err := w.SetPractice(ctx, practice); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Begin(ctx, testForm); err != nil {
			t.Fatal(err)
		}
	}
	begin(true)
	begin(true)
	begin(false)
	for _, c := range []struct {
		practice bool
		want     int
	}{{true, 2}, {false, 1}} {
		if err := w.SetPractice(ctx, c.practice); err != nil {
			t.Fatal(err)
		}
		home, err := w.Home(ctx)
		if err != nil || len(home.Drafts) != c.want || home.Counts.Drafts != c.want {
			t.Errorf("practice %v: the first page lists %d drafts and counts %d, want %d; %v", c.practice, len(home.Drafts), home.Counts.Drafts, c.want, err)
		}
		counts, err := w.Status(ctx)
		if err != nil || counts.Drafts != 1 {
			t.Errorf("practice %v: %d drafts are counted as work, want 1; %v", c.practice, counts.Drafts, err)
		}
		day, err := w.Day(ctx, w.clock.Now())
		if err != nil || len(day.Drafts) != 1 {
			t.Errorf("practice %v: the day's report has %d drafts, want 1; %v", c.practice, len(day.Drafts), err)
		}
	}
}
