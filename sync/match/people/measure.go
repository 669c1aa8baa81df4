package people

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/match"
)

// Report is how a model fares with a population. Shares are of the incoming
// records of their kind, indistinguishable ones left out unless named.
type Report struct {
	Incoming, Duplicates int
	Precision            float64 // of what was merged without a look
	Recall               float64 // duplicates merged without a look
	WithReview           float64 // duplicates merged or shown to a reviewer with the right person
	Queue                float64 // share of all incoming that go to review
	Twins                float64 // share merged without a look
	Juniors              float64
	Namesakes            float64
	Strangers            float64
	Relations            float64 // share whose relation is named rightly, where the right person was found
	Found                float64 // duplicates whose person shares a key
	AmbiguousMerged      int     // indistinguishable ones merged without a look
	Ambiguous            int
	Candidates           float64            // compared for each incoming record, on average
	Confusion            map[string]int     // truth→named
	Reasons              map[string]int     // of verdicts
	Kinds                map[string]float64 // share of each kind
}

// Index finds known records by their keys, in memory.
type Index struct {
	Records []*match.Prepared
	by      map[uint64][]int32
}

// NewIndex makes an index of records.
func NewIndex(records []match.Record) *Index {
	x := &Index{by: map[uint64][]int32{}}
	for i, r := range records {
		p := match.Prepare(r)
		x.Records = append(x.Records, p)
		for _, k := range p.Keys() {
			x.by[k] = append(x.by[k], int32(i))
		}
	}
	return x
}

// Near lists the known records that share a key, at most limit for one key.
func (x *Index) Near(p *match.Prepared, limit int) []int32 {
	seen := map[int32]bool{}
	var out []int32
	for _, k := range p.Keys() {
		for _, i := range x.by[k][:min(limit, len(x.by[k]))] {
			if !seen[i] {
				seen[i] = true
				out = append(out, i)
			}
		}
	}
	return out
}

// Measure decides on every incoming record against the known ones.
func Measure(m *match.Model, p Population) Report {
	x := NewIndex(p.Known)
	r := Report{Incoming: len(p.Incoming), Confusion: map[string]int{}, Reasons: map[string]int{}, Kinds: map[string]float64{}}
	count := map[match.Relation]int{}
	merged := map[match.Relation]int{}
	right, wrong, shown, found, named, namable, compared, queue := 0, 0, 0, 0, 0, 0, 0, 0
	for _, in := range p.Incoming {
		rec := match.Prepare(in.Record)
		near := x.Near(rec, 200)
		compared += len(near)
		persons := make([]match.Person, len(near))
		at := -1
		for i, n := range near {
			persons[i] = match.Person{Records: []*match.Prepared{x.Records[n]}}
			if int(n) == in.Of {
				at = i
			}
		}
		d := m.DecideAmong(rec, persons, match.Around{People: len(p.Known)})
		to := -1
		if d.Person >= 0 {
			to = int(near[d.Person])
		}
		r.Reasons[in.Truth.String()+" "+d.Verdict.String()+" "+string(d.Reasons[0])]++
		if d.Verdict == match.Review {
			queue++
		}
		if in.Indistinguishable {
			r.Ambiguous++
			if d.Verdict == match.Auto {
				r.AmbiguousMerged++
			}
			continue
		}
		count[in.Truth]++
		if at >= 0 {
			namable++
			c := m.Compare(rec, x.Records[in.Of], false)
			r.Confusion[in.Truth.String()+"→"+c.Relation.String()]++
			if c.Relation == in.Truth {
				named++
			}
		}
		switch {
		case d.Verdict == match.Auto && in.Truth == match.Same && to == in.Of:
			right++
			shown++
		case d.Verdict == match.Auto:
			wrong++
			merged[in.Truth]++
		case d.Verdict == match.Review && in.Truth == match.Same && to == in.Of:
			shown++
		}
		if in.Truth == match.Same && at >= 0 {
			found++
		}
	}
	share := func(a, b int) float64 { return float64(a) / float64(max(b, 1)) }
	r.Duplicates = count[match.Same]
	r.Precision, r.Recall, r.WithReview = share(right, right+wrong), share(right, r.Duplicates), share(shown, r.Duplicates)
	r.Queue, r.Found, r.Relations = share(queue, len(p.Incoming)), share(found, r.Duplicates), share(named, namable)
	r.Twins, r.Juniors = share(merged[match.Sibling], count[match.Sibling]), share(merged[match.Parent], count[match.Parent])
	r.Namesakes, r.Strangers = share(merged[match.Namesake], count[match.Namesake]), share(merged[match.Stranger], count[match.Stranger])
	r.Candidates = share(compared, len(p.Incoming))
	for k, n := range count {
		r.Kinds[k.String()] = share(n, len(p.Incoming))
	}
	return r
}

// String is a table line by line.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "incoming %d, duplicates %d, compared %.1f each, found %.4f\n", r.Incoming, r.Duplicates, r.Candidates, r.Found)
	fmt.Fprintf(&b, "auto precision %.4f recall %.4f; recall with review %.4f; queue %.4f\n", r.Precision, r.Recall, r.WithReview, r.Queue)
	fmt.Fprintf(&b, "auto-merged: twins %.4f juniors %.4f namesakes %.4f strangers %.5f; indistinguishable %d of %d\n",
		r.Twins, r.Juniors, r.Namesakes, r.Strangers, r.AmbiguousMerged, r.Ambiguous)
	fmt.Fprintf(&b, "relations right %.4f", r.Relations)
	return b.String()
}
