package screen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// receiptPage hands out what the citizen takes home.
type receiptPage struct {
	id    civic.RegistrationID
	fresh bool   // just sealed: the next person can begin from here
	noted string // how it went out last, as the kit was told
}

func (p *receiptPage) name() string { return "receipt" }

func (p *receiptPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("receipt.title"), wide: true}
	r, err := s.c.Kit.Receipt(s.ctx, p.id)
	var png []byte
	if err == nil {
		png, err = s.c.Kit.ReceiptPNG(s.ctx, p.id)
	}
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	v.practice = r.Practice
	if p.fresh {
		p.out(s, r, kit.ReceiptShown)
	}
	code := widget.NewCode(png, s.codeSide())
	s.mark("receipt.code", code)
	facts, aloud := p.facts(s, r)
	v.body = container.New(&widget.Pair{From: 860, Share: 0.48, Gap: 24}, container.NewCenter(code), facts)
	v.side = []action{
		{name: "receipt.pdf", icon: theme.IconPrint, words: say("receipt.pdf"), key: fyne.KeyF6, do: func() { p.pdf(s, r) }},
		{name: "receipt.png", icon: theme.IconSave, words: say("receipt.png"), key: fyne.KeyF7, do: func() {
			if p.save(s, r, ".png", png) {
				p.out(s, r, kit.ReceiptSaved)
			}
		}},
	}
	if r.Slip != "" {
		v.side = append(v.side, action{name: "receipt.slip", icon: theme.IconPrint, words: say("receipt.slip"), key: fyne.KeyF8, do: func() { p.slip(s, r) }})
	}
	v.side = s.readable(v.side, func() reading { return aloud })
	v.ctrl = map[fyne.KeyName]func(){fyne.KeyP: func() { p.pdf(s, r) }}
	v.main = &action{name: "done", icon: theme.IconCheck, words: say("receipt.done"), do: s.pop}
	if p.fresh {
		v.main = &action{name: "done", icon: theme.IconCheck, words: say("receipt.done"), do: s.home}
		v.side = append(v.side,
			action{name: "receipt.same", icon: theme.IconPerson, words: say("receipt.same"), key: fyne.KeyF3, do: func() {
				s.home()
				s.services(&someone{ref: capture.Ref{Registration: p.id}, name: r.Name, born: r.BirthDate})
			}},
			action{name: "receipt.next", icon: theme.IconRegister, words: say("receipt.next"), key: fyne.KeyF2, do: func() {
				s.home()
				s.register()
			}})
	}
	return v
}

// codeSide is as large as the window shows whole: the code is held to a camera.
func (s *Shell) codeSide() float32 {
	size := s.c.Window.Canvas().Size()
	return max(260, min(480, size.Width-64, size.Height-260))
}

// facts are what was done, in words for both people at the table, to be seen and
// to be heard.
func (p *receiptPage) facts(s *Shell, r kit.Receipt) (fyne.CanvasObject, reading) {
	say := s.c.Words.Say
	var services []string
	for _, id := range r.Services {
		services = append(services, s.serviceTitle(id))
	}
	facts := part()
	var aloud reading
	if p.fresh {
		hint := "receipt.sealed.hint"
		if o, err := s.c.Kit.Oversight(s.ctx); err == nil && o.Wanted && !r.Practice {
			hint = "list.unseen.means"
		}
		sealed, then := widget.NewStrong(say("receipt.sealed")), widget.NewText(say(hint))
		facts.Add(widget.NewPanel(theme.Waiting, theme.IconWaiting, sealed, then))
		aloud.words(sealed, then)
	}
	add := func(label, value string) {
		if value != "" {
			name, said := widget.NewQuiet(label), widget.NewLarge(value)
			facts.Add(part(name, said))
			aloud.words(name, said)
		}
	}
	add(say("receipt.name"), r.Name)
	add(say("receipt.birth"), s.c.Words.DateValue(r.BirthDate))
	add(say("receipt.services"), strings.Join(services, ", "))
	add(say("receipt.number"), r.Reference)
	add(say("receipt.issued"), s.c.Words.Moment(r.Issued, s.c.Clock())+" · "+string(r.Office))
	looks := widget.NewQuiet(say("receipt.looks"))
	facts.Add(looks)
	aloud.words(looks)
	return facts, aloud
}

// pdf prints the receipt, or saves it where there is no printer.
func (p *receiptPage) pdf(s *Shell, r kit.Receipt) {
	pdf, err := s.c.Kit.ReceiptPDF(s.ctx, p.id, s.c.Words.Language())
	if how := p.print(s, r, "receipt.printed", ".pdf", pdf, err); how != "" {
		p.out(s, r, how)
	}
}

// slip prints the paper with the citizen's code, which goes apart.
func (p *receiptPage) slip(s *Shell, r kit.Receipt) {
	pdf, err := s.c.Kit.SlipPDF(s.ctx, p.id, s.c.Words.Language())
	p.print(s, r, "receipt.slip.printed", "-"+s.c.Words.Say("receipt.slip.file")+".pdf", pdf, err)
}

func (p *receiptPage) print(s *Shell, r kit.Receipt, done, ext string, pdf []byte, err error) (how string) {
	if err != nil {
		s.fail(err)
		return ""
	}
	if s.c.Print != nil && s.c.Print(pdf) == nil {
		s.tell(s.c.Words.Say(done), nil)
		return kit.ReceiptPrinted
	}
	if p.save(s, r, ext, pdf) {
		return kit.ReceiptSaved
	}
	return ""
}

// save writes a file that the officer asked for, outside the kit; undo takes
// it away again.
func (p *receiptPage) save(s *Shell, r kit.Receipt, ext string, content []byte) bool {
	dir := s.c.Exports
	if dir == "" && len(s.c.Pictures) > 0 {
		dir = s.c.Pictures[0]
	}
	name := strings.NewReplacer("/", "-", "\\", "-", " ", "-").Replace(r.Reference)
	if name == "" {
		name = p.id.String()[:12]
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%s%s", s.c.Words.Say("receipt.file"), name, ext))
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		s.fail(civic.NewProblem(civic.FileUnreadable, err, path))
		return false
	}
	s.tell(s.c.Words.Say("receipt.saved", path), func() {
		if err := os.Remove(path); err != nil {
			s.fail(civic.NewProblem(civic.FileUnreadable, err, path))
			return
		}
		s.tell(s.c.Words.Say("undone"), nil)
	})
	return true
}

// out notes that the receipt was handed out, once for each way; what cannot be
// noted holds nothing up.
func (p *receiptPage) out(s *Shell, r kit.Receipt, how string) {
	if r.Practice || p.noted == how {
		return
	}
	p.noted = how
	s.c.Work(func() { _ = s.c.Kit.ReceiptOut(s.ctx, p.id, how) }) // only a count in the day's report
}
