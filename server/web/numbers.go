package web

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// How this book writes days, numbers and the words the ledger keeps short.

// date writes a day: 21 sep 2026.
func (b book) date(t time.Time) string {
	return strconv.Itoa(t.Day()) + " " + b.say("month."+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year())
}

// day writes a day that is kept as 2026-09-21; what is no such day stays as it
// is.
func (b book) day(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return b.date(t)
}

// number sets the thousands apart. Both languages of the centre write a comma
// there, as Mexico does.
func (b book) number(n any) string {
	s := fmt.Sprint(n)
	whole, rest, _ := strings.Cut(s, ".")
	sign := ""
	if after, minus := strings.CutPrefix(whole, "-"); minus {
		sign, whole = "-", after
	}
	if strings.Trim(whole, "0123456789") != "" {
		return s
	}
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if rest != "" {
		rest = "." + rest
	}
	return sign + whole + rest
}

// percent writes a share of a thousand.
func (b book) percent(of1000 int) string {
	return strconv.FormatFloat(float64(of1000)/10, 'f', -1, 64) + " %"
}

// purpose is what something is reused for, as people read it. A term this book
// does not know, such as one of DPV, is set apart at its capitals.
func (b book) purpose(p civic.Purpose) string {
	s := string(p)
	if words := b.Words["purpose."+s]; words != "" {
		return words
	}
	if i := strings.LastIndexAny(s, "#/:"); i >= 0 {
		s = s[i+1:]
	}
	if words := b.Words["purpose."+s]; words != "" {
		return words
	}
	var out strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return strings.ReplaceAll(strings.ToLower(out.String()), "_", " ")
}

// basis is a legal ground as people read it.
func (b book) basis(s string) string { return cmp.Or(b.Words["basis."+s], s) }

// service is what a service is called.
func (b book) service(id civic.ServiceID) string {
	return cmp.Or(b.Words["service."+string(id)], string(id))
}

// deed is what the audit calls a deed or a page that was read.
func (b book) deed(s string) string {
	return cmp.Or(b.Words["deed."+s], strings.ReplaceAll(s, "_", " "))
}

// detail is what the audit adds to a deed; the codes of a decision in words.
func (b book) detail(deed, s string) string {
	if deed != "settle" {
		return s
	}
	parts := strings.Fields(s)
	for i, p := range parts {
		parts[i] = cmp.Or(b.Words["status."+p], strings.TrimSuffix(b.Words["reason."+p], "."), p)
	}
	return strings.Join(parts, " · ")
}

// drift is how far a kit's clock is from the centre's.
func (b book) drift(d time.Duration) string {
	switch minutes := int64(d.Round(time.Minute) / time.Minute); {
	case minutes > 0:
		return b.say("clock.ahead", b.number(minutes))
	case minutes < 0:
		return b.say("clock.behind", b.number(-minutes))
	}
	return b.say("clock.right")
}

// value is an answer as people read it: codes that mean another thing in
// another country, such as the letters of a sex, in words; days as days.
func (b book) value(name civic.Attribute, s string) string {
	if words := b.Words["value."+string(name)+"."+s]; words != "" {
		return words
	}
	return b.day(s)
}

// ours tells whether an address is one of these pages, so that nobody is sent
// elsewhere.
func ours(address, start string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxAddress && u.Scheme == "" && u.Host == "" && strings.HasPrefix(address, start) &&
		!strings.ContainsAny(address, "\\\r\n") && !strings.Contains(u.Path, "//") && !strings.Contains(u.Path, "/../")
}

// oursOr is the address if it is one of the console's, else its start.
func oursOr(address string) string {
	if ours(address, "/console/") {
		return address
	}
	return "/console/"
}

// maxAddress is the longest address one is led back to, in bytes.
const maxAddress = 1 << 10
