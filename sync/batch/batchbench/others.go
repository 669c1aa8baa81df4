package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// others packs the same registrations in other ways. To each the bytes of our
// envelope are added, so that all carry a seal and a signature; links and ids
// are left out of the columns as they are of ours.
func (b *bench) others(seed uint64) error {
	regs, bits, forms, err := b.births(batchtest.Options{Seed: seed, Unseen: 0.05}, 1000)
	if err != nil {
		return err
	}
	f, _ := forms.Form(batchtest.Form)
	ours, err := b.pack(forms, regs)
	if err != nil {
		return err
	}
	plain, err := b.pack(nil, regs)
	if err != nil {
		return err
	}
	text, err := json.Marshal(regs)
	if err != nil {
		return err
	}
	const envelope = 160
	sizes := []struct {
		name  string
		bytes int
	}{
		{"this package", len(ours)},
		{"columns, vocabulary, zstd best", len(shrink(columns(f, regs))) + envelope},
		{"canonical CBOR, zstd best (the plain way)", len(plain)},
		{"JSON, zstd best", len(shrink(text)) + envelope},
		{"JSON", len(text) + envelope},
	}
	fmt.Println()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "1000 registrations, 5 % unseen words\tbytes each\t× what they hold\t× ours\t")
	for _, s := range sizes {
		n := float64(s.bytes) / float64(len(regs))
		fmt.Fprintf(out, "%s\t%.1f\t%.2f\t%.2f\t\n", s.name, n, n*8*float64(len(regs))/bits, float64(s.bytes)/float64(len(ours)))
	}
	return out.Flush()
}

func shrink(b []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return b
	}
	return w.EncodeAll(b, nil)
}

// columns lays registrations out column by column, what the form lists as
// numbers, dates as days, times as differences: what a general compressor likes
// best. It is measured, not used.
func columns(f *form.Form, regs []civic.Registration) []byte {
	of := map[string][]byte{}
	number := func(name string, v int64) { of[name] = binary.AppendVarint(of[name], v) }
	spell := func(name, s string) {
		number(name, int64(len(s)))
		of[name+" text"] = append(of[name+" text"], s...)
	}
	order := []string{"officer", "gap", "length", "offset", "services", "consents", "language"}
	at := map[string]map[string]int64{}
	for _, q := range f.Questions() {
		order = append(order, q.Path+" there", q.Path, q.Path+" text")
		list := f.Words(q.Path)
		for _, c := range q.Choices {
			list = append(list, c.Name)
		}
		at[q.Path] = map[string]int64{}
		for i, word := range list {
			at[q.Path][word] = int64(i)
		}
	}
	var last int64
	for i := range regs {
		r := &regs[i]
		number("officer", int64(r.Officer[1]))
		number("gap", r.Started.Wall-last)
		number("length", r.Sealed.Wall-r.Started.Wall)
		number("offset", r.Started.Wall-r.Started.Mono-regs[max(i-1, 0)].Sealed.Wall+regs[max(i-1, 0)].Sealed.Mono)
		last = r.Sealed.Wall
		number("services", int64(len(r.Services)))
		for _, c := range r.Consents {
			number("consents", int64(flagged(c.Given)<<1|flagged(c.ReadAloud)))
		}
		of["language"] = append(of["language"], r.Language...)
		said := map[string]civic.Answer{}
		for _, a := range r.Answers {
			said[a.Path] = a
		}
		for _, q := range f.Questions() {
			a, there := said[q.Path]
			number(q.Path+" there", int64(flagged(there)+int(a.Absent)<<1))
			if !there || a.Absent != civic.Present {
				continue
			}
			if d, err := time.Parse(time.DateOnly, a.Value); err == nil {
				number(q.Path, r.Started.Wall/86400-d.Unix()/86400+1)
				continue
			}
			if n, err := strconv.ParseInt(a.Value, 10, 64); err == nil && a.Value[0] != '0' {
				number(q.Path, n)
				continue
			}
			words := strings.Split(a.Value, " ")
			number(q.Path+" there", int64(len(words)))
			for _, word := range words {
				if n, ok := at[q.Path][word]; ok {
					number(q.Path, n+1)
					continue
				}
				number(q.Path, 0)
				spell(q.Path, word)
			}
		}
	}
	var b []byte
	for _, name := range order {
		b = append(b, of[name]...)
	}
	return b
}

func flagged(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
