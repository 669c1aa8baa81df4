package kit

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// settingWitness holds what the kit knows of the centre's log of looks: heads
// and evidence, nothing of a citizen.
const settingWitness = "witness"

// mediaLog is the folder of a medium where kits leave the heads they hold.
const mediaLog = "log"

// watcher is the kit as a witness of the centre's log of looks.
type watcher struct {
	mu *sync.Mutex
	st *store.Store
	k  *Kit
}

func (k *Kit) watcher(st *store.Store) *watcher { return &watcher{mu: &k.watching, st: st, k: k} }

// book reads what the kit knows; one that cannot be read begins anew, since a
// witness without memory is still a witness of what follows.
func (w *watcher) book(ctx context.Context) (witness.Book, error) {
	text, err := w.st.Setting(ctx, settingWitness)
	if err != nil || text == "" {
		return witness.Book{}, err
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		var book witness.Book
		if book, err = witness.ReadBook(b); err == nil {
			return book, nil
		}
	}
	w.k.log.Warn("what this kit knew of the log of looks cannot be read", "code", civic.CodeOf(err))
	return witness.Book{}, nil
}

func (w *watcher) keep(ctx context.Context, book witness.Book) error {
	b, err := protocol.Marshal(book)
	if err != nil {
		return err
	}
	return w.st.SetSetting(ctx, settingWitness, base64.StdEncoding.EncodeToString(b))
}

// log is the centre's log as the bundle names it; zero when it has none.
func (w *watcher) log(ctx context.Context) (witness.Log, error) {
	b, _, err := w.st.Bundle(ctx)
	if err != nil || b.Log == "" {
		return witness.Log{}, err
	}
	return witness.NewLog(b.Log)
}

// Seen is what the kit tells the centre.
func (w *watcher) Seen(ctx context.Context) (protocol.LogSeen, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	book, err := w.book(ctx)
	if err != nil {
		return protocol.LogSeen{}, false, err
	}
	seen, more := book.Next()
	return seen, more, nil
}

// change has do change the book, and keeps it; nothing where the centre has no
// log.
func (w *watcher) change(ctx context.Context, do func(log witness.Log, book *witness.Book, now int64) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	log, err := w.log(ctx)
	if err != nil || log.IsZero() {
		return err
	}
	book, err := w.book(ctx)
	if err != nil {
		return err
	}
	now, _ := serverNow(ctx, w.st)
	if err := do(log, &book, now.Unix()); err != nil {
		return err
	}
	return w.write(ctx, book)
}

// Hear keeps what the centre answered, and the evidence when it is wrong.
func (w *watcher) Hear(ctx context.Context, seen protocol.LogSeen, news protocol.LogNews) error {
	return w.change(ctx, func(log witness.Log, book *witness.Book, now int64) error {
		if a := book.Hear(log, serverKey(ctx, w.st), now, seen, news); a != nil {
			w.k.log.Error("the centre's log of looks is not what was seen before", "code", a.Code, "held", a.Held.Size, "shown", a.Shown.Size)
		}
		return nil
	})
}

// write keeps the book and, unlocked, puts its alarms into the journal.
func (w *watcher) write(ctx context.Context, book witness.Book) error {
	if w.st.Unlocked() {
		for i, a := range book.Alarms {
			if a.Told {
				continue
			}
			err := w.st.Append(ctx, a.Code, strconv.FormatInt(a.Held.Size, 10), a.Held.Root.String(), strconv.FormatInt(a.Shown.Size, 10), a.Shown.Root.String())
			if civic.CodeOf(err) == civic.Locked {
				break // it is told after the next unlock
			}
			if err != nil {
				return err
			}
			book.Alarms[i].Told = true
		}
	}
	return w.keep(ctx, book)
}

// LogWatch is what the kit knows of the centre's log of looks.
type LogWatch struct {
	Size   int64 // leaves of the newest head held, 0 for none
	Root   string
	Heads  int // heads held
	Asking int // heads of other kits not compared yet
	Alarms []witness.Alarm
}

// LogWatch tells what the kit knows of the log; it works locked.
func (k *Kit) LogWatch(ctx context.Context) (LogWatch, error) {
	st, err := k.store()
	if err != nil {
		return LogWatch{}, err
	}
	book, err := k.watcher(st).book(ctx)
	if err != nil {
		return LogWatch{}, problem(err)
	}
	out := LogWatch{Size: book.Newest().Size, Heads: len(book.Kept), Asking: len(book.Ask), Alarms: book.Alarms}
	if out.Size > 0 {
		out.Root = book.Newest().Root.String()
	}
	return out, nil
}

