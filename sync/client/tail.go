package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/protocol"
)

// question is a sync call: what it asked and, in the end, what was answered.
type question struct {
	pending []protocol.Item
	request *protocol.SyncRequest
	rest    bool // more files wait than one call may name
	answer  *protocol.SyncAnswer
}

// The sync call that follows a round of uploads leaves right behind the last
// byte of the last one, without waiting for its answer: that saves its round
// trip. It does more on a link that loses: a lost end of the upload is found by
// what arrives behind it, in one round trip, and not by a timer in several.

// mayAsk tells whether everything of this round is on its way to its end.
func (s *sending) mayAsk() bool {
	if s.asked || len(s.flying) == 0 || len(s.flying) >= underWay || s.answered() || !s.whole() {
		return false
	}
	return !slices.ContainsFunc(s.uploads, func(u *upload) bool { return !u.flying || !u.ends })
}

// ask sends the sync call behind the uploads.
func (s *sending) ask(ctx context.Context) error {
	s.asked = true
	pending, err := s.pass.local.Pending(ctx)
	if err != nil {
		return err
	}
	q := &question{pending: pending}
	if q.request, q.rest, err = s.pass.request(ctx, pending); err != nil {
		return err
	}
	body, err := protocol.Marshal(q.request)
	if err != nil || len(body) > protocol.MaxMessage {
		return err // too long: it is asked in its turn, and refused there
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.pass.wire.base+protocol.PathSync, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Content-Type", protocol.MediaCBOR)
	s.flying = append(s.flying, flight{question: q, call: s.pass.wire.road.start(r, watchOptions{})})
	return nil
}

// heard takes in the answer to the sync call. It counts only when all uploads
// had come to their end before: an older word must not replace a newer one. If
// it does not count the call is made again in its turn.
func (s *sending) heard(q *question, got reply) {
	if got.err != nil || len(s.uploads) > 0 || protocol.ReadProblem(got.response) != nil {
		return
	}
	b, err := io.ReadAll(got.response.Body) // it is in memory
	var a protocol.SyncAnswer
	if err == nil && protocol.Unmarshal(b, &a) == nil {
		q.answer = &a
		s.pass.early = q
	}
}

// ask makes one sync call, or takes the one that followed the uploads, and keeps
// what it brought. rest tells that more files wait than one call may name.
func (p *pass) ask(ctx context.Context, pending []protocol.Item, seconds uint8) (*protocol.SyncAnswer, bool, error) {
	if q := p.early; q != nil {
		p.early = nil
		p.first = false
		if err := p.keep(ctx, q.pending, q.request, q.answer); err != nil {
			return q.answer, q.rest, err
		}
		return q.answer, q.rest, p.heard(ctx, q.request)
	}
	step := Asking
	if seconds > 0 {
		step = Waiting
	}
	p.tell(step)
	r, rest, err := p.request(ctx, pending)
	if err != nil {
		return nil, false, err
	}
	r.Wait = seconds
	var a protocol.SyncAnswer
	begun := p.config.Clock()
	err = p.wire.call(ctx, http.MethodPost, protocol.PathSync, r, &a, time.Duration(seconds)*time.Second, func() { p.tell(Retrying) })
	if err != nil {
		return nil, false, err
	}
	p.first = false
	p.pace(p.config.Clock().Sub(begun), &a)
	if err := p.keep(ctx, pending, r, &a); err != nil {
		return &a, rest, err
	}
	return &a, rest, p.heard(ctx, r)
}
