// Package meter holds the words and the arithmetic of Weighbridge: operations
// as exact 128-bit integers, intervals around them, the record of one piece of
// work, and the walk over a lineage that counts every ancestor once.
//
// The package is pure. It reads no clock, no disk and no environment; a caller
// gives it values and gets values back, so that a count can be repeated years
// later and must come out the same.
//
// Three promises hold for everything here:
//
//   - An operation count never passes through a floating-point number. 10^26,
//     the threshold of ECCN 4E091, has no exact float64; a verdict may turn on
//     one operation.
//   - What is not known is said to be not known. An interval without an upper
//     bound, or without an estimate, prints null, never zero.
//   - Every stored form has one encoding. [ParseRecord] accepts only the bytes
//     that [Record.Encode] writes.
package meter
