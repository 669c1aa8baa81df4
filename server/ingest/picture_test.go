package ingest_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A reviewer sees the picture of exactly the registration and subject he asks
// for, opened out of what the kit sealed; where none was taken, or it has not
// come yet, there is none.
func TestPicturesOfASubject(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	face := []byte("\x89PNG\r\n\x1a\n a face")
	k.take(protocol.UploadKey, k.header())
	first := k.seal(civic.Answer{Path: "given_name", Value: "Ana"}, civic.Answer{Path: "photo", Value: "photo-1.png"})
	first.Attachments = []civic.Attachment{
		{Name: "paper.png", Media: "image/png", Size: 3, Digest: sha256.Sum256([]byte("else"))},
		{Name: "photo-1.png", Media: "image/png", Size: int64(len(face)), Digest: sha256.Sum256(face)},
	}
	k.previous = k.digest(&first)
	second := k.seal()
	k.take(protocol.UploadBatch, k.pack(first, second))
	c.work()
	// What reconciliation keeps of the two; the settler of these tests keeps none.
	err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
		for _, r := range []civic.Registration{first, second} {
			_, err := tx.Exec(t.Context(), `INSERT INTO outcome (area, registration, digest, device, counter, officer, form, status, reason, body, sealed_at, at)
 VALUES (?1, ?2, ?3, ?4, ?5, ?3, 'test@1', 5, '', ?3, 1, 1)`, string(r.Area), r.ID[:], []byte{1}, r.Device[:], int64(r.Counter))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	list, err := c.Pictures(t.Context(), "mx-1", first.ID, "")
	if err != nil || len(list) != 1 || list[0].Name != "photo-1.png" {
		t.Fatalf("%v %+v", err, list)
	}
	if _, err := c.Attachment(t.Context(), "mx-1", list[0].Digest); civic.CodeOf(err) != civic.UploadUnknown {
		t.Errorf("before it came: %v", err)
	}
	k.take(protocol.UploadAttachment, k.photo(face))
	c.work()
	if b, err := c.Attachment(t.Context(), "mx-1", list[0].Digest); err != nil || !bytes.Equal(b, face) {
		t.Errorf("%v %q", err, b)
	}
	for _, none := range []struct {
		area    civic.Area
		id      civic.RegistrationID
		subject string
	}{{"mx-1", second.ID, ""}, {"mx-1", first.ID, "mother"}, {"mx-2", first.ID, ""}, {"mx-1", civic.RegistrationID{1}, ""}} {
		if list, err := c.Pictures(t.Context(), none.area, none.id, none.subject); err != nil || len(list) != 0 {
			t.Errorf("%+v: %v %+v", none, err, list)
		}
	}
}
