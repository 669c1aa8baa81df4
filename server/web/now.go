package web

import (
	"context"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/share"
)

// task is something that waits for the visitor, and where it is done.
type task struct{ Words, Link string }

// waiting lists what waits for the visitor's role, the most pressing first.
func (v *visit) waiting(ctx context.Context, tx ledger.Tx) (out []task, err error) {
	add := func(n int, key, link string) {
		if n > 0 {
			out = append(out, task{v.words.say("now."+key, v.words.number(n)), link})
		}
	}
	role := v.session.Role
	if role == access.Supervisor || role == access.Auditor {
		n, err := v.Access.GlassesOpen(ctx, tx, v.session.Area)
		if err != nil {
			return nil, err
		}
		add(n, "glasses", "/console/glass")
		if v.Citizens != nil {
			open, overdue, err := v.Citizens.Standing(ctx, tx, v.session.Area)
			if err != nil {
				return nil, err
			}
			add(overdue, "overdue", "/console/objections")
			add(open, "objections", "/console/objections")
		}
	}
	if role == access.Reviewer || role == access.Supervisor {
		_, mine, err := v.queue(ctx, tx)
		if err != nil {
			return nil, err
		}
		if len(mine) > 0 {
			add(len(mine), "reviews", questionAt(mine[0]))
		}
		weak, err := reconcile.Weaks(ctx, tx, v.session.Area, v.Clock(), dueMost)
		if err != nil {
			return nil, err
		}
		add(len(weak), "weak", "/console/evidence-due?days=1")
	}
	if v.Share != nil && share.MayAgree(string(role)) {
		all, err := v.Share.Revisions(ctx, tx, "")
		if err != nil {
			return nil, err
		}
		n := 0
		for _, r := range all {
			if r.State == share.Drafted && r.Drafted.Role != string(role) && r.Drafted.Name != v.session.Staff {
				n++
			}
		}
		add(n, "drafts", "/console/agreements")
	}
	return out, nil
}
