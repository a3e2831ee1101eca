// Package accounting reads who held which accelerators for how long: a
// scheduler's accounting, a bill, a cluster's allocations, a monitor's job
// statistics, or our own plain form. It adds them up exactly, in memory
// that does not grow with the number of rows.
//
// A row becomes a [Use]: chips, a window of time and the chip-time held in it.
// [Settler] settles uses so that nothing counts twice and nothing is lost: a row
// that is repeated, in one file or in two, counts once; rows of one resource that
// overlap hold its chips once; a bill's rows add up and its corrections subtract.
// Whatever was left out or could not be placed is a [Finding] with its amount.
//
// Chip-time is counted in chip-picoseconds, in 128 bits, and rates in thousandths
// of a chip; no floating-point number takes part. One chip-picosecond at a peak
// of one T(FL)OPS is one operation.
//
// The package is pure: readers take an [io.Reader], and room on disk for sorting
// is given by its caller.
package accounting
