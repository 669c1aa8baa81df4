package attributes

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a dictionary.
const (
	MaxBytes      = 1 << 20
	MaxAttributes = 5_000
	maxFreshDays  = 36_525 // a century
)

var (
	header        = []string{"attribute", "type", "about", "sensitivity", "reuse", "fresh_days", "evidence", "spdci", "fhir", "semic", "claim169", "meaning"}
	types         = []string{"text", "number", "date", "time", "choice", "choices", "picture"}
	abouts        = []About{Person, Household, Place}
	sensitivities = []Sensitivity{Basic, Personal, Sensitive, Special}
	name          = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Read reads a dictionary. The error names line and column; it holds nothing
// but words of the file.
func Read(b []byte) (*Dictionary, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("the dictionary is larger than %d bytes", MaxBytes)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = len(header)
	first, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("the dictionary's first line: %w", err)
	}
	if !slices.Equal(first, header) {
		return nil, fmt.Errorf("the dictionary's first line has to be %s", strings.Join(header, ","))
	}
	d := &Dictionary{byName: map[civic.Attribute]Attribute{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the dictionary: %w", err)
		}
		line, _ := r.FieldPos(0)
		a, err := parse(row)
		if err != nil {
			return nil, fmt.Errorf("line %d of the dictionary: %w", line, err)
		}
		if _, twice := d.byName[a.Name]; twice {
			return nil, fmt.Errorf("line %d of the dictionary: %s is there already", line, a.Name)
		}
		if len(d.order) == MaxAttributes {
			return nil, fmt.Errorf("a dictionary has at most %d attributes", MaxAttributes)
		}
		d.byName[a.Name] = a
		d.order = append(d.order, a.Name)
	}
	if len(d.order) == 0 {
		return nil, errors.New("the dictionary lists no attribute")
	}
	return d, nil
}

func parse(row []string) (Attribute, error) {
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	a := Attribute{
		Name: civic.Attribute(row[0]), Type: row[1], About: About(row[2]), Sensitivity: Sensitivity(row[3]),
		SPDCI: row[7], FHIR: row[8], SEMIC: row[9], Claim169: row[10], Meaning: row[11],
	}
	reuse := slices.Index(reuseNames, row[4])
	switch {
	case !name.MatchString(row[0]):
		return a, fmt.Errorf("attribute %q: small letters, digits and _, a letter first", row[0])
	case !slices.Contains(types, a.Type):
		return a, fmt.Errorf("type %q is none of %s", a.Type, strings.Join(types, ", "))
	case !slices.Contains(abouts, a.About):
		return a, fmt.Errorf("about %q is none of person, household, place", a.About)
	case !slices.Contains(sensitivities, a.Sensitivity):
		return a, fmt.Errorf("sensitivity %q is none of basic, personal, sensitive, special", a.Sensitivity)
	case reuse < 0:
		return a, fmt.Errorf("reuse %q is none of shown, confirm, never", row[4])
	}
	a.Reuse = Reuse(reuse)
	if a.Lasting = row[5] == "lasting"; !a.Lasting {
		days, err := strconv.Atoi(row[5])
		if err != nil || days < 0 || days > maxFreshDays {
			return a, fmt.Errorf("fresh_days %q is neither a number of days nor lasting", row[5])
		}
		a.FreshDays = days
	}
	switch {
	case a.Reuse == Never && (a.Lasting || a.FreshDays != 0):
		return a, fmt.Errorf("%s is never reused, so its fresh_days are 0", a.Name)
	case a.Reuse == Shown && !a.Lasting:
		return a, fmt.Errorf("%s goes stale, so it has to be confirmed", a.Name)
	case a.Reuse == Confirm && !a.Lasting && a.FreshDays == 0:
		return a, fmt.Errorf("%s is to be confirmed but never fresh", a.Name)
	}
	for _, word := range strings.Fields(row[6]) {
		e, ok := civic.ParseEvidence(word)
		if !ok || slices.Contains(a.Evidence, e) {
			return a, fmt.Errorf("evidence %q is unknown or there twice", word)
		}
		a.Evidence = append(a.Evidence, e)
	}
	return a, nil
}
