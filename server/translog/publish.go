package translog

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// PathLog is where the public parts of the log are served.
const PathLog = "/log/"

// maxPath bounds the path of a tile.
const maxPath = 100

// errAbsent answers what is not there.
var errAbsent = errors.New("translog: no such tile")

// PublicHandler serves the log as C2SP tlog-tiles have it, under [PathLog]:
// checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>], and the key that
// signs heads. What is served tells counts and times.
func (l *Log) PublicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathLog+"checkpoint", func(w http.ResponseWriter, r *http.Request) {
		l.publish(w, "text/plain; charset=utf-8", "no-cache", func() ([]byte, error) { return l.note(r.Context()) })
	})
	mux.HandleFunc("GET "+PathLog+"key", func(w http.ResponseWriter, _ *http.Request) {
		l.publish(w, "text/plain; charset=utf-8", "no-cache", func() ([]byte, error) { return []byte(l.public.Key() + "\n"), nil })
	})
	mux.HandleFunc("GET "+PathLog+"tile/", func(w http.ResponseWriter, r *http.Request) {
		l.publish(w, "application/octet-stream", "public, max-age=31536000, immutable", func() ([]byte, error) {
			return l.piece(r.Context(), strings.TrimPrefix(r.URL.Path, PathLog+"tile/"))
		})
	})
	return mux
}

func (l *Log) publish(w http.ResponseWriter, media, cache string, read func() ([]byte, error)) {
	b, err := read()
	if errors.Is(err, errAbsent) {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not there", http.StatusNotFound)
		return
	}
	if err != nil {
		l.Logger.Error("a part of the log cannot be served", "error", err)
		http.Error(w, civic.NewProblem(civic.Unexpected, nil).Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // who went away asks again
}

func (l *Log) note(ctx context.Context) (b []byte, err error) {
	err = l.DB.View(ctx, func(tx ledger.Tx) error {
		h, err := l.Head(ctx, tx)
		if err != nil {
			return err
		}
		if h.IsZero() {
			return errAbsent
		}
		b = l.public.Note(h)
		return nil
	})
	return b, err
}

// piece names one tile or bundle.
type piece struct {
	level int // -1 for entries
	n     int64
	width int
}

// readPath reads what follows "tile/".
func readPath(path string) (p piece, ok bool) {
	if len(path) > maxPath {
		return p, false
	}
	level, rest, ok := strings.Cut(path, "/")
	if !ok {
		return p, false
	}
	if level == "entries" {
		p.level = -1
	} else if n, err := strconv.Atoi(level); err != nil || n < 0 || n > maxLevel || strconv.Itoa(n) != level {
		return p, false
	} else {
		p.level = n
	}
	p.width = tileWidth
	if number, width, part := strings.Cut(rest, ".p/"); part {
		w, err := strconv.Atoi(width)
		if err != nil || w < 1 || w >= tileWidth || strconv.Itoa(w) != width {
			return p, false
		}
		rest, p.width = number, w
	}
	parts := strings.Split(rest, "/")
	if len(parts) > 6 {
		return p, false
	}
	for i, s := range parts {
		last := i == len(parts)-1
		if !last {
			if s, ok = strings.CutPrefix(s, "x"); !ok {
				return p, false
			}
		}
		n, err := strconv.Atoi(s)
		if err != nil || len(s) != 3 || n < 0 || strings.HasPrefix(s, "+") {
			return p, false
		}
		if i == 0 && !last && n == 0 {
			return p, false
		}
		p.n = p.n*1000 + int64(n)
	}
	return p, true
}

// piece reads a tile or bundle; one that grew since is cut to what was asked.
func (l *Log) piece(ctx context.Context, path string) (b []byte, err error) {
	p, ok := readPath(path)
	if !ok {
		return nil, errAbsent
	}
	err = l.DB.View(ctx, func(tx ledger.Tx) error {
		size := entrySize
		if p.level >= 0 {
			size = tlog.HashSize
			b, err = newTiles(ctx, tx).load(place{p.level, p.n})
		} else {
			var e *bundle
			e, err = loadBundle(ctx, tx, p.n)
			b = e.entries
		}
		if err != nil {
			return err
		}
		if len(b) < p.width*size {
			return errAbsent
		}
		b = b[:p.width*size]
		return nil
	})
	return b, err
}
