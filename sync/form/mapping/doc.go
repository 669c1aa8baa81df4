// Package mapping proposes what the questions of a ministry's form mean, and
// writes it into the workbook.
//
// Hardly any form says of itself which attribute a question asks for, and
// without that nothing can be reused. [Propose] reads names, labels in every
// language, types and choices, in Spanish and English, and gives for each
// question the attribute it seems to mean, how sure that is and why. A person
// decides; [Write] then puts the columns x_attr and x_ttl into the workbook, and
// save_to with a sheet of entities where the standard allows it. Other programs
// ignore the first two and understand the third.
//
// The words looked for lie in words.csv: an attribute a line, its phrases with
// bars between, small letters without accents.
package mapping
