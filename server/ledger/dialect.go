package ledger

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Statements and schema files are written once, in the words both engines know
// or these rules turn into PostgreSQL's.

var schemaWords = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\bINTEGER\b`), "bigint"},
	{regexp.MustCompile(`\bBLOB\b`), "bytea"},
	// Texts sort by their bytes, as on SQLite, whatever the database's locale.
	{regexp.MustCompile(`\bTEXT\b`), `text COLLATE "C"`},
	{regexp.MustCompile(`\)\s*(STRICT|WITHOUT ROWID)(\s*,\s*(STRICT|WITHOUT ROWID))*`), ")"},
}

// postgresSchema turns a schema file into PostgreSQL's words.
func postgresSchema(text string) string {
	text = stripComments(text)
	for _, w := range schemaWords {
		text = w.from.ReplaceAllString(text, w.to)
	}
	return text
}

// texts remembers statements in PostgreSQL's words: the same few hundred for
// the life of the process.
type texts struct {
	mu  sync.RWMutex
	all map[string]string
}

// maxTexts bounds it; texts beyond are made each time.
const maxTexts = 4096

// statement turns ?1 into $1 with its type, and the arguments into the few
// types that the driver sends. Without the type PostgreSQL would guess it from
// the place of the first use, and wrongly in (?1 = ” OR area = ?1).
func (t *texts) statement(query string, args []any) (string, []any, error) {
	sent := make([]any, len(args))
	kinds := make([]byte, len(args))
	for i, a := range args {
		v, err := plain(a)
		if err != nil {
			return "", nil, err
		}
		sent[i] = v
		kinds[i] = kindOf(v)
	}
	key := string(kinds) + "\x00" + query
	t.mu.RLock()
	text, ok := t.all[key]
	t.mu.RUnlock()
	if ok {
		return text, sent, nil
	}
	text = numbered(query, kinds)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]string{}
	}
	if len(t.all) < maxTexts {
		t.all[key] = text
	}
	return text, sent, nil
}

// plain makes one of the few types the driver sends of any value, as
// database/sql does for the other engine: whole numbers for yes and no.
func plain(a any) (any, error) {
	v, err := driver.DefaultParameterConverter.ConvertValue(a)
	switch x := v.(type) {
	case bool:
		if x {
			return int64(1), err
		}
		return int64(0), err
	case []byte:
		if x == nil {
			return nil, err
		}
	}
	return v, err
}

// The kinds of arguments.
const (
	kindNull  = 'n'
	kindInt   = 'i'
	kindBytes = 'b'
	kindText  = 't'
	kindFloat = 'f'
)

var kindTypes = map[byte]string{kindInt: "::bigint", kindBytes: "::bytea", kindText: "::text", kindFloat: "::double precision"}

func kindOf(v any) byte {
	switch v.(type) {
	case int64:
		return kindInt
	case []byte:
		return kindBytes
	case string:
		return kindText
	case float64:
		return kindFloat
	}
	return kindNull
}

// numbered writes placeholders as PostgreSQL does, with their types.
func numbered(query string, kinds []byte) string {
	return rewrite(query, len(kinds), func(n int) string { return "$" + strconv.Itoa(n) + kindTypes[kinds[n-1]] })
}

// rewrite replaces the placeholders ?1 to ?count that stand outside of quotes.
func rewrite(query string, count int, with func(n int) string) string {
	var b strings.Builder
	b.Grow(len(query) + 8*count)
	for i := 0; i < len(query); i++ {
		c := query[i]
		if c == '\'' || c == '"' {
			end := strings.IndexByte(query[i+1:], c)
			if end < 0 {
				b.WriteString(query[i:])
				break
			}
			b.WriteString(query[i : i+end+2])
			i += end + 1
			continue
		}
		if c != '?' {
			b.WriteByte(c)
			continue
		}
		j := i + 1
		for j < len(query) && query[j] >= '0' && query[j] <= '9' {
			j++
		}
		n, err := strconv.Atoi(query[i+1 : j])
		if err != nil || n < 1 || n > count {
			b.WriteByte(c)
			continue
		}
		b.WriteString(with(n))
		i = j - 1
	}
	return b.String()
}
