// Command batchbench measures what a registration costs on the wire and to
// open, against what it holds and against other ways of packing:
//
//	go run ./sync/batch/batchbench
//
// It prints tables, each figure with the ratio that matters, measured in the
// same run on the same registrations (package batchtest invents them).
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

func main() {
	seed := flag.Uint64("seed", 1, "which district to invent")
	flag.Parse()
	if err := run(*seed); err != nil {
		fmt.Fprintln(os.Stderr, "batchbench:", err)
		os.Exit(1)
	}
}

func run(seed uint64) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "bytes a registration on the wire, signature and envelope included\t")
	fmt.Fprintln(out, "registrations\tanswers\tunseen words\tphotos\tbytes\tit holds\tratio\tbudget\tpack µs\topen µs\tchain µs\t")
	for _, c := range []struct {
		count          int
		unseen, photos float64
		budget         int
	}{
		{1000, 0, 0, 45}, {1000, 0.05, 0, 52}, {1000, 0.2, 0, 0}, {1000, 0.05, 0.06, 0}, {200, 0.05, 0, 0},
		{100, 0, 0, 66}, {100, 0.05, 0, 66}, {10, 0.05, 0, 105}, {1, 0.05, 0, 0},
	} {
		m, err := b.measure(batchtest.Options{Seed: seed, Unseen: c.unseen, Photos: c.photos}, c.count)
		if err != nil {
			return err
		}
		budget := "-"
		if c.budget > 0 {
			budget = fmt.Sprintf("%d", c.budget)
		}
		fmt.Fprintf(out, "%d\t%.1f\t%.0f %%\t%.0f %%\t%.1f\t%.1f\t%.2f\t%s\t%.0f\t%.0f\t%.0f\t\n", c.count, m.answers, c.unseen*100, c.photos*100,
			m.bytes, m.holds, m.bytes/m.holds, budget, m.pack, m.open, m.chain)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Println("A photo's digest is 32 bytes that nothing can foretell; the photo itself travels apart.")
	if err := b.others(seed); err != nil {
		return err
	}
	return b.fixed()
}

// bench is a kit that packs.
type bench struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	device  civic.DeviceID
	key     batch.DayKey
}

func newBench() (*bench, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	key, err := batch.NewDayKey(nil)
	if err != nil {
		return nil, err
	}
	return &bench{private, public, civic.NewDeviceID(public), key}, nil
}

func saltOf(counter uint64) [32]byte { return sha256.Sum256(fmt.Append(nil, "salt", counter)) }

// births are n registrations of a kit with what they hold, in bits.
func (b *bench) births(o batchtest.Options, n int) ([]civic.Registration, float64, *form.Catalogue, error) {
	w := batchtest.New(o)
	workbook, err := w.Workbook()
	if err != nil {
		return nil, 0, nil, err
	}
	forms := form.NewCatalogue()
	if _, err := forms.Add(workbook); err != nil {
		return nil, 0, nil, err
	}
	regs, bits := w.Births(n)
	for i := range regs {
		r := &regs[i]
		r.Device, r.Counter = b.device, uint64(i)+1
		r.ID = civic.NewRegistrationID(b.public, r.Counter)
	}
	m := batch.Manifest{Breaks: []uint32{0}}
	_, err = batch.Chain(m, regs, saltOf)
	return regs, bits, forms, err
}

// measured is of one registration: bytes, and microseconds of this machine.
type measured struct{ answers, bytes, holds, pack, open, chain float64 }

func (b *bench) measure(o batchtest.Options, n int) (measured, error) {
	regs, bits, forms, err := b.births(o, n)
	if err != nil {
		return measured{}, err
	}
	known := batch.Remember(forms)
	answers := 0
	for i := range regs {
		answers += len(regs[i].Answers)
	}
	file, err := b.pack(known, regs)
	if err != nil {
		return measured{}, err
	}
	of := func(v float64) float64 { return v / float64(n) }
	m := measured{answers: of(float64(answers)), bytes: of(float64(len(file))), holds: of(bits / 8)}
	if m.pack, err = least(n, func() error { _, err := b.pack(known, regs); return err }); err != nil {
		return m, err
	}
	var (
		manifest batch.Manifest
		again    []civic.Registration
	)
	if m.open, err = least(n, func() (err error) {
		manifest, again, err = batch.Open(file, b.key, b.public, known)
		return err
	}); err != nil {
		return m, err
	}
	m.chain, err = least(n, func() error { _, err := batch.Chain(manifest, again, saltOf); return err })
	return m, err
}

func (b *bench) pack(forms batch.Forms, regs []civic.Registration) ([]byte, error) {
	return batch.Pack(batch.Packing{
		Device: b.device, Area: "mx-20-067", Seq: 1, Key: b.key, Sign: b.private, Forms: forms,
		Now: time.Now, SaltOf: saltOf,
	}, regs)
}

// least is the best of a few runs, in microseconds a registration: other work
// on the machine only ever adds.
func least(n int, f func() error) (float64, error) {
	best := 0.0
	for i := range 7 {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if took := float64(time.Since(start).Nanoseconds()) / 1000 / float64(n); i == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// fixed prints what does not grow with the registrations.
func (b *bench) fixed() error {
	registry, err := age.GenerateHybridIdentity()
	if err != nil {
		return err
	}
	header, err := batch.WrapDayKey(b.key, b.device, []string{registry.Recipient().String()}, b.private)
	if err != nil {
		return err
	}
	photo, err := batch.SealAttachment(b.key, b.device, make([]byte, 30_000), b.private, nil)
	if err != nil {
		return err
	}
	fmt.Printf("\nonce a day: the day key's header, %d bytes (budget 1800)\nan attachment of 30000 bytes travels as %d\n", len(header), len(photo))
	return nil
}
