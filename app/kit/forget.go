package kit

import (
	"context"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// settingRetention holds how many days a kit keeps what is safe at the centre.
const settingRetention = "retention_days"

// defaultRetention is the office's choice where it made none.
const defaultRetention = 30 * 24 * time.Hour

// Retention is how long this kit keeps what is safe at the centre.
func (k *Kit) Retention(ctx context.Context) (time.Duration, error) {
	st, err := k.store()
	if err != nil {
		return 0, err
	}
	return retention(ctx, st), nil
}

// SetRetention changes it; less than a day is a day.
func (k *Kit) SetRetention(ctx context.Context, d time.Duration) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	days := max(1, int(d/(24*time.Hour)))
	return problem(st.SetSetting(ctx, settingRetention, strconv.Itoa(days)))
}

func retention(ctx context.Context, st *store.Store) time.Duration {
	text, err := st.Setting(ctx, settingRetention)
	if err != nil {
		return defaultRetention
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 {
		return defaultRetention
	}
	return time.Duration(days) * 24 * time.Hour
}

// forget destroys the keys of days that are safe at the centre for longer than
// the office wants them here. What cannot be forgotten today is tried again at
// the next sync.
func (k *Kit) forget(ctx context.Context, st *store.Store) {
	f, err := st.Forget(ctx, retention(ctx, st))
	if err != nil {
		k.log.Warn("safe days could not be forgotten yet", "code", civic.CodeOf(err))
		return
	}
	if f.Registrations > 0 {
		k.log.Info("forgot what is safe", "days", f.Days, "registrations", f.Registrations)
	}
}
