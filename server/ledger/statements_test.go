package ledger

import (
	"database/sql"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/askonce/fieldkit/server/ledger/ledgertest"
)

// notUnderstood are the states that say a statement is not PostgreSQL's, or
// names what is not there. Types are left out: here nobody says which the
// arguments have.
var notUnderstood = []string{"42601", "42P01", "42703", "42702", "42803", "42P10", "42P20", "42704", "0A000"}

var statementBegins = regexp.MustCompile(`^(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH) `)

// Whatever the server's rooms write as a whole statement is one that PostgreSQL
// understands, whether a test of theirs runs it there or not.
func TestStatementsAreUnderstood(t *testing.T) {
	if !ledgertest.HasPostgres() {
		return // make test starts one
	}
	db, err := Open(t.Context(), ledgertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pool := db.(*postgresDB).readers
	n := 0
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || filepath.Dir(path) == filepath.Join("..", "ledger") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		for _, s := range statementsOf(file) {
			n++
			if err := understood(t, pool, s.text); err != nil {
				t.Errorf("%s: %v: %s", files.Position(s.at), err, s.text)
			}
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Fatal(err, n)
	}
	t.Logf("%d statements", n)
}

type placedStatement struct {
	text string
	at   token.Pos
}

// statementsOf finds the literals that are whole statements: parts that are put
// together when the program runs are not.
func statementsOf(file *ast.File) (out []placedStatement) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			return false
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && statementBegins.MatchString(s) && !strings.Contains(s, "%") {
				out = append(out, placedStatement{s, n.Pos()})
			}
		}
		return true
	})
	return out
}

var anyPlace = regexp.MustCompile(`\?(\d+)`)

func understood(t *testing.T, pool *sql.DB, query string) error {
	count := 0
	for _, m := range anyPlace.FindAllStringSubmatch(query, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		count = max(count, n)
	}
	stmt, err := pool.PrepareContext(t.Context(), rewrite(query, count, func(n int) string { return "$" + strconv.Itoa(n) }))
	var e *pgconn.PgError
	if errors.As(err, &e) && (slices.Contains(notUnderstood, e.Code) || e.Code == "42883" && strings.HasPrefix(e.Message, "function ") && !strings.Contains(e.Message, "unknown")) {
		return e
	}
	if err != nil && !errors.As(err, &e) {
		return err
	}
	if err == nil {
		defer stmt.Close()
	}
	return nil
}
