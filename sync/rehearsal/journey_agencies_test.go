package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// citizen is one of the thousand, as the test itself remembers.
type citizen struct {
	number, given, surname, birth string
	area                          civic.Area
	service                       civic.ServiceID
	registration                  civic.RegistrationID
	choice                        string            // yes, no, taken back, or empty: not asked
	without                       map[string]string // by agency: the purposes it was taken back for
}

// Six agencies at three levels with different agreements ask about a thousand
// people for some days, while people withdraw, agreements end and change: every
// field that crosses is allowed by the agreement in force at that moment and
// stands in the log, and every refusal says why in a code of the standard.
func TestJourneySixAgencies(t *testing.T) {
	w := agencytest.New(t, nil)
	r := rand.New(rand.NewPCG(6, 3))
	people := thousand(w, r)
	agreements := map[string]*agreement.Agreement{}
	clients := map[string]*agencytest.Client{}
	add := func(id string, level agreement.Level, change func(*agreement.Agreement)) {
		clients[id] = w.Agency(share.Agency{ID: agreement.AgencyID(id), Name: id, Level: level, PerMinute: 1 << 20, PerDay: 1 << 20})
		clients[id].Prefix = spdci.PrefixCRVS
		a := agencytest.Agreement(agreement.AgencyID(id), level, change)
		agreements[id] = &a
		w.Agree(a)
	}
	named := func(names ...civic.Attribute) (out []agreement.Covered) {
		for _, n := range names {
			out = append(out, agreement.Covered{Name: n})
		}
		return out
	}
	add("bienestar", agreement.Federal, func(a *agreement.Agreement) {
		a.Basis, a.Attributes = agreement.ByConsent, named("national_id", "given_name", "surname", "birth_date", "income_band")
	})
	add("poblacion", agreement.Federal, func(a *agreement.Agreement) {
		a.Basis, a.Attributes = agreement.LegalObligation, named("national_id", "given_name", "surname", "birth_date", "sex")
	})
	add("salud", agreement.State, func(a *agreement.Agreement) {
		a.Areas, a.Attributes = []civic.Area{"mx-20"}, named("national_id", "given_name", "phone", "disability")
	})
	add("educacion", agreement.State, func(a *agreement.Agreement) {
		a.Areas, a.Sources, a.Attributes = []civic.Area{"mx-20"}, []civic.ServiceID{"birth"}, named("national_id", "given_name", "surname", "birth_date")
	})
	add("municipio-067", agreement.Municipal, func(a *agreement.Agreement) {
		a.Areas, a.Attributes, a.Lifecycle.Until = []civic.Area{"mx-20-067"}, named("national_id", "given_name", "locality"), "2026-11-23"
	})
	add("municipio-002", agreement.Municipal, func(a *agreement.Agreement) {
		a.Areas, a.Basis, a.Attributes = []civic.Area{"mx-21-002"}, agreement.ByConsent, named("national_id", "given_name", "locality", "phone")
	})
	j := &agencyJourney{t: t, w: w, r: r, people: people, agreements: agreements, clients: clients, reasons: map[string]int{}, rows: map[string]int{}}
	for day := range 3 {
		j.ask(400)
		switch day {
		case 0: // a hundred people take their word back, some for one agency only
			for range 100 {
				j.withdraw(&people[r.IntN(len(people))])
			}
			w.Later(24 * time.Hour)
		case 1: // one agreement is withdrawn, one loses a field; one has ended by itself
			agreements["educacion"].Lifecycle.State = "withdrawn"
			w.Agree(*agreements["educacion"])
			agreements["salud"].Attributes = named("national_id", "given_name")
			w.Agree(*agreements["salud"])
			w.Later(24 * time.Hour)
		}
		for _, c := range clients {
			c.SignIn()
		}
	}
	t.Logf("%d requests: %d fields crossed of %d persons, %d refusals: %v", j.asked, j.fields, j.crossed, j.refused, j.reasons)
	if j.crossed < 300 || j.refused < 200 || len(j.reasons) < 6 {
		t.Error("the journey says too little")
	}
}

