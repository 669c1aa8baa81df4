package match

import (
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of what is compared of one record; what is beyond is not looked at.
const (
	maxNames  = 6 // names of one part
	maxColumn = 8 // places, identifiers, others
)

// Prepared is a record in the writing that is compared. It holds no pointer to
// the record it came from and never changes.
type Prepared struct {
	given   names
	surname [2]name
	full    names
	birth   birth
	sex     byte
	places  []string
	phones  []string
	ids     []string
	others  []string
}

// name is one name and how it is heard; empty when there is none. roman is its
// pinyin when it is written in Chinese signs.
type name struct {
	text, sound, roman string
	letters            uint32 // which of a to z it holds; 0 for other scripts
	known              bool   // one of those that many bear, see wellKnown
}

// newName fills in how a folded name is heard.
func newName(text string) name {
	if ascii(text) {
		return name{text: text, sound: sound(text), letters: lettersOf(text), known: wellKnown[text]}
	}
	if han(text) {
		text = simplify(text)
		r := roman(text)
		return name{text: text, sound: sound(r), roman: r}
	}
	return name{text: text, sound: sound(latin(text))}
}

func lettersOf(s string) (set uint32) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'a' && c <= 'z' {
			set |= 1 << (c - 'a')
		}
	}
	return set
}

func (n name) none() bool { return n.text == "" }

// names are the names of one part in their order.
type names []name

func (ns names) text() string {
	switch len(ns) {
	case 0:
		return ""
	case 1:
		return ns[0].text
	}
	var b strings.Builder
	for i, n := range ns {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(n.text)
	}
	return b.String()
}

// birth is a birth date, its parts 0 when not known, with its eight digits when
// it is whole or was stated as such.
type birth struct {
	year, month, day int
	estimated        bool
	digits           string // yyyymmdd, empty when a part is missing
}

func (b birth) none() bool { return b.year == 0 && b.digits == "" }

// Prepare brings a record into the form that is compared and keyed.
func Prepare(r Record) *Prepared {
	p := &Prepared{
		given: givenNames(r.Given),
		full:  wholeParts(r.Full),
		birth: birthOf(r.Birth, r.BirthStated),
	}
	surnames(&p.surname, r.Surnames)
	if s := fold(r.Sex); s != "" {
		p.sex = s[0]
	}
	p.places = column(r.Places, fold)
	p.others = column(r.Others, fold)
	p.ids = column(r.Identifiers, func(s string) string { return strings.ReplaceAll(fold(s), " ", "") })
	for _, s := range r.Phones {
		if strings.Contains(s, "@") && len(p.phones) < maxColumn { // an address of another kind to reach somebody
			p.phones = append(p.phones, strings.ToLower(strings.TrimSpace(first(s, maxText))))
		} else if d := digits(s); len(d) >= 6 && len(p.phones) < maxColumn {
			p.phones = append(p.phones, d[max(0, len(d)-10):])
		}
	}
	return p
}

func column(from []string, write func(string) string) []string {
	if len(from) == 0 {
		return nil
	}
	out := make([]string, min(len(from), maxColumn))
	for i := range out {
		out[i] = write(from[i])
	}
	return out
}

func birthOf(d civic.Date, stated string) birth {
	if !d.IsZero() {
		b := birth{year: d.Year, month: d.Month, day: d.Day, estimated: d.Estimated}
		if d.Day != 0 && d.Month != 0 {
			b.digits = pad(d.Year, 4) + pad(d.Month, 2) + pad(d.Day, 2)
		}
		return b
	}
	s := digits(stated)
	if len(s) != 8 {
		return birth{}
	}
	n := func(a, b int) int {
		v := 0
		for _, c := range s[a:b] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	return birth{year: n(0, 4), month: n(4, 6), day: n(6, 8), digits: s}
}

func pad(n, width int) string {
	var b [4]byte
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[:width])
}

// particles join names and are not compared when a name stands beside them.
var particles = map[string]bool{
	"de": true, "del": true, "la": true, "las": true, "los": true, "y": true, "e": true, "da": true, "do": true,
	"das": true, "dos": true, "di": true, "du": true, "van": true, "von": true, "der": true, "den": true, "al": true, "el": true,
	"of": true, "the": true, "bin": true, "ibn": true, "bint": true, "mc": true, "mac": true, "o": true, "le": true,
}

// short writings of names that clerks use.
var short = map[string]string{
	"ma": "maria", "mª": "maria", "mma": "maria", "gpe": "guadalupe", "fco": "francisco", "fca": "francisca",
	"jse": "jose", "ant": "antonio", "hdez": "hernandez", "hdz": "hernandez", "fdez": "fernandez", "mtz": "martinez",
	"mtnez": "martinez", "rdz": "rodriguez", "rguez": "rodriguez", "gzz": "gonzalez", "glez": "gonzalez", "glz": "gonzalez",
	"lpz": "lopez", "grcia": "garcia", "gtz": "gutierrez", "gtrrez": "gutierrez", "dgz": "dominguez", "vzqz": "vazquez",
	"sta": "santa", "sto": "santo",
}

// parts takes a text apart into names. Particles go with the name behind them
// and are dropped; "Ma." at the head of several given names is María.
func parts(s string, given bool) names {
	return partsOf(strings.Fields(fold(s)), given)
}

// wholeParts takes a whole name apart; a Chinese one without spaces is surname
// and given name.
func wholeParts(s string) names {
	words := strings.Fields(fold(s))
	if len(words) == 1 && han(words[0]) {
		words = splitHan(simplify(words[0]))
	}
	return partsOf(words, false)
}

func partsOf(words []string, given bool) names {
	out := make(names, 0, min(len(words), maxNames))
	for i, w := range words {
		if len(out) == maxNames {
			break
		}
		if len(words) > 1 && particles[w] && (w != "e" || !given) {
			continue
		}
		if long, ok := short[w]; ok && (w != "ma" || (given && i == 0 && len(words) > 1)) {
			w = long
		}
		out = append(out, newName(w))
	}
	if len(out) == 0 && len(words) > 0 {
		w := words[len(words)-1]
		out = append(out, newName(w))
	}
	return out
}

func givenNames(entries []string) names {
	if len(entries) == 1 {
		return joinSyllables(parts(entries[0], true))
	}
	return joinSyllables(parts(strings.Join(entries, " "), true))
}

// surnames fills first and second. A surname of several words is one name; a
// single entry of exactly two names outside particles is taken as first and
// second.
func surnames(into *[2]name, entries []string) {
	var got []names
	for _, e := range entries {
		if ns := parts(e, false); len(ns) > 0 {
			got = append(got, ns)
		} else if len(got) == 0 {
			got = append(got, nil) // the first is missing: keep the second's place
		}
	}
	if len(got) == 0 {
		return
	}
	if len(got) == 1 && len(got[0]) == 2 {
		into[0], into[1] = got[0][0], got[0][1]
		return
	}
	for i := 0; i < min(2, len(got)); i++ {
		into[i] = whole(got[i])
	}
}

// whole makes one name of several words.
func whole(ns names) name {
	if len(ns) == 0 {
		return name{}
	}
	if len(ns) == 1 {
		return ns[0]
	}
	text := strings.ReplaceAll(ns.text(), " ", "")
	return newName(text)
}

func first(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func signs(s string) int { return utf8.RuneCountInString(s) }
