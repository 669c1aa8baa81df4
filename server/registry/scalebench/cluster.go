//go:build unix

package main

import (
	"fmt"
	"time"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
	"github.com/askonce/fieldkit/sync/match/table"
)

// clustered is a list cleaned of doubles before the kit comes.
type clustered struct {
	Rows     int     `json:"rows"`
	Compared int     `json:"compared"`
	Capped   int     `json:"capped_keys"`
	Persons  int     `json:"persons"`
	Seconds  float64 `json:"cluster_s"`
	CPU      float64 `json:"cpu_s"`
	PeakMB   int     `json:"peak_mb"` // of the whole process, the made-up people included
}

// cluster finds the doubles of a list: two thirds known people, one third of
// visits, half of which are of somebody known.
func (b *bench) cluster(rows int) error {
	p := people.Mexico(seed, rows*2/3, rows-rows*2/3)
	t := &table.Table{}
	for i := range rows {
		r := &p.Incoming[max(0, i-len(p.Known))].Record
		if i < len(p.Known) {
			r = &p.Known[i]
		}
		t.Rows, t.Records = append(t.Rows, fmt.Sprint(i)), append(t.Records, match.Prepare(*r))
	}
	p = people.Population{}
	start, before := time.Now(), cpuSeconds()
	_, result, err := table.Cluster(t, table.Options{Model: match.DefaultModel()})
	if err != nil {
		return err
	}
	c := clustered{rows, result.Compared, result.Capped, result.Persons, time.Since(start).Seconds(), cpuSeconds() - before, peak()}
	return b.print(c, func() {
		fmt.Printf("%d rows cleaned of doubles in %.1f s (%.1f processor seconds): %d pairs compared, %d keys too common, %d persons, %d MB at most\n",
			c.Rows, c.Seconds, c.CPU, c.Compared, c.Capped, c.Persons, c.PeakMB)
	})
}
