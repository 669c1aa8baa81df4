package match

// DefaultModel is what a registry starts with, before it has enough records to
// train its own: shares learnt on made-up populations (package people), rounded.
func DefaultModel() *Model {
	m := &Model{
		Version: "default-5",
		// As if half of those who come were among 250,000 known people.
		Prior: 2e-6, Auto: 0.995, Review: 0.2, Margin: 6, Movers: true,
		Fields: []Field{
			{"given", levels(kindGiven, .02, .964, .005, .0005, .012, .02, .17, .0026, .02, .01, .764, .0034, .009, .00002)},
			{"surname", levels(kindSurname, .008, .945, .03, .048, .03, .0004, .04, .00016, .08, .0004, .25, .002, .16, .00008, .395, .0001, .007, .00002)},
			// Weighed only where parts of the name are not told apart.
			{"full", levels(kindFull, .02, .9398, .06, .06, .16, .00001, .12, .0002, .64, .000001)},
			{"birth", levels(kindBirth, .028, .962, .004, .021, .004, .0093, .034, .0031, .065, .001, .025, .0035, .84, .000032)},
			{"sex", levels(kindSex, .012, .5, .988, .5)},
			{"phone", levels(kindPhone, .13, .99998, .01, .00001, .86, .00001)},
			{"place.0", levels(kindPlace, .11, .93, .03, .01, .86, .06)},
			{"place.1", levels(kindPlace, .10, .977, .02, .003, .88, .02)},
			{"place.2", levels(kindPlace, .08, .86, .01, .005, .91, .135)},
			{"place.3", levels(kindPlace, .12, .994, .10, .004, .78, .002)},
			{"place.4", levels(kindPlace, .25, .988, .20, .01, .55, .002)},
			{"id.0", levels(kindID, .03, .99997, .07, .00001, .90, .00002)},
			{"id.1", levels(kindID, .06, .99997, .09, .00001, .85, .00002)},
		},
	}
	if err := m.compile(); err != nil {
		panic(err) // a slip of the pen above, seen by every test
	}
	return m
}

// levels pairs the names of a kind's levels with shares: m, u, m, u …
func levels(k kind, mu ...float64) []Level {
	out := make([]Level, 0, len(mu)/2)
	for i := 0; i+1 < len(mu); i += 2 {
		out = append(out, Level{levelNames[k][1+i/2], mu[i], mu[i+1]})
	}
	return out
}
