// Package places keeps what kits are told of their surroundings: the list of
// places they search while somebody types, the rules for people without papers
// and the calendar of events.
//
// [ReadTables] reads an agency's lists (their columns found out or mapped),
// [Places.Import] makes them the list in use, [Places.SetEvents] and
// [Places.SetRules] change the rest. Each change has a serial. [Places.Deliver]
// puts down for every kit what it lacks: the whole list once, afterwards what
// has changed, compressed, in parts that lie once for all kits.
package places
