// Package sampling samples how busy the accelerators of a job are while it runs,
// and keeps sums: memory does not grow with time. Sources are read in one
// goroutine; whatever they do (hang, die, answer with nonsense) costs samples
// and nothing else.
//
// A sample stands for the time since the one before, unless that is longer than
// [Options].Gap: then nobody knows. Time that no sample stands for is not in
// any mean. Signals of different sources for one quantity stand beside each
// other.
package sampling
