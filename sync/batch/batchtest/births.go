package batchtest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

var (
	byVenue     = newWeights(0.66, 0.2, 0.12, 0.02)
	byAttendant = map[string]weights{
		"hospital": newWeights(0.86, 0.12, 0.015, 0.005), "clinic": newWeights(0.6, 0.36, 0.03, 0.01),
		"home": newWeights(0.03, 0.06, 0.8, 0.11), "other": newWeights(0.2, 0.2, 0.3, 0.3),
	}
	byKind     = newWeights(0.979, 0.02, 0.001)
	bySchool   = newWeights(0.07, 0.26, 0.38, 0.21, 0.08)
	byUnion    = newWeights(0.2, 0.31, 0.44, 0.03, 0.02)
	byTongue   = newWeights(0.6, 0.3, 0.1)
	byTeller   = newWeights(0.58, 0.36, 0.04, 0.02)
	byPhone    = newWeights(0.72, 0.14, 0.09, 0.05)
	byCivilDay = newWeights(0.84, 0.05, 0.03, 0.04, 0.04)
)

// answers fills in one visit.
func (w *World) answers(r *civic.Registration) {
	v := &visit{w, r}
	town := &w.towns[v.pick(w.byTown)]
	v.child(town)
	v.parent("mother", w.female, 26, 6)
	v.choose("mother/schooling", "none primary secondary high degree", bySchool)
	v.choose("mother/union", "single married cohabiting separated widowed", byUnion)
	v.say("mother/children", strconv.Itoa(1+v.waiting(1.6)))
	if v.chance(town.tongue*0.9 + 0.02) {
		v.choose("mother/tongue", "zapoteco mixteco mazateco", byTongue)
	} else {
		v.say("mother/tongue", "español")
	}
	if v.chance(0.87) {
		v.say("father/known", "yes")
		v.parent("father", w.male, 29, 7)
		v.say("father/trade", v.word(w.trade, w.byTrade))
	} else {
		v.say("father/known", "no")
	}
	v.home(town)
	v.choose("informant", "mother father grandparent other", byTeller)
	var papers []string
	for i, name := range []string{"birth_note", "mother_id", "father_id", "marriage"} {
		if v.chance([]float64{0.93, 0.9, 0.7, 0.25}[i]) {
			papers = append(papers, name)
		}
	}
	if papers == nil {
		v.lack("papers", civic.None)
	} else {
		v.say("papers", strings.Join(papers, " "))
	}
	v.surnames()
	v.photo()
}

func (v *visit) child(town *town) {
	venue := v.choose("birth/venue", "hospital clinic home other", byVenue)
	if venue == "hospital" || venue == "clinic" {
		at := v.pick(newWeights(0.75, 0.25))
		v.say("birth/clinic", town.clinics[at])
	}
	v.choose("birth/attendant", "doctor nurse midwife other", byAttendant[venue])
	v.choose("birth/kind", "single twin triplet", byKind)
	names, sex := v.male, "male"
	if v.chance(0.488) {
		names, sex = v.female, "female"
	}
	v.say("child/sex", sex)
	name := v.word(names, v.byName)
	if v.chance(0.62) {
		name += " " + v.word(names, v.byName)
	}
	v.say("child/given_name", name)
	v.say("child/surname", "")        // filled in at the end
	v.say("child/second_surname", "") // likewise
	days := v.waiting(38)
	if v.chance(0.06) {
		days = 365 + v.waiting(700)
	}
	born := time.Unix(v.r.Started.Wall, 0).UTC().AddDate(0, 0, -days)
	v.say("child/birth_date", born.Format(time.DateOnly))
	if v.chance(0.08) {
		v.lack("child/weight", civic.Unknown)
		return
	}
	step := 10
	if v.chance(0.55) {
		step = 50
	}
	v.say("child/weight", strconv.Itoa(v.bell(3150/float64(step), 460/float64(step))*step))
}

// parent is a name, two surnames and a birth date.
func (v *visit) parent(who string, names []string, age, spread float64) {
	name := v.word(names, v.byName)
	if v.chance(0.55) {
		name += " " + v.word(names, v.byName)
	}
	v.say(who+"/given_name", name)
	v.say(who+"/surname", v.word(v.family, v.byFamily))
	if v.chance(0.04) {
		v.lack(who+"/second_surname", civic.None)
	} else {
		v.say(who+"/second_surname", v.word(v.family, v.byFamily))
	}
	year := time.Unix(v.r.Started.Wall, 0).UTC().Year() - v.bell(age, spread)
	switch v.pick(byCivilDay) {
	case 0:
		// The day of the year, leap days left out so that all years are alike.
		day := time.Date(2023, 1, 1+v.even(365), 0, 0, 0, 0, time.UTC)
		v.say(who+"/birth_date", fmt.Sprintf("%04d-%02d-%02d", year, day.Month(), day.Day()))
	case 1: // a date for the papers
		v.say(who+"/birth_date", fmt.Sprintf("%04d-01-01", year))
	case 2:
		v.say(who+"/birth_date", fmt.Sprintf("%04d-%02d", year, 1+v.even(12)))
	case 3:
		v.say(who+"/birth_date", strconv.Itoa(year))
	default:
		v.say(who+"/birth_date", strconv.Itoa(year)+"~")
	}
}

func (v *visit) home(town *town) {
	v.say("home/town", town.name)
	v.say("home/place", v.word(town.places, town.byPlace))
	if v.chance(0.3) {
		v.lack("home/street", civic.None)
	} else {
		v.say("home/street", "Calle "+v.word(v.street, v.byStreet)+" "+strconv.Itoa(1+v.waiting(40)))
	}
	switch {
	case v.chance(0.6):
		area := []string{"951", "953", "954", "55"}[v.pick(byPhone)]
		for len(area) < 10 {
			area += strconv.Itoa(v.even(10))
		}
		v.say("home/phone", area)
	case v.chance(0.8):
		v.lack("home/phone", civic.None)
	default:
		v.lack("home/phone", civic.Refused)
	}
}

// surnames gives the child its parents' surnames, as the law there has it.
func (v *visit) surnames() {
	of := map[string]string{}
	for _, a := range v.r.Answers {
		of[a.Path] = a.Value
	}
	first, second := of["father/surname"], of["mother/surname"]
	if of["father/known"] == "no" {
		first, second = second, of["mother/second_surname"]
	}
	for i := range v.r.Answers {
		switch a := &v.r.Answers[i]; a.Path {
		case "child/surname":
			a.Value = first
		case "child/second_surname":
			if a.Value = second; second == "" {
				a.Absent = civic.None
			}
		}
	}
}

// photo adds a photo to some visits; its digest is 256 bits nobody can foretell.
func (v *visit) photo() {
	if v.options.Photos == 0 {
		return
	}
	if !v.chance(v.options.Photos) {
		return
	}
	var content [8]byte
	binary.BigEndian.PutUint64(content[:], v.Uint64())
	a := civic.Attachment{Name: "photo-1.jpg", Media: "image/jpeg", Size: int64(30_000 + v.bell(0, 4000)), Digest: sha256.Sum256(content[:])}
	v.bits += 256
	v.say("photo", a.Name)
	v.r.Attachments = append(v.r.Attachments, a)
}
