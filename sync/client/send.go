package client

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// line is the right to send: one upload's bytes leave at a time, so that a cut
// destroys one buffer and files arrive in their order. The next upload begins
// when the last one's final byte has left, not when its answer has come.
type line chan struct{}

// underWay is how many uploads may be begun and not ended: one that sends, one
// that waits for its answer, and those a cut has interrupted, which ask how far
// they came while the next one sends.
const underWay = 4

func newLine() line { return make(line, 1) }

func (l line) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return civic.NewProblem(civic.Stopped, context.Cause(ctx))
	}
}

// send uploads files in their order. Files that were refused for themselves do
// not stop the others; the first such refusal is returned at the end.
func (p *pass) send(ctx context.Context, items []protocol.Item) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.plan(items)
	items, along := p.bring(items)
	overlap := 1
	if len(items) > conns {
		overlap = underWay
	}
	var (
		free    = make(chan struct{}, overlap)
		line    = newLine()
		all     sync.WaitGroup
		mu      sync.Mutex
		fatal   error
		refused error
	)
	for _, item := range items {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || line.take(ctx) != nil {
			break
		}
		p.mine[item.Digest] = item.Kind == protocol.ItemBatch
		all.Go(func() {
			err := p.upload(ctx, item, along[item.Digest], line)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				p.result.Sent++
				if key := along[item.Digest]; key != nil {
					p.result.Sent++
					p.arrived(*key, 0)
				}
			case own(err):
				refused = errors.Join(refused, err)
			case fatal == nil:
				fatal = err
				cancel()
			}
			<-free
		})
	}
	all.Wait()
	mu.Lock()
	defer mu.Unlock()
	p.refused = errors.Join(p.refused, refused)
	if fatal == nil && ctx.Err() != nil {
		return civic.NewProblem(civic.Stopped, context.Cause(ctx))
	}
	return fatal
}

// bring lets a day key that was never sent travel in the creation of the first
// file under it, which saves a round trip. It returns the files left to send,
// and the key that goes along with each.
func (p *pass) bring(items []protocol.Item) ([]protocol.Item, map[civic.Digest]*protocol.Item) {
	along := map[civic.Digest]*protocol.Item{}
	var left []protocol.Item
	for i, key := range items {
		if key.Kind == protocol.ItemKey && !key.Sent && key.Size <= protocol.MaxKeyAlong {
			with := slices.IndexFunc(items[i:], func(f protocol.Item) bool { return f.Kind == protocol.ItemBatch && f.Key == key.Key && !f.Sent })
			if with >= 0 && along[items[i+with].Digest] == nil {
				along[items[i+with].Digest] = &key
				continue
			}
		}
		left = append(left, key)
	}
	return left, along
}

// own tells whether a refusal concerns one file only.
func own(err error) bool {
	switch civic.CodeOf(err) {
	case civic.UploadTooLarge, civic.UploadChecksum, civic.FileUnreadable, civic.RowDamaged:
		return true
	}
	return false
}

// upload brings one file to the centre. It holds the line when called and has
// given it back when it returns.
func (p *pass) upload(ctx context.Context, item protocol.Item, along *protocol.Item, l line) error {
	u := &upload{pass: p, item: item, along: along, line: l, holds: true, offset: -1}
	defer u.release()
	file, err := p.local.Read(ctx, item.Digest)
	if err != nil {
		return err
	}
	if protocol.NameOf(file) != item.Digest {
		return civic.NewProblem(civic.RowDamaged, errors.New("a waiting file has other bytes than its name says"))
	}
	u.file = file
	if !item.Sent {
		u.offset, u.fresh = 0, true
	}
	for fails, idle := 0, 0; ; idle++ {
		before := u.best
		if idle > 3*p.wire.tuning.Patience { // answers came, and nothing moved
			return civic.NewProblem(civic.ServerBusy, errors.New("an upload does not move"))
		}
		done, asked, err := u.step(ctx)
		if done {
			p.arrived(item, u.count(int64(len(file))))
			return nil
		}
		if u.best > before {
			fails, idle = 0, 0
		}
		if err == nil {
			continue
		}
		if !passes(err) && civic.CodeOf(err) != civic.UploadChecksum {
			return err
		}
		if fails++; fails >= p.wire.tuning.Patience {
			return err
		}
		p.tell(Retrying)
		if err := pause(ctx, p.wire.backoff(fails-1, asked)); err != nil {
			return err
		}
	}
}

// upload is the state of one file on its way.
type upload struct {
	pass    *pass
	item    protocol.Item
	along   *protocol.Item // the day key that travels in the creation; nil as a rule
	file    []byte
	line    line
	mu      sync.Mutex // over holds and counted
	holds   bool
	fresh   bool  // not created at the centre as far as we know
	began   bool  // the kit's memory knows that it may be there
	left    int64 // bytes that left in this request
	tried   int64 // bytes that left in a request whose end is not known
	offset  int64 // what the centre has; -1 when only the centre knows
	best    int64 // the farthest offset seen
	counted int64 // bytes told to progress
}

func (u *upload) take(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holds {
		return nil
	}
	if err := u.line.take(ctx); err != nil {
		return err
	}
	u.holds = true
	return nil
}

func (u *upload) release() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holds {
		u.holds = false
		<-u.line
	}
}
