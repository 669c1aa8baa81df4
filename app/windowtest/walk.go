//go:build window

package main

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// journey is what a walk needs.
type journey struct {
	Program    string // built with the tag uimap
	Home       string // the kit's folder
	Passphrase string
	Server     string // with Code: enrols a kit that is new
	Code       string
	Officer    string
	Answers    map[string]reply // by question; see answers
}

// reply is how a question is answered by hand.
type reply struct {
	keys  string // typed
	enter bool   // followed by Enter; choices and full dates go on by themselves
	press string // pressed by the pointer instead: an option of the question
	pad   string // keys of the keypad, pressed by the pointer
	photo bool
	none  string // the letter of the reason for having no answer, by F6
}

// answers registers an invented child: typed names and names taken from what
// is offered, a choice by key and one by the pointer, a date by key and one by
// the keypad with an unknown day, several choices, a number, a photo.
func answers() map[string]reply {
	return map[string]reply{
		"child/given_name":     {keys: "Mari", enter: true}, // offered: María
		"child/surname":        {keys: "Ibáñez", enter: true},
		"child/second_surname": {keys: "Cruz", enter: true},
		"child/sex":            {press: "female"},
		"child/birth_date":     {keys: "03112026"},
		"child/birth_time":     {keys: "0610"},
		"child/born_at":        {keys: "1"},
		"child/birth_place":    {keys: "Santa Ana", enter: true},
		"child/helper":         {keys: "1"},
		"mother/given_name":    {keys: "Rosa", enter: true},
		"mother/surname":       {keys: "Cruz", enter: true},
		"mother/birth_date":    {pad: "? 0 4 1 9 9 8"},
		"mother/national_id":   {none: "n"},
		"mother/languages":     {keys: "12", enter: true},
		"father/father_named":  {keys: "2"},
		"home/locality":        {keys: "Santa Ana", enter: true},
		"home/siblings_alive":  {keys: "2", enter: true},
		"proof/informant":      {keys: "1"},
		"proof/papers":         {keys: "1", enter: true},
		"proof/photo":          {photo: true},
	}
}

// outcome is what a walk came to.
type outcome struct {
	Receipt    string // the text in the code, as read off the picture
	Keys, Taps int    // from Register to the receipt
	Questions  int    // answered
	Seen       []string
}

// walk registers one person through the window and sends what waits.
func walk(h *hands, j journey) (o outcome, err error) {
	if err = h.start(j.Program, "--home", j.Home); err != nil {
		return o, err
	}
	if err = arrive(h, j); err != nil {
		return o, err
	}
	if _, err = h.shoot("home"); err != nil {
		return o, err
	}
	if err = register(h, j, &o); err != nil {
		return o, err
	}
	if err = send(h); err != nil {
		return o, err
	}
	if err = again(h, j); err != nil {
		return o, err
	}
	return o, look(h)
}

// again begins another service for the mother just registered: she is found by
// name, what she said is shown and not asked. It is left as a draft.
func again(h *hands, j journey) error {
	if err := first(h.key("Escape"), h.page("home"), h.key("F2"), h.page("find"), h.write("Rosa Cruz")); err != nil {
		return err
	}
	if _, err := h.until("somebody of that name", func(w window) bool { _, ok := w.find("find.0"); return ok }); err != nil {
		return err
	}
	if _, err := h.shoot("find"); err != nil {
		return err
	}
	if err := first(h.key("Return"), h.page("services")); err != nil {
		return err
	}
	if _, err := h.shoot("services-known"); err != nil {
		return err
	}
	if err := h.click("service.health"); err != nil {
		return err
	}
	w, err := h.until("what is held", func(w window) bool { return w.Page == "still" || w.Page == "interview" })
	if err != nil {
		return err
	}
	if _, err := h.shoot("known-" + w.Page); err != nil {
		return err
	}
	if w.Page == "still" {
		if err := first(h.key("Return"), h.page("interview")); err != nil {
			return err
		}
		if _, err := h.shoot("known-interview"); err != nil {
			return err
		}
	}
	return first(h.key("F7"), h.page("home"))
}

// arrive enrols or unlocks the kit.
func arrive(h *hands, j journey) error {
	w, err := h.until("the first page", func(w window) bool { return w.Page == "enrol" || w.Page == "unlock" })
	if err != nil {
		return err
	}
	if _, err := h.shoot(w.Page); err != nil {
		return err
	}
	if w.Page == "enrol" {
		for _, line := range []string{j.Server, j.Code, j.Officer, "Tableta 1"} {
			if err := first(h.write(line), h.key("Return")); err != nil {
				return err
			}
		}
	}
	if err := first(h.write(j.Passphrase), h.key("Return")); err != nil {
		return err
	}
	return h.page("home")
}

