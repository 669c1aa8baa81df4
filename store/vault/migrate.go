package vault

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"sort"

	"github.com/askonce/fieldkit/sync/civic"
)

// The steps of the schema, in the order of their names. A step that shipped is
// never changed; what changes is a new step. Each runs in one transaction with
// its number, so that a cut leaves the version before or the one after.
//
//go:embed schema/*.sql
var schema embed.FS

func steps() ([]string, error) {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	return names, nil
}

// migrate brings the file to the program's version. A file of a newer program
// is left as it is.
func migrate(ctx context.Context, conn *sql.Conn) error {
	names, err := steps()
	if err != nil {
		return err
	}
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return mapError(err)
	}
	if version > len(names) {
		return civic.NewProblem(civic.StoreNewer, nil)
	}
	for i := version; i < len(names); i++ {
		text, err := schema.ReadFile(names[i])
		if err != nil {
			return err
		}
		script := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", text, applicationID, i+1)
		if _, err := conn.ExecContext(ctx, script); err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			return mapError(err)
		}
	}
	return nil
}
