package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// meterRevokedResult is what key revoke --for meter prints.
type meterRevokedResult struct {
	Schema string     `json:"schema"`
	Origin string     `json:"origin"` // of the log of key epochs
	Epoch  uint64     `json:"epoch"`
	ID     string     `json:"id"`
	Reason string     `json:"reason"`
	Good   []headLine `json:"good"`           // the last heads by the key that hold
	Lost   []string   `json:"lost,omitempty"` // logs of which nothing by the key holds any more
}

func (a *app) revokeMeterKey(f keyRevokeFlags) error {
	switch {
	case f.good == "":
		return usage("--good: name the last heads by this key that hold: a file with heads that were kept, now, or none")
	case f.author == "":
		return usage("--author is required: a revocation says who made it")
	}
	r, err := a.revocation(f)
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.ledger); a.ledger != "" && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no ledger %s: name the one that has the key's epoch with --ledger", a.ledger)
	}
	result := meterRevokedResult{Schema: "weighbridge.dev/meter-key-revoked/v1", ID: r.Signer, Reason: f.reason, Good: []headLine{}}
	err = a.writing(func(l *ledger.Ledger) error {
		held, err := readKeyEpochs(l)
		if err != nil {
			return err
		}
		return result.revoke(l, &rotation{ledger: l, history: held.own, now: a.env.now().UTC()}, f)
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

func (r *meterRevokedResult) revoke(l *ledger.Ledger, w *rotation, f keyRevokeFlags) error {
	var of *epoch.Epoch
	for _, e := range w.history.Epochs {
		if proof.KeyID(e.Key) == r.ID {
			of = &e
		}
	}
	if of == nil {
		return fmt.Errorf("%s is the key of none of the %d epochs of this ledger; weighbridge key show --for meter lists them", r.ID, len(w.history.Epochs))
	}
	good, err := goodHeads(l, w.history, *of, f.good)
	if err != nil {
		return err
	}
	if r.Lost, err = lostLogs(l, w.history, *of, good); err != nil {
		return err
	}
	if len(r.Lost) > 0 && f.good != "none" && f.others != "none" {
		return fmt.Errorf("--good %s names no head of %s: nothing that the key signed of it would hold, and a revocation is never taken back; add the last good heads that were kept of it, or say --others none", f.good, strings.Join(r.Lost, ", "))
	}
	step := epoch.Revoked{Epoch: of.Number, Reason: f.reason, Previous: w.history.Root()}
	var text string
	if step.Good, text, err = epoch.NewBoundary(good); err != nil {
		return err
	}
	r.Origin, r.Epoch = w.history.Origin, of.Number
	for _, h := range good {
		r.Good = append(r.Good, headLineOf(h))
	}
	return w.append(epoch.Step{Revoked: &step}, f.author, text)
}

// lostLogs are the logs of this ledger, by name, that the key of an epoch may have signed
// and of which no head is good: nothing that it signed of them holds any more.
func lostLogs(l *ledger.Ledger, h epoch.History, of epoch.Epoch, good []proof.Head) ([]string, error) {
	all, err := l.OwnHeads()
	var lost []string
	for _, own := range all {
		named := slices.ContainsFunc(good, func(g proof.Head) bool { return g.Origin == own.Origin })
		until, ended := h.Last(of, own.Origin)
		if !named && own.Origin != h.Origin && (!ended || until.Size > 0) {
			lost = append(lost, logModel(own.Origin))
		}
	}
	return lost, err
}

// goodHeads are the last good ones of the logs that this ledger writes: those that
// it has, or those that were kept, each held against the log; none behind the end
// of the epoch.
func goodHeads(l *ledger.Ledger, h epoch.History, of epoch.Epoch, from string) ([]proof.Head, error) {
	var named []proof.Head
	var err error
	switch from {
	case "none":
		return nil, nil
	case "now":
		named, err = l.OwnHeads()
	default:
		named, err = keptOfEpoch(from, of)
	}
	if err != nil {
		return nil, err
	}
	last := map[string]proof.Head{}
	for _, head := range named {
		if !strings.HasPrefix(head.Origin, h.Ledger()) {
			continue // of a log that was merged, whose meter key is another ledger's
		}
		had, err := l.HeadAt(head.Origin, head.Size)
		if err != nil {
			return nil, fmt.Errorf("--good %s: %w", from, err)
		}
		if had != head {
			return nil, fmt.Errorf("--good %s: at %d entries %s has the root %x, the head there has %x: a fork, not a head of this ledger; nothing was revoked", from, head.Size, head.Origin, had.Root, head.Root)
		}
		if until, ended := h.Last(of, head.Origin); ended && head.Size > until.Size {
			if of.Revoked != nil {
				return nil, fmt.Errorf("--good %s: the key of epoch %d is revoked already, and its last good head of %s has %s: a revocation is never taken back; name earlier heads, or leave it as it is", from, of.Number, logModel(head.Origin), pluralAs(int(until.Size), "entry", "entries"))
			}
			head = until
		}
		if head.Size > last[head.Origin].Size {
			last[head.Origin] = head
		}
	}
	var good []proof.Head
	for _, head := range last {
		good = append(good, head)
	}
	return good, nil
}

// keptOfEpoch reads heads that were kept, signed by the key of an epoch or not at
// all: what the key is said to have signed is held to the log either way.
func keptOfEpoch(path string, of epoch.Epoch) ([]proof.Head, error) {
	text, err := readUpTo(path, maxHeads)
	if err != nil {
		return nil, fmt.Errorf("--good: %w", err)
	}
	var byEpoch believe
	if strings.Contains(string(text), "\n\n— ") {
		byEpoch = func(head proof.Head, line string) error {
			return proof.VerifyNote(of.Key, head.Origin, head.String(), strings.TrimSuffix(line, "\n"))
		}
	}
	heads, err := signedHeads(string(text), byEpoch)
	if err != nil {
		return nil, fmt.Errorf("--good %s: %w", path, err)
	}
	return heads, nil
}

// String is the result for people.
func (r meterRevokedResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "revoked the meter key of epoch %d, %s: %s\n", r.Epoch, r.ID, printable(r.Reason))
	for _, h := range r.Good {
		fmt.Fprintf(&b, "  holds   %s, up to %s\n", logModel(h.Origin), pluralAs(int(h.Size), "entry", "entries"))
	}
	for _, name := range r.Lost {
		fmt.Fprintf(&b, "  lost    %s: nothing that it signed of it holds\n", name)
	}
	if len(r.Good) == 0 {
		b.WriteString("  holds   nothing that it signed\n")
	}
	b.WriteString("  next    give the epochs to those who verify (weighbridge key show --for meter --json); where no other key holds, begin the next epoch with weighbridge key rotate --out FILE\n")
	return b.String()
}
