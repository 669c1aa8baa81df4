package protocol

import (
	"crypto/ed25519"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestMarks(t *testing.T) {
	server := custodyKey()
	kit := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), 1)).Public().(ed25519.PublicKey)
	other := server.Public().(ed25519.PublicKey)
	down := []Down{{3, DownOutcomes, []byte("a")}, {5, DownForm, []byte("b")}, {9, DownOutcomes, []byte("c")}}
	statement, err := Sign(StatementMarks, MarksOf(kit, down), server)
	if err != nil {
		t.Fatal(err)
	}
	good := []struct {
		cursor uint64
		down   []Down
	}{{0, down}, {0, down[:2]}, {3, down[1:]}, {4, down[1:2]}, {9, nil}}
	for _, g := range good {
		if err := CheckMarks(statement, other, kit, g.cursor, g.down); err != nil {
			t.Errorf("above %d %v: %v", g.cursor, g.down, err)
		}
	}
	bad := map[string][]Down{
		"another kind":   {{3, DownForm, []byte("a")}},
		"a kind unknown": {{3, 99, []byte("a")}},
		"another number": {{4, DownOutcomes, []byte("a")}},
		"a far number":   {{1 << 60, DownOutcomes, []byte("a")}},
		"another body":   {{3, DownOutcomes, []byte("b")}},
		"one left out":   {down[0], down[2]},
		"the first out":  down[1:],
		"one too many":   append(down[:3:3], Down{10, DownOutcomes, nil}),
	}
	for name, d := range bad {
		if err := CheckMarks(statement, other, kit, 0, d); civic.CodeOf(err) != civic.StatementForged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := CheckMarks(statement, other, other, 0, down); civic.CodeOf(err) != civic.StatementForged {
		t.Errorf("another kit's: %v", err)
	}
	if err := CheckMarks(statement, kit, kit, 0, down); civic.CodeOf(err) != civic.StatementForged {
		t.Errorf("signed by another: %v", err)
	}
	if err := CheckMarks(nil, other, kit, 0, down); err == nil {
		t.Error("unsigned messages were believed")
	}
}
