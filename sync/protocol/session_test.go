package protocol

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// handshake shakes hands over a pipe and reads one byte, so that the ticket
// comes in; it tells what each end came to know.
func handshake(t *testing.T, client, server *tls.Config) (c, s tls.ConnectionState, err error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan tls.ConnectionState, 1)
	go func() {
		b, err := l.Accept()
		if err != nil {
			close(served)
			return
		}
		defer b.Close()
		conn := tls.Server(b, server)
		if conn.Handshake() == nil {
			served <- conn.ConnectionState()
			_, _ = conn.Write([]byte{1}) // the other end may be gone
		}
		close(served)
	}()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(a, client)
	defer a.Close()
	if err = conn.Handshake(); err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	a.Close()
	return conn.ConnectionState(), <-served, err
}

// sessionWorld is a server with tickets, and a kit's configuration.
func sessionWorld(t *testing.T, secret byte, clock func() time.Time) (kit func(*Sessions) *tls.Config, server *tls.Config) {
	t.Helper()
	rootKey := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	transport := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), 1))
	leaf := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), 2))
	now := time.Now()
	root, err := NewRoot(rootKey, "registry", now)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := NewServerCertificate(root, rootKey, leaf, now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	server = ServerTLS(cert)
	server.GetConfigForClient = NewTickets(server.Clone(), append(make([]byte, 31), secret), clock).For
	return func(known *Sessions) *tls.Config {
		config, err := ClientTLS(root, transport, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		config.ClientSessionCache = known
		return config
	}, server
}

func TestSessionOutlivesBothPrograms(t *testing.T) {
	kit, server := sessionWorld(t, 1, time.Now)
	var kept []byte
	known := NewSessions("centre:443", nil)
	known.Keep = func(b []byte) { kept = b }
	c, _, err := handshake(t, kit(known), server)
	if err != nil || c.DidResume || c.CurveID != tls.X25519MLKEM768 {
		t.Fatalf("the first handshake: resumed %v, curve %v, %v", c.DidResume, c.CurveID, err)
	}
	// Both programs start anew, and the day changes.
	_, server = sessionWorld(t, 1, func() time.Time { return time.Now().Add(24 * time.Hour) })
	known = NewSessions("centre:443", kept)
	c, s, err := handshake(t, Resuming(kit(known)), server)
	if err != nil || !c.DidResume || c.CurveID != tls.X25519 {
		t.Fatalf("the second handshake: resumed %v, curve %v, %v", c.DidResume, c.CurveID, err)
	}
	if key, ok := TransportKey(&s); !ok || len(key) == 0 {
		t.Error("the server does not know the kit of a resumed session")
	}
	for name, other := range map[string]*Sessions{"another server": NewSessions("hub:443", kept), "damaged": NewSessions("centre:443", kept[:len(kept)/2])} {
		if _, ok := other.Get(""); ok {
			t.Errorf("%s: the session was taken", name)
		}
	}
}

// A key exchange without its hybrid half is only good beside the old session's
// secret: where the server does not know the session nothing is said.
func TestNothingIsSaidByX25519Alone(t *testing.T) {
	kit, server := sessionWorld(t, 1, time.Now)
	known := NewSessions("centre:443", nil)
	if _, _, err := handshake(t, kit(known), server); err != nil {
		t.Fatal(err)
	}
	if _, ok := known.Get(""); !ok {
		t.Fatal("no session")
	}
	_, other := sessionWorld(t, 2, time.Now)
	_, s, err := handshake(t, Resuming(kit(known)), other)
	if !errors.Is(err, ErrNotResumed) {
		t.Errorf("a server that lost its tickets: %v", err)
	}
	if _, ok := TransportKey(&s); ok {
		t.Error("the kit showed itself")
	}
}

// FuzzSession reads what a kit's memory gives back as its last session.
func FuzzSession(f *testing.F) {
	b, err := Marshal(session{Server: "centre:443", Ticket: []byte{1}, State: []byte{2}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		NewSessions("centre:443", b).Get("")
	})
}
