package verify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest/witness"
)

// MeterOf returns the one of keys that signed a checkpoint by the name of its log, the
// first where several did. The error is that none of them did, or that a line with the
// id of one of them does not hold, whatever else stands beside it.
func MeterOf(c witness.Checkpoint, keys []*PublicKey) (*PublicKey, error) {
	fail := func(err error) (*PublicKey, error) {
		return nil, fmt.Errorf("%s at %d entries: %w", c.Head.Origin, c.Head.Size, err)
	}
	lines := c.ByName(c.Head.Origin)
	if len(lines) == 0 {
		return fail(errors.New("no signature by the name of the log: expected one of the meter (weighbridge ledger head --sign)"))
	}
	var signer *PublicKey
	for _, line := range lines {
		for _, key := range keys {
			if !key.claimed(c.Head.Origin, line) {
				continue
			}
			if err := key.VerifyHead(c.Head, line); err != nil {
				return fail(err)
			}
			if signer == nil {
				signer = key
			}
		}
	}
	switch {
	case signer != nil:
		return signer, nil
	case len(keys) == 1:
		return fail(keys[0].VerifyHead(c.Head, lines[0]))
	}
	return fail(byNone(keys))
}

// byNone says that none of the keys signed a checkpoint.
func byNone(keys []*PublicKey) error {
	if len(keys) == 0 {
		return errors.New("no key of a meter was named")
	}
	var names []string
	for _, k := range keys {
		names = append(names, fmt.Sprintf("%s (%s)", k.ID(), k.Kind()))
	}
	return fmt.Errorf("signed with another key than the %d that may have signed it, %s: somebody else signed it, or the meter has a newer key: get that, or the newest key epochs, from who keeps the meter", len(keys), strings.Join(names, ", "))
}
