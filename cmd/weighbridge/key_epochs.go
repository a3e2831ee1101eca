package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest/sign"
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
			return fmt.Errorf("the key of epoch %d, %s, is revoked (%s): begin the next epoch with `weighbridge key rotate --out FILE`, and sign with that key", current.Number, epoch.KeyID(key), current.Revoked.Reason)
		case !current.Key.Equal(key):
			return fmt.Errorf("%s is not the meter key that holds now: that is %s (epoch %d); sign with that one, or begin the next epoch with `weighbridge key rotate`", epoch.KeyID(key), epoch.KeyID(current.Key), current.Number)
		}
	}
	return h.Right(head, key)
}

// meterKey is the public half of a key that signs heads.
func meterKey(key *sign.Key) (ed25519.PublicKey, error) {
	text, err := key.PublicPEM()
	if err != nil {
		return nil, err
	}
	return ed25519Key(text)
}

func ed25519Key(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("expected a public key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("heads are signed with Ed25519 (c2sp.org/signed-note): make a meter key with `weighbridge key generate --for meter`")
	}
	return public, nil
}

// verifier is the key of an epoch in the form that verifies notes.
func verifier(key ed25519.PublicKey) (*verify.PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return verify.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// meterKeys are whose signatures under heads are believed: one key, or with a
// document of key epochs every key that follows from it.
type meterKeys struct {
	pinned *verify.PublicKey
	epochs *verify.MeterEpochs // nil: the one key alone
}

// readMeterKeys reads --meter-key and --epochs; nil without both.
func readMeterKeys(key, document string) (*meterKeys, error) {
	if key == "" && document == "" {
		return nil, nil
	}
	if key == "" {
		return nil, usage("--epochs: name the meter's public key too (--meter-key): anybody can write such a document")
	}
	keys, err := readPublicKeys("--meter-key", []string{key})
	if err != nil {
		return nil, err
	}
	if document == "" {
		return &meterKeys{pinned: keys[0]}, nil
	}
	data, err := readRegular(document, verify.MaxEpochsBytes)
	if err != nil {
		return nil, fmt.Errorf("--epochs %s: %w", document, err)
	}
	epochs, err := verify.ParseMeterEpochs(data, keys[0])
	if err != nil {
		return nil, &exitError{exitVerification, fmt.Errorf("--epochs %s: %w", document, err)}
	}
	return &meterKeys{keys[0], epochs}, nil
}

// holds returns an error unless the line is a signature of a head by a key that
// is right for it.
func (m meterKeys) holds(head proof.Head, line string) error {
	if m.epochs == nil {
		return m.pinned.VerifyNote(head.Origin, head.String(), line)
	}
	return m.epochs.Holds(head, line)
}
