package rehearsal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/badlink"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A world of the simulation is one real centre and some kits, each with a link
// and a wrecker of its own seed, for some virtual minutes. Kits seal, pack and
// sync while their links die, requests are lost, repeated, late and lied about,
// passes are stopped anywhere and the centre's program ends once in the middle.
// Then the links heal, and everything must come right.

// kitsInWorld is how many seeds share a centre: to make one costs more than to
// use it.
const kitsInWorld = 60

// bug puts a mistake into a centre on purpose.
type bug func(centre *serve.Centre, next http.Handler) http.Handler

// worldResult is what a world came to.
type worldResult struct {
	seeds, registrations, passes, requests int
	faults                                 map[string]int
	virtual                                time.Duration
	wrong                                  []string // violations, with their seed
}

// seedBytes derives what a seed decides.
func seedBytes(what string, seed uint64) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), seed))
}

// stage is what the worlds share: a form, registrations to seal, and a centre
// as init left it.
type stage struct {
	template string
	book     []byte
	forms    *form.Catalogue
	regs     []civic.Registration
}

func newStage(t *testing.T, registrations int) *stage {
	t.Helper()
	world, book, forms := newWorld(t, batchtest.Options{Seed: 11, Unseen: 0.05})
	s := &stage{template: t.TempDir(), book: book, forms: forms}
	s.regs, _ = world.Births(registrations)
	synctest.Test(t, func(t *testing.T) { // for the time it has in there
		if err := openCentre(t, s.template, later, book).Close(); err != nil {
			t.Fatal(err)
		}
	})
	return s
}

// swap is a handler that can be exchanged, as a program that starts anew.
type swap struct {
	mu   sync.RWMutex
	next http.Handler
}

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.next.ServeHTTP(w, r)
}

// runWorld plays one world.
func runWorld(t *testing.T, s *stage, first uint64, kits int, plant bug) (result worldResult) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.template)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := &simWorld{t: t, stage: s, dir: dir, plant: plant, handler: &swap{}}
		w.start()
		var all sync.WaitGroup
		players := make([]*player, kits)
		for i := range players {
			players[i] = w.player(first + uint64(i))
		}
		for _, p := range players {
			all.Go(p.play)
		}
		dice := mathrand.New(mathrand.NewChaCha8(seedBytes("world", first)))
		time.Sleep(time.Duration(dice.Int64N(int64(40 * time.Second))))
		w.restart()
		all.Wait()
		for _, p := range players {
			p.judge()
		}
		w.judge(players)
		result = worldResult{seeds: kits, faults: map[string]int{}, virtual: time.Since(began)}
		for _, p := range players {
			p.stop()
			result.registrations += int(p.kit.counter)
			result.passes += p.passes
			result.requests += p.requests
			for what, n := range p.wreck.Counts() {
				result.faults[what] += n
			}
			for _, wrong := range p.kit.wrong {
				result.wrong = append(result.wrong, fmt.Sprintf("seed %d: %s", p.seed, wrong))
			}
		}
		result.wrong = append(result.wrong, w.wrong...)
		w.end()
	})
	return result
}

// simWorld is a centre whose program can end and start.
type simWorld struct {
	t       *testing.T
	stage   *stage
	dir     string
	plant   bug
	centre  *serve.Centre
	handler *swap
	cancel  context.CancelFunc
	worked  chan struct{}
	wrong   []string
}

func (w *simWorld) start() {
	// The ledger does not wait for the disk: power cuts are another test's.
	config := serve.Config{
		Data: w.dir, Clock: later, Rand: rand.Reader, Forms: [][]byte{w.stage.book},
		Ledger: "file:" + filepath.Join(w.dir, "ledger.db") + "?_pragma=synchronous(OFF)",
	}
	centre, err := serve.Open(context.Background(), config)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.centre, w.cancel, w.worked = centre, cancel, make(chan struct{})
	go func() {
		defer close(w.worked)
		_ = centre.Work(ctx) // ends with its context
	}()
	w.handler.next = centre.Handler()
	if w.plant != nil {
		w.handler.next = w.plant(centre, centre.Handler())
	}
}

func (w *simWorld) end() {
	w.cancel()
	<-w.worked
	if err := w.centre.Close(); err != nil {
		w.t.Error(err)
	}
}

// restart ends the program between two requests and starts it on what is on
// the disk.
func (w *simWorld) restart() {
	w.handler.mu.Lock()
	defer w.handler.mu.Unlock()
	w.end()
	w.start()
}

