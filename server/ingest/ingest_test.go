package ingest_test

import (
	"errors"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestBatchIsSettledAndTold(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	good, bad := k.seal(), k.seal(civic.Answer{Path: "given_name", Value: "Old"}, civic.Answer{Path: "age", Value: "200"})
	file := k.pack(good, bad)
	name := protocol.NameOf(file)

	t.Run("what is absent is wanted", func(t *testing.T) {
		a, acks, _ := k.sync(protocol.SyncRequest{Batches: []civic.Digest{name}, Keys: []protocol.KeyID{k.day.ID}})
		if len(a.Want) != 1 || a.Want[0] != name || len(a.WantKey) != 1 || acks[0].State != protocol.BatchAbsent {
			t.Fatalf("%+v %+v", a, acks)
		}
	})
	t.Run("a batch before its key is kept and waits", func(t *testing.T) {
		if ack := k.take(protocol.UploadBatch, file); ack.State != protocol.BatchNeedsKey {
			t.Fatalf("%+v", ack)
		}
		c.work()
		if a, _, _ := k.sync(protocol.SyncRequest{}); len(a.WantKey) != 1 || a.Pending != 2 {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("the key opens it", func(t *testing.T) {
		if ack := k.take(protocol.UploadKey, k.header()); ack.State != protocol.BatchReceived {
			t.Fatalf("%+v", ack)
		}
		c.work()
		a, acks, outcomes := k.sync(protocol.SyncRequest{Batches: []civic.Digest{name}, Keys: []protocol.KeyID{k.day.ID}})
		if len(a.WantKey) != 0 || a.Pending != 0 || acks[0].State != protocol.BatchReceived || acks[0].Safe {
			t.Fatalf("%+v %+v", a, acks)
		}
		if len(outcomes) != 2 || outcomes[0].Registration != good.ID || outcomes[0].Status != civic.Registered || outcomes[1].Status != civic.Returned {
			t.Fatalf("%+v", outcomes)
		}
	})
	t.Run("a repeat changes nothing", func(t *testing.T) {
		if ack := k.take(protocol.UploadBatch, file); ack.State != protocol.BatchReceived {
			t.Fatalf("%+v", ack)
		}
		again := k.pack(good, bad) // the same registrations in another file
		k.take(protocol.UploadBatch, again)
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 0 {
			t.Fatalf("told again: %+v", outcomes)
		}
		if c.settler.times[good.ID] != 1 {
			t.Fatalf("settled %d times", c.settler.times[good.ID])
		}
	})
}

func TestWhatCannotBeTakenIsSetAsideWhole(t *testing.T) {
	for name, test := range map[string]struct {
		file func(c *centre, k *kit) []byte
		want civic.Code
	}{
		"truncated": {func(_ *centre, k *kit) []byte { f := k.pack(k.seal()); return f[:len(f)-20] }, civic.BatchTruncated},
		"changed": {func(_ *centre, k *kit) []byte {
			f := k.pack(k.seal(), k.seal())
			f[len(f)/2] ^= 1
			return f
		}, civic.BatchSignature},
		"noise":        {func(*centre, *kit) []byte { return []byte("no batch at all") }, ""},
		"unknown kit":  {func(c *centre, _ *kit) []byte { o := newCentre(c.t).kit("mx-1"); return o.pack(o.seal()) }, civic.DeviceUnknown},
		"other office": {func(_ *centre, k *kit) []byte { k.area = "mx-2"; return k.pack(k.seal()) }, civic.BatchForeign},
		"revoked": {func(c *centre, k *kit) []byte {
			if _, err := c.access.Revoke(t.Context(), k.id, 0, false, "test"); err != nil {
				t.Fatal(err)
			}
			return k.pack(k.seal())
		}, civic.DeviceRevoked},
		"unknown form": {func(_ *centre, k *kit) []byte {
			r := k.seal()
			r.Form.Version = "2"
			return k.pack(r)
		}, civic.FormVersionUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			k := c.kit("mx-1")
			k.take(protocol.UploadKey, k.header())
			file := test.file(c, k)
			k.take(protocol.UploadBatch, file)
			c.work()
			_, acks, _ := k.sync(protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(file)}})
			if acks[0].State != protocol.BatchQuarantined || test.want != "" && acks[0].Reason != test.want || acks[0].Reason == "" {
				t.Fatalf("%+v", acks[0])
			}
			held, err := c.Quarantined(t.Context(), "")
			if err != nil || len(held) != 1 || held[0].File != protocol.NameOf(file) || held[0].Reason != acks[0].Reason {
				t.Fatalf("%+v %v", held, err)
			}
			if b, err := c.Bytes(t.Context(), held[0].File); err != nil || string(b) != string(file) {
				t.Fatal("the evidence is not whole", err)
			}
			if len(c.settler.times) != 0 {
				t.Fatal("settled all the same")
			}
		})
	}
}

func TestSetAsideFilesAreTakenLater(t *testing.T) {
	t.Run("when the form's version arrives", func(t *testing.T) {
		c := newCentre(t)
		k := c.kit("mx-1")
		k.take(protocol.UploadKey, k.header())
		r := k.seal()
		r.Form.Version = "2"
		k.take(protocol.UploadBatch, k.pack(r))
		c.work()
		if n, err := c.RetryForms(t.Context()); err != nil || n != 0 {
			t.Fatal("taken up before the form came", n, err)
		}
		if _, err := c.forms.Add(workbook(t, "2")); err != nil {
			t.Fatal(err)
		}
		if n, err := c.RetryForms(t.Context()); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 || outcomes[0].Status != civic.Registered {
			t.Fatalf("%+v", outcomes)
		}
	})
	t.Run("when somebody says so", func(t *testing.T) {
		c := newCentre(t)
		k := c.kit("mx-1")
		k.take(protocol.UploadKey, k.header())
		if _, err := c.access.Revoke(t.Context(), k.id, 0, false, "test"); err != nil {
			t.Fatal(err)
		}
		k.take(protocol.UploadBatch, k.pack(k.seal()))
		if n, err := c.RetryReason(t.Context(), civic.DeviceRevoked, "test"); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 || outcomes[0].Status != civic.Registered {
			t.Fatalf("%+v", outcomes)
		}
	})
	t.Run("when the kit that made them is enrolled", func(t *testing.T) {
		c := newCentre(t)
		courier := c.kit("mx-9")
		k := c.newKit("mx-1")
		file := k.pack(k.seal())
		ack := courier.take(protocol.UploadBatch, file)
		if ack.State != protocol.BatchQuarantined || ack.Reason != civic.DeviceUnknown {
			t.Fatalf("%+v", ack)
		}
		k.enrol()
		courier.take(protocol.UploadKey, k.header())
		if _, err := c.Retry(t.Context(), "other", protocol.NameOf(file), "test"); civic.CodeOf(err) != civic.NotYours {
			t.Fatal("another office's administrator took it up", err)
		}
		if n, err := c.Retry(t.Context(), "", protocol.NameOf(file), "test"); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 {
			t.Fatalf("%+v", outcomes)
		}
	})
}

func TestChain(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	k.take(protocol.UploadKey, k.header())
	regs := []civic.Registration{k.seal(), k.seal(), k.seal(), k.seal(), k.seal()}

	t.Run("batches come in any order", func(t *testing.T) {
		k.take(protocol.UploadBatch, k.pack(regs[2], regs[3]))
		c.work()
		d := k.came()
		if d.Registrations != 2 || d.Missing != 2 {
			t.Fatalf("a gap of two is not seen: %+v", d)
		}
		k.take(protocol.UploadBatch, k.pack(regs[0], regs[1]))
		c.work()
		if d := k.came(); d.Missing != 0 {
			t.Fatalf("%+v", d)
		}
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 4 {
			t.Fatalf("%+v", outcomes)
		}
	})
	t.Run("the same number with other content is a clone", func(t *testing.T) {
		twin := regs[1]
		twin.Answers = []civic.Answer{{Path: "given_name", Value: "Somebody else"}}
		file := k.pack(twin)
		k.take(protocol.UploadBatch, file)
		c.work()
		_, acks, outcomes := k.sync(protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(file)}})
		if len(outcomes) != 1 || outcomes[0].Status != civic.Quarantined || outcomes[0].Reasons[0].Code != civic.RegistrationClash {
			t.Fatalf("%+v", outcomes)
		}
		if acks[0].State != protocol.BatchReceived {
			t.Fatalf("%+v", acks)
		}
		held, err := c.Quarantined(t.Context(), "mx-1")
		if err != nil || len(held) != 1 || held[0].Counter != twin.Counter {
			t.Fatalf("%+v %v", held, err)
		}
	})
	t.Run("a chain that does not follow is set aside", func(t *testing.T) {
		broken := regs[4]
		broken.Previous = civic.Digest{1}
		k.take(protocol.UploadBatch, k.pack(broken))
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 || outcomes[0].Reasons[0].Code != civic.ChainBroken {
			t.Fatalf("%+v", outcomes)
		}
		k.take(protocol.UploadBatch, k.pack(regs[4]))
		c.work()
		if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 || outcomes[0].Status != civic.Registered {
			t.Fatalf("the true one: %+v", outcomes)
		}
	})
	for id, n := range c.settler.times {
		if n != 1 {
			t.Fatalf("%s settled %d times", id, n)
		}
	}
}

