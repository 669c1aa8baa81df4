package command

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxPassphrase limits what is read as a passphrase, in bytes.
const maxPassphrase = 1 << 10

// readPassphrase takes it from the file, else asks on the terminal. It is never
// taken from the command line, which others on the machine can read.
func (c *command) readPassphrase() (string, error) {
	if c.passphraseFile != "" {
		return readSecret(c.passphraseFile)
	}
	terminal, ok := c.env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return "", civic.NewProblem(civic.Locked, nil)
	}
	_, _ = io.WriteString(c.env.Stderr, "Passphrase: ") // nothing to do about a closed terminal
	b, err := term.ReadPassword(int(terminal.Fd()))
	_, _ = io.WriteString(c.env.Stderr, "\n")
	if err != nil {
		return "", civic.NewProblem(civic.Locked, err)
	}
	return string(b), nil
}

// readSecret takes the first line of a file.
func readSecret(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", civic.NewProblem(civic.PassphraseFile, err, name)
	}
	defer func() { _ = file.Close() }() // only read from
	line, err := bufio.NewReader(io.LimitReader(file, maxPassphrase)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", civic.NewProblem(civic.PassphraseFile, err, name)
	}
	line = strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "\xef\xbb\xbf")
	if line == "" {
		return "", civic.NewProblem(civic.PassphraseFile, nil, name)
	}
	return line, nil
}

// passphrase proposes one; it opens no kit.
func (c *command) passphrase() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use: "passphrase", Short: "Propose a passphrase that is easy to remember and hard to guess", Args: cobra.NoArgs,
		RunE: c.work(func(context.Context, []string) (any, error) {
			words := (&kit.Kit{}).ProposePassphrase(lang)
			c.face.Print("%s", words)
			return map[string]string{"passphrase": words}, nil
		}),
	}
	cmd.Flags().StringVar(&lang, "language", "en", "en or es")
	return cmd
}
