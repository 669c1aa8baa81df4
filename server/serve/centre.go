package serve

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/govstack"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/server/places"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/identity"
)

// Centre is an open centre.
type Centre struct {
	Config
	DB         ledger.DB
	Access     *access.Access
	Forms      *form.Catalogue
	Published  *forms.Forms
	Registry   *registry.Embedded
	Reconciler *reconcile.Reconciler
	Ingest     *ingest.Ingest
	Places     *places.Places
	Meter      *meter.Meter
	District   *district.District
	Share      *share.Share // nil in an intake, as the two below
	Desk       *agency.Desk
	SPDCI      *spdci.Server
	GovStack   *govstack.Server
	Log        *translog.Log // of who looked at whom; an intake only reads it
	Citizens   *citizen.Citizens

	couriers []*registry.Courier
	people   http.Handler // the citizen's pages
	handler  http.Handler
}

// Init makes a new centre: keys and an empty ledger. name is what people call
// the registry. A centre that is there already is left alone.
func Init(ctx context.Context, c Config, name string) error {
	c = c.WithDefaults()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, c.Data)
	}
	if !ledger.IsPostgres(c.Ledger) {
		if _, err := access.MakeKeys(c.Keys, name, c.Clock(), c.Rand); err != nil {
			return err
		}
	}
	db, err := ledger.Open(ctx, c.Ledger)
	if err != nil {
		return err
	}
	// A database elsewhere comes first: new keys beside another centre's rows, or
	// beside no database at all, would be of no use.
	if ledger.IsPostgres(c.Ledger) {
		if err = ledger.Vacant(ctx, db); err == nil {
			_, err = access.MakeKeys(c.Keys, name, c.Clock(), c.Rand)
		}
	}
	return errors.Join(err, db.Close())
}

// Open opens a centre that Init made.
func Open(ctx context.Context, c Config) (centre *Centre, err error) {
	c = c.WithDefaults()
	keys, err := access.OpenKeys(c.Keys)
	if err != nil {
		return nil, err
	}
	db, err := ledger.Open(ctx, c.Ledger)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	o := &Centre{Config: c, DB: db, Forms: form.NewCatalogue()}
	o.Access = access.New(db, keys, access.Options{Clock: c.Clock, Rand: c.Rand, PasswordCost: c.PasswordCost})
	o.Places = &places.Places{DB: db, Access: o.Access, Clock: c.Clock, Rand: c.Rand}
	if err := o.loadForms(); err != nil {
		return nil, err
	}
	o.Published = forms.New(forms.Config{DB: db, Access: o.Access, Catalogue: o.Forms, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger})
	if _, err := o.Published.Refresh(ctx); err != nil {
		return nil, err
	}
	if o.District, err = district.New(district.Config{DB: db, Access: o.Access, Agreements: o.inForce, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger}); err != nil {
		return nil, err
	}
	if err := o.openLog(); err != nil {
		return nil, err
	}
	if !keys.Opens() {
		err = o.openIntake()
		return o, err
	}
	if o.Registry, err = registry.NewEmbedded(keys.Data(), c.Rand); err != nil {
		return nil, err
	}
	if o.District.Attributes, err = attributes.Read(assets.Attributes); err != nil {
		return nil, err
	}
	o.District.Registry = o.Registry
	o.Log.Spans = o.Registry.Spans
	lookups, err := o.openRegistries(ctx)
	if err != nil {
		return nil, err
	}
	o.Reconciler = reconcile.New(reconcile.Config{
		Registry: o.Registry, Notes: o.Registry, Outside: lookups, Second: second, Clock: c.Clock, Key: keys.Data(),
		Rules: func(ctx context.Context, tx ledger.Tx, area civic.Area) (identity.Rules, error) {
			settings, _, _, err := places.Settings(ctx, tx, area)
			return settings.Rules, err
		},
	})
	if err := o.openAgencies(ctx); err != nil {
		return nil, err
	}
	if err := o.openMeter(); err != nil {
		return nil, err
	}
	o.Ingest, err = ingest.New(ingest.Config{
		DB: db, Access: o.Access, Forms: batch.Remember(o.Published), Settler: o.Share.Settler(o.Reconciler, o.SPDCI.Settled), Ahead: o.Reconciler.Ahead, District: o.District, Witness: o.witness(), Meter: o.metered,
		Dir: c.Data, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger, Identify: c.Identify,
	})
	if err != nil {
		return nil, err
	}
	o.Citizens = citizen.New(citizen.Config{
		DB: db, Access: o.Access, Registry: o.Registry, Log: o.Log, Share: o.Share, Visit: o.District.Visit, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger,
	})
	console, err := web.New(o.console())
	if err != nil {
		return nil, err
	}
	if o.people, err = web.NewCitizen(web.CitizenConfig{Config: o.console(), Share: o.Share}); err != nil {
		return nil, err
	}
	o.handler = o.routes(console)
	return o, nil
}

