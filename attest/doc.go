// Package attest holds what Weighbridge says about model weights, as values:
// the list of files with its digests ([Manifest]), the in-toto Statement, and
// three predicates of our own, training compute, hardware and determination.
// SPEC.md beside this file documents every byte of them.
//
// The package is pure. It neither signs nor verifies, reads no file and no
// clock; attest/weights, attest/sign, attest/verify and attest/oci do that with
// the values defined here.
//
// Two promises hold:
//
//   - Our own predicates have one encoding: [ParseStatement] accepts only the
//     bytes that [Statement.Encode] writes. What a foreign predicate says is kept
//     as it is and never claimed to be understood.
//   - A digest over no files does not exist. [Manifest.Root] of an empty or
//     malformed manifest is the empty string, which equals no digest.
package attest
