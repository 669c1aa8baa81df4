package civic

import "strings"

// claimsForm begins the form of what came in as an agency's table instead of by
// a kit.
const claimsForm = "claims:"

// ClaimsForm is the form under which claims of a source are settled.
func ClaimsForm(source ServiceID) FormID { return FormID(claimsForm + string(source)) }

// ClaimsSource tells whether a form stands for an agency's table, and which
// source it came from: the service that collected it, as agreements name it.
func ClaimsSource(f FormID) (ServiceID, bool) {
	name, ok := strings.CutPrefix(string(f), claimsForm)
	return ServiceID(name), ok && name != ""
}
