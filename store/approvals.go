package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Where an office wants it, what was sealed waits on the kit until a supervisor
// has said yes: Unpacked passes it over. Nothing waits for ever: LetGo gives free
// what nobody looked at in time. A sealed registration is never changed; only
// its stub says what became of it, and the journal who did it, in the same
// transaction.

// settingApproval is "on" or "off" and since when; readable without a passphrase,
// like all that says how a kit sends.
const settingApproval = "approval"

// Events of the journal. The first word is the supervisor, the others are
// registrations.
const (
	EventApproval  civic.Code = "approval_switched"
	EventApproved  civic.Code = "approved"
	EventGivenBack civic.Code = "given_back"
	EventUnseen    civic.Code = "went_unseen" // no supervisor: registrations only
)

// mostWords bounds the registrations that one line of the journal names.
const mostWords = 100

// aheadOfClock is how far in the future of the kit's clock something may have
// been sealed before that counts as a clock that was set, and not as waiting.
const aheadOfClock = 24 * time.Hour

// Approval says whether what is sealed waits for a supervisor.
type Approval struct {
	On    bool
	Since time.Time // zero if it was never switched
}

// Approval tells how it stands; it needs no passphrase.
func (s *Store) Approval(ctx context.Context) (Approval, error) {
	text, err := s.Setting(ctx, settingApproval)
	if err != nil {
		return Approval{}, err
	}
	word, since, _ := strings.Cut(text, " ")
	seconds, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return Approval{}, nil //nolint:nilerr // never switched, or nothing that this program wrote: nothing waits
	}
	return Approval{On: word == "on", Since: unix(seconds)}, nil
}

// SwitchApproval switches it, with its line in the journal. What waits while it
// is switched off goes with the next packing.
func (s *Store) SwitchApproval(ctx context.Context, on bool, by civic.OfficerID) error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	word := map[bool]string{true: "on", false: "off"}[on]
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Outer, "l", []byte(settingApproval))
		if err != nil {
			return err
		}
		value := word + " " + strconv.FormatInt(s.options.Clock().Unix(), 10)
		if err := put(tx, vault.Outer, "l", n, documentRecord{Name: settingApproval, Value: []byte(value)}); err != nil {
			return err
		}
		return s.journal(tx, EventApproval, by.String(), word)
	})
}

// waits tells whether a stub waits for a supervisor where that is wanted. What
// was restored from a lost kit never does: it is being rescued.
func (st *stub) waits() bool {
	return st.Status == civic.Sealed && st.carrier == carriedNot && !st.Practice && !st.Safe && len(st.Device) == 0 && !st.says(civic.WentUnseen)
}

// says tells whether a stub has a reason.
func (st *stub) says(code civic.Code) bool {
	return slices.ContainsFunc(st.Reasons, func(r reasonRecord) bool { return r.Code == code })
}