// openIntake opens what a process without the registry's keys may do: it has
// no registry, decides nothing and serves no console.
func (c *Centre) openIntake() (err error) {
	c.Ingest, err = ingest.New(ingest.Config{
		DB: c.DB, Access: c.Access, Forms: batch.Remember(c.Published), District: c.District, Witness: c.witness(), Meter: c.metered,
		Dir: c.Data, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger, Identify: c.Identify,
	})
	c.handler = c.routes(nil)
	return errors.Join(err, c.openMeter())
}

// console gives the web pages what they need of the other rooms.
func (c *Centre) console() web.Config {
	return web.Config{
		Log: c.Log, SignEvidence: c.signEvidence,
		Share: c.Share,
		DB:    c.DB, Access: c.Access, Registry: c.Registry, Reconciler: c.Reconciler, Tell: c.Ingest.TellKit, Clock: c.Clock, Logger: c.Logger,
		Meter: c.Meter, TakeAlong: c.takeAlongAt, URL: c.URL, Forms: c.Published, Citizens: c.Citizens,
		Aside: func(ctx context.Context, area civic.Area) (list []web.Aside, err error) {
			held, err := c.Ingest.Quarantined(ctx, area)
			for _, h := range held {
				list = append(list, web.Aside{Area: h.Area, File: h.File, Kind: string(h.Kind), Counter: h.Counter, Device: h.Device,
					Size: h.Size, Reason: h.Reason, Words: h.Words, At: h.At})
			}
			return list, err
		},
		Retry: func(ctx context.Context, area civic.Area, file civic.Digest, actor string) error {
			_, err := c.Ingest.Retry(ctx, area, file, actor)
			return err
		},
		Pictures: c.Ingest.Pictures, Picture: c.Ingest.Attachment, Outbox: c.Outbox,
		Demonstration: func(ctx context.Context) (demo bool, err error) {
			err = c.DB.View(ctx, func(tx ledger.Tx) error {
				s, err := c.Ingest.Status(ctx, tx)
				if err != nil {
					return err
				}
				disk, err := access.Setting(ctx, tx, SameDiskSetting)
				demo = s.Demo || disk == SameDiskSafe
				return err
			})
			return demo, err
		},
		Queue: func(ctx context.Context) (n int, err error) {
			err = c.DB.View(ctx, func(tx ledger.Tx) error {
				s, err := c.Ingest.Status(ctx, tx)
				n = s.Queue
				return err
			})
			return n, err
		},
	}
}

// URL tells where kits reach this centre: where it last listened; empty before.
func (c *Centre) URL(ctx context.Context) (url string, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		url, err = access.Setting(ctx, tx, URLSetting)
		return err
	})
	return url, err
}

// Demonstrate lets kits forget what is received, with or without a backup; it
// is shown wherever the state of the centre is.
func (c *Centre) Demonstrate(ctx context.Context, on bool) error {
	value := ""
	if on {
		value = "yes"
	}
	return c.DB.Update(ctx, func(tx ledger.Tx) error { return access.SetSetting(ctx, tx, ingest.SafeIsReceived, value) })
}

// Close closes the ledger. Work and Serve must have ended.
func (c *Centre) Close() error { return c.DB.Close() }

// Handler answers every call of kits and the console.
func (c *Centre) Handler() http.Handler { return c.handler }
