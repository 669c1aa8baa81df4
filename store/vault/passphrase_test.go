package vault

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestWhatIsWeak(t *testing.T) {
	for pass, strong := range map[string]bool{
		"correct horse battery staple": true,
		"correct-horse-battery-staple": true,
		"caballo pila grapa correcto":  true,
		"ñandú über ølaf çedilla":      true,
		"रात दिन सूरज चाँद":            true,
		"马 电池 订书钉 正确":                  true,
		"an ox on it":                  false,
		"किताब आसमान बारिश पहाड़":      true,
		"":                                 false,
		"hunter2":                          false,
		"correcthorsebatterystaple":        false,
		"same same same same":              false,
		"Same same SAME sAmE":              false,
		"a b c d e f g h":                  false,
		"three little words":               false,
		"   spaces    are   not    words ": true,
	} {
		if err := CheckPassphrase(pass); (err == nil) != strong || (err != nil && civic.CodeOf(err) != civic.WeakPassphrase) {
			t.Errorf("%q: %v", pass, err)
		}
	}
}

// Two keyboards write é in two ways; both open the kit.
func TestAccentsAreOne(t *testing.T) {
	v := testVault(t)
	one, other := "caf\u00e9 \u00f1and\u00fa tlaxiaco monta\u00f1a", "cafe\u0301 n\u0303andu\u0301 tlaxiaco montan\u0303a"
	if err := v.ChangePassphrase(t.Context(), passphrase, one); err != nil {
		t.Fatal(err)
	}
	v.Lock()
	if err := v.Unlock(t.Context(), " "+other+"\n"); err != nil {
		t.Fatal(err)
	}
}

// The work factor follows the machine, within bounds that stand for ever.
func TestWorkFactor(t *testing.T) {
	for cost, want := range map[time.Duration]int{
		0: floorLogN, 10 * time.Millisecond: ceilingLogN, 240 * time.Millisecond: ceilingLogN,
		300 * time.Millisecond: 16, 600 * time.Millisecond: floorLogN, time.Minute: floorLogN, -time.Second: floorLogN,
	} {
		now := time.Unix(1_772_000_000, 0)
		v := &Vault{options: Options{Clock: func() time.Time { now = now.Add(cost); return now }}}
		if got, err := v.workFactor(); err != nil || got != want {
			t.Errorf("%v for the least: logN %d, want %d (%v)", cost, got, want, err)
		}
	}
}

// A passphrase file that asks for more memory than a tablet has is refused, not
// tried.
func TestATooDearFileIsRefused(t *testing.T) {
	o, _ := testOptions()
	o.LogN = ceilingLogN + 1
	v, _ := testVaultWith(t, o)
	v.Lock()
	if err := v.Unlock(t.Context(), passphrase); err == nil {
		t.Fatal("opened")
	}
}
