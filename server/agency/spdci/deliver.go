package spdci

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
)

const (
	// An answer is tried for two days: a night, a holiday, a move to another house.
	maxTries = 20
	tryAgain = 5 * time.Second // doubled each time
	maxPause = 6 * time.Hour
	// hands is how many agencies are answered side by side, so that one that hangs
	// keeps no other waiting.
	hands = 8
	lease = time.Minute // how long one process has a job to itself
	// keptFor is how long a status can be asked for once all is said, and forgets
	// how many jobs one transaction drops.
	keptFor = 30 * 24 * time.Hour
	forgets = 500
)

// Run sends what goes out later until the context ends.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		n, err := s.Work(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.Logger.Error("answers to agencies cannot be sent", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Sweep gives up what an agency that rests left waiting for a month, each answer's
// tries or not, and drops the jobs that ended a month ago; call it now and then.
func (s *Server) Sweep(ctx context.Context) error {
	now := s.Clock().Unix()
	before := s.Clock().Add(-keptFor).Unix()
	return errors.Join(
		s.sweep(ctx, "UPDATE agency_job SET state = 3, status = 'rjct', done_at = ?3 WHERE job IN (SELECT job FROM agency_job WHERE state = 1 AND made_at < ?1 LIMIT ?2)", before, forgets, now),
		s.sweep(ctx, "DELETE FROM agency_job WHERE job IN (SELECT job FROM agency_job WHERE state <> 1 AND done_at < ?1 LIMIT ?2)", before, forgets),
	)
}

// sweep runs a statement that takes a few jobs until it finds none.
func (s *Server) sweep(ctx context.Context, query string, args ...any) error {
	for {
		n := int64(0)
		err := s.DB.Update(ctx, func(tx ledger.Tx) (err error) {
			n, err = tx.Exec(ctx, query, args...)
			return err
		})
		if err != nil || n < forgets {
			return err
		}
	}
}

type due struct {
	number   []byte
	agency   agreement.AgencyID
	api      kind
	action   string
	callback string
	body     []byte
	tries    int64
	next     int64
}

// round is how many jobs of an agency are taken up at once.
const round = 16

// Work sends what is due now and tells how many were taken up.
func (s *Server) Work(ctx context.Context) (int, error) {
	var who []agreement.AgencyID
	now := s.Clock()
	err := s.DB.View(ctx, func(tx ledger.Tx) error {
		who = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var id string
			var first int64
			err := r.Scan(&id, &first)
			who = append(who, agreement.AgencyID(id))
			return err
		}, "SELECT agency, min(next_at) FROM agency_job WHERE state = 1 AND next_at <= ?1 GROUP BY agency ORDER BY 2, 1", now.Unix())
	})
	who = slices.DeleteFunc(who, func(id agreement.AgencyID) bool { return s.rests.resting(id, now) })
	if err != nil || len(who) == 0 {
		return 0, err
	}
	var n atomic.Int64
	errs := make([]error, len(who))
	var wait sync.WaitGroup
	free := make(chan struct{}, hands)
	for i, id := range who {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			var sent int
			sent, errs[i] = s.workFor(ctx, id, now.Unix())
			n.Add(int64(sent))
		})
	}
	wait.Wait()
	return int(n.Load()), errors.Join(errs...)
}

// workFor sends what is due to one agency, until it takes nothing.
func (s *Server) workFor(ctx context.Context, who agreement.AgencyID, now int64) (n int, err error) {
	var list []due
	err = s.DB.View(ctx, func(tx ledger.Tx) error {
		list = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			d := due{agency: who}
			var api string
			err := r.Scan(&d.number, &api, &d.action, &d.callback, &d.body, &d.tries, &d.next)
			d.api = kind(api)
			list = append(list, d)
			return err
		}, "SELECT job, api, kind, callback, body, tries, next_at FROM agency_job WHERE agency = ?1 AND state = 1 AND next_at <= ?2 ORDER BY next_at, job LIMIT ?3", string(who), now, round)
	})
	for _, d := range list {
		if err != nil || s.rests.resting(who, s.Clock()) {
			return n, err
		}
		err = s.deliver(ctx, d)
		n++
	}
	return n, err
}

