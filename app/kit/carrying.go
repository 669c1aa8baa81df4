package kit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// deliveredDir holds, in the courier's folder, an empty file for each sealed file
// that the centre signed for, for as long as deliveredFor.
const (
	deliveredDir = "delivered"
	deliveredFor = 90 * 24 * time.Hour
)

// carrying is a kit's memory with what it carries for others beside it, for one
// pass. What the centre signed for is let go: its own kit keeps it until the
// centre calls it safe.
type carrying struct {
	*store.Store
	root *os.Root

	mu   sync.Mutex
	sent map[civic.Digest]bool
}

// local is what a pass works on. done lets go of the folder.
func (k *Kit) local(st *store.Store) (l client.Local, done func(), err error) {
	dir := filepath.Join(k.o.Home, courierDir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return st, func() {}, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, civic.NewProblem(civic.FileUnreadable, err, courierDir)
	}
	c := &carrying{Store: st, root: root, sent: map[civic.Digest]bool{}}
	c.forgetDelivered(k.o.Clock())
	return c, func() { _ = root.Close() }, nil
}

func (c *carrying) Pending(ctx context.Context) ([]protocol.Item, error) {
	own, err := c.Store.Pending(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	carried, err := c.carried()
	return append(own, carried...), err
}

// carried lists the folder. A key of another kit is told once a pass only: the
// centre answers questions about keys for the asking kit alone.
func (c *carrying) carried() ([]protocol.Item, error) {
	entries, err := fs.ReadDir(c.root.FS(), mediaUp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, courierDir)
	}
	var all []protocol.Item
	for _, e := range entries {
		it, ok := itemNamed(e.Name())
		info, err := e.Info()
		if !ok || err != nil || !info.Mode().IsRegular() {
			continue
		}
		it.Size, it.Sent = info.Size(), c.sent[it.Digest]
		if it.Kind == protocol.ItemKey && it.Sent {
			continue
		}
		all = append(all, it)
	}
	return all, nil
}

func fileOf(it protocol.Item) string {
	return filepath.Join(mediaUp, it.Digest.String()+"."+string(it.Kind.Upload()))
}

// find looks for a carried file by its name.
func (c *carrying) find(digest civic.Digest) (protocol.Item, bool) {
	for _, kind := range []protocol.ItemKind{protocol.ItemKey, protocol.ItemBatch, protocol.ItemAttachment} {
		it := protocol.Item{Digest: digest, Kind: kind}
		if _, err := c.root.Stat(fileOf(it)); err == nil {
			return it, true
		}
	}
	return protocol.Item{}, false
}

func (c *carrying) Read(ctx context.Context, digest civic.Digest) ([]byte, error) {
	if it, ok := c.find(digest); ok {
		return readWhole(c.root, fileOf(it), it.Kind.Upload().MaxSize())
	}
	return c.Store.Read(ctx, digest)
}

func (c *carrying) Sent(ctx context.Context, files []civic.Digest) error {
	var own []civic.Digest
	c.mu.Lock()
	for _, f := range files {
		if _, ok := c.find(f); ok {
			c.sent[f] = true
			continue
		}
		own = append(own, f)
	}
	c.mu.Unlock()
	if len(own) == 0 {
		return nil
	}
	return c.Store.Sent(ctx, own)
}

// deliver lets a carried file go and notes its name, so that it is not taken
// over once more from a medium whose kit has not heard of it yet. A note that
// cannot be made, as on a full disk, costs a second transfer and holds up
// nothing: the file that goes gives room.
func (c *carrying) deliver(it protocol.Item) error {
	if err := c.root.Mkdir(deliveredDir, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
		if note, err := c.root.Create(filepath.Join(deliveredDir, it.Digest.String())); err == nil {
			_ = note.Close() // nothing was written
		}
	}
	if err := c.root.Remove(fileOf(it)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dropKeys lets go of the day keys that this pass handed over when no file is
// left that could need one: nobody signs for a key alone.
func (c *carrying) dropKeys() {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, err := fs.ReadDir(c.root.FS(), mediaUp)
	if err != nil {
		return // nothing was carried
	}
	var keys []protocol.Item
	for _, e := range entries {
		it, ok := itemNamed(e.Name())
		if ok && it.Kind != protocol.ItemKey || ok && !c.sent[it.Digest] {
			return
		}
		if ok {
			keys = append(keys, it)
		}
	}
	for _, it := range keys {
		_ = c.root.Remove(fileOf(it)) // else the next pass does
	}
}

// forgetDelivered drops notes that are older than any medium is on its way.
func (c *carrying) forgetDelivered(now time.Time) {
	entries, err := fs.ReadDir(c.root.FS(), deliveredDir)
	if err != nil {
		return // nothing was delivered
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > deliveredFor {
			_ = c.root.Remove(filepath.Join(deliveredDir, e.Name())) // else the next pass does
		}
	}
}

func (c *carrying) Acknowledge(ctx context.Context, statement []byte, acks []protocol.BatchAck) error {
	var own []protocol.BatchAck
	for _, a := range acks {
		it, ok := c.find(a.Batch)
		if !ok {
			own = append(own, a)
			continue
		}
		if a.State == protocol.BatchAbsent {
			continue
		}
		if err := c.deliver(it); err != nil {
			return civic.NewProblem(civic.FileUnwritable, err, courierDir)
		}
	}
	if len(own) == 0 {
		return nil
	}
	return c.Store.Acknowledge(ctx, statement, own)
}
