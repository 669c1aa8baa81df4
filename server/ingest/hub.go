package ingest

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Relay answers a kit's request that a hub brings. Nothing of it is believed:
// the answer's words are signed, or sealed to the kit.
func (g *Ingest) Relay(w http.ResponseWriter, r *http.Request) {
	var ask protocol.RelayRequest
	if _, err := g.hub(w, r, &ask); err != nil {
		g.refuse(w, r, err)
		return
	}
	var d access.Device
	err := g.DB.View(r.Context(), func(tx ledger.Tx) (err error) {
		d, err = g.Access.ByTransport(r.Context(), tx, ask.Transport)
		return err
	})
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	if ask.Ask.Openings, err = g.proven(d, ask.Ask.Openings); err != nil {
		g.refuse(w, r, err)
		return
	}
	answer, err := g.tell(r.Context(), d, ask.Ask, mediaDownBytes)
	g.reply(w, r, answer, err)
}

// proven gives the openings up to the first that its kit did not seal: one kept
// under a number would stand in the way of the kit's own.
func (g *Ingest) proven(d access.Device, list []protocol.SealedOpening) ([]protocol.SealedOpening, error) {
	if len(list) == 0 || g.District == nil {
		return nil, nil
	}
	secret, err := g.Access.Secret(d)
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(list, func(o protocol.SealedOpening) bool {
		_, err := protocol.OpenUp(secret, o.N, o.Body)
		return err != nil
	})
	if n < 0 {
		n = len(list)
	}
	return list[:n], nil
}

// carriedBytes caps the messages for one kit that a courier fetches, which
// takes them over a kit's link.
const carriedBytes = 64 << 10

// Carried answers a request that a courier took over from another kit of its
// office. Nothing of it is believed, as on a medium, and what would change what
// the centre keeps is passed over.
func (g *Ingest) Carried(w http.ResponseWriter, r *http.Request) {
	var ask protocol.CarriedRequest
	courier, err := g.caller(r)
	if err == nil && courier.IsRevoked() {
		err = civic.NewProblem(civic.DeviceRevoked, nil)
	}
	if err == nil {
		err = readRequest(w, r, &ask)
	}
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	var d access.Device
	err = g.DB.View(r.Context(), func(tx ledger.Tx) (err error) {
		d, err = g.Access.ByID(r.Context(), tx, ask.Device)
		return err
	})
	if err == nil && d.Area != courier.Area {
		err = civic.NewProblem(civic.DeviceUnknown, errors.New("a kit of another office"))
	}
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	plain := protocol.SyncRequest{Cursor: ask.Ask.Cursor, Batches: ask.Ask.Batches, Attachments: ask.Ask.Attachments, Keys: ask.Ask.Keys,
		Bundle: ask.Ask.Bundle, Wait: ask.Ask.Wait}
	if err := g.await(r.Context(), d, plain); err != nil {
		g.refuse(w, r, err)
		return
	}
	answer, err := g.tell(r.Context(), d, plain, carriedBytes)
	g.reply(w, r, answer, err)
}

// Hub answers a hub that asks for its certificate.
func (g *Ingest) Hub(w http.ResponseWriter, r *http.Request) {
	var ask protocol.HubRequest
	d, err := g.hub(w, r, &ask)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	answer, err := g.Access.HubCertificate(r.Context(), d, ask)
	g.reply(w, r, answer, err)
}

// hub reads a request that only a hub may make.
func (g *Ingest) hub(w http.ResponseWriter, r *http.Request, ask any) (access.Device, error) {
	d, err := g.caller(r)
	if err != nil {
		return d, err
	}
	if !d.Hub || d.IsRevoked() {
		return d, civic.NewProblem(civic.NotHub, nil)
	}
	return d, readRequest(w, r, ask)
}

// readRequest reads the body of a control call.
func readRequest(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSyncRequest))
	if err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	return protocol.Unmarshal(body, into)
}

// reply writes an answer, or the problem.
func (g *Ingest) reply(w http.ResponseWriter, r *http.Request, answer any, err error) {
	var words []byte
	if err == nil {
		words, err = protocol.Marshal(answer)
	}
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(words) // who asked may be gone, and asks again
}
