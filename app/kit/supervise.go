package kit

import (
	"context"
	"sync"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// unseenFor is how long a registration waits for a supervisor: then it goes
	// out by itself. Nothing may be lost because nobody came.
	unseenFor = 7 * 24 * time.Hour
	// leadFor is how long a supervisor who stepped up to another's kit may go on
	// without doing anything.
	leadFor = 15 * time.Minute
	// mostNote is how long a note may be, in bytes.
	mostNote = 1000
)

// leading is the supervisor who looks over the kit's work now.
type leading struct {
	mu  sync.Mutex
	who civic.OfficerID
	at  time.Time // of the last act
}

func (l *leading) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.who, l.at = civic.OfficerID{}, time.Time{}
}

func (l *leading) begin(who civic.OfficerID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.who, l.at = who, now
}

// going gives the supervisor and counts as an act.
func (l *leading) going(now time.Time) (civic.OfficerID, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if idle := now.Sub(l.at); l.who == (civic.OfficerID{}) || idle > leadFor || idle < 0 {
		return civic.OfficerID{}, false
	}
	l.at = now
	return l.who, true
}

// Oversight says how a supervisor's look at the work stands on this kit.
type Oversight struct {
	// Known tells that the registry has named a supervisor of this kit.
	Known bool
	// By is who looks over the work now: an officer at work who is a supervisor,
	// or one who stepped up with Lead. Empty when nobody does.
	By     string
	Wanted bool      // what is sealed waits for a supervisor
	Since  time.Time // when that was switched last
	Unseen int       // registrations that wait
	Goes   time.Time // when the oldest of them goes by itself, zero if none waits
}

// Oversight tells how it stands.
func (k *Kit) Oversight(ctx context.Context) (Oversight, error) {
	st, err := k.open()
	if err != nil {
		return Oversight{}, err
	}
	a, err := st.Approval(ctx)
	if err != nil {
		return Oversight{}, problem(err)
	}
	o := Oversight{Wanted: a.On, Since: a.Since}
	ids, err := st.Unseen(ctx)
	if err != nil {
		return Oversight{}, problem(err)
	}
	if o.Unseen = len(ids); o.Unseen > 0 {
		o.Goes = k.unseenGoes(ctx, st)
	}
	files, err := k.supervisors(ctx, st)
	if err != nil {
		return Oversight{}, err
	}
	o.Known = len(files) > 0
	if by, err := k.leader(ctx, st); err == nil {
		o.By, err = nameOfOfficer(ctx, st, by)
		return o, problem(err)
	}
	return o, nil
}

// supervisors are the officers whom the registry named supervisors of this kit,
// each with what only he can open. Without a district pack nobody is named.
func (k *Kit) supervisors(ctx context.Context, st *store.Store) (map[civic.OfficerID][]byte, error) {
	files := map[civic.OfficerID][]byte{}
	err := k.district(ctx, st, func(n *neighbours) error {
		for _, s := range n.head.Supervisors {
			files[s.Officer] = s.Master
		}
		return nil
	})
	return files, problem(err)
}

// Lead lets a supervisor of this kit look over its work, whoever is at work on
// it: with his own passphrase, until he has done nothing for a quarter of an
// hour, LeadEnd or the kit is locked. It gives his name.
func (k *Kit) Lead(ctx context.Context, passphrase string) (string, error) {
	st, err := k.open()
	if err != nil {
		return "", err
	}
	by, err := k.provesSupervisor(ctx, st, passphrase)
	if err != nil {
		return "", err
	}
	k.leading.begin(by, k.o.Clock())
	name, err := nameOfOfficer(ctx, st, by)
	return name, problem(err)
}

// LeadEnd ends what Lead began.
func (k *Kit) LeadEnd() { k.leading.end() }

// provesSupervisor tells which supervisor a passphrase belongs to.
func (k *Kit) provesSupervisor(ctx context.Context, st *store.Store, passphrase string) (civic.OfficerID, error) {
	files, err := k.supervisors(ctx, st)
	if err != nil {
		return civic.OfficerID{}, err
	}
	by, master, err := st.OpenAs(ctx, passphrase, files)
	clear(master)
	return by, problem(err)
}

// leader is the supervisor in whose name the work is looked over now: the one
// who stepped up, else the officer at work if he is one. Nobody is
// civic.NotSupervisor.
func (k *Kit) leader(ctx context.Context, st *store.Store) (civic.OfficerID, error) {
	if by, ok := k.leading.going(k.o.Clock()); ok {
		return by, nil
	}
	files, err := k.supervisors(ctx, st)
	if err != nil {
		return civic.OfficerID{}, err
	}
	if _, ok := files[st.Officer().ID]; ok {
		return st.Officer().ID, nil
	}
	return civic.OfficerID{}, civic.NewProblem(civic.NotSupervisor, nil)
}

func nameOfOfficer(ctx context.Context, st *store.Store, id civic.OfficerID) (string, error) {
	all, err := st.Officers(ctx)
	return nameAmong(all, id), err
}

// WantApproval has what is sealed wait for a supervisor from now on, or no
// longer. It takes a supervisor's own passphrase, whoever is at work.
func (k *Kit) WantApproval(ctx context.Context, on bool, passphrase string) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	by, err := k.provesSupervisor(ctx, st, passphrase)
	if err != nil {
		return err
	}
	k.leading.begin(by, k.o.Clock())
	return problem(st.SwitchApproval(ctx, on, by))
}

// Approve lets registrations leave the kit: a supervisor has looked at them. One
// that corrects another takes that along. It gives how many went on; those that
// wait no longer are passed over.
func (k *Kit) Approve(ctx context.Context, ids ...civic.RegistrationID) (int, error) {
	st, err := k.open()
	if err != nil {
		return 0, err
	}
	by, err := k.leader(ctx, st)
	if err != nil {
		return 0, err
	}
	all, err := withCorrected(ctx, st, ids)
	if err != nil {
		return 0, problem(err)
	}
	n, err := st.Approve(ctx, by, all)
	return n, problem(err)
}

// letGo gives free what no supervisor looked at in time, and everything once the
// registry has ordered the kit's end or withdrawn it: what is on this kit alone
// must reach the centre.
func (k *Kit) letGo(ctx context.Context, st *store.Store) error {
	within := unseenFor
	if p, err := leaseState(ctx, st); err == nil && (p.revoked || p.wipe) {
		within = 0
	}
	n, err := st.LetGo(ctx, within)
	if n > 0 {
		k.log.Info("went out without a supervisor's look", "registrations", n)
	}
	return err
}

// unseenGoes is when the oldest registration that waits for a supervisor goes by
// itself.
func (k *Kit) unseenGoes(ctx context.Context, st *store.Store) time.Time {
	ids, err := st.Unseen(ctx)
	if err != nil || len(ids) == 0 {
		return time.Time{}
	}
	stubs, err := st.Stubs(ctx, store.Filter{IDs: ids[:1]})
	if err != nil || len(stubs) == 0 {
		return time.Time{}
	}
	return stubs[0].Registration.Sealed.Time().Add(unseenFor)
}
