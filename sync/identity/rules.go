package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/sync/civic"
)

// Attributes that name who vouches for a person.
const (
	Introducer   civic.Attribute = "introducer"
	HeadOfFamily civic.Attribute = "head_of_family"
	Witness      civic.Attribute = "witness"
)

// Rules are an office's settings.
type Rules struct {
	// IntroducerLimit is how many new persons one introducer may vouch for within
	// a year; 0 for no limit.
	IntroducerLimit int `cbor:"1,keyasint" json:"introducer_limit"`
	// ReviewMonths is after how many months weak evidence should have been
	// strengthened; 0 for never.
	ReviewMonths int `cbor:"2,keyasint" json:"review_months"`
}

// Limits of settings.
const (
	MaxIntroducerLimit = 100_000
	MaxReviewMonths    = 240
)

// DefaultRules are those of an office that set none.
func DefaultRules() Rules { return Rules{IntroducerLimit: 50, ReviewMonths: 12} }

// Valid tells whether the settings make sense.
func (r Rules) Valid() bool {
	return r.IntroducerLimit >= 0 && r.IntroducerLimit <= MaxIntroducerLimit && r.ReviewMonths >= 0 && r.ReviewMonths <= MaxReviewMonths
}

// Year is how long an introducer's people count.
const Year = 365 * 24 * time.Hour

// Over tells whether one more person is too many for an introducer who vouched
// for so many within the year before.
func (r Rules) Over(within int) bool { return r.IntroducerLimit > 0 && within >= r.IntroducerLimit }

// Weak tells whether evidence of who somebody is should be strengthened: all
// but a paper and the head of the family, who answers for his own.
func Weak(e civic.Evidence) bool { return e < civic.HeadOfFamily }

// ReviewBy is the day by which what was registered at a moment on some evidence
// should be strengthened; false when it need not be.
func (r Rules) ReviewBy(e civic.Evidence, registered time.Time) (time.Time, bool) {
	if !Weak(e) || r.ReviewMonths == 0 {
		return time.Time{}, false
	}
	return registered.UTC().AddDate(0, r.ReviewMonths, 0).Truncate(24 * time.Hour), true
}

// Stated is the evidence a registration states for a subject; false when it
// states none.
func Stated(claims []civic.Claim, subject string) (civic.Evidence, bool) {
	for _, c := range claims {
		if c.Subject == subject && c.Attribute == civic.EvidenceAttribute && c.Absent == civic.Present {
			return civic.ParseEvidence(c.Value)
		}
	}
	return 0, false
}

// IntroducerOf is the introducer's name as it is counted, empty when the subject
// rests on no introducer.
func IntroducerOf(claims []civic.Claim, subject string) string {
	if e, ok := Stated(claims, subject); !ok || e != civic.Introducer {
		return ""
	}
	return first(names(claims, subject, Introducer))
}

// Check says what is wrong with who vouches for a subject, nil when nothing is.
// The codes are civic.VoucherMissing, VoucherSelf and WitnessesAlike.
func Check(claims []civic.Claim, subject string) []civic.Code {
	e, ok := Stated(claims, subject)
	if !ok {
		return nil
	}
	var vouch []string
	switch e {
	case civic.Introducer:
		vouch = names(claims, subject, Introducer)
	case civic.HeadOfFamily:
		vouch = names(claims, subject, HeadOfFamily)
		if len(vouch) == 0 { // not every form asks for the name
			return nil
		}
	case civic.TwoWitnesses:
		vouch = names(claims, subject, Witness)
	default:
		return nil
	}
	var wrong []civic.Code
	switch {
	case len(vouch) == 0, e == civic.TwoWitnesses && len(vouch) == 1:
		wrong = append(wrong, civic.VoucherMissing)
	case e == civic.TwoWitnesses && vouch[0] == vouch[1]:
		wrong = append(wrong, civic.WitnessesAlike)
	}
	if self := own(claims, subject); self != "" && slices.Contains(vouch, self) {
		wrong = append(wrong, civic.VoucherSelf)
	}
	return wrong
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// names are the folded values of an attribute, in their order.
func names(claims []civic.Claim, subject string, a civic.Attribute) []string {
	var out []string
	for _, c := range claims {
		if c.Subject == subject && c.Attribute == a && c.Absent == civic.Present {
			if name := Fold(c.Value); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// own is the subject's own name, folded.
func own(claims []civic.Claim, subject string) string {
	var parts []string
	for _, a := range []civic.Attribute{"given_name", "surname", "second_surname"} {
		parts = append(parts, names(claims, subject, a)...)
	}
	if len(parts) == 0 {
		return first(names(claims, subject, "full_name"))
	}
	return strings.Join(parts, " ")
}

// Fold makes names comparable: small letters, no marks, single spaces.
func Fold(s string) string {
	var b strings.Builder
	space := true
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == 'ꞌ':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// Aged is the estimated year of birth of somebody about so old; false for an
// age no human reaches.
func Aged(years int, now time.Time) (civic.Date, bool) {
	if years < 0 || years > 130 {
		return civic.Date{}, false
	}
	return civic.Date{Year: now.Year() - years, Estimated: true}, true
}
