package screen

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// pickPage finds a picture among the newest of the usual folders, or by its
// path. It takes the place of a file dialog, which no keyboard can use.
type pickPage struct {
	title string
	typed string
	err   error
	took  func(name string, content []byte) error

	s     *Shell
	list  *fyne.Container
	files []pictureFile
}

type pictureFile struct {
	path string
	when time.Time
	size int64
}

// Limits of looking for pictures: a card with ten thousand photos must not
// hold the officer up, nor a film be read into memory.
const (
	mostSeen    = 20_000
	mostListed  = 40
	largestFile = 32 << 20
)

func (p *pickPage) name() string { return "pick" }

func (p *pickPage) build(s *Shell) view {
	p.s = s
	say := s.c.Words.Say
	p.files = pictures(s.c.Pictures)
	f := s.field("pick.path", &p.typed)
	f.SetPlaceHolder(say("pick.hint"))
	f.Changed = func(t string) { p.typed = t; p.fill() }
	f.Next = p.first
	p.list = container.New(&widget.Column{Gap: theme.Gap})
	body := column(widget.NewText(say("pick.intro")), f, p.list)
	if p.err != nil {
		body.Objects = append([]fyne.CanvasObject{s.problemOf(p.err)}, body.Objects...)
	}
	p.fill()
	return view{title: p.title, body: body, focus: f,
		main: &action{name: "pick.take", icon: theme.IconCheck, words: say("pick.take"), do: p.first}}
}

// fill lists the pictures whose name has what was typed.
func (p *pickPage) fill() {
	p.list.Objects = nil
	for i, file := range p.matching() {
		name := filepath.Base(file.path)
		words := p.s.c.Words.Bytes(file.size) + " · " + p.s.c.Words.Moment(file.when, p.s.c.Clock()) + " · " + filepath.Dir(file.path)
		l := widget.NewLine(p.s.hands, name, words, nil, func() { p.take(file.path) })
		p.s.mark("pick."+strconv.Itoa(i), l)
		p.list.Add(l)
	}
	if len(p.list.Objects) == 0 && !filepath.IsAbs(p.typed) {
		p.list.Add(widget.NewQuiet(p.s.c.Words.Say("pick.none")))
	}
	p.list.Refresh()
	p.s.layout()
}

func (p *pickPage) matching() []pictureFile {
	var out []pictureFile
	for _, f := range p.files {
		if len(out) < mostListed && strings.Contains(fold(filepath.Base(f.path)), fold(p.typed)) {
			out = append(out, f)
		}
	}
	return out
}

// first takes the path that was typed, or the first picture of the list.
func (p *pickPage) first() {
	if filepath.IsAbs(p.typed) {
		p.take(p.typed)
		return
	}
	if m := p.matching(); len(m) > 0 {
		p.take(m[0].path)
	}
}

func (p *pickPage) take(path string) {
	content, err := readLimited(path, largestFile)
	if err == nil {
		err = p.took(filepath.Base(path), content)
	}
	if p.err = err; err != nil {
		p.s.rebuild()
		return
	}
	if p.s.isCurrent(p) {
		p.s.back()
	}
}

func readLimited(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, filepath.Base(path))
	}
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, filepath.Base(path))
	}
	if int64(len(content)) > most {
		return nil, civic.NewProblem(civic.UploadTooLarge, nil, filepath.Base(path))
	}
	return content, nil
}

// pictures finds JPEG and PNG files in folders and one level below, newest
// first.
func pictures(folders []string) []pictureFile {
	var all []pictureFile
	seen := 0
	for _, folder := range folders {
		for _, pattern := range []string{"*", "*/*"} {
			names, err := fs.Glob(os.DirFS(folder), pattern) // a stick may have brackets in its name
			if err != nil {
				continue
			}
			for _, name := range names {
				name = filepath.Join(folder, name)
				if seen++; seen > mostSeen {
					break
				}
				switch strings.ToLower(filepath.Ext(name)) {
				case ".jpg", ".jpeg", ".png":
				default:
					continue
				}
				if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
					all = append(all, pictureFile{name, info.ModTime(), info.Size()})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b pictureFile) int {
		return cmp.Or(b.when.Compare(a.when), strings.Compare(a.path, b.path))
	})
	return slices.CompactFunc(all, func(a, b pictureFile) bool { return a.path == b.path })
}
