package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// given is what receipt prints.
type given struct {
	Receipts int     `json:"receipts"`
	Items    []paper `json:"items"`
}

type paper struct {
	Registration string `json:"registration"`
	Text         string `json:"text"`
	PNG          string `json:"png,omitempty"`
	PDF          string `json:"pdf,omitempty"`
	Slip         string `json:"slip,omitempty"` // the page with the code
}

func (c *command) receipt() *cobra.Command {
	var png, pdf, slip, all, lang string
	cmd := &cobra.Command{
		Use:   "receipt ID [--png F] [--pdf F] [--slip F] | receipt --all DIR",
		Short: "Give out receipts",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case all == "" && len(args) != 1:
				return errors.New("give the id of one registration, or --all DIR")
			case all != "" && (len(args) != 0 || png != "" || pdf != "" || slip != ""):
				return errors.New("--all DIR takes neither an id nor --png, --pdf or --slip")
			}
			return nil
		},
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		if all != "" {
			return c.allReceipts(ctx, k, all)
		}
		id, err := civic.ParseRegistrationID(args[0])
		if err != nil {
			return nil, civic.NewProblem(civic.RegistrationAbsent, err, args[0])
		}
		r, err := k.Receipt(ctx, id)
		if err != nil {
			return nil, err
		}
		item := paper{Registration: id.String(), Text: r.Text, PNG: png, PDF: pdf, Slip: slip}
		if err := c.write(png, func() ([]byte, error) { return k.ReceiptPNG(ctx, id) }); err != nil {
			return nil, err
		}
		if err := c.write(pdf, func() ([]byte, error) { return k.ReceiptPDF(ctx, id, lang) }); err != nil {
			return nil, err
		}
		if err := c.write(slip, func() ([]byte, error) { return k.SlipPDF(ctx, id, lang) }); err != nil {
			return nil, err
		}
		if png != "" || pdf != "" {
			if err := k.ReceiptOut(ctx, id, kit.ReceiptSaved); err != nil {
				return nil, err
			}
		}
		c.face.Print("%s", r.Text)
		return given{Receipts: 1, Items: []paper{item}}, nil
	})
	f := cmd.Flags()
	f.StringVar(&png, "png", "", "write the code as a picture to `file`")
	f.StringVar(&pdf, "pdf", "", "write the printable page to `file`")
	f.StringVar(&slip, "slip", "", "write the slip with the citizen's code to `file`: hand it out apart")
	f.StringVar(&all, "all", "", "write every receipt's picture to `folder`")
	f.StringVar(&lang, "language", "es", "of the printable page")
	return cmd
}

// write makes a file where a name was given.
func (c *command) write(name string, make func() ([]byte, error)) error {
	if name == "" {
		return nil
	}
	b, err := make()
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, name)
	}
	return nil
}

// manyRegistrations is more than a kit can hold.
const manyRegistrations = 1 << 30

func (c *command) allReceipts(asked context.Context, k *kit.Kit, dir string) (any, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	rows, err := k.Registrations(asked, kit.Filter{Limit: manyRegistrations})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r kit.Row) bool { return r.Forgotten })
	out := given{Items: make([]paper, len(rows))}
	m := newMeter(c.face)
	start := time.Now()
	// Drawing is what takes the time: as many at once as the machine has cores.
	work, ctx := errgroup.WithContext(asked)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, row := range rows {
		if ctx.Err() != nil {
			break
		}
		work.Go(func() error {
			r, err := k.Receipt(ctx, row.ID)
			if err != nil {
				return err
			}
			name := filepath.Join(dir, row.ID.String()+".png")
			if err := c.write(name, r.PNG); err != nil {
				return err
			}
			out.Items[i] = paper{Registration: row.ID.String(), Text: r.Text, PNG: name}
			return nil
		})
		m.count("receipts", i+1, len(rows), time.Since(start))
	}
	err = work.Wait()
	if stopped := asked.Err(); err == nil && stopped != nil {
		err = civic.NewProblem(civic.Stopped, stopped)
	}
	out.Items = slices.DeleteFunc(out.Items, func(p paper) bool { return p.PNG == "" })
	out.Receipts = len(out.Items)
	c.face.Say("%d receipts written to %s.", out.Receipts, dir)
	return out, err
}

// checked is what verify prints.
type checked struct {
	Valid        bool       `json:"valid"`
	Reason       civic.Code `json:"reason"`
	Registration string     `json:"registration"`
	Office       civic.Area `json:"office"`
	Issued       string     `json:"issued"` // RFC 3339
	Reference    string     `json:"reference,omitempty"`
	Practice     bool       `json:"practice,omitempty"`
}

// maxPicture is the largest picture that is looked at, in bytes.
const maxPicture = 32 << 20

func (c *command) verify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify TEXT_OR_PICTURE", Short: "Check a receipt without a network", Args: cobra.ExactArgs(1),
	}
	judge := c.with(lockedWill, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		v, err := check(ctx, k, args[0])
		if err != nil {
			return checked{Reason: civic.CodeOf(err)}, err
		}
		out := checked{Valid: v.Valid, Reason: v.Reason, Practice: v.Practice}
		if !v.Valid {
			return out, civic.NewProblem(v.Reason, nil)
		}
		out.Registration, out.Office, out.Reference = v.Registration.String(), v.Office, v.Reference
		out.Issued = v.Issued.UTC().Format(time.RFC3339)
		c.face.Say("Genuine: registration %s of the office %s.", out.Registration, out.Office)
		c.face.Print("%s", out.Registration)
		return out, nil
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := judge(cmd, args)
		var end done
		if errors.As(err, &end) && end.result == nil { // the kit was not ready to judge
			return done{result: checked{Reason: civic.CodeOf(end.err)}, err: end.err}
		}
		return err
	}
	return cmd
}

// check takes the argument as a picture's file when there is one of that name,
// else as the text.
func check(ctx context.Context, k *kit.Kit, arg string) (kit.Verdict, error) {
	info, err := os.Stat(arg)
	switch {
	case err != nil && looksLikePath(arg):
		return kit.Verdict{}, civic.NewProblem(civic.FileAbsent, err, arg)
	case err != nil:
		return k.Verify(ctx, arg)
	}
	if !info.Mode().IsRegular() || info.Size() > maxPicture {
		return kit.Verdict{}, civic.NewProblem(civic.FileUnreadable, nil, arg)
	}
	b, err := os.ReadFile(arg)
	if err != nil {
		return kit.Verdict{}, civic.NewProblem(civic.FileUnreadable, err, arg)
	}
	if text := bytes.TrimSpace(b); len(text) < 4096 && looksLikeText(text) {
		return k.Verify(ctx, string(text))
	}
	return k.VerifyPicture(ctx, bytes.NewReader(b))
}

// looksLikePath tells a file's name from a receipt's text, which has no ending
// of a file and does not begin like a path.
func looksLikePath(arg string) bool {
	switch strings.ToLower(filepath.Ext(arg)) {
	case ".png", ".jpg", ".jpeg", ".txt", ".pdf":
		return true
	}
	return filepath.IsAbs(arg) || strings.HasPrefix(arg, "."+string(filepath.Separator)) || strings.HasPrefix(arg, ".."+string(filepath.Separator))
}

// looksLikeText tells a text file from a picture.
func looksLikeText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