// judge compares the centre with what the kits sealed.
func (w *simWorld) judge(players []*player) {
	sent := 0
	for _, p := range players {
		sent += len(p.packed)
	}
	var rows, distinct int
	err := w.centre.DB.View(context.Background(), func(tx ledger.Tx) error {
		return tx.QueryRow(context.Background(), "SELECT count(*), count(DISTINCT registration) FROM ingest_registration").Scan(&rows, &distinct)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if rows != sent || distinct != sent {
		w.wrong = append(w.wrong, fmt.Sprintf("the centre holds %d registrations, %d of them different; the kits sent %d", rows, distinct, sent))
	}
}

// player is one kit with its troubles.
type player struct {
	world    *simWorld
	seed     uint64
	kit      *bareKit
	dice     *mathrand.Rand
	wreck    *badlink.Wrecker
	bad      *badlink.Link
	good     *badlink.Link
	servers  []*http.Server
	served   sync.WaitGroup
	packed   map[uint64]bool // counters in batches
	program  *client.Client  // as long as the kit's program runs
	on       *badlink.Link   // the link program was made for
	passes   int
	requests int
}

func (w *simWorld) player(seed uint64) *player {
	dice := mathrand.New(mathrand.NewChaCha8(seedBytes("player", seed)))
	share := func(most float64) float64 {
		if dice.IntN(2) == 0 {
			return 0
		}
		return dice.Float64() * most
	}
	p := &player{world: w, seed: seed, kit: newBareKit(seed, later, w.stage.forms), dice: dice, packed: map[uint64]bool{}}
	p.wreck = badlink.Wreck(w.handler, badlink.Faults{
		Seed: seed, Lose: share(0.3), Half: share(0.3), Mute: share(0.3), Repeat: share(0.3), Late: share(0.3), Lie: share(0.2), Garble: share(0.2),
		Slow: time.Duration(1 + dice.Int64N(int64(3*time.Second))), Lies: lies(),
	})
	link := badlink.Conditions{Seed: seed, Delay: time.Duration(dice.Int64N(int64(400 * time.Millisecond))), Loss: share(0.1)}
	if dice.IntN(2) == 0 {
		link.Up, link.Down = 2500+dice.IntN(20_000), 2500+dice.IntN(20_000)
	}
	if dice.IntN(2) == 0 {
		link.AliveFor, link.DeadFor = time.Second+time.Duration(dice.Int64N(int64(20*time.Second))), time.Duration(dice.Int64N(int64(10*time.Second)))
	}
	p.bad, p.good = badlink.New(link), badlink.New(badlink.Conditions{Seed: seed})
	p.listen(p.bad, p.wreck)
	p.listen(p.good, w.handler)
	p.kit.enrol(w.t, w.centre, p.good.Dial, client.Tuning{})
	return p
}

func (p *player) listen(l *badlink.Link, h http.Handler) {
	cert, err := p.world.centre.Access.Certificate(context.Background(), nil)
	if err != nil {
		p.world.t.Fatal(err)
	}
	config := protocol.ServerTLS(tls.Certificate{})
	config.Certificates, config.GetCertificate = nil, cert.Get
	config.CurvePreferences = []tls.CurveID{tls.X25519} // for the processor's sake: nobody listens here
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.served.Add(1)
		defer p.served.Done()
		h.ServeHTTP(w, r)
	})
	s := &http.Server{Handler: counted, ErrorLog: log.New(io.Discard, "", 0)}
	p.servers = append(p.servers, s)
	p.served.Go(func() { _ = s.Serve(tls.NewListener(l.Listener(), config)) })
}

func (p *player) stop() {
	_, _ = p.bad.Close(), p.good.Close()
	for _, s := range p.servers {
		_ = s.Close()
	}
	p.served.Wait()
}

// play is a bad day, and a good one after it.
func (p *player) play() {
	days := 1 + p.dice.IntN(2)
	for range days {
		p.work()
		for range 1 + p.dice.IntN(3) {
			p.pass(p.bad, true)
			time.Sleep(time.Duration(p.dice.Int64N(int64(20 * time.Second))))
		}
	}
	p.wreck.Heal()
	for range 20 {
		p.pass(p.good, false)
		if p.done() {
			return
		}
		time.Sleep(2 * time.Second)
	}
}

// work seals some registrations and packs most of them.
func (p *player) work() {
	n := 1 + p.dice.IntN(4)
	at := p.dice.IntN(len(p.world.stage.regs) - n)
	regs := append([]civic.Registration(nil), p.world.stage.regs[at:at+n]...)
	if err := p.kit.seal(regs); err != nil {
		p.world.t.Error(err)
		return
	}
	for len(regs) > 0 {
		k := 1 + p.dice.IntN(len(regs))
		if p.dice.IntN(8) == 0 { // stays at home
			regs = regs[k:]
			continue
		}
		if err := p.kit.pack(regs[:k]); err != nil {
			p.world.t.Error(err)
			return
		}
		for _, r := range regs[:k] {
			p.packed[r.Counter] = true
		}
		regs = regs[k:]
		if p.dice.IntN(4) == 0 {
			picture := make([]byte, 1+p.dice.IntN(20_000))
			binary.BigEndian.PutUint64(append(picture, make([]byte, 8)...), p.seed)
			if err := p.kit.attach(picture); err != nil {
				p.world.t.Error(err)
			}
		}
	}
}

