package protocol

// Meter is what one interview came to, as its kit counted it: how many questions
// were put, how many held answers were said to be still so, and how many were
// filled in and shown. Imported lists ask nobody and have none. It travels beside
// the registrations, about six bytes each, until the centre has it.
type Meter struct {
	_         struct{} `cbor:",toarray"`
	Counter   uint64   // of the registration
	Asked     uint16
	Confirmed uint16
	Reused    uint16
}

// MaxMeters bounds the meters of one request.
const MaxMeters = 2048