// logAlerts are the alarms as the first page shows them, each kind once.
func (k *Kit) logAlerts(ctx context.Context, st *store.Store) []Alert {
	w := k.watcher(st)
	w.mu.Lock()
	defer w.mu.Unlock()
	book, err := w.book(ctx)
	if err != nil {
		return nil
	}
	var out []Alert
	worst := map[civic.Code]int64{}
	for _, a := range book.Alarms {
		if _, shown := worst[a.Code]; !shown {
			out = append(out, Alert{Code: a.Code})
		}
		worst[a.Code] = max(worst[a.Code], a.Lost)
	}
	for i, a := range out {
		if a.Code == civic.LogGap {
			out[i].Words = []string{strconv.FormatInt(worst[a.Code], 10)}
		}
	}
	return out
}

// swapHeads leaves the heads this kit holds on a medium and takes in those of
// others: two kits that were shown two histories find out without the centre,
// or at the next talk with it.
func (k *Kit) swapHeads(ctx context.Context, st *store.Store, root *os.Root) error {
	var left error // what was found out is kept, also where the medium takes nothing
	err := k.watcher(st).change(ctx, func(log witness.Log, book *witness.Book, now int64) error {
		if err := root.Mkdir(mediaLog, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := k.meetHeads(log, book, now, root); err != nil {
			return err
		}
		left = leaveHeads(log, book, st.Identity().Device, root)
		return nil
	})
	if err == nil {
		err = left
	}
	return err
}

// meetHeads compares the heads on a medium with the book's.
func (k *Kit) meetHeads(log witness.Log, book *witness.Book, now int64, root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), mediaLog)
	if err != nil {
		return err
	}
	for _, e := range entries[:min(len(entries), maxMediaHeads)] {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), ".note") {
			continue
		}
		b, err := readWhole(root, filepath.Join(mediaLog, e.Name()), witness.MaxNote)
		if err == nil {
			_, err = book.Meet(log, now, b, seenAt(e.Name()))
		}
		if err != nil { // not a head of this log: a medium may hold anything
			k.log.Warn("a head of the log on the medium cannot be used", "code", civic.CodeOf(err))
		}
	}
	return nil
}

// leaveHeads writes the book's heads onto a medium, each named by kit, size and
// time.
func leaveHeads(log witness.Log, book *witness.Book, own civic.DeviceID, root *os.Root) error {
	for _, h := range book.Kept {
		name := filepath.Join(mediaLog, own.String()+"-"+strconv.FormatInt(h.Size, 10)+"-"+strconv.FormatInt(h.At, 10)+".note")
		if err := writeWhole(root, name, log.Note(h.Head)); err != nil {
			return err
		}
	}
	return nil
}

// seenAt is when a head on a medium was seen, as its name says: kit, size, time.
func seenAt(name string) int64 {
	_, last, _ := strings.Cut(strings.TrimSuffix(name, ".note"), "-")
	_, last, _ = strings.Cut(last, "-")
	at, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, at)
}

// maxMediaHeads bounds how many files of heads are looked at on one medium.
const maxMediaHeads = 2000

// LogEvidence writes what the kit holds of the log into a folder: every head as
// a signed note, and of each alarm both heads, the proof that was offered and
// the centre's note of a restore. It tells how many files there are.
func (k *Kit) LogEvidence(ctx context.Context, dir string) (files int, err error) {
	st, err := k.store()
	if err != nil {
		return 0, err
	}
	w := k.watcher(st)
	log, err := w.log(ctx)
	if err != nil || log.IsZero() {
		return 0, problem(err)
	}
	book, err := w.book(ctx)
	if err != nil {
		return 0, problem(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	defer func() { _ = root.Close() }() // only a name was held
	put := func(name string, b []byte) {
		if err == nil && len(b) > 0 {
			err = writeWhole(root, name, b)
			files++
		}
	}
	put("key", []byte(log.Key()+"\n"))
	for _, h := range book.Kept {
		put("head-"+strconv.FormatInt(h.Size, 10)+".note", log.Note(h.Head))
	}
	for i, a := range book.Alarms {
		n := "alarm-" + strconv.Itoa(i+1) + "-" + string(a.Code)
		put(n+"-held.note", log.Note(a.Held.Head))
		put(n+"-shown.note", log.Note(a.Shown))
		put(n+"-restore.statement", a.Gap)
		var proof strings.Builder
		for _, h := range a.Proof {
			proof.WriteString(h.String() + "\n")
		}
		put(n+"-proof.txt", []byte(proof.String()))
	}
	return files, problem(err)
}
