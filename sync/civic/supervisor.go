package civic

// What a supervisor's look leaves on a registration that is sealed and has not
// left the kit yet.
const (
	// GivenBack: the supervisor wants it asked again; a draft that corrects it
	// lies with the officer, and both go out together.
	GivenBack Code = "given_back"
	// WentUnseen: no supervisor looked in time, so that it goes out by itself.
	WentUnseen Code = "went_unseen"
)
