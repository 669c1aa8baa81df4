package protocol

import "github.com/askonce/fieldkit/sync/civic"

// ItemKind is what a sealed file of a kit's outbox holds.
type ItemKind uint8

// What a sealed file of a kit's outbox holds, in the order they are sent.
const (
	ItemKey        ItemKind = iota + 1 // the header of a day key
	ItemBatch                          // registrations
	ItemAttachment                     // a photo, a scan, a signature
)

// Item is one sealed file that a kit keeps until the centre says it is safe.
// It is named by the SHA-256 of its bytes.
type Item struct {
	Digest civic.Digest
	Kind   ItemKind
	Key    KeyID // the day key it is sealed under, or carries
	Size   int64 // bytes
	Acked  BatchState
	Reason civic.Code // why it was set aside there, when Acked is BatchQuarantined
	Safe   bool
	// Sent tells that an upload of it was begun once, so that it may be at the
	// centre already, whole or in part.
	Sent bool
}

// Upload is the kind's name in an upload's metadata.
func (k ItemKind) Upload() UploadKind {
	switch k {
	case ItemKey:
		return UploadKey
	case ItemBatch:
		return UploadBatch
	case ItemAttachment:
		return UploadAttachment
	}
	return ""
}
