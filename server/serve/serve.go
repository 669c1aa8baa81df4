package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// headerTime is how long a request's head may take on a link that limps.
	headerTime = time.Minute
	// idleTime keeps a quiet connection: a new handshake costs seconds there.
	idleTime = 5 * time.Minute
	// maxHeader bounds a request's head, in bytes.
	maxHeader = 16 << 10
	// stopTime is what requests under way get when the centre stops.
	stopTime = 10 * time.Second
)

// URLSetting is the setting that holds where the centre was last to be found.
const URLSetting = "url"

// OpenerURLSetting is the setting that holds where the opener was last to be
// found, when it is a process of its own.
const OpenerURLSetting = "opener_url"

// Listen opens a TCP address and remembers where the centre can be found, for
// the invitations that follow. url overrides the one made of the address.
func (c *Centre) Listen(ctx context.Context, addr, url string) (net.Listener, error) {
	l, err := ListenOn(ctx, addr)
	if err != nil {
		return nil, err
	}
	if url == "" {
		url = "https://" + reachable(l.Addr())
	}
	setting := URLSetting
	if c.Opener {
		setting = OpenerURLSetting
	}
	err = c.DB.Update(ctx, func(tx ledger.Tx) error { return access.SetSetting(ctx, tx, setting, url) })
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// ListenOn opens a TCP address; civic.ListenFailed when it cannot be had.
func ListenOn(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, civic.NewProblem(civic.ListenFailed, err, addr)
	}
	return l, nil
}

// reachable turns "every address" into one that works on this machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// Serve answers on a listener, TLS 1.3 and HTTP/1.1 only, and works, until the
// context ends; then requests under way get some seconds. hosts are further
// names in the certificate.
func (c *Centre) Serve(ctx context.Context, l net.Listener, hosts []string) error {
	if host, _, err := net.SplitHostPort(l.Addr().String()); err == nil {
		if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
			hosts = append(hosts, host)
		}
	}
	cert, err := c.Access.Certificate(ctx, hosts)
	if err != nil {
		return err
	}
	config := protocol.ServerTLS(tls.Certificate{})
	config.Certificates = nil
	config.GetCertificate = cert.Get
	tickets, err := c.Access.Tickets(config.Clone())
	if err != nil {
		return err
	}
	config.GetConfigForClient = tickets.For

	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		_ = c.Work(working) // it ends only because it was stopped
	}()

	requests, stopRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRequests()
	srv := c.server(requests)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(tls.NewListener(l, config)) }()

	select {
	case err = <-served:
	case <-ctx.Done():
		stopRequests() // ends long polls and uploads: what came stays
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if err = srv.Shutdown(grace); err != nil {
			err = srv.Close()
		}
	}
	stopWork()
	<-worked // a settling under way ends whole
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (c *Centre) server(ctx context.Context) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           c.handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}
