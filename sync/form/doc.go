// Package form reads XLSForm workbooks, as ministries write them, and runs
// them: which questions are asked, with what words, which answers fit.
//
// [Load] turns the bytes of a workbook into a [Form] or refuses it, naming
// sheet, row and column of each fault ([Refusal]). [Start] begins an interview
// over a form: a [Session] takes answers one by one, recomputes only what hangs
// on them, and tells what to show now ([Session.Sections]) and what is still
// wrong ([Session.Check]). [Form.Validate] judges a sealed registration by the
// same rules at the centre, and [Form.Claims] says what its answers mean.
// A [Catalogue] keeps forms by id and version.
//
// Beside the columns of the standard, the kit reads columns that other tools
// ignore:
//
//   - x_attr: what the answer says of whom, "birth_date" or "mother.birth_date";
//     when empty, save_to names an attribute of the one the form is about
//   - x_partial: "yes" on a date lets it be a month, a year or an estimate
//   - x_absent: which absences may stand for an answer ("unknown refused none",
//     or "no"); when empty every question a person answers allows all three
//   - x_start: "0" lets a repeat begin without an instance
//   - x_service on the settings sheet: the service the form belongs to
//   - sheet x_words (question, word): common words, known to both ends, which
//     make registrations short on the wire
//
// The expressions live in [github.com/askonce/fieldkit/sync/form/xpath], the
// reading of workbooks in [github.com/askonce/fieldkit/sync/form/workbook].
package form
