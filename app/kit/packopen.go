package kit

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

// Events of the journal.
const (
	eventOpened civic.Code = "person_opened"
	eventAsked  civic.Code = "person_asked"
	eventAlike  civic.Code = "alike_went_on"
)

// OpenByReceipt opens what the state holds of the bearer of a receipt, given as
// the text of its code. who is the person the officer means, zero for whoever
// the receipt belongs to. The opening is noted before anything is shown.
func (k *Kit) OpenByReceipt(ctx context.Context, who civic.PersonID, text string) (Person, error) {
	st, err := k.open()
	if err != nil {
		return Person{}, err
	}
	keys, err := receiptKeys(ctx, st)
	if err != nil {
		return Person{}, problem(err)
	}
	v := receipt.Verify(strings.TrimSpace(text), keys, k.now(ctx, st))
	switch {
	case v.Result != receipt.Genuine:
		return Person{}, civic.NewProblem(v.Reason, nil)
	case len(v.Content.Secret) != protocol.ClaimSecretSize:
		return Person{}, civic.NewProblem(civic.ReceiptBare, nil)
	}
	registration, secret := v.Content.Registration, protocol.ClaimSecret(v.Content.Secret)
	var out Person
	err = k.districtNow(ctx, st, func(n *neighbours) error {
		if n.state == nil {
			return civic.NewProblem(civic.PackAbsent, nil)
		}
		known, layer, err := n.state.OpenByReceipt(registration, secret, k.piecesOf(ctx, st, n.number))
		if err != nil {
			return err
		}
		if !who.IsZero() && known.ID != who {
			return civic.NewProblem(civic.PersonShut, nil)
		}
		out, err = k.keepOpened(ctx, st, n, known.Person, layer, protocol.Opening{Way: protocol.ByReceipt, Registration: registration})
		return err
	})
	return out, problem(err)
}

