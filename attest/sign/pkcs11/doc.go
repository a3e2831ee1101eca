// Package pkcs11 signs with a key that never leaves its token: a hardware security
// module, a smart card, or software that behaves as one, behind the module (a shared
// library) of its maker. [ParseURI] reads how RFC 7512 names a key, [Open] finds it
// and logs in.
//
// The module is loaded into this process and runs in it: name only one that you
// trust. A program built without cgo has no way to load it, and [Open] says that. The
// PIN is tried once and stands in no error: tokens lock after some wrong ones.
package pkcs11
