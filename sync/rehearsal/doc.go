// Package rehearsal holds the journeys through both programs and the rules of
// the house, as tests. It has no code of its own and may see every room.
package rehearsal
