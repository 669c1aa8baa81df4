package text

import (
	"errors"
	"slices"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
)

// Teller tells words in the language of the moment. It may be used from several
// goroutines.
type Teller struct {
	book *Book

	mu        sync.RWMutex
	lang      string
	listeners []func()
}

// NewTeller tells in the language nearest to the wanted ones.
func NewTeller(b *Book, wanted ...string) *Teller {
	return &Teller{book: b, lang: b.Nearest(wanted...)}
}

// Language is the code of the language told now.
func (t *Teller) Language() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.lang
}

// Languages lists what can be chosen.
func (t *Teller) Languages() []Language { return t.book.Languages() }

// Switch tells in another language from now on and calls the listeners.
func (t *Teller) Switch(lang string) {
	t.mu.Lock()
	t.lang = t.book.Nearest(lang)
	listeners := slices.Clone(t.listeners)
	t.mu.Unlock()
	for _, f := range listeners {
		f()
	}
}

// OnSwitch has f called after each switch.
func (t *Teller) OnSwitch(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listeners = append(t.listeners, f)
}

// Say gives the words of a key with args in its places.
func (t *Teller) Say(key string, args ...string) string {
	return t.book.say(t.Language(), key, args)
}

// SayIn does it in a language other than the one of the moment: what is shown
// to the citizen.
func (t *Teller) SayIn(lang, key string, args ...string) string {
	return t.book.say(t.book.Nearest(lang, t.Language()), key, args)
}

// Count gives the words of a key in the plural form that n wants.
func (t *Teller) Count(key string, n int, args ...string) string {
	return t.book.count(t.Language(), key, n, args)
}

// Has tells whether there are words for a key.
func (t *Teller) Has(key string) bool {
	_, ok := t.book.find(t.Language(), key)
	return ok
}

// Problem says what happened and what to do; hint may be empty.
func (t *Teller) Problem(code civic.Code, words ...string) (message, hint string) {
	key := "problem." + string(code)
	if !t.Has(key) {
		return t.Say("problem.other", string(code)), t.Say("problem.other.hint")
	}
	message = t.Say(key, words...)
	if t.Has(key + ".hint") {
		hint = t.Say(key+".hint", words...)
	}
	return message, hint
}

// Error says an error; one that is no civic.Problem is told in general words,
// for its own text is for the log.
func (t *Teller) Error(err error) (message, hint string) {
	var p *civic.Problem
	if errors.As(err, &p) {
		return t.Problem(p.Code, p.Words...)
	}
	return t.Say("problem.other", "-"), t.Say("problem.other.hint")
}

// Status is a registration's state in one of the words used everywhere.
func (t *Teller) Status(s civic.Status) string { return t.Say("status." + s.String()) }
