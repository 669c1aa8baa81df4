package vault

// setAside moves damaged rows out of their tables into z. An outbox row frees
// what it carried, so that it is packed again.
func (tx *Tx) setAside(rows []found) error {
	for _, f := range rows {
		if f.table == "m" {
			if err := tx.mend(f.row.N); err != nil {
				return err
			}
			continue
		}
		var n int64
		if _, err := tx.One("SELECT coalesce(max(n),0)+1 FROM z", nil, &n); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO z(n,t,r,v,e,s,w) VALUES(?1,?2,?3,?4,?5,?6,?7)",
			n, f.table, f.row.N, f.row.Version, f.row.Key, f.row.Sealed, tx.v.options.Clock().Unix()); err != nil {
			return err
		}
		if f.table == Heads {
			if _, err := tx.Exec("UPDATE c SET g=0, h=NULL WHERE n=?1 AND h=?2", f.row.N, f.row.Sealed); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Exec("DELETE FROM "+f.table+" WHERE n=?1 AND s=?2", f.row.N, f.row.Sealed); err != nil {
			return err
		}
		if f.table == "f" {
			for _, t := range []string{"c", "d"} {
				if _, err := tx.Exec("UPDATE "+t+" SET o=0 WHERE o=?1", f.row.N); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mend writes a damaged row of m anew from its second copy, or the copy from it.
// When both are gone they stay where they are.
func (tx *Tx) mend(n int64) error {
	good := n + mirror
	if n >= mirror {
		good = n - mirror
	}
	plain, ok, err := tx.get("m", good)
	if !ok || err != nil {
		return nil //nolint:nilerr // nothing to mend it with
	}
	var keyN, version int64
	if _, err := tx.One("SELECT e,v FROM m WHERE n=?1", []any{good}, &keyN, &version); err != nil {
		return err
	}
	key, err := tx.keyOf(keyN)
	if err != nil {
		return err
	}
	r, err := tx.v.sealWith(key.aead, "m", n, version, key.n, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO m(n,v,e,s) VALUES(?1,?2,?3,?4) ON CONFLICT(n) DO UPDATE SET v=excluded.v, e=excluded.e, s=excluded.s", r.N, r.Version, r.Key, r.Sealed)
	return err
}

// SetAside tells how many damaged rows are kept as evidence.
func (tx *Tx) SetAside() (int, error) {
	var n int
	_, err := tx.One("SELECT count(*) FROM z", nil, &n)
	return n, err
}
