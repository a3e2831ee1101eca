package verify

import (
	"crypto/ed25519"
	"crypto/x509"
	"fmt"
	"slices"
)

// wantingSignatures: each last checkpoint is signed by a meter key that releases
// nothing and is no witness's, and cosigned by a quorum.
func (v *verification) wantingSignatures() []string {
	var why []string
	if len(v.policy.Meters) == 0 {
		why = append(why, "no key of the meter was named (verify --meter-key): who signed the checkpoints was not checked")
	}
	if v.policy.Witnesses == nil {
		why = append(why, "no witnesses were named (verify --witness-policy): whether anybody outside the lab saw the checkpoints was not checked")
	}
	for _, l := range v.proved {
		p := l.last()
		if p.meter != nil && v.releases(p.meter) {
			why = append(why, fmt.Sprintf("%s: the key that signed its checkpoint, %s, is one that releases weights too", l.origin, p.meter.ID()))
		}
		if v.policy.Witnesses == nil {
			continue
		}
		if p.meter != nil && v.policy.Witnesses.Holds(p.meter.ed25519()) {
			why = append(why, fmt.Sprintf("%s: the key that signed its checkpoint, %s, is that of a witness too", l.origin, p.meter.ID()))
		}
		if !p.met() {
			why = append(why, fmt.Sprintf("%s: its checkpoint of %d entries has the cosignatures of %d witnesses of the policy: they do not meet its quorum", l.origin, p.Head.Size, len(p.seen)))
		}
	}
	return append(why, v.releasingWitnesses()...)
}

// releasingWitnesses are keys that may sign statements, or did by a certificate, and
// are a witness's.
func (v *verification) releasingWitnesses() []string {
	if v.policy.Witnesses == nil {
		return nil
	}
	var why []string
	says := func(id string, key ed25519.PublicKey) {
		if v.policy.Witnesses.Holds(key) {
			why = append(why, fmt.Sprintf("the key %s, which releases weights, is that of a witness too", id))
		}
	}
	for _, k := range v.policy.Keys {
		says(k.ID(), k.ed25519())
	}
	for _, c := range v.certified {
		key, _ := c.PublicKey.(ed25519.PublicKey)
		says(keyOf(c), key)
	}
	return why
}

// releases reports whether a key may sign statements, or has signed one here, by a
// certificate too.
func (v *verification) releases(key *PublicKey) bool {
	return slices.ContainsFunc(v.policy.Keys, func(k *PublicKey) bool { return k.ID() == key.ID() }) ||
		slices.ContainsFunc(v.certified, func(c *x509.Certificate) bool { return keyOf(c) == key.ID() })
}
