// Package registrytest holds what every outside registry is tested with: one
// contract suite, [Suite], whose parts are named by what a registry can do, and
// fakes that answer over real HTTP and misbehave on demand.
//
// [FHIR] and [SPDCI] are such fakes. Each is wrapped in a [Trouble], to which a
// test gives the misfortunes of the next requests, in order: slow, refused, cut
// off before or after the work was done, done twice, answered with something
// else. Nothing in it draws lots, so that a failing test fails again.
package registrytest
