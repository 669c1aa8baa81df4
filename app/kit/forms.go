package kit

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// maxWorkbook limits a form's workbook, in bytes.
const maxWorkbook = 16 << 20

// loadShippedForms puts the forms that ship with the program into the catalogue.
func (k *Kit) loadShippedForms() error {
	names, err := fs.Glob(assets.Forms, "forms/*.xlsx")
	if err != nil {
		return err
	}
	for _, name := range names {
		workbook, err := assets.Forms.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := k.forms.Add(workbook); err != nil {
			return civic.NewProblem(civic.FormRefused, err, path.Base(name)+": "+err.Error())
		}
	}
	return nil
}

// Services are what citizens can come for on this kit: the newest version of
// each form.
func (k *Kit) Services() []Service {
	var out []Service
	seen := map[civic.FormID]bool{}
	for _, f := range k.forms.All() {
		if seen[f.ID] {
			continue
		}
		seen[f.ID] = true
		if latest, ok := k.forms.Latest(f.ID); ok {
			out = append(out, serviceOf(latest))
		}
	}
	return out
}

func serviceOf(f *form.Form) Service {
	s := Service{ID: f.Service(), Form: f.Ref(), Languages: f.Languages(), Titles: titles(f)}
	for _, q := range f.Questions() {
		if q.Kind.Asked() {
			s.Questions++
		}
	}
	return s
}

func titles(f *form.Form) map[string]string {
	out := map[string]string{}
	for _, lang := range f.Languages() {
		out[lang] = f.Title(lang)
	}
	return out
}

// formFor finds a form by the id of one on this kit, else by the path of a
// workbook, which is then kept with the kit.
func (k *Kit) formFor(idOrPath string) (*form.Form, []byte, error) {
	if f, ok := k.forms.Latest(civic.FormID(idOrPath)); ok {
		return f, nil, nil
	}
	if !strings.HasSuffix(strings.ToLower(idOrPath), ".xlsx") {
		return nil, nil, civic.NewProblem(civic.FormUnknown, nil, idOrPath)
	}
	info, err := os.Stat(idOrPath)
	if err != nil || info.Size() > maxWorkbook {
		return nil, nil, civic.NewProblem(civic.FileUnreadable, err, idOrPath)
	}
	workbook, err := os.ReadFile(idOrPath)
	if err != nil {
		return nil, nil, civic.NewProblem(civic.FileUnreadable, err, idOrPath)
	}
	f, err := k.forms.Add(workbook)
	if err != nil {
		return nil, nil, err
	}
	return f, workbook, nil
}
