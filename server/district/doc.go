// Package district makes the district packs that kits carry (sync/pack), keeps
// them up to date, and answers kits that ask for one person while online.
//
// What runs without the registry's keys, on an intake: [District.Heard] takes in
// what a kit says of its pack and whom it opened, [District.News] gives it the
// pieces it has not got. Both know sealed bytes only.
//
// What needs the keys, on the opener: [District.Settled] keeps a registration's
// receipt secret and consents when it is settled; [District.Build] makes a pack
// and [District.Tend] refreshes what is due, prepares what each kit is told,
// and writes openings into the log; [District.LookUp] answers for one person.
//
// A person belongs to the office they spoke to last. Those who went elsewhere,
// who were merged into another, or who withdrew leave the pack with the next
// refresh. What a pack holds of a person is what the registry holds true
// (registry.Fold), without attributes that are never reused.
package district
