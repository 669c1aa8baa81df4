//go:build !linux

package main

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
)

// databaseCPU is not told on this system.
func databaseCPU(context.Context, ledger.DB) time.Duration { return 0 }
