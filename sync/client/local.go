package client

import (
	"context"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Local is a kit's memory as the wire needs it. Nothing in it needs an unlocked
// kit: what goes up is sealed already, and what comes down is kept sealed.
// Every method is safe to repeat with the same words. Each is called by one
// goroutine at a time except Read.
type Local interface {
	// Pending lists the files that are not safe at the centre yet: day keys,
	// batches, attachments, each oldest first. A key stays in the list as long
	// as a batch or an attachment under it does.
	Pending(ctx context.Context) ([]protocol.Item, error)
	// Read gives the bytes of one pending file, exactly as they were listed.
	Read(ctx context.Context, file civic.Digest) ([]byte, error)
	// Sent is told before the first byte of a file leaves the kit: from then
	// on it may be at the centre, and Item.Sent says so.
	Sent(ctx context.Context, files []civic.Digest) error
	// Acknowledge keeps what the centre signed for; acks is what the statement
	// says, already checked. A later statement replaces an earlier one, also
	// when it takes something back: a restored centre may have lost a file.
	Acknowledge(ctx context.Context, statement []byte, acks []protocol.BatchAck) error

	// Cursor is the number of the last message taken in, 0 at first.
	Cursor(ctx context.Context) (uint64, error)
	// TakeIn keeps messages, in the order of their numbers and all above the
	// cursor, and moves the cursor, in one transaction.
	TakeIn(ctx context.Context, down []protocol.Down, cursor uint64) error

	// BundleSerial is the serial of the bundle held.
	BundleSerial(ctx context.Context) (uint64, error)
	// KeepBundle keeps a newer bundle, already checked against the root.
	KeepBundle(ctx context.Context, statement []byte, b protocol.KeyBundle) error
	// KeepLease keeps a lease, already checked against the server key.
	KeepLease(ctx context.Context, statement []byte, l protocol.Lease) error
	// KeepServerTime notes what the centre's clock shows at this moment, in
	// seconds.
	KeepServerTime(ctx context.Context, server int64) error
	// Stamp reads the kit's clock and its boot counter.
	Stamp() civic.Stamp
	// Journal is the head of the device's journal, zero if it keeps none.
	Journal(ctx context.Context) (protocol.Head, error)
}

// Metering is what a Local may also know: what interviews came to, until the
// centre has it.
type Metering interface {
	// Meters gives what the centre has not said it has, by growing counters, at
	// most protocol.MaxMeters.
	Meters(ctx context.Context) ([]protocol.Meter, error)
	// Metered is told that the centre has those up to a counter.
	Metered(ctx context.Context, upTo uint64) error
}