// deliver works an answer out, writes its rows, then sends it. What is decided
// is what holds at this moment, each time it is tried.
func (s *Server) deliver(ctx context.Context, d due) error {
	a := api{s, d.api}
	var e agency.Envelope
	var to string
	var nothing bool
	err := s.Update(ctx, d.agency, func(tx ledger.Tx) error {
		nothing = false
		// Whoever moves the job on has it.
		n, err := tx.Exec(ctx, "UPDATE agency_job SET next_at = ?3, tries = tries + 1 WHERE job = ?1 AND next_at = ?2 AND state = 1",
			d.number, d.next, s.Clock().Add(lease).Unix())
		if err != nil || n == 0 {
			nothing = true
			return err
		}
		to, e, err = a.compose(ctx, tx, d)
		return err
	})
	var no refusal
	switch {
	case errors.Is(err, errSilent) || errors.As(err, &no):
		return s.settle(ctx, d, jobGone, "rjct", 0)
	case err != nil:
		s.Logger.Error("an answer to an agency cannot be made", "action", d.action, "error", err)
		return s.again(ctx, d)
	case nothing:
		return nil
	}
	if err := s.post(ctx, to, e); err != nil {
		s.rests.fail(d.agency, s.Clock())
		s.Logger.Warn("an agency does not take its answer", "agency", string(d.agency), "action", d.action, "tries", d.tries+1, "error", err)
		return s.again(ctx, d)
	}
	s.rests.good(d.agency)
	return s.settle(ctx, d, jobDone, "succ", 0)
}

func (s *Server) again(ctx context.Context, d due) error {
	if d.tries+1 >= maxTries {
		return s.settle(ctx, d, jobGone, "rjct", 0)
	}
	pause := min(maxPause, tryAgain<<min(d.tries, 16))
	return s.settle(ctx, d, jobWaits, "pdng", s.Clock().Add(pause).Unix())
}

func (s *Server) settle(ctx context.Context, d due, state int, status string, next int64) error {
	done := int64(0)
	if state != jobWaits {
		done = s.Clock().Unix()
	}
	return s.Update(ctx, d.agency, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE agency_job SET state = ?2, status = ?3, next_at = ?4, done_at = ?5,
			tries = CASE WHEN tries > ?6 THEN tries ELSE ?6 END WHERE job = ?1`, d.number, state, status, next, done, d.tries+1)
		return err
	})
}

// errSilent says that nothing goes out: the person may not be told of.
var errSilent = errors.New("nothing to send")

// compose makes the signed envelope of an answer, and tells where it goes: where
// it was asked to, if that still lies under what the agency has registered.
func (a api) compose(ctx context.Context, tx ledger.Tx, d due) (string, agency.Envelope, error) {
	who, err := a.server.Share.Agency(ctx, tx, d.agency)
	if err != nil {
		return "", agency.Envelope{}, err
	}
	if !who.Ended.IsZero() {
		return "", agency.Envelope{}, errSilent
	}
	to, ok := callback(who, d.callback, "")
	if !ok {
		word := "notify"
		if d.action != word {
			word = answerTo(d.action).answer
		}
		if to, ok = callback(who, "", word); !ok {
			return "", agency.Envelope{}, errSilent
		}
	}
	e, err := a.write(ctx, tx, d, who)
	return to, e, err
}

// answerTo is the operation that a message's answer comes of, later.
func answerTo(action string) operation {
	all := operations()
	return all[slices.IndexFunc(all, func(o operation) bool { return o.action == action && !o.sync })]
}

// write makes the signed envelope of an answer.
func (a api) write(ctx context.Context, tx ledger.Tx, d due, who share.Agency) (agency.Envelope, error) {
	correlation := hex.EncodeToString(d.number)
	plain, err := a.server.Share.Unseal("job/"+correlation, d.body)
	if err != nil {
		return agency.Envelope{}, err
	}
	var j job
	if err := json.Unmarshal(plain, &j); err != nil {
		return agency.Envelope{}, err
	}
	call := agency.Call{Agency: who, Body: j.Body, Request: j.Call.Request, OnBehalf: j.Call.OnBehalf, Issue: j.Call.Issue}
	h := header{Version: "1.0.0", TS: stamp(a.server.Clock()), Action: "on-" + d.action, Status: "succ", SenderID: a.server.Name, ReceiverID: string(who.ID), Total: "1", Completed: "1"}
	if d.action == "txn-status" {
		h.Action = "txn-on-status"
	}
	if h.ID, err = a.server.NewID(); err != nil {
		return agency.Envelope{}, err
	}
	var reply any
	switch {
	case d.action == "notify":
		h.Action = "notify"
		reply, err = a.notification(ctx, tx, &j, who)
	case len(j.Answer) > 0:
		reply = j.Answer
	default:
		var m *message
		if m, err = a.open(answerTo(d.action), call); err != nil {
			return agency.Envelope{}, err
		}
		h.Total, h.Completed = m.header.Total, m.header.Total
		reply, err = a.do(ctx, tx, m)
		if v, ok := reply.(searchResponse); ok {
			v.Correlation = correlation
			reply = v
		}
	}
	if err != nil {
		return agency.Envelope{}, err
	}
	return a.server.Seal(h, reply)
}

// maxReply bounds what is read of an agency's acknowledgement, in bytes.
const maxReply = 64 << 10

func (s *Server) post(ctx context.Context, to string, e agency.Envelope) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Client.Do(req)
	if err != nil {
		return errors.New("no connection") // the error would name the address
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
