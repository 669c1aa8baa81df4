package badlink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Faults are the shares of requests that something happens to, each between 0
// and 1. Several may happen to one request.
type Faults struct {
	Seed   uint64
	Lose   float64 // it never arrives, and its connection ends
	Half   float64 // only its beginning arrives
	Mute   float64 // it is handled, and the answer is lost
	Repeat float64 // it is handled twice
	Late   float64 // a copy is handled again, after some later ones
	Lie    float64 // somebody else answers: one of Lies, or an old answer to another request
	Garble float64 // the answer arrives cut short or with a wrong bit
	Slow   time.Duration
	Lies   []func(w http.ResponseWriter, r *http.Request)
}

// Wrecker is a handler that wrecks requests on their way to another one.
type Wrecker struct {
	next   http.Handler
	faults Faults

	mu   sync.Mutex
	dice *rand.Rand
	kept []*request // to come back later
	old  []*answer  // answers given, for lies
	done bool
	n    map[string]int
}

// Wreck puts a Wrecker before a handler.
func Wreck(next http.Handler, f Faults) *Wrecker {
	return &Wrecker{next: next, faults: f, dice: rand.New(rand.NewPCG(f.Seed, 0x77726563)), n: map[string]int{}}
}

// Heal ends all faults. Copies still kept come back now.
func (w *Wrecker) Heal() {
	w.mu.Lock()
	kept := w.kept
	w.kept, w.done = nil, true
	w.mu.Unlock()
	for _, r := range kept {
		r.handle(w.next, -1)
	}
}

// Counts tells how often each fault happened.
func (w *Wrecker) Counts() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(map[string]int, len(w.n))
	for k, v := range w.n {
		c[k] = v
	}
	return c
}

// fate is what happens to one request.
type fate struct {
	lose, half, mute, repeat, late, lie, garble bool
	slow                                        time.Duration
	cut, bit                                    float64
	which                                       int
	back                                        *request // an old one that comes back before this one
	old                                         *answer
}

func (w *Wrecker) draw() (f fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	roll := func(name string, share float64) bool {
		hit := w.dice.Float64() < share && !w.done
		if hit {
			w.n[name]++
		}
		return hit
	}
	f.lose, f.half, f.mute = roll("lost", w.faults.Lose), roll("half", w.faults.Half), roll("mute", w.faults.Mute)
	f.repeat, f.late = roll("repeated", w.faults.Repeat), roll("late", w.faults.Late)
	f.lie, f.garble = roll("lie", w.faults.Lie), roll("garbled", w.faults.Garble)
	f.cut, f.bit, f.which = w.dice.Float64(), w.dice.Float64(), w.dice.IntN(1<<20)
	if w.faults.Slow > 0 && !w.done {
		f.slow = time.Duration(w.dice.Int64N(int64(w.faults.Slow)))
	}
	if len(w.kept) > 0 && w.dice.IntN(3) == 0 && !w.done {
		i := w.dice.IntN(len(w.kept))
		f.back = w.kept[i]
		w.kept = append(w.kept[:i], w.kept[i+1:]...)
	}
	if len(w.old) > 0 {
		f.old = w.old[w.dice.IntN(len(w.old))]
	}
	return f
}

func (w *Wrecker) ServeHTTP(to http.ResponseWriter, q *http.Request) {
	f := w.draw()
	body, err := io.ReadAll(q.Body)
	r := &request{Request: q, body: body, err: err}
	time.Sleep(f.slow)
	if f.back != nil {
		f.back.handle(w.next, -1)
	}
	if f.lose {
		panic(http.ErrAbortHandler)
	}
	if f.lie {
		w.lie(to, r, f)
		return
	}
	if f.late {
		w.mu.Lock()
		w.kept = append(w.kept, r)
		w.mu.Unlock()
	}
	upTo := -1
	if f.half {
		upTo = int(f.cut * float64(len(body)))
	}
	a := r.handle(w.next, upTo)
	if f.repeat {
		a = r.handle(w.next, -1)
	}
	w.mu.Lock()
	if len(w.old) < 32 {
		w.old = append(w.old, a)
	}
	w.mu.Unlock()
	if f.mute || f.half || r.err != nil {
		panic(http.ErrAbortHandler)
	}
	a.give(to, f)
}

// lie answers without asking the handler.
func (w *Wrecker) lie(to http.ResponseWriter, r *request, f fate) {
	if i := f.which % (len(w.faults.Lies) + 1); i < len(w.faults.Lies) {
		r.Body = io.NopCloser(bytes.NewReader(r.body))
		w.faults.Lies[i](to, r.Request)
		return
	}
	if f.old == nil {
		panic(http.ErrAbortHandler)
	}
	f.old.give(to, fate{})
}

// request is a request that can be handled more than once.
type request struct {
	*http.Request
	body []byte
	err  error // what reading it ended with, nil at its end
}

var errCut = errors.New("cut")

// handle lets a handler see the request, its body up to some bytes only when
// upTo is not negative.
func (r *request) handle(h http.Handler, upTo int) *answer {
	q := r.WithContext(context.WithoutCancel(r.Context()))
	q.Header = r.Header.Clone()
	var body io.Reader = bytes.NewReader(r.body)
	if upTo >= 0 {
		body = io.MultiReader(bytes.NewReader(r.body[:upTo]), broken{errCut})
	} else if r.err != nil {
		body = io.MultiReader(body, broken{r.err})
	}
	q.Body = io.NopCloser(body)
	a := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(a, q)
	return a
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// answer records what a handler answers.
type answer struct {
	header http.Header
	status int
	wrote  bool
	body   []byte
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if !a.wrote {
		a.status, a.wrote = status, true
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.wrote = true
	a.body = append(a.body, b...)
	return len(b), nil
}

// give answers with what was recorded, garbled if fate wants.
func (a *answer) give(to http.ResponseWriter, f fate) {
	for k, v := range a.header {
		to.Header()[k] = v
	}
	body := a.body
	if f.garble && len(body) > 0 {
		if f.bit < 0.5 {
			to.Header().Del("Content-Length")
			to.WriteHeader(a.status)
			_, _ = to.Write(body[:int(f.cut*float64(len(body)))])
			panic(http.ErrAbortHandler)
		}
		body = bytes.Clone(body)
		body[int(f.cut*float64(len(body)))] ^= 1 << (f.which % 8)
	}
	to.WriteHeader(a.status)
	_, _ = to.Write(body)
}
