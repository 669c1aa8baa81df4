//go:build window

package main

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
)

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
		if err := first(h.click("file:"+path), h.page("pick")); err != nil {
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
