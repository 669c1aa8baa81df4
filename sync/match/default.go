package match

// DefaultModel is what a registry starts with, before it has enough records to
// train its own: shares counted on made-up populations, rounded.
func DefaultModel() *Model {
	m := &Model{
		Version: "default-1",
		Prior:   0.2, Auto: 0.99, Review: 0.5, Margin: 6,
		Fields: []Field{
			{"given", levels(kindGiven, .012, .99, .005, .004, .03, .01, .14, .04, .05, .003, .75, .006, .015, .0001)},
			{"surname", levels(kindSurname, .02, .975, .03, .012, .09, .004, .03, .0002, .09, .004, .05, .0002, .70, .0045, .015, .0001)},
			{"birth", levels(kindBirth, .02, .93, .01, .03, .01, .012, .03, .008, .09, .0012, .04, .006, .80, .00004)},
			{"sex", levels(kindSex, .005, .5, .995, .5)},
			{"phone", levels(kindPhone, .4, .999, .02, .0001, .58, .0003)},
			{"place.0", levels(kindPlace, .15, .97, .10, .01, .75, .02)},
			{"place.1", levels(kindPlace, .15, .94, .10, .02, .75, .04)},
			{"place.2", levels(kindPlace, .10, .75, .05, .02, .85, .23)},
			{"place.3", levels(kindPlace, .15, .98, .10, .008, .75, .005)},
			{"place.4", levels(kindPlace, .25, .98, .20, .015, .55, .002)},
			{"id.0", levels(kindID, .02, .99998, .06, .00001, .92, .00001)},
			{"id.1", levels(kindID, .06, .99998, .09, .00001, .85, .00001)},
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
