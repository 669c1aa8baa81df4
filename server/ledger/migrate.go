package ledger

import (
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// schema holds the files that make the ledger, in the order of their names. A
// file that went out is never changed; what comes later is a new file.
//
//go:embed schema/*.sql
var schema embed.FS

// migrate runs what has not run yet, in the caller's transaction. dialect turns
// the files' SQL into the engine's.
func migrate(ctx context.Context, tx Tx, dialect func(string) string) error {
	if _, err := tx.Exec(ctx, dialect("CREATE TABLE IF NOT EXISTS ledger_schema (name TEXT NOT NULL PRIMARY KEY, digest BLOB NOT NULL) STRICT")); err != nil {
		return err
	}
	applied := map[string][]byte{}
	err := All(ctx, tx, func(r Row) error {
		var name string
		var digest []byte
		err := r.Scan(&name, &digest)
		applied[name] = digest
		return err
	}, "SELECT name, digest FROM ledger_schema")
	if err != nil {
		return err
	}
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := schema.ReadFile(file)
		if err != nil {
			return err
		}
		name, digest := strings.TrimPrefix(file, "schema/"), sha256.Sum256(text)
		if old, ok := applied[name]; ok {
			if !slices.Equal(old, digest[:]) {
				return civic.NewProblem(civic.LedgerNewer, fmt.Errorf("%s was changed after it ran", name))
			}
			delete(applied, name)
			continue
		}
		if err := runFile(ctx, tx, name, dialect(string(text))); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO ledger_schema (name, digest) VALUES (?1, ?2)", name, digest[:]); err != nil {
			return err
		}
	}
	for name := range applied {
		return civic.NewProblem(civic.LedgerNewer, fmt.Errorf("%s is not of this program", name))
	}
	return nil
}

// runFile runs a file statement by statement; a statement ends with ";" at the
// end of a line.
func runFile(ctx context.Context, tx Tx, name, text string) error {
	for statement := range strings.SplitSeq(stripComments(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func stripComments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		code, _, _ := strings.Cut(line, "--")
		b.WriteString(code)
	}
	return b.String()
}
