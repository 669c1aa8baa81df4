package ingest

import (
	"io"
	"net/http"

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
	answer, err := g.tell(r.Context(), d, ask.Ask, mediaDownBytes)
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
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSyncRequest))
	if err != nil {
		return d, civic.NewProblem(civic.RequestMalformed, err)
	}
	return d, protocol.Unmarshal(body, ask)
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
