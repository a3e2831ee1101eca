// Package proof proves two things about a log of the ledger to someone who has no
// more of it than a head: that an entry stands in it ([Inclusion]), and that a
// later head holds everything that an earlier one held ([Consistency]). It is
// pure: it reads no ledger, so that a recipient can hold a proof against a head
// without one. Trees, heads and proofs are those of RFC 6962, section 2.1;
// meter/ledger/SPEC.md has the formats.
//
// [VerifyNote] says whether a key signed a text as a note (c2sp.org/signed-note), which
// is how heads, and the key epochs of a meter, are signed.
//
// A proof shows nothing by itself: it carries a head, and whoever made the one
// could have made the other. [Inclusion.Verify] and [Consistency.Verify] take the
// head that the verifier kept, or got by another way.
package proof
