package vault

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Copies for a medium: rows leave the vault as they lie there, sealed.

// Cells are one row of a table in the order of its columns: int64, string,
// []byte or nil.
type Cells []any

// Marks calls each for every row of a table with what tells whether it changed:
// its number and its small columns, but no sealed bytes.
func (tx *Tx) Marks(table string, each func(n int64, mark string) error) error {
	columns, err := tx.columns(table)
	if err != nil {
		return err
	}
	small := make([]string, 0, len(columns))
	for _, c := range columns {
		if c != "s" && c != "h" && c != "n" {
			small = append(small, "coalesce("+c+",'')")
		}
	}
	return tx.Query("SELECT n,"+strings.Join(small, "||'|'||")+" FROM "+table, func(scan func(...any) error) error {
		var n int64
		var mark []byte
		if err := scan(&n, &mark); err != nil {
			return err
		}
		return each(n, string(mark))
	})
}

// Copy gives row n of a table; ok is false when there is none.
func (tx *Tx) Copy(table string, n int64) (cells Cells, ok bool, err error) {
	err = tx.Query("SELECT * FROM "+table+" WHERE n=?1", func(scan func(...any) error) error {
		columns, err := tx.columns(table)
		if err != nil {
			return err
		}
		cells = make(Cells, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		ok = true
		return scan(into...)
	}, n)
	return cells, ok, err
}

func (tx *Tx) columns(table string) ([]string, error) {
	if c, ok := tx.v.columns[table]; ok {
		return c, nil
	}
	var names []string
	if err := tx.Query("SELECT name FROM pragma_table_info(?1) ORDER BY cid", func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	}, table); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no table %q", table)
	}
	tx.v.columns[table] = names
	return names, nil
}

// Version is the number of the schema's last step.
func (tx *Tx) Version() (int, error) {
	var n int
	_, err := tx.One("PRAGMA user_version", nil, &n)
	return n, err
}

// Keys writes every key of an unlocked vault, the outer one too, as an age file
// for recovery alone.
func (tx *Tx) Keys() (numbers []int64, file []byte, err error) {
	v := tx.v
	if v.ring == nil {
		return nil, nil, locked()
	}
	to, err := tx.recoveryOnly()
	if err != nil {
		return nil, nil, err
	}
	plain := packKeys(v.outer, v.outerName, v.ring)
	for n := range v.ring.keys {
		numbers = append(numbers, n)
	}
	file, err = sealAge(plain, to)
	clear(plain)
	return numbers, file, err
}

// OpenForeign takes what Keys wrote, opened by who was allowed to, and opens the
// rows of that other vault.
func OpenForeign(plain []byte) (*Opener, error) {
	keys, err := unpackKeys(plain)
	if err != nil {
		return nil, civic.NewProblem(civic.RowDamaged, err)
	}
	return &Opener{keys: keys}, nil
}
