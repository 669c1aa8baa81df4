//go:build unix

package baddisk

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

const sector = 512

// Cut is what a power cut left on the disk.
type Cut struct {
	At    int // how many operations were done
	Acked int // the last mark before it, 0 for none
	Files map[string][]byte
}

// Write lays the files into a folder.
func (c Cut) Write(dir string) error {
	for name, b := range c.Files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Lying makes Cuts treat syncs as if the disk had only promised them, so that a
// test can show that it would notice.
type Lying bool

// Cuts plays what was noted again and cuts the power n times, at moments and with
// losses that follow from seed; each is called in the order of the moments.
func (d *Disk) Cuts(n int, seed uint64, lies Lying, each func(Cut) error) error {
	d.mu.Lock()
	log := slices.Clone(d.log)
	m := model{files: map[string]*content{}}
	for name, b := range d.first {
		m.files[name] = &content{durable: slices.Clone(b), exists: true}
	}
	d.mu.Unlock()
	r := rand.New(rand.NewPCG(seed, 0x6261646469736b))
	moments := make([]int, n)
	for i := range moments {
		moments[i] = r.IntN(len(log) + 1)
	}
	slices.Sort(moments)
	acked, done := 0, 0
	for _, at := range moments {
		for ; done < at; done++ {
			switch o := log[done]; {
			case o.kind == mark:
				acked = int(o.at)
			case o.kind == Sync && bool(lies):
			default:
				m.do(o)
			}
		}
		if err := each(Cut{At: at, Acked: acked, Files: m.cut(r)}); err != nil {
			return err
		}
	}
	return nil
}

// model is the disk's state: for each file what is durable, and what was done
// since the last sync.
type model struct{ files map[string]*content }

type content struct {
	durable []byte
	exists  bool // durable
	pending []op
}

func (m model) do(o op) {
	f := m.files[o.file]
	if f == nil {
		f = &content{}
		m.files[o.file] = f
	}
	if o.kind != Sync {
		f.pending = append(f.pending, o)
		return
	}
	f.exists = true
	for _, p := range f.pending {
		f.durable, f.exists = apply(f.durable, p)
	}
	f.pending = nil
	// A file system that keeps a journal writes names in order: a deletion
	// before this sync is durable with it.
	for _, other := range m.files {
		for i := len(other.pending) - 1; i >= 0; i-- {
			if other.pending[i].kind == Delete {
				other.durable, other.exists, other.pending = nil, false, other.pending[i+1:]
				break
			}
		}
	}
}

func apply(b []byte, o op) (_ []byte, exists bool) {
	switch o.kind {
	case Delete:
		return nil, false
	case Truncate:
		return resize(b, o.at), true
	default:
		if end := o.at + int64(len(o.data)); end > int64(len(b)) {
			b = resize(b, end)
		}
		copy(b[o.at:], o.data)
		return b, true
	}
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// cut draws one of the states that the power cut may have left.
func (m model) cut(r *rand.Rand) map[string][]byte {
	keep := []float64{0, 0.1, 0.5, 0.9, 1}[r.IntN(5)]
	files := map[string][]byte{}
	names := make([]string, 0, len(m.files))
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names) // the same seed draws the same state
	for _, name := range names {
		f := m.files[name]
		b, exists := slices.Clone(f.durable), f.exists
		pieces := sectors(f.pending)
		if r.IntN(4) == 0 {
			r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		}
		for _, p := range pieces {
			if r.Float64() >= keep {
				continue
			}
			if p.kind == Write && r.IntN(10) == 0 { // torn: only its beginning came
				p.data = p.data[:r.IntN(len(p.data)+1)]
			}
			b, exists = apply(b, p)
		}
		if exists {
			files[name] = b
		}
	}
	return files
}

// sectors breaks writes at the borders of sectors: each reaches the disk alone.
func sectors(ops []op) []op {
	var out []op
	for _, o := range ops {
		if o.kind != Write {
			out = append(out, o)
			continue
		}
		for from := int64(0); from < int64(len(o.data)); {
			to := min(int64(len(o.data)), from+sector-(o.at+from)%sector)
			out = append(out, op{kind: Write, file: o.file, at: o.at + from, data: o.data[from:to]})
			from = to
		}
	}
	return out
}
