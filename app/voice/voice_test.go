package voice

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// programs answers what is looked for: the name of a file in testdata/bin,
// "real" for the system's own; nothing for what is not there.
type programs map[string]string

func (p programs) find(name string) (string, error) {
	switch file := p[name]; file {
	case "":
		return "", exec.ErrNotFound
	case "real":
		return exec.LookPath(name)
	default:
		return filepath.Abs(filepath.Join("testdata", "bin", file))
	}
}

// hours is a clock that strides: every sound takes long enough.
func hours() func() time.Time {
	var mu sync.Mutex
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Hour)
		return at
	}
}

// newVoice makes a voice over programs; what a player takes lies in home/heard.
func newVoice(t *testing.T, p programs) (v *Voice, home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	return New(Options{Clock: hours(), Find: p.find, Patience: time.Minute}), home
}

// heard is what was played.
func heard(t *testing.T, home string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(home, "heard"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

const words = "Usted nos dijo esto una vez. ¿Pueden otras oficinas usar también estas respuestas, para que no tenga que decirlas otra vez? Usted decide para cada servicio."

// The system's own program speaks: what comes out is sound, as long as such
// words take, in each language that a kit may need, slower and quicker as asked.
func TestSpeaks(t *testing.T) {
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is needed here: .ci/system installs it (%v)", program, err)
	}
	said := map[string]string{
		"es": words, "es-MX": words,
		"en":  "You told us this once. May other offices use these answers too, so that you need not tell them again? You decide for each service.",
		"zh":  "您已经告诉过我们一次。其他办公室也可以使用这些回答吗？由您决定。",
		"nci": "Ximopanolti. Ahmo monequi occeppa tiquihtoz in motoca.",
	}
	for language, text := range said {
		v, home := newVoice(t, programs{program: "real", "aplay": "takes"})
		if err := v.Say(t.Context(), language, Normal, []Piece{{Text: text}}, nil); err != nil {
			t.Errorf("%s: %v", language, err)
			continue
		}
		s := sound{22050, 1, heard(t, home)}
		perLetter := s.duration() / time.Duration(len([]rune(text)))
		if !s.audible() || perLetter < 25*time.Millisecond || perLetter > 450*time.Millisecond {
			t.Errorf("%s: %v of sound for %d letters", language, s.duration(), len([]rune(text)))
		}
	}
	var last time.Duration
	for _, pace := range Paces() {
		v, home := newVoice(t, programs{program: "real", "aplay": "takes"})
		if err := v.Say(t.Context(), "es", pace, []Piece{{Text: words}}, nil); err != nil {
			t.Fatal(err)
		}
		took := sound{22050, 1, heard(t, home)}.duration()
		perMinute := float64(len(strings.Fields(words))) / took.Minutes()
		t.Logf("%s: %v, %.0f words a minute", pace, took, perMinute)
		if (last > 0 && took >= last) || perMinute < 60 || perMinute > 260 {
			t.Errorf("%s takes %v, the one before %v, %.0f words a minute", pace, took, last, perMinute)
		}
		last = took
	}
}

// The nearest voice serves: that of the very language, else one that says it
// serves it too.
func TestNearestVoice(t *testing.T) {
	voices := parseVoices(`Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 5  es              --/M      Spanish_(Spain)    roa/es
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)(es 6)
 5  -f/etc/passwd   --/M      x                  x                    (-w 5)(x 5)
`)
	for tag, want := range map[string]string{"zh": "cmn", "zh-cmn": "cmn", "es-mx": "es-419", "es": "es", "es-419": "es-419", "-w": "", "-f/etc/passwd": "", "x": ""} {
		if voices[tag] != want {
			t.Errorf("%s is read by %q, want %q", tag, voices[tag], want)
		}
	}
}

// Words that look like options, orders, phonemes or markup are read as words.
func TestOrdersAreWords(t *testing.T) {
	const orders = "\x01400S"
	v, home := newVoice(t, programs{program: "real", "aplay": "takes"})
	length := func(text string) time.Duration {
		t.Helper()
		_ = os.Remove(filepath.Join(home, "heard"))
		if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: text}}, nil); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return sound{22050, 1, heard(t, home)}.duration()
	}
	for text, same := range map[string]string{
		orders + " buenos días, señora":            "400S buenos días, señora",
		"buenos\x00\x1b\u202e días":                "buenos días",
		"buenos\tdías, \r\xff señora":              "buenos días, señora",
		"[[h@l@U w3:ld h@l@U w3:ld h@l@U w3:ld]]":  "[ [h@l@U w3:ld h@l@U w3:ld h@l@U w3:ld] ]",
		"[\u200b[h@l@U w3:ld h@l@U w3:ld]\u200b]a": "[ [h@l@U w3:ld h@l@U w3:ld] ]a",
	} {
		if a, b := length(text), length(same); a != b {
			t.Errorf("%q takes %v and %q %v", text, a, same, b)
		}
	}
	for _, text := range []string{
		"--version", "-f /etc/passwd", "-w out.wav hola", "-", "--", "-v en hola",
		`<speak><break time="100s"/>hola <audio src="/etc/passwd"/></speak>`, "$(touch here) `id`; ls | cat &", "hola' \" \\",
	} {
		spoken := strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz")
		if took := length(text); spoken && took < 300*time.Millisecond || took > 30*time.Second {
			t.Errorf("%q takes %v", text, took)
		}
	}
	for _, name := range []string{"out.wav", "here"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}

