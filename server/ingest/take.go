package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The states of a file in the ledger.
const (
	stateWaits       = 1
	stateNeedsKey    = 2
	stateDone        = 3
	stateQuarantined = 4
)

// The kinds of files in the ledger.
var kindNumbers = map[protocol.UploadKind]int{protocol.UploadKey: 1, protocol.UploadBatch: 2, protocol.UploadAttachment: 3}

// kindOfNumber is the other way round, empty for no kind.
func kindOfNumber(number int) protocol.UploadKind {
	for kind, n := range kindNumbers {
		if n == number {
			return kind
		}
	}
	return ""
}

const (
	kindKey        = 1
	kindBatch      = 2
	kindAttachment = 3
)

// arrival is a file with what its outside says.
type arrival struct {
	kind    protocol.UploadKind
	bytes   []byte
	digest  civic.Digest
	sender  civic.DeviceID
	device  civic.DeviceID
	area    civic.Area
	key     protocol.KeyID
	first   uint64
	count   uint32
	state   int
	problem *civic.Problem // of quarantine
	pardon  bool           // somebody decided to take in what a withdrawn kit sent
}

// Take makes a file durable and says how it stands. It is the same for what
// comes over the wire, from a medium and by another kit; sender is who brought
// it, zero for a medium. A file taken before changes nothing.
func (g *Ingest) Take(ctx context.Context, kind protocol.UploadKind, file []byte, sender civic.DeviceID) (ack protocol.BatchAck, repeated bool, err error) {
	a := &arrival{kind: kind, bytes: file, digest: protocol.NameOf(file), sender: sender}
	if int64(len(file)) > kind.MaxSize() {
		return ack, false, civic.NewProblem(civic.UploadTooLarge, nil, bytesInWords(kind.MaxSize()))
	}
	err = g.DB.View(ctx, func(tx ledger.Tx) (err error) {
		if ack, err = g.ackOf(ctx, tx, a.digest); err != nil || ack.State != protocol.BatchAbsent {
			repeated = err == nil
			return err
		}
		return g.look(ctx, tx, a)
	})
	if err != nil || repeated {
		return ack, repeated, err
	}
	if kind == protocol.UploadAttachment {
		if err := g.keepFile(a.digest, file); err != nil {
			return ack, false, err
		}
	}
	err = g.DB.Update(ctx, func(tx ledger.Tx) (err error) {
		if ack, err = g.ackOf(ctx, tx, a.digest); err != nil || ack.State != protocol.BatchAbsent {
			repeated = err == nil
			return err
		}
		if err := g.enter(ctx, tx, a); err != nil {
			return err
		}
		ack, err = g.ackOf(ctx, tx, a.digest)
		return err
	}, ledger.Office(a.area))
	if err != nil {
		return ack, false, err
	}
	if a.problem != nil && !repeated {
		g.Logger.Warn("set aside", "kind", string(kind), "file", a.digest.String(), "device", a.device.String(), "reason", string(a.problem.Code))
	}
	g.stir()
	return ack, repeated, nil
}

// look reads the outside of a file and decides its first state.
func (g *Ingest) look(ctx context.Context, tx ledger.Tx, a *arrival) error {
	err := g.judge(ctx, tx, a)
	var p *civic.Problem
	if errors.As(err, &p) && p.HTTPStatus() < 500 {
		a.state, a.problem = stateQuarantined, p
		return nil
	}
	return err
}

func (g *Ingest) judge(ctx context.Context, tx ledger.Tx, a *arrival) (err error) {
	var area civic.Area
	switch a.kind {
	case protocol.UploadBatch:
		var m batch.Manifest
		m, err = batch.ReadManifest(a.bytes)
		a.device, a.key, a.first, a.count, area = m.Device, m.Key, m.First, m.Count, m.Area
	case protocol.UploadKey:
		a.device, a.key, err = batch.ReadDayKey(a.bytes)
	case protocol.UploadAttachment:
		a.device, a.key, err = batch.ReadAttachment(a.bytes)
	}
	if err != nil {
		return err
	}
	d, err := g.Access.ByID(ctx, tx, a.device)
	if err != nil {
		return err
	}
	a.area = d.Area
	if err := verify(a, d); err != nil {
		return err
	}
	if a.kind == protocol.UploadBatch && area != d.Area {
		return civic.NewProblem(civic.BatchForeign, nil)
	}
	if d.IsRevoked() && !a.pardon {
		return civic.NewProblem(civic.DeviceRevoked, nil)
	}
	if a.kind == protocol.UploadKey {
		a.state = stateDone
		return nil
	}
	a.state = stateNeedsKey
	if _, err := keyFile(ctx, tx, d.Area, d.ID, a.key); err == nil {
		a.state = stateWaits
	} else if !errors.Is(err, ledger.ErrNoRows) {
		return err
	}
	return nil
}

func verify(a *arrival, d access.Device) (err error) {
	switch a.kind {
	case protocol.UploadBatch:
		_, err = batch.Verify(a.bytes, d.Sign)
	case protocol.UploadKey:
		_, err = batch.VerifyDayKey(a.bytes, d.Sign)
	case protocol.UploadAttachment:
		_, err = batch.VerifyAttachment(a.bytes, d.Sign)
	}
	return err
}