func thousand(w *agencytest.World, r *rand.Rand) []citizen {
	given := []string{"Juana", "Petra", "Itzel", "Canek", "Nicté", "Mateo", "Rosa", "Elías", "Lucía", "Bernabé"}
	surnames := []string{"Ek", "Ku", "Pech", "Dzul", "Canul", "May", "Chan", "Uc", "Tun", "Poot"}
	areas := []civic.Area{"mx-20-067", "mx-20-001", "mx-21-002"}
	services := []civic.ServiceID{"birth", "cash", "health"}
	people := make([]citizen, 1000)
	visits := make([]agencytest.Visit, len(people))
	for i := range people {
		c := citizen{
			number: fmt.Sprintf("XEXX%06dMOC%05d", i*37%999_983, i), given: given[r.IntN(len(given))] + " " + given[r.IntN(len(given))], surname: surnames[r.IntN(len(surnames))],
			birth: time.Date(1950+r.IntN(70), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
			area:  areas[i%3], service: services[r.IntN(3)], choice: []string{"yes", "yes", "no", ""}[r.IntN(4)], without: map[string]string{},
		}
		v := agencytest.Visit{Area: c.area, Services: []civic.ServiceID{c.service}, Claims: map[civic.Attribute]string{
			"national_id": c.number, "given_name": c.given, "surname": c.surname, "birth_date": c.birth, "sex": "f",
			"phone": fmt.Sprintf("95%08d", i), "locality": fmt.Sprint("Pueblo ", i), "disability": "none", "income_band": "low",
		}}
		switch c.choice {
		case "yes":
			v.Consents = []civic.Consent{agencytest.Given(c.service)}
		case "no":
			v.Consents = []civic.Consent{agencytest.Refused(c.service)}
		}
		people[i], visits[i] = c, v
	}
	for i, id := range w.Visits(visits...) {
		people[i].registration = id
	}
	return people
}

type agencyJourney struct {
	t          *testing.T
	w          *agencytest.World
	r          *rand.Rand
	people     []citizen
	agreements map[string]*agreement.Agreement
	clients    map[string]*agencytest.Client
	reasons    map[string]int
	rows       map[string]int // of the log, by agency

	asked, crossed, fields, refused int
}

// withdraw takes a citizen's word back: of everybody, or of one agency.
func (j *agencyJourney) withdraw(c *citizen) {
	scope := policy.Scope{}
	who := "everybody"
	if j.r.IntN(2) == 0 {
		who = []string{"bienestar", "salud", "municipio-002"}[j.r.IntN(3)]
		scope.Agency = agreement.AgencyID(who)
	}
	c.without[who] = "yes"
	j.w.Update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := j.w.Centre.Share.Choose(ctx, tx, share.Choice{
			Area: c.area, Registration: c.registration, State: policy.Withdrawn, Scope: scope, Channel: "receipt", Actor: "receipt", By: share.ByIndividual,
		})
		return err
	})
}

// may says by the test's own book whether a field may cross now.
func (j *agencyJourney) may(who string, c *citizen, field civic.Attribute) bool {
	a := j.agreements[who]
	today := j.w.Now().Format(time.DateOnly)
	if a.Lifecycle.State != "active" || a.Lifecycle.Until != "" && today > a.Lifecycle.Until || !slices.Contains(a.Sources, c.service) {
		return false
	}
	if len(a.Areas) > 0 && !strings.HasPrefix(string(c.area)+"-", string(a.Areas[0])+"-") {
		return false
	}
	if !slices.ContainsFunc(a.Attributes, func(x agreement.Covered) bool { return x.Name == field }) {
		return false
	}
	no := c.choice == "no" || c.without["everybody"] != "" || c.without[who] != ""
	switch a.Basis {
	case agreement.LegalObligation:
		return true
	case agreement.ByConsent:
		return c.choice == "yes" && !no
	}
	return !no
}

