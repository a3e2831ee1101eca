package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// recompute evaluates an included determination again, from its own facts and
// rules (SPEC.md D3), and notes in line under whose.
func (v *verification) recompute(d attest.Determination, line *Statement) *Problem {
	b, err := v.embedded()
	if err != nil {
		return &Problem{CodeRecomputation, "this build's own rules cannot be read: " + err.Error(), "install another build of weighbridge"}
	}
	r, err := d.Recompute(b)
	switch {
	case err != nil:
		return &Problem{CodeRecomputation, err.Error(),
			fmt.Sprintf("do not rely on this determination; evaluate the attested compute under facts of your own (`weighbridge evaluate --facts`), and ask the signer (it was made by %.40q %.40q)", d.Tool.Name, d.Tool.Version)}
	case r.Rules == "":
		return &Problem{CodeNotRecomputed, "determination: it was not recomputed, and is not believed: " + r.Why,
			"verify with a weighbridge that carries these rules and this catalogue, ask the signer for rules that travel with it, or for a shipment without a determination"}
	}
	line.Recomputed, line.Rules = true, r.Rules
	if r.Rules == attest.RulesSent {
		line.Rules = RulesSigner
		if slices.Contains(v.policy.AcceptRules, d.Rules.Digest) {
			line.Rules = RulesAccepted
		}
		line.Verdicts = r.Verdicts
		v.notes = append(v.notes, fmt.Sprintf("determination: it was recomputed under rules that came with it (%s): they are the signer's own, nobody here has read them, and those of this build are %s", d.Rules.Digest, b.Rules.Digest()))
	}
	return nil
}

// embedded returns this build's rules and catalogue; reading them takes longer
// than all signatures, so it is done when there is a determination, and once.
func (v *verification) embedded() (attest.Basis, error) {
	if v.basis.Rules != nil {
		return v.basis, nil
	}
	var err error
	v.basis, err = attest.EmbeddedBasis()
	return v.basis, err
}

// facts holds the facts of every determination to the statements beside it
// (SPEC.md D4): a determination that follows from false facts is false.
func (v *verification) facts() {
	for _, d := range v.result.Verified {
		if d.Determination != nil {
			if p := v.held(*d.Determination); p != nil {
				v.refuse(d, *p)
			}
		}
	}
	for _, aside := range v.aside {
		if p := v.held(*aside.determination); p != nil {
			v.result.Problems = append(v.result.Problems, *p)
			v.result.Statements[aside.line].Verdicts = nil
		}
	}
}

// held returns what the facts of d contradict.
func (v *verification) held(d attest.Determination) *Problem {
	var hardware *attest.Hardware
	for _, s := range v.result.Verified {
		if s.Hardware != nil && s.Hardware.Model == d.Model {
			hardware = s.Hardware
		}
	}
	found := false
	for _, s := range v.result.Verified {
		if s.TrainingCompute == nil || s.TrainingCompute.Model != d.Model {
			continue
		}
		declared, err := d.HoldTo(*s.TrainingCompute, hardware)
		if err != nil {
			return &Problem{CodeFacts, err.Error(), "ask the signer which of the two holds; do not rely on the determination"}
		}
		found = true
		if len(declared) > 0 {
			v.notes = append(v.notes, "determination: these of its facts are the signer's word, in no statement beside it: "+strings.Join(clipped(declared), ", "))
		}
	}
	if !found {
		v.notes = append(v.notes, "determination: no training-compute statement of its model was accepted beside it: all of its facts are the signer's word")
	} else if hardware == nil {
		v.notes = append(v.notes, "determination: no hardware statement was accepted beside it: the hardware in its facts is the signer's word")
	}
	return nil
}

// clipped bounds a list in one message.
func clipped(list []string) []string {
	if len(list) <= 2*maxShown {
		return list
	}
	return append(slices.Clone(list[:2*maxShown]), fmt.Sprintf("and %d more", len(list)-2*maxShown))
}
