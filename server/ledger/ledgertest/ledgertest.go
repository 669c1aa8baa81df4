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
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
		return emptied(t)
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

// Postgres is a new schema of its own in the server that the run names.
func Postgres(t testing.TB) string {
	t.Helper()
	conn, u := connect(t)
	schema := "t_" + strings.ToLower(rand.Text())
	run(t, conn, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, conn, "DROP SCHEMA "+schema+" CASCADE") })
	return within(u, schema)
}

// emptied is a schema that an earlier test may have used: making one takes a
// tenth of a second, emptying one some thousandths. Which are in use the server
// knows, by a lock that ends with the test's connection.
func emptied(t testing.TB) string {
	t.Helper()
	conn, u := connect(t)
	for n := 1; ; n++ {
		var mine bool
		if err := conn.QueryRow(context.Background(), "SELECT pg_try_advisory_lock(7421, $1)", n).Scan(&mine); err != nil {
			t.Fatal(err)
		}
		if !mine {
			continue
		}
		schema := fmt.Sprintf("reused_%d", n)
		run(t, conn, "CREATE SCHEMA IF NOT EXISTS "+schema)
		run(t, conn, `DO $$ DECLARE r record; BEGIN
 FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = '`+schema+`' AND tablename <> 'ledger_schema' LOOP
  EXECUTE format('DELETE FROM `+schema+`.%I', r.tablename);
 END LOOP; END $$`)
		return within(u, schema)
	}
}

// within is a place in one schema of a server.
func within(u *url.URL, schema string) string {
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// connect opens a connection that ends with the test, after all else.
func connect(t testing.TB) (*pgx.Conn, *url.URL) {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		t.Fatalf("%s names no server: use make test, or .ci/postgres", serverVariable)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no place", serverVariable)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("the server that %s names does not answer: %v", serverVariable, err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn, u
}

func run(t testing.TB, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// Copied is a new place that holds what a place on PostgreSQL holds, row for
// row, as a copy of its disk would.
func Copied(t testing.TB, from string) string {
	t.Helper()
	schema := func(place string) string {
		u, err := url.Parse(place)
		if err != nil || u.Query().Get("search_path") == "" {
			t.Fatal("this is no place of PostgreSQL")
		}
		return u.Query().Get("search_path")
	}
	to := Postgres(t)
	conn, _ := connect(t)
	run(t, conn, `DO $$ DECLARE r record; BEGIN
 FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = '`+schema(from)+`' LOOP
  EXECUTE format('CREATE TABLE `+schema(to)+`.%I (LIKE `+schema(from)+`.%I INCLUDING ALL)', r.tablename, r.tablename);
  EXECUTE format('INSERT INTO `+schema(to)+`.%I SELECT * FROM `+schema(from)+`.%I', r.tablename, r.tablename);
 END LOOP; END $$`)
	return to
}
