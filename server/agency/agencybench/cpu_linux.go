package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
)

// tick is the kernel's unit of processor time in /proc.
const tick = 10 * time.Millisecond

// databaseCPU is the processor time of PostgreSQL's processes, which are the
// children of the one that began the connection's; 0 when it is not told.
func databaseCPU(ctx context.Context, db ledger.DB) (sum time.Duration) {
	var backend int64
	err := db.View(ctx, func(tx ledger.Tx) error { return tx.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend) })
	if err != nil {
		return 0
	}
	parent, _ := process(strconv.FormatInt(backend, 10))
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || parent == "" {
		return 0
	}
	for _, p := range all {
		if of, used := process(filepath.Base(p)); of == parent {
			sum += used
		}
	}
	return sum
}

// process tells whose child a process is and what it used.
func process(id string) (parent string, used time.Duration) {
	text, err := os.ReadFile("/proc/" + id + "/stat")
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	words := strings.Fields(rest)
	if len(words) < 13 {
		return "", 0
	}
	for _, w := range words[11:13] { // in the program and in the kernel
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return "", 0
		}
		used += time.Duration(n) * tick
	}
	return words[1], used
}
