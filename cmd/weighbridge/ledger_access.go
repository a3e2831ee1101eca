package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"time"

	"github.com/weighbridge/weighbridge/meter/ledger"
)

// reading calls f with the ledger opened read-only, and closes it. The file's
// lock is shared and held only as long as f takes.
func (a *app) reading(f func(*ledger.Ledger) error) error {
	if err := a.namedLedger(); err != nil {
		return err
	}
	l, err := ledger.Open(a.ledger, ledger.Options{ReadOnly: true, LockTimeout: lockPatience})
	if err != nil {
		return err
	}
	return errors.Join(f(l), l.Close())
}

// writing calls f with the ledger opened for appending, made when there is
// none, and closes it. Journals that dead processes left are folded in first.
// A new ledger is said to be one: a misspelt path would otherwise pass unseen.
func (a *app) writing(f func(*ledger.Ledger) error) error {
	if err := a.namedLedger(); err != nil {
		return err
	}
	_, before := os.Stat(a.ledger)
	l, err := ledger.Open(a.ledger, ledger.Options{LockTimeout: lockPatience})
	if err != nil {
		return err
	}
	if errors.Is(before, os.ErrNotExist) {
		a.warn("new ledger %s", a.ledger)
	}
	a.foldDead(l)
	return errors.Join(f(l), l.Close())
}

// lockPatience is how long a command waits for another one's short opening of
// the ledger: sixteen runs that end together take their turns well within it.
const lockPatience = 10 * time.Second

// newRunID names one execution of a job: the day it began, for people, and 64
// random bits, so that two machines never meet.
func newRunID(now time.Time) string {
	id := make([]byte, 8)
	rand.Read(id) // never fails: crypto/rand crashes the program instead
	return now.UTC().Format("2006-01-02") + "-" + hex.EncodeToString(id)
}
