package kit

import (
	"context"
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// takeFormPart keeps one piece of what the centre tells of a form; with the last
// one the form is there for new interviews. It may be called again with any
// piece: cut anywhere, taking in goes on where it stopped.
func (k *Kit) takeFormPart(ctx context.Context, st *store.Store, plain []byte, server ed25519.PublicKey) error {
	p, err := protocol.ReadFormPart(plain)
	if err != nil {
		return err
	}
	pieces := map[int][]byte{}
	if p.Count > 1 {
		if pieces, err = st.Parts(ctx, p.Notice); err != nil {
			return err
		}
	}
	pieces[int(p.Index)] = p.Bytes
	if len(pieces) < int(p.Count) {
		return st.KeepPart(ctx, p.Notice, int(p.Index), p.Bytes)
	}
	parts := make([]protocol.FormPart, p.Count)
	for i := range parts {
		parts[i] = protocol.FormPart{Notice: p.Notice, Index: uint32(i), Count: p.Count, Bytes: pieces[i]}
	}
	notice, err := protocol.JoinForm(parts, server)
	if err != nil {
		return err
	}
	if err := k.takeFormNotice(ctx, st, notice); err != nil {
		return err
	}
	return st.DropParts(ctx, p.Notice)
}

// takeFormNotice keeps the form, or how it stands now.
func (k *Kit) takeFormNotice(ctx context.Context, st *store.Store, n protocol.FormNotice) error {
	ref := civic.FormRef{ID: n.Form, Version: n.Version}
	if len(n.Packed) > 0 {
		f, err := k.forms.Fits(n.Packed)
		if err != nil {
			return err
		}
		if f.Ref() != ref {
			return civic.NewProblem(civic.FormRefused, nil, "it is not the form it was sent as")
		}
	}
	if err := st.PutForm(ctx, ref, store.FormDocument{Bytes: n.Packed, Order: n.Order, Retired: n.Retired}); err != nil {
		return err
	}
	return k.loadKeptForms(ctx, st)
}

// loadKeptForms puts what the store keeps into the catalogue with its standing,
// and lets go of what nothing needs. A form that cannot be used stays where it is
// and does not keep the officer out.
func (k *Kit) loadKeptForms(ctx context.Context, st *store.Store) error {
	docs, err := st.FormDocuments(ctx)
	if err != nil {
		return err
	}
	superseded := 0
	// Versions that came with imports have no order of the centre's: they go by
	// their names, so that every start offers the same.
	refs := slices.SortedFunc(maps.Keys(docs), func(a, b civic.FormRef) int { return strings.Compare(a.String(), b.String()) })
	for _, ref := range refs {
		d := docs[ref]
		if len(d.Bytes) > 0 {
			if _, err := k.forms.Add(d.Bytes); err != nil {
				k.log.Warn("a form kept on this kit cannot be used", "form", ref.String(), "code", civic.CodeOf(err))
				continue
			}
		}
		k.forms.Offer(ref, form.Offer{Order: d.Order, Retired: d.Retired})
	}
	for ref, d := range docs {
		if k.superseded(ref, d) {
			superseded++
		}
	}
	if superseded == 0 {
		return nil
	}
	if err := k.dropForms(ctx, st, docs); err != nil { // they only take room
		k.log.Warn("forms that nothing needs could not be dropped", "code", civic.CodeOf(err))
	}
	return nil
}

// superseded tells whether new interviews take another version of the form than
// this one of the centre's. One that came with an import stays.
func (k *Kit) superseded(ref civic.FormRef, d store.FormDocument) bool {
	if d.Order == 0 || len(d.Bytes) == 0 {
		return false
	}
	latest, ok := k.forms.Latest(ref.ID)
	return d.Retired || ok && latest.Ref() != ref
}

// dropForms forgets superseded versions that no draft and no registration still
// readable was made with. What waits to be sent is readable.
func (k *Kit) dropForms(ctx context.Context, st *store.Store, docs map[civic.FormRef]store.FormDocument) error {
	used, err := st.FormsInUse(ctx)
	if err != nil {
		return err
	}
	for ref, d := range docs {
		if !k.superseded(ref, d) || used[ref] {
			continue
		}
		if err := st.DropForm(ctx, ref); err != nil {
			return err
		}
		k.forms.Remove(ref)
	}
	return nil
}
