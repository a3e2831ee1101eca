package verify

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// MaxEpochsBytes bounds a document of key epochs.
const MaxEpochsBytes = epoch.MaxDocument

// MeterEpochs are the meter keys of one ledger, by epoch, as somebody believes them who
// knows one of these keys to be the meter's (meter/epoch/SPEC.md).
type MeterEpochs struct {
	history epoch.History
	keys    []*PublicKey // by epoch
	pinned  uint64       // epoch of the key that is known
}

// ParseMeterEpochs reads a document of key epochs (weighbridge key show --for meter
// --json). One key must be known to be the meter's, and be in it: anybody can write such
// a document.
func ParseMeterEpochs(document []byte, known *PublicKey) (*MeterEpochs, error) {
	_, history, err := epoch.ParseDocument(document)
	if err != nil {
		return nil, fmt.Errorf("%w; expected what weighbridge key show --for meter --json printed", err)
	}
	m := &MeterEpochs{history: history}
	found := false
	for _, e := range history.Epochs {
		key, err := newPublicKey(e.Key)
		if err != nil {
			return nil, err
		}
		m.keys = append(m.keys, key)
		if key.ID() == known.ID() {
			m.pinned, found = e.Number, true
		}
	}
	if !found {
		return nil, fmt.Errorf("%s, the key known as the meter's, is that of none of its %d epochs: it is another ledger's, or not the meter's that you know", known.ID(), len(history.Epochs))
	}
	return m, nil
}

// Trusted are the keys that may be taken for the meter's: those that the known key
// leads to by handovers without a revocation between, and all before it.
func (m *MeterEpochs) Trusted() []*PublicKey {
	var keys []*PublicKey
	for n, key := range m.keys {
		if m.history.Trusted(m.pinned, uint64(n)) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Right returns why a key was not right for a head that it signed: its epoch began later
// or had ended, or it is revoked. It says nothing of whether the key may be taken for
// the meter's, and nothing of the signature.
func (m *MeterEpochs) Right(head proof.Head, key *PublicKey) error {
	return m.history.Right(head, key.ed25519())
}

// Holds returns an error unless line is a signature of a head by a key that may be taken
// for the meter's and was right for it.
func (m *MeterEpochs) Holds(head proof.Head, line string) error {
	if !strings.HasPrefix(head.Origin, m.history.Ledger()) {
		return fmt.Errorf("%s is no log of the ledger whose epochs these are, %s", head.Origin, m.history.Ledger())
	}
	for n, key := range m.keys {
		if key.VerifyHead(head, line) != nil {
			continue
		}
		if err := m.Right(head, key); err != nil {
			return err
		}
		if !m.history.Trusted(m.pinned, uint64(n)) {
			return fmt.Errorf("signed by %s, the key of epoch %d, which no key that you know handed over: a key between epoch %d and it was revoked; get the newer key from who keeps the meter, and name it with --meter-key", key.ID(), n, m.pinned)
		}
		return nil
	}
	return fmt.Errorf("head of %d entries of %s: no key of the %d epochs at hand signed it: it was altered, or signed by somebody else, or a newer epoch is missing: get the newest ones (weighbridge key show --for meter --json)", head.Size, head.Origin, len(m.keys))
}
