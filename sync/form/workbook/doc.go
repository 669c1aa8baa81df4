// Package workbook reads the sheets of an .xlsx file, within limits.
package workbook