// codes are those of the standard for a search.
var standardCodes = []string{
	"rjct.reference_id.invalid", "rjct.reference_id.duplicate", "rjct.timestamp.invalid", "rjct.search_criteria.invalid",
	"rjct.filter.invalid", "rjct.sort.invalid", "rjct.pagination.invalid", "rjct.search.too_many_records_found",
}

func (j *agencyJourney) ask(n int) {
	ids := []string{"bienestar", "poblacion", "salud", "educacion", "municipio-067", "municipio-002"}
	all := []civic.Attribute{"national_id", "given_name", "surname", "birth_date", "sex", "phone", "locality", "disability", "income_band"}
	for range n {
		who := ids[j.r.IntN(len(ids))]
		client, c := j.clients[who], &j.people[j.r.IntN(len(j.people))]
		q := agencytest.ByID(c.number)
		switch j.r.IntN(12) {
		case 0:
			q.Purpose = "curiosity"
		case 1:
			q.Fields = []string{string(all[j.r.IntN(len(all))])}
		}
		before := j.rows[who]
		a := client.Ask(q)
		j.asked++
		n, last := j.w.Last(who)
		if a.Status != 200 || n != before+1 {
			j.t.Fatalf("%s: %d, %d rows: %s", who, a.Status, n-before, a.Body)
		}
		j.rows[who] = n
		j.judge(who, c, q, a, last.Entry)
	}
}

// judge holds one answer against the book and against its row.
func (j *agencyJourney) judge(who string, c *citizen, q agencytest.Question, a agencytest.Answer, row translog.Entry) {
	text, _ := json.Marshal(a.Records(0))
	values := map[civic.Attribute]string{"given_name": c.given, "surname": `"surname":"` + c.surname, "birth_date": c.birth, "phone": "", "locality": "Pueblo ", "disability": "is_disabled", "income_band": `"income_level"`, "sex": `"sex"`}
	var got []civic.Attribute
	for name, v := range values {
		if name == "phone" {
			v = "phone_number"
		}
		if strings.Contains(string(text), v) {
			got = append(got, name)
		}
	}
	if strings.Contains(string(text), c.number) {
		got = append(got, "national_id")
	}
	slices.Sort(got)
	for _, name := range got {
		if q.Purpose == "curiosity" || !j.may(who, c, name) || !slices.Contains(row.Fields, name) {
			j.t.Fatalf("%s: %s of a citizen crossed: %s, the log says %+v", who, name, text, row)
		}
	}
	if len(got) > 0 {
		j.crossed++
		j.fields += len(got)
		ref := j.w.Person(c.area, c.registration)
		if row.Action != translog.Disclosure || row.Person != ref.Person || row.Agreement != j.agreements[who].ID || !slices.Equal(row.Fields, got) {
			j.t.Fatalf("%s: %v crossed, the log says %+v", who, got, row)
		}
		return
	}
	response := a.Response(0)
	code, _ := response["status_reason_code"].(string)
	why, _ := response["status_reason_message"].(string)
	if response["status"] != "rjct" || !slices.Contains(standardCodes, code) || why == "" {
		j.t.Fatalf("%s: refused without a reason: %s", who, a.Body)
	}
	if row.Action != translog.Denial || string(row.Code) != why {
		j.t.Fatalf("%s: refused for %s, the log says %+v", who, why, row)
	}
	for _, name := range []civic.Attribute{"given_name"} { // what everybody's agreement names must not stay back for nothing
		if q.Purpose == "" && len(q.Fields) == 0 && j.may(who, c, name) {
			j.t.Fatalf("%s: %s stayed back for %s", who, name, why)
		}
	}
	j.refused++
	j.reasons[why]++
}
