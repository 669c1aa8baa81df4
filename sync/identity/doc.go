// Package identity holds the rules for people without papers: what somebody's
// word is worth, who may vouch for whom and how often, by when weak evidence
// should be strengthened, and years that are told by what happened in them.
//
// [Check] looks at one registration's claims; [Rules] are an office's settings,
// [Rules.ReviewBy] the date they give; [Events] is the calendar of events that
// officers choose from ("the year of the flood"), a file that an office edits.
// [Settings] is all of it as it travels to kits.
package identity
