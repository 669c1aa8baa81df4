package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// round is what the client process is told: requests ready to be written, so
// that it computes as little as possible beside the server.
type round struct {
	Address  string
	Requests [][]byte
	Beside   int
	// Each is the time from one request's beginning to the next, whatever became
	// of those before; 0 sends as soon as an answer is there.
	Each time.Duration
}

// answered is what it found.
type answered struct {
	Times []time.Duration // from when a request was due to its whole answer
	Took  time.Duration
	CPU   time.Duration
	Fault string
}

// written is a round as the client process reads it.
func (r *round) written() (*bytes.Buffer, error) {
	var in bytes.Buffer
	return &in, gob.NewEncoder(&in).Encode(r)
}

// play has a process of its own send a round.
func play(ctx context.Context, in io.Reader) (answered, error) {
	self, err := os.Executable()
	if err != nil {
		return answered{}, err
	}
	var out bytes.Buffer
	c := exec.CommandContext(ctx, self, "-client")
	c.Stdin, c.Stdout, c.Stderr = in, &out, os.Stderr
	if err := c.Run(); err != nil {
		return answered{}, err
	}
	var a answered
	if err := gob.NewDecoder(&out).Decode(&a); err != nil {
		return a, err
	}
	if a.Fault != "" {
		return a, errors.New(a.Fault)
	}
	slices.Sort(a.Times)
	return a, nil
}

// client is the client process.
func client(in io.Reader, out io.Writer) error {
	var r round
	if err := gob.NewDecoder(in).Decode(&r); err != nil {
		return err
	}
	return gob.NewEncoder(out).Encode(r.send())
}

func (r *round) send() answered {
	a := answered{Times: make([]time.Duration, len(r.Requests))}
	lines := make([]*line, r.Beside)
	for i := range lines {
		conn, err := net.Dial("tcp", r.Address)
		if err != nil {
			a.Fault = err.Error()
			return a
		}
		defer conn.Close()
		lines[i] = &line{conn, bufio.NewReader(conn)}
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	faults := make(chan error, len(lines))
	spent, begin := cpu(), time.Now()
	for _, l := range lines {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(r.Requests) {
					return
				}
				due := time.Now()
				if r.Each > 0 {
					due = begin.Add(time.Duration(i) * r.Each)
					time.Sleep(time.Until(due))
				}
				if err := l.ask(r.Requests[i]); err != nil {
					faults <- err
					return
				}
				a.Times[i] = time.Since(due)
			}
		})
	}
	wait.Wait()
	a.Took, a.CPU = time.Since(begin), cpu()-spent
	select {
	case err := <-faults:
		a.Fault = err.Error()
	default:
	}
	return a
}

// line is one connection.
type line struct {
	conn net.Conn
	in   *bufio.Reader
}

func (l *line) ask(request []byte) error {
	if _, err := l.conn.Write(request); err != nil {
		return err
	}
	w, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		return err
	}
	if w.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"given_name"`)) {
		return fmt.Errorf("answer %d: %s", w.StatusCode, body)
	}
	return nil
}
