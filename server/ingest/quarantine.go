package ingest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Held is something in quarantine: a whole file, or one registration of a
// batch that was otherwise taken.
type Held struct {
	Area    civic.Area // '' when the kit that made it is not known
	File    civic.Digest
	Kind    protocol.UploadKind
	Device  civic.DeviceID // as far as the file says
	Counter uint64         // of a single registration; 0 for a whole file
	Count   int            // registrations it stands for, as far as it says
	Size    int64          // bytes of the file
	Reason  civic.Code
	Words   []string
	At      time.Time
}

// Quarantined lists what is set aside in an office, or everywhere when area is
// empty; the newest first, at most 1,000.
func (g *Ingest) Quarantined(ctx context.Context, area civic.Area) (held []Held, err error) {
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		held = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var h Held
			var area, words string
			var file, device []byte
			var kind int
			var at int64
			if err := r.Scan(&area, &file, &kind, &device, &h.Counter, &h.Count, &h.Size, &h.Reason, &words, &at); err != nil {
				return err
			}
			h.Area, h.File, h.Device, h.At = civic.Area(area), civic.Digest(file), civic.DeviceID(device), time.Unix(at, 0).UTC()
			if words != "" {
				h.Words = strings.Split(words, "\n")
			}
			h.Kind = kindOfNumber(kind)
			held = append(held, h)
			return nil
		}, `SELECT area, digest, kind, device, 0 AS counter, count, size, reason, words, received_at AS at FROM ingest_file
				WHERE state = 4 AND (area = ?1 OR ?1 = '')
			UNION ALL
			SELECT q.area, q.batch, 2, q.device, q.counter, 1, f.size, q.reason, '', q.at FROM ingest_quarantine q
				JOIN ingest_file f ON f.area = q.area AND f.digest = q.batch
				WHERE q.resolved_at = 0 AND (q.area = ?1 OR ?1 = '')
			ORDER BY at DESC, digest LIMIT 1000`, string(area))
	})
	return held, err
}

// Bytes reads a file that was taken, sealed as it came; for evidence and copies.
func (g *Ingest) Bytes(ctx context.Context, file civic.Digest) (b []byte, err error) {
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		area, kind, err := where(ctx, tx, file)
		if err == nil {
			b, err = g.load(ctx, tx, area, kind, file)
		}
		return err
	})
	return b, err
}

// where finds a file's office and kind; civic.UploadUnknown when it is not here.
func where(ctx context.Context, tx ledger.Tx, file civic.Digest) (area civic.Area, kind int, err error) {
	var name string
	err = tx.QueryRow(ctx, "SELECT area FROM ingest_digest WHERE digest = ?1", file[:]).Scan(&name)
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT kind FROM ingest_file WHERE area = ?1 AND digest = ?2", name, file[:]).Scan(&kind)
	}
	if errors.Is(err, ledger.ErrNoRows) {
		err = civic.NewProblem(civic.UploadUnknown, err)
	}
	return civic.Area(name), kind, err
}

// Retry takes a file up again that was set aside, whole or in parts. It is
// somebody's decision, so it also takes in what a withdrawn kit sent. What
// still has no place is set aside anew. It tells how many files go on. actor is
// who decided, for the audit; office is whose files that may be, empty for all:
// another's is refused with civic.NotYours.
func (g *Ingest) Retry(ctx context.Context, office civic.Area, file civic.Digest, actor string) (n int, err error) {
	err = g.DB.Update(ctx, func(tx ledger.Tx) error {
		var area civic.Area
		if n, area, err = g.retry(ctx, tx, office, file); err != nil || n == 0 {
			return err
		}
		return audit.Write(ctx, tx, g.Clock(), []audit.Row{{Area: area, Actor: actor, Action: "retry_file", Object: file[:]}})
	})
	if n > 0 && err == nil {
		g.forget(file)
		g.stir()
	}
	return n, err
}

// RetryReason takes up every file that was set aside whole for one reason, as
// when a form's version has arrived.
func (g *Ingest) RetryReason(ctx context.Context, reason civic.Code, actor string) (n int, err error) {
	var files []civic.Digest
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		files = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var name []byte
			err := r.Scan(&name)
			files = append(files, civic.Digest(name))
			return err
		}, "SELECT digest FROM ingest_file WHERE state = 4 AND reason = ?1 ORDER BY received_at", string(reason))
	})
	for _, file := range files {
		if err != nil {
			break
		}
		var m int
		m, err = g.Retry(ctx, "", file, actor)
		n += m
	}
	return n, err
}

// RetryForms takes up the batches that were set aside for a form's version that
// is here by now. It tells how many go on.
func (g *Ingest) RetryForms(ctx context.Context) (n int, err error) {
	var files []civic.Digest
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		files = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var name []byte
			var words string
			if err := r.Scan(&name, &words); err != nil {
				return err
			}
			at := strings.LastIndex(words, "@")
			if at < 0 {
				return nil
			}
			if _, ok := g.Forms.Form(civic.FormRef{ID: civic.FormID(words[:at]), Version: words[at+1:]}); ok {
				files = append(files, civic.Digest(name))
			}
			return nil
		}, "SELECT digest, words FROM ingest_file WHERE state = 4 AND reason = ?1 ORDER BY received_at", string(civic.FormVersionUnknown))
	})
	for _, file := range files {
		if err != nil {
			break
		}
		var m int
		m, err = g.Retry(ctx, "", file, "ingest")
		n += m
	}
	return n, err
}

func (g *Ingest) retry(ctx context.Context, tx ledger.Tx, office civic.Area, file civic.Digest) (int, civic.Area, error) {
	area, kind, err := where(ctx, tx, file)
	if err != nil {
		return 0, "", err
	}
	if office != "" && area != office {
		return 0, "", civic.NewProblem(civic.NotYours, nil)
	}
	var state int
	var sender []byte
	err = tx.QueryRow(ctx, "SELECT state, sender FROM ingest_file WHERE area = ?1 AND digest = ?2", string(area), file[:]).Scan(&state, &sender)
	if err != nil {
		return 0, "", err
	}
	if state == stateDone {
		n, err := g.retryParts(ctx, tx, area, file)
		return n, area, err
	}
	if state != stateQuarantined {
		return 0, "", nil
	}
	b, err := g.load(ctx, tx, area, kind, file)
	if err != nil {
		return 0, "", err
	}
	a := &arrival{kind: kindOfNumber(kind), bytes: b, digest: file, sender: civic.DeviceID(sender), pardon: true}
	if err := g.look(ctx, tx, a); err != nil || a.state == stateQuarantined {
		return 0, "", err
	}
	// The file may belong to another office than was known: it enters anew.
	for _, table := range []string{"ingest_file", "ingest_bytes"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE area = ?1 AND digest = ?2", string(area), file[:]); err != nil {
			return 0, "", err
		}
	}
	if _, err := tx.Exec(ctx, "DELETE FROM ingest_digest WHERE digest = ?1", file[:]); err != nil {
		return 0, "", err
	}
	return 1, a.area, g.enter(ctx, tx, a)
}

// retryParts takes up a batch of which single registrations were set aside.
func (g *Ingest) retryParts(ctx context.Context, tx ledger.Tx, area civic.Area, file civic.Digest) (int, error) {
	n, err := tx.Exec(ctx, "UPDATE ingest_quarantine SET resolved_at = ?3 WHERE area = ?1 AND batch = ?2 AND resolved_at = 0", string(area), file[:], g.Clock().Unix())
	if err != nil || n == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, "UPDATE ingest_file SET state = 1 WHERE area = ?1 AND digest = ?2", string(area), file[:])
	return 1, err
}
