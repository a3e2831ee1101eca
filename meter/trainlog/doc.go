// Package trainlog reads what a training job writes about its progress, live or
// from a file, and says what the text states: steps, tokens, and what the job's
// own counter reports.
//
// A [Reader] is an [io.Writer]. It takes a log in pieces of any size, keeps a
// bounded amount of memory whatever it is given, and never fails on input: what
// it does not understand it counts as unread. Pieces cut elsewhere give the same
// [meter.Observation]. Bytes are all that it knows; it reads no clock.
//
// # Lines
//
// A newline or a carriage return ends a line, so that a progress bar that
// redraws itself is many lines; a newline straight after a carriage return ends
// nothing more. Terminal escape sequences are taken out before reading. A line
// longer than [MaxLine] is dropped and counted as unread. The last line of a log
// counts when it is whole without its newline.
//
// # Objects and event files
//
// A line that begins a JSON object may go on over many lines, or be one of any
// length, as state files are: what is kept of an object is bounded, its lines are
// read when it ends and unread when it never does. A file that begins as an event
// file does, with a length and its checksum, is read as records; what stands
// behind the last complete one is unread.
//
// # Steps
//
// A logged step proves that the steps since the one logged before it were done:
// with a line every ten steps, "iter 10" after "iter 0" proves 1 to 10. Steps
// done after the last line, at most [meter.Observation.LogInterval] - 1 of them,
// are not proved and not counted. Where a line is a mean over its interval, as in
// most frameworks, the first one stands for its interval too; if the second shows
// that lines come closer together than that, the log begins in the middle of a
// run. Where the numbers go back, a job was restarted
// from a checkpoint or from nothing: steps committed are the union of all,
// steps executed count repeated ones each time. Tokens are steps x the tokens
// per step that held when they were run; where steps were run again, the later
// run's figure is the committed one.
//
// Where a launcher names the rank of a line, a line behind what another rank showed
// is the same work, one ahead of it proves it, and a restart that several ranks show
// is one.
//
// # What is never done
//
// A figure that the text does not state is absent, never 0. A rate times a time
// is not a count. Nothing is read out of a progress bar: a bar over data looks
// like one over steps.
//
// # The job's own counter
//
// In a log of any format a line
//
//	weighbridge-report {"step":120,"tokens":"983040","operations":"50599284711424","activity":"fine-tuning"}
//
// states what the job itself has counted since its start, cumulative per
// activity. Every key is optional, but one of tokens and operations must stand;
// both are decimal integers in quotes. Without an activity it is the run's own.
// The JSON is read strictly; a line that breaks the rules is a finding and says
// nothing. Of figures that contradict each other or decrease the larger stays.
// SPEC.md has the rules, and those of the digest over the lines that were used.
//
// # Telemetry and bills
//
// Files of [Telemetry] formats give figures of hardware and no count. Sentinels
// and slices of devices are left out and said; what is absent is unknown, never
// zero.
//
// # Adding a format
//
// A format is one file with one type that implements parser, a line in formats,
// a sample with what it must give, and a generator that makes logs like it. The
// first line that bears a format's signature decides; from then on lines of
// another format are a finding. Only the lines of DeepSpeed's engine give way to
// the framework that runs on it.
package trainlog
