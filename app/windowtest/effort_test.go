//go:build window

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// TestEffort counts on the real window what a visit costs the officer's hands:
// a newborn of a known mother, and the fifth service of a person who came for
// four before. An action is a press, a choice, a field filled whatever its
// length, or going on; the program counts the keys and presses itself.
func TestEffort(t *testing.T) {
	b := newBench(t)
	home := b.enrolled(t)
	seed(t, home)
	h := b.opened(t, home, 10*time.Minute)
	for _, c := range []struct {
		what, name, service string
		most                int
	}{
		{"the fifth service of a known person", "Lupe", "health", 12},
		{"a newborn of a known mother", "Lupe", "birth.child", 25},
	} {
		actions, keys, taps, err := visit(h, c.name, c.service, needed(t, c.service))
		if err != nil {
			picture, _ := h.shoot("stopped")
			t.Fatalf("%s: %v (%s)", c.what, err, picture)
		}
		t.Logf("%s: %d actions, %d keys, %d presses", c.what, actions, keys, taps)
		if actions > c.most {
			t.Errorf("%s costs %d actions, want %d at most", c.what, actions, c.most)
		}
	}
	if err := h.quit(); err != nil {
		t.Error(err)
	}
}

// seed registers one woman for four services, as four visits before today.
func seed(t *testing.T, home string) {
	ctx := context.Background()
	past := time.Now().AddDate(0, -2, 0)
	k := unlocked(t, kit.Options{Home: home, Clock: func() time.Time { return past }})
	defer closed(t, k)
	var her capture.Ref
	for i, service := range []civic.FormID{"identity", "cash", "school", "birth"} {
		var iv *capture.Interview
		var err error
		if i == 0 {
			iv, err = k.Begin(ctx, service)
		} else {
			iv, err = k.BeginFor(ctx, service, her, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := first(iv.Confirm(ctx), fill(ctx, iv), iv.SetConsent(ctx, civic.Consent{Service: iv.Consents()[0].Service, Given: true})); err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		id, err := k.Seal(ctx, iv)
		if err != nil {
			t.Fatalf("%s: %v %v", service, err, iv.CheckAll())
		}
		if i == 0 {
			her = capture.Ref{Registration: id}
		}
		past = past.Add(24 * time.Hour)
	}
}

// fill answers every question that is not answered yet.
func fill(ctx context.Context, iv *capture.Interview) error {
	names := map[civic.Attribute]string{"given_name": "Lupe", "surname": "Soto", "second_surname": "Gil", "birth_date": "1990-05-04", "sex": "female"}
	for range 30 {
		again := false
		for _, section := range iv.Sections("es") {
			for _, item := range section.Items {
				if !item.Kind.Asked() || item.ReadOnly || item.Answer.Value != "" || item.Answer.Absent != civic.Present {
					continue
				}
				value := "Santa Ana"
				switch item.Kind {
				case form.SelectOne, form.SelectMany, form.Rank:
					if len(item.Choices) == 0 {
						continue
					}
					value = item.Choices[0].Name
				case form.Date:
					value = "2020-03-02"
				case form.Time:
					value = "06:10"
				case form.Integer, form.Decimal, form.Range:
					value = "2"
				case form.Image, form.Audio, form.Video, form.File, form.Geopoint, form.Barcode:
					continue
				}
				if known := names[item.Attribute]; known != "" && item.Subject == "" {
					value = known
				}
				if err := iv.Set(ctx, item.Path, civic.Answer{Value: value}); err != nil {
					return err
				}
				again = true
			}
		}
		if !again {
			break
		}
	}
	for _, f := range iv.CheckAll() { // what none of these answers fits is not known
		if err := iv.Set(ctx, f.Path, civic.Answer{Absent: civic.Unknown}); err != nil {
			return err
		}
	}
	if left := iv.CheckAll(); len(left) > 0 {
		return fmt.Errorf("still wrong: %s %s", left[0].Path, left[0].Message)
	}
	return nil
}

// needed are the questions of a service that the screen does not mark as ones
// that may stay empty: an officer sees that before going on.
func needed(t *testing.T, service string) map[string]bool {
	t.Helper()
	name, _, _ := strings.Cut(service, ".")
	b, err := assets.Forms.ReadFile("forms/" + name + ".xlsx")
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, q := range f.Questions() {
		out[q.Path] = q.Required
	}
	return out
}

// visit registers one service by keyboard, answering what must be answered.
func visit(h *hands, name, service string, needed map[string]bool) (actions, keys, taps int, err error) {
	begun, err := h.until("the home page", func(w window) bool { return w.Page == "home" })
	if err != nil {
		return 0, 0, 0, err
	}
	act := func(steps ...error) { actions++; err = first(append([]error{err}, steps...)...) }
	act(h.key("F2"), h.page("find"))
	act(h.write(name), h.key("Return"), h.page("services"))
	act(h.click("service." + service))
	if err != nil {
		return actions, 0, 0, err
	}
	answered := map[string]int{}
	goOn, section := false, "" // goOn: the last thing done was an answer
	for range 60 {
		w, err := h.until("a question", func(w window) bool { return w.Page != "services" })
		if err != nil {
			return actions, 0, 0, err
		}
		at := strings.TrimPrefix(w.focused(), "q:")
		switch {
		case w.Page == "still" || w.Page == "review":
			act(h.key("Return"))
		case w.Page == "consent":
			act(h.key("1"))
			act(h.click("seal"), h.page("receipt"))
			done, lookErr := h.look()
			return actions, done.Keys - begun.Keys, done.Taps - begun.Taps, first(err, lookErr, h.key("Return"))
		case w.Page != "interview":
			return actions, 0, 0, fmt.Errorf("arrived at the page %s", w.Page)
		case (!needed[at] || answered[at] > 0) && (goOn || section != "" && !strings.HasPrefix(at, section)): // whatever must still be answered holds it
			goOn = false
			section, _, _ = strings.Cut(at, "/")
			act(h.key("ctrl+Return"))
		default:
			goOn = true
			section, _, _ = strings.Cut(at, "/")
			answered[at]++
			act(reply1(h, w, at, answered[at]))
		}
		if err != nil {
			return actions, 0, 0, err
		}
	}
	return actions, 0, 0, fmt.Errorf("no end")
}

// reply1 answers a question that holds the officer, by trying what its editor
// takes: an option, a date, a word.
func reply1(h *hands, w window, at string, n int) error {
	for _, p := range w.Places {
		if strings.HasPrefix(p.Name, "q:"+at+"=") {
			return h.key("1")
		}
	}
	if strings.Contains(at, "date") {
		return h.write("01" + time.Now().Format("012006"))
	}
	if n > 3 {
		return h.write("2")
	}
	return first(h.write("Luz"), h.key("Return"))
}

// TestEffortOfAFamily counts what a family of five nobody knows costs: the one
// who applies, the home, four more who live there, and what the family lives on;
// every question that is asked is answered.
func TestEffortOfAFamily(t *testing.T) {
	b := newBench(t)
	h := b.opened(t, b.enrolled(t), 15*time.Minute)
	f, err := family(h)
	if err != nil {
		picture, _ := h.shoot("stopped")
		t.Fatalf("after %d actions: %v (%s)", f.actions, err, picture)
	}
	t.Logf("a family of five from nothing: %d questions answered in %d actions, %d keys, %d presses; %d members", f.answered, f.actions, f.keys, f.taps, f.members)
	if f.members != 5 {
		t.Errorf("%d members", f.members)
	}
	// One action a question, and for each person and page one or two more.
	if most := f.answered + 30; f.actions > most {
		t.Errorf("%d actions for %d questions", f.actions, f.answered)
	}
	if err := h.quit(); err != nil {
		t.Error(err)
	}
}

// effort is what a visit took.
type effort struct{ actions, answered, members, keys, taps int }

// family registers five people by the form of the cash transfer.
func family(h *hands) (f effort, err error) {
	begun, err := h.until("the home page", func(w window) bool { return w.Page == "home" })
	if err != nil {
		return f, err
	}
	act := func(steps ...error) { f.actions++; err = first(append([]error{err}, steps...)...) }
	act(h.key("F2"), h.page("find"))
	act(h.key("F2"), h.page("services")) // somebody new
	act(h.click("service.cash"), h.page("interview"))
	f.members = 1
	said := map[string]int{}
	for range 300 {
		if err != nil {
			return f, err
		}
		w, lookErr := h.until("a question", func(w window) bool { return w.Page != "services" })
		if lookErr != nil {
			return f, lookErr
		}
		at := strings.TrimPrefix(w.focused(), "q:")
		_, canAdd := w.find("add")
		ofMember := strings.HasPrefix(at, "members")
		switch {
		case w.Page == "still" || w.Page == "review":
			act(h.key("Return"))
		case w.Page == "consent":
			act(h.key("1"))
			act(h.click("seal"), h.page("receipt"))
			done, lookErr := h.look()
			f.keys, f.taps = done.Keys-begun.Keys, done.Taps-begun.Taps
			return f, first(err, lookErr, h.key("Return"))
		case w.Page != "interview":
			return f, fmt.Errorf("arrived at the page %s", w.Page)
		case canAdd && f.members < 5 && (!ofMember || said[at] > 0):
			f.members++
			act(h.key("ctrl+n"))
		case at == "" || said[at] > 1 || ofMember && said[at] > 0:
			act(h.key("ctrl+Return"))
		default:
			if said[at]++; said[at] == 1 {
				f.answered++
			}
			act(told(h, w, at))
		}
	}
	return f, fmt.Errorf("no end")
}

// told answers any question of the form.
func told(h *hands, w window, at string) error {
	name := at[strings.LastIndex(at, "/")+1:]
	switch name {
	case "signature":
		return first(h.key("F6"), h.write("n"))
	case "birth_date":
		return h.write("05041990")
	}
	for _, p := range w.Places {
		if strings.HasPrefix(p.Name, "q:"+at+"=") {
			if err := h.key("1"); err != nil {
				return err
			}
			if name == "languages" || name == "disability" || name == "animals" { // several may be chosen
				return h.key("Return")
			}
			return nil
		}
	}
	switch name {
	case "rooms", "land", "meals":
		return first(h.write("2"), h.key("Return"))
	case "phone":
		return first(h.write("9511234567"), h.key("Return"))
	}
	if name == "occupation" && strings.HasPrefix(at, "members") {
		return h.write("Luz Soto") // the last of a member: the next one begins with Ctrl+N
	}
	return first(h.write("Luz Soto"), h.key("Return"))
}