func TestFailuresOfTheCentreAreTriedAgain(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	k.take(protocol.UploadKey, k.header())
	r := k.seal()
	file := k.pack(r)
	k.take(protocol.UploadBatch, file)
	c.settler.fail = func(call int) error {
		if call <= 2 {
			return civic.NewProblem(civic.ServerFull, nil)
		}
		return nil
	}
	for range 20 {
		c.work()
		c.clock.Add(tryAgainAtMost)
	}
	if c.settler.times[r.ID] != 1 {
		t.Fatalf("settled %d times after a full disk", c.settler.times[r.ID])
	}

	odd := k.pack(k.seal())
	k.take(protocol.UploadBatch, odd)
	c.settler.fail = func(int) error { panic("a fault of ours") }
	next := k.seal()
	for i := range 30 {
		c.work()
		c.clock.Add(tryAgainAtMost)
		if i == 2 { // a batch behind it goes its way
			c.settler.fail = func(call int) error { return errors.New("still") }
		}
	}
	_, acks, _ := k.sync(protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(odd)}})
	if acks[0].State != protocol.BatchQuarantined || acks[0].Reason != civic.ProcessingFailed {
		t.Fatalf("%+v", acks)
	}
	c.settler.fail = nil
	k.take(protocol.UploadBatch, k.pack(next))
	if n, err := c.Retry(t.Context(), "", protocol.NameOf(odd), "test"); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	c.work()
	if c.settler.times[next.ID] != 1 {
		t.Fatal("not settled")
	}
}
