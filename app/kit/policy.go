package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	settingPolicy = "sync_policy"
	settingData   = "data_used"
)

// SyncPolicy says when the kit may sync by itself. An officer who presses the
// button is never held back.
type SyncPolicy struct {
	// From and Until are minutes after midnight in the kit's zone; the window
	// may span midnight. When they are equal any time will do.
	From  int `json:"from,omitempty"`
	Until int `json:"until,omitempty"`
	// DailyBytes is the most that a day's passes may move both ways; 0 for no cap.
	DailyBytes int64 `json:"daily_bytes,omitempty"`
	// NoMobile leaves out connections over a mobile network.
	NoMobile bool `json:"no_mobile,omitempty"`
}

// SyncPolicy gives the policy; it works locked.
func (k *Kit) SyncPolicy(ctx context.Context) (SyncPolicy, error) {
	st, err := k.store()
	if err != nil {
		return SyncPolicy{}, err
	}
	return policy(ctx, st), nil
}

// SetSyncPolicy changes it; a window outside the day is wrong_use.
func (k *Kit) SetSyncPolicy(ctx context.Context, p SyncPolicy) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	const day = 24 * 60
	if p.From < 0 || p.From >= day || p.Until < 0 || p.Until >= day || p.DailyBytes < 0 {
		return civic.NewProblem(civic.WrongUse, nil, "A window is written 20:00-06:00, a cap in megabytes.")
	}
	b, err := json.Marshal(p)
	if err != nil {
		return problem(err)
	}
	return problem(st.SetSetting(ctx, settingPolicy, string(b)))
}

func policy(ctx context.Context, st *store.Store) SyncPolicy {
	var p SyncPolicy
	text, err := st.Setting(ctx, settingPolicy)
	if err != nil || json.Unmarshal([]byte(text), &p) != nil {
		return SyncPolicy{}
	}
	return p
}

// open tells whether the window is open at a moment.
func (p SyncPolicy) open(now time.Time) bool {
	minute := now.Hour()*60 + now.Minute()
	switch {
	case p.From == p.Until:
		return true
	case p.From < p.Until:
		return p.From <= minute && minute < p.Until
	}
	return minute >= p.From || minute < p.Until
}

// MaySync tells whether the kit may sync by itself now: nil, or sync_window,
// data_cap or mobile_network.
func (k *Kit) MaySync(ctx context.Context) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	p := policy(ctx, st)
	now := k.o.Clock().In(k.o.Zone)
	if !p.open(now) {
		return civic.NewProblem(civic.SyncWindow, nil, clockTime(p.From), clockTime(p.Until))
	}
	if p.DailyBytes > 0 && dataUsed(ctx, st, now) >= p.DailyBytes {
		return civic.NewProblem(civic.DataCap, nil, fmt.Sprintf("%d MB", p.DailyBytes>>20))
	}
	if p.NoMobile && k.o.Mobile() {
		return civic.NewProblem(civic.MobileNetwork, nil)
	}
	return nil
}

// packLimit is how much of the district pack a pass may bring under the policy,
// also one that the officer began: 0 for no limit, less for nothing.
func (k *Kit) packLimit(ctx context.Context, st *store.Store) int64 {
	p := policy(ctx, st)
	if p.NoMobile && k.o.Mobile() {
		return -1
	}
	if p.DailyBytes == 0 {
		return 0
	}
	left := p.DailyBytes - dataUsed(ctx, st, k.o.Clock().In(k.o.Zone))
	if left <= 0 {
		return -1
	}
	return left
}

func clockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// DataUsed is how many bytes today's passes moved, both ways.
func (k *Kit) DataUsed(ctx context.Context) (int64, error) {
	st, err := k.store()
	if err != nil {
		return 0, err
	}
	return dataUsed(ctx, st, k.o.Clock().In(k.o.Zone)), nil
}

func dataUsed(ctx context.Context, st *store.Store, now time.Time) int64 {
	var day string
	var bytes int64
	text, err := st.Setting(ctx, settingData)
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscanf(text, "%s %d", &day, &bytes); err != nil || day != now.Format(time.DateOnly) {
		return 0
	}
	return bytes
}

// useData adds to the day's account.
func (k *Kit) useData(ctx context.Context, st *store.Store, bytes int64) {
	if bytes == 0 {
		return
	}
	now := k.o.Clock().In(k.o.Zone)
	text := fmt.Sprintf("%s %d", now.Format(time.DateOnly), dataUsed(ctx, st, now)+bytes)
	if err := st.SetSetting(ctx, settingData, text); err != nil {
		k.log.Warn("the day's account of data could not be kept", "code", civic.CodeOf(err))
	}
}

// onMobile looks at the interface of the default route, as Linux names those of
// modems. Where it cannot tell, the network counts as not mobile.
func onMobile() bool {
	routes, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(routes)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[1] != "00000000" {
			continue
		}
		for _, modem := range []string{"wwan", "ppp", "rmnet", "wwp"} {
			if strings.HasPrefix(fields[0], modem) {
				return true
			}
		}
		return false // the first default route is the one that is used
	}
	return false
}
