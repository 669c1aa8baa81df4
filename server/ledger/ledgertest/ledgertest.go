// Package ledgertest gives tests a ledger of their own, on either engine.
//
// A test that asks for [Place] runs on the embedded engine, and once more on
// PostgreSQL when the whole run is told so: FIELDKIT_TEST_ENGINE=postgres. A
// test that calls [Engines] runs on each engine there is. The server is named by
// FIELDKIT_TEST_POSTGRES, a place in which schemas may be made; `make test`
// starts one. A server that is named and does not answer fails the test.
package ledgertest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	serverVariable = "FIELDKIT_TEST_POSTGRES"
	engineVariable = "FIELDKIT_TEST_ENGINE"
)

// Place is where a new ledger may be made; it is gone after the test.
func Place(t testing.TB) string {
	t.Helper()
	if os.Getenv(engineVariable) == "postgres" {
		return Postgres(t)
	}
	return SQLite(t)
}

// SQLite is a place of the embedded engine.
func SQLite(t testing.TB) string {
	t.Helper()
	return "file:" + filepath.Join(t.TempDir(), "ledger.db")
}

// HasPostgres tells whether the run names a server.
func HasPostgres() bool { return os.Getenv(serverVariable) != "" }

// Engines runs a test on each engine there is, in a place of its own.
func Engines(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if HasPostgres() {
		t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	}
}

// Postgres is a schema of its own in the server that the run names.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		t.Fatalf("%s names no server: use make test, or .ci/postgres", serverVariable)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no place", serverVariable)
	}
	schema := "t_" + rand.Text()
	run(t, server, `CREATE SCHEMA "`+schema+`"`)
	t.Cleanup(func() { run(t, server, `DROP SCHEMA "`+schema+`" CASCADE`) })
	q := u.Query()
	q.Set("search_path", `"`+schema+`"`)
	u.RawQuery = q.Encode()
	return u.String()
}

// run is one statement on a connection of its own.
func run(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("the server that %s names does not answer: %v", serverVariable, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}