// register answers the questions one by one, whichever has the keyboard.
func register(h *hands, j journey, o *outcome) error {
	begun, err := h.look()
	if err != nil {
		return err
	}
	if err := first(h.key("F2"), h.page("find"), h.key("Return")); err != nil { // a new person
		return err
	}
	w, err := h.until("the services or the questions", func(w window) bool { return w.Page == "services" || w.Page == "interview" })
	if err != nil {
		return err
	}
	if w.Page == "services" {
		if _, err := h.shoot("services"); err != nil {
			return err
		}
		if err := h.click("service.birth"); err != nil {
			return err
		}
		if err := h.page("interview"); err != nil {
			return err
		}
	}
	if err := questions(h, j, o); err != nil {
		return err
	}
	if _, err := h.shoot("review"); err != nil {
		return err
	}
	if err := first(h.key("Return"), h.page("consent")); err != nil {
		return err
	}
	if err := h.key("1"); err != nil { // yes
		return err
	}
	if _, err := h.shoot("consent"); err != nil {
		return err
	}
	if err := first(h.click("seal"), h.page("receipt")); err != nil {
		return err
	}
	done, err := h.look()
	if err != nil {
		return err
	}
	o.Keys, o.Taps = done.Keys-begun.Keys, done.Taps-begun.Taps
	picture, err := h.shoot("receipt")
	if err != nil {
		return err
	}
	if o.Receipt, err = readCode(picture); err != nil {
		return err
	}
	return first(h.key("F7"), h.key("F6")) // the picture and the page to print
}

// readCode reads the QR off a picture of the screen.
func readCode(picture string) (string, error) {
	out, err := exec.Command("zbarimg", "--raw", "-q", picture).Output()
	if err != nil {
		return "", fmt.Errorf("no code was found in %s: %w", picture, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func questions(h *hands, j journey, o *outcome) error {
	section, seen := "", map[string]int{}
	for range 120 {
		w, err := h.until("a question", func(w window) bool { return w.Page == "review" || strings.HasPrefix(w.focused(), "q:") })
		if err != nil {
			return err
		}
		if w.Page == "review" {
			return nil
		}
		path := strings.TrimPrefix(w.focused(), "q:")
		if head, _, _ := strings.Cut(path, "/"); head != section {
			if section = head; section != "" {
				if _, err := h.shoot("questions-" + section); err != nil {
					return err
				}
			}
		}
		if seen[path]++; seen[path] > 2 {
			return fmt.Errorf("the question %s does not let go of the keyboard", path)
		}
		r, asked := j.Answers[path]
		if !asked {
			if err := h.key(map[bool]string{true: "Return", false: "ctrl+Return"}[path != "proof/photo"]); err != nil {
				return err
			}
			continue
		}
		if seen[path] == 1 {
			o.Questions++
			o.Seen = append(o.Seen, path)
		}
		if err := answer(h, path, r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return fmt.Errorf("the questions have no end")
}

func answer(h *hands, path string, r reply) error {
	switch {
	case r.press != "":
		return h.click("q:" + path + "=" + r.press)
	case r.pad != "":
		if err := h.click("q:" + path); err != nil {
			return err
		}
		if _, err := h.shoot("keypad"); err != nil {
			return err
		}
		for _, k := range strings.Fields(r.pad) {
			if k == "?" {
				k = "unknown"
			}
			if err := h.click("q:" + path + "#" + k); err != nil {
				return err
			}
		}
		return nil
	case r.none != "":
		return first(h.key("F6"), h.write(r.none))
	case r.photo:
		if err := photograph(filepath.Join(h.d.dir, "home/Pictures/foto.jpg")); err != nil {
			return err
		}
		if err := first(h.key("Return"), h.page("pick")); err != nil {
			return err
		}
		if _, err := h.shoot("pick"); err != nil {
			return err
		}
		if err := first(h.key("Return"), h.page("interview")); err != nil {
			return err
		}
		if _, err := h.shoot("photo"); err != nil {
			return err
		}
		return h.key("ctrl+Return")
	}
	if err := h.write(r.keys); err != nil {
		return err
	}
	if r.enter {
		return h.key("Return")
	}
	return nil
}

// photograph makes a picture that no camera was needed for.
func photograph(path string) error {
	m := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			m.Set(x, y, color.RGBA{R: uint8(x / 3), G: uint8(y / 2), B: uint8((x ^ y) / 4), A: 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return first(jpeg.Encode(f, m, nil), f.Close())
}

// send goes home and sends what waits.
func send(h *hands) error {
	if err := first(h.click("done"), h.page("home"), h.key("F4"), h.page("sync"), h.key("Return")); err != nil {
		return err
	}
	if _, err := h.until("the end of sending", func(w window) bool { _, ok := w.find("sync.go"); return w.Page == "sync" && ok }); err != nil {
		return err
	}
	_, err := h.shoot("sync")
	return err
}

// look opens every other page once.
func look(h *hands) error {
	steps := []struct {
		do   func() error
		page string
	}{
		{func() error { return h.key("F3") }, "list"},
		{func() error { return h.click("list.0") }, "registration"},
		{func() error {
			return first(h.key("Escape"), h.page("list"), h.key("Escape"), h.page("home"), h.key("F5"))
		}, "check"},
		{func() error { return first(h.key("Escape"), h.page("home"), h.key("F1")) }, "help"},
		{func() error { return first(h.key("Escape"), h.page("home"), h.key("F8")) }, "settings"},
	}
	for _, s := range steps {
		if err := first(s.do(), h.page(s.page)); err != nil {
			return err
		}
		if _, err := h.shoot(s.page); err != nil {
			return err
		}
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
