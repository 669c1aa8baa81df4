package kit

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// importChunk is how many rows are sealed in one transaction: an import that is
// stopped keeps every chunk that was finished.
const importChunk = 200

// ImportResult says what became of a list.
type ImportResult struct {
	Sealed       int
	Rejected     int
	Repeated     int    // rows that an earlier run of the same import sealed already
	RejectedFile string // empty when no row was rejected
	Ignored      []string
	Warnings     []ImportWarning
}

// ImportWarning is something kept but worth a look.
type ImportWarning struct {
	Row    int    // line of the list, the header is 1
	Column string // the question
	Code   civic.Code
}

// Import seals one registration for each row of a CSV and writes the rows that
// break the form's rules to FILE.rejected.csv with the reason in words as a
// last column. formName is the id of a form on this kit or the path of a
// workbook. A row that an earlier run sealed is not sealed again, so an import
// that was stopped is simply run once more; the result is filled in beside an
// error.
func (k *Kit) Import(ctx context.Context, formName, file string, progress func(Progress)) (ImportResult, error) {
	st, err := k.open()
	if err != nil {
		return ImportResult{}, err
	}
	if err := k.checkBefore(ctx, st); err != nil {
		return ImportResult{}, err
	}
	f, workbook, err := k.formFor(formName)
	if err != nil {
		return ImportResult{}, err
	}
	if workbook != nil {
		if err := st.KeepForm(ctx, f.Ref(), workbook); err != nil {
			return ImportResult{}, problem(err)
		}
	}
	l, err := readList(file, f)
	if err != nil {
		return ImportResult{}, err
	}
	return k.importList(ctx, st, f, l, progress)
}

func (k *Kit) importList(ctx context.Context, st *store.Store, f *form.Form, l *list, progress func(Progress)) (ImportResult, error) {
	im := &importer{k: k, st: st, form: f, list: l, progress: progress, started: k.o.Clock()}
	sealer, err := k.newSealer(st)
	if err != nil {
		return ImportResult{}, err
	}
	im.sealer = sealer
	if im.known, err = im.sealedBefore(ctx); err != nil {
		return ImportResult{}, problem(err)
	}
	im.result.Ignored = l.ignored
	err = im.run(ctx)
	if kept := im.known.keep(context.WithoutCancel(ctx), st); err == nil {
		err = kept
	}
	if im.result.Sealed > 0 {
		k.copyAside(context.WithoutCancel(ctx), st)
	}
	if wrote := im.writeRejected(l.name, err == nil); err == nil {
		err = wrote
	}
	return im.result, problem(err)
}

// importer is one run over one list.
type importer struct {
	k        *Kit
	st       *store.Store
	form     *form.Form
	list     *list
	sealer   sealer
	known    *seenRows
	progress func(Progress)
	started  time.Time

	result   ImportResult
	rejected [][]string
}

// ready is a row that may be sealed.
type ready struct {
	draft  capture.Draft
	row    row
	source string // what the list calls it
	tag    rowTag
}

func (im *importer) run(ctx context.Context) error {
	chunk := make([]ready, 0, importChunk)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := im.list.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// What was read before is sealed; running again goes on.
			if err := im.seal(ctx, chunk); err != nil {
				return err
			}
			return civic.NewProblem(civic.ListCut, err, im.list.name, strconv.Itoa(im.result.Sealed+im.result.Repeated))
		}
		if row.wrong != "" {
			im.reject(row, row.wrong)
		} else if r, ok := im.take(row); ok {
			chunk = append(chunk, r)
		}
		if len(chunk) == importChunk {
			if err := im.seal(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
		im.tell()
	}
	if err := im.seal(ctx, chunk); err != nil {
		return err
	}
	if im.list.rows == 0 {
		return civic.NewProblem(civic.ImportEmpty, nil)
	}
	return nil
}

