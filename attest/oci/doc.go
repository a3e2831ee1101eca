// Package oci writes, moves and reads shipments: an OCI image layout that holds a
// model as CNCF ModelPack lays it out, and the Sigstore bundles about it as
// referrers of its manifest, as cosign v3 lays them out; on disk, in one tar file,
// or in a registry.
//
// # What is written
//
// [Pack] makes one raw layer for each file, so that a layer's digest is the file's
// SHA-256, with the path in both annotations in use (org.cncf.model.filepath for
// ModelPack's tools, org.opencontainers.image.title for ORAS). The same files and
// the same [PackOptions] give the same manifest digest: there is no time in it
// unless one is given. The weights are not read again; they enter the layout by
// reflink, else by hard link, else by a copy that is hashed while it is written.
//
// A hard link is the same file under another name: who edits the weights in place
// afterwards changes the shipment too. Its digests then fail, and [Model.Files]
// names the file; nothing wrong is ever shipped unnoticed. Writing a new file and
// renaming it over the old one, as most frameworks save, does no harm.
//
// index.json is written last, in one rename, after everything that it names is on
// disk. A crash before leaves a directory that [Open] refuses and that Pack
// completes when it is called again.
//
// oras-go's store for layouts is not used to write: it copies every blob, orders
// index.json by a map and truncates it in place. The tests read what we write with
// it.
//
// # What is read
//
// [Open] trusts nothing in a layout. What it reads is limited before it is read
// (limits.go), compared with size and digest, and parsed with duplicate keys, keys
// in another case, deep nesting and trailing bytes refused. Paths stay inside, are
// portable, and no two of them meet on a file system that ignores case. Links and
// devices anywhere below the layout are refused. Referrers are found in the
// manifests' own subject, never in annotations of the index; those of a type that
// is not a Sigstore bundle are listed as skipped, so that no one takes silence for
// a check. [Model.Files] re-hashes the weights in one read; [Model.Unpack] shows
// nothing under its final name before all of it is verified.
//
// # What travels
//
// [Model.Store], [Model.Save] and [Model.Push] bring a model from wherever it was
// opened into a layout, an archive or a registry, to the byte, with every manifest
// about it and every manifest about those: those that are no bundle too. Each blob
// is hashed while it passes. What is there is not sent again, what was cut off is
// continued, and what names the rest (index.json, the archive's name, the tag)
// comes last.
//
// A registry is believed nothing. Referrers are asked of its API and read at the
// fallback tag, both; every manifest is fetched by digest. Sizes, pages, redirects
// and patience end somewhere, nothing is decompressed, credentials stay with the
// host they are for, and http without TLS is for loopback, or for who asks for it.
// A registry can still withhold: that is why absence never verifies.
//
// Whether a bundle is genuine, and about these weights, is for attest/verify.
package oci
