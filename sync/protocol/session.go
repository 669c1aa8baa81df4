package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// Sessions remembers a kit's last TLS session with one server, also over the end
// of its program: the next handshake then shows no certificates and costs 3 kB
// less. It is a tls.ClientSessionCache.
//
// Who holds a session's bytes can speak to the server as the kit for a week;
// keep them where the transport key lies.
type Sessions struct {
	// Keep is told the bytes of each new session; it may be nil. Set it before
	// the first handshake.
	Keep func(session []byte)

	server string
	mu     sync.Mutex
	state  *tls.ClientSessionState
}

// session is how a session is written down.
type session struct {
	Server string `cbor:"1,keyasint"`
	Ticket []byte `cbor:"2,keyasint"`
	State  []byte `cbor:"3,keyasint"`
}

// MaxSession is the most bytes of a session that are read.
const MaxSession = 16 << 10

// NewSessions remembers sessions with the server at an address. kept is what
// Keep was told last, or empty; what cannot be read, or is of another server, is
// as good as nothing.
func NewSessions(server string, kept []byte) *Sessions {
	s := &Sessions{server: server}
	var last session
	if len(kept) == 0 || len(kept) > MaxSession || Unmarshal(kept, &last) != nil || last.Server != server {
		return s
	}
	if state, err := tls.ParseSessionState(last.State); err == nil {
		s.state, _ = tls.NewResumptionState(last.Ticket, state) // nil if it cannot be used
	}
	return s
}

// Get is for crypto/tls.
func (s *Sessions) Get(string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.state != nil
}

// Put is for crypto/tls.
func (s *Sessions) Put(_ string, state *tls.ClientSessionState) {
	s.mu.Lock()
	s.state = state
	s.mu.Unlock()
	if state == nil || s.Keep == nil {
		return
	}
	ticket, inner, err := state.ResumptionState()
	if err != nil || inner == nil {
		return
	}
	b, err := inner.Bytes()
	if err != nil {
		return
	}
	if b, err = Marshal(session{Server: s.server, Ticket: ticket, State: b}); err == nil && len(b) <= MaxSession {
		s.Keep(b)
	}
}

// Forget drops the session: the next handshake is a whole one.
func (s *Sessions) Forget() { s.Put("", nil) }

// ErrNotResumed is how a handshake of a [Resuming] configuration ends when the
// server no longer knows the session. Nothing of the kit was shown.
var ErrNotResumed = errors.New("the server does not know the session any more")

// Resuming is a kit's configuration for a handshake that resumes a session, and
// does nothing else. It exchanges keys by X25519 alone: the session's secret
// goes into the new keys, and it came out of a hybrid exchange, or out of a
// session that did. Who breaks X25519 one day still lacks it. Where the session
// is not resumed that would not hold; then the handshake ends with
// ErrNotResumed, and the whole one is due, with the configuration given here.
func Resuming(config *tls.Config) *tls.Config {
	c := config.Clone()
	c.CurvePreferences = []tls.CurveID{tls.X25519}
	check := config.VerifyConnection
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if !state.DidResume {
			return ErrNotResumed
		}
		if check == nil {
			return nil
		}
		return check(state)
	}
	return c
}

// ticketDays is for how many days crypto/tls takes a session up again.
const ticketDays = 7

// Tickets gives a server keys for the tickets of its sessions that outlive its
// program and change each day. Set its For as GetConfigForClient.
type Tickets struct {
	secret []byte
	clock  func() time.Time
	base   *tls.Config

	mu  sync.Mutex
	day int64
	now *tls.Config
}

// NewTickets derives the keys from a secret of 32 bytes, for a server with the
// given configuration.
func NewTickets(config *tls.Config, secret []byte, clock func() time.Time) *Tickets {
	return &Tickets{secret: secret, clock: clock, base: config, day: -1}
}

// For is for tls.Config.GetConfigForClient.
func (t *Tickets) For(*tls.ClientHelloInfo) (*tls.Config, error) {
	day := t.clock().Unix() / (24 * 60 * 60)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now != nil && t.day == day {
		return t.now, nil
	}
	var keys [][32]byte
	for ago := range int64(ticketDays + 1) {
		key, err := hkdf.Key(sha256.New, t.secret, nil, "askonce/tickets/v0"+string(binary.BigEndian.AppendUint64(nil, uint64(day-ago))), 32)
		if err != nil {
			return nil, err
		}
		keys = append(keys, [32]byte(key))
	}
	c := t.base.Clone()
	c.SetSessionTicketKeys(keys)
	t.day, t.now = day, c
	return c, nil
}
