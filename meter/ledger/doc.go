// Package ledger keeps the records of operations in one bbolt file: an
// append-only log per model, each an RFC 6962 Merkle tree in tiles of 256
// hashes. An entry, its tiles, the head and the running totals of its model are
// written in one transaction, so an append that returned is on disk whole, and
// one that failed left nothing.
//
// Nothing is ever changed or taken out. What turns out to be wrong is corrected
// by a later entry of the same log, which voids or supersedes it with a reason
// and an author; totals are net of corrections.
//
// An entry is a header and a body. The leaf hashes the header; the header
// commits to the body by a salted SHA-256, so that a proof can be shown without
// the numbers. SPEC.md gives every byte. [Check] recomputes all of it from the
// raw file and shares only the encoding with the append path.
//
// Beside the logs of models stand logs of notes ([Ledger.AppendNote]): steps of
// work that must not be changed afterwards and that enter no total.
//
// A record or a note may name evidence: files kept by their digest in a
// directory beside the ledger ([EvidenceStore]).
package ledger

// Schema names the layout of the file. Another layout gets another name.
const Schema = "weighbridge.dev/ledger/v1"

// Sizes of the format, in bytes unless they say otherwise.
const (
	saltSize = 32
	hashSize = 32
	tileSize = 256 // hashes in a full tile, as in C2SP tlog-tiles
)

// The buckets and keys of the file.
const (
	bucketMeta = "meta" // schema, id
	bucketLogs = "logs" // one bucket per model
	bucketRuns = "runs" // run NUL sequence -> digest of the record, index, model, and in a merged log NUL and its ledger's id

	// Made by the first merge that needs them.
	bucketMerged = "merged" // model -> id of another ledger -> its log, as in logs
	bucketCopies = "copies" // model -> run NUL sequence -> the places of a record that stands in several logs
	bucketTwice  = "twice"  // model -> state of what its logs count more than once

	// Made by the first note.
	bucketNotes = "notes" // name -> id of the ledger that wrote it -> a log of notes

	keySchema = "schema"
	keyID     = "id"

	keyHeaders     = "headers"     // index -> header
	keyBodies      = "bodies"      // index -> salt and body
	keyTiles       = "tiles"       // level, tile -> hashes
	keyCorrections = "corrections" // index of what was corrected -> index of the correction
	keyHead        = "head"        // size and root
	keyFrontier    = "frontier"    // the compact range of the tree
	keyState       = "state"       // tallies and parents, as JSON
)
