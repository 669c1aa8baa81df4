package ledger

import "github.com/askonce/fieldkit/sync/civic"

// Scope says which rows an Update keeps to, so that others may write beside it
// on an engine that lets several write. Without a scope an Update is alone in
// the whole ledger, which is always right.
type Scope struct{ name string }

// Office is the rows of one office, and new rows in global identifier tables.
// What other offices' rows say must not matter to the Update, and of those it
// changes none but by one statement that needs nothing read before.
func Office(area civic.Area) Scope { return Scope{"office " + string(area)} }

// Registry is who is who: persons, links, keys and events of all offices.
func Registry() Scope { return Scope{"registry"} }

// Asker is the rows that somebody outside makes by asking: its messages, its
// counts, new rows of the log. Of others' rows each statement sees what was
// committed last, and none is changed.
func Asker(name string) Scope { return Scope{"asker " + name} }

// Log is the Merkle tree over the log of looks. Rows that wait for their place
// belong to the office they are written for, and not to it.
func Log() Scope { return Scope{"log"} }
