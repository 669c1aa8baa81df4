package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/rehearsal/smallcentre"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fieldkit": func() { os.Exit(program()) }})
}

// program is the kit without its window, quick where a person would wait.
func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, os.Args[1:], Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Home: os.Getenv("KIT_HOME"),
		Kit: func(o *kit.Options) {
			o.LogN = 10
			o.Tuning = client.Tuning{RetryMin: time.Millisecond, RetryMax: 2 * time.Millisecond, Patience: 2}
		},
	})
}

// TestCommands runs the scripts of testdata: what an officer or an
// administrator types, and what comes back. Beside the usual words they know
//
//	centre                 a small centre; sets $SERVER and the codes $CODE1 to $CODE3
//	json FILE KEY VALUE    FILE holds one JSON object and nothing else, with that value
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KIT_HOME", e.WorkDir+"/kit")
			return os.WriteFile(e.WorkDir+"/pass", []byte("correct horse battery staple\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"centre": startCentre, "json": checkJSON},
	})
}

func startCentre(ts *testscript.TestScript, _ bool, _ []string) {
	c, err := smallcentre.Start(time.Now)
	ts.Check(err)
	ts.Defer(func() { _ = c.Close() })
	ts.Setenv("SERVER", c.URL)
	for i := range 3 {
		code, err := c.Code()
		ts.Check(err)
		ts.Setenv(fmt.Sprintf("CODE%d", i+1), code)
	}
}

func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE KEY VALUE")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var all map[string]any
	ts.Check(decoder.Decode(&all))
	if decoder.More() {
		ts.Fatalf("more than one JSON object")
	}
	var got any = all
	for key := range strings.SplitSeq(args[1], ".") {
		m, _ := got.(map[string]any)
		got = m[key]
	}
	if s := fmt.Sprint(got); (s == args[2]) == neg {
		ts.Fatalf("%s is %s", args[1], s)
	}
}
