package rehearsal

import (
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyReadAloud follows the mark that a consent was read aloud from the
// kit's voice to the person's own record at the centre: words that the voice has
// read to their end count, words it was stopped in do not, nor do words that no
// voice could read; and what the kit keeps of the words is of those it read.
func TestJourneyReadAloud(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Fatalf("espeak-ng is needed here: .ci/system installs it (%v)", err)
	}
	o := newOffice(t)
	k := o.tablet().opened(t)
	defer func() { _ = k.Close() }()
	ctx := t.Context()
	t.Setenv("HOME", t.TempDir()) // the player of the tests keeps there what it hears

	// strides is a clock by which every sound has taken its time.
	strides := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	speaker := func(player string) *voice.Voice {
		return voice.New(voice.Options{Clock: func() time.Time { strides = strides.Add(time.Hour); return strides },
			Find: func(name string) (string, error) {
				switch {
				case name == "espeak-ng":
					return exec.LookPath(name)
				case name == "aplay" && player != "":
					return filepath.Abs(filepath.Join("../../app/voice/testdata/bin", player))
				}
				return "", exec.ErrNotFound
			}})
	}
	texts := []string{"Usted nos dijo esto una vez.", "Registro de identidad: ¿se puede volver a usar?", "Sí, se puede", "No, solo aquí", "Decir que no no cuesta nada."}
	read := func(iv *capture.Interview, v *voice.Voice, stopAt int) error {
		t.Helper()
		var pieces []voice.Piece
		for _, text := range texts {
			pieces = append(pieces, voice.Piece{Text: text})
		}
		stop := make(chan struct{})
		err := v.Say(ctx, "es", voice.Normal, pieces, func(i int) {
			if i == stopAt {
				go func() { v.Stop(); close(stop) }()
			}
		})
		if stopAt < len(texts) {
			<-stop
		}
		if err == nil {
			err = iv.Heard(ctx, civic.NoticeDigest("kit/consent", "es", texts...))
		}
		return err
	}
	visit := func(who map[string]string, v *voice.Voice, stopAt int, want func(error) bool) string {
		t.Helper()
		iv, err := k.Begin(ctx, "identity")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for path, value := range rosalia {
				if other := who[path]; other != "" {
					value = other
				}
				if err := iv.Set(ctx, path, civic.Answer{Value: value}); err != nil {
					t.Fatal(path, err)
				}
			}
		}
		if err := read(iv, v, stopAt); !want(err) {
			t.Fatalf("%v was read: %v", who, err)
		}
		c := civic.Consent{Service: "identity", Given: true, Language: "es", Notice: "kit/consent", Words: civic.NoticeDigest("kit/consent", "es", texts...)}
		if err := iv.SetConsent(ctx, c); err != nil {
			t.Fatal(err)
		}
		id, err := k.Seal(ctx, iv)
		if err != nil {
			t.Fatal(err, iv.CheckAll())
		}
		return personOf(t, k, id)
	}
	silent := func(err error) bool {
		var p *civic.Problem
		return errors.As(err, &p) && p.Code == civic.VoiceSilent
	}
	for _, c := range []struct {
		who    map[string]string
		voice  *voice.Voice
		stopAt int
		want   func(error) bool
		aloud  bool
	}{
		{map[string]string{"who/given_name": "Rosalía", "who/surname": "Quiahua", "who/second_surname": "Paz", "who/birth_date": "1994-03-05", "home/phone": "9515550142"}, speaker("takes"), len(texts), func(err error) bool { return err == nil }, true},
		{map[string]string{"who/given_name": "Macedonia", "who/surname": "Ibáñez", "who/second_surname": "Cruz", "who/birth_date": "1951-11-28", "home/phone": "9515550777"}, speaker("sleeps"), 0, func(err error) bool { return errors.Is(err, voice.ErrStopped) }, false},
		{map[string]string{"who/given_name": "Eustolia", "who/surname": "Zárate", "who/second_surname": "Bohórquez", "who/birth_date": "1979-07-14", "home/phone": "9515550318"}, speaker(""), len(texts), silent, false},
		{map[string]string{"who/given_name": "Crescencia", "who/surname": "Montesinos", "who/second_surname": "Luis", "who/birth_date": "2001-01-22", "home/phone": "9515550904"}, speaker("dies"), len(texts), silent, false},
	} {
		person := visit(c.who, c.voice, c.stopAt, c.want)
		r := find(consentRecords(t, o, person), map[string]string{"dpv:hasStatus": "dpv:ConsentGiven"})
		notice, _ := r["dpv:hasNotice"].(map[string]any)
		if notice["askonce:readAloud"] != c.aloud || notice["askonce:sha256"] != civic.NoticeDigest("kit/consent", "es", texts...).String() || notice["dct:language"] != "es" {
			t.Errorf("%v: %v", c.who, r)
		}
	}
}

// personOf is the person that the centre made of a registration.
func personOf(t *testing.T, k *kit.Kit, id civic.RegistrationID) string {
	t.Helper()
	decided(t, k)
	entry, err := k.Registration(t.Context(), id, "es")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range entry.Persons {
		if p.Subject == "" {
			return p.Person.String()
		}
	}
	t.Fatalf("nobody was made of it: %s, %+v", entry.Status, entry.Persons)
	return ""
}
