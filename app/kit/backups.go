package kit

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// settingBackup holds the folder on a medium that is kept up to date,
// settingBehind something as long as it is not.
const (
	settingBackup = "backup_dir"
	settingBehind = "backup_behind"
)

// Copied tells what lies on a medium now.
type Copied struct {
	Files int
	Bytes int64
}

// Backup brings the sealed copy on a medium up to date, whole the first time and
// what changed later. The kit remembers the folder and keeps it up to date after
// each registration while the medium is there.
func (k *Kit) Backup(ctx context.Context, dir string) (Copied, error) {
	st, err := k.open()
	if err != nil {
		return Copied{}, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return Copied{}, civic.NewProblem(civic.FileUnreadable, err, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Copied{}, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	if err := st.Backup(ctx, dir); err != nil {
		return Copied{}, problem(err)
	}
	if err := st.SetSetting(ctx, settingBackup, dir); err != nil {
		return Copied{}, problem(err)
	}
	k.behind(ctx, st, false)
	return lies(dir, "kit-"+st.Identity().Device.String()+"*")
}

// BackupDir is the folder that is kept up to date, empty for none.
func (k *Kit) BackupDir(ctx context.Context) (string, error) {
	st, err := k.store()
	if err != nil {
		return "", err
	}
	dir, err := st.Setting(ctx, settingBackup)
	return dir, problem(err)
}

// StopBackup leaves the medium as it is from now on.
func (k *Kit) StopBackup(ctx context.Context) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	k.behind(ctx, st, false)
	return problem(st.SetSetting(ctx, settingBackup, ""))
}

// BackupBehind tells whether the medium lacks what was sealed since: it was not
// there, or could not be written.
func (k *Kit) BackupBehind(ctx context.Context) bool {
	st, err := k.store()
	return err == nil && behindNow(ctx, st)
}

func behindNow(ctx context.Context, st *store.Store) bool {
	text, err := st.Setting(ctx, settingBehind)
	return err == nil && text != ""
}

// behind notes it, so that it is told after a restart too.
func (k *Kit) behind(ctx context.Context, st *store.Store, is bool) {
	if is == behindNow(ctx, st) {
		return
	}
	if err := st.SetSetting(ctx, settingBehind, map[bool]string{true: "yes"}[is]); err != nil {
		k.log.Warn("how the medium stands could not be kept", "code", civic.CodeOf(err))
	}
}

// copyAside keeps the medium up to date after a registration, and once more
// before the kit is locked. A medium that is not there, or full, does not hold
// up the work; the home page tells.
func (k *Kit) copyAside(ctx context.Context, st *store.Store) {
	dir, err := st.Setting(ctx, settingBackup)
	if err != nil || dir == "" {
		return
	}
	if _, err := os.Stat(dir); err != nil || st.LostMedium(dir) {
		k.behind(ctx, st, true)
		return
	}
	err = st.Backup(ctx, dir)
	k.behind(ctx, st, err != nil)
	if err != nil {
		k.log.Warn("the copy on the medium could not be brought up to date", "code", civic.CodeOf(err))
	}
}

// RestoreRequest gives the file to bring to the registry, so that two people
// there release the keys of a lost kit's backup to the officer at work here.
// device may be zero when the medium holds one kit only.
func (k *Kit) RestoreRequest(ctx context.Context, dir string, device civic.DeviceID) ([]byte, civic.DeviceID, error) {
	st, err := k.open()
	if err != nil {
		return nil, device, err
	}
	if device, err = lostKit(st, dir, device); err != nil {
		return nil, device, err
	}
	b, err := st.RestoreRequest(ctx, dir, device)
	return b, device, problem(err)
}

// Restored tells what came from a lost kit's medium.
type Restored struct {
	Device        civic.DeviceID
	Registrations int
	Drafts        int
	Attachments   int
	Damaged       int  // rows of the medium that could not be opened
	Torn          bool // the medium was pulled out while it was written
}

// RestoreBackup takes in a lost kit's backup with the keys that the registry
// released. It can be repeated, and goes on where it was stopped.
func (k *Kit) RestoreBackup(ctx context.Context, dir string, device civic.DeviceID, release []byte, passphrase string) (Restored, error) {
	st, err := k.open()
	if err != nil {
		return Restored{}, err
	}
	if device, err = lostKit(st, dir, device); err != nil {
		return Restored{}, err
	}
	r, err := st.Restore(ctx, dir, device, release, passphrase)
	out := Restored{Device: device, Registrations: r.Registrations, Drafts: r.Drafts, Attachments: r.Attachments, Damaged: r.Damaged, Torn: r.Torn}
	if err != nil {
		return out, problem(err)
	}
	return out, k.afterUnlock(ctx, st) // its forms came with it
}

// lostKit finds the one kit on a medium that is not this one.
func lostKit(st *store.Store, dir string, device civic.DeviceID) (civic.DeviceID, error) {
	all, err := store.Backups(dir)
	if err != nil {
		return device, civic.NewProblem(civic.FileUnreadable, err, dir)
	}
	found := 0
	for _, d := range all {
		if d == st.Identity().Device || (!device.IsZero() && d != device) {
			continue
		}
		device, found = d, found+1
	}
	switch found {
	case 0:
		return device, civic.NewProblem(civic.BackupAbsent, nil, filepath.Base(dir))
	case 1:
		return device, nil
	}
	return device, civic.NewProblem(civic.WrongUse, nil, "The medium holds several kits: say which with --device.")
}

// lies counts the files of a folder that match a pattern.
func lies(dir, pattern string) (Copied, error) {
	var c Copied
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return c, problem(err)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return c, civic.NewProblem(civic.FileUnreadable, err, name)
		}
		c.Files++
		c.Bytes += info.Size()
	}
	return c, nil
}
