package web

import (
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formcmd"
)

// Where forms are looked at, and where a workbook is sent to.
const (
	formsPath  = "/console/forms"
	uploadPath = formsPath + "/check"
	deskPath   = formsPath + "/desk/"
)

const (
	// maxWorkbook is the largest workbook that is taken in, in bytes.
	maxWorkbook = 16 << 20
	// maxUpload leaves room for what a browser writes around it.
	maxUpload = maxWorkbook + maxForm
)

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// publishers may send forms to kits.
func publishers() []access.Role { return []access.Role{access.Administrator, access.Supervisor} }

// formRoutes are the pages about forms; empty without a catalogue.
func (s *console) formRoutes(all []access.Role) []route {
	if s.Forms == nil {
		return nil
	}
	return []route{
		{"GET " + formsPath, all, (*visit).forms},
		{"GET " + formsPath + "/of/{form}/{version}", all, (*visit).formVersion},
		{"GET " + formsPath + "/of/{form}/{version}/workbook", all, (*visit).formWorkbook},
		{"POST " + formsPath + "/retire", publishers(), (*visit).retireForm},
		{"GET " + deskPath + "{digest}", publishers(), (*visit).desk},
		{"GET " + deskPath + "{digest}/workbook", publishers(), (*visit).deskWorkbook},
		{"GET " + deskPath + "{digest}/preview", publishers(), (*visit).deskPreview},
		{"GET " + deskPath + "{digest}/map", publishers(), (*visit).deskMap},
		{"POST " + deskPath + "{digest}/map", publishers(), (*visit).writeMap},
		{"POST " + deskPath + "{digest}/publish", publishers(), (*visit).publish},
	}
}

// route is a page with those who may see it.
type route struct {
	pattern string
	roles   []access.Role
	do      func(*visit) error
}

// uploads handles the one request that carries a workbook: its token comes as the
// first part, before anything large is read.
func (s *console) uploads() http.Handler {
	return s.signedIn(publishers(), func(v *visit) error {
		name, workbook, err := v.readUpload()
		if err != nil {
			return err
		}
		digest, err := s.Forms.PutOnDesk(v.r.Context(), v.session.Area, v.session.Staff, name, workbook)
		if err != nil {
			return err
		}
		v.redirect(deskPath + digest.String())
		return nil
	})
}

// readUpload reads the parts as they come and stops at what is too large.
func (v *visit) readUpload() (name string, workbook []byte, err error) {
	malformed := func(err error) (string, []byte, error) {
		return "", nil, civic.NewProblem(civic.RequestMalformed, err)
	}
	kind, params, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return malformed(err)
	}
	parts := multipart.NewReader(v.r.Body, params["boundary"])
	first, err := parts.NextPart()
	if err != nil || first.FormName() != "token" {
		return malformed(err)
	}
	token, err := io.ReadAll(io.LimitReader(first, 256))
	if err != nil || subtle.ConstantTimeCompare(token, []byte(v.session.CSRF)) != 1 {
		return malformed(err)
	}
	file, err := parts.NextPart()
	if err != nil || file.FormName() != "workbook" {
		return malformed(err)
	}
	workbook, err = io.ReadAll(io.LimitReader(file, maxWorkbook+1))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) || len(workbook) > maxWorkbook {
		return "", nil, civic.NewProblem(civic.FormRefused, err, v.words.say("forms.too-large", maxWorkbook>>20))
	}
	if err != nil {
		return malformed(err)
	}
	if len(workbook) == 0 {
		return "", nil, civic.NewProblem(civic.FormRefused, nil, v.words.say("forms.no-file"))
	}
	return path.Base(strings.ReplaceAll(file.FileName(), `\`, "/")), workbook, nil
}

// formList is what the list of forms shows.
type formList struct {
	Versions  []forms.Version
	Offices   []civic.Area
	Publisher bool
	All       bool // may speak for all offices
}

func (v *visit) forms() error {
	var d formList
	var err error
	if d.Offices, err = v.offices(); err != nil {
		return err
	}
	if d.Versions, err = v.Forms.List(v.r.Context(), v.session.Area); err != nil {
		return err
	}
	d.Publisher, d.All = v.publishes(), v.session.Area == ""
	v.show(200, "forms", d)
	return nil
}

// offices lists those a form may be for.
func (v *visit) offices() (areas []civic.Area, err error) {
	err = v.DB.View(v.r.Context(), func(tx ledger.Tx) (err error) {
		areas, err = access.Offices(v.r.Context(), tx)
		return err
	})
	return areas, err
}

func (v *visit) publishes() bool {
	for _, r := range publishers() {
		if v.session.Role == r {
			return true
		}
	}
	return false
}

// officeOf reads the office a form is for: the visitor's own, or, for those who
// see all, the one chosen or all of them.
func (v *visit) officeOf() (civic.Area, error) {
	area := civic.Area(v.r.PostForm.Get("office"))
	if v.session.Area != "" {
		area = v.session.Area
	}
	if len(area) > maxArea {
		return "", civic.NewProblem(civic.RequestMalformed, nil)
	}
	return area, nil
}

func (v *visit) retireForm() error {
	area, err := v.officeOf()
	if err != nil {
		return err
	}
	ref := civic.FormRef{ID: civic.FormID(v.r.PostForm.Get("form")), Version: v.r.PostForm.Get("version")}
	if err := v.Forms.Retire(v.r.Context(), ref, area, v.session.Staff); err != nil {
		return err
	}
	v.done(formsPath, "form-retired")
	return nil
}

// formVersion shows a version of the catalogue as the kit shows it.
func (v *visit) formVersion() error {
	ref := civic.FormRef{ID: civic.FormID(v.r.PathValue("form")), Version: v.r.PathValue("version")}
	f, ok := v.Forms.Form(ref)
	if !ok {
		return civic.NewProblem(civic.FormUnknown, nil, ref.String())
	}
	v.show(200, "preview", v.previewOf(f, formsPath+"/of/"+url.PathEscape(string(ref.ID))+"/"+url.PathEscape(ref.Version), formsPath))
	return nil
}

func (v *visit) formWorkbook() error {
	ref := civic.FormRef{ID: civic.FormID(v.r.PathValue("form")), Version: v.r.PathValue("version")}
	b, err := v.Forms.Workbook(v.r.Context(), ref)
	if err != nil {
		return err
	}
	v.download(string(ref.ID)+"-"+ref.Version, b)
	return nil
}

// download hands a workbook out under a name made of harmless letters.
func (v *visit) download(name string, b []byte) {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, strings.TrimSuffix(name, ".xlsx"))
	v.w.Header().Set("Content-Type", workbookType)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.xlsx"`)
	_, _ = v.w.Write(b) // a browser that went away is no fault
}

