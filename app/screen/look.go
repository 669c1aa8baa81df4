package screen

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/voice"
)

// Look is what an officer chose on the settings page. It holds nothing private
// and is needed before the kit is unlocked, so it lies outside the store.
type Look struct {
	Language string        `json:"language,omitempty"` // "" for the system's
	Palette  theme.Palette `json:"palette,omitempty"`
	Scale    float32       `json:"scale,omitempty"`
	// Pace is how quickly the voice reads, Aloud has it read each question by
	// itself.
	Pace  voice.Pace `json:"pace,omitempty"`
	Aloud bool       `json:"aloud,omitempty"`
	// Camera is the source to read (see camera.ParseSource), "" for the first that
	// is found; Turns says by how many quarters which is turned.
	Camera string           `json:"camera,omitempty"`
	Turns  map[string]uint8 `json:"turns,omitempty"`
}

// Looks keeps the look between two starts.
type Looks interface {
	Load() Look
	Save(Look) error
}

// LookFile keeps the look in a small file.
type LookFile string

// Load reads the file; one that is absent or broken gives the zero Look.
func (f LookFile) Load() Look {
	var l Look
	raw, err := os.ReadFile(string(f))
	if err == nil && len(raw) < 4096 && json.Unmarshal(raw, &l) != nil {
		return Look{}
	}
	return l
}

// Save writes the file in one step, so that a crash leaves the old or the new.
func (f LookFile) Save(l Look) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(string(f)+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(string(f)+".new", string(f))
}

func (s *Shell) look() Look {
	if s.c.Looks == nil {
		return Look{}
	}
	return s.c.Looks.Load()
}

// choose changes the look, keeps it and shows the page in it.
func (s *Shell) choose(change func(*Look)) {
	l := s.look()
	if l.Palette == "" {
		l.Palette = s.theme().Look().Palette
	}
	if l.Scale == 0 {
		l.Scale = s.theme().Look().Scale
	}
	change(&l)
	if s.c.Looks != nil {
		if err := s.c.Looks.Save(l); err != nil {
			s.fail(err)
		}
	}
	s.applyLook(l)
	s.rebuild()
}

func (s *Shell) applyLook(l Look) {
	if l.Language != "" && l.Language != s.c.Words.Language() {
		s.c.Words.Switch(l.Language)
	}
	s.c.App.Settings().SetTheme(theme.New(theme.Look{Palette: l.Palette, Scale: l.Scale}))
}
