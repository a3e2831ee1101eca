// Package wrap runs a training job as a child process and meters its output
// while it runs. Its first promise is to the job: whatever happens to
// Weighbridge, the job runs as it would have run without it.
//
// Three processes take part:
//
//   - The supervisor ([Run], in the process of `weighbridge run`) starts the
//     others, forwards signals, waits for the child, feeds the meter and writes
//     the journal (SPEC.md). It holds no end of the child's output.
//   - The child is the job. It stays in the supervisor's process group and
//     keeps its standard input, environment and controlling terminal. Where an
//     output was a terminal the child gets a terminal, else a pipe; outputs
//     that were one file stay one, so that their order is kept.
//   - The relay ([Relay], our own binary once more) holds the read ends of the
//     child's output and does nothing but pass them on, byte for byte. It
//     offers a copy to the supervisor without ever waiting for it. SIGKILL of
//     the supervisor therefore costs the child nothing; a slow meter loses
//     bytes, which are counted, and slows nobody. When the reader of our own
//     output goes away the relay goes too, and the child gets the SIGPIPE that
//     it would have got.
//
// Signals: the child is in the process group of the terminal and of whoever
// signals the group, so it has those already; forwarding them again would make
// one Ctrl-C two, and frameworks take the second for "abort at once". A signal
// does not say whether it was meant for one process or for a group. The relay
// is the witness: it is in the group too and only notes the signals that it
// gets. One that reached the supervisor and not the relay was sent to the
// supervisor alone, and only such a one is forwarded, 60 ms later. `pkill -f
// weighbridge`, which signals the relay by its command line but not the child,
// is mistaken for a group.
//
// A stop is taken from the child: when the terminal or a forwarded SIGTSTP
// stops it, the supervisor stops too, so that the shell sees a stopped job;
// SIGCONT continues both.
//
// What differs from a run without us: the child's terminal is a second one, of
// the same size and settings but for output processing and echo, which the real
// one does, and it is not the child's controlling terminal; a full disk behind
// our standard output discards what cannot be written (and says so) where the
// child would have got ENOSPC; an inherited "ignore" of a signal other than
// SIGHUP and SIGINT is not passed on, because the Go runtime replaces it.
//
// Output passes as soon as it comes. In steady flow the relay looks for more at
// intervals, at most every 20 ms for a terminal and every 40 ms for a pipe,
// which is what keeps it cheap; nothing is ever held back in a buffer of its
// own, so that killing it loses nothing that was read.
package wrap
