package kit

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
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
	im := &importer{k: k, st: st, form: f, list: l, progress: progress, started: k.o.Clock()}
	if im.sealer, err = k.newSealer(st); err != nil {
		return ImportResult{}, err
	}
	if im.known, err = im.sealedBefore(ctx); err != nil {
		return ImportResult{}, problem(err)
	}
	im.result.Ignored = l.ignored
	err = im.run(ctx)
	if kept := im.known.keep(context.WithoutCancel(ctx), st, im.result.Sealed); err == nil {
		err = kept
	}
	if im.result.Sealed > 0 {
		k.copyAside(context.WithoutCancel(ctx), st)
	}
	if wrote := im.writeRejected(file); err == nil {
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
	draft capture.Draft
	row   string
}

func (im *importer) run(ctx context.Context) error {
	chunk := make([]ready, 0, importChunk)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, line, err := im.list.next()
		if errors.Is(err, errListEnd) {
			break
		}
		if err != nil {
			im.reject(record, "the line cannot be read: "+err.Error())
			continue
		}
		if r, ok := im.take(record, line); ok {
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
func (im *importer) take(record []string, line int) (ready, bool) {
	session := form.Start(im.form, im.k.env(im.st))
	var warnings []ImportWarning
	row := ""
	if im.list.sourceRow {
		row = strings.TrimSpace(record[0])
	}
	var wrong []string
	for i, c := range im.list.columns {
		if c.question == nil || i >= len(record) {
			continue
		}
		text := strings.TrimSpace(record[i])
		if text == "" {
			continue
		}
		a := answerOf(c.question, text)
		if a.Stated != "" {
			warnings = append(warnings, ImportWarning{Row: line, Column: c.header, Code: civic.AnswersInvalid})
		}
		if err := session.Set(c.question.Path, a); err != nil {
			wrong = append(wrong, c.header+": "+err.Error())
		}
	}
	findings := session.CheckAll()
	for _, f := range findings {
		wrong = append(wrong, im.list.wordsOf(f))
	}
	if len(wrong) > 0 {
		im.reject(record, strings.Join(wrong, "; "))
		return ready{}, false
	}
	now := im.st.Stamp()
	d := capture.Draft{
		Form: im.form.Ref(), Services: []civic.ServiceID{im.form.Service()}, Answers: session.Answers(), Started: now, Updated: now,
	}
	if langs := im.form.Languages(); len(langs) > 0 {
		d.Language = langs[0]
	}
	if im.known.before(row, d.Answers) {
		im.result.Repeated++
		return ready{}, false
	}
	im.result.Warnings = append(im.result.Warnings, warnings...)
	return ready{draft: d, row: row}, true
}

func (im *importer) seal(ctx context.Context, chunk []ready) error {
	if len(chunk) == 0 {
		return nil
	}
	ids, err := im.st.SealMany(ctx, len(chunk), func(i int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return im.sealer.make(im.form, chunk[i].draft, chunk[i].row, counter, previous)
	})
	im.result.Sealed += len(ids)
	return err
}

func (im *importer) reject(record []string, reason string) {
	im.result.Rejected++
	im.rejected = append(im.rejected, append(append([]string{}, record...), reason))
}

// writeRejected leaves the refused rows beside the list, ready to be corrected
// and imported.
func (im *importer) writeRejected(file string) error {
	if len(im.rejected) == 0 {
		return nil
	}
	name := rejectedName(file)
	out, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	w := csv.NewWriter(out)
	_ = w.Write(append(append([]string{}, im.list.header...), "reason")) // Flush and Error tell
	for _, r := range im.rejected {
		for len(r) < len(im.list.header)+1 { // a short row keeps the reason last
			r = append(r[:len(r)-1], "", r[len(r)-1])
		}
		_ = w.Write(r)
	}
	w.Flush()
	err = w.Error()
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	im.result.RejectedFile = name
	return nil
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
