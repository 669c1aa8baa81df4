package hub

import (
	"bytes"

	"github.com/askonce/fieldkit/sync/protocol"
)

// district passes on what the centre's last answer held of a kit's district
// pack, behind everything else; and what the centre has of its openings.
func (h *Hub) district(ask protocol.SyncRequest, last *answered, a *protocol.SyncAnswer) {
	if n := len(last.Ask.Openings); n > 0 {
		a.Opened = min(last.Answer.Opened, last.Ask.Openings[n-1].N)
	}
	held := last.Answer.Pack
	if held == nil || ask.Pack == nil || a.More {
		return
	}
	news := *held
	news.Pieces = nil
	next := uint64(1)
	if bytes.Equal(ask.Pack.Pack, held.Pack) {
		next = ask.Pack.Cursor + 1
		if ask.Pack.Head == held.Version {
			news.Head = nil
		}
	}
	if next < held.First {
		return // it began again; the centre answers that
	}
	size := 0
	news.First = next
	for i := next - held.First; i < uint64(len(held.Pieces)); i++ {
		if size += len(held.Pieces[i]); len(news.Pieces) > 0 && size > max(packBytes, min(int(ask.Pack.Most), mostPack)) {
			a.More = true
			break
		}
		news.Pieces = append(news.Pieces, held.Pieces[i])
	}
	if len(news.Pieces) > 0 || len(news.Head) > 0 {
		a.Pack = &news
	}
}

// How many bytes of a pack one answer carries, as the centre does.
const (
	packBytes = 16 << 10
	mostPack  = 1 << 20
)
