package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// deed runs one deed on the open centre's ledger.
func (c *command) deed(do func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error)) func(*cobra.Command, []string) error {
	return c.work(func(ctx context.Context, centre *serve.Centre, args []string) (result any, err error) {
		if centre.Share == nil {
			return nil, civic.NewProblem(civic.KeysAbsent, nil, centre.Keys)
		}
		err = centre.DB.Update(ctx, func(tx ledger.Tx) (err error) {
			result, err = do(ctx, centre, tx, args)
			return err
		})
		return result, err
	})
}

type agencyRow struct {
	Agency    string     `json:"agency"`
	Name      string     `json:"name"`
	Level     string     `json:"level"`
	Callback  string     `json:"callback,omitempty"`
	PerMinute int64      `json:"per_minute"`
	PerDay    int64      `json:"per_day"`
	Unsigned  bool       `json:"unsigned,omitempty"`
	Keys      []string   `json:"keys"`
	Ended     *time.Time `json:"ended"`
}

type agencyRows struct {
	Agencies []agencyRow `json:"agencies"`
}

func (a agencyRows) Tell(w io.Writer) {
	for _, r := range a.Agencies {
		state := ""
		if r.Ended != nil {
			state = "ended " + r.Ended.Format(time.DateOnly)
		}
		_, _ = fmt.Fprintf(w, "%-20s %-10s %d keys  %s  %s\n", r.Agency, r.Level, len(r.Keys), r.Name, state)
	}
}

type agencyDone struct {
	Agency string `json:"agency"`
	What   string `json:"done"`
}

func (a agencyDone) Tell(w io.Writer) { _, _ = fmt.Fprintf(w, "%s: %s.\n", a.Agency, a.What) }

type newClient struct {
	Agency string `json:"agency"`
	Client string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (n newClient) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "client_id      %s\nclient_secret  %s\nThe secret is shown this once. Hand it over on a way of its own.\n", n.Client, n.Secret)
}

func (c *command) agency() *cobra.Command {
	var a share.Agency
	var level, purpose string
	add := &cobra.Command{
		Use:   "add ID",
		Short: "Make an agency that may ask under its agreements, or change what it may do",
		Args:  cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			a.ID, a.Level, a.Purpose = agreement.AgencyID(args[0]), agreement.Level(level), civic.Purpose(purpose)
			return agencyDone{args[0], "may ask, once it has an agreement, a key and a client"}, centre.Share.AddAgency(ctx, tx, a, "command")
		}),
	}
	f := add.Flags()
	f.StringVar(&a.Name, "name", "", "what people call it")
	f.StringVar(&level, "level", "", "federal, state or municipal")
	f.StringVar(&a.Callback, "callback", "", "`URL` its answers may be sent to, with all below it")
	f.Int64Var(&a.PerMinute, "per-minute", share.DefaultPerMinute, "requests a minute")
	f.Int64Var(&a.PerDay, "per-day", share.DefaultPerDay, "persons handed out a day")
	f.BoolVar(&a.Unsigned, "unsigned", false, "a sender of old, whose requests carry no signature")
	f.StringVar(&purpose, "purpose", "", "what such a sender asks for when it names no purpose")
	list := &cobra.Command{
		Use: "list", Short: "Every agency with its keys", Args: cobra.NoArgs,
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, _ []string) (any, error) {
			all, err := centre.Share.Agencies(ctx, tx)
			rows := agencyRows{Agencies: []agencyRow{}}
			for _, a := range all {
				keys, kerr := centre.Share.Keys(ctx, tx, a.ID)
				err = errors.Join(err, kerr)
				r := agencyRow{string(a.ID), a.Name, string(a.Level), a.Callback, a.PerMinute, a.PerDay, a.Unsigned, []string{}, when(a.Ended)}
				for _, k := range keys {
					if k.Revoked.IsZero() {
						r.Keys = append(r.Keys, k.KID)
					}
				}
				rows.Agencies = append(rows.Agencies, r)
			}
			return rows, err
		}),
	}
	end := &cobra.Command{
		Use: "end ID", Short: "Take an agency's right to ask, and its tokens, at once", Args: cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			return agencyDone{args[0], "may not ask any more"}, centre.Share.EndAgency(ctx, tx, agreement.AgencyID(args[0]), "command")
		}),
	}
	client := &cobra.Command{
		Use: "client ID", Short: "Give an agency's programs an id and a secret to sign in with", Args: cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			id, secret, err := centre.Share.NewClient(ctx, tx, agreement.AgencyID(args[0]), "command")
			return newClient{args[0], id, secret}, err
		}),
	}
	endClient := &cobra.Command{
		Use: "end-client CLIENT", Short: "Take a client's right to sign in", Args: cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			return agencyDone{args[0], "may not sign in any more"}, centre.Share.EndClient(ctx, tx, args[0], "command")
		}),
	}
	key := &cobra.Command{
		Use: "key ID FILE.jwk", Short: "Add a public key the agency signs with (JWK, Ed25519 or P-256)", Args: cobra.ExactArgs(2),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			text, err := readInput(args[1])
			if err != nil {
				return nil, err
			}
			kid, _, err := agency.ReadKey(text)
			if err != nil {
				return nil, err
			}
			return agencyDone{args[0], "signs with " + kid}, centre.Share.AddKey(ctx, tx, agreement.AgencyID(args[0]), kid, string(text), "command")
		}),
	}
	revoke := &cobra.Command{
		Use: "revoke-key KID", Short: "End a key at once", Args: cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			return agencyDone{args[0], "is not believed any more"}, centre.Share.RevokeKey(ctx, tx, args[0], "command")
		}),
	}
	return parent("agency", "Agencies that ask: add, list, end, client, end-client, key, revoke-key", add, list, end, client, endClient, key, revoke)
}
