package command_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
)

// Registrations that met more namesakes than are compared stand in status and
// doctor for thirty days.
func TestCutSearchesAreTold(t *testing.T) {
	dir := newCentre(t)
	db, err := ledger.Open(t.Context(), "file:"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	today := time.Now().Unix() / (24 * 60 * 60)
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.Insert(t.Context(), "search_cut", []string{"area", "day", "registrations"}, [][]any{
			{"mx-20-067", today - 2, int64(7)}, {"mx-20-067", today - 90, int64(400)}, {"mx-07-019", today, int64(5)},
		}, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "status", "--data", dir, "--json"); r.code != 0 || r.json["too_common"] != 12.0 {
		t.Errorf("%s", r.out)
	}
	if r := run(t, "status", "--data", dir); !strings.Contains(r.out, "names too common        12") {
		t.Errorf("%s", r.out)
	}
	if r := run(t, "doctor", "--data", dir, "--json"); r.code != 0 || !strings.Contains(r.out, "12 registrations of the last 30 days met more namesakes") {
		t.Errorf("%s", r.out)
	}
}
