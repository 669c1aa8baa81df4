package kit

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

const (
	eventLooks civic.Code = "looks_read"
	// mostNotes are kept for one registration, the newest.
	mostNotes = 50
)

// Looks is who looked at somebody, as of a time.
type Looks struct {
	At     time.Time // server time
	Rows   []Look    // newest first
	Hidden int       // kept back while they are under investigation
	// Offline says that the kit answered from its last sync.
	Offline bool
}

// Look is one row.
type Look struct {
	At        time.Time
	Kind      string // agency, staff, officer, citizen, program
	Who       string // the agency's id
	Action    string
	Purpose   civic.Purpose
	Fields    []civic.Attribute
	Basis     string
	Agreement string
	Reason    string
	Code      civic.Code
}

// Looks tells the citizen at the table who looked at what the state holds of
// them: with their receipt's text and its code, a slip's or their own. The
// centre answers where there is a network; else the kit, for people registered
// on it, as of its last sync. What the kit carries opens with both only.
func (k *Kit) Looks(ctx context.Context, text, code string) (Looks, error) {
	st, err := k.open()
	if err != nil {
		return Looks{}, err
	}
	keys, err := receiptKeys(ctx, st)
	if err != nil {
		return Looks{}, problem(err)
	}
	v := receipt.Verify(strings.TrimSpace(text), keys, k.now(ctx, st))
	switch {
	case v.Result != receipt.Genuine:
		return Looks{}, civic.NewProblem(v.Reason, nil)
	case len(v.Content.Secret) != protocol.ClaimSecretSize:
		return Looks{}, civic.NewProblem(civic.ReceiptBare, nil)
	}
	if err := st.Append(ctx, eventLooks); err != nil {
		return Looks{}, problem(err)
	}
	looks, err := k.askLooks(ctx, st, text, code)
	if err == nil || !unreached(err) {
		return looks, problem(err)
	}
	return k.heldLooks(ctx, st, v.Content, code, err)
}

// unreached tells whether the centre did not answer, rather than refuse.
func unreached(err error) bool {
	switch civic.CodeOf(problem(err)) {
	case civic.NoNetwork, civic.ServerUnreachable, civic.OpenerAway:
		return true
	}
	return false
}

func (k *Kit) askLooks(ctx context.Context, st *store.Store, text, code string) (Looks, error) {
	ask := protocol.LooksAsk{Officer: st.Officer().ID, Receipt: strings.TrimSpace(text), Code: strings.TrimSpace(code), Nonce: make([]byte, 16)}
	if _, err := rand.Read(ask.Nonce); err != nil {
		return Looks{}, err
	}
	_, secret, err := st.Keys()
	if err != nil {
		return Looks{}, err
	}
	plain, err := protocol.Marshal(ask)
	if err != nil {
		return Looks{}, err
	}
	sealed, err := protocol.SealUp(secret[:], 0, plain, rand.Reader)
	if err != nil {
		return Looks{}, err
	}
	cl, err := k.clientAt(ctx, st, st, st.Identity().Server) // a hub knows nobody
	if err != nil {
		return Looks{}, err
	}
	var a protocol.LooksAnswer
	if err := cl.Ask(ctx, protocol.PathLooks, 0, protocol.LooksRequest{Device: st.Identity().Device, Asked: sealed}, &a); err != nil {
		return Looks{}, err
	}
	if plain, err = protocol.OpenDown(secret[:], 0, protocol.DownLooks, a.Sealed); err != nil {
		return Looks{}, err
	}
	var l protocol.Looks
	if err := protocol.Unmarshal(plain, &l); err != nil {
		return Looks{}, err
	}
	if string(l.Nonce) != string(ask.Nonce) {
		return Looks{}, civic.NewProblem(civic.StatementForged, nil)
	}
	return looksOf(l), nil
}

func looksOf(l protocol.Looks) Looks {
	out := Looks{At: time.Unix(l.At, 0), Hidden: l.Hidden}
	for _, r := range l.Rows {
		out.Rows = append(out.Rows, Look{
			At: time.Unix(r.At, 0), Kind: r.Kind, Who: r.Who, Action: r.Action, Purpose: r.Purpose, Fields: r.Fields, Basis: r.Basis,
			Agreement: r.Agreement, Reason: r.Reason, Code: r.Code,
		})
	}
	return out
}

// notes are the sealed rows kept for a registration.
type notes struct {
	Sealed [][]byte `cbor:"1,keyasint"`
}

func looksPaper(id civic.RegistrationID) string { return "looks " + id.String() }

// takeLooks keeps rows about the person of a registration, sealed as they are.
func takeLooks(ctx context.Context, st *store.Store, plain []byte) error {
	var n protocol.LooksNote
	if err := protocol.Unmarshal(plain, &n); err != nil {
		return err
	}
	kept, err := notesOf(ctx, st, n.Registration)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(kept.Sealed, func(b []byte) bool { return string(b) == string(n.Sealed) }) {
		return nil
	}
	kept.Sealed = append(kept.Sealed, n.Sealed)
	kept.Sealed = kept.Sealed[max(0, len(kept.Sealed)-mostNotes):]
	b, err := protocol.Marshal(kept)
	if err != nil {
		return err
	}
	return st.KeepPaper(ctx, looksPaper(n.Registration), b)
}

func notesOf(ctx context.Context, st *store.Store, id civic.RegistrationID) (n notes, err error) {
	b, err := st.Paper(ctx, looksPaper(id))
	if err != nil || b == nil {
		return n, err
	}
	return n, protocol.Unmarshal(b, &n)
}

// heldLooks answers from what the last sync brought; why is why the centre did
// not.
func (k *Kit) heldLooks(ctx context.Context, st *store.Store, c receipt.Content, code string, why error) (Looks, error) {
	kept, err := notesOf(ctx, st, c.Registration)
	if err != nil {
		return Looks{}, problem(err)
	}
	if len(kept.Sealed) == 0 {
		return Looks{}, problem(why) // nothing to check the code by, so nothing is said
	}
	out := Looks{Offline: true}
	if server, _, err := st.ServerTime(ctx); err == nil {
		out.At = time.Unix(server, 0)
	}
	secret := protocol.ClaimSecret(c.Secret)
	slip, err := protocol.LooksKeyOf(secret, code, true)
	if err != nil {
		return Looks{}, problem(err)
	}
	own, err := protocol.LooksKeyOf(secret, strings.TrimSpace(code), false)
	if err != nil {
		return Looks{}, problem(err)
	}
	opened := 0
	for _, sealed := range slices.Backward(kept.Sealed) {
		l, err := protocol.OpenLooks(slip, c.Registration, sealed)
		if err != nil {
			l, err = protocol.OpenLooks(own, c.Registration, sealed)
		}
		if err != nil {
			continue // of the time of another code
		}
		opened++
		out.Rows = append(out.Rows, looksOf(l).Rows...)
	}
	if opened == 0 {
		return Looks{}, civic.NewProblem(civic.EntryRefused, nil)
	}
	slices.SortStableFunc(out.Rows, func(a, b Look) int { return b.At.Compare(a.At) })
	return out, nil
}
