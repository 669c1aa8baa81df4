//go:build unix

package vault

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkCost prints what sealing costs in CPU against plain SQLite on the
// same driver with the same table: records of 800 bytes, 1,000 a transaction.
// Rounds take turns and the median of their ratios counts, so that a busy
// machine disturbs both alike.
func BenchmarkCost(b *testing.B) {
	const records, perTx = 20000, 1000
	names := make([][]byte, records)
	for i := range names {
		names[i] = bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 8)
	}
	record := bytes.Repeat([]byte("0123456789"), 80)
	var insert, point, scan []float64
	for range max(b.N, 7) {
		p := plainRound(b, names, record, perTx)
		s := sealedRound(b, names, record, perTx)
		insert = append(insert, s[0]/p[0])
		point = append(point, s[1]/p[1])
		scan = append(scan, s[2]/p[2])
		b.Logf("µs a record, plain and sealed: insert %.1f %.1f, point %.1f %.1f, scan %.2f %.2f",
			p[0], s[0], p[1], s[1], p[2], s[2])
	}
	for name, r := range map[string][]float64{"insert-×": insert, "point-×": point, "scan-×": scan} {
		slices.Sort(r)
		b.ReportMetric(r[len(r)/2], name)
	}
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time this process took so far, in microseconds.
func cpu(b *testing.B) float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}

// plainRound keeps to contexts that cannot be cancelled, as the vault does: the
// driver watches others from a goroutine, which costs more than the cipher.
func plainRound(b *testing.B, names [][]byte, record []byte, perTx int) (cost [3]float64) {
	path := filepath.Join(b.TempDir(), "plain.db")
	if err := touch(path); err != nil {
		b.Fatal(err)
	}
	db, conn, err := connect(context.WithoutCancel(b.Context()), path, Options{}.filled())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	defer conn.Close()
	do := func(q string) {
		if _, err := conn.ExecContext(context.WithoutCancel(b.Context()), q); err != nil {
			b.Fatal(err)
		}
	}
	do("CREATE TABLE b (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT")
	key := bytes.Repeat([]byte{7}, keyLen)
	from := cpu(b)
	ins, err := conn.PrepareContext(context.WithoutCancel(b.Context()), "INSERT INTO b(n,v,e,s) VALUES(?1,?2,?3,?4)")
	if err != nil {
		b.Fatal(err)
	}
	defer ins.Close()
	for i, n := range names {
		if i%perTx == 0 {
			do("BEGIN IMMEDIATE")
		}
		if _, err := ins.ExecContext(context.WithoutCancel(b.Context()), pseudonym(key, "b", n), 1, 0, record); err != nil {
			b.Fatal(err)
		}
		if i%perTx == perTx-1 {
			do("COMMIT")
		}
	}
	cost[0] = (cpu(b) - from) / float64(len(names))
	from = cpu(b)
	sel, err := conn.PrepareContext(context.WithoutCancel(b.Context()), "SELECT v,e,s FROM b WHERE n=?1")
	if err != nil {
		b.Fatal(err)
	}
	defer sel.Close()
	do("BEGIN")
	var v, e int64
	var s []byte
	for _, n := range names {
		if err := sel.QueryRowContext(context.WithoutCancel(b.Context()), pseudonym(key, "b", n)).Scan(&v, &e, &s); err != nil {
			b.Fatal(err)
		}
	}
	do("COMMIT")
	cost[1] = (cpu(b) - from) / float64(len(names))
	from = cpu(b)
	for range 4 {
		scanPlain(b, conn)
	}
	cost[2] = (cpu(b) - from) / float64(4*len(names))
	return cost
}

func scanPlain(b *testing.B, conn *sql.Conn) {
	rows, err := conn.QueryContext(context.WithoutCancel(b.Context()), "SELECT n,v,e,s FROM b")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var n, v, e int64
	var s []byte
	for rows.Next() {
		if err := rows.Scan(&n, &v, &e, &s); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}

func sealedRound(b *testing.B, names [][]byte, record []byte, perTx int) (cost [3]float64) {
	v := testVault(b)
	from := cpu(b)
	for at := 0; at < len(names); at += perTx {
		if err := v.Update(b.Context(), func(tx *Tx) error {
			for _, name := range names[at : at+perTx] {
				n, err := tx.Name(Kit, "b", name)
				if err != nil {
					return err
				}
				if err := tx.Add(Day, "b", n, record); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	cost[0] = (cpu(b) - from) / float64(len(names))
	from = cpu(b)
	if err := v.View(b.Context(), func(tx *Tx) error {
		for _, name := range names {
			n, err := tx.Name(Kit, "b", name)
			if err != nil {
				return err
			}
			if plain, _, err := tx.Get("b", n); err != nil || len(plain) != len(record) {
				b.Fatal(len(plain), err)
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	cost[1] = (cpu(b) - from) / float64(len(names))
	from = cpu(b)
	for range 4 {
		count := 0
		if err := v.View(b.Context(), func(tx *Tx) error {
			return tx.Each("b", func(n int64, plain []byte) error { count++; return nil })
		}); err != nil || count != len(names) {
			b.Fatal(count, err)
		}
	}
	cost[2] = (cpu(b) - from) / float64(4*len(names))
	return cost
}
