package witness_test

import (
	"bytes"
	"crypto/ed25519"
	"flag"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

func key(b string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(b, ed25519.SeedSize)))
}

func logOf(t testing.TB, b string) witness.Log {
	t.Helper()
	words, err := witness.KeyOf(witness.Origin([]byte("pin")), key(b).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	l, err := witness.NewLog(words)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// tree is a small log in memory, by the library alone.
type tree struct {
	t      testing.TB
	log    witness.Log
	key    ed25519.PrivateKey
	size   int64
	hashes []tlog.Hash
}

func (r *tree) ReadHashes(indexes []int64) (out []tlog.Hash, err error) {
	for _, i := range indexes {
		out = append(out, r.hashes[i])
	}
	return out, nil
}

func newTree(t testing.TB, signer string) *tree {
	return &tree{t: t, log: logOf(t, signer), key: key(signer)}
}

// grow adds leaves that tell of a history.
func (r *tree) grow(n int, history string) *tree {
	for range n {
		h, err := tlog.StoredHashes(r.size, []byte(history), r)
		if err != nil {
			r.t.Fatal(err)
		}
		r.hashes = append(r.hashes, h...)
		r.size++
	}
	return r
}

func (r *tree) copy() *tree { c := *r; c.hashes = append([]tlog.Hash(nil), r.hashes...); return &c }

func (r *tree) head(size int64) witness.Head {
	h, err := tlog.TreeHash(size, r)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.log.Sign(witness.Checkpoint{Size: size, Root: civic.Digest(h)}, r.key)
}

// answer is what an honest program at this tree answers.
func (r *tree) answer(seen protocol.LogSeen) protocol.LogNews {
	h := r.head(r.size)
	news := protocol.LogNews{Size: h.Size, Root: h.Root, Signature: h.Signature[:], Report: seen.Signature == nil}
	if seen.Size > 0 && seen.Size < r.size {
		p, err := tlog.ProveTree(r.size, seen.Size, r)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, d := range p {
			news.Proof = append(news.Proof, civic.Digest(d))
		}
	}
	return news
}

func talk(b *witness.Book, r *tree) *witness.Alarm {
	seen, _ := b.Next()
	return b.Hear(logOf(r.t, "k"), nil, 7, seen, r.answer(seen))
}

func TestBookFollowsAndKeepsFew(t *testing.T) {
	r, b := newTree(t, "k"), witness.Book{}
	for n := range 300 {
		r.grow(1+n%5, "x")
		if a := talk(&b, r); a != nil {
			t.Fatalf("%+v", a)
		}
	}
	if b.Newest().Size != r.size || len(b.Kept) != 16 || b.Kept[0].Size != 1 || b.Report {
		t.Errorf("%d kept up to %d of %d", len(b.Kept), b.Newest().Size, r.size)
	}
	text, err := protocol.Marshal(b)
	if err != nil || len(text) > 4000 {
		t.Fatal(len(text), err)
	}
	again, err := witness.ReadBook(text)
	if err != nil || again.Newest() != b.Newest() {
		t.Error(err)
	}
}

// Two histories: whoever saw the one finds the other out, at whatever size.
func TestForkIsCaught(t *testing.T) {
	for _, c := range []struct {
		name          string
		common, other int
	}{{"longer", 20, 30}, {"as long", 20, 10}, {"shorter", 20, 3}, {"from the start", 0, 40}} {
		t.Run(c.name, func(t *testing.T) {
			common := newTree(t, "k").grow(c.common, "x")
			one, two := common.copy().grow(10, "one"), common.copy().grow(c.other, "two")
			var b witness.Book
			if a := talk(&b, one); a != nil {
				t.Fatal(a)
			}
			a := talk(&b, two)
			if a == nil || a.Code != civic.LogForked || len(b.Alarms) != 1 {
				t.Fatalf("%+v", a)
			}
			log := logOf(t, "k")
			if log.Check(a.Held.Head) != nil || log.Check(a.Shown) != nil {
				t.Error("the evidence is not signed by the log")
			}
			if b.Newest().Checkpoint != one.head(one.size).Checkpoint {
				t.Error("the other history was taken for the log")
			}
			if seen, more := b.Next(); !more || seen.Signature == nil {
				t.Error("the evidence is not offered to the centre")
			}
			talk(&b, two)
			if len(b.Alarms) != 1 {
				t.Error("the alarm is kept twice")
			}
			// Back in its history the kit goes on; the alarm stays.
			one.grow(5, "one")
			if a := talk(&b, one); a != nil || b.Newest().Size != one.size || len(b.Alarms) != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestForeignSignatureIsAnAlarm(t *testing.T) {
	var b witness.Book
	a := talk(&b, newTree(t, "o").grow(4, "x"))
	if a == nil || a.Code != civic.LogSignature || len(b.Kept) != 0 {
		t.Errorf("%+v", a)
	}
}

// Two kits that were each shown a history of their own compare by a medium.
func TestHeadsOfOthers(t *testing.T) {
	common := newTree(t, "k").grow(8, "x")
	one, two := common.copy().grow(4, "one"), common.copy().grow(4, "two")
	log := logOf(t, "k")
	var b witness.Book
	talk(&b, common)
	talk(&b, one)
	if a, err := b.Meet(log, 9, log.Note(common.head(8)), 0); a != nil || err != nil || len(b.Ask) != 0 {
		t.Fatal(a, err)
	}
	// Of the same size: known without the centre.
	if a, err := b.Meet(log, 9, log.Note(two.head(12)), 0); err != nil || a == nil || a.Code != civic.LogForked {
		t.Fatal(a, err)
	}
	// Of another size: at the next talk with the centre.
	two.grow(3, "two")
	if a, err := b.Meet(log, 9, log.Note(two.head(15)), 0); err != nil || a != nil || len(b.Ask) != 1 {
		t.Fatal(a, err)
	}
	one.grow(10, "one")
	if a := talk(&b, one); a == nil || a.Code != civic.LogForked || len(b.Ask) != 0 {
		t.Fatalf("%+v", a)
	}
	if a := talk(&b, one); a != nil || b.Newest().Size != one.size {
		t.Errorf("%+v", a)
	}
	if _, err := b.Meet(log, 9, []byte("no note"), 0); civic.CodeOf(err) != civic.LogMalformed {
		t.Error(err)
	}
	if _, err := b.Meet(log, 9, logOf(t, "o").Note(newTree(t, "o").grow(3, "x").head(3)), 0); civic.CodeOf(err) != civic.LogSignature {
		t.Error(err)
	}
}

// A restored centre is told as a restore, with what it lost; what was before
// the copy must still be there.
func TestRestoreIsTold(t *testing.T) {
	server := key("s")
	before := newTree(t, "k").grow(20, "x")
	full := before.copy().grow(10, "lost")
	gap, err := protocol.Sign(protocol.StatementLogGap, protocol.LogGap{Restored: 8, Backup: 4, Size: 20, Root: before.head(20).Root}, server)
	if err != nil {
		t.Fatal(err)
	}
	hear := func(b *witness.Book, r *tree, gap []byte) *witness.Alarm {
		seen, _ := b.Next()
		news := r.answer(seen)
		if seen.Size > 20 {
			news.Gap = gap
		}
		return b.Hear(logOf(t, "k"), server.Public().(ed25519.PublicKey), 7, seen, news)
	}
	met := func() (b witness.Book) {
		talk(&b, newTree(t, "k").grow(12, "x"))
		talk(&b, full)
		return b
	}
	honest, b := before.copy().grow(3, "after"), met()
	a := hear(&b, honest, gap)
	if a == nil || a.Code != civic.LogGap || a.Lost != 10 {
		t.Fatalf("%+v", a)
	}
	if a := hear(&b, honest, gap); a != nil || b.Newest().Size != 23 || len(b.Alarms) != 1 {
		t.Fatalf("%+v, at %d", a, b.Newest().Size)
	}
	// A restore is no cover for another past.
	b = met()
	liar := newTree(t, "k").grow(20, "y").grow(3, "after")
	hear(&b, liar, gap)
	if a := hear(&b, liar, gap); a == nil || a.Code != civic.LogForked {
		t.Errorf("%+v", a)
	}
	// Nor does it explain a head that was seen after it.
	b = met()
	hear(&b, honest, gap)
	hear(&b, honest, gap)
	b.Kept[len(b.Kept)-1].At = 9
	if a := hear(&b, before.copy().grow(8, "again"), gap); a == nil || a.Code != civic.LogForked {
		t.Errorf("%+v", a)
	}
	// Nor does a note that the centre did not sign help.
	b = met()
	forged, err := protocol.Sign(protocol.StatementLogGap, protocol.LogGap{Restored: 8, Size: 20}, key("o"))
	if err != nil {
		t.Fatal(err)
	}
	if a := hear(&b, honest, forged); a == nil || a.Code != civic.LogForked {
		t.Errorf("%+v", a)
	}
}

// The bytes of version 1 stay for ever.
func TestGoldenBytes(t *testing.T) {
	salt := [witness.SaltSize]byte([]byte("0123456789abcdef"))
	leaf := witness.Leaf{At: 1_795_000_000, Commit: witness.Commit(salt, []byte("a row"))}
	r := newTree(t, "k").grow(5, "x")
	var b witness.Book
	talk(&b, r)
	book, err := protocol.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		"leaf": leaf.Bytes(), "checkpoint": r.log.Note(r.head(5)), "key": []byte(r.log.Key()), "book": book,
	} {
		frozen.Check(t, name+".hex", got, *update)
	}
}

func FuzzOpen(f *testing.F) {
	log := logOf(f, "k")
	f.Add(log.Note(newTree(f, "k").grow(5, "x").head(5)))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := log.Open(b)
		if err == nil && log.Check(h) != nil {
			t.Error("a head was read that the log did not sign")
		}
	})
}

func FuzzReadLeaf(f *testing.F) {
	f.Add(witness.Leaf{At: 5}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := witness.ReadLeaf(b); err == nil && !bytes.Equal(l.Bytes(), b) {
			t.Errorf("%x is read as %+v", b, l)
		}
	})
}

func FuzzReadBook(f *testing.F) {
	var book witness.Book
	talk(&book, newTree(f, "k").grow(5, "x"))
	b, err := protocol.Marshal(book)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) {
		if book, err := witness.ReadBook(b); err == nil {
			book.Next()
		}
	})
}

func FuzzNewLog(f *testing.F) {
	f.Add(logOf(f, "k").Key())
	f.Fuzz(func(t *testing.T, s string) {
		if l, err := witness.NewLog(s); err == nil && l.IsZero() {
			t.Error("a key without a key")
		}
	})
}
