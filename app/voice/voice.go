package voice

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// ErrStopped tells that a reading was broken off before its end.
var ErrStopped = errors.New("the reading was broken off")

// Pace says how quickly words are read.
type Pace string

// The paces. Recordings have their own.
const (
	Slow   Pace = "slow"
	Normal Pace = "normal"
	Fast   Pace = "fast"
)

// Paces lists them, the slowest first.
func Paces() []Pace { return []Pace{Slow, Normal, Fast} }

// wordsPerMinute is what espeak-ng is told; it takes 175 for itself, which is
// quick for who hears a legal text once.
func (p Pace) wordsPerMinute() int {
	switch p {
	case Slow:
		return 115
	case Fast:
		return 175
	}
	return 145
}

// Piece is a part of a reading, such as the words of one label.
type Piece struct {
	Text string
	// Recorded is a recording of the text that came with a form; a kind that
	// cannot be played is passed over for the text.
	Recorded []byte
}

// Options are what a voice needs.
type Options struct {
	// Clock is looked at before and after a sound. Required.
	Clock func() time.Time
	// Find gives the path of a program; nil is exec.LookPath.
	Find func(name string) (string, error)
	// Patience is how long a program may take longer than it should; 0 is 30 s.
	Patience time.Duration
}

// Voice speaks. It may be used from several goroutines; who begins to speak
// silences who spoke before.
type Voice struct {
	o Options

	mu       sync.Mutex
	speaking *speaking
	voices   map[string]string // by language, once they are known
	player   string            // that was heard last
}

// speaking is a reading under way.
type speaking struct {
	cancel context.CancelFunc
	over   chan struct{}
}

// New makes a voice. It looks for no program before it is to speak.
func New(o Options) *Voice {
	if o.Find == nil {
		o.Find = exec.LookPath
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	return &Voice{o: o}
}

// Say reads pieces in a language (BCP 47) and returns when the last was heard.
// at, which may be nil, hears before each piece which one it is.
func (v *Voice) Say(ctx context.Context, language string, pace Pace, pieces []Piece, at func(piece int)) error {
	ctx, done, err := v.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	for i, p := range pieces {
		if ctx.Err() != nil {
			return ErrStopped
		}
		if at != nil {
			at(i)
		}
		if err := v.piece(ctx, language, pace, p); err != nil {
			if ctx.Err() != nil {
				return ErrStopped
			}
			return err
		}
	}
	if ctx.Err() != nil {
		return ErrStopped
	}
	return nil
}

// piece plays what was recorded, else reads the words.
func (v *Voice) piece(ctx context.Context, language string, pace Pace, p Piece) error {
	if len(p.Recorded) > 0 {
		if s, err := v.recorded(ctx, p.Recorded); err == nil {
			return v.play(ctx, s)
		}
	}
	if len(p.Recorded) > 0 && p.Text == "" {
		return civic.NewProblem(civic.VoiceBroken, errors.New("a recording of a kind that cannot be played"))
	}
	if len(p.Text) > maxWords {
		return civic.NewProblem(civic.VoiceBroken, errTooMuch)
	}
	for _, words := range portions(plain(p.Text)) {
		s, err := v.synthesize(ctx, language, pace, words)
		if err != nil {
			return err
		}
		if err := v.play(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// begin silences who speaks and takes the turn.
func (v *Voice) begin(ctx context.Context) (context.Context, func(), error) {
	for {
		if ctx.Err() != nil {
			return nil, nil, ErrStopped
		}
		v.mu.Lock()
		before := v.speaking
		if before == nil {
			own, cancel := context.WithCancel(ctx)
			mine := &speaking{cancel, make(chan struct{})}
			v.speaking = mine
			v.mu.Unlock()
			return own, func() {
				cancel()
				v.mu.Lock()
				v.speaking = nil
				v.mu.Unlock()
				close(mine.over)
			}, nil
		}
		v.mu.Unlock()
		before.cancel()
		select {
		case <-before.over:
		case <-ctx.Done():
		}
	}
}

// stopsWithin bounds how long Stop waits for programs that it has killed: a
// driver that hangs in the system must not hang the window.
const stopsWithin = 3 * time.Second

// Stop breaks off what is being read. When it returns, it is silent.
func (v *Voice) Stop() {
	v.mu.Lock()
	now := v.speaking
	v.mu.Unlock()
	if now == nil {
		return
	}
	now.cancel()
	t := time.NewTimer(stopsWithin)
	defer t.Stop()
	select {
	case <-now.over:
	case <-t.C:
	}
}
