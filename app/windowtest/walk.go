//go:build window

package main

import (
	"fmt"
	"os/exec"
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
