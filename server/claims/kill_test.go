package claims_test

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/claims"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/tabular"
)

// killedRows is how large the table is that is taken in while somebody pulls the
// plug.
const killedRows = 3000

// TestKillImport takes a table in with a program of its own, kills that at any
// moment, and starts it again until it comes to the end: every row is there
// once, as one import without a fault would have left it. KILLS says how often.
func TestKillImport(t *testing.T) {
	if place := os.Getenv("CLAIMS_KILL_PLACE"); place != "" {
		importUntilKilled(t, place, os.Getenv("CLAIMS_KILL_TABLE"))
		return
	}
	kills, err := strconv.Atoi(os.Getenv("KILLS"))
	if err != nil || kills <= 0 {
		kills = 4
	}
	place, table := ledgertest.Place(t), filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(table, []byte(register(killedRows)), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(limit time.Duration) (whole bool) {
		c := exec.Command(program, "-test.run", "^TestKillImport$", "-test.count", "1")
		c.Env = append(os.Environ(), "CLAIMS_KILL_PLACE="+place, "CLAIMS_KILL_TABLE="+table)
		done := make(chan error, 1)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { done <- c.Wait() }()
		if limit == 0 {
			if err := <-done; err != nil {
				t.Fatalf("the import that nobody killed: %v", err)
			}
			return true
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("the import failed by itself: %v", err)
			}
			return true
		case <-time.After(limit):
			_ = c.Process.Kill()
			<-done
			return false
		}
	}
	cut := 0
	for range kills {
		if !run(time.Duration(60+mathrand.IntN(500)) * time.Millisecond) {
			cut++
		}
	}
	run(0)

	db, err := ledger.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	number := func(query string) (n int) {
		t.Helper()
		if err := db.View(t.Context(), func(tx ledger.Tx) error { return tx.QueryRow(context.Background(), query).Scan(&n) }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for what, query := range map[string]string{
		"rows taken":        "SELECT count(*) FROM claims_row",
		"entries":           "SELECT count(DISTINCT entry) FROM claims_row",
		"registrations":     "SELECT count(DISTINCT registration) FROM registry_said WHERE withdrawn_at = 0",
		"said in all":       "SELECT count(*) FROM registry_said",
		"outcomes":          "SELECT count(*) FROM outcome",
		"said with a row":   "SELECT count(*) FROM registry_said AS s JOIN claims_row AS c ON c.area = s.office AND c.registration = s.registration",
		"outcomes of a row": "SELECT count(*) FROM outcome AS o JOIN claims_row AS c ON c.area = o.area AND c.registration = o.registration",
		"first versions":    "SELECT count(*) FROM claims_row WHERE n = 1",
	} {
		if got := number(query); got != killedRows {
			t.Errorf("%s: %d, want %d", what, got, killedRows)
		}
	}
	if ended := number("SELECT count(*) FROM claims_import WHERE ended_at <> 0"); ended == 0 {
		t.Error("no import came to its end")
	}
	t.Logf("killed %d times in the middle of %d starts", cut, kills)
}

// importUntilKilled is what the program does that is killed.
func importUntilKilled(t *testing.T, place, table string) {
	db, err := ledger.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e, err := registry.NewEmbedded([32]byte{1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Unix(1_790_000_000, 0) }
	im := &claims.Importer{DB: db, Registry: e, Reconciler: reconcile.New(reconcile.Config{Registry: e, Clock: clock}), Key: [32]byte{1}, Clock: clock, Rand: rand.Reader, Chunk: 20}
	tab, err := tabular.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	m, err := claims.ReadMap([]byte(mapping), dictionary(t), false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = im.Import(context.Background(), claims.Job{Source: "civil-registry", Map: m, Table: tab, Area: area, Date: clock(), Actor: "test",
		Rejected: func(int, []string, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
}