// Words go by standard input, and the program is told no secret of ours.
func TestNothingOnTheCommandLine(t *testing.T) {
	v, home := newVoice(t, programs{program: "notes", "aplay": "takes"})
	t.Setenv("FIELDKIT_PASSPHRASE", "lluvia camello")
	if err := v.Say(t.Context(), "es-MX", Slow, []Piece{{Text: "Rosalía Ibáñez"}}, nil); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := read("arguments"); got != "-b\n1\n-v\nes-419\n-s\n115\n--stdin\n--stdout\n" {
		t.Errorf("it was asked with %q", got)
	}
	if got := read("words"); got != "Rosalía Ibáñez\n" {
		t.Errorf("it was given %q", got)
	}
	if got := read("environment"); strings.Contains(got, "lluvia") || !strings.Contains(got, "PATH=") {
		t.Errorf("its environment was %q", got)
	}
	files, err := filepath.Glob(filepath.Join(home, "*"))
	if err != nil || len(files) != 4 { // those three, and what was heard
		t.Errorf("%v, %v", files, err)
	}
}

// Whatever the programs do, it is told in one plain sentence, and nothing counts
// as read.
func TestProgramsFail(t *testing.T) {
	for name, c := range map[string]struct {
		programs programs
		language string
		want     civic.Code
	}{
		"no voice":          {programs{"aplay": "takes"}, "es", civic.VoiceAbsent},
		"unknown language":  {programs{program: "real", "aplay": "takes"}, "tlh-x-none", civic.VoiceLanguage},
		"no language":       {programs{program: "real", "aplay": "takes"}, "", civic.VoiceLanguage},
		"an option":         {programs{program: "real", "aplay": "takes"}, "-f/etc/passwd", civic.VoiceLanguage},
		"voice dies":        {programs{program: "dies", "aplay": "takes"}, "es", civic.VoiceBroken},
		"voice floods":      {programs{program: "floods", "aplay": "takes"}, "es", civic.VoiceBroken},
		"voice says none":   {programs{program: "quiet", "aplay": "takes"}, "es", civic.VoiceLanguage},
		"voice babbles":     {programs{program: "babbles", "aplay": "takes"}, "es", civic.VoiceLanguage},
		"voice is mute":     {programs{program: "mute", "aplay": "takes"}, "es", civic.VoiceBroken},
		"no player":         {programs{program: "notes"}, "es", civic.VoiceSilent},
		"player dies":       {programs{program: "notes", "aplay": "dies"}, "es", civic.VoiceSilent},
		"player takes none": {programs{program: "real", "aplay": "quiet"}, "es", civic.VoiceSilent},
		"all players die":   {programs{program: "notes", "aplay": "dies", "pacat": "dies", "pw-cat": "dies"}, "es", civic.VoiceSilent},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := newVoice(t, c.programs)
			err := v.Say(t.Context(), c.language, Normal, []Piece{{Text: words}}, nil)
			var p *civic.Problem
			if !errors.As(err, &p) || p.Code != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// A program that does not end is ended when patience is over, with what it has
// started.
func TestHangs(t *testing.T) {
	p := programs{program: "sleeps", "aplay": "sleeps"}
	for _, piece := range []Piece{{Text: words}, {Recorded: wav(16, 1, 8000, []byte{0, 64, 0, 64})}} {
		_, home := newVoice(t, p)
		v := New(Options{Clock: hours(), Find: p.find, Patience: time.Second})
		err := v.Say(t.Context(), "es", Normal, []Piece{piece}, nil)
		var problem *civic.Problem
		if !errors.As(err, &problem) {
			t.Errorf("%v", err)
		}
		wantGone(t, home)
	}
}

// A sound that is over before it can have been heard was not heard: a player
// may end well without a loudspeaker.
func TestDoneTooSoon(t *testing.T) {
	_, home := newVoice(t, nil)
	still := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	v := New(Options{Clock: func() time.Time { return still }, Find: programs{program: "notes", "aplay": "takes"}.find})
	if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: words}}, nil); err == nil {
		t.Error("it counts as heard")
	}
	if len(heard(t, home)) == 0 {
		t.Error("the player was not asked")
	}
}

