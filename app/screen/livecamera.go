package screen

import (
	"context"
	"image"
	"time"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// hintAfter is after how many pictures without a code the page says what may
// help: some four seconds.
const hintAfter = 40

// mostBroken is how many pictures one after another may be unreadable.
const mostBroken = 20

// begin opens the camera that was chosen, else the first.
func (p *livePage) begin() {
	s := p.s
	if s.c.Camera == nil {
		p.fail(p.run, civic.NewProblem(civic.CameraAbsent, nil))
		return
	}
	ctx, stop := context.WithCancel(s.ctx)
	p.run++
	p.stop, p.seen, p.other = stop, 0, ""
	s.live = p
	run := p.run
	s.c.Work(func() {
		defer stop()
		err := p.watch(ctx, run)
		if ctx.Err() == nil {
			s.c.Do(func() { p.fail(run, err) })
		}
	})
}

// watch reads the camera that was chosen; one that is gone is replaced by the
// first that is there.
func (p *livePage) watch(ctx context.Context, run int) error {
	s := p.s
	look := s.look()
	all, listErr := s.c.Camera.List(ctx)
	try := all[:min(len(all), 1)]
	if look.Camera != "" {
		chosen, err := camera.ParseSource(look.Camera)
		if err != nil {
			return err
		}
		if len(try) > 0 && try[0].String() == chosen.String() {
			try = nil
		}
		try = append([]camera.Source{chosen}, try...)
	}
	if len(try) == 0 {
		return listErr
	}
	var err error
	for _, source := range try {
		s.c.Do(func() { p.opened(run, all, source) })
		if err = p.read(ctx, run, source, camera.Turn(look.Turns[source.String()])); civic.CodeOf(err) != civic.CameraAbsent {
			break
		}
	}
	return err
}

// opened notes what is read, and offers the others.
func (p *livePage) opened(run int, all []camera.Source, source camera.Source) {
	if run != p.run {
		return
	}
	had := len(p.sources)
	p.sources, p.source = all, source
	if had != len(all) && p.s.isCurrent(p) {
		p.s.rebuild()
	}
}

// read shows one picture after another, and looks for a code in it. It rests as
// long as it has worked, so that a cheap tablet stays quick and cool.
func (p *livePage) read(ctx context.Context, run int, source camera.Source, turn camera.Turn) error {
	s := p.s
	stream := s.c.Camera.Open(ctx, source, turn)
	defer stream.Close()
	broken := 0
	for {
		frame, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		begun := s.c.Clock()
		m, err := frame.Picture()
		if err != nil {
			if broken++; broken > mostBroken {
				return civic.NewProblem(civic.CameraStopped, err)
			}
			continue
		}
		broken = 0
		text := ""
		if p.code != nil {
			text, _ = receipt.ReadFrame(m)
		}
		shown := make(chan struct{})
		s.c.Do(func() {
			defer close(shown)
			p.saw(run, frame, m, text)
		})
		select {
		case <-shown:
		case <-ctx.Done():
			return ctx.Err()
		}
		rest := time.NewTimer(s.c.Clock().Sub(begun))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

// saw shows a picture and goes on with a code that was read.
func (p *livePage) saw(run int, frame camera.Frame, m image.Image, text string) {
	if run != p.run {
		clear(frame)
		return
	}
	clear(p.newest)
	p.newest = frame
	p.seen++
	p.picture.Put(m)
	if p.s.isCurrent(p) {
		p.s.mark("camera.live", p.picture)
	}
	if text != "" && text != p.other {
		if p.code(text) {
			p.end()
			return
		}
		p.other = text
	}
	switch {
	case text != "":
		p.otherAt = p.seen
	case p.seen-p.otherAt > hintAfter:
		p.other = "" // it is gone, and what was said of it
	}
	p.tell()
}

// end puts the camera off at once and forgets what it saw.
func (p *livePage) end() {
	p.run++
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
	clear(p.newest)
	p.newest = nil
	if p.picture != nil && p.taken == nil {
		p.picture.Put(nil)
	}
}

// leave ends the page for good.
func (p *livePage) leave() {
	p.end()
	clear(p.taken)
	p.taken = nil
}

func (p *livePage) fail(run int, err error) {
	if run != p.run {
		return
	}
	p.end()
	if p.err = err; p.s.isCurrent(p) {
		p.s.rebuild()
	}
}
