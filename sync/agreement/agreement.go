package agreement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// MaxBytes limits one agreement.
const MaxBytes = 256 << 10

// Basis is the lawful basis of an agreement.
type Basis string

// The lawful bases.
const (
	ByConsent          Basis = "consent"
	LegalObligation    Basis = "legal_obligation"
	Contract           Basis = "contract"
	VitalInterest      Basis = "vital_interest"
	PublicTask         Basis = "public_task"
	LegitimateInterest Basis = "legitimate_interest"
)

var bases = []Basis{ByConsent, LegalObligation, Contract, VitalInterest, PublicTask, LegitimateInterest}

// AgencyID names an agency that may ask for what the registry holds.
type AgencyID string

// Level is the level of government an agency belongs to.
type Level string

// The levels of government.
const (
	Federal   Level = "federal"
	State     Level = "state"
	Municipal Level = "municipal"
)

// Levels lists the levels of government, the highest first.
func Levels() []Level { return []Level{Federal, State, Municipal} }

// Agreement lets one service reuse answers of others. Its words are those of
// GovStack's consent building block.
type Agreement struct {
	ID         string            `json:"id"`
	Version    int               `json:"version"`
	Name       map[string]string `json:"name"` // by language
	Controller string            `json:"controller"`
	// Agency is who asks under this agreement, at one level of government;
	// empty in one that only kits follow.
	Agency    AgencyID  `json:"agency,omitempty"`
	Level     Level     `json:"level,omitempty"`
	Policy    Policy    `json:"policy"`
	Purpose   Purpose   `json:"purpose"`
	Basis     Basis     `json:"lawful_basis"`
	DataUse   string    `json:"data_use"`
	Lifecycle Lifecycle `json:"lifecycle"`
	// Service is the one that may reuse; Sources are those whose answers.
	Service    civic.ServiceID   `json:"service"`
	Sources    []civic.ServiceID `json:"sources"`
	Attributes []Covered         `json:"attributes"`
	// Areas are the offices whose people it concerns, each with all below it
	// ("mx-20" holds "mx-20-067"); empty means every office.
	Areas []civic.Area `json:"areas,omitempty"`
	// ExplicitRequest: each request names the citizen's own request.
	// Preview: the citizen sees what would be sent before it is.
	ExplicitRequest bool `json:"explicit_request,omitempty"`
	Preview         bool `json:"preview,omitempty"`
	// Investigation keeps looks under this agreement from the person for a
	// time; nil in nearly every one.
	Investigation *Investigation `json:"investigation,omitempty"`
	// Previous is the SHA-256 of the revision before this one, in hexadecimal;
	// empty for the first.
	Previous string `json:"previous,omitempty"`
}

// Covered is an attribute an agreement names. Sensitivity is how sensitive it
// was held to be when the agreement was approved: one that has become more
// sensitive since is no longer covered. Empty means as the dictionary says.
type Covered struct {
	Name        civic.Attribute `json:"name"`
	Sensitivity string          `json:"sensitivity,omitempty"`
	Category    string          `json:"category,omitempty"`
}

// Investigation says for how many days a look stays hidden from whom it
// concerns, and which law says so. Auditors see it at once; afterwards the person
// does.
type Investigation struct {
	Days int    `json:"days"` // 1 to MaxHidden
	Law  string `json:"law"`
}

func (i *Investigation) fault(a Agreement) string {
	switch {
	case i == nil:
		return ""
	case i.Days < 1 || i.Days > MaxHidden:
		return fmt.Sprintf("investigation.days is from 1 to %d", MaxHidden)
	case i.Law == "" || len(i.Law) > maxWord:
		return "investigation.law names the law that lets looks stay hidden"
	case a.Agency == "":
		return "only an agency investigates"
	case a.Basis != LegalObligation && a.Basis != PublicTask:
		return "an investigation rests on a legal obligation or a public task"
	}
	return ""
}

// UnmarshalJSON takes an object, or the name alone.
func (c *Covered) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Name)
	}
	type bare Covered
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode((*bare)(c))
}

// Covers tells whether the agreement names an attribute.
func (a Agreement) Covers(name civic.Attribute) bool {
	return slices.ContainsFunc(a.Attributes, func(c Covered) bool { return c.Name == name })
}

// Reaches tells whether an office is within the agreement's areas.
func (a Agreement) Reaches(area civic.Area) bool {
	return len(a.Areas) == 0 || slices.ContainsFunc(a.Areas, func(in civic.Area) bool { return Within(area, in) })
}

// Within tells whether an office is another one or lies below it.
func Within(area, in civic.Area) bool {
	return in == "" || area == in || strings.HasPrefix(string(area), string(in)+"-")
}

