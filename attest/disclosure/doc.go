// Package disclosure hides members of a JSON object behind salted digests, and
// opens them again for whoever is shown them, as RFC 9901 (Selective Disclosure
// for JSON Web Tokens) does it: a disclosure is the base64url text of a JSON
// array of salt, name and value, or of salt and value for an array element; what
// is signed holds its SHA-256 under "_sd", or as {"...": digest} in an array.
//
// The RFC signs with JWS; here the object is the predicate of an in-toto
// statement that DSSE signs. Signature, media types and the compact form with
// tildes are not used; the rules for digests, decoys, nested and recursive
// disclosures, and everything that must be rejected (section 7.1, step 3 to 5),
// are the RFC's, and its examples are the test vectors. There is no key binding
// (section 4.3): a presentation proves what the signer stated, not who shows it.
//
// The package is pure but for the random bytes that [Issuer] is given. Nothing
// here says that a signature holds: verify first, then open.
package disclosure
