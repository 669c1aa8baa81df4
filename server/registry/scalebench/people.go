//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// claimsOf writes a made-up record as the claims of a registration.
func claimsOf(r match.Record, id civic.RegistrationID) (claims []civic.Claim) {
	add := func(attribute civic.Attribute, value string) {
		if value != "" {
			claims = append(claims, civic.Claim{Attribute: attribute, Value: value, Registration: id, Area: office, Evidence: civic.Document})
		}
	}
	for _, g := range r.Given {
		add("given_name", g)
	}
	for i, s := range r.Surnames {
		add([]civic.Attribute{"surname", "second_surname"}[i], s)
	}
	if !r.Birth.IsZero() {
		add("birth_date", r.Birth.String())
	}
	add("sex", r.Sex)
	for i, p := range r.Places {
		add([]civic.Attribute{"locality", "municipality", "state", "postcode", "address", "birth_place"}[i], p)
	}
	for _, p := range r.Phones {
		add("phone", p)
	}
	return claims
}

// plain hands a registration's claims over as they were made.
type plain struct{ claims []civic.Claim }

func (p plain) Claims(*civic.Registration) []civic.Claim { return p.claims }

func visit(r match.Record, counter uint64) reconcile.Incoming {
	id := number(2, counter)
	reg := &civic.Registration{ID: id, Device: civic.DeviceID{1}, Counter: counter, Area: office, Form: civic.FormRef{ID: "birth", Version: "1"}, Sealed: civic.Stamp{Wall: 2}}
	var digest civic.Digest
	copy(digest[:], id[:])
	return reconcile.Incoming{Registration: reg, Digest: digest, Form: plain{claimsOf(r, id)}}
}

// returning is every how many people of a storm one comes a second time.
const returning = 20

// namesake is the n-th of a storm: all share given names, first surname and year
// of birth; of those with one second surname or one day no two share the quarter.
func namesake(n int) match.Record {
	day := n / 50 * 7 % 336
	return match.Record{
		Given: []string{"María Guadalupe"}, Surnames: []string{"Hernández", secondSurnames[n%50]}, Sex: "F",
		Birth:  civic.Date{Year: 1990, Month: 1 + day/28, Day: 1 + day%28},
		Places: []string{quarters[(n+n/50)%50], "San Juan", "Oaxaca"},
	}
}

var quarters = strings.Fields(`Centro Loma Llano Potrero Joya Pinos Palmas Huerta Molino Calvario Carmen Rosario Guadalupe Merced Tepeyac
 Xochimilco Analco Jalatlaco Trinidad Cascajal Arenal Barranca Cantera Cieneguita Encinal Esmeralda Floresta Gavilán Higuera
 Jazmín Laguna Mirador Nopalera Ojuelos Pedregal Quebrada Remolino Sabinos Tular Vergel
 Zapotal Aserradero Bugambilias Cuauhtémoc Duraznal Estación Fundición Hornos Invernadero Lindero`)

var secondSurnames = strings.Fields(`García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez
 Jiménez Reyes Díaz Torres Gutiérrez Ruiz Mendoza Aguilar Ortiz Moreno Castillo Romero Álvarez Méndez Chávez Rivera Juárez Ramos
 Domínguez Herrera Medina Castro Vargas Guzmán Velázquez Rojas Contreras Salazar Luna Ortega Santiago Guerrero Estrada Bautista
 Cortés Soto Alvarado`)

