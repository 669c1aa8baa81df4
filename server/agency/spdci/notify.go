package spdci

import (
	"context"
	"encoding/hex"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

// notification tells of an event what the agency may see of the person now.
func (a api) notification(ctx context.Context, tx ledger.Tx, j *job, who share.Agency) (any, error) {
	code, err := hex.DecodeString(j.Code)
	if err != nil {
		return nil, err
	}
	sub, err := a.subscriptionOf(ctx, tx, who.ID, code)
	if err != nil {
		return nil, err
	}
	if sub == nil || len(j.Subject) != 16 {
		return nil, errSilent
	}
	links, err := a.server.Registry.Linked(ctx, tx, j.Area, []civic.RegistrationID{civic.RegistrationID(j.Subject)})
	if err != nil {
		return nil, err
	}
	var ref *registry.Ref
	for _, list := range links {
		for _, l := range list {
			if l.Subject == "" {
				ref = &l.To
			}
		}
	}
	if ref == nil {
		return nil, errSilent
	}
	sub.search.Ref, sub.search.Ask.Agency = ref, who
	found, err := a.server.Find(ctx, tx, sub.search)
	if err != nil {
		return nil, err
	}
	if len(found.Looks) == 0 || sub.filtered && !sub.filter.Fits(&found.Looks[0]) {
		return nil, errSilent // nothing was told, so no row is kept
	}
	alias, err := a.server.Alias(ctx, tx, who.ID, *ref)
	if err != nil {
		return nil, err
	}
	txn, err := a.server.NewID()
	if err != nil {
		return nil, err
	}
	return notifyRequest{Txn: txn, Events: []notifyItem{{
		Reference: j.Code, TS: stamp(a.server.Clock()), Locale: "eng",
		Data: notifyData{Version: "1.0.0", RegType: a.regType(), EventType: j.Event, RecordType: a.recordType(), Records: a.record(alias, &found.Looks[0])},
	}}}, nil
}
