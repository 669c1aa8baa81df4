package store_test

import (
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestFormDocuments(t *testing.T) {
	s := newKit(t)
	ctx := t.Context()
	ref := civic.FormRef{ID: "birth", Version: "7"}
	for _, d := range []store.FormDocument{
		{Bytes: []byte("cells"), Order: 4},
		{Order: 6, Retired: true}, // standing alone leaves the bytes
		{Order: 5},                // an older word changes nothing
	} {
		if err := s.PutForm(ctx, ref, d); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := s.FormDocuments(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := docs[ref]; string(d.Bytes) != "cells" || d.Order != 6 || !d.Retired {
		t.Errorf("%+v", d)
	}
	if err := s.DropForm(ctx, ref); err != nil {
		t.Fatal(err)
	}
	if docs, err = s.FormDocuments(ctx); err != nil || len(docs) != 0 {
		t.Errorf("%v %v", docs, err)
	}
}

func TestParts(t *testing.T) {
	s := newKit(t)
	ctx := t.Context()
	one, two := civic.Digest{1}, civic.Digest{2}
	for _, p := range []struct {
		of    civic.Digest
		index int
	}{{one, 0}, {one, 1}, {one, 1}, {two, 0}} {
		if err := s.KeepPart(ctx, p.of, p.index, []byte{byte(p.index)}); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := s.Parts(ctx, one)
	if err != nil || len(parts) != 2 || parts[1][0] != 1 {
		t.Fatalf("%v %v", parts, err)
	}
	if err := s.DropParts(ctx, one); err != nil {
		t.Fatal(err)
	}
	if parts, err = s.Parts(ctx, one); err != nil || len(parts) != 0 {
		t.Errorf("%v %v", parts, err)
	}
	if parts, err = s.Parts(ctx, two); err != nil || len(parts) != 1 {
		t.Errorf("another's parts: %v %v", parts, err)
	}
}
