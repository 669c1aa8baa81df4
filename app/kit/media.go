package kit

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Folders of a medium: what kits send, what they ask, what the centre answers.
const (
	mediaUp   = "up"
	mediaAsk  = "ask"
	mediaDown = "down"
)

// Exported tells what lies on a medium for the centre, and what came from it.
type Exported struct {
	Files    int // written now
	Bytes    int64
	Received int // messages of the centre taken in
	Settled  int
	Held     int
	Returned int
}

// Export carries the kit's side by hand: it takes in what the centre left on the
// medium for this kit, and writes the sealed files that are not at the centre
// yet. It works locked, where it writes what was packed.
func (k *Kit) Export(ctx context.Context, dir string) (Exported, error) {
	k.passing.Lock()
	defer k.passing.Unlock()
	st, err := k.store()
	if err != nil {
		return Exported{}, err
	}
	root, err := openMedium(dir)
	if err != nil {
		return Exported{}, err
	}
	defer func() { _ = root.Close() }() // only a name was held
	// What came must not keep back what waits, nor one that cannot be packed the
	// others: both are told at the end.
	out, took := k.takeFrom(ctx, st, root)
	var unpacked error
	if st.Unlocked() {
		unpacked = k.pack(ctx, st)
	}
	if err := k.leave(ctx, st, root, &out); err != nil {
		return out, problem(errors.Join(err, took, unpacked))
	}
	return out, problem(errors.Join(took, unpacked))
}

// leave writes the kit's side of the exchange.
func (k *Kit) leave(ctx context.Context, st *store.Store, root *os.Root, out *Exported) error {
	if err := writeOutbox(ctx, st, root, out); err != nil {
		return err
	}
	if err := takeCustody(ctx, st, root); err != nil {
		return err
	}
	if err := k.swapHeads(ctx, st, root); err != nil {
		return err
	}
	cl, err := k.client(ctx, st, st)
	if err != nil {
		return err
	}
	ask, err := cl.Request(ctx)
	if err != nil {
		return err
	}
	b, err := protocol.Marshal(ask)
	if err != nil {
		return err
	}
	if err := writeWhole(root, filepath.Join(mediaAsk, st.Identity().Device.String()+".cbor"), b); err != nil {
		return err
	}
	return settleMedium(root)
}

// openMedium opens a folder of a medium, made when absent; nothing outside it is
// ever touched.
func openMedium(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, dir)
	}
	for _, sub := range []string{mediaUp, mediaAsk} {
		if err := root.Mkdir(sub, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(civic.NewProblem(civic.FileUnwritable, err, dir), root.Close())
		}
	}
	return root, nil
}

// takeFrom takes in the centre's answer to this kit, when the medium has one.
func (k *Kit) takeFrom(ctx context.Context, st *store.Store, root *os.Root) (Exported, error) {
	var out Exported
	name := filepath.Join(mediaDown, st.Identity().Device.String()+".cbor")
	b, err := readWhole(root, name, protocol.MaxMessage)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, civic.NewProblem(civic.MediumAnswer, err)
	}
	var answer protocol.SyncAnswer
	if err := protocol.Unmarshal(b, &answer); err != nil {
		return out, civic.NewProblem(civic.MediumAnswer, err)
	}
	cl, err := k.client(ctx, st, st)
	if err != nil {
		return out, err
	}
	r, err := cl.TakeAnswer(ctx, answer)
	out.Received = r.Received
	if err != nil || !st.Unlocked() {
		return out, err
	}
	applied, err := k.applyInbox(ctx, st)
	out.Settled, out.Held, out.Returned = applied.settled, applied.held, applied.returned
	return out, err
}

// writeOutbox puts on the medium what the centre has not signed for, and takes
// away this kit's files that it has.
func writeOutbox(ctx context.Context, st *store.Store, root *os.Root, out *Exported) error {
	items, err := st.Pending(ctx)
	if err != nil {
		return err
	}
	needed := map[protocol.KeyID]bool{}
	for _, it := range items {
		if it.Kind != protocol.ItemKey && it.Acked == protocol.BatchAbsent {
			needed[it.Key] = true
		}
	}
	for _, it := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(mediaUp, it.Digest.String()+"."+string(it.Kind.Upload()))
		wanted := it.Acked == protocol.BatchAbsent
		if it.Kind == protocol.ItemKey {
			wanted = needed[it.Key]
		}
		if !wanted {
			if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return civic.NewProblem(civic.FileUnreadable, err, name)
			}
			continue
		}
		// From the last time, and whole: media lose bits, and a kit that has nothing
		// but its stick would wait for ever for what the centre cannot open.
		if b, err := readWhole(root, name, it.Kind.Upload().MaxSize()); err == nil && protocol.NameOf(b) == it.Digest {
			continue
		}
		file, err := st.Read(ctx, it.Digest)
		if err != nil {
			return err
		}
		if err := writeWhole(root, name, file); err != nil {
			return err
		}
		if err := st.Sent(ctx, []civic.Digest{it.Digest}); err != nil {
			return err
		}
		out.Files++
		out.Bytes += it.Size
	}
	return nil
}

// readWhole reads a file of at most limit bytes.
func readWhole(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = civic.NewProblem(civic.FileUnreadable, nil, name)
	}
	return b, err
}

// writeWhole writes a file whole or not at all, for media are pulled out early.
// Its name is on the medium for certain after settleMedium.
func writeWhole(root *os.Root, name string, b []byte) error {
	f, err := root.OpenFile(name+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EIO) {
		return civic.NewProblem(civic.MediumFailed, err)
	}
	if err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, name)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = root.Rename(name+".new", name)
	}
	if err != nil {
		_ = root.Remove(name + ".new") // a piece would take room that a smaller file could use
		return civic.NewProblem(civic.MediumFailed, err)
	}
	return nil
}

// settleMedium returns when the names that were given are on the medium: only
// then may it be pulled out.
func settleMedium(root *os.Root) error {
	for _, sub := range []string{mediaUp, mediaAsk, mediaDown, mediaCustody, "."} {
		err := store.SyncFolder(filepath.Join(root.Name(), sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return civic.NewProblem(civic.MediumFailed, err)
		}
	}
	return nil
}