// Unseen lists what waits for a supervisor, oldest first; empty where that is
// not wanted.
func (s *Store) Unseen(ctx context.Context) ([]civic.RegistrationID, error) {
	o, err := s.opened()
	if err != nil {
		return nil, err
	}
	a, err := s.Approval(ctx)
	if err != nil || !a.On {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []civic.RegistrationID
	for _, st := range o.list {
		if st.waits() {
			out = append(out, st.ID)
		}
	}
	return out, nil
}

// Approve notes that a supervisor looked at registrations and said yes; those
// that wait no longer are passed over. It gives how many moved. All or none.
func (s *Store) Approve(ctx context.Context, by civic.OfficerID, ids []civic.RegistrationID) (int, error) {
	return s.lookedAt(ctx, ids, EventApproved, []string{by.String()}, func(to *stub) bool {
		return to.advance(civic.Approved, nil)
	})
}

// LetGo gives free what waited for a supervisor for longer than within, by the
// kit's clock or the centre's, whichever says so; so too what was sealed in the
// clock's future, whose age nobody knows. Zero lets everything go. It gives how
// many.
func (s *Store) LetGo(ctx context.Context, within time.Duration) (int, error) {
	waiting, err := s.Unseen(ctx)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	o, err := s.opened()
	if err != nil {
		return 0, err
	}
	now := s.options.Clock().Unix()
	server, err := s.ServerNow(ctx)
	if err != nil {
		return 0, err
	}
	most := int64(within / time.Second)
	s.mu.RLock()
	late := slices.DeleteFunc(waiting, func(id civic.RegistrationID) bool {
		st := o.byID[id]
		age := max(now, server) - st.Sealed.Wall
		return age < most && st.Sealed.Wall-now < int64(aheadOfClock/time.Second)
	})
	s.mu.RUnlock()
	return s.lookedAt(ctx, late, EventUnseen, nil, func(to *stub) bool {
		to.Reasons = []reasonRecord{{Code: civic.WentUnseen}}
		return true
	})
}

// GiveBack notes that a supervisor wants a registration asked again, and puts
// the draft that corrects it beside, in one transaction. The registration waits
// on, for its correction or until LetGo. Given back again it keeps the officer's
// draft as far as that came, with the new note; once the correction is sealed it
// is civic.WrongUse. The draft's ID is [CorrectionDraft] of the registration.
func (s *Store) GiveBack(ctx context.Context, by civic.OfficerID, id civic.RegistrationID, d Draft) error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	o, err := s.opened()
	if err != nil {
		return err
	}
	d.ID, d.Corrects = CorrectionDraft(id), id
	if _, sealed := s.sealedAs(d.ID); sealed {
		return civic.NewProblem(civic.WrongUse, nil, "This was corrected already.")
	}
	s.mu.RLock()
	st := o.byID[id]
	var to stub
	if st != nil {
		to = *st
	}
	s.mu.RUnlock()
	if st == nil || !to.waits() {
		return civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
	}
	to.Reasons = []reasonRecord{{Code: civic.GivenBack}}
	if err := s.update(ctx, func(tx *vault.Tx) error {
		var before draftRecord
		if ok, err := get(tx, "a", draftRow(d.ID), &before); err != nil && civic.CodeOf(err) != civic.RowDamaged {
			return err
		} else if ok && err == nil {
			note := d.Note
			d = before.draft()
			d.Note = note
		}
		if err := put(tx, vault.Day, "a", draftRow(d.ID), recordOfDraft(d)); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE a SET x=0 WHERE n=?1 AND x<>0", draftRow(d.ID)); err != nil {
			return err
		}
		if err := putStub(tx, &to); err != nil {
			return err
		}
		return s.journal(tx, EventGivenBack, by.String(), id.String())
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*st = to
	return nil
}

// CorrectionDraft names the draft that corrects a registration which was given
// back: the same for the same one, so that asking twice makes no second draft.
func CorrectionDraft(id civic.RegistrationID) DraftID {
	h := sha256.Sum256(append([]byte("askonce/correction/v0\x00"), id[:]...))
	return DraftID(h[:16])
}

// lookedAt changes stubs that wait and writes the journal, in one transaction.
func (s *Store) lookedAt(ctx context.Context, ids []civic.RegistrationID, event civic.Code, words []string, change func(*stub) bool) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	o, err := s.opened()
	if err != nil {
		return 0, err
	}
	var moved []move
	s.mu.RLock()
	for _, id := range ids {
		st := o.byID[id]
		if st == nil || !st.waits() || slices.ContainsFunc(moved, func(m move) bool { return m.st == st }) {
			continue
		}
		if m := (move{st, *st}); change(&m.to) {
			moved = append(moved, m)
		}
	}
	s.mu.RUnlock()
	if len(moved) == 0 {
		return 0, nil
	}
	if err := s.update(ctx, func(tx *vault.Tx) error {
		for _, m := range moved {
			if err := putStub(tx, &m.to); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(moved, mostWords) {
			line := slices.Clone(words)
			for _, m := range some {
				line = append(line, m.to.ID.String())
			}
			if err := s.journal(tx, event, line...); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	apply(moved)
	return len(moved), nil
}