// Limits of one agreement.
const (
	MaxAttributes = 512
	MaxAreas      = 4096
	MaxHidden     = 180 // days a look may stay hidden from whom it concerns
	maxWord       = 512 // bytes of a name or a code
)

// Policy says where the reused values go and for how long.
type Policy struct {
	URL           string `json:"url"`
	Jurisdiction  string `json:"jurisdiction"`
	RetentionDays int    `json:"retention_days"`
	Storage       string `json:"storage_location"`
}

// Purpose is why values are reused: one an agreement.
type Purpose struct {
	Code civic.Purpose     `json:"code"`
	Text map[string]string `json:"text"` // by language
}

// Lifecycle says when an agreement holds: from the beginning of the first day
// to the end of the last (UTC). No last day means until it is withdrawn.
type Lifecycle struct {
	State string `json:"state"` // draft, active or withdrawn
	From  string `json:"from"`
	Until string `json:"until,omitempty"`
}

// Read reads one agreement and refuses one with a gap; unknown fields are
// refused too, because a misspelt limit would be no limit.
func Read(b []byte) (Agreement, error) {
	if len(b) > MaxBytes {
		return Agreement{}, fmt.Errorf("the agreement is larger than %d bytes", MaxBytes)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var a Agreement
	if err := d.Decode(&a); err != nil {
		return Agreement{}, fmt.Errorf("the agreement cannot be read: %w", err)
	}
	if d.More() {
		return Agreement{}, errors.New("something follows on the agreement")
	}
	return a, a.check()
}

// Named reads of an agreement only which revision it is, also where a later
// program wrote what this one does not know.
func Named(b []byte) (id string, version int, err error) {
	if len(b) > MaxBytes {
		return "", 0, fmt.Errorf("the agreement is larger than %d bytes", MaxBytes)
	}
	var a struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return "", 0, fmt.Errorf("the agreement cannot be read: %w", err)
	}
	if a.ID == "" || len(a.ID) > maxWord || a.Version < 1 {
		return "", 0, errors.New("an agreement needs an id and a version from 1")
	}
	return a.ID, a.Version, nil
}

func (a Agreement) check() error {
	fault := func(what string) error { return fmt.Errorf("agreement %q: %s", a.ID, what) }
	switch {
	case a.ID == "" || a.Version < 1:
		return fault("it needs an id and a version from 1")
	case a.Service == "" || len(a.Sources) == 0 || len(a.Attributes) == 0:
		return fault("it needs a service, its sources and attributes")
	case a.Purpose.Code == "" || len(a.Purpose.Text) == 0:
		return fault("it needs a purpose, with words for it")
	case !slices.Contains(bases, a.Basis):
		return fault("the lawful basis is unknown")
	case !slices.Contains([]string{"draft", "active", "withdrawn"}, a.Lifecycle.State):
		return fault("the state is draft, active or withdrawn")
	case a.Policy.RetentionDays < 0:
		return fault("retention_days is below zero")
	case a.Level != "" && !slices.Contains(Levels(), a.Level):
		return fault("the level is federal, state or municipal")
	case a.Agency != "" && a.Level == "":
		return fault("an agency belongs to a level of government")
	case len(a.Attributes) > MaxAttributes || len(a.Areas) > MaxAreas || len(a.Sources) > MaxAttributes:
		return fault("it names more than an agreement may")
	case len(a.ID) > maxWord || len(a.Agency) > maxWord || len(a.Controller) > maxWord:
		return fault("a name is too long")
	case slices.ContainsFunc(a.Attributes, func(c Covered) bool { return c.Name == "" }):
		return fault("an attribute has no name")
	case slices.ContainsFunc(a.Attributes, func(c Covered) bool {
		return !slices.Contains([]string{"", "basic", "personal", "sensitive", "special"}, c.Sensitivity)
	}):
		return fault("a sensitivity is basic, personal, sensitive or special")
	case slices.Contains(a.Areas, ""):
		return fault("an area has no name")
	}
	if what := a.Investigation.fault(a); what != "" {
		return fault(what)
	}
	if _, err := time.Parse(time.DateOnly, a.Lifecycle.From); err != nil {
		return fault("lifecycle.from is a day such as 2026-01-31")
	}
	if _, err := time.Parse(time.DateOnly, a.Lifecycle.Until); a.Lifecycle.Until != "" && err != nil {
		return fault("lifecycle.until is a day such as 2026-01-31")
	}
	return nil
}

// Holds tells whether the agreement is in force at a moment.
func (a Agreement) Holds(at time.Time) bool {
	day := at.UTC().Format(time.DateOnly)
	return a.Lifecycle.State == "active" && a.Lifecycle.From <= day && (a.Lifecycle.Until == "" || day <= a.Lifecycle.Until)
}
