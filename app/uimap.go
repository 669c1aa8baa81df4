//go:build uimap

package main

import (
	"encoding/json"
	"os"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/screen"
)

// watched is what the test reads: which page is shown, where the named things
// stand in pixels of the window, what the hands have cost so far.
type watched struct {
	Tick   int            `json:"tick"` // grows with every look, so that a reader knows that its stroke was taken
	Page   string         `json:"page"`
	Busy   bool           `json:"busy"`
	Told   string         `json:"told"`
	Keys   int            `json:"keys"`
	Taps   int            `json:"taps"`
	Scale  float32        `json:"scale"`
	Width  float32        `json:"width"`
	Height float32        `json:"height"`
	Places []screen.Place `json:"places"`
}

// watch writes the map of named widgets to the file that FIELDKIT_UIMAP names,
// again and again. It is built in only with the tag uimap, for the test of the
// real window: nothing in a Fyne window has a name for the system. The map
// holds names of questions and options, never an answer.
func watch(s *screen.Shell, w fyne.Window, q *queue) {
	path := os.Getenv("FIELDKIT_UIMAP")
	if path == "" {
		return
	}
	go func() {
		var now watched
		for range time.Tick(40 * time.Millisecond) {
			now.Tick++
			looked := make(chan struct{})
			if !q.offer(func() {
				defer close(looked)
				now.Page, now.Places = s.Places()
				now.Busy, now.Told = s.Busy(), s.Told()
				now.Keys, now.Taps = s.Strokes()
				now.Scale = w.Canvas().Scale()
				size := w.Canvas().Size()
				now.Width, now.Height = size.Width, size.Height
			}) {
				return
			}
			<-looked // never, where the window closes first: then the program ends
			raw, err := json.Marshal(now)
			if err != nil {
				continue
			}
			if os.WriteFile(path+".new", raw, 0o600) == nil {
				_ = os.Rename(path+".new", path)
			}
		}
	}()
}
