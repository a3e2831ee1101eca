package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Policy is whom the recipient trusts, and for what. The zero value refuses.
type Policy struct {
	Keys    []*PublicKey // a key or an identity at least
	Require []string     // predicate types that must be there; empty: training compute and hardware

	Models        func(model string) bool // which models the statements may be about; nil: any one
	Wanted        string                  // what Models asks for, for people
	NotBefore     time.Time               // statements made before it are refused; zero: any time
	MinLedgerSize uint64                  // entries that the model's logs must have had together; 0: any
	AcceptRules   []string                // digests of rules that may come with a determination

	Identities  []Identity   // who may sign with a certificate that says so; Root must say whom to believe
	Now         time.Time    // as of which certificates of an authority of one's own hold, where no timestamp says when they signed
	Root        *TrustedRoot // for identities and timestamps; nil: none of them is verified
	Revocations []Revocation // signers that are withdrawn, each from a time on
	Timestamped bool         // a verified RFC 3161 timestamp must be with every signature

	Signers []Signer  // who the keys belong to, where that is known
	Demands []Demand  // which of them must have signed what; none: any key may have signed anything
	Levels  MinLevels // levels of assurance that must be reached

	Meters []*PublicKey // keys of the meter, which sign the heads of its logs; none: no checkpoint is believed to be signed
	// RightMeter returns why the key of a meter was not right for a head that it signed, as
	// the key epochs of a ledger say it; nil: every key is right for every head.
	RightMeter func(head proof.Head, meter *PublicKey) error
	Witnesses  *witness.Policy // who must have cosigned the heads; nil: nobody outside the lab is believed to have seen them
}

// required returns the predicate types that must be there.
func (p Policy) required() []string {
	if len(p.Require) == 0 {
		return []string{attest.TypeTrainingCompute, attest.TypeHardware}
	}
	return p.Require
}

func (p Policy) validate() error {
	if !p.trusts() || slices.Contains(p.Keys, nil) {
		return errors.New("verify: the policy names no key: without one, no signature means anything; name the signer's public key with --key FILE")
	}
	if err := p.validateIdentities(); err != nil {
		return err
	}
	if slices.Contains(p.Meters, nil) {
		return errors.New("verify: the policy has a meter key that is none: leave it out")
	}
	if slices.Contains(p.Require, "") {
		return errors.New("verify: the policy requires an empty predicate type: expected a type URI")
	}
	for _, d := range p.Demands {
		if err := d.validate(); err != nil {
			return err
		}
	}
	return nil
}

// refuses returns why the policy does not take a statement that is sound in
// itself: it is about another model, or older than was asked for (SPEC.md R3 to
// R5).
func (p Policy) refuses(s attest.Statement) *Problem {
	if !s.Ours() {
		return nil
	}
	if p.Models != nil && !p.Models(string(s.Model())) {
		return &Problem{CodeModelDiffers, fmt.Sprintf("the statement is about %s: expected %s", s.Model(), p.Wanted),
			"a name or a tag is not signed and can be moved: fetch the model that you mean, or ask the signer which model these weights are"}
	}
	const newer = "this may be an older attestation of the same weights, sent again: ask the signer for the newest"
	if at := s.CreatedAt(); !p.NotBefore.IsZero() && at.Before(p.NotBefore) {
		return &Problem{CodeTooOld, fmt.Sprintf("the statement was made at %s: expected %s or later", timeText(at), timeText(p.NotBefore.UTC())), newer}
	}
	if c := s.TrainingCompute; c != nil && c.Entries() < p.MinLedgerSize {
		return &Problem{CodeLedgerSize, fmt.Sprintf("the statement was made of %d ledger entries: expected at least %d", c.Entries(), p.MinLedgerSize), newer}
	}
	return nil
}

// made returns when a statement of ours says that it was made, and of how many
// entries.
func made(s attest.Statement) (at string, size uint64) {
	if !s.Ours() {
		return "", 0
	}
	if s.TrainingCompute != nil {
		size = s.TrainingCompute.Entries()
	}
	return timeText(s.CreatedAt()), size
}

// madeOf says when the accepted statements of one type were made.
func (v *verification) madeOf(predicateType string) string {
	var all []string
	for _, s := range v.result.Verified {
		if s.PredicateType == predicateType {
			at, size := made(s)
			if size > 0 {
				at += fmt.Sprintf(", of %d entries", size)
			}
			all = append(all, at)
		}
	}
	return strings.Join(all, "; ")
}

func timeText(t time.Time) string { return t.Format(time.RFC3339Nano) }
