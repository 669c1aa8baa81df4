package claims

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match/table"
)

// Reasons why a row is refused, as the list of refused rows tells them.
const (
	reasonCell    = "a cell is too long or the row cannot be read"
	reasonTwice   = "the id stands in the table twice with different content"
	reasonNoID    = "the id is empty"
	reasonDate    = "the date of collection cannot be read"
	reasonFuture  = "the date of collection is in the future"
	reasonWeak    = "the evidence is none of document, head_of_family, introducer, two_witnesses, self_declared"
	reasonArea    = "no office has this area"
	reasonLittle  = "too little to tell who it is: a name and one of birth date, place or phone, or a number"
	reasonSex     = "the sex cannot be read; name its values in the map"
	reasonNumber  = "is no number: "
	reasonChoice  = "has a value the map does not name: "
	reasonNothing = "every cell is empty"
)

// read is one row, understood.
type read struct {
	number   int
	id       string // the row's own
	area     civic.Area
	at       int64
	claims   []civic.Claim
	cells    []string // as they stood, for the list of refused rows
	reason   string   // why it is refused, empty when it is not
	entry    [16]byte // keyed hash of the id
	digest   [16]byte // keyed hash of what it says
	repeated bool     // equal to a row above
}

// understand reads a row by the map.
func (t *run) understand(number int, row []string) read {
	r := read{number: number, cells: append([]string(nil), row...), area: t.Area, at: t.Date.Unix()}
	get := func(c column) string {
		if c.value != "" {
			return c.value
		}
		var parts []string
		for _, name := range c.columns {
			if v := t.table.Cell(row, name); v != "" {
				parts = append(parts, v)
			}
		}
		return strings.Join(parts, " ")
	}
	evidence := civic.SelfDeclared
	if t.Map.evidence.given() {
		word := t.Map.evidence.say(get(t.Map.evidence))
		e, ok := civic.ParseEvidence(word)
		if !ok {
			r.reason = reasonWeak
			return r
		}
		evidence = e
	}
	if t.Map.date.given() {
		day, ok := dayOf(get(t.Map.date), t.Map.date.order)
		switch {
		case !ok:
			r.reason = reasonDate
			return r
		case day.After(t.now):
			r.reason = reasonFuture
			return r
		}
		r.at = day.Unix()
	}
	if t.Map.area.given() {
		r.area = civic.Area(get(t.Map.area))
		if !t.areas[r.area] {
			r.reason = reasonArea
			return r
		}
	}
	for _, m := range t.Map.attributes {
		c, reason := t.claim(m, get(m.column))
		if reason != "" {
			r.reason = reason
			return r
		}
		if c.Value != "" || c.Stated != "" {
			c.Evidence = evidence
			r.claims = append(r.claims, c)
		}
	}
	if len(r.claims) == 0 {
		r.reason = reasonNothing
		return r
	}
	if r.id = get(t.Map.id); t.Map.id.given() && r.id == "" {
		r.reason = reasonNoID
		return r
	}
	t.hash(&r)
	return r
}

// say is what the map says for a value, the value itself without one.
func (c column) say(v string) string {
	if to, ok := c.values[strings.ToLower(v)]; ok {
		return to
	}
	return v
}

// claim makes one claim of a cell.
func (t *run) claim(m meant, v string) (c civic.Claim, reason string) {
	c = civic.Claim{Attribute: m.attribute.Name}
	if v == "" {
		return c, ""
	}
	if m.values != nil {
		to, ok := m.values[strings.ToLower(v)]
		if !ok {
			return c, string(m.attribute.Name) + " " + reasonChoice + v
		}
		v = to
		if v == "" {
			return c, ""
		}
	}
	switch {
	case m.attribute.Name == "sex" && m.values == nil:
		sex, ok := t.sex(v)
		if !ok {
			return c, reasonSex
		}
		v = sex
	case m.attribute.Type == "date":
		d, ok := dateOf(v, m.order)
		if !ok { // kept as it was written, as a kit keeps what is no date
			c.Stated = v
			return c, ""
		}
		c.Value, c.Precision = d.String(), d.Precision()
		return c, ""
	case m.attribute.Type == "number":
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return c, string(m.attribute.Name) + " " + reasonNumber + v
		}
	}
	c.Value = v
	return c, ""
}

// sex reads what tables write; M means man or woman, and which of the two the
// other letter of the column tells.
func (t *run) sex(v string) (string, bool) {
	switch strings.ToLower(v) {
	case "male", "hombre", "masculino", "man", "varon", "varón", "h", "男":
		return "male", true
	case "female", "mujer", "femenino", "woman", "f", "女":
		return "female", true
	case "other", "otro", "x", "其他":
		return "other", true
	case "m":
		switch {
		case t.sawH && !t.sawF:
			return "female", true
		case t.sawF && !t.sawH:
			return "male", true
		}
	}
	return "", false
}

// dateOf reads a date; without an order the day comes before the month.
func dateOf(v, order string) (civic.Date, bool) {
	if estimated, ok := strings.CutSuffix(v, "~"); ok {
		d, err := civic.ParseDate(estimated + "~")
		return d, err == nil
	}
	if order == "mdy" && len(v) >= 10 && !isDigit(v[2]) && !isDigit(v[5]) {
		v = v[3:5] + v[2:3] + v[:2] + v[5:]
	}
	d, stated := table.Date(v)
	return d, stated == "" && !d.IsZero()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// dayOf reads a day of collection.
func dayOf(v, order string) (time.Time, bool) {
	d, ok := dateOf(v, order)
	if !ok {
		return time.Time{}, false
	}
	first, _ := d.Bounds()
	return first, true
}

// hash names the row and what it says with keyed hashes: both could be guessed.
func (t *run) hash(r *read) {
	content := sha256.New()
	put := func(s string) {
		content.Write(binary.AppendUvarint(nil, uint64(len(s))))
		content.Write([]byte(s))
	}
	content.Write(t.key[:])
	put("content")
	put(string(r.area))
	if t.Map.date.given() {
		put(strconv.FormatInt(r.at, 10))
	}
	for _, c := range r.claims {
		put(string(c.Attribute))
		put(c.Value)
		put(c.Stated)
		put(c.Evidence.String())
	}
	r.digest = [16]byte(content.Sum(nil))
	entry := sha256.New()
	entry.Write(t.key[:])
	entry.Write([]byte("entry\x00" + string(t.Source) + "\x00"))
	if r.id != "" {
		entry.Write([]byte(r.id))
	} else {
		entry.Write(r.digest[:])
	}
	r.entry = [16]byte(entry.Sum(nil))
}

// registrationOf is the id a version of an entry has in the registry. The n
// keeps a row that was withdrawn and came again apart from what it was.
func registrationOf(r *read, n int64) civic.RegistrationID {
	h := sha256.New()
	h.Write([]byte("askonce/claims/v0\x00"))
	h.Write(r.entry[:])
	h.Write(r.digest[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return civic.RegistrationID(h.Sum(nil)[:16])
}

// said stands for a form: it gives the claims of the row.
type said struct{ claims []civic.Claim }

// Claims implements reconcile.Claimer.
func (s said) Claims(r *civic.Registration) []civic.Claim {
	out := make([]civic.Claim, len(s.claims))
	for i, c := range s.claims {
		c.Registration, c.Area, c.At = r.ID, r.Area, r.Sealed
		out[i] = c
	}
	return out
}
