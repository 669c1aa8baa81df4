//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
	"github.com/askonce/fieldkit/sync/match/table"
)

// memoryLimit is told to the collector of a process that may take 2 GB.
const memoryLimit = "1700MiB"

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
	stop, err := b.profiled()
	if err != nil {
		return err
	}
	defer stop()
	start, before := time.Now(), cpuSeconds()
	_, result, err := table.Cluster(t, table.Options{Model: match.DefaultModel()})
	if err != nil {
		return err
	}
	c := clustered{rows, result.Compared, result.Capped, result.Persons, time.Since(start).Seconds(), cpuSeconds() - before, peak()}
	b.json = true // whoever started this process prints it for people
	return b.print(c, func() {})
}

// clusterApart cleans the list in a process of its own, so that the memory it
// takes is its own, and holds it to the memory it may take.
func (b *bench) clusterApart(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-cluster-only", strconv.Itoa(b.rows)) // this program itself
	cmd.Env = append(os.Environ(), "GOMEMLIMIT="+memoryLimit)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	var c clustered
	if err := json.Unmarshal(out, &c); err != nil {
		return err
	}
	of := fmt.Sprintf("a list of %s cleaned of doubles", thousands(c.Rows))
	b.hold(of, c.Seconds, "s", barCluster, c.Rows >= million)
	b.hold(of+", memory", float64(c.PeakMB), "MB", barMemory, c.Rows >= million)
	return b.print(c, func() {
		fmt.Printf("%d rows cleaned of doubles in %.1f s (%.1f processor seconds): %d pairs compared, %d keys too common, %d persons, %d MB at most\n",
			c.Rows, c.Seconds, c.CPU, c.Compared, c.Capped, c.Persons, c.PeakMB)
	})
}
