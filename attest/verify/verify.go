package verify

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// Input is what arrived.
type Input struct {
	Bundles        [][]byte        // Sigstore bundles, in the order they were found
	Found          attest.Manifest // the files, hashed by the caller from their bytes
	ManifestDigest string          // OCI manifest digest, "sha256:<hex>"; "" for a plain directory
	Unread         []string        // sentences: what else came and was read over by the caller

	// Disclosures are what a holder showed of statements that hide figures, by the
	// digest of the signed payload, "sha256:<hex>" (SPEC.md, section 8).
	Disclosures map[string][]string
}

func (in Input) validate() error {
	if err := in.Found.Validate(); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if in.ManifestDigest != "" && !attest.ValidDigest(in.ManifestDigest) {
		return fmt.Errorf("verify: OCI manifest digest %.80q: expected sha256: and 64 lower-case hexadecimal digits", in.ManifestDigest)
	}
	return nil
}

// Verify checks in under p. The error is about a policy or an input that cannot
// be used; whatever is wrong with what arrived stands in Result.Problems, all of
// it.
func Verify(in Input, p Policy) (Result, error) {
	if err := p.validate(); err != nil {
		return Result{}, err
	}
	if err := in.validate(); err != nil {
		return Result{}, err
	}
	v := verification{in: in, policy: p, result: Result{Schema: ResultSchema, Subjects: in.subjects(), Bundles: in.Bundles}}
	v.bundles()
	v.undisclosed()
	v.completeness()
	v.agreement()
	v.demands()
	v.ledgerProofs()
	v.levels()
	v.notChecked()
	return v.finish(), nil
}

// subjects are the digests that statements are compared with.
func (in Input) subjects() []Subject {
	out := []Subject{{"oms-root", in.Found.Root()}, {"names", in.Found.NamesDigest()}}
	if c := in.Found.ComponentRoot(); c != in.Found.Root() {
		out = append(out, Subject{"oms-component-root", c})
	}
	if in.ManifestDigest != "" {
		out = append(out, Subject{"oci-manifest", in.ManifestDigest})
	}
	return out
}

// verification is the work of one call of Verify.
type verification struct {
	in         Input
	policy     Policy
	result     Result
	payloads   [][]byte // of the statements listed
	lines      []int    // their places in result.Statements, beside result.Verified
	unknown    []unknownSigner
	notes      []string // further lines of not_checked
	logs       int      // bundles with log entries or timestamps that nobody looked at
	untimed    int      // bundles without a verified time
	basis      attest.Basis
	certified  []*x509.Certificate // of those who signed by one
	aside      []aside             // determinations under the signer's own rules, shown and not believed
	unprovable bool                // a proof of the ledger came along and was refused
	proved     []provedLog         // logs of which a proof came along that holds
	opened     map[string]bool     // statements whose disclosures were opened
}

type aside struct {
	determination *attest.Determination
	line          int // its place in result.Statements
}

func (v *verification) problem(code, message, hint string) {
	v.result.Problems = append(v.result.Problems, Problem{code, message, hint})
}

func (v *verification) bundles() {
	if len(v.in.Bundles) == 0 {
		v.problem(CodeNoAttestation, "no attestation came with these weights: expected at least one bundle",
			"ask the sender for the shipment with its referrers (`oras copy -r` carries them); weights without attestation are not verified")
	}
	if len(v.in.Bundles) > maxBundles {
		v.problem(CodeTooManyBundles, fmt.Sprintf("%d bundles: expected at most %d", len(v.in.Bundles), maxBundles),
			"remove the referrers that do not belong to this shipment")
		return
	}
	for i, data := range v.in.Bundles {
		if problem := v.bundle(i, data); problem != nil {
			v.problem(problem.Code, fmt.Sprintf("bundle %d: %s", i+1, problem.Message), problem.Hint)
		}
	}
}

// bundle checks one bundle. Steps as in attest/SPEC.md, "Verification".
func (v *verification) bundle(i int, data []byte) *Problem {
	e, problem := openBundle(data)
	if problem != nil {
		return problem
	}
	who, at, problem := v.policy.signer(&e)
	if problem != nil {
		return problem
	}
	if who == "" {
		v.unknown = append(v.unknown, unknownSigner{i, stranger(&e)})
		return nil
	}
	if e.certificate != nil {
		v.certified = append(v.certified, e.certificate)
	}
	v.count(&e, at)
	v.revokedNote(who)
	statement, err := attest.ParseStatement(e.payload)
	if err != nil {
		return statementProblem(err)
	}
	if statement, problem = v.disclose(statement, e.payload); problem != nil {
		return problem
	}
	return v.statement(statement, e.payload, who, at)
}