// A player that fails is followed by the next, which is asked first from then on.
func TestNextPlayer(t *testing.T) {
	v, home := newVoice(t, programs{program: "notes", "pacat": "dies", "pw-cat": "dies", "aplay": "takes"})
	for range 2 {
		if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: words}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if v.player != "aplay" || len(heard(t, home)) != 2*800 {
		t.Errorf("%q, %d bytes", v.player, len(heard(t, home)))
	}
}

// Stop makes it silent before it returns, with whatever a player has started.
func TestStop(t *testing.T) {
	for _, p := range []programs{{program: "notes", "aplay": "sleeps"}, {program: "sleeps", "aplay": "takes"}} {
		v, home := newVoice(t, p)
		said := make(chan error, 1)
		go func() { said <- v.Say(context.Background(), "es", Normal, []Piece{{Text: words}, {Text: words}}, nil) }()
		until(t, "the program runs", func() bool { _, err := os.Stat(filepath.Join(home, "child")); return err == nil })
		v.Stop()
		select {
		case err := <-said:
			if !errors.Is(err, ErrStopped) {
				t.Errorf("%v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("it still speaks")
		}
		wantGone(t, home)
		v.Stop() // nothing to stop
	}
}

// Who begins to speak silences who spoke; a reading whose context is over never
// begins.
func TestOneAtATime(t *testing.T) {
	_, home := newVoice(t, nil)
	var second atomic.Bool
	v := New(Options{Clock: hours(), Find: func(name string) (string, error) {
		if second.Load() {
			return programs{program: "notes", "pacat": "takes"}.find(name)
		}
		return programs{program: "notes", "aplay": "sleeps"}.find(name)
	}})
	first := make(chan error, 1)
	go func() { first <- v.Say(context.Background(), "es", Normal, []Piece{{Text: "uno"}}, nil) }()
	until(t, "the first speaks", func() bool { _, err := os.Stat(filepath.Join(home, "child")); return err == nil })
	second.Store(true)
	if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: "dos"}}, nil); err != nil {
		t.Error(err)
	}
	if err := <-first; !errors.Is(err, ErrStopped) {
		t.Errorf("the first: %v", err)
	}
	wantGone(t, home)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	before := len(heard(t, home))
	if err := v.Say(over, "es", Normal, []Piece{{Text: "tres"}}, func(int) { t.Error("it begins") }); !errors.Is(err, ErrStopped) || len(heard(t, home)) != before {
		t.Errorf("%v", err)
	}
}

