package client

import (
	"context"
	"net"
	"time"
)

// dialAgain is how long a dial may take before a second one runs beside it, as
// RFC 8305 does between addresses. A lost SYN costs a whole second otherwise; on
// a link that loses a twentieth each way that is every tenth connection. On a
// good link no second one begins.
const dialAgain = 250 * time.Millisecond

// dialTwice opens a connection and takes whichever of two tries stands first.
func dialTwice(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the slower one
	type dialled struct {
		conn net.Conn
		err  error
	}
	stood := make(chan dialled)
	try := func() {
		conn, err := dial(ctx)
		select {
		case stood <- dialled{conn, err}:
		case <-ctx.Done():
			if err == nil {
				_ = conn.Close() // the other one is used
			}
		}
	}
	go try()
	second := time.NewTimer(dialAgain)
	defer second.Stop()
	for running := 1; ; {
		select {
		case <-second.C:
			running++
			go try()
		case d := <-stood:
			if running--; d.err == nil || running == 0 {
				return d.conn, d.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
