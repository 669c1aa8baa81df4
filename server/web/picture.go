package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// picture is where a picture of a person is shown.
type picture struct {
	Address string
	Office  civic.Area
	At      int64
}

// maxPictures is how many pictures of one person are shown, the latest first.
const maxPictures = 2

// picturesOf lists the latest pictures of a person. A picture that cannot be
// listed is none: the rest of the page counts more.
func (v *visit) picturesOf(p *registry.Person) []picture {
	if v.Pictures == nil {
		return nil
	}
	var out []picture
	for _, s := range slices.Backward(p.Said) {
		if s.Withdrawn != 0 || !slices.ContainsFunc(s.Claims, func(c civic.Claim) bool { return c.Attribute == "photo" && c.Absent == civic.Present }) {
			continue
		}
		list, err := v.Pictures(v.r.Context(), s.Office, s.Registration, s.Subject)
		if err != nil {
			v.Logger.Error("a registration's pictures cannot be listed", "registration", s.Registration.String(), "code", string(civic.CodeOf(err)))
			continue
		}
		for i := range list {
			out = append(out, picture{
				Address: "/console/pictures/" + string(p.Home) + "/" + p.Person.String() + "/" + string(s.Office) + "/" + s.Registration.String() + "/" + strconv.Itoa(i) + "?subject=" + s.Subject,
				Office:  s.Office, At: s.At,
			})
			if len(out) == maxPictures {
				return out
			}
		}
	}
	return out
}

// pictureTime is how long after a look at a person its pictures open.
const pictureTime = 15 * time.Minute

// showPicture opens one picture of a person whom the visitor looks at, for the
// reason of that look; the look at the picture is a row of its log.
func (v *visit) showPicture() error {
	home, office := civic.Area(v.r.PathValue("area")), civic.Area(v.r.PathValue("office"))
	person, err := civic.ParsePersonID(v.r.PathValue("id"))
	id, bad := civic.ParseRegistrationID(v.r.PathValue("registration"))
	n, odd := strconv.Atoi(v.r.PathValue("n"))
	if err != nil || bad != nil || odd != nil || n < 0 || !v.may(home) || v.Pictures == nil || v.Picture == nil || v.Log == nil {
		return civic.NewProblem(civic.PersonAbsent, err)
	}
	ctx, subject := v.r.Context(), v.r.URL.Query().Get("subject")
	// The picture must be one of this person: who it is of decides whose log the
	// row stands in.
	ref := registry.Ref{Home: home, Person: person}
	var look translog.Row
	err = v.DB.View(ctx, func(tx ledger.Tx) error {
		links, err := v.Registry.Linked(ctx, tx, office, []civic.RegistrationID{id})
		if err == nil && !slices.Contains(links[id], registry.Link{Subject: subject, To: ref}) {
			err = civic.NewProblem(civic.PersonAbsent, nil)
		}
		if err != nil {
			return err
		}
		var looks bool
		if look, looks, err = v.Log.LookedLately(ctx, tx, ref, v.session.Staff, v.Clock().Add(-pictureTime).Unix()); err == nil && !looks {
			err = civic.NewProblem(civic.ReasonWanted, nil)
		}
		return err
	})
	if err != nil {
		return err
	}
	list, err := v.Pictures(ctx, office, id, subject)
	if err != nil {
		return err
	}
	if n >= len(list) {
		return civic.NewProblem(civic.UploadUnknown, nil)
	}
	b, err := v.Picture(ctx, office, list[n].Digest)
	if err != nil {
		return err
	}
	kind := http.DetectContentType(b)
	if kind != "image/jpeg" && kind != "image/png" {
		return civic.NewProblem(civic.PictureUnknown, nil)
	}
	err = v.DB.Update(ctx, func(tx ledger.Tx) error { return v.lookedAtPicture(ctx, tx, ref, id, look.Reason) })
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = v.w.Write(b) // a browser that went away is no fault
	return nil
}

func (v *visit) lookedAtPicture(ctx context.Context, tx ledger.Tx, ref registry.Ref, id civic.RegistrationID, reason string) error {
	return translog.Append(ctx, tx, v.Clock(), []translog.Entry{{
		Area: ref.Home, Person: ref.Person, Kind: translog.Staff, Actor: v.session.Staff, Action: translog.Look, Procedure: "review",
		Reason: reason, Fields: []civic.Attribute{"photo"}, Records: []civic.RegistrationID{id}, Count: 1,
	}})
}
