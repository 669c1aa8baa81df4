package web

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// seenLook is one row as its person reads it.
type seenLook struct {
	translog.Row
	Who     string // the agency's name, or what sort of person looked
	Purpose string
	Key     string // of the row, for an objection
	Open    bool   // it may be objected to: no act of the citizen's own
}

func (c *caller) looks() error {
	var d struct {
		Token      string
		Factor     string
		Rows       []seenLook
		Hidden     int
		More       bool
		Next       string
		Choices    []share.Choice
		Objections []citizen.Objection
		Agencies   map[agreement.AgencyID]string
		Now        time.Time
		Minutes    int // until the visit closes
		// Registration and Office say on the printed sheet whose it is.
		Registration civic.RegistrationID
		Office       civic.Area
	}
	var before translog.RowID
	if raw, err := hex.DecodeString(c.r.URL.Query().Get("before")); err == nil {
		copy(before[:], raw)
	}
	looks, err := c.p.door.Looks(c.r.Context(), c.entered, before)
	if err != nil {
		return err
	}
	names := map[agreement.AgencyID]string{}
	err = c.DB.View(c.r.Context(), func(tx ledger.Tx) error {
		all, err := c.p.share.Agencies(c.r.Context(), tx)
		for _, a := range all {
			names[a.ID] = a.Name
		}
		if err == nil {
			d.Choices, err = share.Choices(c.r.Context(), tx, c.entered.Area, []civic.RegistrationID{c.entered.Registration})
		}
		return err
	})
	if err != nil {
		return err
	}
	if d.Objections, err = c.p.door.Mine(c.r.Context(), c.entered); err != nil {
		return err
	}
	for _, row := range looks.Rows {
		s := seenLook{Row: row, Key: hex.EncodeToString(row.ID[:]), Open: row.Kind != translog.Citizen, Who: c.words.say("look.kind." + string(row.Kind))}
		if name := names[agreement.AgencyID(row.Actor)]; row.Kind == translog.Agency && name != "" {
			s.Who = name
		}
		s.Purpose = c.words.purpose(row.Entry.Purpose)
		d.Rows = append(d.Rows, s)
		d.Next = s.Key
	}
	d.Token, d.Factor, d.Hidden, d.More, d.Now = c.entered.FormToken, c.entered.Factor, looks.Hidden, looks.More, c.Clock()
	d.Minutes, d.Registration, d.Office, d.Agencies = c.minutes(), c.entered.Registration, c.entered.Area, names
	c.show(http.StatusOK, "looks", d)
	return nil
}

// minutes are how long the visit stays open.
func (c *caller) minutes() int { return max(1, int(c.entered.Expires.Sub(c.Clock()).Minutes())) }

func (c *caller) object() error {
	o := citizen.Objection{Words: c.r.PostForm.Get("words"), RowArea: civic.Area(c.r.PostForm.Get("row_area"))}
	if raw := c.r.PostForm.Get("row"); raw != "" {
		id, err := hex.DecodeString(raw)
		if err != nil || len(id) != len(o.Row) || len(o.RowArea) > maxArea {
			return civic.NewProblem(civic.RequestMalformed, err)
		}
		o.Row = translog.RowID(id)
	}
	if _, err := c.p.door.Object(c.r.Context(), c.entered, o); err != nil {
		return err
	}
	c.redirect("/citizen/objected")
	return nil
}

// noticeName names the words of this page in records of consent.
const noticeName = "citizen/choose"

// choose lets others reuse what was said, or no longer.
func (c *caller) choose() error {
	state := policy.Withdrawn
	if c.r.PostForm.Get("choice") == "give" {
		state = policy.Given
	}
	scope := policy.Scope{Source: civic.ServiceID(c.r.PostForm.Get("source")), Target: civic.ServiceID(c.r.PostForm.Get("target")), Purpose: civic.Purpose(c.r.PostForm.Get("purpose")), Agency: agreement.AgencyID(c.r.PostForm.Get("agency"))}
	ctx := c.r.Context()
	err := c.DB.Update(ctx, func(tx ledger.Tx) error {
		known, err := share.Choices(ctx, tx, c.entered.Area, []civic.RegistrationID{c.entered.Registration})
		if err != nil {
			return err
		}
		// Only what was asked before is chosen anew; to withdraw all needs no such.
		asked := state == policy.Withdrawn && scope == policy.Scope{}
		for _, k := range known {
			asked = asked || k.Scope == scope
		}
		if !asked {
			return civic.NewProblem(civic.RequestMalformed, nil)
		}
		button := c.words.say("looks.withdraw")
		switch {
		case state == policy.Given:
			button = c.words.say("looks.give")
		case scope == policy.Scope{}:
			button = c.words.say("looks.withdraw.all")
		}
		words := civic.NoticeDigest(noticeName, c.words.Code, c.words.say("looks.choices"), button)
		_, err = c.p.share.Choose(ctx, tx, share.Choice{
			Area: c.entered.Area, Registration: c.entered.Registration, State: state, Scope: scope, Language: c.words.Code,
			Notice: noticeName + " sha256:" + words.String(), By: share.ByIndividual, Channel: "receipt", Actor: c.entered.Factor, Said: c.Clock(),
		})
		return err
	})
	if err == nil {
		c.redirect("/citizen/saved")
	}
	return err
}

func (c *caller) code() error {
	first, again := c.r.PostForm.Get("code"), c.r.PostForm.Get("again")
	if first != again {
		return civic.NewProblem(civic.CodesDiffer, nil)
	}
	if err := c.p.door.SetCode(c.r.Context(), c.entered, first); err != nil {
		return err
	}
	c.redirect("/citizen/saved")
	return nil
}

// preview shows what would cross, before it crosses.
func (c *caller) preview() error {
	var d struct {
		Minutes   int
		Crossings []citizen.Crossing
	}
	var err error
	if d.Crossings, err = c.p.door.Preview(c.r.Context(), c.entered); err != nil {
		return err
	}
	d.Minutes = c.minutes()
	c.show(http.StatusOK, "crossing", d)
	return nil
}

func (c *caller) saved() error {
	c.show(http.StatusOK, "saved", strings.HasSuffix(c.r.URL.Path, "objected"))
	return nil
}
