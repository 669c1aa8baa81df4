//go:build unix

// Scalebench measures how a registry answers as it grows: one lookup (find the
// candidates, weigh them, decide) and whole batches reconciled, over made-up
// people, on each engine it is given; a night of them; a storm of namesakes; and
// a list cleaned of doubles. It prints a table and then each thing asked with
// what was measured, with -json one object a row. `make bench-scale` runs it.
//
// -postgres names a database that may be filled; it is left as it was found,
// unless -keep lets filled registries stay for another run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	persons := flag.String("persons", "10000,100000,1000000", "sizes of the registry")
	postgres := flag.String("postgres", os.Getenv("FIELDKIT_TEST_POSTGRES"), "`place` of a PostgreSQL to measure as well")
	engines := flag.String("engines", "sqlite,postgres", "which engines")
	lookups := flag.Int("lookups", 2000, "how many lookups are measured")
	night := flag.Int("night", 0, "registrations reconciled in a row at the largest size on the last engine, besides the first thousand")
	storm := flag.Int("storm", 2000, "people of one office who share name and year, in a registry of their own")
	rows := flag.Int("cluster", 0, "rows of a list that is cleaned of doubles first, in a process of its own")
	only := flag.Int("cluster-only", 0, "clean a list of so many rows in this process, print JSON and end")
	asJSON := flag.Bool("json", false, "print JSON, one object a row")
	profile := flag.String("profile", "", "write a processor profile of the lookups and batches to this `file`")
	keep := flag.String("keep", "", "keep filled registries, on SQLite in this `folder`, and use them again")
	from := flag.Int("from", 0, "how many incoming people are passed over, for one more run on a kept registry")
	flag.Parse()
	var sizes []int
	for s := range strings.SplitSeq(*persons, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			fmt.Fprintln(os.Stderr, "scalebench:", err)
			os.Exit(2)
		}
		sizes = append(sizes, n)
	}
	b := &bench{lookups: *lookups, night: *night, storm: *storm, rows: *rows, json: *asJSON, profile: *profile, keep: *keep, from: *from}
	if *only > 0 {
		if err := b.cluster(*only); err != nil {
			fmt.Fprintln(os.Stderr, "scalebench:", err)
			os.Exit(1)
		}
		return
	}
	if err := b.run(context.Background(), sizes, strings.Split(*engines, ","), *postgres); err != nil {
		fmt.Fprintln(os.Stderr, "scalebench:", err)
		os.Exit(1)
	}
}
