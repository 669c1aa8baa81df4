package web

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

func (v *visit) devices() error {
	var d struct {
		Devices       []access.Device
		Offices       []civic.Area
		Administrator bool
	}
	err := v.read("read_devices", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		d.Offices, err = access.Offices(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	if d.Devices, err = v.ownDevices(); err != nil {
		return err
	}
	d.Administrator = v.session.Role == access.Administrator
	v.show(200, "devices", d)
	return nil
}

// maxArea is the longest name of an office, in bytes.
const maxArea = 64

// invite makes a code for one kit and shows it this once, as text and as a
// picture.
func (v *visit) invite() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	if area == "" || len(area) > maxArea || !v.may(area) {
		return civic.NewProblem(civic.WrongUse, nil, v.words.say("devices.which-office"))
	}
	code, expires, err := v.Access.Invite(v.r.Context(), area, access.DefaultInvite, v.session.Staff)
	if err != nil {
		return err
	}
	address, err := v.URL(v.r.Context())
	if err != nil {
		return err
	}
	picture, err := draw(code.String())
	if err != nil {
		return err
	}
	v.show(200, "invited", struct {
		Area          civic.Area
		Code, Address string
		Expires       time.Time
		Picture       square
	}{area, code.String(), address, expires, picture})
	return nil
}

// square is a QR code as the path of an SVG: no picture file, no inline style.
type square struct {
	Size int // modules along a side, the quiet border included
	Path string
}

func draw(text string) (square, error) {
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return square{}, err
	}
	bits := q.Bitmap()
	var path []byte
	for y, row := range bits {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			run := 1
			for x+run < len(row) && row[x+run] {
				run++
			}
			path = fmt.Appendf(path, "M%d %dh%dv1h-%dz", x, y, run, run)
			x += run - 1
		}
	}
	return square{Size: len(bits), Path: string(path)}, nil
}

// ownDevice finds a kit of an office that the visitor sees.
func (v *visit) ownDevice(id civic.DeviceID) (d access.Device, err error) {
	err = v.DB.View(v.r.Context(), func(tx ledger.Tx) (err error) {
		d, err = v.Access.ByID(v.r.Context(), tx, id)
		return err
	})
	if err == nil && !v.may(d.Area) {
		err = civic.NewProblem(civic.DeviceUnknown, nil)
	}
	return d, err
}

// withdraw says what withdrawing a kit does, since it cannot be undone.
func (v *visit) withdraw() error {
	id, err := civic.ParseDeviceID(v.r.PathValue("kit"))
	if err != nil {
		return civic.NewProblem(civic.DeviceAbsent, err, v.r.PathValue("kit"))
	}
	d, err := v.ownDevice(id)
	if civic.CodeOf(err) == civic.DeviceUnknown {
		err = civic.NewProblem(civic.DeviceAbsent, err, v.r.PathValue("kit"))
	}
	if err == nil {
		d.Name = cmp.Or(d.Name, v.words.say("devices.unnamed"))
		v.show(200, "withdraw", d)
	}
	return err
}

func (v *visit) revoke() error {
	id, err := civic.ParseDeviceID(v.r.PostForm.Get("kit"))
	if err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	if _, err := v.ownDevice(id); err != nil {
		return err
	}
	if _, err := v.Access.Revoke(v.r.Context(), id, 0, v.r.PostForm.Get("wipe") == "yes", v.session.Staff); err != nil {
		return err
	}
	v.done("/console/devices", "withdrawn")
	return nil
}

// done goes on to a page that says what was done.
func (v *visit) done(next, said string) {
	v.redirect(next + "?said=" + said)
}

func (v *visit) redirect(next string) {
	v.w.Header().Set("Location", next)
	v.w.WriteHeader(303)
}

func (v *visit) quarantine() error {
	var d struct {
		Aside         []Aside
		Kits          map[civic.DeviceID]string
		Administrator bool
	}
	err := v.read("read_quarantine", nil, "", func(context.Context, ledger.Tx) error { return nil })
	if err != nil {
		return err
	}
	if v.Aside != nil {
		if d.Aside, err = v.Aside(v.r.Context(), v.session.Area); err != nil {
			return err
		}
	}
	if d.Kits, err = v.kitNames(); err != nil {
		return err
	}
	d.Administrator = v.session.Role == access.Administrator && v.Retry != nil
	v.show(200, "quarantine", d)
	return nil
}

func (v *visit) retry() error {
	file, err := civic.ParseDigest(v.r.PostForm.Get("file"))
	if err != nil || v.Retry == nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	// Whose file it is, the ledger says; the session says whose it may be.
	if err := v.Retry(v.r.Context(), v.session.Area, file, v.session.Staff); err != nil {
		return err
	}
	v.done("/console/quarantine", "retried")
	return nil
}
