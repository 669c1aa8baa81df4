package registry

import "github.com/askonce/fieldkit/sync/civic"

// SealNote seals what a reviewer gave as reason: it may hold a name.
func (e *Embedded) SealNote(registration civic.RegistrationID, note string) ([]byte, error) {
	return e.seals.seal("note", registration[:], note)
}

// OpenNote opens what SealNote sealed.
func (e *Embedded) OpenNote(registration civic.RegistrationID, sealed []byte) (note string, err error) {
	err = e.seals.open("note", registration[:], sealed, &note)
	return note, err
}
