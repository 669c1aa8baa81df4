package batchtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Options are what a world can be like.
type Options struct {
	Seed   uint64
	Unseen float64 // share of names and places that the form's vocabulary lacks
	Photos float64 // share of registrations with a photo
}

// World is a district with its people. The same options make the same world.
type World struct {
	*dice
	options Options

	female, male, family, street, trade []string
	byName, byFamily, byStreet, byTrade weights
	towns                               []town
	byTown                              weights

	clock   int64 // seconds
	boot    uint32
	started int64 // when the program last started
	officer int
	closing int64 // when the office closes today
}

// town has its own places, clinics and tongue.
type town struct {
	name    string
	places  []string
	byPlace weights
	clinics []string
	tongue  float64 // share that speaks something else than Spanish
}

// Form is the form of every registration.
var Form = civic.FormRef{ID: "birth-test", Version: "1"}

// New makes a world.
func New(o Options) *World {
	w := &World{
		dice: newDice(o.Seed), options: o,
		female: tail(women, 500, 1), male: tail(men, 500, 2), family: tail(families, 1500, 3),
		street: tail(streets, 200, 4), trade: tail(trades, 60, 5),
		byName: falling(500, 1.05, 6), byFamily: falling(1500, 1.05, 3), byStreet: falling(200, 0.9, 2), byTrade: falling(60, 1.3, 1),
		byTown: falling(14, 1.1, 0.5),
		clock:  time.Date(2026, 11, 2, 14, 30, 0, 0, time.UTC).Unix(),
	}
	names := tail(nil, 14*22+14*2, 6)
	for i := range 14 {
		t := town{name: fmt.Sprintf("20%03d", 60+i), places: names[i*22 : i*22+22], byPlace: falling(22, 1.2, 0.3), tongue: float64(i%5) * 0.18}
		t.clinics = []string{"Hospital General " + names[14*22+i], "Centro de Salud " + names[14*22+14+i]}
		w.towns = append(w.towns, t)
	}
	w.open()
	return w
}

// open begins a working day.
func (w *World) open() {
	w.boot++
	w.started = w.clock
	w.closing = w.clock + 7*3600
	w.clock += int64(w.waiting(240))
}

func (w *World) stamp() civic.Stamp {
	return civic.Stamp{Wall: w.clock, Boot: w.boot, Mono: w.clock - w.started}
}

// Births makes the next n registrations, without device, id and links, and
// tells how many bits they hold.
func (w *World) Births(n int) ([]civic.Registration, float64) {
	before := w.bits
	regs := make([]civic.Registration, n)
	for i := range regs {
		regs[i] = w.birth()
	}
	return regs, w.bits - before
}

func (w *World) birth() civic.Registration {
	if w.clock > w.closing {
		next := time.Unix(w.clock, 0).UTC().AddDate(0, 0, 1)
		w.clock = time.Date(next.Year(), next.Month(), next.Day(), 14, 30, 0, 0, time.UTC).Unix()
		w.open()
	}
	w.clock += int64(w.waiting(260))
	r := civic.Registration{
		Area: "mx-20-067", Form: Form, Services: []civic.ServiceID{"birth"}, Started: w.stamp(),
	}
	w.clock += int64(w.lasting(430, 0.45))
	r.Sealed = w.stamp()
	if w.chance(0.02) {
		w.officer = 1 - w.officer
	}
	r.Officer = civic.OfficerID{0x4f, byte(w.officer), 7, 7, 7, 7, 7, 7}
	if w.chance(0.2) {
		r.Services = append(r.Services, "health_card")
	}
	r.Language = "es"
	if w.chance(0.03) {
		r.Language = "en"
	}
	w.answers(&r)
	for _, service := range r.Services {
		c := civic.Consent{Service: service, Purpose: "civil_registration", Given: true, Language: r.Language}
		if service == "health_card" {
			c.Purpose = "health_care"
			c.Given = w.chance(0.9)
		}
		c.ReadAloud = w.chance(0.15)
		c.Notice, c.Words = "kit/consent", civic.NoticeDigest("kit/consent", c.Language, string(service))
		r.Consents = append(r.Consents, c)
	}
	return r
}

// visit collects the answers of one registration.
type visit struct {
	*World
	r *civic.Registration
}

func (v *visit) say(path, value string) {
	v.r.Answers = append(v.r.Answers, civic.Answer{Path: path, Value: value})
}

func (v *visit) lack(path string, why civic.Absence) {
	v.r.Answers = append(v.r.Answers, civic.Answer{Path: path, Absent: why})
}

// choose answers one of several by their shares, which stand in the same order.
func (v *visit) choose(path, names string, w weights) string {
	name := strings.Fields(names)[v.pick(w)]
	v.say(path, name)
	return name
}

// word draws a word, or invents one that the list lacks.
func (v *visit) word(list []string, w weights) string {
	if v.options.Unseen > 0 && v.chance(v.options.Unseen) {
		return v.stranger()
	}
	return list[v.pick(w)]
}
