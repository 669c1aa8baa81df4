package kit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// courierDir is the folder below the kit's own where it keeps what it carries
// for others, laid out as a medium is.
const courierDir = "courier"

// Carried tells what changed hands.
type Carried struct {
	Files   int // that changed hands, questions and answers among them
	Bytes   int64
	Taken   int // sealed files taken over from the medium
	Given   int // sealed files put on the medium
	Answers int // of the centre's, put on the medium
}

// Carry makes this kit a blind courier: it takes over sealed files of other kits
// from a medium with what they ask, and gives the medium what it carries
// already, answers of the centre included. It reads none of it. A signed list of
// what was taken over is left on the medium. What is carried also goes to the
// centre with the kit's own next sync, which brings the answers.
func (k *Kit) Carry(ctx context.Context, dir string) (Carried, error) {
	st, err := k.store()
	if err != nil {
		return Carried{}, err
	}
	medium, err := openMedium(dir)
	if err != nil {
		return Carried{}, err
	}
	defer func() { _ = medium.Close() }() // only a name was held
	own, err := openMedium(filepath.Join(k.o.Home, courierDir))
	if err != nil {
		return Carried{}, err
	}
	defer func() { _ = own.Close() }() // only a name was held
	var out Carried
	taken, err := merge(ctx, medium, own)
	out.Taken, out.Files, out.Bytes = len(taken.sealed), taken.files, taken.bytes
	if err != nil {
		return out, problem(err)
	}
	given, err := merge(ctx, own, medium)
	out.Given, out.Answers, out.Files, out.Bytes = len(given.sealed), given.answers, out.Files+given.files, out.Bytes+given.bytes
	if err != nil {
		return out, problem(err)
	}
	// The receipt goes last: it says that what was taken over is kept here.
	if err := settleMedium(own); err != nil {
		return out, err
	}
	if len(taken.sealed) > 0 {
		if err := signCustody(st, medium, taken.sealed, k.o.Clock().Unix()); err != nil {
			return out, problem(err)
		}
	}
	return out, settleMedium(medium)
}

func signCustody(st *store.Store, medium *os.Root, taken []civic.Digest, at int64) error {
	id := st.Identity()
	files := taken[:min(len(taken), protocol.MaxCustody)]
	b, err := protocol.SignCustody(protocol.Custody{Carrier: id.Device, At: at, Files: files}, id.TransportKey)
	if err != nil {
		return err
	}
	if err := medium.Mkdir(mediaCustody, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return civic.NewProblem(civic.MediumFailed, err)
	}
	return writeWhole(medium, filepath.Join(mediaCustody, id.Device.String()+".cbor"), b)
}

// merged is what one side got of the other.
type merged struct {
	sealed         []civic.Digest
	files, answers int
	bytes          int64
}

// merge copies what the other side has not: sealed files by their name, which
// stands for their content, and of asks and answers the later ones.
func merge(ctx context.Context, from, to *os.Root) (m merged, err error) {
	for _, sub := range []string{mediaUp, mediaAsk, mediaDown} {
		entries, err := fs.ReadDir(from.FS(), sub)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return m, civic.NewProblem(civic.FileUnreadable, err, sub)
		}
		if err := to.Mkdir(sub, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return m, civic.NewProblem(civic.MediumFailed, err)
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return m, err
			}
			b, digest := toCopy(from, to, sub, e)
			if b == nil {
				continue
			}
			if err := writeWhole(to, filepath.Join(sub, e.Name()), b); err != nil {
				return m, err
			}
			m.files++
			m.bytes += int64(len(b))
			switch sub {
			case mediaUp:
				m.sealed = append(m.sealed, digest)
			case mediaDown:
				m.answers++
			}
		}
	}
	return m, nil
}

// toCopy reads a file that the other side should have; nil for one it has, and
// for what is none of ours or damaged: its own kit still has it.
func toCopy(from, to *os.Root, sub string, e fs.DirEntry) ([]byte, civic.Digest) {
	var none civic.Digest
	name := filepath.Join(sub, e.Name())
	item, sealed := itemNamed(e.Name())
	switch {
	case !e.Type().IsRegular():
		return nil, none
	case sub == mediaUp && sealed:
		if info, err := to.Stat(name); err == nil && info.Size() > 0 {
			return nil, none
		}
		if _, err := to.Stat(filepath.Join(deliveredDir, item.Digest.String())); err == nil {
			return nil, none // the centre has it from this courier
		}
		b, err := readWhole(from, name, item.Kind.Upload().MaxSize())
		if err != nil || protocol.NameOf(b) != item.Digest {
			return nil, none
		}
		return b, item.Digest
	case sub == mediaUp || !strings.HasSuffix(e.Name(), ".cbor"):
		return nil, none
	}
	b, err := readWhole(from, name, protocol.MaxMessage)
	if err != nil {
		return nil, none
	}
	if other, err := readWhole(to, name, protocol.MaxMessage); err == nil && !later(sub, b, other) {
		return nil, none
	}
	return b, none
}

// itemNamed reads a sealed file's name: its digest and its kind.
func itemNamed(name string) (protocol.Item, bool) {
	digest, err := civic.ParseDigest(strings.TrimSuffix(name, filepath.Ext(name)))
	if err != nil {
		return protocol.Item{}, false
	}
	for _, kind := range []protocol.ItemKind{protocol.ItemKey, protocol.ItemBatch, protocol.ItemAttachment} {
		if filepath.Ext(name) == "."+string(kind.Upload()) {
			return protocol.Item{Digest: digest, Kind: kind}, true
		}
	}
	return protocol.Item{}, false
}

// later tells whether one ask or answer is further on than another.
func later(sub string, a, b []byte) bool {
	if sub == mediaAsk {
		var x, y protocol.SyncRequest
		return protocol.Unmarshal(a, &x) == nil && (protocol.Unmarshal(b, &y) != nil || x.Clock.Wall > y.Clock.Wall)
	}
	var x, y protocol.SyncAnswer
	return protocol.Unmarshal(a, &x) == nil && (protocol.Unmarshal(b, &y) != nil || x.ServerTime > y.ServerTime)
}

// mediaCustody holds couriers' receipts on a medium.
const mediaCustody = "custody"

// maxReceipts is how many couriers' receipts of one medium are read.
const maxReceipts = 64

// takeCustody keeps what couriers put their names to on a medium. What cannot be
// read is passed over: it only tells who has what.
func takeCustody(ctx context.Context, st *store.Store, medium *os.Root) error {
	entries, err := fs.ReadDir(medium.FS(), mediaCustody)
	if err != nil {
		return nil //nolint:nilerr // no courier was here
	}
	for _, e := range entries[:min(len(entries), maxReceipts)] {
		b, err := readWhole(medium, filepath.Join(mediaCustody, e.Name()), protocol.MaxMessage)
		if err != nil {
			continue
		}
		c, _, err := protocol.OpenCustody(b)
		if err != nil || c.Carrier == st.Identity().Device {
			continue
		}
		if err := st.KeepCustody(ctx, b, c); err != nil {
			return err
		}
	}
	return nil
}
