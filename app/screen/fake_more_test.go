package screen

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// fakeRest is what a kit does besides registering.
type fakeRest struct {
	pin      string
	shut     bool
	officers []kit.Officer
	backup   string
	policy   kit.SyncPolicy
	keep     time.Duration
	released string // what the registry released the kit for
}

func (k *fakeKit) Identity() kit.Identity {
	return kit.Identity{Device: civic.DeviceID{0x7f, 0x66}, Office: "mx-20-067", Server: "https://central.example:7443", KitName: "Tableta 7"}
}

func (k *fakeKit) SetPIN(_ context.Context, pin string) error { k.pin = pin; return k.fault() }
func (k *fakeKit) ScreenLocked() bool                         { return k.shut }

func (k *fakeKit) LockScreen(ctx context.Context) error {
	if k.pin == "" {
		return k.Lock(ctx)
	}
	k.shut = true
	return k.fault()
}

func (k *fakeKit) UnlockScreen(_ context.Context, pin string) error {
	if pin != k.pin {
		return civic.NewProblem(civic.WrongPIN, nil, "4")
	}
	k.shut = false
	return nil
}

func (k *fakeKit) Officers(context.Context) ([]kit.Officer, error) {
	return append([]kit.Officer{{ID: civic.OfficerID{1}, Name: "Ana Ruiz", Here: true}}, k.officers...), k.fault()
}

func (k *fakeKit) AddOfficer(_ context.Context, name, pass string) (civic.OfficerID, error) {
	if pass == "" {
		return civic.OfficerID{}, civic.NewProblem(civic.WeakPassphrase, nil)
	}
	k.officers = append(k.officers, kit.Officer{ID: civic.OfficerID{2}, Name: name})
	return civic.OfficerID{2}, k.fault()
}

func (k *fakeKit) RemoveOfficer(context.Context, civic.OfficerID) error {
	k.officers = nil
	return k.fault()
}

func (k *fakeKit) ChangePassphrase(_ context.Context, old, _ string) error {
	if old != goodPass {
		return civic.NewProblem(civic.WrongPassphrase, nil)
	}
	return k.fault()
}

func (k *fakeKit) RecoverRequest(context.Context, string, string) ([]byte, error) {
	return []byte("request"), k.fault()
}

func (k *fakeKit) RecoverApply(_ context.Context, release []byte, _ string) error {
	k.released, k.state = string(release), kit.Unlocked
	return k.fault()
}

func (k *fakeKit) Export(_ context.Context, dir string) (kit.Exported, error) {
	if err := k.fault(); err != nil {
		return kit.Exported{}, err
	}
	return kit.Exported{Files: 2, Bytes: 4200, Settled: 3}, os.WriteFile(filepath.Join(dir, "sealed"), nil, 0o600)
}

func (k *fakeKit) Backup(_ context.Context, dir string) (kit.Copied, error) {
	k.backup = dir
	return kit.Copied{Bytes: 90_000}, k.fault()
}
func (k *fakeKit) BackupDir(context.Context) (string, error) { return k.backup, nil }
func (k *fakeKit) StopBackup(context.Context) error          { k.backup = ""; return k.fault() }

func (k *fakeKit) RestoreRequest(_ context.Context, _ string, d civic.DeviceID) ([]byte, civic.DeviceID, error) {
	return []byte("request"), d, k.fault()
}

func (k *fakeKit) RestoreBackup(_ context.Context, _ string, _ civic.DeviceID, release []byte, _ string) (kit.Restored, error) {
	k.released = string(release)
	return kit.Restored{Registrations: 12}, k.fault()
}

func (k *fakeKit) SyncPolicy(context.Context) (kit.SyncPolicy, error) { return k.policy, k.fault() }
func (k *fakeKit) SetSyncPolicy(_ context.Context, p kit.SyncPolicy) error {
	k.policy = p
	return k.fault()
}
func (k *fakeKit) DataUsed(context.Context) (int64, error)          { return 123_000, nil }
func (k *fakeKit) Retention(context.Context) (time.Duration, error) { return k.keep, nil }
func (k *fakeKit) SetRetention(_ context.Context, d time.Duration) error {
	k.keep = d
	return k.fault()
}
