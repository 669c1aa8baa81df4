package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"net/url"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// The auditor's pages about the log of looks: what stands in it, whether it is
// whole, and what is taken along for the oversight body. Each reading is a row.

// sampleSize is how many rows one sample draws.
const sampleSize = 20

// logPage is what the page of the log shows.
type logPage struct {
	Head      witness.Head
	Key       string
	Filter    translog.Filter
	Person    string
	Day       string
	Sampled   bool
	Rows      []translog.Row
	Next      string // address of the next page
	Back      int64  // how far the log was looked through, when there is more
	Witnesses []translog.Witness
	Conflicts int
	Gaps      []protocol.LogGap
	Actions   []translog.Action
}

func (v *visit) log() error {
	if v.Log == nil {
		return civic.NewProblem(civic.NeedsOpener, nil)
	}
	q := v.r.URL.Query()
	var from translog.Cursor
	f := translog.Filter{Area: v.session.Area, Actor: q.Get("actor"), Action: translog.Action(q.Get("action"))}
	if a := civic.Area(q.Get("office")); a != "" && v.may(a) {
		f.Area = a
	}
	if len(f.Actor) > maxDetail || len(f.Action) > maxDetail || len(f.Area) > maxArea {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	if id, err := civic.ParsePersonID(q.Get("person")); err == nil {
		f.Person = id
	}
	if at, err := time.Parse(time.DateOnly, q.Get("since")); err == nil {
		f.Since = at.Unix()
	}
	if b, err := hex.DecodeString(q.Get("before")); err == nil && len(b) == len(from.Row) {
		from.Row = translog.RowID(b)
	}
	if n, err := strconv.ParseInt(q.Get("leaf"), 10, 64); err == nil && n > 0 {
		from.Leaf = n
	}
	d := logPage{Filter: f, Person: q.Get("person"), Day: q.Get("since"), Sampled: q.Get("sample") != "", Actions: translog.Actions(), Key: v.Log.Name().Key()}
	var found translog.Listed
	err := v.readLog(translog.Entry{Procedure: "read_log", Person: f.Person, Area: f.Area}, func(ctx context.Context, tx ledger.Tx) (n int, err error) {
		if d.Head, err = v.Log.Head(ctx, tx); err != nil {
			return 0, err
		}
		if d.Sampled && v.session.Area == "" {
			d.Rows, err = v.Log.Sample(ctx, tx, sampleSize, chance)
		} else {
			found, err = v.Log.List(ctx, tx, f, from, pageSize)
			d.Rows = found.Rows
		}
		if err != nil {
			return 0, err
		}
		if d.Gaps, err = v.Log.Gaps(ctx, tx); err != nil {
			return 0, err
		}
		d.Witnesses, err = v.Log.Witnesses(ctx, tx)
		return len(d.Rows), err
	})
	if err != nil {
		return err
	}
	for _, w := range d.Witnesses {
		if w.Conflict {
			d.Conflicts++
		}
	}
	if found.More {
		d.Back = found.Back
		next := url.Values{"leaf": {strconv.FormatInt(found.Next.Leaf, 10)}}
		if f.Area != "" {
			next = url.Values{"before": {hex.EncodeToString(found.Next.Row[:])}}
		}
		for _, k := range []string{"actor", "action", "office", "person", "since"} {
			if q.Get(k) != "" {
				next.Set(k, q.Get(k))
			}
		}
		d.Next = "/console/log?" + next.Encode()
	}
	v.show(200, "log", d)
	return nil
}

// chance draws a number that nobody can foresee.
func chance(below int64) (int64, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(below))
	if err != nil {
		return 0, err
	}
	return n.Int64(), nil
}

// readLog reads the log and leaves the row of that, together.
func (v *visit) readLog(e translog.Entry, do func(ctx context.Context, tx ledger.Tx) (int, error)) error {
	ctx := v.r.Context()
	return v.DB.Update(ctx, func(tx ledger.Tx) error {
		n, err := do(ctx, tx)
		if err != nil {
			return err
		}
		e.Kind, e.Actor, e.Action, e.Count = translog.Staff, v.session.Staff, translog.LogReading, int64(n)
		return translog.Append(ctx, tx, v.Clock(), []translog.Entry{e})
	})
}

// logRow shows one row with its proof, checked anew.
func (v *visit) logRow() error {
	if v.Log == nil {
		return civic.NewProblem(civic.NeedsOpener, nil)
	}
	var d struct {
		Row   translog.Row
		Proof translog.Proof
		File  string
		Wrong *sentence
	}
	leaf, err := strconv.ParseInt(v.r.PathValue("leaf"), 10, 64)
	if err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	var about translog.Entry
	ctx := v.r.Context()
	err = v.DB.View(ctx, func(tx ledger.Tx) (err error) {
		if d.Row, err = v.Log.At(ctx, tx, leaf); err != nil {
			return err
		}
		if !v.may(d.Row.Area) {
			return civic.NewProblem(civic.NotYours, nil)
		}
		about = translog.Entry{Procedure: "read_log_row", Area: d.Row.Area, Person: d.Row.Person, Object: d.Row.ID[:]}
		if d.Proof, err = v.Log.Prove(ctx, tx, d.Row); err != nil {
			return err
		}
		if err := d.Proof.Check(v.Log.Name()); err != nil {
			d.Wrong = v.sentence(err)
		}
		d.File = string(d.Proof.File(v.Log.Name()))
		return nil
	})
	if err == nil {
		err = v.readLog(about, func(context.Context, ledger.Tx) (int, error) { return 1, nil })
	}
	if err != nil {
		return err
	}
	v.show(200, "logrow", d)
	return nil
}

// evidence makes the bundle of the rows that were ticked.
func (v *visit) evidence() error {
	if v.Log == nil || v.SignEvidence == nil {
		return civic.NewProblem(civic.NeedsOpener, nil)
	}
	ticked := v.r.PostForm["leaf"]
	if len(ticked) == 0 || len(ticked) > translog.MaxEvidence {
		return civic.NewProblem(civic.WrongUse, nil, v.words.say("log.tick"))
	}
	var b bytes.Buffer
	err := v.readLog(translog.Entry{Procedure: "take_evidence", Area: v.session.Area}, func(ctx context.Context, tx ledger.Tx) (int, error) {
		b.Reset()
		var rows []translog.Row
		for _, s := range ticked {
			leaf, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return 0, civic.NewProblem(civic.RequestMalformed, err)
			}
			r, err := v.Log.At(ctx, tx, leaf)
			if err == nil && !v.may(r.Area) {
				err = civic.NewProblem(civic.NotYours, nil)
			}
			if err != nil {
				return 0, err
			}
			rows = append(rows, r)
		}
		return v.Log.Evidence(ctx, tx, &b, rows, v.session.Staff, v.SignEvidence)
	})
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="evidence-`+v.Clock().UTC().Format("20060102T150405Z")+`.zip"`)
	v.w.WriteHeader(200)
	_, _ = b.WriteTo(v.w) // a browser that went away is no fault
	return nil
}
