package kit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// mostCarried bounds for how many kits one pass asks.
	mostCarried = 64
	// askAgain lies between two questions about what the centre had not decided.
	askAgain = time.Hour
)

// fetchAnswers asks the centre what the kits asked whose files this one carries,
// and keeps the answers for them, sealed as they are. The centre is given wait
// in all to decide what it has just received. A question that it refuses keeps no
// other back; the error tells of all of them.
func (c *carrying) fetchAnswers(ctx context.Context, cl *client.Client, wait time.Duration, now func() time.Time) error {
	entries, err := fs.ReadDir(c.root.FS(), mediaAsk)
	if err != nil {
		return nil //nolint:nilerr // nothing was asked
	}
	server := serverKey(ctx, c.Store)
	end := now().Add(wait)
	var refused error
	asked := 0
	for _, e := range entries {
		if asked == mostCarried {
			break
		}
		id, err := civic.ParseDeviceID(strings.TrimSuffix(e.Name(), ".cbor"))
		if err != nil || id == c.Identity().Device {
			continue
		}
		r := protocol.CarriedRequest{Device: id}
		b, err := readWhole(c.root, filepath.Join(mediaAsk, e.Name()), protocol.MaxMessage)
		if err != nil || protocol.Unmarshal(b, &r.Ask) != nil || c.answered(e, &r.Ask, server, now()) {
			continue
		}
		asked++
		left := max(end.Sub(now()), 0)
		r.Ask.Wait = uint8(min(left/time.Second, protocol.MaxWaitSeconds)) //nolint:gosec // at most 30
		var answer protocol.SyncAnswer
		err = cl.Ask(ctx, protocol.PathCarried, left, r, &answer)
		switch civic.CodeOf(err) {
		case civic.NoNetwork, civic.WrongServer, civic.ServerBusy, civic.Stopped:
			return errors.Join(refused, err) // the others would fare no better
		case civic.DeviceUnknown:
			continue // of another office: it is answered when it has contact itself
		}
		if err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		for _, lost := range answer.Want { // a centre restored from a backup
			_ = c.root.Remove(filepath.Join(deliveredDir, lost.String()))
		}
		if b, err = protocol.Marshal(answer); err != nil {
			return err
		}
		if err := c.root.Mkdir(mediaDown, 0o700); err != nil && !os.IsExist(err) {
			return civic.NewProblem(civic.FileUnwritable, err, courierDir)
		}
		if err := writeWhole(c.root, filepath.Join(mediaDown, e.Name()), b); err != nil {
			return err
		}
	}
	return refused
}

// answered tells whether the answer that is here came after the question, and
// either says all that was asked or is too young to be asked for again.
func (c *carrying) answered(question fs.DirEntry, ask *protocol.SyncRequest, server ed25519.PublicKey, now time.Time) bool {
	asked, err := question.Info()
	if err != nil {
		return false
	}
	name := filepath.Join(mediaDown, question.Name())
	came, err := c.root.Stat(name)
	if err != nil || came.ModTime().Before(asked.ModTime()) {
		return false
	}
	if age := now.Sub(came.ModTime()); age >= 0 && age < askAgain {
		return true
	}
	var a protocol.SyncAnswer
	b, err := readWhole(c.root, name, protocol.MaxMessage)
	if err != nil || protocol.Unmarshal(b, &a) != nil || a.More || a.Pending > 0 {
		return false
	}
	var acks []protocol.BatchAck
	if len(ask.Batches) > 0 && protocol.Open(protocol.StatementAck, a.Acks, server, &acks) != nil {
		return false
	}
	there := map[civic.Digest]bool{}
	for _, k := range acks {
		there[k.Batch] = k.State != protocol.BatchAbsent
	}
	for _, b := range ask.Batches {
		if !there[b] {
			return false
		}
	}
	return true
}
