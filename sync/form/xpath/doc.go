// Package xpath reads and evaluates the expressions of ODK forms: XPath 1.0
// with the functions that ODK adds.
package xpath
