//go:build window

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// place is a named thing of the window; window is what the program writes.
type place struct {
	Name                string
	X, Y, Width, Height float32
	Focused             bool
}

type window struct {
	Tick          int
	Page          string
	Busy          bool
	Told          string
	Keys, Taps    int
	Scale         float32
	Width, Height float32
	Places        []place
}

func (w window) find(name string) (place, bool) {
	for _, p := range w.Places {
		if p.Name == name {
			return p, true
		}
	}
	return place{}, false
}

func (w window) focused() string {
	for _, p := range w.Places {
		if p.Focused {
			return p.Name
		}
	}
	return ""
}

func (w window) names() string {
	var all []string
	for _, p := range w.Places {
		all = append(all, p.Name)
	}
	return strings.Join(all, " ")
}

// hands strike keys and move the pointer on the display of one program.
type hands struct {
	ctx      context.Context
	d        *display
	app      *exec.Cmd
	uimap    string
	pictures string
	shot     int
	log      func(format string, args ...any)
	ended    chan error
}

// How long a step of the window may take on a slow machine.
const patience = 2 * time.Minute

func (h *hands) start(program string, args ...string) error {
	h.uimap = filepath.Join(h.d.dir, "uimap.json")
	_ = os.Remove(h.uimap)
	h.app = h.d.command(h.ctx, program, args...)
	h.app.Env = append(h.app.Env, "FIELDKIT_UIMAP="+h.uimap)
	log, err := os.Create(filepath.Join(h.d.dir, "program.log"))
	if err != nil {
		return err
	}
	h.app.Stderr = log
	if err := h.app.Start(); err != nil {
		return err
	}
	h.ended = make(chan error, 1)
	go func() { h.ended <- h.app.Wait() }()
	return nil
}

// look reads the map once.
func (h *hands) look() (window, error) {
	raw, err := os.ReadFile(h.uimap)
	if err != nil {
		return window{}, err
	}
	var w window
	return w, json.Unmarshal(raw, &w)
}

// until waits for the window to be as wanted.
func (h *hands) until(what string, ok func(window) bool) (window, error) {
	end := time.Now().Add(patience)
	var last window
	for time.Now().Before(end) {
		select {
		case err := <-h.ended:
			return last, fmt.Errorf("the program ended while waiting for %s: %w", what, err)
		default:
		}
		if w, err := h.look(); err == nil {
			last = w
			if !w.Busy && ok(w) {
				return w, nil
			}
		}
		time.Sleep(30 * time.Millisecond)
	}
	return last, fmt.Errorf("waited in vain for %s; the page is %q, the keyboard is at %q, the message is %q, named are: %s",
		what, last.Page, last.focused(), last.Told, last.names())
}

func (h *hands) page(name string) error {
	_, err := h.until("the page "+name, func(w window) bool { return w.Page == name })
	if err == nil {
		h.log("page %s", name)
	}
	return err
}

// settle waits until the program has looked round several times since: then the
// last stroke has been taken, however slow the machine.
func (h *hands) settle() {
	const rounds = 4
	begun := -1
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		w, err := h.look()
		switch {
		case err != nil:
		case begun < 0:
			begun = w.Tick
		case w.Tick >= begun+rounds && !w.Busy:
			return
		}
	}
}

func (h *hands) xdotool(args ...string) error {
	out, err := h.d.command(h.ctx, "xdotool", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("xdotool %s: %w %s", args[0], err, out)
	}
	return nil
}

// key strikes keys by their X names: Return, F4, ctrl+s.
func (h *hands) key(names ...string) error {
	err := h.xdotool(append([]string{"key", "--delay", "60", "--clearmodifiers"}, names...)...)
	h.settle()
	return err
}

// accents are the letters of Spanish that the keyboard makes with two strokes
// or has no ASCII for; xdotool would change the keyboard for them and lose some.
var accents = map[rune][]string{'á': {"dead_acute", "a"}, 'é': {"dead_acute", "e"}, 'í': {"dead_acute", "i"}, 'ó': {"dead_acute", "o"},
	'ú': {"dead_acute", "u"}, 'ñ': {"ntilde"}, 'Ñ': {"Ntilde"}}

