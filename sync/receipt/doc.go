// Package receipt makes and checks the signed QR receipt a citizen takes home.
//
// [Sign] turns what was done ([Content]) into the text of a QR code: Claim 169
// in a CWT, signed as COSE_Sign1 with the kit's own key, deflated, Base45. The
// text fits QR version 12 at error correction M ([MaxText] signs). [Verify]
// checks such a text without a network against the keys of the registry's
// bundle; it trusts nothing before the signature fits. [PNG] and [PDF] print
// it; [ReadPicture] finds the code in a photograph.
//
// The paper is bound to the record by Binding, the first half of the
// registration's salted digest: without the salt, which only kit and registry
// hold, nothing can be guessed from it.
//
// Sources: idpass/claim-169 claim_169.md v1.2; RFC 8392 (CWT), RFC 9052 (COSE),
// RFC 9285 (Base45).
package receipt
