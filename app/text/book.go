package text

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/askonce/fieldkit/assets"
)

// Fallback is the language whose words stand in for a missing one, and the one
// the notes for translators are written in.
const Fallback = "en"

// Language is one that the app speaks.
type Language struct {
	Code string // BCP 47
	Name string // in itself
}

// entry is one line of a language file: either Say, or one wording for each
// plural form of the language.
type entry struct {
	Say   string `json:"say,omitempty"`
	Zero  string `json:"zero,omitempty"`
	One   string `json:"one,omitempty"`
	Two   string `json:"two,omitempty"`
	Few   string `json:"few,omitempty"`
	Many  string `json:"many,omitempty"`
	Other string `json:"other,omitempty"`
	Note  string `json:"note,omitempty"`
}

func (e entry) form(f plural.Form) string {
	by := map[plural.Form]string{plural.Zero: e.Zero, plural.One: e.One, plural.Two: e.Two, plural.Few: e.Few, plural.Many: e.Many}
	if s := by[f]; s != "" {
		return s
	}
	return e.Other
}

type file struct {
	Language Language         `json:"language"`
	Words    map[string]entry `json:"words"`
}

// Book holds every language. It does not change after Load.
type Book struct {
	files map[string]*file
	order []Language
}

// Load reads the languages that ship inside the program.
func Load() (*Book, error) { return load(assets.Translations, "translations") }

func load(from fs.FS, dir string) (*Book, error) {
	names, err := fs.Glob(from, path.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	b := &Book{files: map[string]*file{}}
	for _, name := range names {
		raw, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		var f file
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if code := strings.TrimSuffix(path.Base(name), ".json"); f.Language.Code != code {
			return nil, fmt.Errorf("%s says it is for %q", name, f.Language.Code)
		}
		b.files[f.Language.Code] = &f
		b.order = append(b.order, f.Language)
	}
	if b.files[Fallback] == nil {
		return nil, fmt.Errorf("there is no %s.json", Fallback)
	}
	slices.SortFunc(b.order, func(a, c Language) int { return strings.Compare(a.Name, c.Name) })
	return b, nil
}

// Languages lists what can be chosen, by name.
func (b *Book) Languages() []Language { return slices.Clone(b.order) }

// Nearest finds the language that serves best for wanted ones, the first
// preferred: "es-MX" and "es_MX.UTF-8" are served by "es".
func (b *Book) Nearest(wanted ...string) string {
	for _, w := range wanted {
		w, _, _ = strings.Cut(w, ".")
		w = strings.ReplaceAll(w, "_", "-")
		for w != "" {
			if b.files[w] != nil {
				return w
			}
			i := strings.LastIndexByte(w, '-')
			w = w[:max(i, 0)]
		}
	}
	return Fallback
}

// find gives an entry in a language, else in the fallback.
func (b *Book) find(lang, key string) (entry, bool) {
	for _, l := range []string{lang, Fallback} {
		if f := b.files[l]; f != nil {
			if e, ok := f.Words[key]; ok {
				return e, true
			}
		}
	}
	return entry{}, false
}

// say gives the words of a key; a key that no language has is shown between
// brackets, so that it is seen and reported.
func (b *Book) say(lang, key string, args []string) string {
	e, ok := b.find(lang, key)
	if !ok {
		return "[" + key + "]"
	}
	if e.Say == "" {
		return fill(e.Other, args)
	}
	return fill(e.Say, args)
}

// count gives the words of a key in the plural form that n wants.
func (b *Book) count(lang, key string, n int, args []string) string {
	e, ok := b.find(lang, key)
	if !ok {
		return "[" + key + "]"
	}
	s := e.Say
	if s == "" {
		s = e.form(form(lang, n))
	}
	return strings.ReplaceAll(fill(s, args), "{n}", grouped(lang, n))
}

// form is the plural form of a whole number by the rules of CLDR.
func form(lang string, n int) plural.Form {
	return plural.Cardinal.MatchPlural(language.Make(lang), max(n, -n), 0, 0, 0, 0)
}

func fill(s string, args []string) string {
	for i, a := range args {
		s = strings.ReplaceAll(s, "{"+string(rune('1'+i))+"}", a)
	}
	return s
}