// enter writes a file's rows.
func (g *Ingest) enter(ctx context.Context, tx ledger.Tx, a *arrival) error {
	area, now := string(a.area), g.Clock().Unix()
	var taken int64
	err := tx.QueryRow(ctx, `INSERT INTO ingest_area (area, taken) VALUES (?1, 1)
		ON CONFLICT (area) DO UPDATE SET taken = ingest_area.taken + 1 RETURNING taken`, area).Scan(&taken)
	if err != nil {
		return err
	}
	if a.state == stateNeedsKey { // the key may have come since the look
		if _, err := keyFile(ctx, tx, a.area, a.device, a.key); err == nil {
			a.state = stateWaits
		} else if !errors.Is(err, ledger.ErrNoRows) {
			return err
		}
	}
	var reason, words string
	if a.problem != nil {
		reason, words = string(a.problem.Code), joinWords(a.problem.Words)
	}
	_, err = tx.Exec(ctx, `INSERT INTO ingest_file (area, digest, kind, device, sender, key_id, size, taken, first, count, received_at, state, reason, words)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
		area, a.digest[:], kindNumbers[a.kind], a.device[:], a.sender[:], a.key[:], len(a.bytes), taken, int64(a.first), int64(a.count), now, a.state, reason, words)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO ingest_digest (digest, area) VALUES (?1, ?2)", a.digest[:], area); err != nil {
		return err
	}
	if a.kind != protocol.UploadAttachment {
		if _, err := tx.Exec(ctx, "INSERT INTO ingest_bytes (area, digest, bytes) VALUES (?1, ?2, ?3)", area, a.digest[:], a.bytes); err != nil {
			return err
		}
	}
	if a.kind == protocol.UploadKey && a.state == stateDone {
		return enterKey(ctx, tx, a.area, a.device, a.key, a.digest)
	}
	return nil
}

// enterKey makes a day key known and lets the files that waited for it go on.
func enterKey(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID, key protocol.KeyID, digest civic.Digest) error {
	_, err := tx.Exec(ctx, `INSERT INTO ingest_key (area, device, key_id, digest) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
		string(area), device[:], key[:], digest[:])
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE ingest_file SET state = ?4 WHERE area = ?1 AND device = ?2 AND key_id = ?3 AND state = ?5",
		string(area), device[:], key[:], stateWaits, stateNeedsKey)
	return err
}

// keyFile finds the name of a day key's header file.
func keyFile(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID, key protocol.KeyID) (digest civic.Digest, err error) {
	var name []byte
	err = tx.QueryRow(ctx, "SELECT digest FROM ingest_key WHERE area = ?1 AND device = ?2 AND key_id = ?3", string(area), device[:], key[:]).Scan(&name)
	copy(digest[:], name)
	return digest, err
}

// ackOf says how a file stands, BatchAbsent when it never came whole.
func (g *Ingest) ackOf(ctx context.Context, tx ledger.Tx, digest civic.Digest) (protocol.BatchAck, error) {
	ack := protocol.BatchAck{Batch: digest}
	var area, reason string
	var state int
	var taken, safe int64
	err := tx.QueryRow(ctx, "SELECT area FROM ingest_digest WHERE digest = ?1", digest[:]).Scan(&area)
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT f.state, f.reason, f.taken, a.safe FROM ingest_file f JOIN ingest_area a ON a.area = f.area
			WHERE f.area = ?1 AND f.digest = ?2`, area, digest[:]).Scan(&state, &reason, &taken, &safe)
	}
	if errors.Is(err, ledger.ErrNoRows) {
		return ack, nil
	}
	if err != nil {
		return ack, err
	}
	ack.State, ack.Safe = protocol.BatchReceived, taken <= safe
	switch state {
	case stateNeedsKey:
		ack.State = protocol.BatchNeedsKey
	case stateQuarantined:
		ack.State, ack.Reason = protocol.BatchQuarantined, civic.Code(reason)
	}
	return ack, nil
}

// FilePath is where an attachment lies: by the first digits of its name, so
// that no folder grows too large.
func (g *Ingest) FilePath(digest civic.Digest) string {
	name := digest.String()
	return filepath.Join(g.fileDir(), name[:2], name[2:])
}

// keepFile writes an attachment durably under its name.
func (g *Ingest) keepFile(digest civic.Digest, b []byte) error {
	path := g.FilePath(digest)
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := durable.WriteFile(path, b); err != nil {
		return err
	}
	return durable.SyncDir(g.fileDir())
}

// bytesInWords writes a limit for people.
func bytesInWords(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

// load reads a file's bytes.
func (g *Ingest) load(ctx context.Context, tx ledger.Tx, area civic.Area, kind int, digest civic.Digest) (b []byte, err error) {
	if kind == kindAttachment {
		return os.ReadFile(g.FilePath(digest))
	}
	err = tx.QueryRow(ctx, "SELECT bytes FROM ingest_bytes WHERE area = ?1 AND digest = ?2", string(area), digest[:]).Scan(&b)
	return b, err
}
