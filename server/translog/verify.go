package translog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// Fault says what is wrong with the log, for programs.
type Fault string

// The faults that Verify finds.
const (
	RowRemoved    Fault = "row_removed"    // its leaf stands, the row is gone
	RowAltered    Fault = "row_altered"    // the row is not what its leaf commits to
	RowUnplaced   Fault = "row_unplaced"   // a row without a leaf that does not wait for one
	RowMisplaced  Fault = "row_misplaced"  // the row names another place than the tree
	RowWaits      Fault = "row_waits"      // a row waits for its place for more than a minute
	Backdated     Fault = "backdated"      // the row claims a time before leaves that stood already
	TimeReversed  Fault = "time_reversed"  // leaves whose times do not grow
	TileAltered   Fault = "tile_altered"   // hashes are not those of the leaves
	LeavesAltered Fault = "leaves_altered" // the leaves themselves cannot be read or are too few
	HeadUnsigned  Fault = "head_unsigned"  // a stored head without the log's signature
	HeadDiffers   Fault = "head_differs"   // a stored head that is not of this tree
	Forked        Fault = "forked"         // a head seen outside that is not of this tree
	Ahead         Fault = "ahead"          // a head seen outside that is larger than this tree
)

// Finding is one fault. Notices are findings of a log whose tree is sound: a
// row that came late to its place, a hole that a restore left and signed for.
type Finding struct {
	Fault  Fault  `json:"fault"`
	Leaf   int64  `json:"leaf"`          // -1 when it is about none
	Row    string `json:"row,omitempty"` // office and id
	Detail string `json:"detail,omitempty"`
}

// Notices that are no faults.
const (
	Late Fault = "late" // a row came to its place more than the tolerance after its act
	Gap  Fault = "gap"  // leaves were lost by a restore, which is signed for
)

// Checking says what to verify against.
type Checking struct {
	// Since leaves out the rows of leaves before it, in seconds since 1970 UTC;
	// tree, tiles and heads are always checked whole.
	Since int64
	// Outside are heads that others kept, as signed notes.
	Outside [][]byte
	// Tolerance is by how much clocks and long acts may differ, in seconds; 300
	// when 0.
	Tolerance int64
}

// Report is what Verify found.
type Report struct {
	Size     int64     `json:"size"` // leaves
	Root     string    `json:"root"`
	Rows     int64     `json:"rows"` // recomputed from what they say
	Waiting  int64     `json:"waiting"`
	Heads    int64     `json:"heads"` // signed heads compared with the tree
	Findings []Finding `json:"findings"`
	Notices  []Finding `json:"notices"`
	Dropped  int64     `json:"dropped,omitempty"` // findings and notices beyond those listed
}

// maxFindings bounds each list of a report.
const maxFindings = 1000

// OK tells whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) find(f Fault, leaf int64, k key, detail string) {
	r.Findings = r.put(r.Findings, f, leaf, k, detail)
}

func (r *Report) notice(f Fault, leaf int64, k key, detail string) {
	r.Notices = r.put(r.Notices, f, leaf, k, detail)
}

func (r *Report) put(list []Finding, f Fault, leaf int64, k key, detail string) []Finding {
	if len(list) == maxFindings {
		r.Dropped++
		return list
	}
	row := ""
	if k != (key{}) {
		row = string(k.area) + "/" + fmt.Sprintf("%x", k.id)
	}
	return append(list, Finding{Fault: f, Leaf: leaf, Row: row, Detail: detail})
}

// Verify recomputes every leaf from its row, the tree from the leaves, and
// compares tiles, places, order, times and signed heads.
func (l *Log) Verify(ctx context.Context, c Checking) (*Report, error) {
	if c.Tolerance == 0 {
		c.Tolerance = 300
	}
	r := &Report{Findings: []Finding{}, Notices: []Finding{}}
	err := l.DB.View(ctx, func(tx ledger.Tx) error {
		v := &verifier{log: l, ctx: ctx, tx: tx, c: c, r: r, roots: map[int64][]claim{}}
		return v.run()
	})
	return r, err
}

// claim is a head that says what the root is at a size.
type claim struct {
	root   civic.Digest
	fault  Fault
	detail string
	// restored is the restore that explains why the head is not of this tree.
	restored int64
	dated    bool // who saw it says when, so that restored decides alone
}

type verifier struct {
	log *Log
	ctx context.Context // one run
	tx  ledger.Tx
	c   Checking
	r   *Report

	size  int64
	roots map[int64][]claim
	tree  climbing
	last  int64 // time of the newest leaf so far
	prior int64 // time of the newest leaf before those of that moment
	gaps  []gap
}

