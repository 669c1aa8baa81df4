package policy

// Sentence tells a reason to people, in English; the console has its own words
// for the same codes.
func (r Reason) Sentence() string {
	if s, ok := sentences()[r]; ok {
		return s
	}
	return "It is refused for a reason called " + string(r) + "."
}

func sentences() map[Reason]string {
	return map[Reason]string{
		NoAgreement:                "The agency has no agreement for this purpose.",
		NotCovered:                 "The agreement does not name this field.",
		NotEvaluated:               "A policy could not be evaluated, so it is refused.",
		"agency_ended":             "The agency may no longer ask.",
		"agreement_not_approved":   "Nobody has approved the agreement yet.",
		"agreement_withdrawn":      "The agreement was withdrawn.",
		"agreement_not_active":     "The agreement is not active.",
		"agreement_not_begun":      "The agreement has not begun.",
		"agreement_expired":        "The agreement has ended.",
		"purpose_other":            "The purpose is not the one that was agreed.",
		"area_outside":             "The agreement does not reach the office this was said at.",
		"source_outside":           "The agreement does not reach the service this was told to.",
		"too_sensitive":            "The field is more sensitive than what was agreed.",
		"never_reused":             "This field is never handed on.",
		"consent_missing":          "It rests on consent, and the person was not asked.",
		"consent_expired":          "It rests on consent, and that has run out.",
		"consent_refused":          "The person said no.",
		"consent_withdrawn":        "The person took the consent back.",
		"objection":                "The person objects, and the objection stands.",
		"explicit_request_missing": "The agreement wants the person's own request named, and none is.",
		"preview_missing":          "The agreement wants the person to see the values first.",
		"person_in_doubt":          "A reviewer must still say who this person is.",
	}
}
