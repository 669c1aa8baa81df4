package kit

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Sync makes one pass both ways, waiting up to wait for the centre to decide.
// Unlocked, it packs first what waits and takes in at once what comes; locked,
// it sends what was packed and keeps what comes for the next unlock. It may be
// stopped by its context at any moment without loss; the result is filled in
// as far as the pass came, also beside an error. progress may be nil.
func (k *Kit) Sync(ctx context.Context, wait time.Duration, progress func(Progress)) (SyncResult, error) {
	k.passing.Lock()
	defer k.passing.Unlock()
	st, err := k.store()
	if err != nil {
		return SyncResult{}, err
	}
	var unpacked error
	if st.Unlocked() {
		// What cannot be packed must not keep back what is packed already.
		if unpacked = k.pack(ctx, st); unpacked != nil {
			k.log.Warn("waiting registrations could not be packed", "code", civic.CodeOf(unpacked))
		}
	}
	before, err := countAll(ctx, st)
	if err != nil {
		return SyncResult{}, problem(err)
	}
	local, done, err := k.local(st)
	if err != nil {
		return SyncResult{}, problem(err)
	}
	defer done()
	cl, err := k.client(ctx, st, local)
	if err != nil {
		return SyncResult{}, problem(err)
	}
	r, passErr := cl.Pass(ctx, client.Options{Wait: wait, Progress: translate(progress), PackLimit: k.packLimit(ctx, st)})
	if c, ok := local.(*carrying); ok && passErr == nil {
		c.dropKeys()
		// What others wait for is no part of this kit's own pass.
		if err := c.fetchAnswers(ctx, cl, wait, k.o.Clock); err != nil {
			k.log.Warn("answers for kits it carries for were not fetched", "code", civic.CodeOf(err))
		}
	}
	out := SyncResult{Attempts: r.Attempts, BytesUp: r.BytesUp, BytesDown: r.BytesDown, At: r.ServerTime, Pending: r.Pending}

	// What arrived is taken in even when the pass was stopped meanwhile.
	after := context.WithoutCancel(ctx)
	k.useData(after, st, r.BytesUp+r.BytesDown)
	if st.Unlocked() {
		applied, err := k.applyInbox(after, st)
		if err != nil && !errors.Is(err, civic.NewProblem(civic.Locked, nil)) {
			k.log.Warn("what arrived could not be taken in yet", "code", civic.CodeOf(err))
			passErr = errors.Join(passErr, err)
		}
		out.Settled, out.Held, out.Returned = applied.settled, applied.held, applied.returned
	} else {
		out.Locked = r.Received > 0
	}
	if passErr == nil && st.Unlocked() {
		k.forget(after, st)
	}
	if st.Unlocked() {
		k.readDistrict(after, st)
	}
	if now, err := countAll(after, st); err == nil && now.partial == before.partial {
		out.Sent, out.Received = moved(before, now)
	}
	if passErr == nil && unpacked == nil && st.Unlocked() {
		out.Ended = k.obeyWipe(after, st)
	}
	return out, problem(errors.Join(passErr, unpacked))
}

// moved tells how many registrations left this kit during a pass, and how many
// the centre signed for; what was sealed meanwhile is taken into account.
func moved(before, after counted) (sent, received int) {
	fresh := 0
	if !after.partial {
		fresh = after.Total - before.Total
	}
	here := func(c counted) int { return c.ByStatus[civic.Sealed] + c.ByStatus[civic.Approved] }
	sent = here(before) + fresh - here(after)
	received = sent + before.ByStatus[civic.Sent] - after.ByStatus[civic.Sent]
	return max(sent, 0), max(received, 0)
}

// client makes the kit's side of the wire; it needs no passphrase.
func (k *Kit) client(ctx context.Context, st *store.Store, local client.Local) (*client.Client, error) {
	return k.clientAt(ctx, st, local, k.serverOf(ctx, st))
}

func (k *Kit) clientAt(ctx context.Context, st *store.Store, local client.Local, server string) (*client.Client, error) {
	identity := st.Identity()
	root, err := x509.ParseCertificate(identity.RootCert)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		Server: server, Root: root, Transport: identity.TransportKey, Local: local, Witness: k.watcher(st), Clock: k.o.Clock,
		ServerKey: func() ed25519.PublicKey { return serverKey(ctx, st) },
		LastServerTime: func() time.Time {
			t, _ := serverNow(ctx, st)
			return t
		},
		Dial: k.dial(), Logger: k.log, Tuning: k.o.Tuning,
	})
}

