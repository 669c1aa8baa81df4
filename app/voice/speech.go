package voice

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// program turns words into sound.
	program = "espeak-ng"
	// maxVoices limits its list of voices, in bytes; version 1.51 has 13 kB.
	maxVoices = 1 << 18
	// maxSound limits the sound of one portion, in bytes: some minutes.
	maxSound = 16 << 20
)

// preferred are voices for languages of which there are several.
var preferred = map[string]string{"es": "es-419", "en": "en-us", "zh": "cmn", "nah": "nci", "pt": "pt-br"}

// synthesize turns a portion of words into sound.
func (v *Voice) synthesize(ctx context.Context, language string, pace Pace, words string) (sound, error) {
	path, err := v.o.Find(program)
	if err != nil {
		return sound{}, civic.NewProblem(civic.VoiceAbsent, nil)
	}
	name, err := v.voiceFor(ctx, path, language)
	if err != nil {
		return sound{}, err
	}
	// The end of the last line is told by --stdin; without -m nothing in the
	// words is markup.
	args := []string{"-b", "1", "-v", name, "-s", strconv.Itoa(pace.wordsPerMinute()), "--stdin", "--stdout"}
	out, err := run(ctx, path, args, strings.NewReader(words+"\n"), maxSound, v.o.Patience)
	if err != nil {
		return sound{}, failed(err)
	}
	s, err := decodeWAV(out)
	if err == nil && !s.audible() {
		err = errors.New("silence came for words")
	}
	if err != nil {
		return sound{}, civic.NewProblem(civic.VoiceBroken, err)
	}
	return s, nil
}

// failed tells of a program that did not do what it should.
func failed(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return civic.NewProblem(civic.VoiceAbsent, err)
	}
	return civic.NewProblem(civic.VoiceBroken, err)
}

// voiceFor gives the program's voice for a language, the nearest it has: what
// serves "es" serves "es-MX".
func (v *Voice) voiceFor(ctx context.Context, path, language string) (string, error) {
	v.mu.Lock()
	voices := v.voices
	v.mu.Unlock()
	if voices == nil {
		out, err := run(ctx, path, []string{"--voices"}, nil, maxVoices, v.o.Patience)
		if err != nil {
			return "", failed(err)
		}
		voices = parseVoices(string(out))
		v.mu.Lock()
		v.voices = voices
		v.mu.Unlock()
	}
	for want := strings.ToLower(strings.ReplaceAll(language, "_", "-")); want != ""; {
		if p := preferred[want]; p != "" && voices[p] != "" {
			return voices[p], nil
		}
		if voices[want] != "" {
			return voices[want], nil
		}
		want = want[:max(strings.LastIndexByte(want, '-'), 0)]
	}
	return "", civic.NewProblem(civic.VoiceLanguage, nil, language)
}

// parseVoices reads the program's list: a heading, then a voice a line with its
// language second, and at the end others that it serves, written "(zh 5)".
func parseVoices(list string) map[string]string {
	voices, other := map[string]string{}, map[string]string{}
	for i, line := range strings.Split(list, "\n") {
		fields := strings.Fields(line)
		if i == 0 || len(fields) < 5 || !languageTag(fields[1]) {
			continue
		}
		name := fields[1]
		voices[name] = name
		for _, f := range strings.Split(strings.Join(fields[5:], " "), "(")[1:] {
			if tag, _, _ := strings.Cut(f, " "); languageTag(tag) && other[tag] == "" {
				other[tag] = name
			}
		}
	}
	for tag, name := range other {
		if voices[tag] == "" {
			voices[tag] = name
		}
	}
	return voices
}

// languageTag tells whether something is one: what else a program says must not
// reach a command line.
func languageTag(s string) bool {
	if len(s) < 2 || len(s) > 35 || s[0] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
