package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
)

// book holds the words of one language.
type book struct {
	Code  string            `json:"code"`
	Name  string            `json:"name"`
	Words map[string]string `json:"words"`
	// Program holds the problems as the program on the kits words them, for
	// those this book has no words for.
	Program map[string]string `json:"-"`
}

// languages in the order they are offered; the first is the fallback.
func languages() []string { return []string{"es", "en"} }

func readBooks() (map[string]book, error) {
	books := map[string]book{}
	for _, code := range languages() {
		b, err := files.ReadFile(path.Join("words", code+".json"))
		if err != nil {
			return nil, err
		}
		var v book
		if err := json.Unmarshal(b, &v); err != nil {
			return nil, fmt.Errorf("the console's words in %s: %w", code, err)
		}
		if v.Program, err = problems(code); err != nil {
			return nil, err
		}
		books[code] = v
	}
	return books, nil
}

// say gives the words of a key, with {1}, {2} … filled in; a key without words
// is shown as it is, so that it is seen.
func (b book) say(key string, args ...any) string {
	s, ok := b.Words[key]
	if !ok {
		// A form may bring an attribute of its own; its name says it well enough.
		_, name, _ := strings.Cut(key, "attribute.")
		return cmp.Or(strings.ReplaceAll(name, "_", " "), key)
	}
	return filled(s, args)
}

// filled puts what {1}, {2} … stand for in their places.
func filled(s string, args []any) string {
	for i, a := range args {
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i+1)+"}", fmt.Sprint(a))
	}
	return s
}

// problems reads how the program on the kits words problems.
func problems(code string) (map[string]string, error) {
	b, err := fs.ReadFile(assets.Translations, "translations/"+code+".json")
	if err != nil {
		return nil, err
	}
	var v struct {
		Words map[string]struct{ Say string }
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("the program's words in %s: %w", code, err)
	}
	out := map[string]string{}
	for key, w := range v.Words {
		if strings.HasPrefix(key, "problem.") {
			out[key] = w.Say
		}
	}
	return out, nil
}

// reason tells a reason or a problem's code in words.
func (b book) reason(code civic.Code, words []string) string {
	args := make([]any, len(words))
	for i := range words {
		args[i] = words[i]
	}
	for _, key := range []string{"reason." + string(code), "problem." + string(code), "why." + string(code)} {
		if b.Words[key] != "" {
			return b.say(key, args...)
		}
	}
	if s := b.Program["problem."+string(code)]; s != "" {
		return filled(s, args)
	}
	return b.say("reason.other", code)
}

const languageCookie = "__Host-language"

// bookOf chooses the language: what was chosen before, else what the browser
// asks for.
func (s *console) bookOf(r *http.Request) book {
	if c, err := r.Cookie(languageCookie); err == nil {
		if b, ok := s.books[c.Value]; ok {
			return b
		}
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		code, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		code, _, _ = strings.Cut(code, "-")
		if b, ok := s.books[strings.ToLower(code)]; ok {
			return b
		}
	}
	return s.books[languages()[0]]
}

func (s *console) language(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("language")
	if _, ok := s.books[code]; ok {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: code, Path: "/", MaxAge: 365 * 24 * 3600,
			Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
	back := r.PostFormValue("back")
	if !ours(back, citizenStart) {
		back = oursOr(back)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
