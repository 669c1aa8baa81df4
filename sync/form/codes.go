package form

import "github.com/askonce/fieldkit/sync/civic"

// Codes of what can be wrong with a workbook. They are for authors of forms;
// the words come with each finding.
const (
	codeUnreadable    civic.Code = "workbook_unreadable"
	codeDialect       civic.Code = "workbook_dialect"
	codeSheetMissing  civic.Code = "sheet_missing"
	codeColumnMissing civic.Code = "column_missing"
	codeColumnTwice   civic.Code = "column_twice"
	codeColumnsCut    civic.Code = "columns_cut"
	codeNameMissing   civic.Code = "name_missing"
	codeNameInvalid   civic.Code = "name_invalid"
	codeNameTwice     civic.Code = "name_twice"
	codeTypeUnknown   civic.Code = "type_unknown"
	codeTypeScope     civic.Code = "type_out_of_scope"
	codeLabelMissing  civic.Code = "label_missing"
	codeNesting       civic.Code = "nesting"
	codeListMissing   civic.Code = "list_missing"
	codeChoiceName    civic.Code = "choice_name"
	codeChoiceTwice   civic.Code = "choice_twice"
	codeChoiceLabel   civic.Code = "choice_label"
	codeExpression    civic.Code = "expression"
	codeFunction      civic.Code = "function_unknown"
	codeReference     civic.Code = "reference_unknown"
	codeAmbiguous     civic.Code = "reference_ambiguous"
	codeCalculation   civic.Code = "calculation_missing"
	codeOrOther       civic.Code = "or_other"
	codeSetting       civic.Code = "setting"
	codeParameter     civic.Code = "parameter"
	codeTrigger       civic.Code = "trigger"
	codeEntity        civic.Code = "entity"
	codeSize          civic.Code = "form_too_large"
	codeWord          civic.Code = "word"
	codeQuotes        civic.Code = "quotes"
	codeRegex         civic.Code = "regex_partial"
)
