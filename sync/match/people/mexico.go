package people

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Incoming is one registration to be placed.
type Incoming struct {
	match.Record
	// Truth is what it is to Of, the index of a known person; Stranger with
	// Of -1 for somebody new.
	Truth match.Relation
	Of    int
	// Indistinguishable marks records no data can place: a human must.
	Indistinguishable bool
}

// Population is a registry and what comes in.
type Population struct {
	Known    []match.Record
	Incoming []Incoming
}

// pool draws words by how common they are: the n-th about 1/(n+c) as often as
// the first.
type pool struct {
	words []string
	sums  []float64
}

func newPool(words []string, c, power float64) pool {
	p := pool{words: words}
	sum := 0.0
	for i := range words {
		sum += 1 / math.Pow(float64(i)+c, power)
		p.sums = append(p.sums, sum)
	}
	return p
}

func (p pool) draw(r *rand.Rand) string {
	x := r.Float64() * p.sums[len(p.sums)-1]
	lo, hi := 0, len(p.sums)-1
	for lo < hi {
		if mid := (lo + hi) / 2; p.sums[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return p.words[lo]
}

type mexico struct {
	r                    *rand.Rand
	men, women, surnames pool
	places               []place
	spell                speller
}

// Mexico makes a population of known people and incoming registrations.
func Mexico(seed uint64, known, incoming int) Population {
	r := rand.New(rand.NewPCG(seed, 0x6d7831))
	m := &mexico{
		r: r, men: newPool(mexicanMen(), 3, 0.95), women: newPool(mexicanWomen(), 3, 0.95), surnames: newPool(mexicanSurnames(), 4, 0.9),
		places: mexicanPlaces(), spell: speller{r},
	}
	p := Population{Known: make([]match.Record, known)}
	for i := range p.Known {
		p.Known[i] = m.person()
	}
	for range incoming {
		p.Incoming = append(p.Incoming, m.incoming(p.Known))
	}
	return p
}

func (m *mexico) given(sex string) string {
	names := m.men
	if sex == "F" {
		names = m.women
	}
	a := names.draw(m.r)
	if m.r.Float64() < 0.45 {
		if b := names.draw(m.r); b != a {
			return a + " " + b
		}
	}
	return a
}

func (m *mexico) date(from, to int) civic.Date {
	return civic.Date{Year: from + m.r.IntN(to-from+1), Month: 1 + m.r.IntN(12), Day: 1 + m.r.IntN(28)}
}

func (m *mexico) home(rec *match.Record) {
	// A fifth of the places hold half of the people.
	n := len(m.places)
	i := int(math.Pow(m.r.Float64(), 1.6) * float64(n))
	at := m.places[i*7919%n]
	rec.Places = []string{at.locality, at.municipality, at.state, "", "", ""}
}

func (m *mexico) phone() []string {
	if m.r.Float64() < 0.4 {
		return nil
	}
	return []string{fmt.Sprintf("%d%07d", 951+m.r.IntN(40), m.r.IntN(10_000_000))}
}

func (m *mexico) person() match.Record {
	rec := match.Record{Sex: []string{"F", "M"}[m.r.IntN(2)], Surnames: []string{m.surnames.draw(m.r), m.surnames.draw(m.r)}, Birth: m.date(1930, 2024)}
	rec.Given = []string{m.given(rec.Sex)}
	m.home(&rec)
	rec.Phones = m.phone()
	return rec
}

func (m *mexico) incoming(known []match.Record) Incoming {
	of := m.r.IntN(len(known))
	base := known[of]
	switch x := m.r.Float64(); {
	case x < 0.50:
		rec, same := m.again(base)
		return Incoming{Record: rec, Truth: match.Same, Of: of, Indistinguishable: same}
	case x < 0.52:
		rec, same := m.twin(base)
		return Incoming{Record: m.noise(rec), Truth: match.Sibling, Of: of, Indistinguishable: same}
	case x < 0.55:
		rec := m.person()
		rec.Given, rec.Surnames, rec.Sex = base.Given, base.Surnames, base.Sex
		return Incoming{Record: m.noise(rec), Truth: match.Namesake, Of: of}
	case x < 0.57:
		return Incoming{Record: m.noise(m.junior(base)), Truth: match.Parent, Of: of}
	}
	return Incoming{Record: m.noise(m.person()), Truth: match.Stranger, Of: -1}
}

// again is a known person as written on another day.
func (m *mexico) again(base match.Record) (rec match.Record, indistinguishable bool) {
	rec = m.noise(base)
	surnames := []string{rec.Surnames[0], rec.Surnames[1]}
	switch x := m.r.Float64(); {
	case x < 0.10:
		surnames[1] = ""
	case x < 0.14:
		surnames[0], surnames[1] = surnames[1], surnames[0]
	}
	rec.Surnames = surnames
	switch x := m.r.Float64(); {
	case x < 0.10:
		rec.Birth = m.off(rec.Birth)
	case x < 0.15:
		rec.Birth = civic.Date{}
	}
	if m.r.Float64() < 0.10 {
		m.home(&rec)
	}
	if m.r.Float64() < 0.20 {
		rec.Phones = m.phone()
	}
	if names := strings.Fields(rec.Given[0]); len(names) == 2 && m.r.Float64() < 0.022 {
		rec.Given = []string{names[m.r.IntN(2)]}
		return rec, true
	}
	return rec, false
}

// twin shares all but the given names, and the sex by chance.
func (m *mexico) twin(base match.Record) (match.Record, bool) {
	rec := base
	if m.r.Float64() < 0.02 && !strings.Contains(base.Given[0], " ") {
		for range 20 {
			if name := m.given(rec.Sex); strings.HasPrefix(name, base.Given[0]+" ") || !strings.Contains(name, " ") && name != base.Given[0] {
				if !strings.Contains(name, " ") {
					name = base.Given[0] + " " + name
				}
				rec.Given = []string{name}
				return rec, true
			}
		}
	}
	if m.r.Float64() < 0.35 {
		rec.Sex = map[string]string{"M": "F", "F": "M"}[rec.Sex]
	}
	for {
		name := m.given(rec.Sex)
		if first := strings.Fields(name)[0]; m.r.Float64() < 0.06 && rec.Sex == base.Sex { // the same first name for both
			name = strings.Fields(base.Given[0])[0] + " " + first
		}
		if !part(name, base.Given[0]) {
			rec.Given = []string{name}
			return rec, false
		}
	}
}

// part tells whether one of two names holds the other.
func part(a, b string) bool {
	in := func(a, b string) bool {
		for _, w := range strings.Fields(a) {
			if !strings.Contains(" "+b+" ", " "+w+" ") {
				return false
			}
		}
		return true
	}
	return in(a, b) || in(b, a)
}

// junior is the child or the parent of the same name.
func (m *mexico) junior(base match.Record) match.Record {
	rec := base
	years := 17 + m.r.IntN(29)
	if base.Birth.Year+years > 2024 {
		years = -years
	}
	rec.Birth = m.date(base.Birth.Year+years, base.Birth.Year+years)
	rec.Surnames = []string{base.Surnames[0], m.surnames.draw(m.r)}
	rec.Given = []string{strings.Fields(base.Given[0])[0]}
	if m.r.Float64() < 0.5 {
		rec.Given = base.Given
	}
	if m.r.Float64() < 0.3 {
		m.home(&rec)
	}
	if m.r.Float64() < 0.4 {
		rec.Phones = m.phone()
	}
	return rec
}

// off spoils a birth date.
func (m *mexico) off(d civic.Date) civic.Date {
	switch m.r.IntN(4) {
	case 0:
		d.Day = 1 + (d.Day+m.r.IntN(27))%28
	case 1:
		d.Month = 1 + (d.Month+m.r.IntN(11))%12
	case 2:
		d.Year += []int{-10, -1, 1, 10}[m.r.IntN(4)]
	default:
		if d.Day <= 12 && d.Day != d.Month {
			d.Day, d.Month = d.Month, d.Day
		} else {
			d.Day = 1 + (d.Day+9)%28
		}
	}
	return d
}

// noise writes names as clerks do: a fifth of them with a slip.
func (m *mexico) noise(rec match.Record) match.Record {
	slip := func(s string) string {
		words := strings.Fields(s)
		for i, w := range words {
			if m.r.Float64() < 0.20/float64(len(words)) {
				words[i] = m.spell.slip(w)
			}
		}
		return strings.Join(words, " ")
	}
	out := rec
	out.Given = []string{slip(rec.Given[0])}
	out.Surnames = []string{slip(rec.Surnames[0]), slip(rec.Surnames[1])}
	out.Places = append([]string(nil), rec.Places...)
	return out
}
