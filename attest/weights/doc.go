// Package weights reads a set of model weights once and says what is in it: one
// SHA-256 per file, from which package attest derives the OMS root digest, and
// attest/oci the layers of a shipment.
//
// [Hash] promises:
//
//   - Every regular file below the directory is in the result, zero-byte files
//     and dot files included, sorted by name as bytes; each was read once, from
//     its first to its last byte, and did not change meanwhile.
//   - What OMS refuses is refused, before the first byte is read: symbolic links
//     (but see [Resources]),
//     devices, pipes, sockets, names that are not valid UTF-8, and a set without
//     files (model-signing-spec v1.0). [Hash] adds control characters in
//     names, which [Resources] lets in as OMS does. Names that differ only by case or by Unicode
//     form are different names, as in OMS; attest/oci refuses to ship the former.
//   - OMS's default exclusions hold: .git, .gitignore, .gitattributes and .github
//     at the top of the directory, not below. [Options.Ignore] names more.
//   - Nothing outside the directory is opened, whatever is planted in it while the
//     walk is under way: all access goes through an [os.Root], and what was opened
//     is compared with what was seen.
//   - Memory does not grow with the size or number of bytes: at most 32 MiB of
//     buffers, and the list of names.
//
// All cores work, one file each, the largest first; SHA-256 of one file cannot be
// divided, so a single file takes one core. Files are read, not mapped: mapping
// halves the speed, and a truncated file would be a SIGBUS instead of an error.
package weights
