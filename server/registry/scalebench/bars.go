//go:build unix

package main

import (
	"fmt"
	"strconv"
)

const million = 1_000_000

// What is asked of a machine with two cores.
const (
	barP50      = 1    // ms, one lookup among a million persons on PostgreSQL
	barP99      = 8    // ms, on either engine
	barThousand = 1    // s, a thousand registrations reconciled
	barNight    = 60   // s, a hundred thousand
	barCluster  = 60   // s, a million rows cleaned of doubles
	barMemory   = 2048 // MB, for that
)

// bar is one thing asked, with what was measured.
type bar struct {
	What  string  `json:"what"`
	Value float64 `json:"measured"`
	Unit  string  `json:"unit"`
	Limit float64 `json:"at_most"`
	Met   bool    `json:"met"`
}

// hold notes a measurement beside its bar; what was measured at another size is
// no answer to it.
func (b *bench) hold(what string, value float64, unit string, limit float64, fits bool) {
	if fits {
		b.bars = append(b.bars, bar{what, value, unit, limit, value <= limit})
	}
}

// take holds a row against the bars.
func (b *bench) take(r *row) {
	fits := r.Persons >= million
	of := fmt.Sprintf("%s, %s persons: ", map[string]string{"postgres": "PostgreSQL", "sqlite": "SQLite"}[r.Engine], thousands(r.Persons))
	if r.Engine == "sqlite" {
		b.hold(of+"one lookup, 99 of 100 within", r.P99, "ms", barP99, fits)
		return
	}
	b.hold(of+"one lookup, half within", r.P50, "ms", barP50, fits)
	b.hold(of+"one lookup, 99 of 100 within", r.P99, "ms", barP99, fits)
	b.hold(of+"1,000 registrations reconciled", r.Thousand, "s", barThousand, fits)
	b.hold(of+"100,000 registrations reconciled", r.NightS, "s", barNight, fits && r.Night >= 100_000)
}

// judge prints every bar with what was measured.
func (b *bench) judge() error {
	if !b.json && len(b.bars) > 0 {
		fmt.Println()
	}
	for _, x := range b.bars {
		err := b.print(x, func() {
			verdict := "not met"
			if x.Met {
				verdict = "met"
			}
			fmt.Printf("%-72s %9.2f %-2s  at most %5.0f  %s\n", x.What, x.Value, x.Unit, x.Limit, verdict)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// thousands writes a number with its commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
