package web

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
)

// maxDetail cuts what a look says of itself, in bytes.
const maxDetail = translog.MaxText

// read runs do on the ledger and leaves the row of the look in the same
// transaction. what names the page; object is what was looked at, if one thing.
func (v *visit) read(what string, object []byte, detail string, do func(ctx context.Context, tx ledger.Tx) error) error {
	return v.readAbout(what, object, detail, func(ctx context.Context, tx ledger.Tx) ([]registry.Ref, error) {
		return nil, do(ctx, tx)
	})
}

// readAbout is read for a page that shows persons: each gets a row of its own.
func (v *visit) readAbout(what string, object []byte, detail string, do func(ctx context.Context, tx ledger.Tx) ([]registry.Ref, error)) error {
	ctx := v.r.Context()
	return v.DB.Update(ctx, func(tx ledger.Tx) error {
		shown, err := do(ctx, tx)
		if err != nil {
			return err
		}
		e := translog.Entry{
			Area: v.session.Area, Kind: translog.Staff, Actor: v.session.Staff, Action: translog.Look,
			Procedure: what, Object: object, Reason: detail[:min(len(detail), maxDetail)],
		}
		if what == "read_audit" {
			e.Action = translog.LogReading
		}
		entries := []translog.Entry{e}
		if len(shown) > 0 {
			entries = nil
		}
		for _, ref := range shown {
			e.Area, e.Person, e.Count = ref.Home, ref.Person, 1
			entries = append(entries, e)
		}
		return translog.Append(ctx, tx, v.Clock(), entries)
	})
}
