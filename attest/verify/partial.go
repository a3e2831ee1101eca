package verify

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// Partial says that some of the files of the weights were checked, and not all.
type Partial struct {
	Files   int      `json:"files"`   // that were checked
	Of      int      `json:"of"`      // that the signed list has
	Missing []string `json:"missing"` // files of the list of which nothing is known
}

// Only checks the files at hand against the list of files that a named key signed
// in a training-compute statement; in.Found holds those at hand alone. With all
// files of the list there it is [Verify]. Else the result has Partial: OK then says
// that the statements are sound and that each file at hand is the one that was
// signed, and nothing about the others. Files that the list does not have, and
// nothing at hand at all, are problems.
func Only(in Input, p Policy) (Result, error) {
	if err := p.validate(); err != nil {
		return Result{}, err
	}
	list := in.signedList(p)
	if list == nil {
		r := Result{Schema: ResultSchema, Subjects: []Subject{}, Statements: []Statement{}, NotChecked: []string{}, Signers: []SignedBy{}, Problems: []Problem{{CodePartial,
			"no training-compute statement by a key that was named lists its files one by one: without the list a part of them cannot be checked",
			"check the whole of the weights, or ask the signer for a statement that lists its files"}}}
		return r, nil
	}
	known := attest.Manifest{Files: list}
	differences, missing := apart(known.Compare(in.Found))
	if len(missing) == 0 && len(differences) == 0 {
		return Verify(in, p)
	}
	whole := in
	whole.Found = known
	r, err := Verify(whole, p)
	if err != nil {
		return r, err
	}
	r.Partial = &Partial{Files: len(list) - len(missing) - notAsSigned(differences), Of: len(list), Missing: missing}
	r.Subjects = signedSubjects(r.Subjects)
	r.NotChecked = append([]string{fmt.Sprintf("PARTIAL: %d of %d files were at hand; nothing is known of the others, and the digests of the whole are the signer's", r.Partial.Files, r.Partial.Of)}, r.NotChecked...)
	for _, d := range differences {
		r.Problems = append(r.Problems, Problem{CodeOtherWeights, "the files at hand are not those of the signed list: " + d.String(),
			"do not use this file; fetch it again"})
	}
	if r.Partial.Files == 0 && len(differences) == 0 {
		r.Problems = append(r.Problems, Problem{CodePartial, "none of the files that were signed is at hand", "name a directory that holds at least one of them"})
	}
	r.OK = len(r.Problems) == 0
	return r, nil
}

// signedList returns the files of the first training-compute statement that a key
// of p signed and that lists them.
func (in Input) signedList(p Policy) []attest.File {
	for _, data := range in.Bundles[:min(len(in.Bundles), maxBundles)] {
		e, problem := openBundle(data)
		if problem != nil || !p.signed(&e) {
			continue
		}
		s, err := attest.ParseStatement(e.payload)
		if err == nil && s.TrainingCompute != nil && len(s.TrainingCompute.Weights.Files) > 0 {
			return s.TrainingCompute.Weights.Files
		}
	}
	return nil
}

// apart separates files that are not at hand from those that are and differ.
func apart(all []attest.Difference) (differ []attest.Difference, missing []string) {
	missing = []string{}
	for _, d := range all {
		if d.Kind == attest.Missing {
			missing = append(missing, d.Name)
			continue
		}
		differ = append(differ, d)
	}
	return differ, missing
}

// notAsSigned counts the files of the list that are at hand under their name, or under
// another, and are not what was signed.
func notAsSigned(all []attest.Difference) int {
	n := 0
	for _, d := range all {
		if d.Kind != attest.Extra {
			n++
		}
	}
	return n
}

// signedSubjects names the digests of a whole that was not seen as what they are.
func signedSubjects(all []Subject) []Subject {
	out := slices.Clone(all)
	for i := range out {
		if out[i].Name != "oci-manifest" {
			out[i].Name = "signed-" + out[i].Name
		}
	}
	return out
}
