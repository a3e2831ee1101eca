package verify

import "github.com/weighbridge/weighbridge/attest"

// recompute evaluates an included determination again, from its own facts and
// rules (SPEC.md D3).
func (v *verification) recompute(d attest.Determination) (bool, *Problem) {
	b, err := v.embedded()
	if err != nil {
		return false, &Problem{CodeRecomputation, "this build's own rules cannot be read: " + err.Error(), "install another build of weighbridge"}
	}
	done, note, err := d.Recompute(b)
	switch {
	case err != nil:
		return false, &Problem{CodeRecomputation, err.Error(),
			"do not rely on this determination; evaluate the attested compute under facts of your own (`weighbridge evaluate --facts`), and ask the signer (it was made by " + d.Tool.Name + " " + d.Tool.Version + ")"}
	case !done:
		v.notes = append(v.notes, "determination: it was not recomputed: "+note)
	case note != "":
		v.notes = append(v.notes, "determination: "+note)
	}
	return done, nil
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

// facts holds the facts of every determination to the attested compute (SPEC.md
// D4): a determination that follows from false facts is false.
func (v *verification) facts() {
	for _, c := range v.result.Verified {
		if c.TrainingCompute == nil {
			continue
		}
		for _, d := range v.result.Verified {
			if d.Determination == nil || d.Determination.Model != c.TrainingCompute.Model {
				continue
			}
			if err := d.Determination.Contradiction(*c.TrainingCompute); err != nil {
				v.refuse(d, Problem{CodeFacts, err.Error(), "ask the signer which of the two holds; do not rely on the determination"})
			}
		}
	}
}
