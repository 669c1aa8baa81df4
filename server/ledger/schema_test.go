package ledger

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/server/ledger/ledgertest"
)

// globalTables are the tables of identifiers that belong to no office, each
// with what its rows are found by. Everything else is of an office: its primary
// key and each of its unique constraints begin with area, so that a distributed
// database can keep an office's rows together and check them where they lie.
// A new one stands here and says "a global table" in the comment above it.
var globalTables = map[string]string{
	"access_setting":      "a thing of the whole centre, by its name",
	"access_invite":       "an enrolment code: all that a new kit knows",
	"access_transport":    "the key a kit shows on the wire",
	"access_device_area":  "a kit's id",
	"access_staff":        "a name, before its office is known",
	"access_session":      "a cookie",
	"access_look":         "a cookie, and whom it looks at",
	"access_bundle":       "one row",
	"citizen_told":        "one row: how far kits were told of the log",
	"citizen_visit":       "a cookie",
	"opener_certificate":  "a request of an intake, before anything of it is known",
	"ingest_digest":       "the name of a file",
	"registry_key":        "a blinded match key: people move between offices",
	"registry_outside":    "a person's number in an outside registry",
	"ledger_turn":         "a turn, by its name",
	"forms_count":         "the counter of forms",
	"forms_version":       "a form and its version, the same for every office",
	"log_tree":            "one row",
	"log_bundle":          "a place in the one log",
	"log_tile":            "a place in the one log",
	"log_checkpoint":      "a size of the one log",
	"log_gap":             "a restore of the one log",
	"share_agency":        "an agency",
	"share_key":           "an agency's key, by the number a message names",
	"share_client":        "an agency's client",
	"share_token":         "a token",
	"share_revision":      "an agreement and its revision",
	"share_version":       "one row",
	"agency_message":      "an agency's message, to answer a repeat",
	"agency_day":          "an agency's day",
	"agency_job":          "a job, by the number an agency asks with",
	"agency_subscription": "a subscription, by its code",
	"agency_alias":        "an agency's own name for a person",
}

func TestEveryKeyBeginsWithItsOffice(t *testing.T) {
	tables, err := schemaTables()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, table := range tables {
		seen[table.Name] = true
		if len(table.Columns) == 0 || len(table.Unique) == 0 {
			t.Errorf("%s: no columns or no key was found in its schema file", table.Name)
		}
		_, global := globalTables[table.Name]
		for _, key := range table.Unique {
			if key[0] != "area" && !global {
				t.Errorf("%s (%v): a key begins with area, or the table stands on the list of global tables", table.Name, key)
			}
		}
		if table.Global && !global {
			t.Errorf("%s calls itself a global table and is not on the list", table.Name)
		}
	}
	for name := range globalTables {
		if !seen[name] {
			t.Errorf("the list names %s, which no schema file makes", name)
		}
	}
}

// What the files say and what the database holds is the same, keys and all.
func TestCatalogueIsWhatTheFilesSay(t *testing.T) {
	want, err := schemaTables()
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Engines(t, func(t *testing.T, place string) {
		db, err := Open(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		columns, keys := sqliteCatalogue, sqliteKeys
		pool := (*sql.DB)(nil)
		switch db := db.(type) {
		case *sqliteDB:
			pool = db.readers
		case *postgresDB:
			pool, columns, keys = db.readers, postgresCatalogue, postgresKeys
		}
		got := map[string][]string{}
		each(t, pool, columns, func(table, column string) { got[table] = append(got[table], column) })
		delete(got, "ledger_schema")
		for _, table := range want {
			if !slices.Equal(got[table.Name], table.Columns) {
				t.Errorf("%s: the files say %v, the database %v", table.Name, table.Columns, got[table.Name])
			}
			delete(got, table.Name)
		}
		for name := range got {
			t.Errorf("the database holds %s, which the files do not tell of", name)
		}
		each(t, pool, keys, func(table, first string) {
			if _, global := globalTables[table]; first != "area" && !global && table != "ledger_schema" {
				t.Errorf("%s: the database has a key that begins with %s", table, first)
			}
		})
	})
}

const (
	sqliteCatalogue = `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
	sqliteKeys      = `SELECT m.name, c.name FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c WHERE m.type = 'table' AND i."unique" = 1 AND c.seqno = 0`

	postgresCatalogue = `SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`
	postgresKeys = `SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE n.nspname = current_schema() AND i.indisunique`
)

func each(t *testing.T, pool *sql.DB, query string, do func(table, column string)) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		do(table, column)
		n++
	}
	if err := rows.Err(); err != nil || n == 0 {
		t.Fatal(err, n)
	}
}
