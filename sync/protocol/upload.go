package protocol

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// The headers of tus 1.0 that both ends use.
const (
	TusVersion         = "1.0.0"
	TusExtensions      = "creation,creation-with-upload,checksum"
	TusChecksums       = "sha256"
	HeaderTusResumable = "Tus-Resumable"
	HeaderTusVersion   = "Tus-Version"
	HeaderTusExtension = "Tus-Extension"
	HeaderTusMaxSize   = "Tus-Max-Size"
	HeaderTusChecksums = "Tus-Checksum-Algorithm"
	HeaderUploadLength = "Upload-Length"
	HeaderUploadOffset = "Upload-Offset"
	HeaderUploadMeta   = "Upload-Metadata"
	HeaderUploadSum    = "Upload-Checksum"
	// HeaderAck stands in the answer that says a file is whole: its
	// acknowledgement, see AckHeader. It saves a kit a round trip.
	HeaderAck   = "Askonce-Ack"
	MediaOffset = "application/offset+octet-stream"

	StatusChecksumWrong = 460
)

// UploadKind says what an uploaded file is.
type UploadKind string

// The kinds of files a kit sends.
const (
	UploadKey        UploadKind = "key"        // a day key's signed header file
	UploadBatch      UploadKind = "batch"      // a sealed batch
	UploadAttachment UploadKind = "attachment" // a sealed photo or scan
)

// MaxSize is the largest file of a kind, 0 for a kind that does not exist.
func (k UploadKind) MaxSize() int64 {
	switch k {
	case UploadKey:
		return MaxKeyFile
	case UploadBatch:
		return MaxBatchFile
	case UploadAttachment:
		return MaxAttachment
	}
	return 0
}

// Metadata is what Upload-Metadata says of a file. Its name is the SHA-256 of
// its bytes, which the server checks before it answers for the whole.
type Metadata struct {
	Kind UploadKind
	Name civic.Digest
}

// maxMetadata limits the header's length, in bytes.
const maxMetadata = 1024

// String writes the value of Upload-Metadata.
func (m Metadata) String() string {
	enc := base64.StdEncoding
	return "kind " + enc.EncodeToString([]byte(m.Kind)) + ",name " + enc.EncodeToString([]byte(m.Name.String()))
}

// AckHeader writes a statement of acknowledgement as the value of HeaderAck.
func AckHeader(statement []byte) string { return base64.StdEncoding.EncodeToString(statement) }

// ParseAckHeader reads the statement in HeaderAck, still to be opened; nil when
// there is none or it cannot be read.
func ParseAckHeader(h http.Header) []byte {
	value := h.Get(HeaderAck)
	if value == "" || len(value) > maxAckHeader {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// maxAckHeader limits HeaderAck, in bytes: one file's acknowledgement.
const maxAckHeader = 1024

// ParseMetadata reads Upload-Metadata. Keys it does not know are passed over,
// as tus clients add their own; kind and name must be there, each key once.
func ParseMetadata(header string) (Metadata, error) {
	malformed := civic.NewProblem(civic.RequestMalformed, nil)
	if len(header) > maxMetadata {
		return Metadata{}, malformed
	}
	var m Metadata
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key != "kind" && key != "name" {
			continue
		}
		plain, err := base64.StdEncoding.DecodeString(value)
		if err != nil || seen[key] {
			return Metadata{}, malformed
		}
		seen[key] = true
		if key == "kind" {
			m.Kind = UploadKind(plain)
			continue
		}
		if m.Name, err = civic.ParseDigest(string(plain)); err != nil {
			return Metadata{}, malformed
		}
	}
	if !seen["kind"] || !seen["name"] || m.Kind.MaxSize() == 0 {
		return Metadata{}, malformed
	}
	return m, nil
}

// UploadPath is where an upload of a kit stands: by its name, so that a kit
// that forgot everything but its files can go on.
func UploadPath(name civic.Digest) string { return PathUploads + "/" + name.String() }

// ParseUploadPath reads the name out of an upload's path.
func ParseUploadPath(path string) (civic.Digest, bool) {
	rest, ok := strings.CutPrefix(path, PathUploads+"/")
	if !ok {
		return civic.Digest{}, false
	}
	name, err := civic.ParseDigest(rest)
	return name, err == nil && name.String() == rest
}

// NameOf is the name of a file in flight.
func NameOf(file []byte) civic.Digest { return sha256.Sum256(file) }

// Checksum writes the value of Upload-Checksum for one request's body.
func Checksum(body []byte) string {
	h := sha256.Sum256(body)
	return "sha256 " + base64.StdEncoding.EncodeToString(h[:])
}

// ParseChecksum reads Upload-Checksum; set is false when there is none. Another
// algorithm than sha256 is refused.
func ParseChecksum(h http.Header) (sum [sha256.Size]byte, set bool, err error) {
	value := h.Get(HeaderUploadSum)
	if value == "" {
		return sum, false, nil
	}
	algorithm, text, _ := strings.Cut(value, " ")
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil || algorithm != "sha256" || len(plain) != len(sum) {
		return sum, false, civic.NewProblem(civic.RequestMalformed, nil)
	}
	return [sha256.Size]byte(plain), true, nil
}

// ParseSize reads Upload-Length or Upload-Offset: a whole number of bytes, not
// negative, in plain decimal digits.
func ParseSize(h http.Header, name string) (int64, error) {
	text := h.Get(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, civic.NewProblem(civic.RequestMalformed, nil)
	}
	return n, nil
}

func (k KeyID) String() string { return hex.EncodeToString(k[:]) }