// atDesk finds the workbook of the page's address.
func (v *visit) atDesk() (forms.OnDesk, error) {
	digest, err := civic.ParseDigest(v.r.PathValue("digest"))
	if err != nil {
		return forms.OnDesk{}, civic.NewProblem(civic.RequestMalformed, err)
	}
	return v.Forms.OffDesk(v.r.Context(), v.session.Area, v.session.Staff, digest)
}

// repaired gives the workbook as it is or, where wanted, with its safe repairs.
func repaired(b []byte, wanted bool) ([]byte, formcmd.Checked, error) {
	if !wanted {
		return b, formcmd.Check(b), nil
	}
	fixed, c, err := formcmd.Fix(b)
	if fixed == nil {
		fixed = b
	}
	return fixed, c, err
}

// deskPage is what the check of a workbook shows.
type deskPage struct {
	Desk     forms.OnDesk
	Check    formcmd.Checked
	Repaired *formcmd.Checked // what it would be after the safe repairs; nil without any
	Taken    string           // why the catalogue would not take it although it is sound
	Title    string
	Offices  []civic.Area
	All      bool
	Own      civic.Area
}

func (v *visit) desk() error {
	desk, err := v.atDesk()
	if err != nil {
		return err
	}
	p := deskPage{Desk: desk, Check: formcmd.Check(desk.Workbook), All: v.session.Area == "", Own: v.session.Area}
	if fixed, c, err := formcmd.Fix(desk.Workbook); err == nil && fixed != nil {
		p.Repaired = &c
	}
	if p.Check.OK {
		f, err := v.Forms.Catalogue.Fits(desk.Workbook)
		var r *form.Refusal
		if errors.As(err, &r) && len(r.Findings) > 0 {
			p.Taken = r.Findings[0].Message
		}
		if f != nil {
			p.Title = f.Title(v.words.Code)
		}
	}
	if p.Offices, err = v.offices(); err != nil {
		return err
	}
	v.show(200, "desk", p)
	return nil
}

func (v *visit) deskWorkbook() error {
	desk, err := v.atDesk()
	if err != nil {
		return err
	}
	b, _, err := repaired(desk.Workbook, v.r.URL.Query().Get("repaired") == "yes")
	if err != nil {
		return err
	}
	v.download(desk.Name, b)
	return nil
}

func (v *visit) publish() error {
	desk, err := v.atDesk()
	if err != nil {
		return err
	}
	area, err := v.officeOf()
	if err != nil {
		return err
	}
	b, c, err := repaired(desk.Workbook, v.r.PostForm.Get("repaired") == "yes")
	if err != nil {
		return err
	}
	if !c.OK {
		return c.Refused()
	}
	if _, err := v.Forms.Publish(v.r.Context(), b, nil, area, v.session.Staff); err != nil {
		return err
	}
	v.done(formsPath, "form-published")
	return nil
}