func (v *verifier) run() error {
	err := v.tx.QueryRow(v.ctx, "SELECT size FROM log_tree WHERE one = 1").Scan(&v.size)
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return err
	}
	if err := v.heads(); err != nil {
		return err
	}
	for n := int64(0); n*tileWidth < v.size; n++ {
		if err := v.bundle(n); err != nil {
			return err
		}
	}
	v.r.Size, v.r.Root = v.tree.size, v.tree.root().String()
	if v.tree.size != v.size {
		v.r.find(LeavesAltered, v.tree.size, key{}, "of "+strconv.FormatInt(v.size, 10)+" leaves")
	}
	if err := v.edges(); err != nil {
		return err
	}
	for size := range v.roots { // what no leaf reached
		v.compare(size)
	}
	return v.rest()
}

// heads collects every head that says something about this tree.
func (v *verifier) heads() error {
	newest := int64(0)
	err := ledger.All(v.ctx, v.tx, func(s ledger.Row) error {
		var size int64
		var note []byte
		if err := s.Scan(&size, &note); err != nil {
			return err
		}
		h, err := v.log.public.Open(note)
		if err != nil || h.Size != size {
			v.r.find(HeadUnsigned, size, key{}, "")
			return nil //nolint:nilerr // it is a finding
		}
		newest = max(newest, size)
		v.roots[size] = append(v.roots[size], claim{root: h.Root, fault: HeadDiffers, detail: "stored head"})
		return nil
	}, "SELECT size, note FROM log_checkpoint ORDER BY size")
	if err != nil {
		return err
	}
	if newest != v.size {
		v.r.find(HeadDiffers, newest, key{}, "the newest head is not the tree's")
	}
	for i, note := range v.c.Outside {
		h, err := v.log.public.Open(note)
		if err != nil {
			v.r.find(HeadUnsigned, -1, key{}, "given head "+strconv.Itoa(i+1))
			continue
		}
		v.roots[h.Size] = append(v.roots[h.Size], claim{root: h.Root, fault: Forked, detail: "given head " + strconv.Itoa(i+1)})
	}
	return v.witnessed()
}

// bundle checks up to 256 leaves, their tile and their rows.
func (v *verifier) bundle(n int64) error {
	b, err := loadBundle(v.ctx, v.tx, n)
	if err != nil {
		return err
	}
	leaves, err := ReadEntries(b.entries)
	keys, kerr := readKeys(b.keys)
	first := n * tileWidth
	if want := min(tileWidth, v.size-first); err != nil || kerr != nil || int64(len(leaves)) != want || len(keys) != len(leaves) {
		v.r.find(LeavesAltered, first, key{}, "bundle "+strconv.FormatInt(n, 10))
		keys = nil
	}
	priors := make([]int64, len(leaves))
	for i, leaf := range leaves {
		at := first + int64(i)
		if leaf.At < v.last {
			v.r.find(TimeReversed, at, key{}, "")
		}
		if leaf.At > v.last {
			v.prior, v.last = v.last, leaf.At
		}
		priors[i] = v.prior
		h := tlog.RecordHash(leaf.Bytes())
		for _, full := range v.tree.add(h) {
			if err := v.tile(full); err != nil {
				return err
			}
		}
		v.compare(v.tree.size)
	}
	if len(keys) == 0 || v.c.Since > v.last {
		return nil
	}
	return v.rows(first, leaves, priors, keys)
}

// compare holds the root so far against every head of this size.
func (v *verifier) compare(size int64) {
	claims, ok := v.roots[size]
	if !ok {
		return
	}
	delete(v.roots, size)
	root := v.tree.root()
	for _, c := range claims {
		v.r.Heads++
		switch {
		case size > v.tree.size && c.fault == Forked:
			v.outside(Ahead, size, c)
		case size > v.tree.size || root != c.root:
			v.outside(c.fault, size, c)
		}
	}
}

// outside reports a head this tree does not lead to. It is a hole that is told
// when a restore explains it: the kit says it saw the head before, or the head
// known at the restore was as far on.
func (v *verifier) outside(f Fault, size int64, c claim) {
	for _, g := range v.gaps {
		if f != HeadDiffers && g.size < size && (g.restored == c.restored || !c.dated && size <= g.known) {
			v.r.notice(Gap, size, key{}, c.detail+": "+strconv.FormatInt(size-g.size, 10)+" rows were lost by the restore of "+moment(g.restored))
			return
		}
	}
	v.r.find(f, size, key{}, c.detail)
}

// tile compares a full tile with the stored one.
func (v *verifier) tile(t tile) error {
	b, err := newTiles(v.ctx, v.tx).load(t.place)
	if err == nil && !bytes.Equal(b, t.hashes) {
		v.r.find(TileAltered, -1, key{}, fmt.Sprintf("tile %d/%d", t.level, t.n))
	}
	return err
}

// edges compares the part-full tiles.
func (v *verifier) edges() error {
	for _, t := range v.tree.edges() {
		if err := v.tile(t); err != nil {
			return err
		}
	}
	return nil
}

// commitmentOf is what a leaf must hold for a row.
func commitmentOf(salt, text []byte) civic.Digest {
	if len(salt) != witness.SaltSize {
		return civic.Digest{}
	}
	return witness.Commit([witness.SaltSize]byte(salt), text)
}