// settingServer holds the address of the office's hub, where the kit is pointed
// at one.
const settingServer = "server"

// serverOf is where the kit syncs: the hub it was pointed at, else the centre it
// was enrolled at. Both are believed by the same root.
func (k *Kit) serverOf(ctx context.Context, st *store.Store) string {
	if hub, err := st.Setting(ctx, settingServer); err == nil && hub != "" {
		return hub
	}
	return st.Identity().Server
}

// PointAt makes the kit sync with its office's hub; empty is the centre again.
func (k *Kit) PointAt(ctx context.Context, server string) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	if u, err := url.Parse(server); server != "" && (err != nil || u.Scheme != "https" || u.Hostname() == "") {
		return civic.NewProblem(civic.WrongUse, err, "A server is written as https://host:port.")
	}
	return problem(st.SetSetting(ctx, settingServer, server))
}

func serverKey(ctx context.Context, st *store.Store) ed25519.PublicKey {
	bundle, _, err := st.Bundle(ctx)
	if err != nil {
		return nil
	}
	return bundle.Server
}

func translate(progress func(Progress)) func(client.Progress) {
	if progress == nil {
		return nil
	}
	names := map[client.Step]string{
		client.Connecting: "connect", client.Sending: "send", client.Asking: "receive", client.Waiting: "wait", client.Retrying: "retry", client.Fetching: "district",
	}
	return func(p client.Progress) {
		g := Progress{Phase: names[p.Step], Done: p.Up, Total: p.Size, Rate: p.Rate, Left: p.Left}
		if p.Step == client.Fetching {
			g.Done, g.Total = p.Pack, p.PackSize
		}
		progress(g)
	}
}

// applied counts what messages from the centre changed.
type applied struct{ settled, held, returned int }

// applyInbox opens what came in and moves the registrations on. A message that
// cannot be opened stays where it is.
func (k *Kit) applyInbox(ctx context.Context, st *store.Store) (applied, error) {
	var sum applied
	key, secret, err := st.Keys()
	if err != nil {
		return sum, problem(err)
	}
	public, _ := key.Public().(ed25519.PublicKey)
	server := serverKey(ctx, st)
	_, err = st.ApplyInbox(ctx, func(d protocol.Down) ([]civic.Outcome, error) {
		switch d.Kind {
		case protocol.DownOutcomes:
			plain, err := protocol.OpenDown(secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				return nil, err
			}
			outcomes, err := protocol.OpenOutcomes(public, plain)
			for _, o := range outcomes {
				sum.count(o.Status)
			}
			return outcomes, err
		case protocol.DownForm:
			plain, err := protocol.OpenDown(secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				return nil, err
			}
			return nil, k.takeFormPart(ctx, st, plain, server)
		case protocol.DownPlaces:
			plain, err := protocol.OpenDown(secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				return nil, err
			}
			return nil, k.takePlacesNotice(ctx, st, plain, server)
		case protocol.DownLooks:
			plain, err := protocol.OpenDown(secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				return nil, err
			}
			return nil, takeLooks(ctx, st, plain)
		case protocol.DownAgreement:
			return nil, k.takeAgreement(ctx, st, d.Body, server)
		case protocol.DownPlacesPart:
			return nil, k.takePlacesPart(ctx, st, d.Body)
		}
		return nil, store.ErrLater // a kind that a later program will know
	})
	return sum, problem(errors.Join(err, k.completePlaces(ctx, st)))
}

func (a *applied) count(s civic.Status) {
	switch {
	case s.Settled():
		a.settled++
	case s == civic.Held:
		a.held++
	case s == civic.Returned:
		a.returned++
	}
}

// probeTime is how long the centre's sign of life may take.
const probeTime = 5 * time.Second

// Reachable asks the centre for a sign of life, cheaply: one connection, and
// nothing sent.
func (k *Kit) Reachable(ctx context.Context) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	u, err := url.Parse(k.serverOf(ctx, st))
	if err != nil {
		return problem(err)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	dial := k.o.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return civic.NewProblem(civic.NoNetwork, err)
	}
	_ = conn.Close() // nothing was said on it
	return nil
}
