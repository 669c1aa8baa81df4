package ledger

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Table is a table as the schema files make it.
type Table struct {
	Name    string
	Columns []string
	// Unique are the columns of its primary key and of each unique constraint or
	// index, in their order.
	Unique [][]string
	// Global tells that the comment above it calls it a global table: one of
	// identifiers that belong to no office.
	Global bool
}

var (
	createTable = regexp.MustCompile(`(?is)^\s*CREATE TABLE (\w+) \((.*)\)\s*(?:STRICT|WITHOUT ROWID|,|\s)*$`)
	addColumn   = regexp.MustCompile(`(?is)^\s*ALTER TABLE (\w+) ADD COLUMN (\w+) `)
	uniqueIndex = regexp.MustCompile(`(?is)^\s*CREATE UNIQUE INDEX \w+ ON (\w+) \(([^)]*)\)`)
	renameTable = regexp.MustCompile(`(?is)^\s*ALTER TABLE (\w+) RENAME TO (\w+)\s*$`)
	dropTable   = regexp.MustCompile(`(?is)^\s*DROP TABLE (\w+)\s*$`)
	keyOf       = regexp.MustCompile(`(?is)^(?:CONSTRAINT \w+ )?(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)`)
	keyInline   = regexp.MustCompile(`(?i)\b(PRIMARY KEY|UNIQUE)\b`)
	globalWords = regexp.MustCompile(`(?is)\bglobal\s+(identifier\s+)?tables?\b`)
)

// schemaTables reads the tables out of the schema files, in their order.
func schemaTables() ([]Table, error) {
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var tables []Table
	for _, file := range files {
		text, err := schema.ReadFile(file)
		if err != nil {
			return nil, err
		}
		tables = readTables(tables, string(text))
	}
	return tables, nil
}

// readTables goes on with a list of tables through one more file.
func readTables(tables []Table, text string) []Table {
	find := func(name string) *Table {
		for i := range tables {
			if tables[i].Name == name {
				return &tables[i]
			}
		}
		return nil
	}
	for statement := range strings.SplitSeq(text, ";\n") {
		comment := commentAbove(statement)
		code := stripComments(statement + "\n")
		if m := createTable.FindStringSubmatch(code); m != nil {
			t := Table{Name: m[1], Global: globalWords.MatchString(comment)}
			for _, part := range splitTop(m[2]) {
				t.take(part)
			}
			tables = append(tables, t)
		} else if m := addColumn.FindStringSubmatch(code); m != nil {
			if t := find(m[1]); t != nil {
				t.Columns = append(t.Columns, m[2])
			}
		} else if m := uniqueIndex.FindStringSubmatch(code); m != nil {
			if t := find(m[1]); t != nil {
				t.Unique = append(t.Unique, names(m[2]))
			}
		} else if m := renameTable.FindStringSubmatch(code); m != nil {
			if t := find(m[1]); t != nil {
				t.Name = m[2]
			}
		} else if m := dropTable.FindStringSubmatch(code); m != nil {
			tables = slices.DeleteFunc(tables, func(t Table) bool { return t.Name == m[1] })
		}
	}
	return tables
}

// take reads one column or constraint of a CREATE TABLE.
func (t *Table) take(part string) {
	part = strings.TrimSpace(part)
	if m := keyOf.FindStringSubmatch(part); m != nil {
		t.Unique = append(t.Unique, names(m[1]))
		return
	}
	word, rest, _ := strings.Cut(part, " ")
	switch strings.ToUpper(word) {
	case "", "CHECK", "FOREIGN", "CONSTRAINT":
		return
	}
	t.Columns = append(t.Columns, word)
	if keyInline.MatchString(rest) {
		t.Unique = append(t.Unique, []string{word})
	}
}

// commentAbove is the comment that ends where the statement begins.
func commentAbove(statement string) string {
	var b strings.Builder
	for line := range strings.Lines(statement) {
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "--"):
			b.WriteString(strings.TrimLeft(trimmed, "- ") + " ")
		case trimmed == "":
			if b.Len() > 0 { // a paragraph of its own, about what follows it later
				b.WriteString("\n")
			}
		default:
			return b.String()
		}
	}
	return b.String()
}

func names(list string) (out []string) {
	for name := range strings.SplitSeq(list, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
		out = append(out, name)
	}
	return out
}

// splitTop splits at commas that stand in no bracket.
func splitTop(s string) (parts []string) {
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, s[start:])
}
