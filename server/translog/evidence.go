package translog

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// Limits of an evidence bundle.
const (
	MaxEvidence      = 1000     // rows
	maxEvidenceFile  = 32 << 20 // bytes of the zip
	maxEvidencePiece = 1 << 20  // bytes of one file in it
)

// StatementEvidence is the kind of the centre's signature over a bundle.
const StatementEvidence protocol.StatementKind = "askonce/log-evidence/v1"

// EvidenceNote is what the centre signs of a bundle: who had it made, and the
// SHA-256 of each file.
type EvidenceNote struct {
	At    int64                   `cbor:"1,keyasint"`
	Staff string                  `cbor:"2,keyasint"`
	Size  int64                   `cbor:"3,keyasint"` // leaves of the head
	Files map[string]civic.Digest `cbor:"4,keyasint"`
}

// proofHead begins a proof file, as C2SP tlog-proof has it.
const proofHead = "c2sp.org/tlog-proof@v1\n"

// File writes the proof as a C2SP tlog-proof file.
func (p Proof) File(log witness.Log) []byte {
	var b strings.Builder
	b.WriteString(proofHead + "index " + strconv.FormatInt(p.Place, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(log.Note(p.Head))
	return []byte(b.String())
}

// ReadProof reads what File writes; leaf, salt and row come beside it.
func ReadProof(log witness.Log, b []byte) (p Proof, err error) {
	malformed := func(err error) (Proof, error) { return Proof{}, civic.NewProblem(civic.LogMalformed, err) }
	if len(b) > 16<<10 {
		return malformed(nil)
	}
	head, note, ok := strings.Cut(string(b), "\n\n")
	rest, is := strings.CutPrefix(head+"\n", proofHead)
	if !ok || !is {
		return malformed(nil)
	}
	lines := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	number, is := strings.CutPrefix(lines[0], "index ")
	if !is || len(lines) > 1+witness.MaxProof {
		return malformed(nil)
	}
	if p.Place, err = strconv.ParseInt(number, 10, 64); err != nil || p.Place < 0 {
		return malformed(err)
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != len(civic.Digest{}) {
			return malformed(err)
		}
		p.Hashes = append(p.Hashes, civic.Digest(h))
	}
	if p.Head, err = log.Open([]byte(note)); err != nil {
		return Proof{}, err
	}
	return p, nil
}

// readable is a row for people and scripts.
type readable struct {
	Leaf      int64             `json:"leaf"`
	Sequenced string            `json:"sequenced"`
	At        string            `json:"at"`
	ID        string            `json:"id"`
	Office    civic.Area        `json:"office,omitempty"`
	Person    string            `json:"person,omitempty"`
	Everyone  bool              `json:"everyone,omitempty"`
	Kind      Kind              `json:"kind"`
	Actor     string            `json:"actor,omitempty"`
	Action    Action            `json:"action"`
	Purpose   civic.Purpose     `json:"purpose,omitempty"`
	Basis     string            `json:"basis,omitempty"`
	Agreement string            `json:"agreement,omitempty"`
	Revision  int64             `json:"revision,omitempty"`
	Fields    []civic.Attribute `json:"fields,omitempty"`
	Code      civic.Code        `json:"code,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	Request   string            `json:"request,omitempty"`
	OnBehalf  string            `json:"on_behalf,omitempty"`
	Hidden    string            `json:"hidden_until,omitempty"`
}

func readableOf(p Proof) (readable, error) {
	r, err := ReadBody(p.Text)
	if err != nil {
		return readable{}, err
	}
	out := readable{Leaf: p.Place, Sequenced: moment(p.Leaf.At), At: moment(r.At), ID: hex.EncodeToString(r.ID[:]), Office: r.Area, Everyone: r.Everyone,
		Kind: r.Kind, Actor: r.Actor, Action: r.Action, Purpose: r.Purpose, Basis: r.Basis, Agreement: r.Agreement, Revision: r.Revision,
		Fields: r.Fields, Code: r.Code, Reason: r.Reason, Request: r.Request, OnBehalf: r.OnBehalf}
	if !r.Person.IsZero() {
		out.Person = r.Person.String()
	}
	if r.HiddenUntil > 0 {
		out.Hidden = moment(r.HiddenUntil)
	}
	return out, nil
}

const evidenceReadme = `Rows out of the log of looks, for the oversight body.

key                 the log's name and public key. Compare it with one you had before
                    or with what a kit shows: a bundle proves nothing by its own key.
checkpoint          the signed head all proofs below lead to (C2SP checkpoint). Compare
                    it with heads that kits and others kept.
rows.json           the rows, to be read.
rows/N.cbor, N.salt row N as its leaf commits to it, and the 16 bytes that hide it.
rows/N.leaf         leaf N: 1, the time it got its place (8 bytes, seconds), and
                    SHA-256("askonce/log-row/v1" 00 salt row).
rows/N.tlog-proof   that leaf N stands under the head (C2SP tlog-proof).
note                the centre's signature over all files, and who had them made.

Check all of it, without the centre:  fieldkit-server audit check BUNDLE.zip --key KEY
The bytes are described in docs/transparency.md; any C2SP tool reads them too.
`

// Evidence writes a zip that proves rows to somebody who does not trust the
// centre. sign signs its note as the centre. Rows that wait for their place are
// left out. Reading them is to be written as an entry by the caller.
func (l *Log) Evidence(ctx context.Context, tx ledger.Tx, to io.Writer, rows []Row, staff string, sign func(EvidenceNote) ([]byte, error)) (int, error) {
	if len(rows) > MaxEvidence {
		return 0, civic.NewProblem(civic.LogMalformed, fmt.Errorf("%d rows", len(rows)))
	}
	now := l.Clock()
	z := &zipper{zip: zip.NewWriter(to), at: now, note: EvidenceNote{At: now.Unix(), Staff: staff, Files: map[string]civic.Digest{}}}
	z.add("README.txt", []byte(evidenceReadme))
	z.add("key", []byte(l.public.Key()+"\n"))
	var list []readable
	for _, r := range rows {
		if r.Leaf < 0 {
			continue
		}
		p, err := l.Prove(ctx, tx, r)
		if err == nil {
			err = p.Check(l.public)
		}
		if err != nil {
			return 0, err
		}
		if len(list) == 0 {
			z.add("checkpoint", l.public.Note(p.Head))
			z.note.Size = p.Head.Size
		}
		n := "rows/" + strconv.FormatInt(p.Place, 10)
		z.add(n+".cbor", p.Text)
		z.add(n+".salt", p.Salt)
		z.add(n+".leaf", p.Leaf.Bytes())
		z.add(n+".tlog-proof", p.File(l.public))
		shown, err := readableOf(p)
		if err != nil {
			return 0, err
		}
		list = append(list, shown)
	}
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return 0, err
	}
	z.add("rows.json", append(text, '\n'))
	note, err := sign(z.note)
	if err != nil {
		return 0, err
	}
	z.add("note", note)
	return len(list), errors.Join(z.err, z.zip.Close())
}

type zipper struct {
	zip  *zip.Writer
	at   time.Time
	note EvidenceNote
	err  error
}

func (z *zipper) add(name string, b []byte) {
	if z.err != nil {
		return
	}
	z.note.Files[name] = sha256.Sum256(b)
	var w io.Writer
	if w, z.err = z.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.at}); z.err == nil {
		_, z.err = w.Write(b)
	}
}

// Checked is what CheckEvidence found in a bundle.
type Checked struct {
	Rows int          `json:"rows"`
	Head witness.Head `json:"-"`
	Size int64        `json:"size"`
	Root string       `json:"root"`
}

// CheckEvidence checks a bundle with the log's key alone: every row is the one
// its leaf commits to, and every leaf stands under the signed head.
func CheckEvidence(b []byte, log witness.Log) (out Checked, err error) {
	malformed := func(err error) (Checked, error) { return out, civic.NewProblem(civic.LogMalformed, err) }
	if len(b) > maxEvidenceFile {
		return malformed(nil)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) > 4*MaxEvidence+16 {
		return malformed(err)
	}
	files := map[string][]byte{}
	total := 0
	for _, f := range z.File {
		text, err := readPiece(f)
		if err != nil {
			return malformed(err)
		}
		if total += len(text); total > 8*maxEvidenceFile {
			return malformed(nil)
		}
		files[f.Name] = text
	}
	if out.Head, err = log.Open(files["checkpoint"]); err != nil {
		return out, err
	}
	out.Size, out.Root = out.Head.Size, out.Head.Root.String()
	for name, text := range files {
		n, ok := strings.CutSuffix(name, ".tlog-proof")
		if !ok {
			continue
		}
		p, err := ReadProof(log, text)
		if err != nil {
			return out, err
		}
		p.Salt, p.Text = files[n+".salt"], files[n+".cbor"]
		if p.Leaf, err = witness.ReadLeaf(files[n+".leaf"]); err != nil {
			return out, err
		}
		if p.Head != out.Head || n != "rows/"+strconv.FormatInt(p.Place, 10) {
			return malformed(nil)
		}
		if err := p.Check(log); err != nil {
			return out, err
		}
		if _, err := ReadBody(p.Text); err != nil {
			return out, err
		}
		out.Rows++
	}
	return out, nil
}

func readPiece(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // read only
	b, err := io.ReadAll(io.LimitReader(r, maxEvidencePiece+1))
	if err == nil && len(b) > maxEvidencePiece {
		err = errors.New("a file that is too large")
	}
	return b, err
}

// Sample picks up to n rows of the tree by chance, so that nobody can foresee
// which are looked at; number gives a random one below its argument.
func (l *Log) Sample(ctx context.Context, tx ledger.Tx, n int, number func(int64) (int64, error)) ([]Row, error) {
	head, err := l.Head(ctx, tx)
	if err != nil || head.IsZero() {
		return nil, err
	}
	var out []Row
	picked := map[int64]bool{}
	for range min(n, MaxPage, int(min(head.Size, MaxPage))) {
		leaf, err := number(head.Size)
		if err != nil {
			return nil, err
		}
		if picked[leaf] {
			continue
		}
		picked[leaf] = true
		r, err := l.At(ctx, tx, leaf)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
