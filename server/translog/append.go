package translog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// RowID names a row. It grows with time, so that rows of one office lie in
// their order: milliseconds (6 bytes), place within the act (2), random (8).
type RowID [16]byte

// body is a row as its leaf commits to it: deterministic CBOR, version 1.
// Keys are never used for anything else.
type body struct {
	ID        RowID                  `cbor:"1,keyasint"`
	At        int64                  `cbor:"2,keyasint"`
	Area      civic.Area             `cbor:"3,keyasint,omitempty"`
	Kind      Kind                   `cbor:"4,keyasint"`
	Actor     string                 `cbor:"5,keyasint,omitempty"`
	Action    Action                 `cbor:"6,keyasint"`
	Person    []byte                 `cbor:"7,keyasint,omitempty"`
	Everyone  bool                   `cbor:"8,keyasint,omitempty"`
	Purpose   civic.Purpose          `cbor:"9,keyasint,omitempty"`
	Basis     string                 `cbor:"10,keyasint,omitempty"`
	Agreement string                 `cbor:"11,keyasint,omitempty"`
	Revision  int64                  `cbor:"12,keyasint,omitempty"`
	Consent   string                 `cbor:"13,keyasint,omitempty"`
	Fields    []civic.Attribute      `cbor:"14,keyasint,omitempty"`
	Code      civic.Code             `cbor:"15,keyasint,omitempty"`
	Reason    string                 `cbor:"16,keyasint,omitempty"`
	Request   string                 `cbor:"17,keyasint,omitempty"`
	OnBehalf  string                 `cbor:"18,keyasint,omitempty"`
	Issue     string                 `cbor:"19,keyasint,omitempty"`
	Procedure string                 `cbor:"20,keyasint,omitempty"`
	Explicit  bool                   `cbor:"21,keyasint,omitempty"`
	Preview   bool                   `cbor:"22,keyasint,omitempty"`
	Policy    string                 `cbor:"23,keyasint,omitempty"`
	Object    []byte                 `cbor:"24,keyasint,omitempty"`
	Records   []civic.RegistrationID `cbor:"25,keyasint,omitempty"`
	Count     int64                  `cbor:"26,keyasint,omitempty"`
	Hidden    int64                  `cbor:"27,keyasint,omitempty"`
}

func bodyOf(e Entry, id RowID, at int64) body {
	b := body{
		ID: id, At: at, Area: e.Area, Kind: e.Kind, Actor: e.Actor, Action: e.Action, Everyone: e.Everyone,
		Purpose: e.Purpose, Basis: e.Basis, Agreement: e.Agreement, Revision: e.Revision, Consent: e.Consent, Fields: e.Fields,
		Code: e.Code, Reason: e.Reason, Request: e.Request, OnBehalf: e.OnBehalf, Issue: e.Issue, Procedure: e.Procedure,
		Explicit: e.Explicit, Preview: e.Preview, Policy: e.Policy, Object: e.Object, Records: e.Records, Count: e.Count, Hidden: e.HiddenUntil,
	}
	if !e.Person.IsZero() {
		b.Person = e.Person[:]
	}
	return b
}

// idAndCommitment is what waits of a row: 16 bytes and 32.
const idAndCommitment = 16 + 32

var (
	rowColumns   = []string{"area", "id", "at", "kind", "actor", "action", "person", "everyone", "hidden_until", "salt", "body"}
	waitsColumns = []string{"area", "first", "rows"}
)

// written is a row of an act, not yet of the ledger.
type written struct {
	at    time.Time
	entry Entry
}

// Append writes the rows of one act into the act's own transaction. Their
// leaves follow within a second of its end. at is the server's clock.
func Append(ctx context.Context, tx ledger.Tx, at time.Time, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if len(entries) > MaxEntries {
		return fmt.Errorf("translog: %d entries in one act", len(entries))
	}
	rows := make([]written, len(entries))
	for i, e := range entries {
		if err := e.check(); err != nil {
			return err
		}
		rows[i] = written{at, e}
	}
	// Acts that share a transaction are written together.
	return together.Later(tx, "rows of the log", rows, func(tx ledger.Tx, acts [][]written) error {
		return write(ctx, tx, slices.Concat(acts...))
	})
}

// write writes rows, and one row for each office of what waits.
func write(ctx context.Context, tx ledger.Tx, all []written) error {
	random := make([]byte, len(all)*(8+witness.SaltSize))
	if _, err := rand.Read(random); err != nil {
		return err
	}
	rows := make([][]any, 0, len(all))
	var waits [][]any
	waiting := map[civic.Area]int{} // where an office's commitments stand in waits
	for i, w := range all {
		e := w.entry
		r := random[i*(8+witness.SaltSize):][:8+witness.SaltSize]
		id, salt := newRowID(w.at, i, r[:8]), r[8:]
		b := bodyOf(e, id, w.at.Unix())
		text, err := protocol.Marshal(b)
		if err != nil {
			return err
		}
		commitment := witness.Commit([witness.SaltSize]byte(salt), text)
		rows = append(rows, []any{string(e.Area), id[:], b.At, string(e.Kind), e.Actor, string(e.Action), b.Person, yes(e.Everyone), e.HiddenUntil, salt, text})
		if b.Person == nil {
			rows[i][6] = nil
		}
		n, ok := waiting[e.Area]
		if !ok {
			n = len(waits)
			waiting[e.Area] = n
			waits = append(waits, []any{string(e.Area), id[:], make([]byte, 0, idAndCommitment)})
		}
		waits[n][2] = append(append(waits[n][2].([]byte), id[:]...), commitment[:]...)
	}
	if _, err := tx.Insert(ctx, "log_row", rowColumns, rows, ""); err != nil {
		return err
	}
	_, err := tx.Insert(ctx, "log_waits", waitsColumns, waits, "")
	return err
}

func newRowID(at time.Time, n int, random []byte) (id RowID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, at.UnixMilli()))) // not below zero
	copy(id[:6], ms[2:])
	binary.BigEndian.PutUint16(id[6:], uint16(min(n, 1<<16-1))) // bounded
	copy(id[8:], random)
	return id
}

func yes(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
