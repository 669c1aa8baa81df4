package translog

import "github.com/askonce/fieldkit/sync/protocol"

// MarshalRow writes a row as Append does, for the access log without a tree
// that the log is measured against, and for the golden bytes.
func MarshalRow(e Entry, id RowID, at int64) ([]byte, error) {
	return protocol.Marshal(bodyOf(e, id, at))
}

// ReadPath and ReadKeys are decoders that fuzzing calls.
func ReadPath(path string) bool { _, ok := readPath(path); return ok }

// ReadKeys reads the list of rows beside a bundle and tells how many there are.
func ReadKeys(b []byte) (int, error) {
	keys, err := readKeys(b)
	return len(keys), err
}
