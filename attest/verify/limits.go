package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// notChecked lists what this result does not show. A reader who sees "ok" must
// see this beside it.
func (v *verification) notChecked() {
	lines := []string{
		"completeness: " + attest.Completeness,
		"truth: a signature shows who says the numbers, not that they are right; each carries its grade",
		v.timeNote(),
		"replay: an older attestation of the same weights verifies as well as the newest; compare its time and ledger size with what you expect (--not-before, --min-ledger-size)",
		v.revocationNote(),
		v.ledgerNote(),
		"hardware: devices are as recorded; no evidence from the hardware itself was verified",
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	if v.in.ManifestDigest == "" {
		lines = append(lines, "shipment: a plain directory has no OCI manifest; the statements' first subject was not compared")
	}
	if !slices.ContainsFunc(v.result.Verified, func(s attest.Statement) bool { return s.TrainingCompute != nil }) {
		lines = append(lines, "names: no training-compute statement was accepted, so the names of the files are not bound")
	}
	if v.logs > 0 {
		lines = append(lines, fmt.Sprintf("logs: %d bundles carry log entries or timestamps; they were not looked at", v.logs))
	}
	for _, s := range v.result.Statements {
		if s.OK && !s.Understood {
			lines = append(lines, foreignNote(s))
		}
	}
	for _, line := range v.in.Unread {
		lines = append(lines, "read over: "+line)
	}
	v.result.NotChecked = append(lines, v.notes...)
}

// foreignNote says how little was checked of a statement whose predicate is not ours.
func foreignNote(s Statement) string {
	const only = "only its signature and subjects were checked"
	switch signers := strings.Join(s.Signers, " and "); s.PredicateType {
	case attest.TypeBOM:
		return fmt.Sprintf("bill of materials: a CycloneDX document is there, signed by %s; %s, nothing that it lists", signers, only)
	case attest.TypeSVR:
		return fmt.Sprintf("verification result: a Simple Verification Result is there, signed by %s; its verdict is for gates and was not recomputed: %s", signers, only)
	}
	return fmt.Sprintf("predicate %.120q is not understood: %s", s.PredicateType, only)
}

// timeNote says what is open about the time; nothing where every signature has one
// that others vouch for.
func (v *verification) timeNote() string {
	const word = "when it was signed is the signer's word"
	stamped := slices.ContainsFunc(v.result.Statements, func(s Statement) bool { return len(s.Timestamps) > 0 })
	switch {
	case !stamped:
		return "time: no timestamp was verified; " + word
	case v.untimed > 0:
		return fmt.Sprintf("time: %d signatures have no timestamp that was verified; of those, %s", v.untimed, word)
	}
	return ""
}

// ledgerNote says what is open about the logs.
func (v *verification) ledgerNote() string {
	points := v.result.Assurance.Checkpoints
	named := func(s attest.Statement) bool {
		return s.TrainingCompute != nil && len(s.TrainingCompute.Heads()) > 0
	}
	switch {
	case len(points) == 0 && !slices.ContainsFunc(v.result.Verified, named):
		return "ledger: no head of a log is shown, so that nothing ties the figures to one"
	case len(points) == 0:
		return "ledger: the head is named; no inclusion proof, consistency proof or witness was verified"
	case slices.ContainsFunc(points, func(c CheckedPoint) bool { return c.Meter == "" || !c.Quorum }):
		return "ledger: the entries that came along give the heads that came along; that the meter signed these and enough witnesses saw them was not verified for all"
	}
	return "ledger: a witness saw that no log it was shown got smaller or changed, never what the entries say, nor a log that it was not shown; between two witnessed checkpoints a time is the meter's word"
}

func (v *verification) revocationNote() string {
	if n := len(v.policy.Revocations); n > 0 {
		return fmt.Sprintf("revocation: the signers were held against a list of %d revocations; one that is not on it yet cannot be seen", n)
	}
	return "revocation: whether the key has been withdrawn or stolen cannot be seen offline"
}
