package agreement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// Agreement lets one service reuse answers of others. Its words are those of
// GovStack's consent building block.
type Agreement struct {
	ID         string            `json:"id"`
	Version    int               `json:"version"`
	Name       map[string]string `json:"name"` // by language
	Controller string            `json:"controller"`
	Policy     Policy            `json:"policy"`
	Purpose    Purpose           `json:"purpose"`
	Basis      Basis             `json:"lawful_basis"`
	DataUse    string            `json:"data_use"`
	Lifecycle  Lifecycle         `json:"lifecycle"`
	// Service is the one that may reuse; Sources are those whose answers.
	Service    civic.ServiceID   `json:"service"`
	Sources    []civic.ServiceID `json:"sources"`
	Attributes []civic.Attribute `json:"attributes"`
}

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
