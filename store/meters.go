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

// mostMeters are kept at a time; a kit that never meets its centre forgets the
// oldest figures, no registration.
const mostMeters = 2 * protocol.MaxMeters

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
	return s.keepMeters(ctx, slices.DeleteFunc(all, func(m protocol.Meter) bool { return m.Counter <= upTo }))
}

// AddMeters puts figures to those that wait; of one registration the last word
// counts.
func (s *Store) AddMeters(ctx context.Context, fresh []protocol.Meter) error {
	all, err := s.meters(ctx)
	if err != nil {
		return err
	}
	for _, f := range fresh {
		all = append(slices.DeleteFunc(all, func(m protocol.Meter) bool { return m.Counter == f.Counter }), f)
	}
	slices.SortFunc(all, func(a, b protocol.Meter) int { return cmp.Compare(a.Counter, b.Counter) })
	return s.keepMeters(ctx, all)
}

func (s *Store) meters(ctx context.Context) ([]protocol.Meter, error) {
	text, err := s.Setting(ctx, settingMeters)
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

func (s *Store) keepMeters(ctx context.Context, all []protocol.Meter) error {
	if len(all) == 0 {
		return s.SetSetting(ctx, settingMeters, "")
	}
	b, err := protocol.Marshal(all[max(0, len(all)-mostMeters):])
	if err != nil {
		return err
	}
	return s.SetSetting(ctx, settingMeters, base64.StdEncoding.EncodeToString(b))
}
