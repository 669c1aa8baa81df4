package serve

import (
	"context"
	"io"
	"net/http"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// maxPerson bounds a question for one person, in bytes.
const maxPerson = 8 << 10

// person answers a kit that asks for one person. The question is signed by the
// kit and the answer sealed to it, so that whoever passes them on reads nothing.
func (c *Centre) person(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPerson))
	if err != nil {
		c.refuse(w, civic.NewProblem(civic.RequestMalformed, err))
		return
	}
	answer, err := c.Person(r.Context(), body)
	if err != nil {
		c.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(answer) // a kit that is gone asks again
}

// Person answers a marshalled protocol.PersonRequest; only a process with the
// registry's keys can.
func (c *Centre) Person(ctx context.Context, request []byte) ([]byte, error) {
	if !c.Access.Keys().Opens() {
		return nil, civic.NewProblem(civic.OpenerAway, nil)
	}
	return c.District.LookUp(ctx, request)
}
