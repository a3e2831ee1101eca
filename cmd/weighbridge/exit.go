package main

import (
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/meter/ledger"
)

// The exit codes: a stable, documented table. A pipeline gates on them, so what
// passed, what applies, what cannot be told and what is broken never share one.
// A reader that meets another code must take it for a failure.
const (
	exitDone         = 0   // done; for gates: passed
	exitFailure      = 1   // failure
	exitUsage        = 2   // the command line is wrong; run's own too
	exitApplies      = 3   // the rule applies: controlled, red flag, hold
	exitUndetermined = 4   // undetermined: facts are missing
	exitVerification = 5   // verification failed
	exitDamaged      = 6   // the ledger is damaged
	exitOwnFailure   = 125 // run: our own failure before the child started
)

// exitCodes is the table as every command's help shows it.
const exitCodes = `Exit codes:
  0    done; for gates: passed
  1    failure
  2    usage: the command line is wrong
  3    the rule applies: controlled, red flag, hold (evaluate --gate, delivery decide)
  4    undetermined, facts missing (evaluate --gate, delivery decide)
  5    verification failed (verify, ledger prove --verify)
  6    ledger damaged
  run passes the child's own code through (128+n for signal n). Before the child started it exits 2 for a
  wrong command line of its own, 125 for another failure of its own, 126 when the command cannot be
  executed, 127 when it is not found.`

// exitError is an error with the exit code that it means. Without words of its
// own (err is nil) the result has already been printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as one of the command line.
func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// exitCode returns the code that err means: 0 for none, 1 unless it says otherwise.
func exitCode(err error) int {
	var coded *exitError
	var damage *ledger.DamageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &damage):
		return exitDamaged
	}
	return exitFailure
}
