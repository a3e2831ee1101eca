package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Signer is a party that signs: a lab, a cloud provider, an auditor. Several keys
// of one party are one signer.
type Signer struct {
	Name         string
	Role         string // "lab", "provider", "auditor" or another word; "" where none is given
	Organisation string
	Keys         []*PublicKey
	Identities   []Identity
}

// Demand asks that of some signers a number have signed the same statement of
// each of some predicate types.
type Demand struct {
	Predicates []string // predicate types
	Signers    []Signer
	Threshold  int // from 1 to the number of signers
}

func (d Demand) validate() error {
	switch {
	case len(d.Predicates) == 0 || slices.Contains(d.Predicates, ""):
		return errors.New("verify: a demand names no predicate type: expected at least one type URI")
	case d.Threshold < 1 || d.Threshold > len(d.Signers):
		return fmt.Errorf("verify: a demand for %d of %d signers: expected at least 1, and no more than there are", d.Threshold, len(d.Signers))
	}
	return nil
}

// SignedBy is a signer with what it signed of the statements accepted.
type SignedBy struct {
	ID           string   `json:"id"` // of the key, or the identity
	Name         string   `json:"name,omitempty"`
	Role         string   `json:"role,omitempty"`
	Organisation string   `json:"organisation,omitempty"`
	Statements   []string `json:"statements"` // predicate types
}

func (s Signer) holds(id string) bool {
	return slices.ContainsFunc(s.Keys, func(k *PublicKey) bool { return k.ID() == id }) ||
		slices.ContainsFunc(s.Identities, func(i Identity) bool { return i.ID() == id })
}

// signers lists who signed the statements accepted, in the order in which they
// are met.
func (v *verification) signers() []SignedBy {
	out := []SignedBy{}
	for _, line := range v.result.Statements {
		if !line.OK {
			continue
		}
		for _, id := range line.Signers {
			at := slices.IndexFunc(out, func(s SignedBy) bool { return s.ID == id })
			if at < 0 {
				at = len(out)
				out = append(out, v.policy.signedBy(id))
			}
			out[at].Statements = append(out[at].Statements, line.PredicateType)
		}
	}
	return out
}

func (p Policy) signedBy(id string) SignedBy {
	out := SignedBy{ID: id, Statements: []string{}}
	for _, s := range p.Signers {
		if s.holds(id) {
			out.Name, out.Role, out.Organisation = s.Name, s.Role, s.Organisation
		}
	}
	return out
}

// demands holds the signers of what was accepted to what the policy asks for.
// Parties are counted, not keys, and over one statement: two who signed different
// ones do not confirm each other.
func (v *verification) demands() {
	for _, d := range v.policy.Demands {
		for _, predicateType := range d.Predicates {
			if signed := v.most(d, predicateType); len(signed) < d.Threshold {
				v.problem(CodeMissingSigner, fmt.Sprintf("%s is signed by %s: the policy asks for %s", predicateType, named(signed), d),
					"ask those who did not sign for their signature over this very statement (`weighbridge co-sign`), or for a shipment with it: absence is never a pass")
			}
		}
	}
}

// most returns the signers of d who signed the statement of the type that most of
// them did.
func (v *verification) most(d Demand, predicateType string) []string {
	var most []string
	for _, line := range v.result.Statements {
		if !line.OK || line.PredicateType != predicateType {
			continue
		}
		var here []string
		for _, s := range d.Signers {
			if slices.ContainsFunc(line.Signers, s.holds) {
				here = append(here, s.Name)
			}
		}
		if len(here) > len(most) {
			most = here
		}
	}
	return most
}

func named(signers []string) string {
	if len(signers) == 0 {
		return "none of the signers that it must be signed by"
	}
	return strings.Join(signers, " and ")
}

// String is the demand for people: "2 of lab, auditor".
func (d Demand) String() string {
	var names []string
	for _, s := range d.Signers {
		names = append(names, s.Name)
	}
	if d.Threshold == 1 && len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%d of %s", d.Threshold, strings.Join(names, ", "))
}
