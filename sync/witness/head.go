package witness

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of what comes from outside.
const (
	MaxNote = 4 << 10 // bytes of a head as a signed note
	MaxKey  = 300     // bytes of a log's key in words
	maxSize = 1 << 48 // leaves of a tree
)

// Checkpoint says what a log was at a moment: so many leaves, under this root.
type Checkpoint struct {
	Size int64        `cbor:"1,keyasint"`
	Root civic.Digest `cbor:"2,keyasint"`
}

// Head is a checkpoint with the log's signature.
type Head struct {
	Checkpoint
	Signature [ed25519.SignatureSize]byte `cbor:"3,keyasint"`
}

// IsZero tells whether no head was ever seen.
func (h Head) IsZero() bool { return h.Size == 0 }

// Log is a log's name and public key.
type Log struct {
	verifier note.Verifier
	key      string
}

// Origin names the log of a registry by the pin of its root.
func Origin(pin []byte) string {
	var b strings.Builder
	b.WriteString("fieldkit/")
	for _, c := range pin {
		b.WriteByte("0123456789abcdef"[c>>4])
		b.WriteByte("0123456789abcdef"[c&15])
	}
	return b.String()
}

// KeyOf writes a log's name and key in words, as C2SP signed notes have them.
func KeyOf(origin string, public ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(origin, public)
}

// NewLog reads what KeyOf writes.
func NewLog(key string) (Log, error) {
	if len(key) > MaxKey {
		return Log{}, civic.NewProblem(civic.LogMalformed, nil)
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		return Log{}, civic.NewProblem(civic.LogMalformed, err)
	}
	return Log{verifier: v, key: key}, nil
}

// IsZero tells whether the log's key is not known.
func (l Log) IsZero() bool { return l.verifier == nil }

// Origin is the log's name.
func (l Log) Origin() string { return l.verifier.Name() }

// Key is the log's name and key in words.
func (l Log) Key() string { return l.key }

func (c Checkpoint) text(origin string) string {
	return origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// Sign signs a checkpoint with the log's key.
func (l Log) Sign(c Checkpoint, private ed25519.PrivateKey) Head {
	return Head{Checkpoint: c, Signature: [ed25519.SignatureSize]byte(ed25519.Sign(private, []byte(c.text(l.Origin()))))}
}

// Check refuses a head that the log did not sign.
func (l Log) Check(h Head) error {
	if l.IsZero() || h.Size < 1 || h.Size > maxSize || !l.verifier.Verify([]byte(h.text(l.Origin())), h.Signature[:]) {
		return civic.NewProblem(civic.LogSignature, nil)
	}
	return nil
}

// Note writes a head as a signed note, the form tools of others read.
func (l Log) Note(h Head) []byte {
	sig := binary.BigEndian.AppendUint32(nil, l.verifier.KeyHash())
	sig = append(sig, h.Signature[:]...)
	return []byte(h.text(l.Origin()) + "\n— " + l.Origin() + " " + base64.StdEncoding.EncodeToString(sig) + "\n")
}

// Open reads a signed note, whatever other signatures it carries; a note that
// the log did not sign is refused with civic.LogSignature, anything that is no
// checkpoint with civic.LogMalformed.
func (l Log) Open(b []byte) (Head, error) {
	malformed := func(err error) (Head, error) { return Head{}, civic.NewProblem(civic.LogMalformed, err) }
	if len(b) > MaxNote || l.IsZero() {
		return malformed(nil)
	}
	n, err := note.Open(b, note.VerifierList(l.verifier))
	if err != nil {
		if _, ok := err.(*note.UnverifiedNoteError); ok { //nolint:errorlint // returned as it is
			return Head{}, civic.NewProblem(civic.LogSignature, err)
		}
		if _, ok := err.(*note.InvalidSignatureError); ok { //nolint:errorlint // returned as it is
			return Head{}, civic.NewProblem(civic.LogSignature, err)
		}
		return malformed(err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != l.Origin() {
		return malformed(nil)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || size > maxSize || strconv.FormatInt(size, 10) != lines[1] {
		return malformed(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(civic.Digest{}) {
		return malformed(err)
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || len(sig) != 4+ed25519.SignatureSize {
		return malformed(err)
	}
	h := Head{Checkpoint: Checkpoint{Size: size, Root: civic.Digest(root)}, Signature: [ed25519.SignatureSize]byte(sig[4:])}
	return h, l.Check(h)
}
