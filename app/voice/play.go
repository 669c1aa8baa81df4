package voice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/askonce/fieldkit/sync/civic"
)

// A player brings samples from its standard input to the loudspeaker and ends
// when they have been heard.
type player struct {
	name string
	args func(rate, channels string) []string
}

// players are those that are tried, in the order of who is nearest to what runs
// on a desktop.
func players() []player {
	return []player{
		{"pacat", func(rate, channels string) []string {
			return []string{"--playback", "--raw", "--format=s16le", "--rate=" + rate, "--channels=" + channels, "--latency-msec=100", "--client-name=fieldkit", "--stream-name=fieldkit"}
		}},
		{"pw-cat", func(rate, channels string) []string {
			return []string{"--playback", "--raw", "--format=s16", "--rate=" + rate, "--channels=" + channels, "-"}
		}},
		{"aplay", func(rate, channels string) []string {
			return []string{"-q", "-t", "raw", "-f", "S16_LE", "-r", rate, "-c", channels, "-"}
		}},
	}
}

// play returns nil when a sound has gone to its end. A player that fails, takes
// less than the whole or is done in less than half the time has played nothing
// that anybody heard; the next one is tried.
func (v *Voice) play(ctx context.Context, s sound) error {
	v.mu.Lock()
	last := v.player
	v.mu.Unlock()
	all := players()
	if i := slices.IndexFunc(all, func(p player) bool { return p.name == last }); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	cause := errors.New("there is no player")
	for _, p := range all {
		path, err := v.o.Find(p.name)
		if err != nil {
			continue
		}
		if cause = v.through(ctx, path, p, s); cause == nil {
			v.mu.Lock()
			v.player = p.name
			v.mu.Unlock()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return civic.NewProblem(civic.VoiceSilent, cause)
}

func (v *Voice) through(ctx context.Context, path string, p player, s sound) error {
	left := bytes.NewReader(s.pcm)
	began := v.o.Clock()
	if _, err := run(ctx, path, p.args(strconv.Itoa(s.rate), strconv.Itoa(s.channels)), taken{left}, 0, s.duration()+v.o.Patience); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if n := left.Len(); n > 0 {
		return fmt.Errorf("%s left %d bytes of sound", p.name, n)
	}
	if took := v.o.Clock().Sub(began); took < s.duration()/2 {
		return fmt.Errorf("%s was done in %v with a sound of %v", p.name, took, s.duration())
	}
	return nil
}