// A recording goes before the words, needs no voice, and is played to the byte;
// one that cannot be played leaves it to the words.
func TestRecordings(t *testing.T) {
	samples := bytes.Repeat([]byte{0, 64, 0, 192}, 1000)
	v, home := newVoice(t, programs{"aplay": "takes"})
	var at []int
	pieces := []Piece{{Text: "una", Recorded: wav(16, 1, 8000, samples)}, {Recorded: wav(8, 2, 8000, []byte{0, 255, 128, 128})}}
	if err := v.Say(t.Context(), "tlh", Normal, pieces, func(i int) { at = append(at, i) }); err != nil {
		t.Fatal(err)
	}
	if got := heard(t, home); !bytes.Equal(got, append(samples, 0, 128, 0, 127, 0, 0, 0, 0)) {
		t.Errorf("%d bytes were played", len(got))
	}
	if len(at) != 2 || at[0] != 0 || at[1] != 1 {
		t.Errorf("told of %v", at)
	}
	v, home = newVoice(t, programs{program: "notes", "aplay": "takes"})
	if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: "una", Recorded: []byte("ID3 no sound")}}, nil); err != nil || len(heard(t, home)) != 800 {
		t.Errorf("%v, %d bytes", err, len(heard(t, home)))
	}
	if err := v.Say(t.Context(), "es", Normal, []Piece{{Recorded: []byte("no sound")}}, nil); err == nil {
		t.Error("a recording that cannot be played counts as heard")
	}
}

// Recordings of the kinds that forms bring are played; a damaged one, and one
// without the program that unpacks it, leave it to the words.
func TestPackedRecordings(t *testing.T) {
	if _, err := exec.LookPath(unpacker); err != nil {
		t.Fatalf("%s is needed here: .ci/system installs it (%v)", unpacker, err)
	}
	for _, name := range []string{"one.mp3", "one.ogg"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		v, home := newVoice(t, programs{"aplay": "takes", unpacker: "real"})
		if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: "una", Recorded: b}}, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s := (sound{22050, 1, heard(t, home)}); !s.audible() || s.duration() < 900*time.Millisecond || s.duration() > 1200*time.Millisecond {
			t.Errorf("%s: %v of sound", name, s.duration())
		}
		for what, p := range map[string]programs{"absent": {program: "notes", "aplay": "takes"}, "dies": {program: "notes", "aplay": "takes", unpacker: "dies"},
			"floods": {program: "notes", "aplay": "takes", unpacker: "floods"}, "babbles": {program: "notes", "aplay": "takes", unpacker: "babbles"}} {
			v, home := newVoice(t, p)
			if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: "una", Recorded: b}}, nil); err != nil || len(heard(t, home)) != 800 {
				t.Errorf("%s, the unpacker %s: %v, %d bytes", name, what, err, len(heard(t, home)))
			}
		}
		v, home = newVoice(t, programs{program: "notes", "aplay": "takes", unpacker: "real"})
		if err := v.Say(t.Context(), "es", Normal, []Piece{{Text: "una", Recorded: append([]byte(nil), b[:40]...)}}, nil); err != nil || len(heard(t, home)) != 800 {
			t.Errorf("%s cut off: %v, %d bytes", name, err, len(heard(t, home)))
		}
	}
}

// With nothing on the path it says so and does nothing.
func TestEmptyPath(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	v := New(Options{Clock: hours()})
	for _, c := range []struct {
		piece Piece
		want  civic.Code
	}{{Piece{Text: words}, civic.VoiceAbsent}, {Piece{Recorded: wav(16, 1, 8000, []byte{0, 64, 0, 64})}, civic.VoiceSilent}} {
		var p *civic.Problem
		if err := v.Say(t.Context(), "es", Normal, []Piece{c.piece}, nil); !errors.As(err, &p) || p.Code != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// wav writes a recording.
func wav(bits, channels, rate int, data []byte) []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(data)))
	return append(b, data...)
}

// until waits for a condition, for as long as a loaded machine may take.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 6000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it never came to be that %s", what)
}

// wantGone waits for the end of what the program sleeps has started.
func wantGone(t *testing.T, home string) {
	t.Helper()
	pid, err := os.ReadFile(filepath.Join(home, "child"))
	if errors.Is(err, os.ErrNotExist) { // it was ended before it had come to that
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	until(t, "what the program has started is gone", func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "stat"))
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}
