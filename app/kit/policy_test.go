package kit

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestSyncPolicyWindow(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		p    SyncPolicy
		now  time.Time
		want bool
	}{
		{SyncPolicy{}, at(12, 0), true},
		{SyncPolicy{From: 20 * 60, Until: 6 * 60}, at(23, 0), true},
		{SyncPolicy{From: 20 * 60, Until: 6 * 60}, at(5, 59), true},
		{SyncPolicy{From: 20 * 60, Until: 6 * 60}, at(6, 0), false},
		{SyncPolicy{From: 20 * 60, Until: 6 * 60}, at(19, 59), false},
		{SyncPolicy{From: 60, Until: 120}, at(1, 0), true},
		{SyncPolicy{From: 60, Until: 120}, at(2, 0), false},
	} {
		if got := c.p.open(c.now); got != c.want {
			t.Errorf("%+v at %s: %v", c.p, c.now.Format(time.TimeOnly), got)
		}
	}
}

func TestMaySync(t *testing.T) {
	w := enrolled(t) // at ten in the morning
	mobile := false
	w.o.Mobile = func() bool { return mobile }
	w.reopen()
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	set := func(p SyncPolicy) {
		t.Helper()
		if err := w.SetSyncPolicy(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	may := func(code civic.Code) {
		t.Helper()
		if err := w.MaySync(t.Context()); civic.CodeOf(err) != code {
			t.Fatalf("%v, want %q", err, code)
		}
	}
	may("")
	set(SyncPolicy{From: 20 * 60, Until: 6 * 60})
	may(civic.SyncWindow)
	set(SyncPolicy{NoMobile: true, DailyBytes: 1 << 20})
	may("")
	mobile = true
	may(civic.MobileNetwork)
	mobile = false
	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	w.useData(t.Context(), st, 1<<20)
	may(civic.DataCap)
	w.clock.Add(24 * time.Hour)
	may("")
	wantCode(t, w.SetSyncPolicy(t.Context(), SyncPolicy{From: 24 * 60}), civic.WrongUse)
}
