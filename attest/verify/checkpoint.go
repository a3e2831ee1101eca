package verify

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/attest/witness"
)

// MeterOf returns the one of keys that signed a checkpoint by the name of its log.
// The error is that none of them did, or that a line that claims to be by one of
// them does not hold.
func MeterOf(c witness.Checkpoint, keys []*PublicKey) (*PublicKey, error) {
	lines := c.ByName(c.Head.Origin)
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s at %d entries: no signature by the name of the log: expected one of the meter (weighbridge ledger head --sign)", c.Head.Origin, c.Head.Size)
	}
	var errs []error
	for _, line := range lines {
		for _, key := range keys {
			err := key.VerifyNote(c.Head.Origin, c.Head.String(), line)
			if err == nil {
				return key, nil
			}
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		errs = append(errs, errors.New("no key of a meter was named"))
	}
	return nil, fmt.Errorf("%s at %d entries: %w", c.Head.Origin, c.Head.Size, errors.Join(errs...))
}

// ed25519 is the key as such, nil for one of another kind.
func (k *PublicKey) ed25519() ed25519.PublicKey {
	parsed, err := x509.ParsePKIXPublicKey(k.spki)
	if key, ok := parsed.(ed25519.PublicKey); ok && err == nil {
		return key
	}
	return nil
}
