package batch_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
)

// kit is a device with a day's key.
type kit struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	id      civic.DeviceID
	key     batch.DayKey
}

// newKit makes the same kit for the same name.
func newKit(t testing.TB, name string) kit {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	k := kit{private: ed25519.NewKeyFromSeed(seed[:])}
	k.public = k.private.Public().(ed25519.PublicKey)
	k.id = civic.NewDeviceID(k.public)
	var err error
	if k.key, err = batch.NewDayKey(bytes.NewReader(seed[:])); err != nil {
		t.Fatal(err)
	}
	return k
}

func saltOf(counter uint64) [32]byte {
	return sha256.Sum256([]byte{'s', byte(counter), byte(counter >> 8)})
}

func (k kit) packing(forms batch.Forms) batch.Packing {
	return batch.Packing{
		Device: k.id, Area: "mx-20-067", Seq: 3, Key: k.key, Sign: k.private, Forms: forms,
		Now:    func() time.Time { return time.Unix(1_795_000_000, 0) },
		SaltOf: saltOf,
	}
}

// chain gives registrations ids and links from a counter on.
func (k kit) chain(t testing.TB, regs []civic.Registration, first uint64) []civic.Registration {
	t.Helper()
	previous := civic.Digest(sha256.Sum256([]byte("before")))
	for i := range regs {
		r := &regs[i]
		r.Device, r.Counter = k.id, first+uint64(i)
		r.ID = civic.NewRegistrationID(k.public, r.Counter)
		r.Previous = previous
		b, err := batch.Canonical(r)
		if err != nil {
			t.Fatal(err)
		}
		previous = batch.DigestOf(saltOf(r.Counter), b)
	}
	return regs
}

func simple(n int) []civic.Registration {
	regs := make([]civic.Registration, n)
	for i := range regs {
		regs[i] = civic.Registration{
			Area: "mx-20-067", Officer: civic.OfficerID{1}, Form: civic.FormRef{ID: "birth", Version: "1"},
			Services: []civic.ServiceID{"birth"}, Language: "es",
			Started: civic.Stamp{Wall: 1_795_000_000 + int64(i)*400, Boot: 2, Mono: int64(i) * 400},
			Sealed:  civic.Stamp{Wall: 1_795_000_300 + int64(i)*400, Boot: 2, Mono: 300 + int64(i)*400},
			Answers: []civic.Answer{
				{Path: "child/given_name", Value: "María Fernanda"},
				{Path: "child/birth_date", Value: "2026-11", Stated: "at the harvest"},
				{Path: "father/surname", Absent: civic.Unknown},
			},
		}
	}
	return regs
}

func canonicals(t testing.TB, regs []civic.Registration) [][]byte {
	t.Helper()
	all := make([][]byte, len(regs))
	for i := range regs {
		b, err := batch.Canonical(&regs[i])
		if err != nil {
			t.Fatal(err)
		}
		all[i] = b
	}
	return all
}

