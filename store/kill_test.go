package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// childDir is set for the process that TestKilledInTheMiddle kills.
const childDir = "FIELDKIT_STORE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := sealForEver(dir, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// sealForEver saves drafts and seals them until somebody kills it; it says what
// was acknowledged, line by line.
func sealForEver(dir string, said io.Writer) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dir, store.Options{LogN: 2})
	if err != nil {
		return err
	}
	if err := s.Unlock(ctx, passphrase); err != nil {
		return err
	}
	key, _, err := s.Keys()
	if err != nil {
		return err
	}
	k := &kit{Store: s, device: key}
	for i := 0; ; i++ {
		id := draftID(rand.Int())
		answers := person("Ana", "Ruiz", "1990", fmt.Sprint("Oaxaca ", i))
		if err := s.SaveDraft(ctx, store.Draft{ID: id, Answers: answers}); err != nil {
			return err
		}
		fmt.Fprintf(said, "draft %x\n", id)
		a, err := s.PutAttachment(ctx, "photo", "image/jpeg", bytes.Repeat([]byte(fmt.Sprint(i)), 3000))
		if err != nil {
			return err
		}
		sealed, err := s.Seal(ctx, id, func(c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
			r, d, receipt, err := k.maker(answers...)(c, p)
			r.Attachments = []civic.Attachment{a}
			return r, d, receipt, err
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(said, "sealed %s\n", sealed)
	}
}

// TestKilledInTheMiddle kills a process that saves and seals, again and again on
// the same kit: KILLS says how often, 10 if it does not.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		kills = n
	}
	k := newKit(t)
	ok(t, k.Close())
	var sealed []string
	for kill := range kills {
		draft, more := killed(t, k.dir)
		sealed = append(sealed, more...)
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		es, err := k.Registrations(t.Context(), store.Filter{})
		ok(t, err)
		have := map[string]bool{}
		for i, e := range es {
			have[e.Registration.ID.String()] = true
			if want := uint64(len(es) - i); e.Registration.Counter != want || e.Forgotten {
				t.Fatalf("kill %d: a hole at counter %d", kill, want)
			}
			if _, err := k.Attachment(t.Context(), e.Registration.Attachments[0].Digest); err != nil {
				t.Fatalf("kill %d: %v", kill, err)
			}
		}
		for _, id := range sealed {
			if !have[id] {
				t.Fatalf("kill %d: %s was acknowledged and is lost", kill, id)
			}
		}
		if draft != "" && len(es) <= len(sealed) {
			found := false
			ds, err := k.Drafts(t.Context())
			ok(t, err)
			for _, d := range ds {
				found = found || fmt.Sprintf("%x", d.ID) == draft
			}
			if !found {
				t.Fatalf("kill %d: the draft under way is lost", kill)
			}
		}
		c, err := k.Counts(t.Context())
		if err != nil || c.Damaged != 0 {
			t.Fatalf("kill %d: %+v %v", kill, c, err)
		}
		ok(t, k.Close())
		// What was sealed without a word reaching us counts from now on.
		sealed = sealed[:0]
		for id := range have {
			sealed = append(sealed, id)
		}
	}
	t.Logf("%d kills, %d registrations, 0 lost", kills, len(sealed))
}

// killed runs the child for a moment and kills it; it gives what the child had
// acknowledged, and the draft it had under way.
func killed(t *testing.T, dir string) (draft string, sealed []string) {
	t.Helper()
	self, err := os.Executable()
	ok(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() { // it has begun
		t.Fatal("the child said nothing")
	}
	time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	for more := true; more; more = lines.Scan() {
		switch kind, id, _ := strings.Cut(lines.Text(), " "); kind {
		case "draft":
			draft = id
		case "sealed":
			sealed, draft = append(sealed, id), ""
		}
	}
	_ = cmd.Wait() // it was killed
	return draft, sealed
}
