// Package audit writes and checks the auditor's file: one tar archive with all
// that is recorded of a model and its ancestors, from which every entry, hash,
// total and link is recomputed without the ledger that it came from. Bodies and
// evidence may be withheld; headers and proofs stay, so that what is shown is
// known to be what was recorded, and how much is not shown.
//
// SPEC.md documents the file so that it can be read without Weighbridge;
// testdata/read.py does so with nothing but Python's standard library.
//
// The package is pure but for the streams that it is given. Signatures in the file
// and the text of rules are the caller's to judge: here they are bytes with a
// digest.
package audit
