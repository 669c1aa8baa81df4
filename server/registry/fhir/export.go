package fhir

import (
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// ToPatient writes what is held true of a person as a Patient of R4, with the
// registry's own systems for its numbers.
func ToPatient(person civic.PersonID, attributes []registry.Attribute) Patient {
	return toPatient(person, true, attributes, nil)
}