// storming registers people of one office who share name and year of birth: far
// more than are compared. None may be lost, whoever comes again is known again,
// and each one whose search was cut short says so.
func (b *bench) storming(ctx context.Context, engine string, db ledger.DB) error {
	e, err := registry.NewEmbedded([32]byte{7}, rand.Reader)
	if err != nil {
		return err
	}
	rec := reconcile.New(reconcile.Config{Registry: e, Clock: time.Now})
	s := storms{Engine: engine, Storm: b.storm}
	start := time.Now()
	for n := 0; n < b.storm; n += batchSize {
		var batch []reconcile.Incoming
		for i := n; i < min(n+batchSize, b.storm); i++ {
			batch = append(batch, visit(namesake(i), uint64(1+i)))
		}
		if n+batchSize >= b.storm { // some of them once more
			for i := 0; i < b.storm; i += returning {
				batch = append(batch, visit(namesake(i), uint64(1+b.storm+i)))
			}
		}
		err := db.Update(ctx, func(tx ledger.Tx) error {
			outcomes, err := rec.Settle(ctx, tx, office, batch)
			for _, o := range outcomes {
				s.count(o, uint64(b.storm))
				for _, r := range o.Reasons {
					if r.Code == match.ReasonTooCommon {
						s.Told++
					}
				}
			}
			return err
		}, ledger.Office(office), ledger.Registry())
		if err != nil {
			return err
		}
	}
	s.Seconds = time.Since(start).Seconds()
	err = db.View(ctx, func(tx ledger.Tx) error {
		n, err := reconcile.Count(ctx, tx, "")
		s.Persons, s.Held, s.Merged = n.Persons, n.Held, n.Merged
		if err == nil {
			s.Cut, err = reconcile.Cut(ctx, tx, "", time.Unix(0, 0))
		}
		if want := b.storm + (b.storm+returning-1)/returning; err == nil && n.Registrations != want {
			err = fmt.Errorf("%d of %d registrations have an outcome", n.Registrations, want)
		}
		return err
	})
	if err != nil {
		return err
	}
	what := engine + ": a storm of namesakes: "
	again := (b.storm + returning - 1) / returning
	b.hold(what+"came again, neither known nor held for a look", float64(again-s.Known-s.HeldAgain-s.Wrong), "", 0, true)
	b.hold(what+"joined to somebody else", float64(s.Wrong), "", 0, true)
	b.hold(what+"searches cut short that are not told", float64(s.Cut-s.Told), "", 0, true)
	return b.print(s, func() {
		fmt.Printf("%-9s namesake storm: %d of one name and year settled in %.1f s: %d persons, %d held for review; %d came again, %d of them known; %d joined in all; %d say that the search was cut short\n",
			s.Engine, s.Storm, s.Seconds, s.Persons, s.Held, (s.Storm+returning-1)/returning, s.Known, s.Merged, s.Told)
	})
}

// count tells how somebody fared of whom the storm has so many.
func (s *storms) count(o civic.Outcome, storm uint64) {
	again := o.Counter > storm
	switch {
	case o.Status == civic.Merged && again && o.Persons[0].Person == registry.NewPersonID(number(2, o.Counter-storm), ""):
		s.Known++
	case o.Status == civic.Merged:
		s.Wrong++
	case o.Status == civic.Held && again:
		s.HeldAgain++
	}
}

// schemaIn makes a schema of its own in a database, unless it is there.
func schemaIn(ctx context.Context, place, name string) (string, func() error, error) {
	u, err := url.Parse(place)
	if err != nil || place == "" {
		return "", nil, fmt.Errorf("name a database: -postgres postgres://…, or run under .ci/postgres")
	}
	run := func(statement string) error {
		conn, err := pgx.Connect(ctx, place)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	if err := run("CREATE SCHEMA IF NOT EXISTS " + name); err != nil {
		return "", nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), func() error { return run("DROP SCHEMA " + name + " CASCADE") }, nil
}

// settled lets a database do after a great import what it does by itself in the
// hours after: statistics, which pages everybody sees, and a clean log.
func (b *bench) settled(ctx context.Context, engine string) error {
	if engine != "postgres" {
		return nil
	}
	conn, err := pgx.Connect(ctx, b.place)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	if err == nil {
		_, _ = conn.Exec(ctx, "CHECKPOINT") // not everybody may
	}
	return err
}