// take turns one row into answers and judges them by the form's own rules.
func (im *importer) take(row row) (ready, bool) {
	record := row.cells
	session := form.Start(im.form, im.k.env(im.st))
	var warnings []ImportWarning
	source := ""
	if im.list.sourceRow {
		source = strings.TrimSpace(record[0])
	}
	var wrong []string
	answered := false
	for i, c := range im.list.columns {
		if c.question == nil || i >= len(record) {
			continue
		}
		text := strings.TrimSpace(record[i])
		if text == "" {
			continue
		}
		answered = true
		a := answerOf(c.question, text)
		if a.Stated != "" {
			warnings = append(warnings, ImportWarning{Row: row.line, Column: c.header, Code: civic.AnswersInvalid})
		}
		if err := session.Set(c.question.Path, a); err != nil {
			wrong = append(wrong, c.header+": "+err.Error())
		}
	}
	findings := session.CheckAll()
	for _, f := range findings {
		wrong = append(wrong, im.list.wordsOf(f))
	}
	if !answered {
		wrong = append(wrong, "the row answers no question")
	}
	if len(wrong) > 0 {
		im.reject(row, strings.Join(wrong, "; "))
		return ready{}, false
	}
	now := im.st.Stamp()
	d := capture.Draft{
		Form: im.form.Ref(), Services: []civic.ServiceID{im.form.Service()}, Answers: session.Answers(), Started: now, Updated: now,
	}
	if langs := im.form.Languages(); len(langs) > 0 {
		d.Language = langs[0]
	}
	tag, before := im.known.before(source, d.Answers)
	if before {
		im.result.Repeated++
		return ready{}, false
	}
	im.result.Warnings = append(im.result.Warnings, warnings...)
	return ready{draft: d, row: row, source: source, tag: tag}, true
}

// seal seals rows in one transaction. A row of which no registration can be
// made is refused, and the others go on without it.
func (im *importer) seal(ctx context.Context, chunk []ready) error {
	for len(chunk) > 0 {
		bad, why := -1, error(nil)
		ids, err := im.st.SealMany(ctx, len(chunk), func(i int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
			r, digest, text, err := im.sealer.make(im.form, chunk[i].draft, chunk[i].source, counter, previous)
			if err != nil {
				bad, why = i, err
			}
			return r, digest, text, err
		})
		if why == nil {
			im.result.Sealed += len(ids)
			for _, r := range chunk[:len(ids)] {
				im.known.keepTag(r.tag)
			}
			return err
		}
		im.reject(chunk[bad].row, "no registration can be made of this row: "+problem(why).Error())
		chunk = slices.Delete(slices.Clone(chunk), bad, bad+1)
	}
	return nil
}

func (im *importer) reject(r row, reason string) {
	im.result.Rejected++
	width := len(im.list.header)
	record := make([]string, width, width+len(rejectedColumns()))
	text := r.text
	if len(r.cells) <= width && r.cells != nil {
		copy(record, r.cells)
		text = ""
	}
	im.rejected = append(im.rejected, append(record, strconv.Itoa(r.line), text, reason))
}

// rejectedHeader is the list's own with the columns that say why.
func (im *importer) rejectedHeader() []string {
	return append(slices.Clone(im.list.header), rejectedColumns()...)
}

// writeRejected leaves the refused rows beside the list, ready to be corrected
// and imported. A whole import that refused none takes away what an earlier one
// of the same list left.
func (im *importer) writeRejected(file string, whole bool) error {
	name := rejectedName(file)
	if len(im.rejected) == 0 {
		if whole && im.wroteBefore(name) {
			if err := os.Remove(name); err != nil {
				return civic.NewProblem(civic.FileUnwritable, err, name)
			}
		}
		return nil
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, name)
	}
	w := csv.NewWriter(out)
	_ = w.Write(im.rejectedHeader()) // Flush and Error tell
	for _, r := range im.rejected {
		_ = w.Write(r)
	}
	w.Flush()
	err = w.Error()
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, name)
	}
	im.result.RejectedFile = name
	return nil
}

// wroteBefore tells a file of this import from somebody's own of that name.
func (im *importer) wroteBefore(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // only read from
	header, err := csv.NewReader(io.LimitReader(file, maxLine)).Read()
	return err == nil && slices.Equal(header, im.rejectedHeader())
}

func rejectedName(file string) string {
	base := file
	if n := len(file) - len(".csv"); n > 0 && strings.EqualFold(file[n:], ".csv") {
		base = file[:n]
	}
	return base + ".rejected.csv"
}

// tell reports progress every hundred rows.
func (im *importer) tell() {
	if im.progress == nil || im.list.rows%100 != 0 {
		return
	}
	p := Progress{Phase: "import", Done: im.list.read(), Total: im.list.size}
	if took := im.k.o.Clock().Sub(im.started).Seconds(); took > 0 && p.Done > 0 {
		p.Rate = float64(p.Done) / took
		p.Left = time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second))
	}
	im.progress(p)
}
