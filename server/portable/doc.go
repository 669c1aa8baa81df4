// Package portable writes one person's own data for the person to take along:
// as SEMIC Core Person (JSON-LD), as a FHIR R4 bundle, or as a record of what is
// done with it in the words of the Data Privacy Vocabulary after ISO/IEC TS
// 27560. Each carries where every value came from: office, service, day,
// evidence, and the registration that said it.
//
// [Write] is pure; who may have it, and that it is logged, is the caller's.
package portable
