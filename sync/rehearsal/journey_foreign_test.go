package rehearsal

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// smuggler puts files into a kit's outbox that no kit would make.
type smuggler struct {
	t      *testing.T
	st     *store.Store
	key    batch.DayKey
	device ed25519.PrivateKey
	forms  *form.Catalogue
}

// smuggle opens a kit's memory and does something to its outbox.
func (k *tablet) smuggle(t *testing.T, do func(s *smuggler)) {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, k.home, store.Options{LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := st.Unlock(ctx, journeyPass); err != nil {
		t.Fatal(err)
	}
	s := &smuggler{t: t, st: st, forms: form.NewCatalogue()}
	if s.device, _, err = st.Keys(); err != nil {
		t.Fatal(err)
	}
	book, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.forms.Add(book); err != nil {
		t.Fatal(err)
	}
	bundle, _, err := st.Bundle(ctx)
	if err != nil {
		t.Fatal(err)
	}
	day, err := st.DayKey(ctx, func(d store.DayKey) ([]byte, error) {
		return batch.WrapDayKey(batch.DayKey(d), st.Identity().Device, bundle.Recipients, s.device)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.key = batch.DayKey(day)
	do(s)
}

// pack makes a batch of one invented registration, signed by a device.
func (s *smuggler) pack(sign ed25519.PrivateKey, area civic.Area, key batch.DayKey) []byte {
	s.t.Helper()
	public := sign.Public().(ed25519.PublicKey)
	const counter = 5000 // far from what the kit counts itself
	now := time.Now
	f, _ := s.forms.Latest("febrl")
	file, err := batch.Pack(batch.Packing{
		Device: civic.NewDeviceID(public), Area: area, Seq: 900, Key: key, Sign: sign, Forms: s.forms, Now: now,
	}, []civic.Registration{{
		Device: civic.NewDeviceID(public), ID: civic.NewRegistrationID(public, counter), Counter: counter, Area: area, Form: f.Ref(),
		Services: []civic.ServiceID{f.Service()}, Language: "en", Sealed: civic.Stamp{Wall: now().Unix()}, Started: civic.Stamp{Wall: now().Unix()},
		Answers: []civic.Answer{{Path: "person/given_name", Value: "smuggled"}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return file
}

func (s *smuggler) send(kind protocol.ItemKind, file []byte, key protocol.KeyID) {
	s.t.Helper()
	if err := s.st.AddOutgoing(context.Background(), store.Outgoing{Kind: kind, Bytes: file, Key: key}); err != nil {
		s.t.Fatal(err)
	}
}

// TestJourneyBadBatches: what no honest kit sends is set aside whole with the
// reason, and the honest work around it arrives.
func TestJourneyBadBatches(t *testing.T) {
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code civic.Code
		put  func(s *smuggler)
	}{
		{"of another office", civic.BatchForeign, func(s *smuggler) {
			s.send(protocol.ItemBatch, s.pack(s.device, "mx-09-001", s.key), s.key.ID)
		}},
		{"for another registry", civic.BatchForeign, func(s *smuggler) {
			key, err := batch.NewDayKey(nil)
			if err != nil {
				s.t.Fatal(err)
			}
			other, err := age.GenerateHybridIdentity()
			if err != nil {
				s.t.Fatal(err)
			}
			header, err := batch.WrapDayKey(key, s.st.Identity().Device, []string{other.Recipient().String()}, s.device)
			if err != nil {
				s.t.Fatal(err)
			}
			s.send(protocol.ItemKey, header, key.ID)
			s.send(protocol.ItemBatch, s.pack(s.device, rehearsalArea, key), key.ID)
		}},
		{"truncated", civic.BatchTruncated, func(s *smuggler) {
			file := s.pack(s.device, rehearsalArea, s.key)
			s.send(protocol.ItemBatch, file[:len(file)*2/3], s.key.ID)
		}},
		{"signed by an unknown device", civic.DeviceUnknown, func(s *smuggler) {
			s.send(protocol.ItemBatch, s.pack(stranger, rehearsalArea, s.key), s.key.ID)
		}},
		{"with a changed byte", civic.BatchSignature, func(s *smuggler) {
			file := s.pack(s.device, rehearsalArea, s.key)
			file[len(file)-80] ^= 1
			s.send(protocol.ItemBatch, file, s.key.ID)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			k := o.tablet()
			k.register(0, 6)
			k.smuggle(t, c.put)
			k.register(6, 6)
			until(t, "the honest registrations are decided", func() bool {
				k.must("sync", "--wait", "5s")
				status := k.must("status")
				return status.number(t, "settled")+status.number(t, "held") == 12
			})
			until(t, "the other is set aside", func() bool { return o.must("status").number(t, "quarantined") == 1 })
			at := o.must("status")
			if at.number(t, "registrations") != 12 || at.number(t, "quarantined") != 1 {
				t.Fatalf("the centre says %v", at.json)
			}
			wantAside(t, o.must("quarantine", "list"), c.code)
			// It is not sent again and again.
			if again := k.must("sync", "--wait", "1s"); again.number(t, "bytes_up") > 5000 {
				t.Errorf("the next pass takes %d bytes", again.number(t, "bytes_up"))
			}
		})
	}
}
