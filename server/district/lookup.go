package district

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

// lookUpsAnHour is how many people one kit may ask for in an hour.
const lookUpsAnHour = 60

// LookUp answers a kit that asks for one person: a marshalled PersonRequest
// comes, a marshalled LookUpAnswer goes, sealed to the kit. Whatever comes of
// it stands in the log before the answer leaves.
func (d *District) LookUp(ctx context.Context, request []byte) ([]byte, error) {
	var r protocol.PersonRequest
	if err := protocol.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	var device access.Device
	err := d.DB.View(ctx, func(tx ledger.Tx) (err error) {
		device, err = d.Access.ByID(ctx, tx, r.Device)
		return err
	})
	if err != nil {
		return nil, err
	}
	if device.IsRevoked() || device.Hub {
		return nil, civic.NewProblem(civic.DeviceRevoked, nil)
	}
	var ask protocol.LookUp
	if err := protocol.Open(protocol.StatementLookUp, r.Asked, device.Sign, &ask); err != nil {
		return nil, err
	}
	if len(ask.Nonce) != nonceSize || len(ask.Reason) > protocol.MaxReason || len(ask.Given)+len(ask.Surname)+len(ask.Birth)+len(ask.Place) > 4*protocol.MaxName {
		return nil, civic.NewProblem(civic.RequestMalformed, nil)
	}
	if ask.Reason == "" && ask.Service == "" {
		return nil, civic.NewProblem(civic.ReasonRequired, nil)
	}
	var answer pack.Answered
	var refused *civic.Problem
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		answer, refused = pack.Answered{Nonce: ask.Nonce}, nil
		ref, err := d.asked(ctx, tx, device, ask)
		if p := (*civic.Problem)(nil); errors.As(err, &p) && p.HTTPStatus() < 500 {
			refused = p // the refusal is logged and stays
		} else if err != nil {
			return err
		}
		var p portrait
		if refused == nil {
			portraits, err := d.portray(ctx, tx, []registry.Ref{ref})
			if err != nil {
				return err
			}
			var known bool
			if p, known = portraits[ref]; !known {
				ref, refused = registry.Ref{}, civic.NewProblem(civic.PersonAbsent, nil)
			}
		}
		e := translog.Entry{
			Area: ref.Home, Person: ref.Person, Kind: translog.Officer, Actor: ActorOf(device.ID, ask.Officer), Action: translog.PackOpening,
			Code: "opened_by_centre", Reason: cutText(ask.Reason, protocol.MaxReason), Procedure: cutText(string(ask.Service), translog.MaxText),
		}
		if refused != nil {
			e.Area, e.Action, e.Code = device.Area, translog.Denial, refused.Code
			if refused.Code == civic.PersonAbsent {
				e.Action = translog.Empty
			}
			return translog.Append(ctx, tx, d.Clock(), []translog.Entry{e})
		}
		answer.Person, answer.Layer = p.index, p.layer
		answer.Person.Keys = nil
		for _, c := range p.layer.Claims {
			e.Fields = append(e.Fields, c.Attribute)
		}
		return translog.Append(ctx, tx, d.Clock(), []translog.Entry{e})
	})
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	secret, err := d.Access.Secret(device)
	if err != nil {
		return nil, err
	}
	plain, err := protocol.Marshal(answer)
	if err != nil {
		return nil, err
	}
	sealed, err := protocol.SealDown(secret, 0, protocol.DownPerson, plain, d.Rand)
	if err != nil {
		return nil, err
	}
	return protocol.Marshal(protocol.LookUpAnswer{Sealed: sealed})
}

const nonceSize = 16

// Sweep drops the counts of questions that no limit needs any more.
func (d *District) Sweep(ctx context.Context) error {
	return d.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM pack_lookup WHERE hour < ?1", d.Clock().Unix()/3600-1)
		return err
	})
}

