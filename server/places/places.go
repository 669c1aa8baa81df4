package places

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
	"github.com/askonce/fieldkit/sync/places"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Places keeps the lists and tells kits of them. It keeps no state of its own.
type Places struct {
	DB     ledger.DB
	Access *access.Access
	Clock  func() time.Time
	Rand   io.Reader
}

// Imported says what became of an import.
type Imported struct {
	Serial int64 `json:"serial"`
	Places int   `json:"places"`
	// Same tells that the list in use is this one already.
	Same bool `json:"same"`
	// Bytes on the wire: of the whole list, and of the change since the last one
	// (0 when there is none).
	Whole int `json:"bytes_whole"`
	Delta int `json:"bytes_delta"`
}

// Import makes a list the one in use of an office, of all offices when area is
// empty. The same list again changes nothing.
func (p *Places) Import(ctx context.Context, area civic.Area, list []places.Place, actor string) (done Imported, err error) {
	c, err := places.New(list)
	if err != nil {
		return done, err
	}
	whole, err := c.Pack()
	if err != nil {
		return done, err
	}
	if len(whole) > places.MaxPacked {
		return done, civic.NewProblem(civic.PlacesRefused, nil, strconv.Itoa(c.Len()), "the list is too large")
	}
	digest := c.Digest()
	err = p.DB.Update(ctx, func(tx ledger.Tx) error {
		done = Imported{Places: c.Len()}
		serial, packed, err := newest(ctx, tx, area)
		if err != nil {
			return err
		}
		done.Serial = serial
		if serial > 0 {
			before, err := places.Open(packed)
			if err != nil {
				return err
			}
			if done.Same = before.Digest() == digest; done.Same {
				return nil
			}
			delta, err := places.Diff(before, c)
			if err != nil {
				return err
			}
			if done.Delta, err = p.cut(ctx, tx, area, serial+1, serial, delta); err != nil {
				return err
			}
		}
		done.Serial = serial + 1
		if done.Whole, err = p.cut(ctx, tx, area, serial+1, 0, whole); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO place_list (area, serial, digest, places, packed, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			string(area), done.Serial, digest[:], int64(c.Len()), whole, actor, p.Clock().Unix())
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Clock(), []audit.Row{{Area: area, Actor: actor, Action: "import_places", Detail: strconv.Itoa(c.Len())}})
	})
	return done, err
}

// newest reads the list in use; serial is 0 when there is none.
func newest(ctx context.Context, tx ledger.Tx, area civic.Area) (serial int64, packed []byte, err error) {
	err = tx.QueryRow(ctx, "SELECT serial, packed FROM place_list WHERE area = ?1 ORDER BY serial DESC LIMIT 1", string(area)).Scan(&serial, &packed)
	if errors.Is(err, ledger.ErrNoRows) {
		return 0, nil, nil
	}
	return serial, packed, err
}

// cut seals what travels and keeps its parts, once for all kits; it tells the
// bytes on the wire.
func (p *Places) cut(ctx context.Context, tx ledger.Tx, area civic.Area, serial, since int64, packed []byte) (size int, err error) {
	n := protocol.PlacesNotice{Serial: uint64(serial), Since: uint64(since)}
	parts, err := protocol.SealPlaces(packed, p.Rand, &n)
	if err != nil {
		return 0, err
	}
	shared, rows := make([][]any, len(parts)), make([][]any, len(parts))
	for i, b := range parts {
		d := sha256.Sum256(b)
		shared[i] = []any{"", d[:], b}
		rows[i] = []any{string(area), serial, since, int64(i), d[:]}
		size += len(b)
	}
	notice, err := protocol.Marshal(n)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Insert(ctx, "ingest_shared", []string{"area", "digest", "bytes"}, shared, "ON CONFLICT DO NOTHING"); err != nil {
		return 0, err
	}
	if _, err := tx.Insert(ctx, "place_part", []string{"area", "serial", "since", "n", "digest"}, rows, ""); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, "INSERT INTO place_parts (area, serial, since, notice, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
		string(area), serial, since, notice, int64(size+len(notice)))
	return size + len(notice), err
}

// Settings reads an office's rules and calendar: its own, else those of all
// offices, else the defaults with the sample that ships. serial is 0 for those.
func Settings(ctx context.Context, tx ledger.Tx, area civic.Area) (s identity.Settings, of civic.Area, serial int64, err error) {
	for _, of := range []civic.Area{area, ""} {
		var b []byte
		err := tx.QueryRow(ctx, "SELECT serial, settings FROM place_settings WHERE area = ?1 ORDER BY serial DESC LIMIT 1", string(of)).Scan(&serial, &b)
		if errors.Is(err, ledger.ErrNoRows) {
			continue
		}
		if err != nil {
			return s, of, 0, err
		}
		if err := protocol.Unmarshal(b, &s); err != nil || !s.Valid() {
			return s, of, 0, civic.NewProblem(civic.LedgerDamaged, err)
		}
		return s, of, serial, nil
	}
	events, err := identity.ReadEvents(assets.Events)
	return identity.Settings{Rules: identity.DefaultRules(), Events: events}, "", 0, err
}

// Change changes the settings of an office, of all offices when area is empty:
// change is given those that hold now.
func (p *Places) Change(ctx context.Context, area civic.Area, action, actor string, change func(*identity.Settings)) (s identity.Settings, err error) {
	err = p.DB.Update(ctx, func(tx ledger.Tx) error {
		var of civic.Area
		var serial int64
		if s, of, serial, err = Settings(ctx, tx, area); err != nil {
			return err
		}
		if of != area {
			serial = 0
		}
		change(&s)
		if !s.Valid() {
			return civic.NewProblem(civic.WrongUse, nil, "The limit is at most "+strconv.Itoa(identity.MaxIntroducerLimit)+" persons, the review at most "+strconv.Itoa(identity.MaxReviewMonths)+" months.")
		}
		b, err := protocol.Marshal(s)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO place_settings (area, serial, settings, actor, at) VALUES (?1, ?2, ?3, ?4, ?5)",
			string(area), serial+1, b, actor, p.Clock().Unix())
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Clock(), []audit.Row{{Area: area, Actor: actor, Action: action,
			Detail: "limit " + strconv.Itoa(s.Rules.IntroducerLimit) + " months " + strconv.Itoa(s.Rules.ReviewMonths) + " events " + strconv.Itoa(len(s.Events))}})
	})
	return s, err
}
