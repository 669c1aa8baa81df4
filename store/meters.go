package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"

	"github.com/askonce/fieldkit/sync/protocol"
)

// settingMeters holds what interviews came to and the centre has not said it
// has: counts only, so that it can be told without a passphrase.
const settingMeters = "meters"

// settingLate holds the figures of the last registrations, for the home page.
const settingLate = "meters late"

// mostMeters are kept at a time; a kit that never meets its centre forgets the
// oldest figures, no registration.
const mostMeters = 2 * protocol.MaxMeters

// mostLate is how many figures the home page may look at.
const mostLate = 400

// Meters gives the figures that wait, by growing counters, as many as one
// request takes (package sync/client, Metering).
func (s *Store) Meters(ctx context.Context) ([]protocol.Meter, error) {
	all, err := s.meters(ctx)
	return all[:min(len(all), protocol.MaxMeters)], err
}

// Metered forgets the figures up to a counter: the centre has them.
func (s *Store) Metered(ctx context.Context, upTo uint64) error {
	all, err := s.meters(ctx)
	if err != nil {
		return err
	}
	return s.keep(ctx, settingMeters, slices.DeleteFunc(all, func(m protocol.Meter) bool { return m.Counter <= upTo }), mostMeters)
}

// AddMeters puts figures to those that wait and to those of late; of one
// registration the first word counts.
func (s *Store) AddMeters(ctx context.Context, fresh []protocol.Meter) error {
	late, err := s.LateMeters(ctx)
	if err != nil {
		return err
	}
	known := map[uint64]bool{}
	for _, m := range late {
		known[m.Counter] = true
	}
	fresh = slices.DeleteFunc(slices.Clone(fresh), func(m protocol.Meter) bool { return known[m.Counter] })
	if len(fresh) == 0 {
		return nil
	}
	waiting, err := s.meters(ctx)
	if err != nil {
		return err
	}
	if err := s.keep(ctx, settingMeters, append(waiting, fresh...), mostMeters); err != nil {
		return err
	}
	return s.keep(ctx, settingLate, append(late, fresh...), mostLate)
}

// LateMeters gives the figures of the last registrations, told or not.
func (s *Store) LateMeters(ctx context.Context) ([]protocol.Meter, error) {
	return s.metersAt(ctx, settingLate)
}

func (s *Store) meters(ctx context.Context) ([]protocol.Meter, error) {
	return s.metersAt(ctx, settingMeters)
}

func (s *Store) metersAt(ctx context.Context, setting string) ([]protocol.Meter, error) {
	text, err := s.Setting(ctx, setting)
	if err != nil || text == "" {
		return nil, err
	}
	var all []protocol.Meter
	b, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = protocol.Unmarshal(b, &all)
	}
	if err != nil { // figures that cannot be read hold nothing up
		all = nil
	}
	return all, nil
}

func (s *Store) keep(ctx context.Context, setting string, all []protocol.Meter, most int) error {
	if len(all) == 0 {
		return s.SetSetting(ctx, setting, "")
	}
	slices.SortFunc(all, func(a, b protocol.Meter) int { return cmp.Compare(a.Counter, b.Counter) })
	b, err := protocol.Marshal(all[max(0, len(all)-most):])
	if err != nil {
		return err
	}
	return s.SetSetting(ctx, setting, base64.StdEncoding.EncodeToString(b))
}
