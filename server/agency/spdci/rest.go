package spdci

import (
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/agreement"
)

// maxRest is how long an agency that took nothing rests from all its answers, at
// most: each try is a row in somebody's log.
const maxRest = 10 * time.Minute

// rests remembers which agencies took nothing lately.
type rests struct {
	mu    sync.Mutex
	until map[agreement.AgencyID]rest
}

type rest struct {
	fails int
	until time.Time
}

func (r *rests) resting(id agreement.AgencyID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.until[id].until)
}

func (r *rests) fail(id agreement.AgencyID, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.until == nil {
		r.until = map[agreement.AgencyID]rest{}
	}
	was := r.until[id]
	r.until[id] = rest{was.fails + 1, now.Add(min(maxRest, tryAgain<<min(was.fails, 16)))}
}

func (r *rests) good(id agreement.AgencyID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.until, id)
}
