package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// maxShown bounds the files named in one message.
const maxShown = 8

// subjectProblem compares the subjects of s with what was found. A statement of
// ours must match in both digests that are known here; a foreign one in any.
func (in Input) subjectProblem(s attest.Statement) *Problem {
	if !s.Ours() {
		return in.foreignProblem(s)
	}
	manifest, root := s.Subjects[0].SHA256(), s.Subjects[1].SHA256()
	if found := in.Found.Root(); root != found {
		message := fmt.Sprintf("the statement is about other weights: it names OMS root %s, the files here give %s", root, found)
		if s.TrainingCompute != nil {
			message += differences(s.TrainingCompute.Weights, in.Found)
		}
		return &Problem{CodeOtherWeights, message, "these are not the weights that were attested, or they were changed: do not use them; fetch the shipment again, or ask for the attestation of these weights"}
	}
	if in.ManifestDigest != "" && manifest != in.ManifestDigest {
		return &Problem{CodeOtherManifest, fmt.Sprintf("the statement is about another shipment of these files: it names OCI manifest %s, this one is %s", manifest, in.ManifestDigest),
			"fetch the manifest that was attested, or ask the signer to attest this one"}
	}
	return nil
}

func (in Input) foreignProblem(s attest.Statement) *Problem {
	known := []string{in.Found.Root(), in.Found.ComponentRoot()}
	if in.ManifestDigest != "" {
		known = append(known, in.ManifestDigest)
	}
	for _, subject := range s.Subjects {
		if slices.Contains(known, subject.SHA256()) {
			return nil
		}
	}
	return &Problem{CodeOtherWeights, fmt.Sprintf("a statement of type %.120q is about something else: its first subject is %.80q, found here were %s",
		s.PredicateType, s.Subjects[0].SHA256(), strings.Join(known, ", ")),
		"remove the bundle from the shipment, or ask the signer for the one about these weights"}
}

// weightsProblem compares all that the training-compute statement says of the
// weights, names included, with the files found. The root has been compared
// before; it binds no names (OMS v1.0), so a rename is found here.
func (in Input) weightsProblem(w attest.Weights) *Problem {
	found := attest.WeightsOf(in.Found)
	if w.NamesDigest == found.NamesDigest && w.ComponentRoot == found.ComponentRoot && w.Count == found.Count && w.Bytes == found.Bytes {
		return nil
	}
	return &Problem{CodeNames, fmt.Sprintf("the files have the bytes that were attested, under other names: the statement gives names digest %s, the files here %s",
		w.NamesDigest, found.NamesDigest) + differences(w, in.Found),
		"give the files the names that were attested, or fetch the shipment again: a loader finds files by name"}
}

// differences names the files that differ, when the statement lists its files.
func differences(w attest.Weights, found attest.Manifest) string {
	all := w.Differences(found)
	if len(all) == 0 {
		return ""
	}
	var lines []string
	for _, d := range all[:min(len(all), maxShown)] {
		lines = append(lines, d.String())
	}
	if more := len(all) - maxShown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return "; " + strings.Join(lines, "; ")
}
