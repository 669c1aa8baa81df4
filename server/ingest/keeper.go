package ingest

import (
	"context"
	"errors"
	"net/http"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/upload"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// keeper is the centre behind uploads.
type keeper struct{ g *Ingest }

func (k keeper) Owner(r *http.Request) (upload.Owner, error) {
	d, err := k.g.caller(r)
	return upload.Owner(d.ID), err
}

func (k keeper) Whole(ctx context.Context, name civic.Digest) (kind protocol.UploadKind, length int64, err error) {
	var number int
	var area string
	err = k.g.DB.View(ctx, func(tx ledger.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT area FROM ingest_digest WHERE digest = ?1", name[:]).Scan(&area); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT kind, size FROM ingest_file WHERE area = ?1 AND digest = ?2", area, name[:]).Scan(&number, &length)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		err = civic.NewProblem(civic.UploadUnknown, err)
	}
	return kindOfNumber(number), length, err
}

func (k keeper) Take(ctx context.Context, kind protocol.UploadKind, file []byte, owner upload.Owner) error {
	_, _, err := k.g.Take(ctx, kind, file, civic.DeviceID(owner))
	return err
}

func (k keeper) Ack(ctx context.Context, name civic.Digest) ([]byte, error) {
	var acks []protocol.BatchAck
	err := k.g.DB.View(ctx, func(tx ledger.Tx) (err error) {
		acks, err = k.g.acks(ctx, tx, []civic.Digest{name})
		return err
	})
	if err != nil {
		return nil, err
	}
	return k.g.Access.Acks(acks)
}
