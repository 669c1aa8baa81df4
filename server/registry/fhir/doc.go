// Package fhir speaks to a registry that keeps people as FHIR R4 Patients
// (HL7 FHIR 4.0.1, JSON over HTTP). [New] makes a [Registry], which is a
// registry.Outside.
//
// What it can do is read from the other side's CapabilityStatement, once:
// search and create, update, $match. A Patient that the centre made carries the
// person's number as an identifier under [System]; that identifier is what makes
// creating safe to repeat:
//
//   - create is sent with If-None-Exist on it: 201 made it, 200 found it made;
//   - where the other side has no conditional create, or an earlier answer was
//     lost, it is searched for first;
//   - an update reads the Patient, changes what is ours, and writes it with
//     If-Match, so that a change by others in between is never overwritten, and
//     an update that changes nothing is not sent.
//
// A Patient that was there before us is added to: what stands in it stays, an
// empty part is filled, another name or address is put beside. Parts that
// nobody here knows (contacts, links, extensions of others) are kept as they
// came.
//
// Where each attribute stands in a Patient is written in the attribute
// dictionary (assets/attributes, column fhir); map.go does what it says, and a
// test holds the two together. Health data and pictures have no place there and
// are never sent.
//
// Every answer is bounded in size and time; an answer that is no JSON, of
// another kind, too large or cut off is civic.RegistryBroken, and nothing is
// taken from it.
package fhir
