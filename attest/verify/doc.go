// Package verify checks bundles against the weights that arrived, offline, under
// a policy that names keys.
//
// [Verify] believes nothing before the signature of a named key has been
// verified over the very bytes that are then read; annotations, hints, tags and
// file names decide nothing. It then holds each statement to the files found:
// the OMS root digest, the OCI manifest digest where there is one, and the
// digest over names, which the root does not bind. A determination is recomputed
// from its own facts and rules. Absence never passes: no bundle, no key, a
// required statement that is not there are failures.
//
// What a signature cannot show is listed in every result, in NotChecked.
//
// The package reads no file, no clock and no network. The files have been hashed
// by the caller, from the bytes, not from a manifest that came with them.
package verify
