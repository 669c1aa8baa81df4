//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
)

// cpuSeconds is the processor time this process has taken.
func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // zero where it is not told
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// meter adds up processor time: ours, and that of the PostgreSQL beside us where
// it runs on this machine. On a machine that others use it is what compares.
type meter struct {
	postmaster string // its number, empty for none
}

// meterOf finds the process that our connections' processes come of.
func meterOf(ctx context.Context, db ledger.DB, engine string) meter {
	if engine != "postgres" {
		return meter{}
	}
	var pid int64
	err := db.View(ctx, func(tx ledger.Tx) error { return tx.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid) })
	if err != nil {
		return meter{}
	}
	return meter{field(fmt.Sprintf("/proc/%d/stat", pid), 1)}
}

func (m meter) seconds() float64 {
	sum := cpuSeconds()
	if m.postmaster == "" {
		return sum
	}
	const ticks = 100 // a second, on every Linux there is
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		parent := field(path, 1)
		own := parent == m.postmaster
		if !own && filepath.Base(filepath.Dir(path)) != m.postmaster {
			continue
		}
		from, to := 11, 13 // utime, stime
		if !own {
			to = 15 // those of children that ended too
		}
		for i := from; i < to; i++ {
			var n float64
			_, _ = fmt.Sscan(field(path, i), &n)
			sum += n / ticks
		}
	}
	return sum
}

// field is the n-th field of a process's state behind its name; 0 is how it is.
func field(path string, n int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	s := string(b)
	fields := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if n >= len(fields) {
		return ""
	}
	return fields[n]
}

// peak is the most memory this process has held, in MB, 0 where it is not told.
func peak() (mb int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kb int
			_, _ = fmt.Sscan(rest, &kb)
			return kb >> 10
		}
	}
	return 0
}
