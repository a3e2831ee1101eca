package main

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// keyEpochs are the key epochs in a ledger: its own, and those of ledgers that were
// merged into it.
type keyEpochs struct {
	own       epoch.History // without epochs where the ledger has begun none
	histories []epoch.History
}

func readKeyEpochs(l *ledger.Ledger) (keyEpochs, error) {
	found := keyEpochs{own: epoch.History{Origin: l.NoteOrigin(epoch.Log)}}
	logs, err := l.KeyLogs()
	if err != nil {
		return found, err
	}
	for _, log := range logs {
		h, err := epoch.Read(log.Origin, log.Notes)
		if err != nil {
			return found, &exitError{exitDamaged, err}
		}
		if log.Origin == found.own.Origin {
			found.own = h
		}
		found.histories = append(found.histories, h)
	}
	return found, nil
}

// of is the history of the ledger that wrote a log; false where it has no epochs.
func (k keyEpochs) of(origin string) (epoch.History, bool) {
	for _, h := range k.histories {
		if strings.HasPrefix(origin, h.Ledger()) {
			return h, true
		}
	}
	return epoch.History{}, false
}

// signs returns an error unless key may sign the head now: of a log of this
// ledger only the key that holds now may, of any other one that was right.
func (k keyEpochs) signs(head proof.Head, key ed25519.PublicKey) error {
	h, kept := k.of(head.Origin)
	if !kept {
		return nil
	}
	current, _ := h.Current()
	if head.Origin == k.own.Origin || strings.HasPrefix(head.Origin, k.own.Ledger()) {
		switch {
		case current.Revoked != nil && current.Key.Equal(key):
			return fmt.Errorf("the key of epoch %d, %s, is revoked (%s): begin the next epoch with `weighbridge key rotate --out FILE`, and sign with that key", current.Number, proof.KeyID(key), current.Revoked.Reason)
		case !current.Key.Equal(key):
			return fmt.Errorf("%s is not the meter key that holds now: that is %s (epoch %d); sign with that one, or begin the next epoch with `weighbridge key rotate`", proof.KeyID(key), proof.KeyID(current.Key), current.Number)
		}
	}
	return h.Right(head, key)
}

// believe returns an error unless a line is a signature of a head by a key that is taken
// for the meter's, and was right for it.
type believe func(head proof.Head, line string) error

// readMeterKey reads --meter-key and --epochs: the one key is believed, or with a document
// of key epochs every key that follows from it. It is nil without both.
func readMeterKey(key, document string) (believe, error) {
	switch {
	case key == "" && document == "":
		return nil, nil
	case key == "":
		return nil, usage("--epochs: name the meter's public key too (--meter-key): anybody can write such a document")
	}
	keys, err := readPublicKeys("--meter-key", []string{key})
	if err != nil {
		return nil, err
	}
	if document == "" {
		return keys[0].VerifyHead, nil
	}
	epochs, err := readEpochs(document, keys[0])
	if err != nil {
		return nil, err
	}
	return epochs.Holds, nil
}

// readEpochs reads --epochs, where one key is known to be the meter's.
func readEpochs(document string, known *verify.PublicKey) (*verify.MeterEpochs, error) {
	data, err := readRegular(document, verify.MaxEpochsBytes)
	if err != nil {
		return nil, fmt.Errorf("--epochs %s: %w", document, err)
	}
	epochs, err := verify.ParseMeterEpochs(data, known)
	if err != nil {
		return nil, &exitError{exitVerification, fmt.Errorf("--epochs %s: %w", document, err)}
	}
	return epochs, nil
}
