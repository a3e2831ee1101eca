// Package entry reads and writes the bodies of a log's entries: a record or a
// correction, and the running totals of the log with it. It is pure: it knows no
// ledger, so that a recipient can read an entry that came along with weights.
// meter/ledger/SPEC.md, L6 to L11, has the format.
package entry