func statementProblem(err error) *Problem {
	var unknown *attest.UnknownVersionError
	if errors.As(err, &unknown) {
		return &Problem{CodePredicateVersion, err.Error(), "verify with the version of weighbridge that made it, or a newer one"}
	}
	return &Problem{CodeStatement, "signed, but not a statement that can be relied on: " + err.Error(),
		"ask the signer for a statement that follows attest/SPEC.md, made by `weighbridge attest`"}
}

// statement checks a statement whose signature holds, and lists it.
func (v *verification) statement(s attest.Statement, payload []byte, who string, stamped times) *Problem {
	if at := v.place(payload); at >= 0 {
		v.signedToo(at, who, stamped)
		return nil
	}
	line := Statement{PredicateType: s.PredicateType, Understood: s.Ours(), Signer: who, Signers: []string{who}, Model: string(s.Model()), Timestamps: stamped}
	line.CreatedAt, line.LedgerSize = made(s)
	problem := v.in.subjectProblem(s)
	if problem == nil && s.TrainingCompute != nil {
		line.Recomputed = s.Disclosed == nil // the totals: ParseStatement added them up again
		problem = v.in.weightsProblem(s.TrainingCompute.Weights)
	}
	if problem == nil {
		problem = v.policy.refuses(s)
	}
	if problem == nil && s.Determination != nil {
		problem = v.recompute(*s.Determination, &line)
	}
	line.OK = problem == nil && line.Rules != RulesSigner
	if line.OK {
		line.Predicate, line.Payload = s.Raw, payload
		line.disclosed(s.Disclosed)
	}
	v.result.Statements = append(v.result.Statements, line)
	v.payloads = append(v.payloads, payload)
	switch at := len(v.result.Statements) - 1; {
	case line.OK:
		v.result.Verified = append(v.result.Verified, s)
		v.lines = append(v.lines, at)
	case problem == nil:
		v.aside = append(v.aside, aside{s.Determination, at})
	}
	return problem
}

// place returns where the same statement, to the byte, is listed already, or -1.
func (v *verification) place(payload []byte) int {
	return slices.IndexFunc(v.payloads, func(p []byte) bool { return bytes.Equal(p, payload) })
}

// signedToo notes a further signer of a statement that is listed.
func (v *verification) signedToo(at int, who string, stamped times) {
	line := &v.result.Statements[at]
	if !slices.Contains(line.Signers, who) {
		line.Signers = append(line.Signers, who)
		line.Timestamps = append(line.Timestamps, stamped...)
	}
}

// agreement looks for statements that contradict each other.
func (v *verification) agreement() {
	models := map[string]bool{}
	seen := map[string]bool{}
	for _, s := range v.result.Verified {
		if s.Ours() {
			models[string(s.Model())] = true
		}
		if (s.TrainingCompute != nil || s.Hardware != nil || s.LedgerProof != nil) && seen[s.PredicateType] {
			v.problem(CodeSeveralStatements, fmt.Sprintf("two different statements of type %s by keys that were named (%s): expected one", s.PredicateType, v.madeOf(s.PredicateType)),
				"ask the signer which of them holds, and have the other removed from the shipment")
		}
		seen[s.PredicateType] = true
	}
	for _, a := range v.aside {
		models[string(a.determination.Model)] = true
	}
	if len(models) > 1 {
		names := make([]string, 0, len(models))
		for m := range models {
			names = append(names, m)
		}
		slices.Sort(names)
		v.problem(CodeModels, "the statements name different models: "+strings.Join(names, ", "),
			"ask the signer for statements of one model; these may be for weights that were renamed")
	}
	v.facts()
	v.verdicts()
}

// refuse withdraws a statement that was accepted on its own.
func (v *verification) refuse(s attest.Statement, p Problem) {
	i := slices.IndexFunc(v.result.Verified, func(a attest.Statement) bool {
		return a.Determination == s.Determination && a.VerificationResult == s.VerificationResult
	})
	v.result.Problems = append(v.result.Problems, p)
	v.result.Verified = slices.Delete(slices.Clone(v.result.Verified), i, i+1)
	line := v.lines[i]
	v.result.Statements[line].OK, v.result.Statements[line].Predicate, v.result.Statements[line].Payload = false, nil, nil
	v.lines = slices.Delete(v.lines, i, i+1)
}

func (v *verification) finish() Result {
	r := v.result
	r.OK = len(r.Problems) == 0
	r.Signers = v.signers()
	var ids []string
	for _, s := range r.Signers {
		ids = append(ids, s.ID)
	}
	r.Signer = strings.Join(ids, ", ")
	if r.Statements == nil {
		r.Statements = []Statement{}
	}
	if r.Problems == nil {
		r.Problems = []Problem{}
	}
	return r
}
