package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// send uploads files in their order, each beginning when the one before it has
// left, not when it was answered. Files that were refused for themselves do not
// stop the others; the first such refusal is told at the end of the pass.
func (p *pass) send(ctx context.Context, items []protocol.Item) error {
	if len(items) == 0 {
		return nil
	}
	p.plan(items)
	s := &sending{pass: p}
	for _, u := range p.bring(items) {
		s.uploads = append(s.uploads, u)
		p.mine[u.item.Digest] = u.item.Kind == protocol.ItemBatch
	}
	return s.run(ctx)
}

// bring makes an upload of each file. A day key that was never sent travels in
// the creation of the first batch under it, which saves a round trip.
func (p *pass) bring(items []protocol.Item) []*upload {
	var (
		uploads []*upload
		along   = map[civic.Digest]*protocol.Item{}
	)
	for i, item := range items {
		if item.Kind == protocol.ItemKey && !item.Sent && item.Size <= protocol.MaxKeyAlong {
			with := slices.IndexFunc(items[i:], func(f protocol.Item) bool {
				return f.Kind == protocol.ItemBatch && f.Key == item.Key && !f.Sent
			})
			if with >= 0 && along[items[i+with].Digest] == nil {
				along[items[i+with].Digest] = &item
				continue
			}
		}
		u := &upload{pass: p, item: item, along: along[item.Digest], offset: unknown}
		if !item.Sent {
			u.offset, u.fresh = 0, true
		}
		uploads = append(uploads, u)
	}
	return uploads
}

// sending is one round of uploads on one connection.
type sending struct {
	pass    *pass
	uploads []*upload // in their order, those that ended left out
	flying  []flight  // begun and not answered, in the order of their answers
	fails   int       // in a row, with nothing gained
	rest    int       // refusals that pass by themselves, since the last pause
	asked   bool      // the sync call followed, or tried to
	gained  int64     // bytes the centre has, of all uploads, when fails was last 0
}

// flight is one request of an upload, or the sync call behind them all.
type flight struct {
	*upload
	question *question // nil as a rule
	call     *call
}

func (s *sending) run(ctx context.Context) error {
	for {
		u := s.next()
		switch {
		case u == nil && len(s.flying) == 0 && len(s.uploads) == 0:
			return nil
		case u != nil && len(s.flying) < underWay && !s.answered() && s.whole():
			if err := s.start(ctx, u); err != nil {
				return err
			}
		case u == nil && s.mayAsk():
			if err := s.ask(ctx); err != nil {
				return err
			}
		case len(s.flying) > 0:
			if err := s.land(ctx); err != nil {
				return err
			}
		}
	}
}

// next is the upload whose turn it is. Registrations wait for nothing: while one
// of them asks how far it came, nobody else sends.
func (s *sending) next() *upload {
	for _, u := range s.uploads {
		switch {
		case !u.flying:
			return u
		case u.offset == unknown && u.item.Kind != protocol.ItemAttachment:
			return nil
		}
	}
	return nil
}

// answered tells whether the oldest answer is there.
func (s *sending) answered() bool { return len(s.flying) > 0 && len(s.flying[0].call.answer) > 0 }

// whole tells whether everything under way is on a connection that lives. What
// was on a dead one is settled before another is opened.
func (s *sending) whole() bool {
	return len(s.flying) == 0 || !s.flying[len(s.flying)-1].call.broken && s.pass.wire.road.stands()
}

func (s *sending) start(ctx context.Context, u *upload) error {
	if u.file == nil {
		if err := u.load(ctx); err != nil {
			return s.refuse(u, err)
		}
	}
	c, err := u.request(ctx)
	if err != nil {
		return err
	}
	u.flying = true
	s.flying = append(s.flying, flight{upload: u, call: c})
	return nil
}

// land takes in the oldest answer.
func (s *sending) land(ctx context.Context) error {
	f := s.flying[0]
	s.flying = s.flying[1:]
	got := <-f.call.answer
	if f.question != nil {
		s.heard(f.question, got)
		return nil
	}
	f.flying = false
	if got.err != nil {
		return s.cut(ctx, f, problemOf(ctx, got.err))
	}
	done, asked, err := f.answered(ctx, got.response)
	switch {
	case done:
		s.drop(f.upload)
		s.pass.arrive(f.upload)
		return nil
	case err == nil:
		return s.idle(ctx)
	case passes(err) || civic.CodeOf(err) == civic.UploadChecksum:
		return s.again(ctx, err, asked)
	}
	return s.refuse(f.upload, err)
}

// cut is the end of a connection: nobody knows what arrived of what was on it.
func (s *sending) cut(ctx context.Context, f flight, err error) error {
	f.lost()
	for _, other := range s.flying {
		got := <-other.call.answer
		if other.question != nil {
			continue
		}
		other.flying = false
		if got.err != nil {
			other.lost()
			continue
		}
		// It came before the end and counts.
		if done, _, _ := other.answered(ctx, got.response); done {
			s.drop(other.upload)
			s.pass.arrive(other.upload)
		}
	}
	s.flying = nil
	if !passes(err) {
		return err
	}
	return s.again(ctx, err, 0)
}

// again pauses before another try, or gives up when patience is at its end.
func (s *sending) again(ctx context.Context, err error, asked time.Duration) error {
	if total := s.total(); total > s.gained {
		s.gained, s.rest, s.fails = total, 0, 0
	}
	if s.fails++; s.fails >= s.pass.wire.tuning.Patience {
		return err
	}
	s.pass.tell(Retrying)
	return pause(ctx, s.pass.wire.backoff(s.fails-1, asked))
}

// idle guards against answers that come and come while nothing moves.
func (s *sending) idle(ctx context.Context) error {
	if total := s.total(); total > s.gained {
		s.gained, s.rest, s.fails = total, 0, 0
		return nil
	}
	if s.rest++; s.rest > 3*s.pass.wire.tuning.Patience+2*underWay {
		return civic.NewProblem(civic.ServerBusy, errors.New("uploads do not move"))
	}
	if ctx.Err() != nil {
		return civic.NewProblem(civic.Stopped, context.Cause(ctx))
	}
	return nil
}

// total is how many bytes the centre is known to have of this round's files.
func (s *sending) total() int64 {
	total := s.pass.ended
	for _, u := range s.uploads {
		total += u.best
	}
	return total
}

// refuse ends an upload, and the whole sending when the refusal is not the
// file's own.
func (s *sending) refuse(u *upload, err error) error {
	if !own(err) {
		return err
	}
	s.drop(u)
	s.pass.refused = errors.Join(s.pass.refused, err)
	return nil
}

func (s *sending) drop(u *upload) {
	s.uploads = slices.DeleteFunc(s.uploads, func(o *upload) bool { return o == u })
	s.pass.ended += u.best
}

// own tells whether a refusal concerns one file only.
func own(err error) bool {
	switch civic.CodeOf(err) {
	case civic.UploadTooLarge, civic.UploadChecksum, civic.FileUnreadable, civic.RowDamaged:
		return true
	}
	return false
}

// arrive notes a file that is there whole.
func (p *pass) arrive(u *upload) {
	p.result.Sent++
	p.meter.arrived(u.item, u.counted)
	if u.along != nil {
		p.result.Sent++
		p.meter.arrived(*u.along, 0)
	}
}
