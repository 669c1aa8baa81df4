// Package workbook reads the sheets of an .xlsx file as rows of text and writes
// them back, within limits that stand beside the reading: a workbook from a
// stranger may be huge, broken or made to exhaust the reader.
//
// [Read] gives the sheets asked for; cells are raw values, trimmed, with
// numbers as short as they can be written.
package workbook
