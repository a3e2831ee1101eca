package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// witnessState is what a witness remembers: the head of each log that it cosigned
// last. The file has the form that ledger head prints, sorted by origin.
type witnessState struct {
	path  string
	lock  *os.File
	heads map[string]proof.Head
}

// openWitnessState reads the state and holds it until close: of two commands on one
// state the second waits, so that two histories never pass side by side. A file that
// is not there is an empty state only where every log may be new.
func openWitnessState(path string, first bool) (*witnessState, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	s := &witnessState{path, lock, map[string]proof.Head{}}
	for err = unix.EINTR; errors.Is(err, unix.EINTR); {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err == nil {
		err = s.read(first)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--state %s: %w", path, err), lock.Close())
	}
	return s, nil
}

func (s *witnessState) read(first bool) error {
	data, err := readRegular(s.path, witness.MaxBytes)
	if errors.Is(err, os.ErrNotExist) {
		if first {
			return nil
		}
		return errors.New("there is no such file: a witness that has cosigned before has one; give --first where it has cosigned nothing yet")
	}
	if err != nil {
		return err
	}
	heads, err := proof.ParseHeads(string(data))
	if err != nil {
		return fmt.Errorf("it is not what this command wrote: %w; put its last copy back, and never an older one", err)
	}
	for _, h := range heads {
		if _, twice := s.heads[h.Origin]; twice {
			return fmt.Errorf("it has two heads of %s: put its last copy back", h.Origin)
		}
		s.heads[h.Origin] = h
	}
	return nil
}

func (s *witnessState) last(origin string) *proof.Head {
	if head, known := s.heads[origin]; known {
		return &head
	}
	return nil
}

func (s *witnessState) save() error {
	var bodies []string
	for _, origin := range slices.Sorted(maps.Keys(s.heads)) {
		bodies = append(bodies, s.heads[origin].String())
	}
	return replaceFile(s.path, []byte(strings.Join(bodies, "\n")))
}

func (s *witnessState) close() { s.lock.Close() }

// readCheckpoints reads a file of checkpoints, or standard input.
func (a *app) readCheckpoints(flag, path string) ([]witness.Checkpoint, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(io.LimitReader(a.env.stdin, witness.MaxBytes+1))
	} else {
		data, err = readRegular(path, witness.MaxBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	points, err := witness.ParseAll(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return points, nil
}

// consistencyProofs reads proofs that logs grew.
func (a *app) consistencyProofs(paths []string) ([]*proof.Consistency, error) {
	var proofs []*proof.Consistency
	for _, path := range paths {
		data, err := readRegular(path, proof.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("--proof %s: %w", path, err)
		}
		_, grew, err := proof.Parse(data)
		if err == nil && grew == nil {
			err = errors.New("it proves an entry: expected a proof that a log grew (weighbridge ledger prove LOG --from SIZE)")
		}
		if err != nil {
			return nil, fmt.Errorf("--proof %s: %w", path, err)
		}
		proofs = append(proofs, grew)
	}
	return proofs, nil
}
