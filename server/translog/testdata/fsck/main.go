// Command fsck lets tessera's checker, which shares no code with this project,
// read a whole log from its public address: fsck URL KEY. It exits 1 when the
// checker finds fault.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := check(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "fsck:", err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func check(ctx context.Context, address, key string) error {
	root, err := url.Parse(address)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	fetcher, err := client.NewHTTPFetcher(root, nil)
	if err != nil {
		return err
	}
	// A worker of the checker ends with the first fault it finds, and the checker
	// waits for ever when none is left: so many of them, and an end in time.
	done := make(chan error, 1)
	go func() {
		done <- fsck.New(verifier.Name(), verifier, fetcher, hashes, fsck.Opts{N: 32}).Check(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		return errors.New("the checker found so many faults that it gave up")
	}
}

// hashes gives the leaf hashes of an entry bundle.
func hashes(b []byte) (out [][]byte, err error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(b); err != nil {
		return nil, err
	}
	for _, e := range bundle.Entries {
		out = append(out, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return out, nil
}
