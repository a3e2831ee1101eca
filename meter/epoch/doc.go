// Package epoch says which meter key signs the heads of a ledger's logs, and up to
// where. A ledger keeps that in its log of notes [Log]: each epoch names the next
// key and the heads of all logs at which it began, signed by the key before it
// (handover) and by itself (possession); a revocation names the last good heads of
// a key that others may have. [Read] holds such a log to SPEC.md, rule by rule, and
// [History.Right] is the one question that everybody who reads a signed head asks.
//
// It is pure: a recipient who has a [Document] and no ledger asks the same.
package epoch
