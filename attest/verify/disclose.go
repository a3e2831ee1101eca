package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// disclose opens in s, whose signature holds, what its holder showed of it.
func (v *verification) disclose(s attest.Statement, payload []byte) (attest.Statement, *Problem) {
	digest := PayloadDigest(payload)
	shown, given := v.in.Disclosures[digest]
	if v.opened == nil {
		v.opened = map[string]bool{}
	}
	v.opened[digest] = true
	if !given {
		return s, nil
	}
	opened, err := s.Disclose(shown)
	if err != nil {
		return s, &Problem{CodeDisclosure, "what was presented of it is not what was signed: " + err.Error(),
			"do not rely on the presentation; ask its sender for one of this very shipment, made by `weighbridge present`"}
	}
	return opened, nil
}

// undisclosed: what was presented of a statement that is not here, or that no named
// key signed, proves nothing, and whoever presented it meant something by it.
func (v *verification) undisclosed() {
	for _, digest := range slices.Sorted(maps.Keys(v.in.Disclosures)) {
		if !v.opened[digest] {
			v.problem(CodeDisclosure, fmt.Sprintf("%d disclosures are presented of the statement %.80q, which no named key signed here", len(v.in.Disclosures[digest]), digest),
				"ask for the presentation that belongs to this shipment: each time a model is attested its disclosures are new ones")
		}
	}
}

// disclosed notes what of a statement is hidden, and what was shown.
func (s *Statement) disclosed(d *attest.Disclosed) {
	if d == nil {
		return
	}
	s.Hidden, s.Disclosed = d.Hidden, d.JSON
	if len(d.Thresholds) > 0 {
		s.Thresholds = d.Thresholds
	}
}

// PayloadDigest is the name by which a presentation means a statement: the SHA-256
// of its signed payload, "sha256:<hex>".
func PayloadDigest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return "sha256:" + hex.EncodeToString(sum[:])
}
