// Command fieldkit is the program an officer carries: a window to register
// people in, and the same work as commands for scripts.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/askonce/fieldkit/app/command"
)

func main() { os.Exit(run()) }

func run() int {
	_ = guard() // where the system does not let it, the work goes on
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return command.Run(ctx, os.Args[1:], command.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, OpenWindow: openWindow})
}