// write types text.
func (h *hands) write(s string) error {
	plain := ""
	flush := func() error {
		if plain == "" {
			return nil
		}
		err := h.xdotool("type", "--delay", "60", "--", plain)
		plain = ""
		return err
	}
	for _, r := range s {
		keys, accented := accents[r]
		if !accented {
			plain += string(r)
			continue
		}
		if err := first(flush(), h.xdotool(append([]string{"key", "--delay", "60"}, keys...)...)); err != nil {
			return err
		}
	}
	err := flush()
	h.settle()
	return err
}

// click presses a named thing in its middle, scrolling to it by the wheel when
// it lies outside the page's window.
func (h *hands) click(name string) error {
	for range 30 {
		w, err := h.until(name, func(w window) bool { _, ok := w.find(name); return ok })
		if err != nil {
			return err
		}
		p, _ := w.find(name)
		x, y := (p.X+p.Width/2)*w.Scale, (p.Y+p.Height/2)*w.Scale
		if page, ok := w.find("page"); ok && inPage(name) {
			middle := (page.Y + page.Height/2) * w.Scale
			at := []string{"mousemove", num(page.Width / 2 * w.Scale), num(middle)}
			switch {
			case p.Y+p.Height/2 < page.Y+4:
				if err := h.xdotool(append(at, "click", "4")...); err != nil {
					return err
				}
				h.settle()
				continue
			case p.Y+p.Height/2 > page.Y+page.Height-4:
				if err := h.xdotool(append(at, "click", "5")...); err != nil {
					return err
				}
				h.settle()
				continue
			}
		}
		if err := h.xdotool("mousemove", num(x), num(y), "click", "1"); err != nil {
			return err
		}
		h.settle()
		return nil
	}
	return fmt.Errorf("%s could not be scrolled into view", name)
}

// signed writes something like a name on a pad, with the button held down.
func (h *hands) signed(name string) error {
	if err := h.click(name); err != nil { // brings it into view; a tap is no signature
		return err
	}
	w, err := h.look()
	if err != nil {
		return err
	}
	p, _ := w.find(name)
	at := func(x, y float32) []string {
		return []string{"mousemove", num((p.X + p.Width*x) * w.Scale), num((p.Y + p.Height*y) * w.Scale)}
	}
	steps := append(at(0.15, 0.6), "mousedown", "1")
	for i := range 60 {
		t := float64(i) / 60
		steps = append(steps, at(float32(0.15+0.6*t+0.03*math.Sin(t*40)), float32(0.5-0.3*math.Sin(t*31)*math.Cos(t*9)))...)
		steps = append(steps, "sleep", "0.008")
	}
	err = h.xdotool(append(steps, "mouseup", "1")...)
	h.settle()
	return err
}

// inPage tells whether a thing scrolls with the page; the bars do not.
func inPage(name string) bool {
	for _, part := range []string{"q:", "file:", "absent:", "home.", "sign.", "list.", "consent:", "service.", "settings.", "change:", "enrol.p", "enrol.s", "enrol.c", "enrol.o", "enrol.k", "pick."} {
		if strings.HasPrefix(name, part) && name != "pick.take" {
			return true
		}
	}
	return false
}

func num(f float32) string { return strconv.Itoa(int(f + 0.5)) }

// shoot keeps a picture of the screen, numbered in the order of the walk.
func (h *hands) shoot(name string) (string, error) {
	h.settle()
	h.shot++
	path := filepath.Join(h.pictures, fmt.Sprintf("%02d-%s.png", h.shot, name))
	return path, h.d.picture(h.ctx, path)
}

// quit closes the window and waits for the program to end well.
func (h *hands) quit() error {
	for since := time.Now(); time.Since(since) < patience; {
		if err := h.xdotool("key", "--clearmodifiers", "alt+F4"); err != nil {
			return err
		}
		select {
		case err := <-h.ended:
			return err
		case <-time.After(5 * time.Second): // a window manager may lose a key
		}
	}
	_ = h.app.Process.Kill()
	return fmt.Errorf("the program did not end after its window was closed")
}