// OpenBySupervisor opens what the state holds of a person of the district with
// a supervisor's own passphrase and a reason.
func (k *Kit) OpenBySupervisor(ctx context.Context, who civic.PersonID, passphrase, reason string) (Person, error) {
	st, err := k.open()
	if err != nil {
		return Person{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > protocol.MaxReason {
		return Person{}, civic.NewProblem(civic.ReasonRequired, nil)
	}
	var out Person
	err = k.districtNow(ctx, st, func(n *neighbours) error {
		if n.state == nil {
			return civic.NewProblem(civic.PackAbsent, nil)
		}
		known := n.find(who)
		if known == nil {
			return civic.NewProblem(civic.PersonLeft, nil)
		}
		files := map[civic.OfficerID][]byte{}
		for _, s := range n.head.Supervisors {
			files[s.Officer] = s.Master
		}
		by, master, err := st.OpenAs(ctx, passphrase, files)
		if err != nil {
			return err
		}
		defer clear(master)
		if len(master) != len(pack.Master{}) {
			return civic.NewProblem(civic.NotSupervisor, nil)
		}
		layer, err := n.state.OpenByMaster(known.Number, pack.Master(master), k.piecesOf(ctx, st, n.number))
		if err != nil {
			return err
		}
		out, err = k.keepOpened(ctx, st, n, known.Person, layer, protocol.Opening{Way: protocol.BySupervisor, Supervisor: by, Reason: reason})
		return err
	})
	return out, problem(err)
}

// ApplySupervisor asks the registry to make the officer at work a supervisor of
// this kit; it gives the code that he reads out to whoever approves.
func (k *Kit) ApplySupervisor(ctx context.Context) (code string, err error) {
	st, err := k.open()
	if err != nil {
		return "", err
	}
	recipient, err := st.Apply(ctx)
	if err != nil {
		return "", problem(err)
	}
	return protocol.ApplicantCode(recipient), nil
}

// LookUp asks the centre for one person while there is a network.
type LookUp struct {
	Person  civic.PersonID // of the district pack or of an earlier visit, or
	Receipt string         // the text of a receipt, or
	Given   string         // a description
	Surname string
	Birth   string // as civic.Date writes it
	Place   string // municipality

	Service civic.ServiceID // what the person came for
	Reason  string          // needed where no service is named
}

// LookUp asks. The centre logs the question before it answers, and answers this
// kit alone.
func (k *Kit) LookUp(ctx context.Context, q LookUp) (Person, error) {
	st, err := k.open()
	if err != nil {
		return Person{}, err
	}
	ask := protocol.LookUp{
		Officer: st.Officer().ID, Service: q.Service, Reason: strings.TrimSpace(q.Reason), Person: q.Person,
		Given: strings.TrimSpace(q.Given), Surname: strings.TrimSpace(q.Surname), Birth: q.Birth, Place: strings.TrimSpace(q.Place), Nonce: make([]byte, 16),
	}
	if _, err := rand.Read(ask.Nonce); err != nil {
		return Person{}, problem(err)
	}
	if q.Receipt != "" {
		v, err := k.Verify(ctx, q.Receipt)
		if err != nil {
			return Person{}, err
		}
		if !v.Valid {
			return Person{}, civic.NewProblem(v.Reason, nil)
		}
		ask.Registration, ask.Office = v.Registration, v.Office
	}
	key, secret, err := st.Keys()
	if err != nil {
		return Person{}, problem(err)
	}
	signed, err := protocol.Sign(protocol.StatementLookUp, ask, key)
	if err != nil {
		return Person{}, problem(err)
	}
	cl, err := k.clientAt(ctx, st, st, st.Identity().Server) // a hub knows nobody
	if err != nil {
		return Person{}, problem(err)
	}
	if err := st.Append(ctx, eventAsked); err != nil {
		return Person{}, problem(err)
	}
	var sealed protocol.LookUpAnswer
	if err := cl.Ask(ctx, protocol.PathPerson, 0, protocol.PersonRequest{Device: st.Identity().Device, Asked: signed}, &sealed); err != nil {
		return Person{}, problem(err)
	}
	plain, err := protocol.OpenDown(secret[:], 0, protocol.DownPerson, sealed.Sealed)
	if err != nil {
		return Person{}, problem(err)
	}
	var a pack.Answered
	if err := protocol.Unmarshal(plain, &a); err != nil {
		return Person{}, problem(err)
	}
	if string(a.Nonce) != string(ask.Nonce) {
		return Person{}, civic.NewProblem(civic.StatementForged, nil)
	}
	if _, err := k.open(); err != nil { // locked while the centre was asked
		return Person{}, err
	}
	n := &k.neighbours
	n.mu.Lock()
	defer n.mu.Unlock()
	return k.remember(n, a.Person, a.Layer), nil
}

// piecesOf reads pieces of the pack as they came.
func (k *Kit) piecesOf(ctx context.Context, st *store.Store, number uint64) pack.Sealed {
	return func(seq uint64) ([]byte, error) { return st.PackPiece(ctx, number, seq) }
}

// keepOpened notes an opening for the journal and the centre, then remembers
// the person until the kit is locked.
func (k *Kit) keepOpened(ctx context.Context, st *store.Store, n *neighbours, p pack.Person, l pack.Layer, o protocol.Opening) (Person, error) {
	o.At, o.Person, o.Officer = protocol.Stamp(st.Stamp()), p.ID, st.Officer().ID
	_, secret, err := st.Keys()
	if err != nil {
		return Person{}, err
	}
	plain, err := protocol.Marshal(o)
	if err != nil {
		return Person{}, err
	}
	err = st.AddOpening(ctx, eventOpened, []string{o.Way.String(), p.ID.String()}, func(n uint64) ([]byte, error) {
		return protocol.SealUp(secret[:], n, plain, rand.Reader)
	})
	if err != nil {
		return Person{}, err
	}
	return k.remember(n, p, l), nil
}

func (k *Kit) remember(n *neighbours, p pack.Person, l pack.Layer) Person {
	if n.opened == nil {
		n.opened = map[civic.PersonID]*openedPerson{}
	}
	o := &openedPerson{p, l}
	n.opened[p.ID] = o
	return o.found()
}

// find looks a person up by the registry's id.
func (n *neighbours) find(id civic.PersonID) (found *pack.Known) {
	if n.state == nil {
		return nil
	}
	n.state.Each(func(k *pack.Known) bool {
		if k.ID == id {
			found = k
		}
		return found == nil
	})
	return found
}

// found is an opened person as a search shows it.
func (o *openedPerson) found() Person {
	p := packPerson(&o.person)
	p.Opened = true
	for _, c := range o.layer.Claims {
		if c.Attribute == "birth_date" && c.Absent == civic.Present {
			p.BirthDate = c.Value
		}
	}
	return p
}

// packPerson is somebody of the pack as a search shows it: by the index layer.
func packPerson(p *pack.Person) Person {
	ref := packRef(p.ID, 0)
	out := Person{Name: p.Name(), Place: p.Place(), Person: p.ID, Registration: ref.Registration, Subject: ref.Subject, Status: civic.Registered, District: true}
	if p.Year != 0 {
		out.BirthDate = civic.Date{Year: p.Year}.String()
	}
	return out
}

// searchDistrict finds people of the district by name, opened ones with what
// was opened; skip are those that own registrations showed already.
func (k *Kit) searchDistrict(ctx context.Context, st *store.Store, query string, limit int, skip map[civic.PersonID]bool) (out []Person, err error) {
	err = k.district(ctx, st, func(n *neighbours) error {
		if n.state == nil {
			return nil
		}
		shown := map[uint32]bool{}
		for _, p := range n.index.Search(query, limit) {
			known, ok := n.state.Person(p.Ref)
			if !ok || skip[known.ID] || shown[p.Ref] { // gone, or listed under a name they had
				continue
			}
			shown[p.Ref] = true
			if o := n.opened[known.ID]; o != nil {
				out = append(out, o.found())
				continue
			}
			out = append(out, packPerson(&known.Person))
		}
		return nil
	})
	return out, err
}

// Ref is how the planner names a person that was found.
func (p Person) Ref() capture.Ref {
	return capture.Ref{Registration: p.Registration, Subject: p.Subject}
}

var _ client.District = (*store.Store)(nil)

// HeldClaim is one thing that is held of an opened person.
type HeldClaim struct {
	Attribute civic.Attribute
	Value     string
	Absent    civic.Absence
	Evidence  civic.Evidence
	Service   civic.ServiceID
	Office    civic.Area
	Day       time.Time // when it was said
}

// Held lists what is held of a person whose answers were opened since the kit
// was unlocked; nothing of anybody else.
func (k *Kit) Held(who civic.PersonID) []HeldClaim {
	n := &k.neighbours
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.opened[who]
	if o == nil {
		return nil
	}
	out := make([]HeldClaim, 0, len(o.layer.Claims))
	for _, c := range o.layer.Claims {
		s := o.layer.Sources[c.Source]
		out = append(out, HeldClaim{
			Attribute: c.Attribute, Value: c.Value, Absent: c.Absent, Evidence: c.Evidence,
			Service: s.Service, Office: s.Office, Day: time.Unix(int64(s.Day)*secondsADay, 0).UTC(),
		})
	}
	return out
}
