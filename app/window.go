package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/lang"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/screen"
	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/sync/civic"
)

// appID is how the window system knows the program; FyneApp.toml has the same.
const appID = "com.github.askonce.fieldkit"

// openWindow shows the kit in a folder and returns when the window is closed.
func openWindow(ctx context.Context, home string) error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" {
		return civic.NewProblem(civic.WindowAbsent, nil) // the toolkit would end the program with words of its own
	}
	book, err := text.Load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	words := text.NewTeller(book, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"), lang.SystemLocale().LanguageString())
	k, err := kit.Open(ctx, kit.Options{Home: home, Logger: log, Words: func(l, key string) string { return words.SayIn(l, key) }})
	if err != nil {
		explain(words, err)
		return err
	}
	a := app.NewWithID(appID)
	w := newWindow(a)
	cameras := camera.New(camera.Config{})
	queue := queue{put: fyne.Do}
	shell := screen.New(screen.Config{Kit: k, Words: words, App: a, Window: w, Do: queue.do, Clock: time.Now, Version: version(),
		Looks: screen.LookFile(filepath.Join(home, "look.json")), Pictures: pictureFolders(), Media: media, Exports: exportFolder(), Print: printer(),
		Camera: cameras, Voice: voice.New(voice.Options{Clock: time.Now})})
	shell.Background(func(told func(background.Event), progress func(kit.Progress)) *background.Runner {
		return background.New(background.Config{Kit: k, Told: told, Progress: progress, Logger: log})
	})
	w.SetOnClosed(func() {
		shell.Close() // before the window is gone: what is read aloud points at words on it
		queue.close()
	})
	watch(shell, w, &queue)
	go func() {
		<-ctx.Done()
		queue.do(w.Close)
	}()
	shell.Start()
	w.ShowAndRun()
	shell.Close()
	// What was sealed is packed, so that it can travel without a passphrase.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	cameras.Close(after)
	if k.State() == kit.Unlocked {
		err = k.Lock(after)
	}
	return errors.Join(err, k.Close())
}

// queue is the way onto the window's own goroutine for as long as there is a
// window. The toolkit closes its queue without waiting for who is about to put
// something into it, which would end the program with a panic.
type queue struct {
	put func(func()) // returns without waiting for what it was given

	mu     sync.RWMutex // held for reading while something is put
	closed bool
}

// do has f run by the window, or by nobody where there is none any more.
func (q *queue) do(f func()) { q.offer(f) }

// offer is do, and tells whether there was a window.
func (q *queue) offer(f func()) bool {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if !q.closed {
		q.put(f)
	}
	return !q.closed
}

// close returns when nobody puts anything any more.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}

func newWindow(a fyne.App) fyne.Window {
	// For the same reason the toolkit's own last act is left out, which saves
	// preferences when the loop has ended: this program keeps none there.
	if l, ok := a.Lifecycle().(interface{ SetOnStoppedHookExecuted(hook func()) }); ok {
		l.SetOnStoppedHookExecuted(nil)
	}
	w := a.NewWindow("Field kit")
	w.SetPadded(false)
	w.SetMaster()
	w.SetIcon(theme.Drawing(theme.IconApp))
	w.Resize(fyne.NewSize(1024, 768))
	return w
}

// explain shows a window that says why the kit could not be opened: an officer
// who taps the icon sees no terminal.
func explain(words *text.Teller, err error) {
	a := app.NewWithID(appID)
	w := newWindow(a)
	screen.Explain(a, w, words, err)
	w.ShowAndRun()
}

// pictureFolders are where photos are looked for, cards and sticks included.
func pictureFolders() []string {
	var all []string
	if home, err := os.UserHomeDir(); err == nil {
		for _, name := range []string{"Pictures", "Imágenes", "Downloads", "Descargas", "DCIM", "Desktop", "Escritorio"} {
			all = append(all, filepath.Join(home, name))
		}
	}
	return append(all, media()...)
}

// media are the sticks and cards that the system has mounted.
func media() []string {
	var all []string
	for _, pattern := range []string{"/media/*/*", "/run/media/*/*"} {
		if found, err := filepath.Glob(pattern); err == nil {
			all = append(all, found...)
		}
	}
	return all
}

// exportFolder is where receipts are saved: the officer's documents.
func exportFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	for _, name := range []string{"Documents", "Documentos"} {
		if info, err := os.Stat(filepath.Join(home, name)); err == nil && info.IsDir() {
			return filepath.Join(home, name)
		}
	}
	return filepath.Join(home, "Documents")
}

// printer sends a PDF to the system's printer; nil where there is none. It goes
// there by a pipe: a file would leave a person's name on the disk.
func printer() func([]byte) error {
	lp, err := exec.LookPath("lp")
	if err != nil {
		return nil
	}
	return func(pdf []byte) error {
		job := exec.Command(lp)
		job.Stdin = bytes.NewReader(pdf)
		return job.Run()
	}
}
