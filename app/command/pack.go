package command

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// packState is what pack status prints.
type packState struct {
	Present   bool     `json:"present"`
	Area      string   `json:"area,omitempty"`
	Others    []string `json:"neighbours,omitempty"`
	People    int      `json:"people"`
	Belong    int      `json:"people_at_centre"`
	LeftOut   int      `json:"left_out"`
	Made      string   `json:"made,omitempty"`
	Next      string   `json:"next,omitempty"`
	Complete  bool     `json:"complete"`
	BytesLeft int64    `json:"bytes_left"`
	Unsent    int      `json:"openings_unsent"`
}

// opened is a person whose answers were opened.
type opened struct {
	someone
	Claims []heldClaim `json:"claims"`
}

type heldClaim struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
	Evidence  string `json:"evidence"`
	Service   string `json:"service,omitempty"`
	Office    string `json:"office,omitempty"`
	Day       string `json:"day"`
}

func (c *command) pack() *cobra.Command {
	status := &cobra.Command{Use: "status", Short: "How the district pack stands: people, date, what is still to come", Args: cobra.NoArgs}
	status.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		d, err := k.District(ctx)
		if err != nil {
			return nil, err
		}
		out := packState{
			Present: d.Present, Area: string(d.Area), People: d.People, Belong: d.Belong, LeftOut: d.LeftOut,
			Made: written(d.Made), Next: written(d.Next), Complete: d.Present && !d.Coming, BytesLeft: d.Left, Unsent: d.Unsent,
		}
		for _, a := range d.Others {
			out.Others = append(out.Others, string(a))
		}
		switch {
		case !d.Present:
			c.face.Say("No district pack has come yet.")
		case d.Coming:
			c.face.Print("%d people so far, %d bytes still to come", d.People, d.Left)
		default:
			c.face.Print("%d people of %s, as of %s", d.People, d.Area, out.Made)
		}
		if d.LeftOut > 0 {
			c.face.Say("The pack is as large as it may be: %d people of the district are not in it.", d.LeftOut)
		}
		return out, nil
	})
	apply := &cobra.Command{Use: "supervisor", Short: "Ask the registry to make the officer at work a supervisor of this kit", Args: cobra.NoArgs}
	apply.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		code, err := k.ApplySupervisor(ctx)
		if err == nil {
			c.face.Print("%s", code)
			c.face.Say("Sync, then read this code out to the centre: fieldkit-server pack approve %s %s", k.Identity().Device, code)
		}
		return map[string]any{"code": code, "device": k.Identity().Device.String()}, err
	})
	return group("pack", "The people of the district on this kit: status, open, ask, supervisor", status, c.packOpen(), c.packAsk(), apply)
}

func (c *command) packOpen() *cobra.Command {
	var code, supervisor, reason, person string
	cmd := &cobra.Command{
		Use: "open (--receipt TEXT|PICTURE | --supervisor FILE --person ID --reason WHY)", Short: "Open what the state holds of one person of the district",
		Long: "Open what the state holds of one person of the district.\nThe opening is noted on the kit and told to the centre with the next sync.",
		Args: cobra.NoArgs,
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		who, err := personID(person)
		if err != nil {
			return nil, err
		}
		var p kit.Person
		switch {
		case code != "" && supervisor == "":
			var text string
			if text, err = receiptText(code); err == nil {
				p, err = k.OpenByReceipt(ctx, who, text)
			}
		case supervisor != "" && code == "" && !who.IsZero():
			var b []byte
			if b, err = os.ReadFile(supervisor); err != nil {
				return nil, civic.NewProblem(civic.PassphraseFile, err, supervisor)
			}
			first, _, _ := strings.Cut(string(b), "\n")
			p, err = k.OpenBySupervisor(ctx, who, strings.TrimRight(first, "\r"), reason)
		default:
			return nil, civic.NewProblem(civic.WrongUse, nil, "Give --receipt, or --supervisor with --person and --reason.")
		}
		if err != nil {
			return nil, err
		}
		return c.tellOpened(k, p), nil
	})
	f := cmd.Flags()
	f.StringVar(&code, "receipt", "", "the receipt's `text`, or a picture of it")
	f.StringVar(&supervisor, "supervisor", "", "`file` with a supervisor's own passphrase on its first line")
	f.StringVar(&reason, "reason", "", "why, in a few words; the citizen can read it")
	f.StringVar(&person, "person", "", "the person's `id`, as search prints it")
	return cmd
}

func (c *command) packAsk() *cobra.Command {
	var q kit.LookUp
	var person, code, service string
	cmd := &cobra.Command{Use: "ask", Short: "Ask the centre for one person, while there is a network", Args: cobra.NoArgs}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		var err error
		if q.Person, err = personID(person); err != nil {
			return nil, err
		}
		if code != "" {
			if q.Receipt, err = receiptText(code); err != nil {
				return nil, err
			}
		}
		q.Service = civic.ServiceID(service)
		p, err := k.LookUp(ctx, q)
		if err != nil {
			return nil, err
		}
		return c.tellOpened(k, p), nil
	})
	f := cmd.Flags()
	f.StringVar(&person, "person", "", "the person's `id`")
	f.StringVar(&code, "receipt", "", "a receipt's `text`, or a picture of it")
	f.StringVar(&q.Given, "given", "", "given `names`")
	f.StringVar(&q.Surname, "surname", "", "`surnames`")
	f.StringVar(&q.Birth, "birth", "", "`date` of birth, such as 1990-05-31, 1990-05 or 1990")
	f.StringVar(&q.Place, "place", "", "`municipality`")
	f.StringVar(&service, "service", "", "what the person came for: a service's `id`")
	f.StringVar(&q.Reason, "reason", "", "why, in a few words")
	return cmd
}

func (c *command) tellOpened(k *kit.Kit, p kit.Person) opened {
	out := opened{
		someone: someone{Name: p.Name, BirthDate: p.BirthDate, Place: p.Place, Person: p.Person.String(), Registration: p.Registration.String(), Status: p.Status.String(), District: p.District},
		Claims:  []heldClaim{},
	}
	c.face.Print("%s  %s", p.Person, p.Name)
	for _, h := range k.Held(p.Person) {
		day := h.Day.Format(time.DateOnly)
		out.Claims = append(out.Claims, heldClaim{string(h.Attribute), h.Value, h.Evidence.String(), string(h.Service), string(h.Office), day})
		c.face.Print("%-18s  %-24s  %s %s", h.Attribute, h.Value, h.Office, day)
	}
	return out
}

func personID(s string) (id civic.PersonID, err error) {
	if s == "" {
		return id, nil
	}
	if id, err = civic.ParsePersonID(s); err != nil {
		err = civic.NewProblem(civic.WrongUse, err, "A person's id is written as search prints it.")
	}
	return id, err
}

// receiptText takes a receipt's text, or reads it from a picture or a file.
func receiptText(s string) (string, error) {
	f, err := os.Open(s)
	if err != nil {
		return s, nil //nolint:nilerr // no such file: it is the text itself
	}
	defer func() { _ = f.Close() }() // only read from
	text, err := receipt.ReadPicture(f)
	if err == nil {
		return text, nil
	}
	b, e := os.ReadFile(s)
	if e != nil || len(b) > 4<<10 {
		return "", errors.Join(err, e)
	}
	return strings.TrimSpace(string(b)), nil
}

func written(t time.Time) string {
	if t.IsZero() || t.Unix() == 0 {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