// pass makes one pass, and on a bad day stops it anywhere.
func (p *player) pass(l *badlink.Link, stop bool) {
	ctx := context.Background()
	if stop && p.dice.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(p.dice.Int64N(int64(30*time.Second))))
		defer cancel()
	}
	wait := 10 * time.Second
	if stop {
		wait = time.Duration(p.dice.Int64N(int64(10 * time.Second)))
	}
	if p.program == nil || p.on != l || p.dice.IntN(3) == 0 { // the kit's program starts anew
		p.on = l
		p.program = p.kit.client(p.world.t, l.Dial, client.Tuning{Patience: 3, RetryMax: 5 * time.Second}, p.dice.Float64)
	}
	result, err := p.program.Pass(ctx, client.Options{Wait: wait})
	p.passes++
	p.requests += result.Attempts
	var known *civic.Problem
	if err != nil && !errors.As(err, &known) {
		p.kit.wrong = append(p.kit.wrong, "a pass failed without a code: "+err.Error())
	}
	if err != nil && !stop && civic.CodeOf(err) != civic.ServerBusy && civic.CodeOf(err) != civic.NoNetwork {
		p.kit.wrong = append(p.kit.wrong, "a pass on a good link failed: "+string(civic.CodeOf(err)))
	}
}

func (p *player) done() bool {
	if len(p.kit.waiting()) > 0 {
		return false
	}
	p.kit.mu.Lock()
	defer p.kit.mu.Unlock()
	for counter := range p.packed {
		if len(p.kit.outcomes[counter]) == 0 {
			return false
		}
	}
	return true
}

// judge looks whether everything came right.
func (p *player) judge() {
	wrong := func(format string, args ...any) { p.kit.wrong = append(p.kit.wrong, fmt.Sprintf(format, args...)) }
	for _, i := range p.kit.waiting() {
		wrong("file %s is %v at the centre (%s)", i.Digest, i.Acked, i.Reason)
	}
	for counter := uint64(1); counter <= p.kit.counter; counter++ {
		outcomes := p.kit.outcomes[counter]
		switch {
		case !p.packed[counter] && len(outcomes) > 0:
			wrong("registration %d never left and has an outcome", counter)
		case p.packed[counter] && len(outcomes) != 1:
			wrong("registration %d was settled %d times", counter, len(outcomes))
		case p.packed[counter] && outcomes[0].Status == civic.Quarantined:
			wrong("registration %d was set aside: %v", counter, outcomes[0].Reasons)
		case p.packed[counter] && outcomes[0].Registration != civic.NewRegistrationID(p.kit.public(), counter):
			wrong("registration %d got another's outcome", counter)
		}
	}
}

// lies are answers nobody at the centre gave. What is signed in them is signed
// by a stranger.
func lies() []func(http.ResponseWriter, *http.Request) {
	refuse := func(code civic.Code) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(protocol.HeaderUploadOffset, "17")
			protocol.WriteProblem(w, civic.NewProblem(code, nil))
		}
	}
	bare := func(status int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	stranger := badKey()
	return []func(http.ResponseWriter, *http.Request){
		refuse(civic.UploadOffset), refuse(civic.UploadUnknown), refuse(civic.UploadChecksum), refuse(civic.ServerBusy),
		refuse(civic.DeviceUnknown), refuse(civic.DeviceRevoked), refuse(civic.UploadTooLarge),
		bare(500), bare(502), bare(404), bare(200), bare(204),
		func(w http.ResponseWriter, r *http.Request) { // "it is all there"
			size := r.Header.Get(protocol.HeaderUploadLength)
			w.Header().Set(protocol.HeaderUploadOffset, size)
			w.Header().Set(protocol.HeaderUploadLength, size)
			w.WriteHeader(http.StatusCreated)
		},
		func(w http.ResponseWriter, r *http.Request) { // "there is nothing to do"
			b, _ := protocol.Marshal(protocol.SyncAnswer{ServerTime: later().Unix()})
			_, _ = w.Write(b)
		},
		func(w http.ResponseWriter, r *http.Request) { // "received, safe, forget it", by a stranger
			body, _ := io.ReadAll(r.Body)
			var q protocol.SyncRequest
			_ = protocol.Unmarshal(body, &q)
			var acks []protocol.BatchAck
			for _, d := range q.Batches {
				acks = append(acks, protocol.BatchAck{Batch: d, State: protocol.BatchReceived, Safe: true})
			}
			statement, _ := protocol.Sign(protocol.StatementAck, acks, stranger)
			b, _ := protocol.Marshal(protocol.SyncAnswer{ServerTime: later().Unix(), Acks: statement})
			w.Header().Set(protocol.HeaderAck, protocol.AckHeader(statement))
			_, _ = w.Write(b)
		},
		func(w http.ResponseWriter, r *http.Request) { // noise
			_, _ = w.Write(bytes.Repeat([]byte{0xa5}, 100))
		},
	}
}
