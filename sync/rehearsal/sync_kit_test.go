package rehearsal

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// bareKit is a kit without an app and without a disk: real keys, real batches,
// and a memory that the sync client works on. What a kit must not forget
// survives in it; a test that wants a crash throws the client away and keeps
// the memory, as a disk would.
type bareKit struct {
	device, transport ed25519.PrivateKey
	secret            [32]byte
	area              civic.Area
	root              *x509.Certificate
	clock             func() time.Time
	forms             *form.Catalogue
	random            io.Reader

	mu       sync.Mutex
	day      batch.DayKey
	seq      uint64
	counter  uint64
	previous civic.Digest
	files    map[civic.Digest][]byte
	items    []protocol.Item
	covers   map[civic.Digest][]uint64 // counters in each batch
	cursor   uint64
	bundle   protocol.KeyBundle
	lease    protocol.Lease
	session  []byte // of TLS
	outcomes map[uint64][]civic.Outcome
	wrong    []string  // what must never happen and did
	acked    time.Time // when everything was acknowledged for the first time
}

// newBareKit makes a kit's keys from a seed.
func newBareKit(seed uint64, clock func() time.Time, forms *form.Catalogue) *bareKit {
	key := func(what string) []byte {
		h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), seed))
		return h[:]
	}
	return &bareKit{
		device: ed25519.NewKeyFromSeed(key("device")), transport: ed25519.NewKeyFromSeed(key("transport")),
		secret: [32]byte(key("secret")), clock: clock, forms: forms, random: rand.NewChaCha8([32]byte(key("random"))),
		files: map[civic.Digest][]byte{}, covers: map[civic.Digest][]uint64{}, outcomes: map[uint64][]civic.Outcome{},
	}
}

func (k *bareKit) public() ed25519.PublicKey { return k.device.Public().(ed25519.PublicKey) }
func (k *bareKit) id() civic.DeviceID        { return civic.NewDeviceID(k.public()) }
func (k *bareKit) salt(counter uint64) [32]byte {
	return protocol.SaltOf(k.secret[:], counter)
}

// seal gives registrations their places in the kit's chain.
func (k *bareKit) seal(regs []civic.Registration) error {
	for i := range regs {
		k.counter++
		r := &regs[i]
		r.Device, r.Counter, r.Area = k.id(), k.counter, k.area
		r.ID = civic.NewRegistrationID(k.public(), r.Counter)
		r.Previous = k.previous
		b, err := batch.Canonical(r)
		if err != nil {
			return err
		}
		k.previous = batch.DigestOf(k.salt(r.Counter), b)
	}
	return nil
}

// pack makes one batch of registrations, with the day's key before the first.
func (k *bareKit) pack(regs []civic.Registration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.day.Key == [32]byte{} {
		var err error
		if k.day, err = batch.NewDayKey(k.random); err != nil {
			return err
		}
		header, err := batch.WrapDayKey(k.day, k.id(), k.bundle.Recipients, k.device)
		if err != nil {
			return err
		}
		k.add(protocol.ItemKey, header)
	}
	k.seq++
	file, err := batch.Pack(batch.Packing{
		Device: k.id(), Area: k.area, Seq: k.seq, Key: k.day, Sign: k.device, Forms: k.forms,
		Now: k.clock, SaltOf: k.salt, Rand: k.random,
	}, regs)
	if err != nil {
		return err
	}
	name := k.add(protocol.ItemBatch, file)
	for i := range regs {
		k.covers[name] = append(k.covers[name], regs[i].Counter)
	}
	return nil
}

// attach seals a picture under the day's key.
func (k *bareKit) attach(picture []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	file, err := batch.SealAttachment(k.day, k.id(), picture, k.device, k.random)
	if err == nil {
		k.add(protocol.ItemAttachment, file)
	}
	return err
}

func (k *bareKit) add(kind protocol.ItemKind, file []byte) civic.Digest {
	name := protocol.NameOf(file)
	k.files[name] = file
	k.items = append(k.items, protocol.Item{Digest: name, Kind: kind, Key: k.day.ID, Size: int64(len(file))})
	return name
}

func (k *bareKit) Pending(context.Context) ([]protocol.Item, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.items), func(i protocol.Item) bool { return i.Safe }), nil
}

func (k *bareKit) Read(_ context.Context, name civic.Digest) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.files[name], nil
}

func (k *bareKit) Sent(_ context.Context, names []civic.Digest) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.items {
		k.items[i].Sent = k.items[i].Sent || slices.Contains(names, k.items[i].Digest)
	}
	return nil
}

func (k *bareKit) Acknowledge(_ context.Context, _ []byte, acks []protocol.BatchAck) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range acks {
		i := slices.IndexFunc(k.items, func(i protocol.Item) bool { return i.Digest == a.Batch })
		if i < 0 {
			k.wrong = append(k.wrong, "an acknowledgement for a file this kit never had")
			continue
		}
		if !k.items[i].Sent && a.State != protocol.BatchAbsent {
			k.wrong = append(k.wrong, "an acknowledgement for a file that never left")
		}
		k.items[i].Acked, k.items[i].Reason, k.items[i].Safe = a.State, a.Reason, a.Safe
	}
	if k.acked.IsZero() && !slices.ContainsFunc(k.items, unsigned) {
		k.acked = time.Now()
	}
	return nil
}

func (k *bareKit) Cursor(context.Context) (uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cursor, nil
}

func (k *bareKit) TakeIn(_ context.Context, down []protocol.Down, cursor uint64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []civic.Outcome // taken in together or not at all
	for _, d := range down {
		if d.Seq <= k.cursor {
			k.wrong = append(k.wrong, "a message was taken in twice")
		}
		plain, err := protocol.OpenDown(k.secret[:], d.Seq, d.Kind, d.Body)
		if err != nil {
			return err
		}
		outcomes, err := protocol.OpenOutcomes(k.public(), plain)
		if err != nil {
			return err
		}
		all = append(all, outcomes...)
	}
	for _, o := range all {
		k.outcomes[o.Counter] = append(k.outcomes[o.Counter], o)
		sent := false
		for name, counters := range k.covers {
			i := slices.IndexFunc(k.items, func(i protocol.Item) bool { return i.Digest == name })
			sent = sent || slices.Contains(counters, o.Counter) && k.items[i].Sent
		}
		if !sent {
			k.wrong = append(k.wrong, fmt.Sprintf("an outcome for registration %d, which never left", o.Counter))
		}
	}
	k.cursor = cursor
	return nil
}

func (k *bareKit) BundleSerial(context.Context) (uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bundle.Serial, nil
}

func (k *bareKit) KeepBundle(_ context.Context, _ []byte, b protocol.KeyBundle) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bundle = b
	return nil
}

func (k *bareKit) KeepLease(_ context.Context, _ []byte, l protocol.Lease) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lease = l
	return nil
}

func (k *bareKit) KeepServerTime(context.Context, int64) error { return nil }
func (k *bareKit) Journal(context.Context) (protocol.Head, error) {
	return protocol.Head{}, nil
}

func (k *bareKit) Stamp() civic.Stamp {
	return civic.Stamp{Wall: k.clock().Unix(), Boot: 1, Mono: 1}
}

func (k *bareKit) serverKey() ed25519.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bundle.Server
}

// waiting lists what the centre has not signed for.
func (k *bareKit) waiting() []protocol.Item {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.items), func(i protocol.Item) bool { return !unsigned(i) })
}

func unsigned(i protocol.Item) bool {
	return i.Kind != protocol.ItemKey && i.Acked != protocol.BatchReceived
}