// asked counts the question and finds whom it means.
func (d *District) asked(ctx context.Context, tx ledger.Tx, device access.Device, ask protocol.LookUp) (registry.Ref, error) {
	now := d.Clock()
	var times int64
	err := tx.QueryRow(ctx, `INSERT INTO pack_lookup (area, device, hour, times) VALUES (?1, ?2, ?3, 1)
		ON CONFLICT (area, device, hour) DO UPDATE SET times = pack_lookup.times + 1 RETURNING times`,
		string(device.Area), device.ID[:], now.Unix()/3600).Scan(&times)
	if err != nil {
		return registry.Ref{}, err
	}
	if times > lookUpsAnHour {
		return registry.Ref{}, civic.NewProblem(civic.AskedTooOften, nil, protocol.Span(now.Truncate(time.Hour).Add(time.Hour).Sub(now)))
	}
	switch {
	case !ask.Person.IsZero():
		return d.standing(ctx, tx, "area IN (SELECT DISTINCT area FROM access_device) AND person = ?1", ask.Person[:])
	case !ask.Registration.IsZero():
		var ref registry.Ref
		var person []byte
		err := tx.QueryRow(ctx, "SELECT home, person FROM registry_link WHERE area = ?1 AND registration = ?2 AND subject = ''", string(ask.Office), ask.Registration[:]).Scan(&ref.Home, &person)
		if errors.Is(err, ledger.ErrNoRows) {
			return ref, civic.NewProblem(civic.PersonAbsent, err)
		}
		if err != nil {
			return ref, err
		}
		return d.standing(ctx, tx, "area = ?1 AND person = ?2", string(ref.Home), person)
	}
	return d.described(ctx, tx, ask)
}

func (d *District) standing(ctx context.Context, tx ledger.Tx, where string, args ...any) (ref registry.Ref, err error) {
	var person []byte
	err = tx.QueryRow(ctx, "SELECT area, person FROM registry_person WHERE "+where+" AND state = 1", args...).Scan(&ref.Home, &person)
	if errors.Is(err, ledger.ErrNoRows) {
		return registry.Ref{}, civic.NewProblem(civic.PersonAbsent, err)
	}
	if err == nil {
		ref.Person = civic.PersonID(person)
	}
	return ref, err
}

// described finds the one person that a description means, by the matcher that
// decides on registrations: well ahead of the next, or nobody.
func (d *District) described(ctx context.Context, tx ledger.Tx, ask protocol.LookUp) (registry.Ref, error) {
	var claims []civic.Claim
	for _, c := range []civic.Claim{{Attribute: "given_name", Value: ask.Given}, {Attribute: "birth_date", Value: ask.Birth}, {Attribute: "municipality", Value: ask.Place}} {
		if c.Value != "" {
			claims = append(claims, c)
		}
	}
	r := match.FromClaims(claims)
	if ask.Surname != "" {
		r.Surnames = splitSurnames(ask.Surname)
	}
	record := match.Prepare(r)
	if ask.Given == "" && ask.Surname == "" || !record.Enough() {
		return registry.Ref{}, civic.NewProblem(civic.PersonUnclear, nil)
	}
	found, err := d.Registry.Candidates(ctx, tx, [][]uint64{record.Keys()})
	if err != nil {
		return registry.Ref{}, err
	}
	var among []match.Person
	var who []*registry.Person
	for _, p := range found[0].Persons {
		if p.State != registry.Standing {
			continue
		}
		among = append(among, match.Person{ID: p.Person, Records: p.Records()})
		who = append(who, p)
	}
	v := d.Model.Decide(record, among)
	switch {
	case v.Verdict == match.Auto, v.Verdict == match.Review && len(v.Reasons) > 0 && v.Reasons[0] == match.ReasonLikely:
		return who[v.Person].Ref, nil
	case v.Verdict == match.Review:
		return registry.Ref{}, civic.NewProblem(civic.PersonUnclear, nil)
	}
	return registry.Ref{}, civic.NewProblem(civic.PersonAbsent, nil)
}

// splitSurnames takes two surnames apart where exactly two words were given.
func splitSurnames(s string) []string {
	first, second, two := strings.Cut(s, " ")
	if !two || strings.Contains(second, " ") {
		return []string{s, ""}
	}
	return []string{first, second}
}