func TestABatchComesBackAsItWas(t *testing.T) {
	k := newKit(t, "kit")
	regs := k.chain(t, simple(20), 5)
	want := canonicals(t, regs)
	file, err := batch.Pack(k.packing(nil), regs)
	if err != nil {
		t.Fatal(err)
	}
	m, again, err := batch.Open(file, k.key, k.public, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.First != 5 || m.Count != 20 || m.Seq != 3 || m.Area != "mx-20-067" || !slices.Equal(m.Breaks, []uint32{0}) {
		t.Errorf("the manifest says %+v", m)
	}
	digests, err := batch.Chain(m, again, saltOf)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range canonicals(t, again) {
		if !bytes.Equal(b, want[i]) {
			t.Errorf("registration %d changed", i)
		}
		if digests[i] != batch.DigestOf(saltOf(regs[i].Counter), want[i]) {
			t.Errorf("registration %d has another digest", i)
		}
	}
}

func TestDayKeyTravelsToTheRegistryOnly(t *testing.T) {
	k := newKit(t, "kit")
	registry, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	file, err := batch.WrapDayKey(k.key, k.id, []string{registry.Recipient().String()}, k.private)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 1800 {
		t.Errorf("the header takes %d bytes, more than 1800", len(file))
	}
	device, id, err := batch.ReadDayKey(file)
	if err != nil || device != k.id || id != k.key.ID {
		t.Errorf("the header names %v %v (%v)", device, id, err)
	}
	opened, err := batch.OpenDayKey(file, k.public, registry)
	if err != nil || opened != k.key {
		t.Errorf("the registry cannot open it: %v", err)
	}
	if _, err := batch.OpenDayKey(file, k.public, other); civic.CodeOf(err) != civic.BatchForeign {
		t.Errorf("another registry gets %v", err)
	}
	if _, err := batch.OpenDayKey(file, newKit(t, "other").public, registry); civic.CodeOf(err) != civic.BatchSignature {
		t.Errorf("another device's key gives %v", err)
	}
}

func TestAttachmentComesBack(t *testing.T) {
	k := newKit(t, "kit")
	photo := bytes.Repeat([]byte("photo"), 6000)
	file, err := batch.SealAttachment(k.key, k.id, photo, k.private, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, digest, err := batch.OpenAttachment(file, k.key, k.public)
	if err != nil || !bytes.Equal(plain, photo) || digest != sha256.Sum256(photo) {
		t.Errorf("the photo came back otherwise: %v", err)
	}
	if _, _, err := batch.OpenAttachment(file, newKit(t, "other").key, k.public); civic.CodeOf(err) != civic.NeedKey {
		t.Errorf("another day's key gives %v", err)
	}
}

// Problems name what went wrong, so that the centre can say it and the kit can
// act on it.
func TestProblems(t *testing.T) {
	k, other := newKit(t, "kit"), newKit(t, "other")
	regs := k.chain(t, simple(3), 1)
	file, err := batch.Pack(k.packing(nil), regs)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(file)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		name   string
		file   []byte
		key    batch.DayKey
		device ed25519.PublicKey
		want   civic.Code
	}{
		{"empty", nil, k.key, k.public, civic.BatchTruncated},
		{"cut in the head", file[:8], k.key, k.public, civic.BatchTruncated},
		{"cut in the middle", file[:len(file)/2], k.key, k.public, civic.BatchTruncated},
		{"one byte short", file[:len(file)-1], k.key, k.public, civic.BatchTruncated},
		{"one byte more", append(bytes.Clone(file), 0), k.key, k.public, civic.BatchUnreadable},
		{"another kind of file", []byte("PK\x03\x04 and so on and on"), k.key, k.public, civic.BatchUnreadable},
		{"a changed seal", flip(len(file) - 80), k.key, k.public, civic.BatchSignature},
		{"a changed signature", flip(len(file) - 1), k.key, k.public, civic.BatchSignature},
		{"another device", file, k.key, other.public, civic.BatchSignature},
		{"another day", file, other.key, k.public, civic.NeedKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := batch.Open(c.file, c.key, c.device, nil); civic.CodeOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestPackRefuses(t *testing.T) {
	k, other := newKit(t, "kit"), newKit(t, "other")
	change := func(f func(*civic.Registration)) []civic.Registration {
		regs := k.chain(t, simple(2), 1)
		f(&regs[1])
		return regs
	}
	for _, c := range []struct {
		name string
		regs []civic.Registration
		want civic.Code
	}{
		{"practice", change(func(r *civic.Registration) { r.Practice = true }), civic.WrongUse},
		{"another device's", other.chain(t, simple(1), 1), civic.BatchForeign},
		{"a wrong id", change(func(r *civic.Registration) { r.ID[0] ^= 1 }), civic.BatchForeign},
		{"text that is not UTF-8", change(func(r *civic.Registration) { r.Answers[0].Value = "Mar\xeda" }), civic.AnswersInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := batch.Pack(k.packing(nil), c.regs); civic.CodeOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if _, err := batch.Pack(k.packing(nil), nil); err == nil {
		t.Error("an empty batch was packed")
	}
}
