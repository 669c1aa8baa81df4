// Package meter counts what ask-once saves: how many questions interviews put,
// how many held answers they confirmed or reused, and how often something was
// asked although the registry held a fresh answer that might have been reused.
//
// Kits count each interview and say so beside the registrations ([Meter.Keep]);
// [Meter.Look] works out what the registry held at that moment; [Meter.Rows]
// sums up by office, service and day, with the agency that answers for the
// service. No figure names a person.
package meter
