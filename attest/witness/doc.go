// Package witness reads checkpoints: heads of logs as signed notes, with the
// signature of the meter that keeps the log and the cosignatures of witnesses
// (c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature). It decides whether a
// witness may cosign a head ([Decide]), and whether a checkpoint has the
// cosignatures that a recipient's policy asks for ([Policy.Cosigned],
// c2sp.org/tlog-policy). SPEC.md has the rules.
//
// It is pure: files, keys that sign and the clock are the caller's.
package witness
