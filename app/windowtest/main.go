//go:build window

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "The walk did not succeed:", err)
		os.Exit(1)
	}
}

func run() error {
	program := flag.String("program", "", "the app, built with the tag uimap")
	home := flag.String("home", "", "the kit's folder")
	passphraseFile := flag.String("passphrase-file", "", "file with the officer's passphrase")
	server := flag.String("server", "", "address of the centre, to enrol a new kit")
	code := flag.String("code", "", "enrolment code, to enrol a new kit")
	pictures := flag.String("pictures", "pictures", "folder for the pictures of each screen")
	size := flag.String("size", "800x1280", "of the virtual display")
	language := flag.String("language", "es_MX", "the system's language")
	flag.Parse()
	if packages := missing(); len(packages) > 0 {
		return fmt.Errorf("the system lacks these packages: %s", strings.Join(packages, " "))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pass, err := os.ReadFile(*passphraseFile)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.MkdirAll(*pictures, 0o700); err != nil {
		return err
	}
	d, err := openDisplay(ctx, dir, *size, *language)
	if err != nil {
		return err
	}
	defer d.close()
	absolute, err := filepath.Abs(*home)
	if err != nil {
		return err
	}
	h := &hands{ctx: ctx, d: d, pictures: *pictures, log: func(f string, a ...any) { fmt.Fprintf(os.Stderr, "  "+f+"\n", a...) }}
	o, err := walk(h, journey{Program: *program, Home: absolute, Passphrase: strings.TrimSpace(string(pass)), Server: *server, Code: *code, Officer: "Officer Demo", Answers: answers()})
	if err != nil {
		_, _ = h.shoot("stopped-here")
		return err
	}
	if err := h.quit(); err != nil {
		return err
	}
	return tell(*program, absolute, *passphraseFile, *pictures, o)
}

// tell prints what became of the registration, from the kit's own commands.
func tell(program, home, passphraseFile, pictures string, o outcome) error {
	ask := func(args ...string) (map[string]any, error) {
		out, err := exec.Command(program, append(args, "--home", home, "--passphrase-file", passphraseFile, "--json")...).Output()
		answer := map[string]any{}
		if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil {
			return nil, fmt.Errorf("%s: %w", args[0], errors.Join(err, jsonErr))
		}
		return answer, err
	}
	verdict, err := ask("verify", o.Receipt)
	if err != nil {
		return err
	}
	status, err := ask("status")
	if err != nil {
		return err
	}
	fmt.Printf("Registered through the window: %d questions, %d keys, %d presses.\n", o.Questions, o.Keys, o.Taps)
	fmt.Printf("The kit now holds: %v sealed and waiting, %v sent, %v received, %v settled, %v held, %v returned.\n",
		status["sealed"], status["sent"], status["received"], status["settled"], status["held"], status["returned"])
	fmt.Printf("The receipt's code, read off the picture, is genuine: %v (registration %v).\n", verdict["valid"], verdict["registration"])
	fmt.Printf("Receipt: %s\nPictures: %s\n", o.Receipt, pictures)
	return nil
}
