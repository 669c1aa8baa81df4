package command

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxInvitation limits what --file reads, in bytes.
const maxInvitation = 64 << 10

func (c *command) enrol() *cobra.Command {
	var in kit.EnrolInput
	var file string
	cmd := &cobra.Command{
		Use:   "enrol --server URL --code CODE | --file F",
		Short: "Make this folder a kit of an office, with its first officer",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.work(func(ctx context.Context, _ []string) (any, error) {
				if file != "" {
					if err := readInvitation(file, &in); err != nil {
						return nil, err
					}
				}
				return c.doEnrol(ctx, in)
			})(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Server, "server", "", "the centre's `URL`, such as https://10.0.0.5:8443")
	f.StringVar(&in.Code, "code", "", "the one-time enrolment `code`")
	f.StringVar(&file, "file", "", "`file` that holds both, as \"fieldkit-server device invite --json\" prints them")
	f.StringVar(&in.Officer, "officer", "", "`name` of the first officer")
	f.StringVar(&in.KitName, "name", "", "what people call this `kit`")
	cmd.MarkFlagsRequiredTogether("server", "code")
	cmd.MarkFlagsOneRequired("code", "file")
	cmd.MarkFlagsMutuallyExclusive("code", "file")
	return cmd
}

func (c *command) doEnrol(ctx context.Context, in kit.EnrolInput) (any, error) {
	k, err := c.kit(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = k.Close() }() // nothing of this kit is unsaved
	if k.State() != kit.NotEnrolled {
		return nil, civic.NewProblem(civic.AlreadyEnrolled, nil)
	}
	if in.Passphrase, err = c.readPassphrase(); err != nil {
		return nil, err
	}
	if in.Officer == "" {
		in.Officer = "officer 1"
	}
	if err := k.Enrol(ctx, in); err != nil {
		return nil, err
	}
	id := k.Identity()
	c.face.Say("This is now the kit %s of the office %s.", id.Device.String()[:8], id.Office)
	return map[string]string{"device": id.Device.String(), "area": string(id.Office)}, nil
}

// readInvitation takes what the centre printed: JSON with code and url, or two
// lines of text.
func readInvitation(name string, in *kit.EnrolInput) error {
	file, err := os.Open(name)
	if err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	defer func() { _ = file.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(file, maxInvitation))
	if err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	var said struct{ Code, URL string }
	if json.Unmarshal(b, &said) == nil {
		in.Code, in.Server = said.Code, said.URL
	} else {
		for line := range strings.Lines(string(b)) {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "https://"):
				in.Server = line
			case line != "":
				in.Code = line
			}
		}
	}
	if in.Code == "" || in.Server == "" {
		return civic.NewProblem(civic.CodeMalformed, nil)
	}
	return nil
}
